"""Which requests are read at all: hosts, framing, request lines, sizes."""

from urllib.parse import urlsplit

import pytest
import requests

from visitor import OWN_PAGE, Pkce, authorize_url, raw_request, send_raw, set_cookies


# Host


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "localhost",
                                  "127.0.0.1:1", "127.0.0.1.evil.example:{port}", "[::1]:{port}"])
def test_an_unknown_host_is_misdirected(gateway, host):
    for origin in (gateway.issuer, gateway.application):
        port = urlsplit(origin).port
        for path in ("/", "/guest/v1/session", "/oauth/v2/authorize", "/ui/login", "/mailbox",
                     "/.well-known/openid-configuration"):
            response = requests.get(origin + path, timeout=5, allow_redirects=False,
                                    headers={"Host": host.format(port=port)})
            assert response.status_code == 421, path
            # What a page of a foreign name that resolves to us can add does not change that.
            assert requests.get(origin + path, timeout=5, allow_redirects=False, headers={
                "Host": host.format(port=port), "Authorization": "Bearer x"}).status_code == 421
            assert set_cookies(response) == {}
            assert "evil" not in response.text
        for path in ("/healthz", "/readyz"):
            assert requests.get(origin + path, timeout=5,
                                headers={"Host": host.format(port=port)}).status_code == 200


@pytest.mark.parametrize("host", ["", "a b", "a/b", "a@b", "127.0.0.1:x", "[::1", "127.0.0.1:999999",
                                  "a,b", "a\tb"])
def test_a_malformed_host_is_refused(server, host):
    raw = send_raw(server.issuer, f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert raw.status == 400


def test_urls_come_from_the_configuration_only(server):
    lies = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https",
            "Forwarded": "host=evil.example", "X-Host": "evil.example", "X-Original-URL": "/evil"}
    for path in ("/.well-known/openid-configuration", "/guest/v1/login?return_to=/", "/ui/login"):
        response = requests.get(server.issuer + path, timeout=5, headers={**lies, **OWN_PAGE},
                                allow_redirects=False)
        assert "evil" not in response.text and "evil" not in str(response.headers)


# Requests that two parsers read differently

SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: {host}\r\n\r\n"
SMUGGLING = {
    "content-length and chunked": "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked and content-length": "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two content-lengths": "Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello",
    "one content-length twice": "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "a list of lengths": "Content-Length: 5, 5\r\n\r\nhello",
    "a signed length": "Content-Length: +5\r\n\r\nhello",
    "a negative length": "Content-Length: -5\r\n\r\nhello",
    "a hexadecimal length": "Content-Length: 0x5\r\n\r\nhello",
    "an empty length": "Content-Length: \r\n\r\nhello",
    "a huge length": "Content-Length: 99999999999999999999\r\n\r\nhello",
    "a space in the length": "Content-Length: 5 0\r\n\r\nhello",
    "bare lf": "X: y\nContent-Length: 5\r\n\r\nhello",
    "bare lf at the end": "X: y\r\n\n",
    "bare cr": "X: y\rContent-Length: 5\r\n\r\nhello",
    "folding": "X: y\r\n z\r\n\r\n",
    "folded coding": "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": "Content-Length : 5\r\n\r\nhello",
    "a tab before the colon": "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n",
    "xchunked": "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "identity": "Transfer-Encoding: identity\r\n\r\n",
    "chunked twice": "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked, identity": "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "quoted chunked": "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
    "a vertical tab": "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a nul": "X: a\x00b\r\n\r\n",
    "no colon": "X\r\n\r\n",
    "an empty name": ": x\r\n\r\n",
    "a name in brackets": "X[a]: y\r\n\r\n",
    "two hosts": "Host: evil.example\r\n\r\n",
    "a chunk size in the negative": "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    "a chunk size with 0x": "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
    "a chunk line with bare lf": "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
    "a chunk without its end": "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
    "a huge chunk size": "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello",
}


@pytest.mark.parametrize("case", SMUGGLING)
def test_nothing_is_smuggled_through_the_proxy(gateway, upstream, case):
    host = gateway.application.removeprefix("http://")
    before, number = len(upstream.requests), list(SMUGGLING).index(case)
    data = f"POST /page-{number} HTTP/1.1\r\nHost: {host}\r\n" + SMUGGLING[case] + SMUGGLED.format(host=host)
    raw = send_raw(gateway.application, data.encode("latin-1"))
    reached = [seen["path"] for seen in upstream.requests[before:]]
    assert "/smuggled" not in reached and raw.data.count(b"HTTP/1.1 ") == 1
    if "chunk " in case:  # the head had been good, and the body was on its way
        assert raw.status in (400, 502)
    else:
        assert raw.status == 400, raw.data
        assert f"/page-{number}" not in reached


@pytest.mark.parametrize("line, statuses", [
    ("GET /page", {400}), ("GET  /page HTTP/1.1", {400}), ("GET /page HTTP/1.1 ", {400}),
    (" GET /page HTTP/1.1", {400}), ("GET /page HTTP/2.0", {505}), ("GET /page HTTP/1.1x", {400}),
    ("GET page HTTP/1.1", {400}), ("GET http://evil.example/ HTTP/1.1", {400}),
    ("CONNECT evil.example:80 HTTP/1.1", {501}), ("G(T /page HTTP/1.1", {400}),
    ("GET /a%2fb HTTP/1.1", {400}), ("GET /../page HTTP/1.1", {400}), ("GET /a\\b HTTP/1.1", {400}),
    ("GET /%2e%2e/page HTTP/1.1", {400}), ("GET /a%00b HTTP/1.1", {400}),
    ("GET /a%0d%0ab HTTP/1.1", {400}), ("GET /#x HTTP/1.1", {400}), ("GET /\x7f HTTP/1.1", {400}),
    ("GET /%zz HTTP/1.1", {400}), ("GET /" + "a" * 20000 + " HTTP/1.1", {400, 414, 431}),
], ids=lambda value: repr(value)[:40])
def test_a_crooked_request_line_is_refused(gateway, upstream, line, statuses):
    host = gateway.application.removeprefix("http://")
    before = len(upstream.requests)
    raw = send_raw(gateway.application, f"{line}\r\nHost: {host}\r\n\r\n".encode("latin-1"))
    assert raw.status in statuses, raw.data
    # A POST whose body broke off above may still be arriving there.
    assert not [seen for seen in upstream.requests[before:] if seen["method"] != "POST"]


def test_too_many_or_too_large_fields_are_refused(gateway):
    many = raw_request(gateway.application, "GET", "/page", [(f"X-{n}", "y") for n in range(200)])
    assert many.status == 431
    large = raw_request(gateway.application, "GET", "/page", [("X", "y" * 40000)])
    assert large.status == 431


@pytest.mark.parametrize("text", ["a%0d%0aSet-Cookie:%20evil=1", "%0aX:1", "a%0d%0a%0d%0a<b>"])
def test_no_text_of_a_request_becomes_a_field_of_an_answer(server, text):
    client = server.bootstrap["client"]
    urls = ["/guest/v1/login?return_to=/" + text, "/ui/login?request=" + text + "&login_hint=" + text,
            "/guest/v1/proof?token=" + text, "/ui/proof?token=" + text,
            authorize_url(client_id=client["id"], redirect_uri=client["redirect_uris"][0],
                          response_type="x", code_challenge=Pkce().challenge) + "&state=" + text]
    for url in urls:
        raw = raw_request(server.issuer, "GET", url, [("Sec-Fetch-Site", "same-origin"),
                                                      ("Accept", "text/html")])
        head = raw.data.partition(b"\r\n\r\n")[0]
        assert b"evil=1" not in b"".join(line for line in head.split(b"\r\n")
                                         if line.lower().startswith(b"set-cookie"))
        assert not [name for name, _ in raw.headers if name in ("X", "")]
