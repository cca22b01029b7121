"""Abuse of what Vestibule has beyond RFC 8693: users named by id, guests, service accounts, roles and
the switch. (rfc8693/ has what applies to any issuer.)"""

import contextlib
import json

import jwt
import pytest
import requests

from tokens import ACCESS_TOKEN, ID_TOKEN, JWT, USER_ID

ALONE = {"actor_token": None, "actor_token_type": None}
PASSWORD = "violet-harbour-antique-9"


def call(provider, procedure, pat=None, **body):
    return requests.post(
        f"{provider.issuer}/zitadel.user.v2.UserService/{procedure}", json=body, timeout=30,
        headers={"Authorization": f"Bearer {pat or provider.admin['pat']}"})


def done(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer, status=None, error="invalid_request"):
    assert answer.status_code == status if status else answer.status_code in (400, 403, 404), answer.text
    assert answer.json()["error"] == error, answer.text
    assert "access_token" not in answer.json()
    assert "no-store" in answer.headers["Cache-Control"]
    return answer.json().get("error_description")


def as_admin(provider):
    return {"actor_token": provider.admin["pat"]}


def is_live(provider, token):
    said = requests.post(provider.metadata["introspection_endpoint"], timeout=10,
                         data={"token": token, **provider.credentials()}).json()
    info = requests.get(provider.metadata["userinfo_endpoint"], timeout=10,
                        headers={"Authorization": f"Bearer {token}"})
    assert said["active"] == (info.status_code == 200), "userinfo and introspection agree"
    return said["active"]


@contextlib.contextmanager
def without(provider, user):
    """While a user is deactivated."""
    done(call(provider, "DeactivateUser", userId=user))
    try:
        yield
    finally:
        done(call(provider, "ReactivateUser", userId=user))


def browser_guest(provider):
    browser = requests.Session()
    browser.headers["Sec-Fetch-Site"] = "same-origin"
    answer = browser.post(provider.issuer + "/guest/v1/session", timeout=10)
    assert answer.status_code == 201, answer.text
    return browser, answer.json()["sub"]


def upgrade(provider, browser, email):
    answer = browser.post(provider.issuer + "/guest/v1/upgrade", timeout=30, json={
        "given_name": "Jane", "family_name": "Doe", "email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text


# A user named by id


@pytest.mark.parametrize("dress", [" {}", "{} ", "0{}", "+{}", "-{}", "{}.0", "{}\n", "{0},{0}", "{}%", "0x{}"])
def test_an_id_is_taken_as_it_is(provider, dress):
    refused(provider.exchange(dress.format(provider.guest())), 400)


@pytest.mark.parametrize("name", ["admin", "gateway", "admin@vestibule.localhost", "jane@example.com", "%", "*",
                                  "1 or 1=1", "null", "true", "-1", "9223372036854775808"])
def test_nobody_is_named_otherwise(provider, account, name):
    del account  # jane@example.com is there
    assert refused(provider.exchange(name), 400) == "subject_token invalid"


def test_an_id_alone_is_no_proof(provider):
    guest = provider.guest()
    assert refused(provider.exchange(guest, **ALONE), 400) == "actor_token required"
    refused(provider.exchange(guest, actor_token=guest, actor_token_type=USER_ID), 400)
    refused(provider.exchange(guest, actor_token=guest), 400)
    for kind in (ACCESS_TOKEN, JWT, ID_TOKEN):
        refused(provider.exchange(guest, subject_token_type=kind), 400)


def test_a_personal_token_is_no_subject(provider):
    for pat in (provider.service["pat"], provider.admin["pat"]):
        for kind in (ACCESS_TOKEN, JWT, ID_TOKEN, USER_ID):
            refused(provider.exchange(pat, subject_token_type=kind, **ALONE), 400)
            refused(provider.exchange(pat, subject_token_type=kind), 400)


# Who may act for whom


def test_nobody_reaches_an_administrator(provider):
    users = done(call(provider, "ListUsers", queries=[{"userNameQuery": {"userName": "admin"}}]))["result"]
    admin = users[0]["userId"]
    for actor in ({}, as_admin(provider)):
        assert refused(provider.exchange(admin, **actor), 403) == "No matching permissions found"
        assert refused(provider.exchange(provider.service["id"], **actor), 403) == "No matching permissions found"


def test_an_administrator_reaches_no_account(provider, account):
    assert refused(provider.exchange(account, **as_admin(provider)), 403) == "No matching permissions found"


def test_a_service_account_without_a_role_acts_for_nobody(provider, account):
    machine = done(call(provider, "CreateUser", username="roleless", machine={"name": "roleless"},
                        organizationId=provider.vestibule.bootstrap["organization_id"]))["id"]
    pat = done(call(provider, "AddPersonalAccessToken", userId=machine,
                    expirationDate="2099-01-01T00:00:00Z"))["token"]
    for subject in (provider.guest(), account, machine, provider.service["id"]):
        assert refused(provider.exchange(subject, actor_token=pat), 404) == "membership not found"
    done(call(provider, "DeleteUser", userId=machine))
    assert refused(provider.exchange(provider.guest(), actor_token=pat), 400) == "actor_token invalid"


def test_the_switch(provider):
    guest = provider.guest()
    token = done(provider.exchange(guest))["access_token"]
    url = f"{provider.issuer}/v2/policies/security"
    headers = {"Authorization": f"Bearer {provider.admin['pat']}"}
    done(requests.put(url, json={}, headers=headers, timeout=10))
    try:
        for answer in (provider.exchange(guest), provider.exchange(guest, **as_admin(provider))):
            assert refused(answer, 403) == "Errors.TokenExchange.Impersonation.PolicyDisabled"
        # Nor does a token from before carry the actor on.
        refused(provider.exchange(token, subject_token_type=JWT, **ALONE), 400)
        refused(provider.exchange(token, subject_token_type=JWT), 400)
    finally:
        done(requests.put(url, json={"enableImpersonation": True}, headers=headers, timeout=10))
    done(provider.exchange(token, subject_token_type=JWT, **ALONE))


def test_who_is_deactivated_neither_acts_nor_is_acted_for(provider):
    guest = provider.guest()
    token = done(provider.exchange(guest))["access_token"]
    with without(provider, guest):
        assert refused(provider.exchange(guest), 400) == "Errors.User.NotActive"
        refused(provider.exchange(token, subject_token_type=JWT, **ALONE), 400)
        assert not is_live(provider, token)
    other = provider.guest()
    token = done(provider.exchange(other))["access_token"]
    with without(provider, provider.service["id"]):
        assert refused(provider.exchange(other), 400) == "actor_token invalid"
        refused(provider.exchange(token, subject_token_type=JWT, **ALONE), 400)
        assert refused(provider.exchange(token, subject_token_type=JWT, **as_admin(provider)), 400)
        assert not is_live(provider, token)


def test_every_link_of_a_chain_is_shown_and_judged(provider):
    guest = provider.guest()
    first = done(provider.exchange(guest))["access_token"]
    second = done(provider.exchange(first, subject_token_type=JWT, **as_admin(provider)))["access_token"]
    act = jwt.decode(second, options={"verify_signature": False})["act"]
    assert act["act"]["sub"] == provider.service["id"] and "act" not in act["act"]
    with without(provider, provider.service["id"]):
        assert not is_live(provider, second)
        refused(provider.exchange(second, subject_token_type=JWT, **as_admin(provider)), 400)


# A guest that registers


def test_an_upgrade_ends_every_authority_over_the_guest(provider):
    browser, guest = browser_guest(provider)
    tokens = [done(provider.exchange(guest, requested_token_type=kind))["access_token"] for kind in (JWT, ACCESS_TOKEN)]
    chained = done(provider.exchange(tokens[0], subject_token_type=JWT, **as_admin(provider)))["access_token"]
    assert all(is_live(provider, token) for token in [*tokens, chained])
    upgrade(provider, browser, "upgraded-between@example.com")
    assert not any(is_live(provider, token) for token in [*tokens, chained])
    for token, kind in ((tokens[0], JWT), (tokens[1], ACCESS_TOKEN), (chained, JWT)):
        for actor in (ALONE, {}, as_admin(provider)):
            refused(provider.exchange(token, subject_token_type=kind, **actor), 400)
    for actor in ({}, as_admin(provider)):
        assert refused(provider.exchange(guest, **actor), 403) == "No matching permissions found"


# What a token with `act` opens


@pytest.mark.parametrize("method, path", [
    ("POST", "/zitadel.user.v2.UserService/GetUserByID"),
    ("POST", "/zitadel.user.v2.UserService/SetPassword"),
    ("POST", "/zitadel.user.v2.UserService/UpdateHumanUser"),
    ("POST", "/zitadel.user.v2.UserService/SetUserMetadata"),
    ("POST", "/zitadel.user.v2.UserService/AddPersonalAccessToken"),
    ("POST", "/zitadel.user.v2.UserService/DeleteUser"),
    ("GET", "/auth/v1/users/me"), ("POST", "/v2/users/{}/password"), ("DELETE", "/v2/users/{}"),
    ("PUT", "/v2/policies/security"), ("POST", "/guest/v1/provision"),
    ("POST", "/guest/v1/upgrade"), ("DELETE", "/guest/v1/session"), ("POST", "/guest/v1/proof"),
    ("POST", "/guest/v1/login"), ("GET", "/guest/v1/merges?state=pending"),
])
def test_a_token_with_an_actor_changes_nobody(provider, method, path):
    """Credentials, addresses, sessions and consent are the person's own."""
    guest = provider.guest()
    for kind in (JWT, ACCESS_TOKEN, ID_TOKEN):
        token = done(provider.exchange(guest, requested_token_type=kind))["access_token"]
        answer = requests.request(
            method, provider.issuer + path.format(guest), timeout=30, allow_redirects=False,
            headers={"Authorization": f"Bearer {token}", "Sec-Fetch-Site": "same-origin", "Idempotency-Key": "k"},
            json={"userId": guest, "newPassword": {"password": PASSWORD}, "password": PASSWORD,
                  "email": "thief@example.com", "given_name": "T", "family_name": "T"})
        # The sign-in page may be begun by anybody; it takes no token.
        assert answer.status_code in (400, 401, 403, 404, 405, 422) or path == "/guest/v1/login", answer.text
    assert done(call(provider, "GetUserByID", userId=guest))["user"]["state"] == "USER_STATE_ACTIVE"
    assert done(provider.exchange(guest)), "still a guest"


def test_a_token_with_an_actor_signs_nobody_in(provider):
    token = done(provider.exchange(provider.guest()))["access_token"]
    answer = requests.get(provider.metadata["authorization_endpoint"], timeout=10, allow_redirects=False,
                          headers={"Authorization": f"Bearer {token}"}, params={
                              "client_id": provider.client["id"], "response_type": "code", "prompt": "none",
                              "redirect_uri": provider.client["redirect_uris"][0], "scope": "openid",
                              "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
                              "code_challenge_method": "S256", "access_token": token})
    assert "code=" not in answer.headers.get("Location", "")
    hint = done(provider.exchange(provider.guest(), requested_token_type=ID_TOKEN))["access_token"]
    refused(provider.exchange(hint, subject_token_type=ID_TOKEN, **ALONE), 400)


# The clients


def test_the_gateways_own_client_exchanges_nothing(provider):
    """It has no secret and no key, so nobody can be it."""
    answer = provider.vestibule.command("clients", "list", "--json")
    gateway = next(c for c in json.loads(answer.stdout)["clients"] if c["name"] == "gateway")
    answer = provider.exchange(provider.guest(), client_id=gateway["client_id"], client_secret=None)
    assert answer.status_code in (400, 401) and answer.json()["error"] in ("invalid_client", "invalid_request")
    answer = provider.exchange(provider.guest(), client_id=gateway["client_id"], client_secret="")
    assert answer.status_code in (400, 401) and answer.json()["error"] in ("invalid_client", "invalid_request")


def test_the_gateways_token_is_no_subject_elsewhere(provider):
    """`provision` answers with a token of the gateway's client for the application."""
    answer = requests.post(provider.issuer + "/guest/v1/provision", timeout=10, headers={
        **provider.vestibule.service_headers(), "Idempotency-Key": "exchange-abuse"})
    refused(provider.exchange(answer.json()["access_token"], subject_token_type=JWT, **ALONE), 400)
    refused(provider.exchange(answer.json()["access_token"], subject_token_type=JWT), 400)


@pytest.mark.parametrize("audience", ["", "gateway", "ORGANIZATION", "ISSUER"])
def test_only_the_clients_own_audiences(provider, audience):
    value = {"ORGANIZATION": provider.vestibule.bootstrap["organization_id"],
             "ISSUER": provider.issuer}.get(audience, audience)
    answer = provider.exchange(provider.guest(), audience=value)
    if value:
        refused(answer, 400, "invalid_target")
    else:
        done(answer)
