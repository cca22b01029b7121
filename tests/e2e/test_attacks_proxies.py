"""Attacks through the proxies that people have in front: forged identities, smuggled requests, and
forward-auth asked directly. Each is tried on nginx, Caddy and HAProxy with the files of examples/,
and on the gateway alone."""

import socket
from urllib.parse import urlsplit

import pytest
import requests

from fronts import Front, program
from vestibule_process import decode_jwt
from visitor import (OWN_PAGE, SESSION, RawAnswer, Visitor, guest_of, raw_request, set_cookies,
                     store_rows)


@pytest.fixture(scope="module", params=["gateway", "nginx", "caddy", "haproxy"])
def front(request, tmp_path_factory):
    if request.param != "gateway" and not program(request.param):
        pytest.skip(f"{request.param} is not installed")
    running = Front(request.param, tmp_path_factory.mktemp(request.param))
    yield running
    running.stop()


def cookie_field(visitor):
    return ("Cookie", "; ".join(f"{name}={value}" for name, value in visitor.cookies.items()))


def seen_by_upstream(answer):
    assert answer.status_code == 200, answer.text
    return [(name.lower(), value) for name, value in answer.json()["headers"]]


def subject(fields):
    tokens = [value for name, value in fields if name == "authorization"]
    assert len(tokens) <= 1
    return decode_jwt(tokens[0].removeprefix("Bearer "))[1]["sub"] if tokens else None


# Who somebody says that they are


FORGED = [
    [("Authorization", "{token}")],
    [("authorization", "{token}")],
    [("AUTHORIZATION", "Basic Zm9yZ2Vk")],
    [("Authorization", "{token}"), ("Authorization", "{token}")],
    [("Authorization_", "{token}")],
    [("HTTP_AUTHORIZATION", "{token}")],
    [("Http-Authorization_", "{token}")],
    [("X_Forwarded_For", "6.6.6.6")], [("X_Forwarded_Proto", "forged")],
    [("X_Original_URI", "/forged")], [("X_Real_IP", "6.6.6.6")],
    [("Connection", "Authorization"), ("Authorization", "{token}")],
    [("Connection", "X-Forwarded-For, Cookie, Host"), ("X-Forwarded-For", "6.6.6.6")],
    [("X-Forwarded-For", "6.6.6.6")],
    [("X-Forwarded-For", "6.6.6.6, 127.0.0.1")],
    [("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "6.6.6.7")],
    [("X-Real-IP", "6.6.6.6")], [("Forwarded", "for=6.6.6.6;host=forged.example")],
    [("X-Forwarded-Host", "forged.example")], [("X-Forwarded-Proto", "forged")],
    [("X-Forwarded-Port", "666")], [("X-Forwarded-Prefix", "/forged")],
    [("X-Forwarded-User", "forged")], [("X-Forwarded-Email", "forged@example.com")],
    [("X-Forwarded-Method", "POST"), ("X-Forwarded-Uri", "/api/cart/forged")],
    [("X-Original-Method", "POST"), ("X-Original-URI", "/api/cart/forged")],
    [("X-Original-URL", "/forged")],
    [("X-Forwarded-Groups", "forged")], [("X-Forwarded-Preferred-Username", "forged")],
    [("X-Vestibule-Proxy-Secret", "forged")],
]
FORGED_IDS = [", ".join(f"{name}={value}" for name, value in case) for case in FORGED]


@pytest.mark.parametrize("fields", FORGED, ids=FORGED_IDS)
def test_an_identity_that_a_browser_writes_reaches_nobody(front, fields):
    """`token` is a real one, of somebody else: what the application would believe."""
    victim = guest_of(front)
    theirs = dict(seen_by_upstream(victim.get("/page")))["authorization"]
    fields = [(name, value.format(token=theirs)) for name, value in fields]
    before = store_rows(front, "users")
    attacker = guest_of(front)
    for cookies, own in (([], None), ([cookie_field(attacker)], attacker.session()["sub"])):
        number = len(front.upstream.requests)
        raw = raw_request(front.application, "GET", "/page", [*OWN_PAGE.items(), *fields, *cookies])
        if raw.status == 400:
            assert len(front.upstream.requests) == number
            continue
        assert raw.status == 200, raw.data
        upstream = front.upstream.requests[-1]
        assert upstream["path"] == "/page" and upstream["method"] == "GET"
        reached = [(name.lower(), value) for name, value in upstream["headers"]]
        # A browser may have its own identity taken away; it gets no other one.
        assert subject(reached) in ({own, None} if "Connection" in str(fields) else {own})
        text = str(upstream["headers"])
        assert theirs not in text and "forged" not in text and "Zm9yZ2Vk" not in text
        assert "6.6.6." not in text and "666" not in [value for _, value in reached]
        assert not [name for name, _ in reached if "_" in name]
    assert store_rows(front, "users") == before + 1, "an action that another path is worth"
    assert victim.session()["signed_in"]


def test_the_address_that_limits_count_is_not_the_browsers_to_write(front, tmp_path):
    strict = Front(front.kind, tmp_path, {"guests_per_minute": 1, "guests_burst": 2})
    try:
        def click(forged):
            return requests.post(strict.application + "/api/cart/items", data=b"x", timeout=30,
                                 headers={**OWN_PAGE, "X-Forwarded-For": forged,
                                          "X-Real-IP": forged, "Forwarded": f"for={forged}"})

        answers = [click(f"6.6.6.{number}").status_code for number in range(6)]
        assert answers == [200, 200, 429, 429, 429, 429]
        assert store_rows(strict, "users where guest_day is not null") == 2
    finally:
        strict.stop()


# forward-auth is for proxies


@pytest.mark.parametrize("path", [
    "/guest/v1/forward-auth", "/guest/v1/forward-auth/", "/guest/v1/forward-auth?x=1",
    "/guest/v1/%66orward-auth", "/guest//v1/forward-auth", "/guest/v1/./forward-auth",
    "/x/../guest/v1/forward-auth", "/guest/v1/forward-auth;x", "/GUEST/v1/forward-auth",
    "/guest%2fv1%2fforward-auth", "/_forward_auth", "/_forward_auth/guest/v1/forward-auth"])
def test_forward_auth_answers_no_browser(front, path):
    """It would tell the token that the cookie keeps from scripts, and make guests of any request."""
    guest = guest_of(front)
    before, reached = store_rows(front, "users"), len(front.upstream.requests)
    questions = [("X-Forwarded-Method", "POST"), ("X-Forwarded-Uri", "/api/cart/items"),
                 ("X-Original-Method", "POST"), ("X-Original-URI", "/api/cart/items"),
                 ("X-Vestibule-Proxy-Secret", "x"), ("X-Forwarded-For", "127.0.0.1")]
    for cookies in ([], [cookie_field(guest)]):
        for method in ("GET", "POST", "HEAD"):
            raw = raw_request(front.application, method, path,
                              [*OWN_PAGE.items(), *questions, *cookies])
            assert not raw.header("Authorization"), raw.data
            assert not [field for field in raw.header("Set-Cookie")
                        if field.startswith(SESSION + "=")]
            if raw.status == 200:  # another path, which is the application's
                assert front.upstream.requests[-1]["method"] == method
            else:
                assert raw.status in (400, 403, 404), raw.data
    assert store_rows(front, "users") == before
    own = [seen for seen in front.upstream.requests[reached:] if "POST" in str(seen["headers"])]
    assert not own, "what asks about another request is the proxy's to say"


# Requests in requests

BODY = "x=1"
HIDDEN = ("GET /smuggled HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer forged\r\n"
          "X-Forwarded-For: 6.6.6.6\r\nX-Original-URI: /forged\r\n\r\n")


def with_length(head, hidden, length=None):
    body = BODY + hidden
    return f"{head}Content-Length: {len(body) if length is None else length}\r\n\r\n{body}"


def cl_te(coding, hidden):
    """Whoever goes by the length takes all of it, whoever goes by the coding only the first part."""
    body = "0\r\n\r\n" + hidden
    return f"Content-Length: {len(body)}\r\n{coding}\r\n\r\n{body}"


def te_cl(coding, hidden):
    """The other way round."""
    size = f"{len(hidden):x}"
    return f"Content-Length: {len(size) + 2}\r\n{coding}\r\n\r\n{size}\r\n{hidden}\r\n0\r\n\r\n"


def chunked(first, hidden, coding="Transfer-Encoding: chunked"):
    return f"{coding}\r\n\r\n{first}{hidden}"


CODINGS = {
    "plain": "Transfer-Encoding: chunked",
    "a space before the colon": "Transfer-Encoding : chunked",
    "a tab before the colon": "Transfer-Encoding\t: chunked",
    "a space first": " Transfer-Encoding: chunked",
    "folded": "Transfer-Encoding:\r\n chunked",
    "behind a bare lf": "X: y\nTransfer-Encoding: chunked",
    "behind a bare cr": "X: y\rTransfer-Encoding: chunked",
    "behind a nul": "X: y\0Transfer-Encoding: chunked",
    "a vertical tab": "Transfer-Encoding: \x0bchunked",
    "capitals": "TRANSFER-ENCODING: CHUNKED",
    "quoted": "Transfer-Encoding: \"chunked\"",
    "xchunked": "Transfer-Encoding: xchunked",
    "a list": "Transfer-Encoding: identity, chunked",
    "twice": "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "another one after it": "Transfer-Encoding: chunked\r\nTransfer-encoding: cow",
    "another one before it": "Transfer-Encoding: cow\r\nTransfer-encoding: chunked",
    "an empty one after it": "Transfer-Encoding: chunked\r\nTransfer-Encoding:",
    "underscored": "Transfer_Encoding: chunked",
    "a parameter": "Transfer-Encoding: chunked;q=1",
    "in connection": "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
}


def cases(hidden):
    for name, coding in CODINGS.items():
        yield f"cl.te, {name}", cl_te(coding, hidden)
        yield f"te.cl, {name}", te_cl(coding, hidden)
    yield "cl.0", f"Content-Length: 0\r\n\r\n{hidden}"
    yield "two lengths", "Content-Length: 0\r\n" + with_length("", hidden)
    yield "two lengths, the other way", with_length("", hidden, f"{len(BODY + hidden)}\r\nContent-Length: 3")
    yield "a list of lengths", with_length("", hidden, f"3, {len(BODY + hidden)}")
    yield "a signed length", with_length("", hidden, "+3")
    yield "a length in hexadecimal", with_length("", hidden, "0x3")
    yield "a length with an underscore", with_length("", hidden, "1_0")
    yield "a length behind a vertical tab", with_length("", hidden, "\x0b3")
    yield "a space before the length's colon", f"Content-Length : {len(BODY)}\r\n\r\n{BODY}{hidden}"
    yield "a folded length", f"Content-Length:\r\n 3\r\n\r\n{BODY}{hidden}"
    yield "an underscored length", f"Content_Length: 3\r\nContent-Length: 0\r\n\r\n{BODY}{hidden}"
    yield "no length", f"\r\n{hidden}"
    yield "folding", f"X: y\r\n z: w\r\nContent-Length: 3\r\n\r\n{BODY}{hidden}"
    yield "lines of bare lf", f"X: y\nContent-Length: 3\n\n{BODY}{hidden}"
    yield "a head that ends in bare lf", f"Content-Length: 3\r\n\n{BODY}{hidden}"
    yield "a bare cr in a value", f"X: y\r\rContent-Length: 3\r\n\r\n{BODY}{hidden}"
    yield "an extension of a chunk", chunked("3;a=b\r\nx=1\r\n0\r\n\r\n", hidden)
    yield "an extension with a bare lf", chunked("3;a\nx=1\r\n0\r\n\r\n", hidden)
    yield "an extension with a request", chunked("3;a=\nx=1\n0\n\n", hidden)
    yield "a chunk line of bare lf", chunked("3\nx=1\n0\n\n", hidden)
    yield "a chunk of another size", chunked("1\r\nx=1\r\n0\r\n\r\n", hidden)
    yield "a size with 0x", chunked("0x3\r\nx=1\r\n0\r\n\r\n", hidden)
    yield "a size with a sign", chunked("+3\r\nx=1\r\n0\r\n\r\n", hidden)
    yield "a size that overflows", chunked("10000000000000003\r\nx=1\r\n0\r\n\r\n", hidden)
    yield "a size after a space", chunked(" 3\r\nx=1\r\n0\r\n\r\n", hidden)
    yield "a trailer that frames", chunked("0\r\nContent-Length: 3\r\n\r\n", hidden)
    yield "a trailer that identifies", chunked("0\r\nAuthorization: Bearer forged\r\n\r\n", hidden)
    yield "a last chunk without an end", chunked("0\r\n", hidden)
    yield "chunks of an old client", chunked("0\r\n\r\n", hidden) + "\0"  # HTTP/1.0, see below
    yield "an upgrade to h2c", ("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                                f"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n{hidden}")
    yield "an upgrade that no websocket is", ("Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                              f"Sec-WebSocket-Version: 777\r\n\r\n{hidden}")
    yield "two hosts", f"Host: evil.example\r\nContent-Length: 3\r\n\r\n{BODY}{hidden}"
    yield "an expectation", f"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n{BODY}{hidden}"


NAMES = [name for name, _ in cases("")]


def send(origin, data):
    """Whoever waits for more learns that no more comes."""
    parts = urlsplit(origin)
    received = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
        try:
            connection.sendall(data)
            connection.settimeout(0.3)
            while piece := connection.recv(65536):
                received += piece
        except TimeoutError:
            connection.settimeout(20)
            connection.shutdown(socket.SHUT_WR)
            try:
                while piece := connection.recv(65536):
                    received += piece
            except ConnectionError:
                pass
        except ConnectionError:
            pass
    return received


@pytest.mark.parametrize("name", NAMES)
def test_no_request_hides_in_another(front, name):
    """A second request that a proxy sees as such is an ordinary one, and stripped like any other;
    one that it does not see would arrive with the identity that it gives itself."""
    host = urlsplit(front.application).netloc
    attack = dict(cases(HIDDEN.format(host=host)))[name]
    version = "1.0" if attack.endswith("\0") else "1.1"
    path = f"/page-{NAMES.index(name)}"
    data = f"POST {path} HTTP/{version}\r\nHost: {host}\r\n{attack.removesuffix(chr(0))}"
    before = len(front.upstream.requests)
    received = send(front.application, data.encode("latin-1"))
    # The next person gets the answer to their own question.
    victim = requests.get(front.application + "/victim", timeout=30)
    assert victim.status_code == 200 and victim.json()["path"] == "/victim"
    assert subject([(field.lower(), value) for field, value in victim.json()["headers"]]) is None
    assert front.upstream.faults == []
    reached = front.upstream.requests[before:]
    for seen in reached:
        assert seen["path"] in (path, "/smuggled", "/victim")
        text = str(seen["headers"])
        assert "forged" not in text and "6.6.6.6" not in text, seen
    assert received.count(b"HTTP/1.1 200") <= len(reached) - 1
    if front.kind == "gateway" and name in REFUSED_BY_THE_GATEWAY:
        assert [seen["path"] for seen in reached] == ["/victim"]


REFUSED_BY_THE_GATEWAY = {name for name in NAMES if name.startswith(("cl.te", "te.cl"))
                          and not name.endswith("underscored")} | {
    "two lengths", "a list of lengths", "a signed length", "a folded length", "folding",
    "two hosts", "lines of bare lf", "a bare cr in a value", "a space before the length's colon"}


def test_ordinary_framing_arrives(front):
    """The control: what the attacks distort, undistorted."""
    plain = requests.post(front.application + "/page", data=b"hello", timeout=30)
    assert plain.json()["body"] == "hello"
    parts = requests.post(front.application + "/page", data=iter([b"hel", b"lo"]), timeout=30)
    assert parts.json()["body"] == "hello"
    host = urlsplit(front.application).netloc
    two = send(front.application, (f"POST /a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\nhi"
                                   f"GET /b HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
               .encode())
    assert two.count(b"HTTP/1.1 200") == 2 and RawAnswer(two).status == 200
    assert front.upstream.faults == []


# Another name


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1",
                                  "evil.example:80", "{host}.evil.example"])
def test_a_foreign_host_is_nobodys(front, host):
    """Pages of a foreign name that resolves to us (DNS rebinding), poisoned caches and links."""
    before, users = len(front.upstream.requests), store_rows(front, "users")
    authority = urlsplit(front.application).netloc
    for method, path in (("GET", "/"), ("POST", "/api/cart/items"), ("POST", "/guest/v1/session"),
                         ("GET", "/guest/v1/login?return_to=/")):
        answer = requests.request(method, front.application + path, timeout=30,
                                  allow_redirects=False, headers={
                                      **OWN_PAGE, "Host": host.format(host=authority)})
        assert answer.status_code in (400, 421), answer.text
        assert set_cookies(answer) == {}
    good = Visitor(front.application)
    lies = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    begun = good.get("/guest/v1/login?return_to=/", headers={**OWN_PAGE, **lies})
    assert begun.status_code == 303 and "evil" not in str(begun.headers)
    assert len(front.upstream.requests) == before and store_rows(front, "users") == users
