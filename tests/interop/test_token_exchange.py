"""RFC 8693 at the token endpoint: every parameter left out, unknown, doubled or of a wrong kind."""

import jwt
import pytest
import requests

from tokens import ACCESS_TOKEN, EXCHANGE, ID_TOKEN, JWT, USER_ID


def refusal(answer):
    assert answer.status_code in (400, 401, 403, 404), answer.text
    assert "access_token" not in answer.json()
    return answer.json()["error"]


@pytest.fixture(scope="module")
def guest(provider):
    return provider.guest()


def test_a_guest_is_impersonated(provider, guest):
    answer = provider.exchange(guest)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    # RFC 8693 2.2.1
    assert body["issued_token_type"] == JWT
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] > 0
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert claims["sub"] == guest
    assert claims["act"]["sub"] == provider.service["id"]


@pytest.mark.parametrize("name, error", [
    ("grant_type", "invalid_request"),
    ("subject_token", "invalid_request"),
    ("subject_token_type", "invalid_request"),
    ("actor_token", "invalid_request"),
    ("actor_token_type", "invalid_request"),
    ("client_secret", "invalid_client"),
    ("client_id", "invalid_"),
])
def test_a_missing_parameter(provider, guest, name, error):
    assert refusal(provider.exchange(guest, **{name: None})).startswith(error)


@pytest.mark.parametrize("name, value, error", [
    ("subject_token", "1", "invalid_request"),
    ("subject_token", "not-a-user", "invalid_request"),
    ("subject_token", "9" * 400, "invalid_request"),
    ("subject_token_type", "urn:ietf:params:oauth:token-type:saml2", "invalid_request"),
    ("subject_token_type", ACCESS_TOKEN, "invalid_request"),
    ("subject_token_type", ID_TOKEN, "invalid_request"),
    ("subject_token_type", JWT, "invalid_request"),
    ("actor_token", "nobody", "invalid_request"),
    ("actor_token_type", USER_ID, "invalid_request"),
    ("actor_token_type", ID_TOKEN, "invalid_request"),
    ("requested_token_type", USER_ID, "invalid_request"),
    ("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token", "invalid_request"),
    ("audience", "https://somebody.else.example", "invalid_target"),
    ("resource", "https://somebody.else.example/api", "invalid_target"),
    ("resource", "not a uri", "invalid_target"),
    ("scope", "offline_access", "invalid_scope"),
    ("scope", "", "invalid_"),
    ("client_secret", "wrong", "invalid_client"),
    ("client_id", "1", "invalid_client"),
])
def test_a_wrong_parameter(provider, guest, name, value, error):
    assert refusal(provider.exchange(guest, **{name: value})).startswith(error)


@pytest.mark.parametrize("name", [
    "grant_type", "subject_token", "subject_token_type", "actor_token", "actor_token_type",
    "requested_token_type", "scope", "client_id",
])
def test_a_doubled_parameter(provider, guest, name):
    """RFC 6749 3.2: parameters must not be included more than once."""
    fields = provider.exchange_fields(guest)
    assert refusal(provider.token([*fields.items(), (name, fields[name])])) == "invalid_request"


def test_unknown_parameters_are_ignored(provider, guest):
    """RFC 6749 3.2: the server must ignore unrecognized request parameters."""
    assert provider.exchange(guest, something="else").status_code == 200


def test_the_form_is_in_the_body(provider, guest):
    fields = provider.exchange_fields(guest)
    endpoint = provider.metadata["token_endpoint"]
    assert refusal(requests.post(endpoint, params=fields, timeout=10))
    assert refusal(requests.post(endpoint, json=fields, timeout=10)) == "invalid_request"
    assert refusal(requests.get(endpoint, params=fields, timeout=10))


def test_an_account_is_not_impersonated(provider, account):
    """Invariant 8: the gateway's service account acts for guests only."""
    refusal(provider.exchange(account))


def test_an_administrator_is_not_impersonated(provider):
    refusal(provider.exchange(provider.service["id"], actor_token=provider.admin["pat"]))
    refusal(provider.exchange(provider.service["id"]))


def test_scope_only_narrows(provider, guest):
    wide = provider.exchange(guest, scope="openid profile").json()["access_token"]
    again = {"subject_token_type": ACCESS_TOKEN, "actor_token": None, "actor_token_type": None}
    narrow = provider.exchange(wide, **again, scope="openid")
    assert narrow.status_code == 200, narrow.text
    assert narrow.json()["scope"] == "openid"
    claims = jwt.decode(narrow.json()["access_token"], options={"verify_signature": False})
    assert claims["sub"] == guest
    assert claims["act"]["sub"] == provider.service["id"], "who acted stays visible"
    assert refusal(provider.exchange(wide, **again, scope="openid email")) == "invalid_scope"


def test_an_exchanged_token_lives_no_longer(provider, guest):
    first = provider.exchange(guest).json()["access_token"]
    again = provider.exchange(first, subject_token_type=JWT, actor_token=None, actor_token_type=None)
    assert again.status_code == 200, again.text
    ends = [jwt.decode(token, options={"verify_signature": False})["exp"]
            for token in (first, again.json()["access_token"])]
    assert ends[1] <= ends[0]


def test_no_refresh_token_comes_of_it(provider, guest):
    assert "refresh_token" not in provider.exchange(guest).json()


def test_a_public_client_needs_its_actor(public_provider):
    guest = public_provider.guest()
    token = public_provider.exchange(guest).json()["access_token"]
    alone = {"subject_token_type": JWT, "actor_token": None, "actor_token_type": None}
    assert refusal(public_provider.exchange(token, **alone)) == "unauthorized_client"
    assert refusal(public_provider.exchange(guest, actor_token=token, actor_token_type=JWT))


def test_a_deleted_guest_has_no_more_tokens(provider):
    browser = requests.Session()
    browser.headers["Sec-Fetch-Site"] = "same-origin"
    guest = browser.post(provider.issuer + "/guest/v1/session", timeout=10).json()["sub"]
    token = provider.exchange(guest).json()["access_token"]
    assert browser.delete(provider.issuer + "/guest/v1/session", timeout=10).status_code == 204
    refusal(provider.exchange(guest))
    refusal(provider.exchange(token, subject_token_type=JWT, actor_token=None, actor_token_type=None))
    answer = requests.get(provider.metadata["userinfo_endpoint"], timeout=10,
                          headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_grants_are_named_exactly(provider, guest):
    assert refusal(provider.exchange(guest, grant_type=EXCHANGE.upper())) == "unsupported_grant_type"
