"""Every call of /guest/v1: its happy path once, and all the ways to get it wrong."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from vestibule_process import wait_for
from visitor import (NAVIGATION, OWN_PAGE, PASSWORD, SESSION, Visitor, account_of, assert_error,
                     guest_of, new_email, proved_account_of, query_of, sign_in, store_rows)

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
