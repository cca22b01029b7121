"""A visitor without a browser: cookies held by hand, so that tests can do to them what they like."""

import base64
import hashlib
import html
import re
import secrets
import socket
import sqlite3
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import requests

from vestibule_process import wait_for

PASSWORD = "violet-harbour-antique-9"
SESSION = "vestibule"
REFRESH = "vestibule-refresh"
TICKET = "vestibule-ticket"
OUR_COOKIES = {SESSION, REFRESH, TICKET, "vestibule-login", "vestibule-choice"}
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Accept": "text/html"}
BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class SetCookie:
    """One Set-Cookie field."""

    def __init__(self, field):
        pair, *attributes = field.split(";")
        self.name, self.value = pair.split("=", 1)
        self.attributes = {}
        for attribute in attributes:
            name, _, value = attribute.strip().partition("=")
            assert name.lower() not in self.attributes, field
            self.attributes[name.lower()] = value

    @property
    def deletes(self):
        return self.value == "" and self.attributes.get("max-age") == "0"


def set_cookies(response):
    """The cookies that an answer sets, by name; none is set twice, and none may be stored."""
    cookies = [SetCookie(field) for field in response.raw.headers.getlist("Set-Cookie")]
    assert len({cookie.name for cookie in cookies}) == len(cookies)
    if cookies:
        assert response.headers["Cache-Control"] == "private, no-store", response.url
    return {cookie.name: cookie for cookie in cookies}


class Visitor:
    """Somebody at one origin: sends what a page of it would send and keeps its cookies."""

    def __init__(self, origin, cookies=None):
        self.origin = origin
        self.cookies = dict(cookies or {})

    def copy(self, **changes):
        return Visitor(self.origin, {**self.cookies, **changes})

    def request(self, method, path, headers=OWN_PAGE, cookies=None, **more):
        """`cookies`: the whole Cookie field instead of the kept ones."""
        field = cookies
        if field is None:
            field = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"User-Agent": "visitor", **headers}
        if field:
            sent["Cookie"] = field
        response = requests.request(method, urljoin(self.origin, path), headers=sent, timeout=20,
                                    allow_redirects=False, **more)
        for cookie in set_cookies(response).values():
            if cookie.deletes:
                self.cookies.pop(cookie.name, None)
            else:
                self.cookies[cookie.name] = cookie.value
        return response

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, **more):
        return self.request("POST", path, **more)

    def session(self):
        response = self.get("/guest/v1/session")
        assert response.status_code == 200, response.text
        return response.json()

    def become_guest(self):
        response = self.post("/guest/v1/session")
        assert response.status_code == 201, response.text
        return response.json()["sub"]

    def upgrade(self, email, password=PASSWORD, **changes):
        body = {"given_name": "Jane", "family_name": "Doe", "email": email, "password": password}
        return self.post("/guest/v1/upgrade", json={**body, **changes})


def assert_error(response, status, error=None, fields=None):
    """The one error form of the guest API."""
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


def new_email():
    return f"visitor-{secrets.token_hex(6)}@example.com"


def guest_of(server):
    visitor = Visitor(server.application)
    visitor.become_guest()
    return visitor


def account_of(server, email=None):
    """A visitor who has registered, not yet proved."""
    visitor = guest_of(server)
    response = visitor.upgrade(email or new_email())
    assert response.status_code == 200, response.text
    return visitor


def newest_link(server, address, kind):
    """The token of the newest link of that kind that was mailed to the address."""
    def look():
        text = requests.get(server.issuer + "/mailbox", timeout=5).text
        for mail in text.split('data-testid="mail"')[1:]:
            link = re.search(rf'href="[^"]*/ui/{kind}\?token=([^"&]+)"', mail)
            if address in mail and link:
                return html.unescape(link.group(1))
        return None

    return wait_for(look, f"a {kind} mail to {address}")


def proved_account_of(server):
    """(visitor, e-mail) of an account whose address is proved and so signs in."""
    email = new_email()
    visitor = account_of(server, email)
    token = newest_link(server, email, "proof")
    response = visitor.post("/guest/v1/proof", data={"token": token})
    assert response.status_code == 200, response.text
    return visitor, email


def query_of(url):
    return {name: values[0] for name, values in
            parse_qs(urlsplit(url).query, keep_blank_values=True).items()}


def hidden_field(page, name):
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found, f"no field {name} in the page"
    return html.unescape(found.group(1))


def pass_sign_in_page(provider, location, name, password):
    """From the answer of the authorization endpoint through the form to the redirect away."""
    page = provider.get(location, headers=NAVIGATION)
    assert page.status_code == 200, page.text
    answer = provider.post("/ui/login", data={
        "request": hidden_field(page.text, "request"), "username": name, "password": password})
    assert answer.status_code in (302, 303), answer.text
    answer = provider.get(answer.headers["Location"], headers=NAVIGATION)
    assert answer.status_code in (302, 303), answer.text
    return answer.headers["Location"]


def sign_in(server, visitor, name, password=PASSWORD, **intent):
    """Signs the visitor in at the gateway; returns the callback's answer."""
    begun = visitor.post("/guest/v1/login", json={"return_to": "/", **intent})
    assert begun.status_code == 200, begun.text
    provider = Visitor(server.issuer)
    leaving = provider.get(begun.json()["location"], headers=NAVIGATION)
    assert leaving.status_code in (302, 303), leaving.text
    back = pass_sign_in_page(provider, leaving.headers["Location"], name, password)
    return visitor.get(back, headers={**NAVIGATION, "Sec-Fetch-Site": "cross-site"})


class Pkce:
    def __init__(self):
        self.verifier = secrets.token_urlsafe(32)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        self.challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def authorize_url(**parameters):
    return "/oauth/v2/authorize?" + urlencode(parameters, doseq=True)


class RawAnswer:
    def __init__(self, data):
        self.data = data
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1]) if data else None
        self.headers = [tuple(line.split(": ", 1)) for line in lines[1:]]

    def header(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]


def send_raw(origin, data):
    """Sends bytes as they are and reads until the server closes."""
    parts = urlsplit(origin)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
        connection.sendall(data)
        received = b""
        while True:
            try:
                piece = connection.recv(65536)
            except ConnectionResetError:
                break
            if not piece:
                break
            received += piece
    return RawAnswer(received)


def raw_request(origin, method, path, fields, body=b""):
    """One request with exactly these fields (Host and Connection are added), repeated or not."""
    host = urlsplit(origin).netloc
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return send_raw(origin, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body)


def store_rows(server, table, *parameters):
    """How many rows there are; looked at from outside, which never disturbs the server."""
    with sqlite3.connect(f"file:{server.data}/vestibule.db?mode=ro", uri=True) as store:
        return store.execute(f"select count(*) from {table}", parameters).fetchone()[0]
