"""Debian's Apache with mod_auth_openidc in front of pages and of an API."""

import contextlib

import jwt
import pytest
import requests

from apache_server import API, SHOP, Apache, Customer
from client_keys import Key
from tls_provider import TlsProvider
from visitor import query_of

GRANTS = ["authorization_code", "refresh_token"]


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    """One that may tell clients on this machine of the end of sessions."""
    running = TlsProvider(tmp_path_factory.mktemp("apache"),
                          outgoing={"allowed_networks": ["127.0.0.0/8"]})
    yield running
    assert running.server.stop() == 0


@contextlib.contextmanager
def running(provider, *directives, key=None, secret=None, told=False, **metadata):
    """An Apache with a client of its own. `secret`: another than it has. `told`: it hears of the end
    of sessions."""
    apache = Apache(provider)
    if told:
        metadata["backchannel_logout_uri"] = apache.url + "/callback?logout=backchannel"
    try:
        client = provider.add_client(
            key, redirect_uris=[apache.url + "/callback"], grant_types=GRANTS,
            post_logout_redirect_uris=[apache.url + "/bye"], access_token_format="jwt", **metadata)
        if secret:
            client["secret"] = secret
        yield apache.start(client, *directives)
    finally:
        apache.stop()


@pytest.fixture(scope="module")
def apache(provider):
    with running(provider, told=True) as server:
        yield server


@pytest.fixture
def customer(apache):
    return Customer(apache)


def assert_shows_ada(page, provider):
    assert page.status_code == 200
    assert page.text.split() == ["ada", provider.person["sub"], "ada@ada.example"]


# How it signs people in


def test_a_page_is_for_those_who_signed_in(apache, customer):
    asked = query_of(customer.begin())
    assert asked["code_challenge_method"] == "S256" and asked["nonce"] and asked["state"]
    assert_shows_ada(customer.sign_in(), apache.provider)
    info = customer.info()
    assert info["id_token"]["sub"] == info["userinfo"]["sub"] == apache.provider.person["sub"]
    assert info["id_token"]["nonce"]
    assert info["userinfo"]["email_verified"] is True


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "none"])
def test_authentication_of_clients(provider, method):
    with running(provider, f"OIDCProviderTokenEndpointAuth {method}",
                 token_endpoint_auth_method=method) as server:
        assert_shows_ada(Customer(server).sign_in(), provider)


def test_private_key_jwt(provider):
    with running(provider, key=Key("RS256")) as server:
        customer = Customer(server)
        assert_shows_ada(customer.sign_in(), provider)
        assert_refreshes(customer)


def test_form_post(provider):
    with running(provider, "OIDCResponseMode form_post") as server:
        assert_shows_ada(Customer(server).sign_in(), provider)


def test_answers_signed_otherwise(provider):
    """ID token and userinfo answer, signed with ES256."""
    signed = {f"{answer}_signed_response_alg": "ES256" for answer in ("id_token", "userinfo")}
    with running(provider, "OIDCIDTokenSignedResponseAlg ES256", "OIDCUserInfoSignedResponseAlg ES256",
                 **signed) as server:
        assert_shows_ada(Customer(server).sign_in(), provider)


# Afterwards


def assert_refreshes(customer):
    before = customer.info()
    answer = customer.get("/callback", params={"refresh": customer.apache.url + SHOP,
                                               "access_token": before["access_token"]})
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"] == customer.apache.url + SHOP, answer.headers
    after = customer.info()
    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] != before["refresh_token"]
    assert customer.is_signed_in


def test_refresh(customer):
    customer.sign_in()
    assert_refreshes(customer)
    assert_refreshes(customer)


def test_sign_out(apache, customer):
    customer.sign_in()
    token = customer.info()["access_token"]
    leaving = customer.get("/callback", params={"logout": apache.url + "/bye"})
    assert leaving.status_code == 302
    assert leaving.headers["Location"].startswith(apache.provider.metadata["end_session_endpoint"])
    assert customer.visit(leaving.headers["Location"])["url"] == apache.url + "/bye"
    assert not customer.is_signed_in
    answer = requests.get(apache.provider.metadata["userinfo_endpoint"], timeout=10,
                          verify=apache.provider.ca, headers={"Authorization": "Bearer " + token})
    assert answer.status_code == 401


def test_a_sign_out_elsewhere_is_told(apache, provider):
    """Back-channel logout: the same browser signs out at another application."""
    here = Customer(apache)
    with running(provider) as other:
        there = Customer(other)
        there.browser = here.browser
        here.sign_in()
        assert_shows_ada(there.sign_in(), provider)
        leaving = there.get("/callback", params={"logout": other.url + "/bye"})
        there.visit(leaving.headers["Location"])
        assert not here.is_signed_in


# The API


@pytest.fixture(scope="module", params=["introspection", "keys"])
def api(request, provider):
    """It asks the provider about a token, or verifies it itself."""
    apache = Apache(provider)
    web = provider.clients["web"]
    directives = {
        "introspection": [
            f"OIDCOAuthIntrospectionEndpoint {provider.metadata['introspection_endpoint']}",
            f"OIDCOAuthClientID {web['id']}", f"OIDCOAuthClientSecret {web['secret']}",
            "OIDCOAuthIntrospectionEndpointAuth client_secret_basic"],
        "keys": [f"OIDCOAuthVerifyJwksUri {provider.metadata['jwks_uri']}"],
    }[request.param]
    try:
        yield apache.start(web, "OIDCOAuthRemoteUserClaim sub", *directives)
    finally:
        apache.stop()


def call(api, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.get(api.url + API, timeout=20, headers=headers)


def test_the_api_takes_tokens_and_nothing_else(api, customer):
    customer.sign_in()
    token = customer.info()["access_token"]
    answer = call(api, token)
    assert answer.status_code == 200, api.words()
    assert answer.text.split()[:2] == [api.provider.person["sub"]] * 2
    head, claims, signature = token.split(".")
    forged = jwt.encode(jwt.decode(token, options={"verify_signature": False}),
                        Key("ES256").private, algorithm="ES256", headers=jwt.get_unverified_header(token))
    for bad in (None, "made-up", f"{head}.{claims}.", f"{head}.{claims}.{signature[::-1]}", forged):
        assert call(api, bad).status_code == 401, bad


# What is refused


def test_another_person_is_refused(customer):
    customer.sign_in()
    assert customer.get("/admin/person.shtml").status_code in (401, 403)
    assert Customer(customer.apache).get("/callback", params={"info": "json"}).status_code == 401


def assert_signed_nobody_in(customer, answer):
    """The module's error pages have a status of 200 where it leaves them as they are."""
    assert answer.status_code in (400, 401, 500) or "<title>Error</title>" in answer.text
    assert not customer.is_signed_in


def test_an_answer_is_for_one_browser(apache, customer):
    led = customer.visit(customer.begin())
    stranger = Customer(apache)
    assert_signed_nobody_in(stranger, stranger.come_back(led))
    assert customer.come_back(led).status_code == 302


@pytest.mark.parametrize("name, value", [
    ("state", "another"), ("code", "made-up"), ("iss", "https://evil.example")])
def test_a_changed_answer_is_refused(customer, name, value):
    led = customer.visit(customer.begin())["url"]
    answer = customer.get("/callback", params={**query_of(led), name: value})
    assert_signed_nobody_in(customer, answer)


def test_a_wrong_secret_signs_nobody_in(provider):
    with running(provider, secret="wrong") as server:
        customer = Customer(server)
        assert_signed_nobody_in(customer, customer.come_back(customer.visit(customer.begin())))
        assert "invalid_client" in server.words()


def test_an_error_of_the_provider_signs_nobody_in(customer):
    """Version 2.4.12 takes the `iss` of an error (RFC 9207) for the wish to begin a sign-in, which
    leads to a page without the error's name."""
    led = customer.visit(customer.begin() + "&prompt=none")
    assert query_of(led["url"])["error"] == "login_required"
    assert_signed_nobody_in(customer, customer.come_back(led))


@pytest.mark.parametrize("place", [
    "https://evil.example/", "https://127.0.0.1.evil.example/", "javascript:alert(1)"])
def test_a_sign_out_leads_nowhere_else(customer, place):
    customer.sign_in()
    answer = customer.get("/callback", params={"logout": place})
    assert answer.status_code != 302
    assert customer.is_signed_in
