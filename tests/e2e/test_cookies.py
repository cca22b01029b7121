"""Attacks on the session cookie: each of them ends as an anonymous visitor."""

import base64
import hashlib
import hmac
import json

import pytest
import requests

from conftest import RULES
from vestibule_process import Vestibule, decode_jwt, wait_for
from visitor import (BASE64URL, NAVIGATION, OUR_COOKIES, OWN_PAGE, PASSWORD, REFRESH, SESSION,
                     TICKET, Visitor, account_of, guest_of, new_email, newest_link,
                     proved_account_of, raw_request, set_cookies, sign_in, store_rows)

ANONYMOUS = {"signed_in": False}
LIMITS = {"guests_per_minute": 100000, "guests_burst": 100000, "sign_ins_per_minute": 100000}


@pytest.fixture(scope="module")
def jwt_gateway(tmp_path_factory, upstream):
    """As `gateway`, with the cookie format that backends read."""
    vestibule = Vestibule(
        tmp_path_factory.mktemp("jwt"),
        config={"gateway": {"rules": RULES, "cookie_format": "jwt"}, "limits": LIMITS},
        application=True, upstream=upstream.url).start()
    yield vestibule
    assert vestibule.stop() == 0


@pytest.fixture(params=["sealed", "jwt"])
def front(request):
    """A gateway before an upstream, in either cookie format."""
    return request.getfixturevalue("gateway" if request.param == "sealed" else "jwt_gateway")


def names_of(server):
    return [SESSION, REFRESH] if server.config["gateway"].get("cookie_format") == "jwt" else [SESSION]


def field_of(cookies):
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def authorization_at_upstream(visitor, **more):
    """What the upstream was sent as Authorization."""
    response = visitor.get("/page", **more)
    assert response.status_code == 200, response.text
    return [value for name, value in response.json()["headers"] if name.lower() == "authorization"]


def assert_anonymous(server, cookies, at_upstream=True):
    """`cookies`: a dict or a whole Cookie field."""
    field = cookies if isinstance(cookies, str) else field_of(cookies)
    visitor = Visitor(server.application)
    response = visitor.get("/guest/v1/session", cookies=field)
    assert response.status_code == 200
    assert response.json() == ANONYMOUS, field
    if at_upstream:
        assert authorization_at_upstream(Visitor(server.application), cookies=field) == []


def other_character(character):
    """Another one of the alphabet, and far away in it: never the same bits."""
    return BASE64URL[(BASE64URL.index(character) + 21) % 64] if character in BASE64URL else "A"


# Edited, cut and mixed


def test_a_cookie_edited_at_any_byte_is_nobodys(front):
    guest = guest_of(front)
    for name in names_of(front):
        value = guest.cookies[name]
        for at, character in enumerate(value):
            edited = value[:at] + other_character(character) + value[at + 1:]
            assert_anonymous(front, {**guest.cookies, name: edited}, at_upstream=at % 50 == 0)
    assert guest.session()["signed_in"]


@pytest.mark.parametrize("replacement", ["", " ", "=", "+", "/", "%41", "\"", "é"])
def test_a_character_from_elsewhere_makes_a_cookie_nobodys(gateway, replacement):
    guest = guest_of(gateway)
    value = guest.cookies[SESSION]
    for at in (0, 1, len(value) // 2, len(value) - 1):
        edited = value[:at] + replacement + value[at + 1:]
        raw = raw_request(gateway.application, "GET", "/guest/v1/session",
                          [("Cookie", f"{SESSION}={edited}"), *OWN_PAGE.items()])
        assert raw.status == 200 and b'"signed_in":false' in raw.body, (at, replacement)


def test_a_truncated_cookie_is_nobodys(front):
    guest = guest_of(front)
    for name in names_of(front):
        value = guest.cookies[name]
        lengths = {*range(0, 40), *range(40, len(value) - 8, 7), *range(len(value) - 8, len(value))}
        for length in sorted(lengths):
            assert_anonymous(front, {**guest.cookies, name: value[:length]},
                             at_upstream=length % 100 == 0)
            if length % 10 == 0:
                assert_anonymous(front, {**guest.cookies, name: value[length or 1:]}, False)


def test_a_lengthened_cookie_is_nobodys(front):
    guest = guest_of(front)
    for name in names_of(front):
        for more in ["A", "AA", "AAAA", ".", ".AAAA", "=", "==", guest.cookies[name]]:
            assert_anonymous(front, {**guest.cookies, name: guest.cookies[name] + more}, False)


def test_halves_of_two_cookies_are_nobodys(front):
    one, two = guest_of(front), guest_of(front)
    for name in names_of(front):
        a, b = one.cookies[name], two.cookies[name]
        for at in {*range(1, min(len(a), len(b)), 11), 16, 32, len(a) // 2}:
            for whose, mixed in ((one, a[:at] + b[at:]), (two, b[:at] + a[at:])):
                if mixed not in (a, b):  # both begin with the same key's id
                    assert_anonymous(front, {**whose.cookies, name: mixed}, False)
    assert one.session()["sub"] != two.session()["sub"]


def test_two_cookies_of_two_sessions_do_not_fit_each_other(jwt_gateway):
    one, two = guest_of(jwt_gateway), guest_of(jwt_gateway)
    mixed = {**one.cookies, SESSION: two.cookies[SESSION]}
    assert_anonymous(jwt_gateway, mixed)
    assert_anonymous(jwt_gateway, {**two.cookies, SESSION: one.cookies[SESSION]})
    for name in (SESSION, REFRESH):
        assert_anonymous(jwt_gateway, {name: one.cookies[name]})
    # Neither has been harmed.
    assert one.session()["signed_in"] and two.session()["signed_in"]


@pytest.mark.parametrize("forgery", ["none", "HS256"])
def test_a_forged_jwt_in_the_jwt_cookie_is_nobodys(jwt_gateway, forgery):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    one, two = guest_of(jwt_gateway), guest_of(jwt_gateway)
    header, claims = decode_jwt(one.cookies[SESSION])
    claims["sub"] = two.session()["sub"]
    signed = f"{part({**header, 'alg': forgery})}.{part(claims)}"
    keys = requests.get(jwt_gateway.issuer + "/oauth/v2/keys", timeout=5).content
    mac = hmac.new(keys, signed.encode(), hashlib.sha256).digest() if forgery == "HS256" else b""
    token = signed + "." + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
    assert_anonymous(jwt_gateway, {**one.cookies, SESSION: token})


def test_base64url_that_is_not_canonical_is_nobodys(gateway):
    guest = guest_of(gateway)
    value = guest.cookies[SESSION]
    sealed = max(value.split("."), key=len)  # a key id may stand before it
    prefix = value[:value.index(sealed)]
    for padding in ("=", "==", "%3D"):
        assert_anonymous(gateway, {SESSION: value + padding}, False)
    # The last character of a group that is not full has bits which a decoder may overlook.
    unused = {2: 4, 3: 2}.get(len(sealed) % 4)
    if unused:
        last = BASE64URL.index(sealed[-1])
        for bits in range(1, 1 << unused):
            twin = prefix + sealed[:-1] + BASE64URL[last ^ bits]
            assert_anonymous(gateway, {SESSION: twin}, False)
    assert_anonymous(gateway, {SESSION: value.replace("-", "+").replace("_", "/") + "="}, False)
    if "-" in value or "_" in value:
        assert_anonymous(gateway, {SESSION: value.replace("-", "+").replace("_", "/")}, False)


# In another's place


def test_the_ticket_is_no_session_and_the_session_no_ticket(front):
    visitor = Visitor(front.application)
    visitor.get("/guest/v1/session")
    ticket = visitor.cookies[TICKET]
    guest = guest_of(front)
    assert_anonymous(front, {SESSION: ticket})
    for name in names_of(front):
        assert_anonymous(front, {**guest.cookies, name: ticket}, False)
        # In the ticket's place it is no ticket: a fresh guest is made, not that session's.
        there = Visitor(front.application, {TICKET: guest.cookies[name]})
        assert there.session() == ANONYMOUS
        there = Visitor(front.application, {TICKET: guest.cookies[name]})
        assert there.become_guest() != guest.session()["sub"]


@pytest.mark.parametrize("name", ["vestibule-login", "vestibule-choice", "vestibule-refresh"])
def test_no_other_cookie_of_ours_is_a_session(gateway, name):
    guest = guest_of(gateway)
    begun = Visitor(gateway.application)
    begun.post("/guest/v1/login", json={})
    assert_anonymous(gateway, {SESSION: begun.cookies["vestibule-login"]})
    assert_anonymous(gateway, {name: guest.cookies[SESSION]})


def test_the_providers_cookie_is_no_session_and_the_reverse(gateway):
    account, email = proved_account_of(gateway)
    provider = Visitor(gateway.issuer)
    page = provider.post("/ui/login", data={"request": "", "username": email, "password": PASSWORD})
    name = "vestibule-provider"
    assert page.status_code == 200 and set(provider.cookies) == {name, "vestibule-device"}
    assert not OUR_COOKIES & set(provider.cookies)
    for value in provider.cookies.values():
        assert_anonymous(gateway, {SESSION: value})
        assert_anonymous(gateway, {TICKET: value})
    # The gateway's cookie is not a sign-in at the provider.
    intruder = Visitor(gateway.issuer, {name: account.cookies[SESSION]})
    url = f"/oauth/v2/authorize?client_id={gateway.bootstrap['client']['id']}"
    begun = account.copy().post("/guest/v1/login", json={}).json()["location"]
    answer = intruder.get(begun, headers=NAVIGATION)
    assert answer.headers["Location"].startswith("/ui/login"), url


@pytest.mark.parametrize("name", ["Vestibule", "VESTIBULE", "vestibulE", "__Host-vestibule",
                                  "__host-vestibule", "__Secure-vestibule", "vestibule2", "vestibul",
                                  "$vestibule", "=vestibule", "vestibule "])
def test_a_name_that_is_not_ours_byte_for_byte_is_nothing(gateway, name):
    guest = guest_of(gateway)
    assert_anonymous(gateway, f"{name}={guest.cookies[SESSION]}")


def test_a_duplicate_of_our_cookie_makes_anonymous(front):
    one, two = guest_of(front), guest_of(front)
    for name in names_of(front):
        good, other = field_of(one.cookies), f"{name}={two.cookies[name]}"
        for field in (f"{good}; {other}", f"{other}; {good}", f"{good}; {name}={one.cookies[name]}",
                      f"{good}; {name}=", f"{name}=; {good}", f"{good}; a=b; {other}"):
            assert_anonymous(front, field)
        raw = raw_request(front.application, "GET", "/page", [("Cookie", good), ("Cookie", other)])
        assert raw.status == 200 and b"uthorization" not in raw.body


def test_a_duplicate_ticket_makes_a_guest_of_its_own(gateway):
    visitor = Visitor(gateway.application)
    visitor.get("/guest/v1/session")
    ticket = visitor.cookies[TICKET]
    first = visitor.become_guest()
    doubled = Visitor(gateway.application)
    answer = doubled.post("/guest/v1/session", cookies=f"{TICKET}={ticket}; {TICKET}={ticket}")
    assert answer.status_code == 201 and answer.json()["sub"] != first


def test_a_cookie_sealed_with_another_key_is_nobodys(front, tmp_path):
    """The same installation in everything but the master key of its cookies."""
    stranger = Vestibule(tmp_path / "stranger", config={
        "gateway": dict(front.config["gateway"]), "limits": LIMITS})
    stranger.config["gateway"].pop("listen")
    stranger.start()
    try:
        other = Visitor(stranger.issuer)
        headers = {"Host": front.application.removeprefix("http://"), **OWN_PAGE}
        made = other.post("/guest/v1/session", headers=headers)
        assert made.status_code == 201, made.text
        assert set(names_of(front)) <= set(other.cookies)
        assert other.get("/guest/v1/session", headers=headers).json()["signed_in"]
        assert_anonymous(front, other.cookies)
        assert_anonymous(front, {TICKET: other.cookies.get(TICKET, "")}, False)
    finally:
        stranger.stop()


def test_a_cookie_of_another_origin_is_nobodys(gateway, server):
    guest = guest_of(server)
    assert_anonymous(gateway, guest.cookies)


# Replayed


def assert_dead(server, cookies):
    """An old cookie leads to nothing, not even through the calls that change something."""
    assert_anonymous(server, cookies)
    old = Visitor(server.application, cookies)
    assert old.copy().get("/guest/v1/timeline").status_code == 401
    assert old.copy().request("DELETE", "/guest/v1/session").status_code == 401
    answer = old.copy().upgrade(new_email())
    assert answer.status_code in (401, 409), answer.text


def test_replayed_after_logout(front):
    for make in (guest_of, account_of):
        visitor = make(front)
        old = dict(visitor.cookies)
        assert visitor.post("/guest/v1/logout").status_code == 204
        assert not {SESSION, REFRESH} & set(visitor.cookies)
        assert_dead(front, old)


def test_replayed_after_upgrade(front):
    guest = guest_of(front)
    old = dict(guest.cookies)
    sub = guest.session()["sub"]
    assert guest.upgrade(new_email()).status_code == 200
    assert_dead(front, old)
    assert guest.session()["sub"] == sub


def test_a_request_under_way_does_not_take_the_new_cookie_away(front):
    """Another tab's request, or a second click, carries the old cookie while the upgrade commits:
    what it is answered reaches the browser after the new cookie."""
    guest = guest_of(front)
    old = dict(guest.cookies)
    assert guest.upgrade(new_email()).status_code == 200
    late = Visitor(front.application, old)
    assert not {SESSION, REFRESH} & set(set_cookies(late.get("/guest/v1/session")))
    assert not {SESSION, REFRESH} & set(set_cookies(late.copy(**old).upgrade(new_email())))
    assert not {SESSION, REFRESH} & set(set_cookies(late.copy(**old).get("/guest/v1/timeline")))
    assert guest.session()["kind"] == "account"


def test_replayed_after_forget_me(front):
    guest = guest_of(front)
    old = dict(guest.cookies)
    assert guest.request("DELETE", "/guest/v1/session").status_code == 204
    assert_dead(front, old)
    assert Visitor(front.application, old).upgrade(new_email()).json()["error"] == "guest_gone"


def test_replayed_after_proof(front):
    email = new_email()
    account = account_of(front, email)
    old = dict(account.cookies)
    token = newest_link(front, email, "proof")
    assert account.post("/guest/v1/proof", data={"token": token}).status_code == 200
    assert account.session()["email_verified"]
    assert_dead(front, old)


def test_replayed_after_password_reset(front):
    account, email = proved_account_of(front)
    old = dict(account.cookies)
    elsewhere = Visitor(front.issuer)
    assert elsewhere.post("/ui/forgot", data={"email": email}).status_code == 200
    token = newest_link(front, email, "reset")
    done = elsewhere.post("/ui/reset", data={"token": token, "password": "saffron-lantern-meadow-4"})
    assert done.status_code == 200, done.text
    assert_dead(front, old)


def test_replayed_after_sign_in_and_merge(front):
    account, email = proved_account_of(front)
    sub = account.session()["sub"]
    guest = guest_of(front)
    guest_sub = guest.session()["sub"]
    old_guest, old_account = dict(guest.cookies), dict(account.cookies)
    answer = sign_in(front, guest, email, merge="1")
    assert answer.status_code == 303, answer.text
    assert guest.session()["sub"] == sub
    assert_dead(front, old_guest)
    assert_dead(front, old_account)  # a sign-in ends the older sessions of that user
    wait_for(lambda: store_rows(front, "users where id = ?", int(guest_sub)) == 0, "the merge")
    assert_dead(front, old_guest)


def test_replayed_after_purge(server):
    guest = guest_of(server)
    server.command("purge", "--older-than", "0s", "--json")
    assert_anonymous(server, guest.cookies, at_upstream=False)
    answer = guest.copy().upgrade(new_email())
    assert answer.status_code == 409 and answer.json()["error"] == "guest_gone"


# What a cookie looks like


def test_attributes_and_size(front):
    visitor = Visitor(front.application)
    seen = set_cookies(visitor.get("/guest/v1/session"))
    assert set(seen) == {TICKET}
    assert "max-age" not in seen[TICKET].attributes
    answer = visitor.post("/guest/v1/session")
    assert answer.status_code == 201
    seen.update(set_cookies(answer))
    assert set(seen) == {TICKET, *names_of(front)}
    for name in names_of(front):
        assert 0 < int(seen[name].attributes["max-age"]) <= 30 * 24 * 3600
    for cookie in seen.values():
        assert cookie.attributes["path"] == "/"
        assert cookie.attributes["samesite"] == "Lax"
        assert "httponly" in cookie.attributes
        assert "domain" not in cookie.attributes
        assert "secure" not in cookie.attributes  # plain http://localhost
        assert len(cookie.name) + 1 + len(cookie.value) < 4096
    if SESSION in names_of(front) and front.config["gateway"].get("cookie_format") == "jwt":
        assert decode_jwt(seen[SESSION].value)[1]["sub"] == answer.json()["sub"]
    else:
        assert answer.json()["sub"] not in seen[SESSION].value


def test_on_https_the_names_are_host_bound_and_secure(tmp_path):
    """The address that a TLS-ending proxy forwards."""
    server = Vestibule(tmp_path, config={"gateway": {"public_url": "https://shop.example.com"}})
    server.start()
    try:
        answer = requests.post(server.issuer + "/guest/v1/session", timeout=10, headers={
            "Host": "shop.example.com", "Origin": "https://shop.example.com"})
        assert answer.status_code == 201, answer.text
        cookies = set_cookies(answer)
        assert set(cookies) == {"__Host-vestibule"}
        assert "secure" in cookies["__Host-vestibule"].attributes
        again = requests.get(server.issuer + "/guest/v1/session", timeout=10, headers={
            "Host": "shop.example.com",
            "Cookie": f"vestibule={cookies['__Host-vestibule'].value}"})
        assert again.json() == ANONYMOUS
    finally:
        server.stop()


def test_a_cookie_is_deleted_with_an_empty_value(front):
    guest = guest_of(front)
    gone = set_cookies(guest.post("/guest/v1/logout"))
    assert set(gone) == {TICKET, *names_of(front)}
    assert all(cookie.deletes for cookie in gone.values())


def test_no_answer_with_a_cookie_may_be_stored(front):
    """`Visitor` checks each answer that it gets; here are the proxied ones."""
    front_upstream = Visitor(front.application)
    answer = front_upstream.get("/", headers={**OWN_PAGE, **NAVIGATION})
    assert set(set_cookies(answer)) == {TICKET}
    answer = front_upstream.post("/api/cart/items", data="x")
    assert set(set_cookies(answer)) == set(names_of(front))


def test_a_cacheable_page_gets_no_ticket(gateway, upstream):
    upstream.extra_headers = [("Cache-Control", "public, max-age=60")]
    try:
        answer = Visitor(gateway.application).get("/", headers={**OWN_PAGE, **NAVIGATION})
        assert set_cookies(answer) == {}
        assert answer.headers["Cache-Control"] == "public, max-age=60"
        # A high-intent action gives its cookie all the same, and then nobody may store the answer.
        answer = Visitor(gateway.application).post("/api/orders", data="x")
        assert set(set_cookies(answer)) == {SESSION}
    finally:
        upstream.extra_headers = []


# What the upstream sees


def headers_at_upstream(response):
    assert response.status_code == 200, response.text
    return [(name.lower(), value) for name, value in response.json()["headers"]]


def test_the_upstream_never_sees_our_cookies(front):
    guest = guest_of(front)
    guest.cookies.update({"theme": "dark", TICKET: "AAAA", "vestibule-login": "x", REFRESH:
                          guest.cookies.get(REFRESH, "x"), "vestibule-choice": "y", "last": "1"})
    seen = headers_at_upstream(guest.get("/page"))
    assert [value for name, value in seen if name == "cookie"] == ["theme=dark; last=1"]
    tokens = [value for name, value in seen if name == "authorization"]
    assert len(tokens) == 1 and tokens[0].startswith("Bearer ")
    assert decode_jwt(tokens[0][7:])[1]["sub"] == guest.session()["sub"]


@pytest.mark.parametrize("field", [
    " vestibule=x", "vestibule =x", "=vestibule=x", "\tvestibule=x", "a=b;vestibule=x;c=d",
    "vestibule", "a=1; vestibule-ticket=x", ";;vestibule=x;;"])
def test_no_spelling_of_our_cookie_reaches_the_upstream(gateway, field):
    raw = raw_request(gateway.application, "GET", "/page", [("Cookie", field)])
    assert raw.status == 200
    text = raw.body.decode().lower()
    assert "vestibule=" not in text and "vestibule-ticket=" not in text and "vestibule =" not in text


@pytest.mark.parametrize("fields", [
    [("Authorization", "Bearer stolen")],
    [("authorization", "Bearer stolen")],
    [("AUTHORIZATION", "Basic c3RvbGVu")],
    [("Authorization", "Bearer stolen"), ("Authorization", "Bearer stolen2")],
    [("Authorization_", "Bearer stolen")],
    [("HTTP_AUTHORIZATION", "Bearer stolen")],
    [("X_Forwarded_For", "stolen")],
    [("Proxy-Authorization", "Basic stolen")],
    [("Proxy_Authorization", "Basic stolen")],
    [("X-Vestibule-Sub", "stolen")],
    [("X-Forwarded-User", "stolen")],
    [("Connection", "authorization"), ("Authorization", "Bearer stolen")],
])
def test_credentials_that_a_browser_sends_never_reach_the_upstream(gateway, fields):
    raw = raw_request(gateway.application, "GET", "/page", fields)
    assert raw.status == 200, raw.data
    assert b"stolen" not in raw.body
    guest = guest_of(gateway)
    raw = raw_request(gateway.application, "GET", "/page",
                      [*fields, ("Cookie", field_of(guest.cookies))])
    assert raw.status == 200 and b"stolen" not in raw.body
    assert raw.body.count(b'"Authorization"') == 1


def test_forwarded_fields_are_ours(gateway):
    lies = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Proto": "https", "X-Forwarded-Port": "99", "X-Real-IP": "6.6.6.6",
            "Forwarded": "for=6.6.6.6", "X-Original-URI": "/admin", "X-Forwarded-Prefix": "/evil",
            "X-Request-Id": "evil\u00e9".encode("latin-1"), "traceparent": "evil"}
    seen = dict(headers_at_upstream(Visitor(gateway.application).get(
        "/page", headers={**OWN_PAGE, **lies})))
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-forwarded-host"] == gateway.application.removeprefix("http://")
    assert seen["x-forwarded-proto"] == "http"
    assert seen["host"] == gateway.application.removeprefix("http://")
    for name in ("x-forwarded-port", "x-real-ip", "forwarded", "x-original-uri",
                 "x-forwarded-prefix"):
        assert name not in seen
    assert "evil" not in str(seen)


def test_the_upstream_cannot_set_our_cookies(gateway, upstream):
    upstream.extra_headers = [("Set-Cookie", "vestibule=evil; Path=/"),
                              ("Set-Cookie", "vestibule-ticket=evil"),
                              ("Set-Cookie", "=vestibule=evil"),
                              ("Set-Cookie", " vestibule=evil"),
                              ("Set-Cookie", "basket=1; Path=/")]
    try:
        answer = requests.get(gateway.application + "/page", timeout=5)
        fields = answer.raw.headers.getlist("Set-Cookie")
        assert [field for field in fields if "evil" in field] == []
        assert "basket=1; Path=/" in fields
    finally:
        upstream.extra_headers = []
