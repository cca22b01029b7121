"""Signed introspection (RFC 9701): whoever asks for it by name gets a JWT made for them."""

import jwt
import pytest
import requests

from client_keys import Key, add_client, assertion_claims, key_set, with_assertion
from dpop import GRANTS, configure_client
from test_provider_http import REDIRECT, authenticated, assert_oauth_error, post
from vestibule_process import Vestibule, decode_jwt

INTROSPECT = "/oauth/v2/introspect"
SIGNED = "application/token-introspection+jwt"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server whose client may have tokens of its own."""
    vestibule = Vestibule(tmp_path_factory.mktemp("own"), redirect_uris=[REDIRECT])
    configure_client(vestibule, vestibule.bootstrap["client"]["id"], grant_types=GRANTS)
    vestibule.start()
    yield vestibule
    assert vestibule.stop() == 0


@pytest.fixture(scope="module")
def client(server):
    return server.bootstrap["client"]


def own_token(server, client):
    response = post(server, "/oauth/v2/token",
                    authenticated(client, grant_type="client_credentials"))
    assert response.status_code == 200, response.text
    return response.json()["access_token"]


def ask(server, client, token, accept=SIGNED):
    return post(server, INTROSPECT, authenticated(client, token=token), {"Accept": accept})


def verified(server, client, response, algorithm="RS256"):
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == SIGNED
    assert "no-store" in response.headers["Cache-Control"]
    header, _ = decode_jwt(response.text)
    assert header["typ"] == "token-introspection+jwt" and header["alg"] == algorithm
    key = jwt.PyJWKClient(server.issuer + "/oauth/v2/keys").get_signing_key_from_jwt(response.text)
    return jwt.decode(response.text, key.key, algorithms=[algorithm], audience=client["id"],
                      issuer=server.issuer)


def test_discovery_names_the_algorithms(server):
    document = requests.get(server.issuer + "/.well-known/openid-configuration", timeout=5).json()
    assert "RS256" in document["introspection_signing_alg_values_supported"]
    assert "none" not in document["introspection_signing_alg_values_supported"]


def test_the_jwt_says_what_the_json_says_to_the_same_caller(server, client):
    token = own_token(server, client)
    plain = post(server, INTROSPECT, authenticated(client, token=token))
    assert plain.headers["Content-Type"].startswith("application/json")
    claims = verified(server, client, ask(server, client, token))
    assert set(claims) == {"iss", "aud", "iat", "token_introspection"}, "no sub, no exp"
    assert claims["token_introspection"] == plain.json()
    assert claims["token_introspection"]["active"] is True


def test_a_dead_token_is_inactive_in_a_jwt_too(server, client):
    for token in ("x", "a.b.c", own_token(server, client)[:-1]):
        claims = verified(server, client, ask(server, client, token))
        assert claims["token_introspection"] == {"active": False}


def test_the_answer_is_no_token(server, client):
    answer = ask(server, client, own_token(server, client)).text
    assert post(server, INTROSPECT, authenticated(client, token=answer)).json() == {
        "active": False}
    info = requests.get(server.issuer + "/oidc/v1/userinfo", timeout=5,
                        headers={"Authorization": "Bearer " + answer})
    assert info.status_code == 401


@pytest.mark.parametrize("accept, signed", [
    (SIGNED, True), (SIGNED.upper(), True), (SIGNED + ", application/json", True),
    ("application/json;q=0.5, " + SIGNED, True), ("text/html, " + SIGNED + ";q=0.2", True),
    ("application/json, " + SIGNED + ";q=0.9", False), (SIGNED + ";q=0", False),
    ("application/json", False), ("*/*", False), ("application/*", False), ("text/html", False),
    ("application/jwt", False), (SIGNED + ";q=x", False), ("", False),
])
def test_the_accept_field_decides(server, client, accept, signed):
    response = ask(server, client, own_token(server, client), accept)
    assert response.status_code == 200
    wanted = SIGNED if signed else "application/json"
    assert response.headers["Content-Type"].split(";")[0] == wanted


def test_errors_are_json_whatever_is_asked_for(server, client):
    response = post(server, INTROSPECT, {"client_id": client["id"], "client_secret": "wrong",
                                         "token": "x"}, {"Accept": SIGNED})
    assert_oauth_error(response, 400, "invalid_client")
    basic = requests.post(server.issuer + INTROSPECT, data={"token": "x"}, timeout=5,
                          auth=(client["id"], "wrong"), headers={"Accept": SIGNED})
    assert_oauth_error(basic, 401, "invalid_client")
    assert basic.headers["WWW-Authenticate"].startswith("Basic ")
    assert_oauth_error(post(server, INTROSPECT, authenticated(client), {"Accept": SIGNED}), 400,
                       "invalid_request")


def test_the_algorithm_is_the_callers(tmp_path):
    key = Key()
    server = Vestibule(tmp_path, redirect_uris=[REDIRECT])
    plain = server.bootstrap["client"]
    configure_client(server, plain["id"], introspection_algorithm="ES256")
    fapi = add_client(server, "private_key_jwt", jwks=key_set(key),
                      profile="fapi2_message_signing", sender_constraint="dpop")
    server.start()
    try:
        verified(server, plain, ask(server, plain, "x"), "ES256")
        assertion = key.sign(assertion_claims(fapi, server.issuer))
        answer = post(server, INTROSPECT, with_assertion(assertion, token="x"), {"Accept": SIGNED})
        verified(server, {"id": fapi}, answer, "ES256")
    finally:
        assert server.stop() == 0
