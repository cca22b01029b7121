"""The ticket, and who may make a guest: nothing before an action that is worth it, nothing for
another site's page."""

import glob
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import RULES
from vestibule_process import Vestibule, decode_jwt
from visitor import (NAVIGATION, OWN_PAGE, PASSWORD, SESSION, TICKET, Visitor, account_of, guest_of,
                     new_email, set_cookies, store_rows)

AHEAD = {"LD_PRELOAD": glob.glob("/usr/lib/*/faketime/libfaketime.so.1")[0],
         "FAKETIME": "+2m", "FAKETIME_DONT_RESET": "1"}
GUESTS = "users where guest_day is not null"


def with_ticket(server):
    visitor = Visitor(server.application)
    assert visitor.session() == {"signed_in": False}
    assert set(visitor.cookies) == {TICKET}
    return visitor


def subject_at_upstream(response):
    """The `sub` that the upstream was told."""
    assert response.status_code == 200, response.text
    tokens = [value for name, value in response.json()["headers"] if name == "Authorization"]
    return decode_jwt(tokens[0].removeprefix("Bearer "))[1]["sub"] if tokens else None


# No row before an action that is worth one


def test_browsing_costs_no_row(gateway):
    tables = ["users", "sessions", "audit", "outbox", "user_metadata", "idempotency"]
    before = [store_rows(gateway, table) for table in tables]
    visitor = Visitor(gateway.application)
    for _ in range(5):
        assert visitor.get("/", headers={**OWN_PAGE, **NAVIGATION}).status_code == 200
        assert visitor.get("/api/cart/items").status_code == 200
        assert visitor.post("/api/other", data="x").status_code == 200
        assert visitor.session() == {"signed_in": False}
        assert visitor.get("/guest/v1/timeline").status_code == 401
        assert visitor.post("/guest/v1/login", json={}).status_code == 200
        assert visitor.upgrade(new_email()).status_code == 401
        assert visitor.request("DELETE", "/guest/v1/session").status_code == 401
    assert SESSION not in visitor.cookies
    assert [store_rows(gateway, table) for table in tables] == before


@pytest.mark.parametrize("method, path, provisions", [
    ("POST", "/api/cart/items", True),
    ("POST", "/api/cart/a/b", True),
    ("POST", "/api/orders", True),
    ("POST", "/api/orders?x=1", True),
    ("POST", "/api/c%61rt/items", True),  # the upstream decodes it too
    ("GET", "/api/orders", False),
    ("PUT", "/api/orders", False),
    ("POST", "/api/orders/1", False),
    ("POST", "/other?/api/orders", False),
    ("POST", "/API/orders", False),
])
def test_the_rules_say_what_is_worth_a_guest(gateway, method, path, provisions):
    before = store_rows(gateway, GUESTS)
    visitor = with_ticket(gateway)
    subject = subject_at_upstream(visitor.request(method, path))
    assert (subject is not None) == provisions
    assert (SESSION in visitor.cookies) == provisions
    assert store_rows(gateway, GUESTS) == before + provisions


def test_a_ticket_is_given_to_navigations_and_get_session_only(gateway):
    def given(**more):
        return TICKET in set_cookies(Visitor(gateway.application).get("/page", **more))

    assert given(headers={**OWN_PAGE, **NAVIGATION})
    assert given(headers={"Accept": "text/html"})
    assert not given(headers={**OWN_PAGE, "Accept": "application/json"})
    assert not given(headers={**OWN_PAGE, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"})
    guest = guest_of(gateway)
    assert set_cookies(guest.get("/page", headers={**OWN_PAGE, **NAVIGATION})) == {}
    holder = with_ticket(gateway)
    kept = holder.cookies[TICKET]
    holder.get("/page", headers={**OWN_PAGE, **NAVIGATION})
    holder.session()
    assert holder.cookies[TICKET] == kept


# One guest for one ticket


def test_twenty_requests_at_once_make_one_guest(gateway):
    before = store_rows(gateway, GUESTS)
    ticket = with_ticket(gateway).cookies
    visitors = [Visitor(gateway.application, ticket) for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda each: each.post("/api/cart/items", data="x"), visitors))
    assert len({subject_at_upstream(answer) for answer in answers}) == 1
    assert store_rows(gateway, GUESTS) == before + 1
    subjects = {visitor.session()["sub"] for visitor in visitors}
    assert len(subjects) == 1
    # By the API likewise: one answer says that the guest is new.
    ticket = with_ticket(gateway).cookies
    visitors = [Visitor(gateway.application, ticket) for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda each: each.post("/guest/v1/session"), visitors))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.json()["sub"] for answer in answers}) == 1


def test_without_a_ticket_each_request_makes_its_own_guest(gateway):
    assert Visitor(gateway.application).become_guest() != Visitor(gateway.application).become_guest()


def test_a_ticket_leads_back_to_its_session_at_first(gateway):
    visitor = with_ticket(gateway)
    ticket = dict(visitor.cookies)
    sub = visitor.become_guest()
    again = Visitor(gateway.application, ticket)
    assert again.post("/guest/v1/session").json()["sub"] == sub
    # It is no session by itself: a call that provisions nothing is not signed in.
    assert Visitor(gateway.application, ticket).session() == {"signed_in": False}


@pytest.mark.parametrize("leave", ["upgrade", "logout", "forget-me", "purge"])
def test_a_ticket_is_nothing_once_its_guest_has_left(gateway, leave):
    visitor = with_ticket(gateway)
    ticket = dict(visitor.cookies)
    sub = visitor.become_guest()
    if leave == "upgrade":
        assert visitor.upgrade(new_email()).status_code == 200
    elif leave == "logout":
        assert visitor.post("/guest/v1/logout").status_code == 204
    elif leave == "forget-me":
        assert visitor.request("DELETE", "/guest/v1/session").status_code == 204
    else:
        gateway.command("purge", "--older-than", "0s", "--json")
    holder = Visitor(gateway.application, ticket)
    answer = holder.post("/guest/v1/session")
    assert answer.status_code == 201
    assert answer.json()["sub"] != sub and answer.json()["kind"] == "guest"


@pytest.mark.faketime
def test_a_ticket_leads_nowhere_after_a_minute(server):
    visitor = with_ticket(server)
    ticket = dict(visitor.cookies)
    sub = visitor.become_guest()
    unused = with_ticket(server).cookies
    server.stop()
    server.start(environment=AHEAD)
    try:
        late = Visitor(server.application, ticket).post("/guest/v1/session")
        assert late.status_code == 201 and late.json()["sub"] != sub
        # The session itself lives on, and so does a ticket that was not used yet: for 24 hours.
        assert visitor.session()["sub"] == sub
        with ThreadPoolExecutor(4) as pool:
            subjects = list(pool.map(lambda _: Visitor(server.application, unused).post(
                "/guest/v1/session").json()["sub"], range(4)))
        assert len(set(subjects)) == 1
    finally:
        server.stop()
        server.start()


@pytest.mark.faketime
def test_an_unused_ticket_dies_after_a_day(server):
    tickets = [with_ticket(server).cookies for _ in range(2)]
    server.stop()
    server.start(environment={**AHEAD, "FAKETIME": "+25h"})
    try:
        first, second = (Visitor(server.application, tickets[0]).become_guest() for _ in range(2))
        assert first != second
        stale = Visitor(server.application, tickets[1])
        stale.session()
        assert stale.cookies[TICKET] != tickets[1][TICKET]
    finally:
        server.stop()
        server.start()


# Cross-site

FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "Same-Origin"},
    {"Sec-Fetch-Site": ""},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "cross-site", "X-Vestibule-CSRF": "1"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "{application}.evil.example"},
    {"Origin": "{application}/"},
]
FOREIGN_IDS = [", ".join(f"{name}={value}" for name, value in case.items()) for case in FOREIGN]


def filled(server, headers):
    return {name: value.format(application=server.application) for name, value in headers.items()}


@pytest.mark.parametrize("foreign", FOREIGN, ids=FOREIGN_IDS)
def test_another_sites_page_makes_no_guest_and_touches_no_cookie(gateway, foreign):
    headers = filled(gateway, foreign)
    before = store_rows(gateway, "users")
    dead = guest_of(gateway)
    dead_cookies = dict(dead.cookies)
    dead.post("/guest/v1/logout")
    for cookies in ({}, with_ticket(gateway).cookies, dead_cookies, {SESSION: "garbage"}):
        for method, path, extra in [("GET", "/guest/v1/session", {}), ("GET", "/page", NAVIGATION),
                                    ("POST", "/api/orders", {}), ("GET", "/guest/v1/timeline", {}),
                                    ("GET", "/guest/v1/proof?token=x", NAVIGATION),
                                    ("GET", "/guest/v1/login?return_to=/", NAVIGATION)]:
            visitor = Visitor(gateway.application, cookies)
            answer = visitor.request(method, path, headers={**extra, **headers})
            assert set_cookies(answer) == {}, (method, path)
            if path in ("/page", "/api/orders"):
                assert subject_at_upstream(answer) is None
    assert store_rows(gateway, "users") == before + 1  # `dead`


def test_a_signed_in_visitor_from_another_site_keeps_identity_and_cookies(gateway):
    guest = guest_of(gateway)
    sub = guest.session()["sub"]
    answer = guest.get("/page", headers={**NAVIGATION, "Sec-Fetch-Site": "cross-site"})
    assert subject_at_upstream(answer) == sub
    assert set_cookies(answer) == {}


@pytest.mark.faketime
def test_a_token_that_ran_out_is_renewed_for_own_pages_only(tmp_path, upstream):
    short = Vestibule(tmp_path, config={"gateway": {"rules": RULES, "token_lifetime": "30s"}},
                      application=True, upstream=upstream.url).start()
    try:
        guest = guest_of(short)
        sub = guest.session()["sub"]
        short.stop()
        short.start(environment=AHEAD)
        foreign = guest.get("/page", headers={**NAVIGATION, "Sec-Fetch-Site": "cross-site"})
        assert subject_at_upstream(foreign) == sub and set_cookies(foreign) == {}
        token = [value for name, value in foreign.json()["headers"] if name == "Authorization"][0]
        claims = decode_jwt(token.removeprefix("Bearer "))[1]
        assert claims["exp"] - claims["iat"] == 30
        own = guest.get("/page", headers={**OWN_PAGE, **NAVIGATION})
        assert subject_at_upstream(own) == sub and set(set_cookies(own)) == {SESSION}
    finally:
        short.stop()


# The rule for calls that change something

STATE_CHANGING = [
    ("POST", "/guest/v1/session"), ("DELETE", "/guest/v1/session"), ("POST", "/guest/v1/logout"),
    ("POST", "/guest/v1/upgrade"), ("POST", "/guest/v1/login"), ("POST", "/guest/v1/choice"),
    ("POST", "/guest/v1/proof"),
]
PAGES = ["/ui/login", "/ui/register", "/ui/forgot", "/ui/reset", "/ui/proof"]
REFUSED = FOREIGN + [
    {}, {"X-Vestibule-CSRF": "0"}, {"X-Vestibule-CSRF": "true"}, {"X-Vestibule-CSRF": "1, 1"},
    {"Origin": "https://evil.example", "X-Vestibule-CSRF": "1"}]
REFUSED_IDS = [", ".join(f"{name}={value}" for name, value in case.items()) or "nothing"
               for case in REFUSED]
ALLOWED = [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "{application}"}, {"X-Vestibule-CSRF": "1"},
           {"Sec-Fetch-Site": "same-origin", "Origin": "{application}"}]


@pytest.fixture(scope="module")
def bystander(gateway):
    return guest_of(gateway)


@pytest.mark.parametrize("headers", REFUSED, ids=REFUSED_IDS)
@pytest.mark.parametrize("method, path", STATE_CHANGING)
def test_a_change_is_refused_before_anything_else(gateway, bystander, method, path, headers):
    for cookies, body in ((bystander.cookies, b'{"a":'), ({}, b"\xff"), (bystander.cookies, b"")):
        answer = Visitor(gateway.application, cookies).request(
            method, path, headers={**filled(gateway, headers), "Content-Type": "application/json"},
            data=body)
        assert answer.status_code == 403, answer.text
        assert answer.json()["error"] == "cross_site"
        assert set_cookies(answer) == {}
    assert bystander.session()["signed_in"]


@pytest.mark.parametrize("headers", ALLOWED, ids=str)
def test_a_change_by_an_own_page_is_allowed(gateway, headers):
    headers = filled(gateway, headers)
    visitor = Visitor(gateway.application)
    assert visitor.post("/guest/v1/session", headers=headers).status_code == 201
    body = {"given_name": "A", "family_name": "B", "email": new_email(), "password": PASSWORD}
    assert visitor.post("/guest/v1/upgrade", headers=headers, json=body).status_code == 200
    assert visitor.post("/guest/v1/login", headers=headers, json={}).status_code == 200
    assert visitor.request("DELETE", "/guest/v1/session", headers=headers).status_code == 409
    assert visitor.post("/guest/v1/logout", headers=headers).status_code == 204


@pytest.mark.parametrize("headers", [case for case in REFUSED if case != FOREIGN[7]],
                         ids=[name for case, name in zip(REFUSED, REFUSED_IDS)
                              if case != FOREIGN[7]])
@pytest.mark.parametrize("path", PAGES)
def test_the_providers_forms_are_for_its_own_pages(gateway, path, headers):
    body = {"username": "admin", "password": gateway.bootstrap["admin"]["password"], "token": "x",
            "email": "a@example.com", "given_name": "A", "family_name": "B"}
    before = store_rows(gateway, "users"), store_rows(gateway, "sessions")
    answer = Visitor(gateway.issuer).post(path, data=body, headers=filled(gateway, headers))
    assert answer.status_code == 403
    assert set_cookies(answer) == {}
    assert (store_rows(gateway, "users"), store_rows(gateway, "sessions")) == before


def test_the_application_is_a_foreign_page_to_the_provider(gateway):
    """Another origin of the same host: the browser says same-site."""
    account_of(gateway)
    answer = Visitor(gateway.issuer).post("/ui/login", data={"username": "admin"},
                                          headers={"Origin": gateway.application})
    assert answer.status_code == 403
    answer = Visitor(gateway.application).post("/guest/v1/session",
                                               headers={"Origin": gateway.issuer})
    assert answer.status_code == 403
