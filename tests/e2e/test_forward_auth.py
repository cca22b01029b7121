"""forward-auth: for trusted proxies only, by one family of fields, with one cookie at most."""

import pytest

from conftest import RULES
from vestibule_process import Vestibule, decode_jwt, free_port
from visitor import (OWN_PAGE, SESSION, TICKET, Visitor, account_of, guest_of, raw_request,
                     set_cookies, store_rows)

SECRET = "a-secret-between-proxy-and-gateway"
PATH = "/guest/v1/forward-auth"
LIMITS = {"guests_per_minute": 100000, "guests_burst": 100000, "sign_ins_per_minute": 100000}


def make_server(directory, family):
    directory.mkdir(parents=True, exist_ok=True)
    secret = directory / "proxy-secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    port = free_port()
    server = Vestibule(directory, application=True, config={
        "gateway": {"rules": RULES, "forward_auth_listen": f"127.0.0.1:{port}",
                    "forward_auth_secret_file": str(secret), "forwarded_headers": family},
        "limits": LIMITS})
    server.trusted = f"http://127.0.0.1:{port}"
    server.family = family
    return server.start()


@pytest.fixture(scope="module")
def x_forwarded(tmp_path_factory):
    server = make_server(tmp_path_factory.mktemp("x_forwarded"), "x_forwarded")
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def x_original(tmp_path_factory):
    server = make_server(tmp_path_factory.mktemp("x_original"), "x_original")
    yield server
    assert server.stop() == 0


@pytest.fixture(params=["x_forwarded", "x_original"])
def server(request):
    return request.getfixturevalue(request.param)


def family_fields(family, method, uri):
    if family == "x_forwarded":
        return {"X-Forwarded-Method": method, "X-Forwarded-Uri": uri}
    return {"X-Original-Method": method, "X-Original-URI": uri}


def asked(server, method="GET", uri="/page", **more):
    return {**OWN_PAGE, **family_fields(server.family, method, uri), **more}


def ask(server, visitor, method="GET", uri="/page", headers=None, **more):
    """Through the listener that only proxies reach; the visitor keeps its cookies."""
    proxy = Visitor(server.trusted, visitor.cookies)
    answer = proxy.request("GET", PATH, headers=headers or asked(server, method, uri, **more))
    visitor.cookies = proxy.cookies
    return answer


def subject(answer):
    assert answer.status_code == 200, answer.text
    assert answer.content == b""
    token = answer.headers.get("Authorization")
    return decode_jwt(token.removeprefix("Bearer "))[1]["sub"] if token else None


# Who is answered


def test_nobody_but_a_trusted_proxy_is_answered(server):
    before = store_rows(server, "users")
    fields = asked(server, "POST", "/api/orders")
    for secret in ({}, {"X-Vestibule-Proxy-Secret": ""}, {"X-Vestibule-Proxy-Secret": "x"},
                   {"X-Vestibule-Proxy-Secret": SECRET + "x"},
                   {"X-Vestibule-Proxy-Secret": SECRET.upper()},
                   {"X-Vestibule-Proxy-Secret": SECRET[:-1]},
                   {"X-Forwarded-For": "127.0.0.1"}):
        for method in ("GET", "POST", "HEAD", "PUT"):
            answer = Visitor(server.application).request(method, PATH, headers={**fields, **secret})
            assert answer.status_code == 404
            assert set_cookies(answer) == {} and "Authorization" not in answer.headers
    doubled = raw_request(server.application, "GET", PATH, [
        *fields.items(), ("X-Vestibule-Proxy-Secret", SECRET), ("X-Vestibule-Proxy-Secret", SECRET)])
    assert doubled.status == 404
    assert store_rows(server, "users") == before


def test_a_secret_shows_a_trusted_proxy(server):
    proof = {"X-Vestibule-Proxy-Secret": SECRET}
    answer = Visitor(server.application).get(PATH, headers=asked(server, **proof))
    assert answer.status_code == 200 and subject(answer) is None


def test_the_providers_origin_has_no_forward_auth(server):
    answer = Visitor(server.issuer).get(PATH, headers=asked(
        server, **{"X-Vestibule-Proxy-Secret": SECRET}))
    assert answer.status_code == 404


def test_the_proxies_listener_serves_nothing_else(server):
    for path in ("/", "/guest/v1/session", "/oauth/v2/keys", "/metrics", "/mailbox"):
        assert Visitor(server.trusted).get(path).status_code == 404


# What is answered


def test_identity_no_identity_and_an_action_that_is_worth_one(server):
    nobody = Visitor(server.application)
    answer = ask(server, nobody)
    assert subject(answer) is None and set_cookies(answer) == {}
    assert answer.headers["Cache-Control"] == "private, no-store"
    answer = ask(server, nobody, "POST", "/api/orders?x=1")
    sub = subject(answer)
    assert sub and set(set_cookies(answer)) == {SESSION}
    answer = ask(server, nobody)
    assert subject(answer) == sub and set_cookies(answer) == {}
    assert nobody.session()["sub"] == sub
    account = account_of(server)
    assert subject(ask(server, account, "DELETE", "/other")) == account.session()["sub"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"])
def test_the_proxys_own_method_does_not_matter(server, method):
    guest = guest_of(server)
    proxy = Visitor(server.trusted, guest.cookies)
    answer = proxy.request(method, PATH, headers=asked(server, "GET", "/page"))
    assert subject(answer) == guest.session()["sub"]
    answer = Visitor(server.trusted).request(method, PATH, headers=asked(server, "GET", "/page"))
    assert subject(answer) is None


def test_one_ticket_makes_one_guest(server):
    holder = Visitor(server.application)
    holder.session()
    ticket = {TICKET: holder.cookies[TICKET]}
    subjects = {subject(ask(server, Visitor(server.application, ticket), "POST", "/api/orders"))
                for _ in range(5)}
    assert len(subjects) == 1 and None not in subjects


def test_a_dead_cookie_is_deleted_by_the_one_that_may_be_set(server):
    guest = guest_of(server)
    old = dict(guest.cookies)
    guest.post("/guest/v1/logout")
    answer = ask(server, Visitor(server.application, old))
    assert subject(answer) is None
    assert {name: cookie.deletes for name, cookie in set_cookies(answer).items()} == {SESSION: True}
    answer = ask(server, Visitor(server.application, old), "POST", "/api/orders")
    assert subject(answer) and len(set_cookies(answer)) == 1


def test_what_the_browser_sends_as_authorization_is_not_answered(server):
    answer = ask(server, Visitor(server.application), Authorization="Bearer stolen")
    assert subject(answer) is None
    guest = guest_of(server)
    answer = ask(server, guest, Authorization="Bearer stolen")
    assert subject(answer) == guest.session()["sub"]


# By which fields


def test_the_other_family_is_ignored(server):
    other = "x_original" if server.family == "x_forwarded" else "x_forwarded"
    before = store_rows(server, "users")
    lie = family_fields(other, "POST", "/api/orders")
    answer = ask(server, Visitor(server.application), headers={**asked(server), **lie})
    assert subject(answer) is None and set_cookies(answer) == {}
    alone = ask(server, Visitor(server.application), headers={**OWN_PAGE, **lie})
    assert alone.status_code == 403
    assert store_rows(server, "users") == before
    lie = family_fields(other, "GET", "/page")
    answer = ask(server, Visitor(server.application),
                 headers={**asked(server, "POST", "/api/orders"), **lie})
    assert subject(answer)


@pytest.mark.parametrize("method, uri", [
    (None, "/page"), ("GET", None), ("", "/page"), ("GET", ""), ("GET", "page"),
    ("GET", "https://evil.example/"), ("GET", "/../x"), ("GET", "/a%2fb"), ("GET", "/%zz"),
    ("G T", "/page"), ("GET", "/a\\b")])
def test_a_request_that_cannot_be_understood_is_refused(server, method, uri):
    fields = {name: value for name, value in family_fields(server.family, method, uri).items()
              if value is not None}
    answer = ask(server, guest_of(server), headers={**OWN_PAGE, **fields})
    assert answer.status_code == 403
    assert set_cookies(answer) == {} and "Authorization" not in answer.headers


def test_a_doubled_field_is_refused(server):
    fields = list(asked(server).items())
    for name, value in family_fields(server.family, "POST", "/api/orders").items():
        raw = raw_request(server.trusted, "GET", PATH, [*fields, (name, value)])
        assert raw.status == 403 and raw.header("Set-Cookie") == []


@pytest.mark.parametrize("fields", [
    {"X-Forwarded-Host": "evil.example"}, {"X-Forwarded-Proto": "https"},
    {"X-Forwarded-Host": "localhost"}])
def test_a_request_for_another_origin_is_refused(x_forwarded, fields):
    answer = ask(x_forwarded, guest_of(x_forwarded), **fields)
    assert answer.status_code == 403
    good = {"X-Forwarded-Host": x_forwarded.application.removeprefix("http://"),
            "X-Forwarded-Proto": "http", "X-Forwarded-For": "192.0.2.1"}
    assert subject(ask(x_forwarded, guest_of(x_forwarded), **good))


# Cross-site


@pytest.mark.parametrize("foreign", [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"},
    {"Origin": "https://evil.example"}, {"Origin": "null"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"}], ids=str)
def test_another_sites_page_makes_no_guest_and_touches_no_cookie(server, foreign):
    before = store_rows(server, "users")
    fields = {**family_fields(server.family, "POST", "/api/orders"), **foreign}
    holder = Visitor(server.application)
    holder.session()
    for cookies in ({}, holder.cookies, {SESSION: "garbage"}):
        answer = ask(server, Visitor(server.application, cookies), headers=fields)
        assert subject(answer) is None and set_cookies(answer) == {}
    assert store_rows(server, "users") == before
    upgrade = {**fields, "Upgrade": "websocket", "Connection": "upgrade"}
    assert ask(server, guest_of(server), headers=upgrade).status_code == 403


def test_a_rate_limit_is_passed_on(tmp_path):
    port = free_port()
    strict = Vestibule(tmp_path, application=True, config={
        "gateway": {"rules": RULES, "forward_auth_listen": f"127.0.0.1:{port}"},
        "limits": {"guests_per_minute": 1, "guests_burst": 1}})
    strict.trusted, strict.family = f"http://127.0.0.1:{port}", "x_forwarded"
    strict.start()
    try:
        def order(address):
            return ask(strict, Visitor(strict.application), "POST", "/api/orders",
                       **{"X-Forwarded-For": address})

        assert order("192.0.2.1").status_code == 200
        refused = order("192.0.2.1")
        assert refused.status_code == 429 and int(refused.headers["Retry-After"]) > 0
        assert set_cookies(refused) == {}
        # The right-most address is the one that the proxy saw.
        assert order("203.0.113.7, 192.0.2.1").status_code == 429
        assert order("192.0.2.1, 203.0.113.8").status_code == 200
    finally:
        strict.stop()


@pytest.mark.parametrize("how", ["forward_auth_listen", "forward_auth_secret_file"])
def test_two_cookies_and_forward_auth_exclude_each_other(tmp_path, how):
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    value = str(secret) if how.endswith("file") else f"127.0.0.1:{free_port()}"
    server = Vestibule(tmp_path / "server", config={"gateway": {"cookie_format": "jwt", how: value}})
    for command in (["config", "check"], ["serve"]):
        done = server.command(*command, check=False)
        assert done.returncode != 0
        assert "gateway.cookie_format" in done.stdout + done.stderr
