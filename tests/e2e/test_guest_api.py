"""Every call of /guest/v1: its happy path once, and all the ways to get it wrong."""

import json
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
import requests

from vestibule_process import Vestibule, wait_for
from visitor import (NAVIGATION, OWN_PAGE, PASSWORD, SESSION, Visitor, account_of, guest_of,
                     new_email, proved_account_of, query_of, raw_request, sign_in, store_rows)

CALLS = {
    "/guest/v1/session": {"GET", "POST", "DELETE"},
    "/guest/v1/upgrade": {"POST"},
    "/guest/v1/login": {"GET", "POST"},
    "/guest/v1/callback": {"GET"},
    "/guest/v1/choice": {"GET", "POST"},
    "/guest/v1/logout": {"POST"},
    "/guest/v1/timeline": {"GET"},
    "/guest/v1/proof": {"GET", "POST"},
    "/guest/v1/provision": {"POST"},
    "/guest/v1/merges": {"GET"},
    "/guest/v1/merges/1/ack": {"POST"},
}
UPGRADE = {"given_name": "Jane", "family_name": "Doe", "email": "jane@example.com",
           "password": PASSWORD}
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def assert_error(response, status, error=None, fields=None):
    """The one error form."""
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"error", "message", "fields"}
    assert isinstance(body["error"], str) and body["error"]
    assert isinstance(body["message"], str) and body["message"]
    assert isinstance(body["fields"], dict)
    if error is not None:
        assert body["error"] == error, body
    if fields is not None:
        assert set(body["fields"]) == set(fields), body
    return body


def service(server, method, path, headers=None, **more):
    return requests.request(method, server.application + path, timeout=20,
                            headers={**server.service_headers(), **(headers or {})}, **more)


# All calls


@pytest.mark.parametrize("path", CALLS)
def test_a_wrong_method_is_told_the_right_ones(server, path):
    for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "BREW"} - CALLS[path]:
        response = Visitor(server.application).request(method, path)
        assert_error(response, 405)
        allowed = {name.strip() for name in response.headers["Allow"].split(",")}
        assert allowed - {"HEAD", "OPTIONS"} == CALLS[path]


@pytest.mark.parametrize("path", ["/guest/v1/", "/guest/v1/nothing", "/guest/v1/session/",
                                  "/guest/v1/merges/1", "/guest/v1/merges/a/b/ack", "/guest/v2/x"])
def test_an_unknown_call_is_not_found(server, path):
    assert_error(Visitor(server.application).get(path), 404)


def test_an_unknown_call_never_reaches_the_upstream(gateway, upstream):
    before = len(upstream.requests)
    for path in ("/guest/v1/nothing", "/guest/v1/forward-auth"):
        assert Visitor(gateway.application).get(path).status_code == 404
    assert len(upstream.requests) == before


BAD_BODIES = [
    (JSON, b"{"), (JSON, b"[]"), (JSON, b"\"text\""), (JSON, b"{\"email\":1}"),
    (JSON, b"{\"email\":{}}"), (JSON, b"{\"email\":[\"a@example.com\"]}"), (JSON, b"\xff\xfe"),
    (JSON, b"{\"email\":\"\\ud800\"}"), (JSON, b"{} {}"), (JSON, b"{" * 5000),
    (FORM, b"email=%zz"), (FORM, b"email=%ff"), (FORM, b"email=a&email=b"), (FORM, b"a=%00"),
    ({"Content-Type": "text/plain"}, b"email=a"), ({}, b"{}"),
    ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x--"),
]


@pytest.mark.parametrize("path", ["/guest/v1/upgrade", "/guest/v1/login", "/guest/v1/logout",
                                  "/guest/v1/choice"])
@pytest.mark.parametrize("headers, body", BAD_BODIES, ids=str)
def test_a_malformed_body_is_refused(server, visitor_with_session, path, headers, body):
    response = visitor_with_session.copy().post(path, headers={**OWN_PAGE, **headers}, data=body)
    assert response.status_code in (400, 413, 415), response.text
    assert_error(response, response.status_code)
    assert visitor_with_session.session()["kind"] == "guest"


@pytest.fixture(scope="module")
def visitor_with_session(server):
    return guest_of(server)


@pytest.mark.parametrize("path", ["/guest/v1/upgrade", "/guest/v1/login", "/guest/v1/logout",
                                  "/guest/v1/choice", "/guest/v1/proof", "/guest/v1/session"])
def test_an_oversized_body_is_refused(server, visitor_with_session, path):
    response = visitor_with_session.copy().post(path, json={"given_name": "x" * 20000})
    assert_error(response, 413)
    assert visitor_with_session.session()["kind"] == "guest"


def test_no_answer_of_the_api_may_be_stored(server):
    visitor = guest_of(server)
    for method, path in [("GET", "session"), ("GET", "timeline"), ("POST", "session"),
                         ("POST", "upgrade"), ("GET", "nothing-here"), ("PUT", "session")]:
        response = visitor.request(method, "/guest/v1/" + path)
        assert "no-store" in response.headers.get("Cache-Control", ""), path


# session


def test_session_of_nobody_guest_and_account(server):
    visitor = Visitor(server.application)
    assert visitor.session() == {"signed_in": False}
    made = visitor.post("/guest/v1/session")
    assert made.status_code == 201
    guest = made.json()
    assert guest == {"signed_in": True, "sub": guest["sub"], "kind": "guest", "name": None,
                     "email": None, "email_verified": False, "expires_at": guest["expires_at"]}
    assert isinstance(guest["expires_at"], int) and guest["sub"].isdigit()
    again = visitor.post("/guest/v1/session")
    assert again.status_code == 200 and again.json() == guest
    assert visitor.session() == guest
    email = new_email()
    assert visitor.upgrade(email).status_code == 200
    account = visitor.session()
    assert account == {**guest, "kind": "account", "name": "Jane Doe", "email": email,
                       "expires_at": account["expires_at"]}
    text = json.dumps(account)
    assert "token" not in text and "eyJ" not in text


def test_forget_me(server):
    visitor = guest_of(server)
    sub = int(visitor.session()["sub"])
    response = visitor.request("DELETE", "/guest/v1/session")
    assert response.status_code == 204 and response.content == b""
    assert visitor.cookies == {}
    for table in ("users where id = ?", "sessions where user_id = ?",
                  "user_metadata where user_id = ?"):
        assert store_rows(server, table, sub) == 0
    assert_error(visitor.request("DELETE", "/guest/v1/session"), 401, "no_session")


def test_an_account_is_not_deleted_by_its_cookie(server):
    account = account_of(server)
    assert_error(account.request("DELETE", "/guest/v1/session"), 409, "not_a_guest")
    assert account.session()["kind"] == "account"


# upgrade

FIELD_REASONS = [
    ("given_name", [None, "", " ", "\t", "a\x00b", "a\nb", "a\x7f", "x" * 201]),
    ("family_name", [None, "", "   ", "a\x1bb", "y" * 201, "\u202e" * 201]),
    ("email", [None, "", " ", "jane", "@example.com", "jane@", "a@b@c", "a b@example.com",
               "a@example.com\r\nBcc: b@example.com", "a@exa mple.com", "a@.",
               "x" * 250 + "@example.com", "a@" + "b" * 260, "<a@example.com>", "a@example.com,b"]),
    ("password", [None, "", "short7!", "password", "12345678", "aaaaaaaaaaaaaaa", "jane@example.com",
                  "JANE@EXAMPLE.COM", "qwertyuiop", "violet\x00harbour-antique", "violet\nharbour-x",
                  "é" * 129, "violet-harbour-" * 9, "\U0001f600" * 129]),
]


@pytest.mark.parametrize("field, value", [(field, value) for field, values in FIELD_REASONS
                                          for value in values], ids=lambda value: repr(value)[:24])
def test_each_field_has_its_reason(server, visitor_with_session, field, value):
    body = {**UPGRADE, field: value}
    if value is None:
        del body[field]
    response = visitor_with_session.copy().post("/guest/v1/upgrade", json=body)
    problem = assert_error(response, 422, "invalid_fields", {field})
    assert problem["fields"][field]
    if field == "password" and value not in (None, "", "password"):
        assert value not in response.text
    assert visitor_with_session.session()["kind"] == "guest"


def test_all_wrong_fields_are_told_at_once(visitor_with_session):
    response = visitor_with_session.copy().post("/guest/v1/upgrade", json={})
    assert_error(response, 422, "invalid_fields", set(UPGRADE))
    null = dict.fromkeys(UPGRADE)
    assert_error(visitor_with_session.copy().post("/guest/v1/upgrade", json=null), 422,
                 "invalid_fields", set(UPGRADE))


def test_a_doubled_json_member_is_refused(visitor_with_session):
    text = json.dumps({**UPGRADE, "email": "one@example.com"})[:-1] + ', "email": "two@example.com"}'
    response = visitor_with_session.copy().post("/guest/v1/upgrade", data=text,
                                                headers={**OWN_PAGE, **JSON})
    assert_error(response, 400)


@pytest.mark.parametrize("given", ["Jane", "Ĳsbrand", "李", "J" * 200, "O'Brien <b>", "😀"])
@pytest.mark.parametrize("secret", ["violet-harbour-antique-9", "日本語のながいことば",
                                    "violet harbour antique " * 5, "x7#Qp!v2Lm"])
def test_good_names_and_passwords(server, given, secret):
    visitor = guest_of(server)
    response = visitor.upgrade(new_email(), secret, given_name=given)
    assert response.status_code == 200, response.text
    assert response.json()["name"] == given + " Doe"


def test_unknown_fields_change_nothing(server):
    visitor = guest_of(server)
    other = account_of(server)
    response = visitor.upgrade(new_email(), sub=other.session()["sub"], user_id="1", kind="account",
                               email_verified=True, guest_day="x")
    assert response.status_code == 200
    assert response.json()["sub"] != other.session()["sub"]
    assert response.json()["email_verified"] is False
    assert other.session()["name"] == "Jane Doe"


def test_upgrade_answers_alike_for_every_address(server):
    proved, email = proved_account_of(server)
    claimed = new_email()
    account_of(server, claimed)
    shapes = []
    for address in (new_email(), email, claimed, email.upper()):
        response = guest_of(server).upgrade(address)
        body = response.json()
        shapes.append((response.status_code, sorted(body), body["email_verified"], body["kind"],
                       sorted(response.headers)))
    assert all(shape == shapes[0] for shape in shapes)
    assert proved.session()["email_verified"]


def test_upgrade_without_a_session(server):
    visitor = Visitor(server.application)
    assert_error(visitor.upgrade(new_email()), 401, "no_session")
    assert visitor.cookies == {}


def test_a_second_upgrade_is_refused(server):
    account = account_of(server)
    response = account.upgrade(new_email())
    assert response.status_code == 409, response.text
    assert_error(response, 409)
    assert account.session()["kind"] == "account"


def test_two_upgrades_at_once_make_one_account(server):
    guest = guest_of(server)
    cookies = dict(guest.cookies)
    emails = [new_email() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(
            lambda email: Visitor(server.application, cookies).upgrade(email), emails))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 200 and set(statuses[1:]) <= {401, 409}, statuses


def test_a_purged_guest_cannot_upgrade(server):
    visitor = guest_of(server)
    sub = visitor.session()["sub"]
    server.command("purge", "--older-than", "0s", "--json")
    assert_error(visitor.upgrade(new_email()), 409, "guest_gone")
    assert SESSION not in visitor.cookies
    assert visitor.become_guest() != sub


RETURN_TO = [
    ("/", "/"), ("/checkout", "/checkout"), ("/checkout?step=2#top", "/checkout?step=2#top"),
    ("/a%20b", "/a%20b"), ("", "/"), ("https://evil.example/", "/"), ("//evil.example", "/"),
    ("///evil.example", "/"), ("/\\evil.example", "/"), ("\\\\evil.example", "/"),
    ("/\t/evil.example", "/"), ("/\n/evil.example", "/"), ("/\r\nSet-Cookie: a=b", "/"),
    ("javascript:alert(1)", "/"), ("evil.example", "/"), ("/%5cevil.example", "/"),
    ("/..//evil.example", "/"), ("/a/../../x", "/"), ("/%2f/evil.example", "/"), (" /x", "/"),
    ("/ /evil.example", "/"), ("/guest/v1/logout", "/"), ("/guest/v1", "/"), ("/GUEST/v1/x", "/"),
    ("/guest//v1/x", "/"), ("/guest/%761/x", "/"), ("/oauth/v2/authorize", "/"),
    ("/oidc/v1/end_session", "/"), ("/ui/login", "/"), ("/mailbox", "/"), ("/" + "a" * 3000, "/"),
    ("/\u0000", "/"), ("@evil.example", "/"), ("/.evil", "/.evil"), ("/guest", "/guest"),
]


@pytest.mark.parametrize("wish, expected", RETURN_TO, ids=lambda value: repr(value)[:30])
def test_a_form_comes_back_to_a_path_of_ours(server, wish, expected):
    guest = guest_of(server)
    response = guest.post("/guest/v1/logout", data={"return_to": wish})
    if "\x00" in wish:
        assert_error(response, 400)
        return
    assert response.status_code == 303
    assert response.headers["Location"] == expected


def test_a_form_upgrade_redirects(server):
    guest = guest_of(server)
    response = guest.post("/guest/v1/upgrade", data={
        **UPGRADE, "email": new_email(), "return_to": "/thanks"})
    assert response.status_code == 303 and response.headers["Location"] == "/thanks"
    assert guest.session()["kind"] == "account"
    evil = guest_of(server)
    response = evil.post("/guest/v1/upgrade", data={
        **UPGRADE, "email": new_email(), "return_to": "//evil.example"})
    assert response.status_code == 303 and response.headers["Location"] == "/"


def test_a_form_with_mistakes_shows_a_page(server):
    guest = guest_of(server)
    response = guest.post("/guest/v1/upgrade", data={
        **UPGRADE, "email": "<script>alert(1)</script>", "return_to": "/checkout"})
    assert response.status_code == 422
    assert response.headers["Content-Type"].startswith("text/html")
    assert "<script>" not in response.text and "/checkout" in response.text
    assert guest.session()["kind"] == "guest"


# login, callback, logout


def test_login_begins_with_pkce_and_a_sealed_state(server):
    visitor = Visitor(server.application)
    response = visitor.post("/guest/v1/login", json={"return_to": "/x"})
    assert response.status_code == 200
    asked = query_of(response.json()["location"])
    assert response.json()["location"].startswith(server.issuer + "/oauth/v2/authorize?")
    assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
    assert asked["state"] and asked["nonce"] and asked["response_type"] == "code"
    assert asked["redirect_uri"] == server.application + "/guest/v1/callback"
    assert "prompt" not in asked
    assert "vestibule-login" in visitor.cookies
    # With a guest session a sign-in is forced.
    assert query_of(guest_of(server).post("/guest/v1/login", json={}).json()["location"])[
        "prompt"] == "login"
    redirect = visitor.get("/guest/v1/login?return_to=/y", headers={**NAVIGATION, **OWN_PAGE})
    assert redirect.status_code == 303 and "code_challenge=" in redirect.headers["Location"]


def test_a_foreign_link_to_login_shows_a_page_first(server):
    visitor = Visitor(server.application)
    response = visitor.get("/guest/v1/login?return_to=//evil.example",
                           headers={**NAVIGATION, "Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 200 and visitor.cookies == {}
    assert "evil.example" not in response.text


CALLBACKS = ["", "?code=x", "?state=x", "?code=x&state=x", "?state={state}&state={state}&code=x",
             "?code=x&state={state}x", "?code=x&state=", "?error=access_denied&state=x", "?%zz"]


@pytest.mark.parametrize("query", CALLBACKS)
def test_a_callback_that_was_not_begun_here_changes_nothing(server, query):
    visitor = guest_of(server)
    begun = visitor.post("/guest/v1/login", json={}).json()["location"]
    kept = dict(visitor.cookies)
    query = query.format(state=query_of(begun)["state"])
    response = visitor.get("/guest/v1/callback" + query,
                           headers={**NAVIGATION, "Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 400
    assert visitor.cookies == kept
    assert visitor.session()["kind"] == "guest"


def test_a_callback_with_a_wrong_code_signs_nobody_in(server):
    visitor = guest_of(server)
    sub = visitor.session()["sub"]
    state = query_of(visitor.post("/guest/v1/login", json={}).json()["location"])["state"]
    response = visitor.get(f"/guest/v1/callback?code=wrong&state={state}", headers=NAVIGATION)
    assert response.status_code == 400
    assert visitor.session()["sub"] == sub
    # The login cookie has been used up.
    assert "vestibule-login" not in visitor.cookies


def test_sign_in_and_out(server):
    account, email = proved_account_of(server)
    visitor = Visitor(server.application)
    assert sign_in(server, visitor, email).status_code == 303
    assert visitor.session()["sub"] != "" and visitor.session()["kind"] == "account"
    assert account.session() == {"signed_in": False}  # a sign-in ends older sessions
    response = visitor.post("/guest/v1/logout")
    assert response.status_code == 204 and visitor.cookies == {}
    assert visitor.post("/guest/v1/logout").status_code == 204
    assert visitor.session() == {"signed_in": False}


def test_a_callback_is_good_for_the_browser_that_began_only(server):
    _, email = proved_account_of(server)
    victim, attacker = Visitor(server.application), Visitor(server.application)
    assert sign_in(server, attacker, email).status_code == 303
    begun = attacker.post("/guest/v1/login", json={}).json()["location"]
    state = query_of(begun)["state"]
    response = victim.get(f"/guest/v1/callback?code=x&state={state}", headers=NAVIGATION)
    assert response.status_code == 400 and victim.cookies == {}


@pytest.mark.parametrize("choice, gone", [("keep", False), ("merge", True), ("discard", True)])
def test_a_sign_in_without_intent_asks_afterwards(server, choice, gone):
    _, email = proved_account_of(server)
    visitor = guest_of(server)
    guest = int(visitor.session()["sub"])
    response = sign_in(server, visitor, email)
    assert response.headers["Location"] == "/guest/v1/choice"
    assert visitor.get("/guest/v1/choice", headers=NAVIGATION).status_code == 200
    assert_error(visitor.post("/guest/v1/choice", data={"choice": "steal"}), 422,
                 fields={"choice"})
    stranger = account_of(server)
    mixed = stranger.copy(**{"vestibule-choice": visitor.cookies["vestibule-choice"]})
    assert_error(mixed.post("/guest/v1/choice", data={"choice": choice}), 401, "no_session")
    done = visitor.post("/guest/v1/choice", data={"choice": choice})
    assert done.status_code == 303 and done.headers["Location"] == "/"
    assert "vestibule-choice" not in visitor.cookies
    assert visitor.session()["email"] == email
    if gone:
        wait_for(lambda: store_rows(server, "users where id = ?", guest) == 0, "the guest's end")
    else:
        assert store_rows(server, "users where id = ?", guest) == 1


# timeline


def test_timeline(server):
    visitor = guest_of(server)
    events = visitor.get("/guest/v1/timeline").json()["events"]
    assert {"provisioned", "exchanged"} <= {event["type"] for event in events}
    assert all(set(event) == {"at", "type", "text"} for event in events)
    visitor.upgrade(new_email())
    after = visitor.get("/guest/v1/timeline").json()["events"]
    assert "upgraded" in {event["type"] for event in after}
    other = guest_of(server).get("/guest/v1/timeline").json()["events"]
    assert "upgraded" not in {event["type"] for event in other}
    assert_error(Visitor(server.application).get("/guest/v1/timeline"), 401, "no_session")


# provision

_counter = iter(range(1, 10**9))


def new_key():
    return f"key-{next(_counter)}"


def provision(server, key=None, **more):
    headers = {} if key is None else {"Idempotency-Key": key}
    return service(server, "POST", "/guest/v1/provision", headers, **more)


def test_provision_and_verify_the_token_as_a_backend_would(server):
    response = provision(server, new_key())
    assert response.status_code == 201
    answer = response.json()
    assert answer["token_type"] == "Bearer" and 0 < answer["expires_in"] <= 600
    discovery = requests.get(server.issuer + "/.well-known/openid-configuration", timeout=5).json()
    assert discovery["issuer"] == server.issuer
    key = jwt.PyJWKClient(discovery["jwks_uri"]).get_signing_key_from_jwt(answer["access_token"])
    claims = jwt.decode(answer["access_token"], key.key, algorithms=["ES256"],
                        audience=server.application, issuer=server.issuer)
    assert jwt.get_unverified_header(answer["access_token"])["typ"] == "at+jwt"
    assert claims["sub"] == answer["user_id"]
    assert claims["act"]["sub"] == server.bootstrap["service_account"]["id"]
    assert claims["scope"] == answer["scope"]
    assert {"client_id", "iat", "exp", "jti", "acr"} <= set(claims)


@pytest.mark.parametrize("key", [None, "", "a b", "k" * 201, "k\u00e9y".encode("latin-1")],
                         ids=str)
def test_an_idempotency_key_is_needed(server, key):
    before = store_rows(server, "users")
    assert_error(provision(server, key), 400, "idempotency_key")
    assert store_rows(server, "users") == before


def test_two_idempotency_keys_are_refused(server):
    raw = raw_request(server.application, "POST", "/guest/v1/provision",
                      [*server.service_headers().items(), ("Idempotency-Key", "a"),
                       ("Idempotency-Key", "b")])
    assert raw.status == 400


def test_a_key_leads_to_the_same_user_with_a_new_token(server):
    key = new_key()
    first = provision(server, key, json={"cart": 1})
    again = provision(server, key, json={"cart": 1})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["user_id"] == again.json()["user_id"]
    assert first.json()["access_token"] != again.json()["access_token"]
    assert_error(provision(server, key, json={"cart": 2}), 422)
    assert_error(provision(server, key), 422)
    assert provision(server, "k" * 200).status_code in (200, 201)


def test_one_key_at_once_makes_one_guest(server):
    key = new_key()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: provision(server, key), range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
    assert len({answer.json()["user_id"] for answer in answers}) == 1


def test_a_key_is_scoped_to_its_caller(server):
    key = new_key()
    first = provision(server, key)
    other = requests.post(server.application + "/guest/v1/provision", timeout=20,
                          headers={**server.admin_headers(), "Idempotency-Key": key})
    if other.status_code == 201:
        assert other.json()["user_id"] != first.json()["user_id"]
    else:
        assert_error(other, 403)


@pytest.mark.parametrize("body", [b"[]", b"1", b"{", b"\xff", b"null", b"{} {}"], ids=str)
def test_provision_takes_an_object_or_nothing(server, body):
    assert_error(provision(server, new_key(), data=body), 400)


def test_provision_of_too_much_is_refused(server):
    assert_error(provision(server, new_key(), data=b" " * 20000), 413)


@pytest.mark.parametrize("headers", [
    {}, {"Authorization": "Bearer"}, {"Authorization": "Bearer "}, {"Authorization": "Bearer x"},
    {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer a b"},
    {"Authorization": "Bearer " + "x" * 5000}], ids=str)
@pytest.mark.parametrize("method, path", [("POST", "/guest/v1/provision"),
                                          ("GET", "/guest/v1/merges?state=pending"),
                                          ("POST", "/guest/v1/merges/1/ack")])
def test_a_service_call_needs_a_service_account(server, method, path, headers):
    response = requests.request(method, server.application + path, timeout=5,
                                headers={"Idempotency-Key": "x", **headers})
    assert_error(response, 401)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_neither_cookie_nor_guests_token_is_a_service_account(server):
    guest = guest_of(server)
    response = guest.post("/guest/v1/provision", headers={**OWN_PAGE, "Idempotency-Key": new_key()})
    assert_error(response, 401)
    token = provision(server, new_key()).json()["access_token"]
    response = requests.post(server.application + "/guest/v1/provision", timeout=5, headers={
        "Authorization": f"Bearer {token}", "Idempotency-Key": new_key()})
    assert_error(response, 401)


# merges, by an application that pulls


@pytest.fixture(scope="module")
def pulling(tmp_path_factory):
    """A server with an application that has no webhook, and one that is another's."""
    vestibule = Vestibule(tmp_path_factory.mktemp("pulling"), config={"limits": {
        "guests_per_minute": 100000, "guests_burst": 100000, "sign_ins_per_minute": 100000}})
    account = vestibule.bootstrap["service_account"]["id"]
    vestibule.config["applications"] = [{"name": "shop", "service_account": account}]
    vestibule.start()
    yield vestibule
    assert vestibule.stop() == 0


def pending(server):
    response = service(server, "GET", "/guest/v1/merges?state=pending")
    assert response.status_code == 200, response.text
    return response.json()["merges"]


def test_a_merge_waits_for_the_acknowledgement(pulling):
    _, email = proved_account_of(pulling)
    visitor = guest_of(pulling)
    guest = visitor.session()["sub"]
    assert sign_in(pulling, visitor, email, merge="1").status_code == 303
    merge, = [merge for merge in pending(pulling) if merge["from"] == guest]
    assert merge["to"] == visitor.session()["sub"] and merge["state"] == "requested"
    assert merge["deadline_at"] > merge["requested_at"]
    pulling.command("purge", "--older-than", "0s", "--json")
    assert store_rows(pulling, "users where id = ?", int(guest)) == 1
    # Neither another caller nor another id ends it.
    path = f"/guest/v1/merges/{merge['merge_id']}/ack"
    foreign = requests.post(pulling.application + path, headers=pulling.admin_headers(), timeout=5)
    assert_error(foreign, 403)
    assert_error(requests.post(pulling.application + path, timeout=5), 401)
    for wrong in ("1", "x", "0", "-1", "99999999999999999999", merge["merge_id"] + "0", "%00"):
        response = service(pulling, "POST", f"/guest/v1/merges/{wrong}/ack")
        assert response.status_code in (400, 404), wrong
    assert merge in pending(pulling)
    done = service(pulling, "POST", path)
    assert done.status_code == 200 and done.json()["merge_id"] == merge["merge_id"]
    assert done.json()["state"] == "done"
    assert store_rows(pulling, "users where id = ?", int(guest)) == 0
    assert merge not in pending(pulling)
    again = service(pulling, "POST", path)
    assert again.status_code == 200 and again.json()["state"] == "done"
    assert "merged" in {event["type"] for event in
                        visitor.get("/guest/v1/timeline").json()["events"]}


@pytest.mark.parametrize("query", ["", "?state=", "?state=done", "?state=pending&state=pending",
                                   "?state=%zz", "?status=pending"])
def test_only_pending_merges_can_be_asked_for(pulling, query):
    assert_error(service(pulling, "GET", "/guest/v1/merges" + query), 400)


def test_who_is_no_application_lists_nothing(pulling):
    response = requests.get(pulling.application + "/guest/v1/merges?state=pending", timeout=5,
                            headers=pulling.admin_headers())
    assert_error(response, 403)


def test_an_open_merge_holds_its_source(pulling):
    _, email = proved_account_of(pulling)
    visitor = guest_of(pulling)
    guest, old = visitor.session()["sub"], dict(visitor.cookies)
    sign_in(pulling, visitor, email, merge="1")
    stale = Visitor(pulling.application, old)
    assert stale.session() == {"signed_in": False}
    response = Visitor(pulling.application, old).upgrade(new_email())
    assert response.status_code in (401, 409), response.text
    assert Visitor(pulling.application, old).request("DELETE", "/guest/v1/session").status_code == 401
    assert store_rows(pulling, "users where id = ?", int(guest)) == 1


# limits


def test_limits_per_address(tmp_path):
    strict = Vestibule(tmp_path, config={
        "trusted_proxies": ["127.0.0.1/32"],
        "limits": {"guests_per_minute": 1, "guests_burst": 3, "sign_ins_per_minute": 3}}).start()

    def by(address, method, path, **more):
        return Visitor(strict.application).request(
            method, path, headers={**OWN_PAGE, "X-Forwarded-For": address}, **more)

    def assert_limited(response):
        assert_error(response, 429, "rate_limited")
        assert 0 < int(response.headers["Retry-After"]) <= 60

    try:
        for _ in range(3):
            assert by("192.0.2.1", "POST", "/guest/v1/session").status_code == 201
        before = store_rows(strict, "users")
        assert_limited(by("192.0.2.1", "POST", "/guest/v1/session"))
        # What the client itself wrote to the left is not believed.
        assert_limited(by("203.0.113.9, 192.0.2.1", "POST", "/guest/v1/session"))
        assert store_rows(strict, "users") == before
        assert by("192.0.2.2", "POST", "/guest/v1/session").status_code == 201
        # One /64 is one neighbour.
        for host in (1, 2, 3):
            assert by(f"2001:db8::{host}", "POST", "/guest/v1/session").status_code == 201
        assert_limited(by("2001:db8::4", "POST", "/guest/v1/session"))
        # Sign-ins: at the gateway, and on the provider's page by its own count.
        for _ in range(3):
            assert by("192.0.2.3", "POST", "/guest/v1/login", json={}).status_code == 200
        assert_limited(by("192.0.2.3", "POST", "/guest/v1/login", json={}))
        for _ in range(3):
            page = by("192.0.2.4", "POST", "/ui/login", data={"username": "admin", "password": "x"})
            assert page.status_code == 401
        page = by("192.0.2.4", "POST", "/ui/login", data={"username": "admin", "password": "x"})
        assert page.status_code == 429 and int(page.headers["Retry-After"]) > 0
        # Service accounts have no limit per address.
        for _ in range(10):
            assert provision(strict, new_key()).status_code == 201
    finally:
        strict.stop()
