"""What discovery advertises is what the server does."""

import pytest
import requests

from tokens import DEVICE, EXCHANGE, JWT_BEARER, Provider


def test_both_documents_agree(provider):
    other = requests.get(provider.issuer + "/.well-known/oauth-authorization-server", timeout=10)
    assert other.status_code == 200
    assert other.json() == provider.metadata
    # OpenID Connect Discovery 4.3: the issuer is the URL that was asked.
    assert provider.metadata["issuer"] == provider.issuer
    for field in ("authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported",
                  "subject_types_supported", "id_token_signing_alg_values_supported"):
        assert provider.metadata[field], f"{field} is required"


def test_every_endpoint_answers(provider):
    for name, url in provider.metadata.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert url.startswith(provider.issuer + "/")
            answer = requests.get(url, timeout=10, allow_redirects=False)
            assert answer.status_code not in (404, 421, 500, 501, 502, 503), f"{name}: {answer.status_code}"


def test_the_keys_are_public_and_cover_the_algorithms(provider):
    answer = requests.get(provider.metadata["jwks_uri"], timeout=10)
    assert "max-age" in answer.headers["Cache-Control"]
    keys = answer.json()["keys"]
    for key in keys:
        assert key["use"] == "sig" and key["kid"] and key["alg"]
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key), "no private member"
    assert len({key["kid"] for key in keys}) == len(keys)
    # The algorithm that OpenID Connect Core 15.1 makes everybody support.
    assert "RS256" in {key["alg"] for key in keys}
    assert "RS256" in provider.metadata["id_token_signing_alg_values_supported"]


# What each advertised grant says to a client that brings nothing for it.
GRANT_ERRORS = {
    "authorization_code": {"invalid_request", "invalid_grant", "unauthorized_client"},
    "refresh_token": {"invalid_request", "invalid_grant", "unauthorized_client"},
    "client_credentials": {"invalid_scope", "unauthorized_client"},
    EXCHANGE: {"invalid_request"},
    JWT_BEARER: {"invalid_request"},
    DEVICE: {"invalid_request"},
}


def test_advertised_grants_are_known(provider):
    for grant in provider.metadata["grant_types_supported"]:
        answer = provider.token({"grant_type": grant, **provider.credentials()})
        if answer.status_code == 200:
            assert grant == "client_credentials"
        else:
            assert answer.json()["error"] in GRANT_ERRORS[grant], f"{grant}: {answer.text}"


@pytest.mark.parametrize("grant", ["password", "implicit", "urn:ietf:params:oauth:grant-type:saml2-bearer",
                                   "urn:openid:params:grant-type:ciba", "x" * 500])
def test_other_grants_are_unsupported(provider, grant):
    assert grant not in provider.metadata["grant_types_supported"]
    answer = provider.token({"grant_type": grant, **provider.credentials()})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def test_advertised_client_authentication_works(provider):
    fields = provider.exchange_fields(provider.guest())
    client = (fields.pop("client_id"), fields.pop("client_secret"))
    ways = {
        "client_secret_basic": {"data": fields, "auth": client},
        "client_secret_post": {
            "data": {**fields, "client_id": client[0], "client_secret": client[1]}},
    }
    for way in ways.values():
        answer = requests.post(provider.metadata["token_endpoint"], timeout=10, **way)
        # The client is registered with one method; RFC 6749 2.3: the other may be refused so.
        assert answer.status_code == 200 or answer.json()["error"] == "invalid_client"
    answers = [requests.post(provider.metadata["token_endpoint"], timeout=10, **way) for way in ways.values()]
    assert any(answer.status_code == 200 for answer in answers)


def test_token_answers_are_not_cached(provider):
    for answer in (provider.exchange(provider.guest()), provider.token({"grant_type": "x"})):
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Type"].startswith("application/json")


def test_the_authorization_endpoint_redirects_nowhere_unregistered(provider):
    answer = requests.get(provider.metadata["authorization_endpoint"], timeout=10, allow_redirects=False,
                          params={"client_id": provider.client["id"], "response_type": "code",
                                  "redirect_uri": "https://evil.example/cb", "scope": "openid"})
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_a_second_start_publishes_the_same_keys(provider):
    """Relying parties keep keys: a restart must not change them."""
    before = requests.get(provider.metadata["jwks_uri"], timeout=10).json()
    provider.vestibule.stop()
    provider.vestibule.start()
    assert requests.get(provider.metadata["jwks_uri"], timeout=10).json() == before
    assert Provider(provider.vestibule).metadata == provider.metadata
