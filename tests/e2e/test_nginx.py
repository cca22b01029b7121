"""examples/nginx/nginx.conf before an application, with Vestibule as forward-auth."""

import socket

import pytest
import requests

from fronts import Proxy, program
from vestibule_process import Upstream, Vestibule, decode_jwt, free_port

pytestmark = pytest.mark.skipif(program("nginx") is None, reason="nginx is not installed")


class Front:
    def __init__(self, directory, burst):
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        forward_auth = free_port()
        self.upstream = Upstream()
        self.vestibule = Vestibule(
            directory / "vestibule",
            config={
                "trusted_proxies": ["127.0.0.1"],
                "gateway": {
                    "public_url": self.url,
                    "forward_auth_listen": f"127.0.0.1:{forward_auth}",
                    "forwarded_headers": "x_original",
                    "rules": [{"method": "POST", "path": "/api/cart/**"}],
                },
                "limits": {"guests_per_minute": 1, "guests_burst": burst},
            },
        )
        self.vestibule.start()
        self.nginx = Proxy("nginx", directory, {
            "8080": self.port, "8081": self.vestibule.port, "8083": forward_auth,
            "8082": self.upstream.url.rsplit(":", 1)[1],
        })
        self.nginx.start(self.url)

    def stop(self):
        codes = self.nginx.stop(), self.vestibule.stop()
        self.upstream.stop()
        assert codes == (0, 0)

    def ask(self, method, path, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(method, self.url + path, headers=headers, timeout=10,
                                data=b"{}" if method == "POST" else None)

    def add(self, **headers):
        return self.ask("POST", "/api/cart/items", **headers)


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    running = Front(tmp_path_factory.mktemp("nginx"), burst=1000)
    yield running
    running.stop()


def seen(answer):
    """What reached the application."""
    assert answer.status_code == 200, answer.text
    return {name.lower(): value for name, value in answer.json()["headers"]}


def cookie_of(answer):
    name, _, rest = answer.headers["Set-Cookie"].partition("=")
    assert name == "vestibule"
    return f"{name}={rest.partition(';')[0]}"


def subject_of(answer):
    return decode_jwt(seen(answer)["authorization"].removeprefix("Bearer "))[1]["sub"]


def test_a_high_intent_action_makes_a_guest_who_stays_one(front):
    first = front.add()
    assert first.json()["body"] == "{}"
    assert first.headers["Cache-Control"] == "private, no-store"
    assert "HttpOnly" in first.headers["Set-Cookie"]
    again = front.ask("GET", "/cart?page=2", Cookie=cookie_of(first))
    assert again.json()["path"] == "/cart?page=2"
    assert subject_of(again) == subject_of(first)
    assert "Set-Cookie" not in again.headers


def test_a_stranger_who_only_looks_is_nobody(front):
    answer = front.ask("GET", "/")
    assert "authorization" not in seen(answer)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("name", ["Authorization", "authorization"])
def test_the_browsers_authorization_ends_at_the_proxy(front, name):
    assert "authorization" not in seen(front.ask("GET", "/", **{name: "Bearer forged"}))
    assert subject_of(front.add(**{name: "Bearer forged"}))


def test_fields_with_underscores_reach_nobody(front):
    with socket.create_connection(("127.0.0.1", front.port), timeout=10) as raw:
        raw.sendall(f"GET /raw HTTP/1.1\r\nHost: localhost:{front.port}\r\nConnection: close\r\n"
                    "X_Forwarded_For: 6.6.6.6\r\nX_Original_Method: POST\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert b" 200 " in answer.split(b"\r\n")[0]
    assert b"6.6.6.6" not in answer and b"X_Original_Method" not in answer


def test_the_other_family_and_a_forged_one_are_ignored(front):
    answer = front.ask("GET", "/", X_Forwarded_Method="POST", X_Forwarded_Uri="/api/cart/items",
                       X_Original_Method="POST", X_Original_URI="/api/cart/items",
                       X_Forwarded_For="6.6.6.6")
    fields = seen(answer)
    assert "authorization" not in fields
    assert fields["x-forwarded-for"] == "127.0.0.1"
    assert "x-original-uri" not in fields


def test_the_application_gets_its_own_cookies_only(front):
    ours = cookie_of(front.add())
    ticket = cookie_pair(front.ask("GET", "/guest/v1/session"))
    for sent in (f"basket=1; {ours}; {ticket}; theme=dark", f"{ticket}; {ours}; basket=1",
                 f"basket=1; {ours}"):
        cookies = seen(front.ask("GET", "/", Cookie=sent))["cookie"].rstrip("; ")
        wanted = [part for part in sent.split("; ") if not part.startswith("vestibule")]
        assert cookies == "; ".join(wanted)
    assert "cookie" not in seen(front.ask("GET", "/", Cookie=ours))


def cookie_pair(answer):
    return answer.headers["Set-Cookie"].partition(";")[0]


def test_another_sites_page_makes_nobody(front):
    answer = front.add(Sec_Fetch_Site="cross-site", Origin="https://evil.example")
    assert "authorization" not in seen(answer)
    assert "Set-Cookie" not in answer.headers


def test_another_sites_page_opens_no_websocket(front):
    answer = front.ask("GET", "/socket", Upgrade="websocket", Connection="Upgrade",
                       Origin="https://evil.example")
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/a/%2e%2e/api/cart/items", "/api%2fcart/items"])
def test_a_path_that_two_could_read_differently_is_refused(front, path):
    with socket.create_connection(("127.0.0.1", front.port), timeout=10) as raw:
        raw.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost:{front.port}\r\nContent-Length: 0\r\n"
                    "Connection: close\r\n\r\n".encode())
        assert b" 403 " in raw.makefile("rb").readline()


def test_the_gateways_api_is_there_and_forward_auth_is_not(front):
    made = front.ask("POST", "/guest/v1/session", Sec_Fetch_Site="same-origin")
    assert made.status_code == 201 and made.json()["kind"] == "guest"
    hidden = front.ask("GET", "/guest/v1/forward-auth", X_Original_Method="POST",
                       X_Original_URI="/api/cart/items")
    assert hidden.status_code == 404
    assert front.ask("GET", "/_forward_auth").status_code == 404


def test_an_unknown_host_is_misdirected(front):
    assert front.ask("GET", "/", Host="evil.example").status_code == 421


def test_too_many_guests_are_told_when_to_come_back(tmp_path):
    front = Front(tmp_path, burst=1)
    try:
        assert front.add().status_code == 200
        refused = front.add()
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 60
        assert front.vestibule.stop() == 0
        assert front.ask("GET", "/").status_code == 503
    finally:
        front.nginx.stop()
        front.vestibule.stop()
        front.upstream.stop()
