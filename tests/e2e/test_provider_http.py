"""The OpenID Provider over HTTP: the one way that works, and the protocol's own error for the rest."""

import base64
import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import jwt
import pytest
import requests

from vestibule_process import decode_jwt
from visitor import (NAVIGATION, PASSWORD, Pkce, Visitor, account_of, authorize_url,
                     hidden_field, new_email, pass_sign_in_page, query_of, raw_request)

REDIRECT = "http://localhost:3100/api/auth/callback/zitadel"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
JWT = "urn:ietf:params:oauth:token-type:jwt"
ENDPOINTS = ["/oauth/v2/token", "/oauth/v2/introspect", "/oauth/v2/revoke"]
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def client(server):
    return server.bootstrap["client"]


@pytest.fixture(scope="module")
def person(server):
    """(name, password) of somebody who can sign in."""
    admin = server.bootstrap["admin"]
    return admin["login_name"], admin["password"]


def post(server, path, form, headers=None, **more):
    return requests.post(server.issuer + path, data=form, headers=headers, timeout=20,
                         allow_redirects=False, **more)


def authenticated(client, **form):
    return {"client_id": client["id"], "client_secret": client["secret"], **form}


def assert_oauth_error(response, status, error=None):
    """RFC 6749 section 5.2."""
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) <= {"error", "error_description"} and body["error"]
    if error:
        assert body["error"] == error, body
    assert "no-store" in response.headers["Cache-Control"]
    if status == 401:
        assert response.headers["WWW-Authenticate"]
    return body


def authorization(client, pkce, **changes):
    parameters = {"client_id": client["id"], "response_type": "code", "redirect_uri": REDIRECT,
                  "scope": "openid profile email offline_access", "state": "a state & more",
                  "nonce": "n-1", "code_challenge": pkce.challenge, "code_challenge_method": "S256"}
    parameters.update(changes)
    return {name: value for name, value in parameters.items() if value is not None}


def sign_in_for_code(server, client, person, browser=None, **changes):
    """(code, pkce, the redirect's query)"""
    browser = browser or Visitor(server.issuer)
    pkce = Pkce()
    leaving = browser.get(authorize_url(**authorization(client, pkce, **changes)), headers=NAVIGATION)
    assert leaving.status_code in (302, 303), leaving.text
    back = leaving.headers["Location"]
    if not back.startswith(REDIRECT):
        back = pass_sign_in_page(browser, back, *person)
    assert back.startswith(REDIRECT + "?"), back
    query = query_of(back)
    return query["code"], pkce, query


def redeem(server, client, given_code, pkce, **changes):
    form = authenticated(client, grant_type="authorization_code", code=given_code,
                         redirect_uri=REDIRECT, code_verifier=pkce.verifier)
    form.update(changes)
    return post(server, "/oauth/v2/token",
                {name: value for name, value in form.items() if value is not None})


def introspect(server, client, token):
    response = post(server, "/oauth/v2/introspect", authenticated(client, token=token))
    assert response.status_code == 200, response.text
    return response.json()


@pytest.fixture
def tokens(server, client, person):
    code, pkce, _ = sign_in_for_code(server, client, person)
    response = redeem(server, client, code, pkce)
    assert response.status_code == 200, response.text
    return response.json()


# Discovery and keys


def test_discovery_names_what_is_there(server):
    document = requests.get(server.issuer + "/.well-known/openid-configuration", timeout=5).json()
    assert document["issuer"] == server.issuer
    for name, url in document.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert url.startswith(server.issuer + "/"), name
            assert requests.get(url, timeout=5, allow_redirects=False).status_code != 404, url
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["authorization_response_iss_parameter_supported"] is True
    assert "none" not in document["id_token_signing_alg_values_supported"]
    keys = requests.get(document["jwks_uri"], timeout=5).json()["keys"]
    assert keys and not [key for key in keys if {"d", "p", "q", "k"} & set(key)]


# The code flow


def test_code_flow(server, client, person):
    code, pkce, answer = sign_in_for_code(server, client, person)
    assert answer["iss"] == server.issuer and answer["state"] == "a state & more"
    response = redeem(server, client, code, pkce)
    assert response.status_code == 200, response.text
    assert "no-store" in response.headers["Cache-Control"]
    body = response.json()
    assert body["token_type"] == "Bearer" and body["refresh_token"] and body["expires_in"] > 0
    jwks = jwt.PyJWKClient(server.issuer + "/oauth/v2/keys")
    key = jwks.get_signing_key_from_jwt(body["id_token"])
    claims = jwt.decode(body["id_token"], key.key, algorithms=["RS256"], audience=client["id"],
                        issuer=server.issuer)
    assert claims["nonce"] == "n-1" and claims["azp"] == client["id"]
    info = requests.get(server.issuer + "/oidc/v1/userinfo", timeout=5,
                        headers={"Authorization": "Bearer " + body["access_token"]})
    assert info.status_code == 200 and info.json()["sub"] == claims["sub"]
    assert "no-store" in info.headers["Cache-Control"]
    seen = introspect(server, client, body["access_token"])
    assert seen["active"] is True and seen["sub"] == claims["sub"]


def test_a_second_sign_in_is_silent_unless_it_is_asked_for(server, client, person):
    browser = Visitor(server.issuer)
    sign_in_for_code(server, client, person, browser)
    quiet = browser.get(authorize_url(**authorization(client, Pkce(), prompt="none")))
    assert quiet.headers["Location"].startswith(REDIRECT) and "code" in query_of(
        quiet.headers["Location"])
    for forced in ({"prompt": "login"}, {"max_age": "0"}):
        asked = browser.get(authorize_url(**authorization(client, Pkce(), **forced)))
        assert asked.headers["Location"].startswith("/ui/login")
    nobody = Visitor(server.issuer).get(authorize_url(**authorization(client, Pkce(),
                                                                      prompt="none")))
    assert query_of(nobody.headers["Location"])["error"] == "login_required"


NEVER_REDIRECTED = [
    {"redirect_uri": "https://evil.example/"}, {"redirect_uri": None}, {"redirect_uri": ""},
    {"redirect_uri": REDIRECT + "/x"}, {"redirect_uri": REDIRECT + "?x=1"},
    {"redirect_uri": REDIRECT + "#x"}, {"redirect_uri": REDIRECT.upper()},
    {"redirect_uri": "http://localhost:3101/api/auth/callback/zitadel"},
    {"redirect_uri": "http://localhost:3100@evil.example/api/auth/callback/zitadel"},
    {"redirect_uri": REDIRECT + "\r\nLocation: https://evil.example"},
    {"redirect_uri": REDIRECT + "/../../x"}, {"redirect_uri": "//evil.example"},
    {"redirect_uri": "javascript:alert(1)"}, {"redirect_uri": [REDIRECT, "https://evil.example/"]},
    {"redirect_uri": ["https://evil.example/", REDIRECT]},
    {"client_id": "1"}, {"client_id": None}, {"client_id": ""}, {"client_id": "x" * 3000},
    {"client_id": "0"}, {"client_id": "-1"}, {"client_id": "1 or 1=1"},
]


@pytest.mark.parametrize("change", NEVER_REDIRECTED, ids=lambda change: str(change)[:60])
def test_nobody_is_sent_where_the_client_is_not(server, client, change):
    url = "/oauth/v2/authorize?" + urlencode(authorization(client, Pkce(), **change), doseq=True)
    for headers in (NAVIGATION, {"Accept": "application/json"}):
        response = Visitor(server.issuer).get(url, headers=headers)
        assert response.status_code == 400, response.text
        assert "Location" not in response.headers
        assert "no-store" in response.headers["Cache-Control"]
        if headers is NAVIGATION:
            assert response.headers["Content-Type"].startswith("text/html")
        else:
            assert_oauth_error(response, 400)


REDIRECTED = [
    ({"response_type": None}, "invalid_request"), ({"response_type": "token"},
                                                   "unsupported_response_type"),
    ({"response_type": "code token"}, "unsupported_response_type"),
    ({"code_challenge": None}, "invalid_request"), ({"code_challenge": "short"}, "invalid_request"),
    ({"code_challenge": "x" * 129}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": "s256"}, "invalid_request"),
    ({"scope": None}, None), ({"scope": ""}, None), ({"scope": "nothing-known"}, "invalid_scope"),
    ({"prompt": "none login"}, "invalid_request"), ({"prompt": "dance"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"), ({"max_age": "x"}, "invalid_request"),
    ({"request": "eyJ"}, "invalid_request_object"), ({"request_uri": "https://evil.example/"},
                                                     "invalid_request_uri"),
    ({"response_mode": "web_message"}, "invalid_request"), ({"id_token_hint": "x"}, "invalid_request"),
    ({"scope": ["openid", "email"]}, "invalid_request"),
    ({"nonce": ["1", "2"]}, "invalid_request"),
]


@pytest.mark.parametrize("change, error", REDIRECTED, ids=lambda value: str(value)[:60])
def test_other_mistakes_go_back_to_the_client(server, client, change, error):
    url = "/oauth/v2/authorize?" + urlencode(authorization(client, Pkce(), **change), doseq=True)
    location = Visitor(server.issuer).get(url, headers=NAVIGATION).headers["Location"]
    assert location.startswith(REDIRECT + "?"), location
    answer = query_of(location)
    assert answer["iss"] == server.issuer and answer["state"] == "a state & more"
    assert "code" not in answer
    if error:
        assert answer["error"] == error


@pytest.mark.parametrize("query", ["%zz", "client_id=%ff", "client_id=%00", "&&&&", "=",
                                   "&".join(f"a{n}=1" for n in range(500)), "x" * 9000])
def test_a_malformed_authorization_request(server, query):
    response = Visitor(server.issuer).get("/oauth/v2/authorize?" + query)
    assert response.status_code in (400, 413, 414, 431), response.status_code
    assert "Location" not in response.headers


@pytest.mark.parametrize("token", ["", "x", "A" * 100])
def test_a_sign_in_that_was_not_begun_here_goes_nowhere(server, person, token):
    response = Visitor(server.issuer).get("/oauth/v2/authorize/continue?request=" + token,
                                          headers=NAVIGATION)
    assert response.status_code == 400 and "Location" not in response.headers


def test_a_changed_request_token_goes_nowhere(server, client, person):
    browser = Visitor(server.issuer)
    leaving = browser.get(authorize_url(**authorization(client, Pkce())), headers=NAVIGATION)
    token = query_of(leaving.headers["Location"])["request"]
    changed = token[:-1] + ("A" if token[-1] != "A" else "Q")
    answer = browser.post("/ui/login", data={"request": changed, "username": person[0],
                                             "password": person[1]})
    response = browser.get(answer.headers["Location"], headers=NAVIGATION)
    assert response.status_code == 400


@pytest.mark.parametrize("name, secret", [
    ("admin", "wrong"), ("admin", ""), ("", "x"), ("nobody", "wrong"), ("x" * 300, "wrong"),
    ("admin", "x" * 600), ("admin\x01", "wrong"), ("ad'--", "' or '1'='1")])
def test_a_wrong_password_says_nothing(server, client, name, secret):
    browser = Visitor(server.issuer)
    leaving = browser.get(authorize_url(**authorization(client, Pkce())), headers=NAVIGATION)
    page = browser.post("/ui/login", data={
        "request": query_of(leaving.headers["Location"])["request"], "username": name,
        "password": secret})
    assert page.status_code == 401 and browser.cookies == {}
    assert "That name and password do not belong together." in page.text
    if len(secret) > 1:
        assert secret not in page.text


def test_an_unproved_address_does_not_sign_in(server):
    email = new_email()
    account_of(server, email)
    page = Visitor(server.issuer).post("/ui/login", data={"username": email, "password": PASSWORD})
    assert page.status_code == 401
    assert "That name and password do not belong together." in page.text


def test_pages_are_not_framed_and_escape_what_they_show(server):
    page = Visitor(server.issuer).post("/ui/login", data={
        "username": "\"><script>alert(1)</script>", "password": "x", "request": "'\"<b>"})
    assert "<script>alert" not in page.text and "<b>" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy and "unsafe-inline" not in policy.split("style")[0]
    assert page.headers["X-Content-Type-Options"] == "nosniff"


# Redeeming a code


@pytest.mark.parametrize("change, error", [
    ({"code_verifier": None}, "invalid_grant"), ({"code_verifier": "x" * 43}, "invalid_grant"),
    ({"code_verifier": "short"}, "invalid_grant"), ({"redirect_uri": None}, "invalid_request"),
    ({"redirect_uri": "http://localhost:3100/"}, "invalid_grant"), ({"code": None},
                                                                    "invalid_request"),
    ({"code": "x"}, "invalid_grant"), ({"code": "x" * 5000}, "invalid_grant"),
], ids=lambda value: str(value)[:40])
def test_a_code_needs_what_it_was_made_for(server, client, person, change, error):
    code, pkce, _ = sign_in_for_code(server, client, person)
    assert_oauth_error(redeem(server, client, code, pkce, **change), 400, error)


def test_the_challenge_itself_is_no_verifier(server, client, person):
    code, pkce, _ = sign_in_for_code(server, client, person)
    assert_oauth_error(redeem(server, client, code, pkce, code_verifier=pkce.challenge), 400,
                       "invalid_grant")


def test_a_replayed_code_revokes_what_it_gave(server, client, person):
    code, pkce, _ = sign_in_for_code(server, client, person)
    given = redeem(server, client, code, pkce).json()
    assert introspect(server, client, given["access_token"])["active"] is True
    assert_oauth_error(redeem(server, client, code, pkce), 400, "invalid_grant")
    assert introspect(server, client, given["access_token"]) == {"active": False}
    assert introspect(server, client, given["refresh_token"]) == {"active": False}
    assert_oauth_error(refresh(server, client, given["refresh_token"]), 400, "invalid_grant")
    info = requests.get(server.issuer + "/oidc/v1/userinfo", timeout=5,
                        headers={"Authorization": "Bearer " + given["access_token"]})
    assert info.status_code == 401


def test_a_code_redeemed_many_times_at_once_gives_tokens_once(server, client, person):
    code, pkce, _ = sign_in_for_code(server, client, person)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: redeem(server, client, code, pkce), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7


# Refresh


def refresh(server, client, token, **changes):
    return post(server, "/oauth/v2/token", authenticated(
        client, grant_type="refresh_token", refresh_token=token, **changes))


def test_refresh_rotates_and_a_concurrent_tab_gets_the_same_successor(server, client, tokens):
    first = refresh(server, client, tokens["refresh_token"])
    assert first.status_code == 200, first.text
    assert first.json()["refresh_token"] != tokens["refresh_token"]
    # Within 30 s.
    tab = refresh(server, client, tokens["refresh_token"])
    assert tab.status_code == 200
    assert tab.json()["refresh_token"] == first.json()["refresh_token"]
    narrow = refresh(server, client, first.json()["refresh_token"], scope="openid")
    assert narrow.status_code == 200 and narrow.json()["scope"] == "openid"
    wide = refresh(server, client, narrow.json()["refresh_token"], scope="openid address phone")
    assert_oauth_error(wide, 400, "invalid_scope")


def test_reuse_of_an_older_refresh_token_ends_the_family(server, client, tokens):
    chain = [tokens["refresh_token"]]
    for _ in range(3):
        chain.append(refresh(server, client, chain[-1]).json()["refresh_token"])
    # Two generations back is no concurrent tab.
    assert_oauth_error(refresh(server, client, chain[0]), 400, "invalid_grant")
    assert_oauth_error(refresh(server, client, chain[-1]), 400, "invalid_grant")


@pytest.mark.parametrize("token", ["", "x", "x" * 5000, "a.b.c"])
def test_what_is_no_refresh_token(server, client, token):
    assert_oauth_error(refresh(server, client, token), 400)


def test_an_edited_refresh_token_is_refused(server, client, tokens):
    token = tokens["refresh_token"]
    for at in range(0, len(token), 5):
        edited = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1:]
        assert_oauth_error(refresh(server, client, edited), 400, "invalid_grant")
    assert refresh(server, client, token).status_code == 200


def test_a_newer_sign_in_ends_older_families(server, client, person, tokens):
    sign_in_for_code(server, client, person)
    assert_oauth_error(refresh(server, client, tokens["refresh_token"]), 400, "invalid_grant")


# Revocation


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revocation(server, client, tokens, which):
    response = post(server, "/oauth/v2/revoke", authenticated(client, token=tokens[which]))
    assert response.status_code == 200
    assert introspect(server, client, tokens[which]) == {"active": False}
    # RFC 7009 2.2: an unknown token is no error.
    again = post(server, "/oauth/v2/revoke", authenticated(client, token=tokens[which]))
    assert again.status_code == 200
    unknown = post(server, "/oauth/v2/revoke", authenticated(client, token="x"))
    assert unknown.status_code == 200


# What every endpoint with a form refuses


BAD_FORMS = [
    (None, b""), (FORM, b""), (FORM, b"grant_type="), (FORM, b"%zz=1"), (FORM, b"token=%ff"),
    (FORM, b"token=%00"), (FORM, b"token=%e2%82"), ("application/json", b"{\"token\":\"x\"}"),
    ("text/plain", b"token=x"), ("multipart/form-data; boundary=x", b"--x--"),
    (FORM, b"&".join(b"a%d=1" % n for n in range(2000))), (FORM, b"grant_type=x&grant_type=x"),
    (FORM, b"client_id=1&client_id=2"),
]


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("kind, body", BAD_FORMS, ids=lambda value: str(value)[:30])
def test_a_malformed_form(server, path, kind, body):
    response = post(server, path, body, {"Content-Type": kind} if kind else {})
    assert response.status_code in (400, 413, 415), response.text
    assert_oauth_error(response, response.status_code)


@pytest.mark.parametrize("path", ENDPOINTS)
def test_an_oversized_form(server, client, path):
    response = post(server, path, authenticated(client, token="x" * 2_000_000))
    assert response.status_code == 413
    assert_oauth_error(response, 413)


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("name", ["token", "grant_type", "client_id", "client_secret", "code"])
def test_a_doubled_parameter(server, client, path, name):
    form = authenticated(client, token="x", grant_type="client_credentials", code="x")
    response = post(server, path, urlencode(form) + f"&{name}=x", {"Content-Type": FORM})
    assert_oauth_error(response, 400, "invalid_request")


@pytest.mark.parametrize("path", ENDPOINTS)
def test_client_authentication(server, client, path):
    form = {"token": "x", "grant_type": "client_credentials"}

    def basic(user, secret):
        text = base64.b64encode(f"{user}:{secret}".encode()).decode()
        return {"Authorization": "Basic " + text}

    for user, secret in ((client["id"], "wrong"), ("1", client["secret"]), (client["id"], "")):
        response = post(server, path, form, basic(user, secret))
        assert_oauth_error(response, 401, "invalid_client")
        assert response.headers["WWW-Authenticate"].startswith("Basic")
        response = post(server, path, {**form, "client_id": user, "client_secret": secret})
        assert_oauth_error(response, 400, "invalid_client")
    for header in ("Basic", "Basic ", "Basic !!!", "Basic " + base64.b64encode(b"x").decode()):
        response = post(server, path, form, {"Authorization": header})
        assert response.status_code in (400, 401)
        assert_oauth_error(response, response.status_code)
    both = post(server, path, authenticated(client, **form), basic(client["id"], client["secret"]))
    assert_oauth_error(both, 400, "invalid_request")
    two = raw_request(server.issuer, "POST", path, [
        ("Content-Type", FORM), *basic(client["id"], client["secret"]).items(),
        *basic(client["id"], "x").items()], urlencode(form).encode())
    assert two.status == 400


@pytest.mark.parametrize("path, methods", [
    ("/oauth/v2/introspect", "GET PUT DELETE"), ("/oauth/v2/revoke", "GET PUT"),
    ("/oauth/v2/keys", "POST"), ("/oidc/v1/userinfo", "PUT DELETE"),
    ("/oauth/v2/authorize", "PUT DELETE"), ("/oauth/v2/token", "PUT DELETE PATCH"),
    ("/.well-known/openid-configuration", "POST")])
def test_wrong_methods(server, path, methods):
    for method in methods.split():
        response = requests.request(method, server.issuer + path, timeout=5)
        assert response.status_code == 405 and response.headers["Allow"], method


def test_secrets_in_a_url_are_not_taken(server, client):
    response = requests.get(server.issuer + "/oauth/v2/token", timeout=5, params=authenticated(
        client, grant_type="client_credentials"))
    assert_oauth_error(response, 400)
    response = post(server, "/oauth/v2/token?" + urlencode(authenticated(client)),
                    {"grant_type": "client_credentials"})
    assert_oauth_error(response, 400)


@pytest.mark.parametrize("grant", ["", "password", "implicit", "x" * 3000, EXCHANGE + "x"])
def test_an_unknown_grant(server, client, grant):
    response = post(server, "/oauth/v2/token", authenticated(client, grant_type=grant))
    assert_oauth_error(response, 400, "unsupported_grant_type" if grant else "invalid_request")


def test_a_grant_that_the_client_does_not_have(server, client):
    response = post(server, "/oauth/v2/token",
                    authenticated(client, grant_type="client_credentials", scope="openid"))
    assert_oauth_error(response, 400, "unauthorized_client")


# Tokens that nobody signed here


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forgeries(server, token):
    header, claims = decode_jwt(token)
    keys = requests.get(server.issuer + "/oauth/v2/keys", timeout=5)
    signature = token.split(".")[2]
    for alg in ("none", "None", "NONE", "nOnE", ""):
        yield f"{part({**header, 'alg': alg})}.{part(claims)}."
        yield f"{part({**header, 'alg': alg})}.{part(claims)}.{signature}"
    for key in (keys.content, b"", json.dumps(keys.json()["keys"][0]).encode()):
        signed = f"{part({**header, 'alg': 'HS256'})}.{part(claims)}"
        mac = hmac.new(key, signed.encode(), hashlib.sha256).digest()
        yield signed + "." + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
    for change in ({"kid": "unknown"}, {"typ": "JWT"}, {"alg": "RS256"}, {"jku": "http://x/"},
                   {"crit": ["x"]}, {"kid": None}):
        yield f"{part({**header, **change})}.{part(claims)}.{signature}"
    for change in ({"sub": "1"}, {"exp": claims["exp"] + 3600}, {"scope": "openid admin"}):
        yield f"{part(header)}.{part({**claims, **change})}.{signature}"
    yield token + "A"
    yield token[:-1]
    yield token + "."
    yield ".".join(token.split(".")[:2])
    yield token.replace(".", "..")


def test_a_forged_token_is_dead_everywhere(server, client):
    """Of a guest, as JWT: made for applications, so the provider's own API refuses even the real
    one by its audience, while introspection knows it."""
    made = requests.post(server.application + "/guest/v1/provision", timeout=5, headers={
        **server.service_headers(), "Idempotency-Key": "forged"}).json()
    token = made["access_token"]
    for forged in forgeries(server, token):
        info = requests.get(server.issuer + "/oidc/v1/userinfo", timeout=5,
                            headers={"Authorization": "Bearer " + forged})
        assert info.status_code == 401, forged
        assert info.headers["WWW-Authenticate"].startswith("Bearer")
        assert introspect(server, client, forged) == {"active": False}, forged


def test_a_forged_id_token_is_no_hint(server, client, tokens):
    for forged in forgeries(server, tokens["id_token"]):
        response = Visitor(server.issuer).get(authorize_url(**authorization(
            client, Pkce(), prompt="none", id_token_hint=forged)))
        assert query_of(response.headers["Location"])["error"] == "invalid_request"
        out = Visitor(server.issuer).get("/oidc/v1/end_session?" + urlencode(
            {"id_token_hint": forged, "post_logout_redirect_uri": "http://localhost:3100/"}))
        assert out.status_code == 400 and "Location" not in out.headers


@pytest.mark.parametrize("headers, status", [
    ({}, 401), ({"Authorization": "Bearer"}, 400), ({"Authorization": "Bearer "}, None),
    ({"Authorization": "Bearer x"}, 401), ({"Authorization": "Basic eDp5"}, 400),
    ({"Authorization": "Bearer " + "x" * 5000}, 401)], ids=str)
def test_userinfo_needs_a_token(server, headers, status):
    for method in ("GET", "POST"):
        response = requests.request(method, server.issuer + "/oidc/v1/userinfo", headers=headers,
                                    timeout=5)
        assert response.status_code == status or (status is None and
                                                  response.status_code in (400, 401))
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert "no-store" in response.headers["Cache-Control"]


def test_userinfo_takes_no_token_from_the_url_nor_two(server, tokens):
    url = server.issuer + "/oidc/v1/userinfo"
    token = tokens["access_token"]
    assert requests.get(url, params={"access_token": token}, timeout=5).status_code == 401
    good = requests.post(url, data={"access_token": token}, timeout=5)
    assert good.status_code == 200
    two = requests.post(url, data={"access_token": token}, timeout=5,
                        headers={"Authorization": "Bearer " + token})
    assert two.status_code == 400
    doubled = raw_request(server.issuer, "GET", "/oidc/v1/userinfo", [
        ("Authorization", "Bearer " + token), ("Authorization", "Bearer " + token)])
    assert doubled.status == 400


def test_neither_refresh_nor_id_token_is_an_access_token(server, tokens):
    for name in ("refresh_token", "id_token"):
        response = requests.get(server.issuer + "/oidc/v1/userinfo", timeout=5,
                                headers={"Authorization": "Bearer " + tokens[name]})
        assert response.status_code == 401, name


# Signing out


def test_end_session_asks_unless_the_hint_is_this_sessions(server, client, person):
    browser = Visitor(server.issuer)
    code, pkce, _ = sign_in_for_code(server, client, person, browser)
    hint = redeem(server, client, code, pkce).json()["id_token"]
    page = browser.get("/oidc/v1/end_session", headers=NAVIGATION)
    assert page.status_code == 200 and "vestibule-provider" in browser.cookies
    confirm = hidden_field(page.text, "confirm")
    foreign = browser.post("/oidc/v1/end_session", data={"confirm": confirm},
                           headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403 and "vestibule-provider" in browser.cookies
    assert browser.post("/oidc/v1/end_session", data={"confirm": "x" + confirm}).status_code == 400
    for uri in ("https://evil.example/", "http://localhost:3100", "//evil.example"):
        refused = browser.get("/oidc/v1/end_session?" + urlencode(
            {"id_token_hint": hint, "post_logout_redirect_uri": uri}), headers=NAVIGATION)
        assert refused.status_code == 400 and "Location" not in refused.headers
    kept = dict(browser.cookies)
    done = browser.get("/oidc/v1/end_session?" + urlencode({
        "id_token_hint": hint, "post_logout_redirect_uri": "http://localhost:3100/",
        "state": "s&1"}), headers=NAVIGATION)
    assert done.headers["Location"] == "http://localhost:3100/?state=s%261"
    # What a browser is known by when strangers guess stays; it signs nobody in.
    assert set(browser.cookies) == {"vestibule-device"}
    stale = Visitor(server.issuer, kept).get(authorize_url(**authorization(client, Pkce(),
                                                                           prompt="none")))
    assert query_of(stale.headers["Location"])["error"] == "login_required"
