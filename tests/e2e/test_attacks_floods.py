"""Attacks by mass: guests by the thousand, and requests that are larger, deeper or longer than any
that a person's browser sends.

Guests in all (and the work that is asked for then): test_proof_of_work.py. Guesses:
test_sign_in_throttling.py. Connections of one address: test_connections.py. Uploads
to the application, which stream: src/http/proxy_test.cpp."""

import ipaddress
import random
import socket
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from conftest import RULES
from stored import difference, image
from vestibule_process import Vestibule
from visitor import (NAVIGATION, OWN_PAGE, PASSWORD, Visitor, guest_of, new_email, raw_request,
                     send_raw, store_rows)

GUESTS = "users where guest_day is not null"
BURST = 8


# Guests


@pytest.fixture(scope="module")
def small(tmp_path_factory, upstream):
    """So few guests a minute that none comes back within a test."""
    server = Vestibule(tmp_path_factory.mktemp("small"), application=True, upstream=upstream.url, config={
        "gateway": {"rules": RULES}, "trusted_proxies": ["127.0.0.1/32"],
        "limits": {"guests_per_minute": 1, "guests_burst": BURST}}).start()
    yield server
    assert server.stop() == 0


def host_in(network, rng):
    network = ipaddress.ip_network(network)
    return str(network[rng.randrange(1, network.num_addresses - 1)])


# Where the attacker's requests come from, and how many times the limit of one address they may
# have in all: whoever is given a /56 or /48 has all of its addresses.
FLOODS = {
    "one address": (["203.0.113.7/32"], 1),
    "one address, written as IPv6": (["::ffff:203.0.113.8/128"], 1),
    "a /64": (["2001:db8:1:1::/64"], 1),
    "a /56": (["2001:db8:2:100::/56"], 4),
    "a /48": (["2001:db8:3::/48"], 16),
}


@pytest.mark.parametrize("place", FLOODS)
def test_a_flood_of_guests_from_one_place_is_stopped(small, place):
    networks, share = FLOODS[place]
    rng = random.Random(place)
    visit = requests.Session()
    before, refused, begun = store_rows(small, GUESTS), 0, time.monotonic()
    for number in range(BURST * share * 3):
        address = networks[0].split("/")[0] if "one address" in place else host_in(networks[0], rng)
        # By both ways that make guests, with tickets and without, and with a lie on the left.
        url, headers = small.application, {**OWN_PAGE, "X-Forwarded-For": f"6.6.6.6, {address}"}
        if number % 3 == 0:
            answer = visit.post(url + "/api/cart/items", headers=headers, data=b"x", timeout=30)
        else:
            answer = visit.post(url + "/guest/v1/session", headers=headers, timeout=30)
        visit.cookies.clear()
        assert answer.status_code in (200, 201, 429), answer.text
        if answer.status_code == 429:
            refused += 1
            assert int(answer.headers["Retry-After"]) > 0 and "Set-Cookie" not in answer.headers
    made = store_rows(small, GUESTS) - before
    back = share * (time.monotonic() - begun) / 60  # guests that were earned meanwhile
    assert BURST <= made <= BURST * share + back + 1 and refused > 0
    # Nobody else is in the way of it, and nobody who is somebody already.
    other = visit.post(small.application + "/guest/v1/session", timeout=30,
                       headers={**OWN_PAGE, "X-Forwarded-For": f"198.51.100.{len(place)}"})
    assert other.status_code == 201


def test_who_is_somebody_already_is_not_stopped_by_a_flood(small):
    """The flood comes from the address that a whole office shares."""
    shared = {**OWN_PAGE, "X-Forwarded-For": "203.0.113.50"}
    colleague = Visitor(small.application)
    assert colleague.post("/guest/v1/session", headers=shared).status_code == 201
    sub = colleague.session()["sub"]
    for _ in range(BURST * 2):
        Visitor(small.application).post("/guest/v1/session", headers=shared)
    assert Visitor(small.application).post("/guest/v1/session", headers=shared).status_code == 429
    assert colleague.post("/api/cart/items", headers=shared, data="x").status_code == 200
    assert colleague.get("/guest/v1/session", headers=shared).json()["sub"] == sub
    assert colleague.post("/guest/v1/session", headers=shared).status_code == 200
    done = colleague.post("/guest/v1/upgrade", headers=shared, json={
        "given_name": "A", "family_name": "B", "email": new_email(), "password": PASSWORD})
    assert done.status_code == 200, done.text
    # Browsing costs nothing, so it is not limited.
    assert requests.get(small.application + "/page", headers=shared, timeout=30).status_code == 200


def test_looking_around_by_the_hundred_leaves_nothing(gateway):
    before = image(gateway)
    visit = requests.Session()
    for number in range(200):
        visit.cookies.clear()
        path = ("/", "/page", "/guest/v1/session", "/guest/v1/login?return_to=/")[number % 4]
        answer = visit.get(gateway.application + path, timeout=30, allow_redirects=False,
                           headers={**OWN_PAGE, **NAVIGATION})
        assert answer.status_code in (200, 303)
    assert difference(before, image(gateway)) == []


# Oversize


def memory(server):
    """Resident, in bytes."""
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) * 1024


@pytest.fixture
def steady(gateway):
    """Whatever a test sends: nothing is stored, nobody is signed out, and memory does not grow with
    it. The server answers as before."""
    guest = guest_of(gateway)
    before, resident = image(gateway), memory(gateway)
    yield gateway
    assert difference(before, image(gateway)) == []
    assert guest.session()["signed_in"]
    assert memory(gateway) - resident < 64 << 20
    assert requests.get(gateway.issuer + "/readyz", timeout=30).status_code == 200


def origins(server):
    return [server.application, server.issuer]


HUGE = "x" * (1 << 20)
HEADS = {
    "many fields": "".join(f"X-{number}: y\r\n" for number in range(101)),
    "very many fields": "".join(f"X-{number}: y\r\n" for number in range(20000)),
    "many of one field": "Accept: */*\r\n" * 200,
    "many cookies": "".join(f"Cookie: c{number}=1\r\n" for number in range(200)),
    "a large field": f"X: {'y' * 17000}\r\n",
    "a huge field": f"X: {HUGE}\r\n",
    "a huge name": f"{HUGE}: y\r\n",
    "a large cookie": f"Cookie: vestibule={'A' * 17000}\r\n",
    "a huge cookie": f"Cookie: vestibule={HUGE}\r\n",
    "a huge bearer": f"Authorization: Bearer {HUGE}\r\n",
    "a huge origin": f"Origin: https://{HUGE}.example\r\n",
    "a huge chain of proxies": f"X-Forwarded-For: {', '.join(['10.0.0.1'] * 90000)}\r\n",
}


@pytest.mark.parametrize("name", HEADS)
def test_a_head_that_is_too_large_is_refused(steady, upstream, name):
    seen = len(upstream.requests)
    for origin in origins(steady):
        for method, path in (("GET", "/"), ("POST", "/guest/v1/session"), ("POST", "/ui/login")):
            raw = send_raw(origin, (f"{method} {path} HTTP/1.1\r\nHost: {urlsplit(origin).netloc}\r\n"
                                    f"{HEADS[name]}\r\n").encode())
            assert raw.status in (431, None), raw.data[:200]  # None: closed while it was sent
            assert not raw.header("Set-Cookie") if raw.data else True
    assert len(upstream.requests) == seen
    # The control: as much as a person's browser sends goes through.
    usual = raw_request(steady.application, "GET", "/page", [
        *((f"X-{number}", "y" * 20) for number in range(60)), ("Cookie", "c=" + "d" * 4000)])
    assert usual.status == 200


@pytest.mark.parametrize("url", ["/" + "a" * 17000, "/?" + "a" * 17000, "/?" + "a=1&" * 5000,
                                 "/" + "a/" * 9000, "/" + "%61" * 6000, "/#" + "a" * 17000,
                                 "/guest/v1/proof?token=" + "a" * 17000,
                                 "/ui/login?request=" + HUGE], ids=lambda url: url[:12])
def test_an_address_that_is_too_long_is_refused(steady, url):
    for origin in origins(steady):
        raw = send_raw(origin, f"GET {url} HTTP/1.1\r\nHost: {urlsplit(origin).netloc}\r\n\r\n".encode())
        assert raw.status in (400, 414, 431, None), raw.data[:200]


def nested(depth, open_, close, inside="1"):
    return (open_ * depth + inside + close * depth).encode()


JSON, FORM = "application/json", "application/x-www-form-urlencoded"
BODIES = {
    "a large text": (JSON, b'{"given_name":"' + b"x" * 70000 + b'"}'),
    "deep lists": (JSON, nested(7000, "[", "]")),
    "deep objects": (JSON, nested(2000, '{"a":', "}")),
    "deep below a field": (JSON, b'{"email":' + nested(7000, "[", "]") + b"}"),
    "deep and open": (JSON, b"[" * 15000),
    "many members": (JSON, b"{" + b",".join(b'"%d":1' % n for n in range(1500)) + b"}"),
    "a long number": (JSON, b'{"email":' + b"9" * 15000 + b"}"),
    "an exponent": (JSON, b'{"email":1e' + b"9" * 15000 + b"}"),
    "escapes": (JSON, b'{"email":"' + b"\\u0041" * 2500 + b'"}'),
    "many fields": (FORM, b"&".join(b"f%d=1" % n for n in range(1500))),
    "many empty fields": (FORM, b"&" * 15000),
    "a large field": (FORM, b"email=" + b"x" * 70000),
    "a large name": (FORM, b"x" * 15000 + b"=1"),
    "percents": (FORM, b"email=" + b"%41" * 5000),
    "parts": ("multipart/form-data; boundary=b",
              b"--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\ny\r\n" * 250 + b"--b--"),
    "parts in parts": ("multipart/form-data; boundary=b",
                       b"".join(b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n"
                                % (n, n + 1) for n in range(200))),
    "a long boundary": (f"multipart/form-data; boundary={'b' * 8000}", b"--" + b"b" * 8000),
    "compressed": (JSON, b"\x1f\x8b\x08\0\0\0\0\0\0\3" + b"\0" * 1000),
}
CALLS = [("application", "POST", "/guest/v1/upgrade"), ("application", "POST", "/guest/v1/login"),
         ("application", "POST", "/guest/v1/choice"),
         ("issuer", "POST", "/ui/login"), ("issuer", "POST", "/ui/register"),
         ("issuer", "POST", "/oauth/v2/token"), ("issuer", "POST", "/oauth/v2/introspect"),
         ("issuer", "POST", "/zitadel.user.v2.UserService/CreateUser")]


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_too_large_or_deep_is_refused(steady, name):
    kind, body = BODIES[name]
    more = {"Content-Encoding": "gzip"} if name == "compressed" else {}
    for whose, method, path in CALLS:
        headers = {**OWN_PAGE, "Content-Type": kind, "Idempotency-Key": "large", **more}
        if path.startswith("/zitadel"):
            headers |= steady.service_headers()
        answer = requests.request(method, getattr(steady, whose) + path, data=body, timeout=20,
                                  headers=headers, allow_redirects=False)
        # Without a session or with nothing that is known in it: refused whatever it is, but for a
        # sign-in, which may be begun with anything that is small enough.
        assert 400 <= answer.status_code < 500 or (
            path == "/guest/v1/login" and answer.status_code in (200, 303)), (path, answer.text[:200])
        if path.startswith("/guest/v1") and len(body) > 16 * 1024 and answer.status_code != 401:
            assert answer.status_code == 413, path


def without_end(origin, path, head, piece, most):
    """Sends until the server has had enough; gives what it said and how much it took."""
    parts = urlsplit(origin)
    said, sent = b"", 0
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
                           f"Sec-Fetch-Site: same-origin\r\n{head}".encode())
        done = threading.Event()

        def read():
            nonlocal said
            try:
                while data := connection.recv(65536):
                    said += data
            except OSError:
                pass
            done.set()

        reader = threading.Thread(target=read)
        reader.start()
        try:
            while not done.is_set() and sent < most:
                connection.sendall(piece)
                sent += len(piece)
        except OSError:
            pass
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        reader.join()
    return said, sent


ENDLESS = {
    "a head": ("", b"X-Filler: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n" * 100, {b"431"}),
    "a line of the head": ("X: ", b"y" * 4096, {b"431"}),
    "a chunked body": ("Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
                       b"1000\r\n" + b" " * 4096 + b"\r\n", {b"413"}),
    "chunks of one byte": ("Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
                           b"1\r\n \r\n" * 1000, {b"413"}),
    "a chunk line": ("Transfer-Encoding: chunked\r\n\r\n1;", b"a" * 4096, {b"400"}),
    "trailers": ("Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 1000, {b"400"}),
    "a body of the length it says": ("Content-Length: 1099511627776\r\n\r\n", b" " * 65536, {b"413"}),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_request_without_end_is_cut(steady, name):
    head, piece, statuses = ENDLESS[name]
    for origin, path in ((steady.application, "/guest/v1/upgrade"), (steady.issuer, "/ui/login")):
        said, sent = without_end(origin, path, head, piece, 64 << 20)
        assert sent < 64 << 20, "it was never cut"
        assert not said or said.split(b" ")[1] in statuses, said[:200]
