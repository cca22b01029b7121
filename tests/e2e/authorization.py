"""What the tests of authorization requests work with: clients as an operator may have made them,
and the ways on which a request and its answer travel."""

import contextlib
import html
import json
import re
import sqlite3
import time
from urllib.parse import parse_qsl, urlencode, urlsplit

from visitor import NAVIGATION, Pkce, Visitor, hidden_field, pass_sign_in_page

REDIRECT = "http://localhost:3100/cb"
SECURE_REDIRECT = "https://app.example/cb"
PUSHED = "urn:ietf:params:oauth:request_uri:"


def copy_client(server, changes, auth_method=None):
    """The id of a copy of the bootstrap's client with changed settings and the same secret. The
    server is not running yet."""
    client = server.bootstrap["client"]["id"]
    with contextlib.closing(sqlite3.connect(server.data / "vestibule.db")) as store, store:
        row = store.execute("select * from clients where id = ?", (client,))
        names = [column[0] for column in row.description]
        copy = dict(zip(names, row.fetchone()))
        copy["id"] = store.execute("select max(id) + 1 from clients").fetchone()[0]
        copy["settings"] = json.dumps({**json.loads(copy["settings"]), **changes})
        if auth_method:
            copy["auth_method"] = auth_method
        store.execute(f"insert into clients ({', '.join(names)}) values "
                      f"({', '.join('?' for _ in names)})", list(copy.values()))
    return str(copy["id"])


def parameters_of(client, pkce, **changes):
    parameters = {"client_id": client, "response_type": "code", "redirect_uri": REDIRECT,
                  "scope": "openid", "state": "a state & more", "nonce": "n-1",
                  "code_challenge": pkce.challenge, "code_challenge_method": "S256", **changes}
    return {name: value for name, value in parameters.items() if value is not None}


class Answer:
    """What came to the redirect URI, however it travelled."""

    def __init__(self, response):
        self.carrier = None
        self.parameters = {}
        location = response.headers.get("Location", "")
        if location.startswith((REDIRECT, SECURE_REDIRECT)):
            parts = urlsplit(location)
            self.carrier = "fragment" if parts.fragment else "query"
            self.parameters = dict(parse_qsl(parts.fragment or parts.query))
        elif 'id="form-post"' in response.text:
            self.carrier = "form_post"
            self.action = html.unescape(re.search(r'action="([^"]*)"', response.text)[1])
            fields = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', response.text)
            self.parameters = {name: html.unescape(value) for name, value in fields}


class Browser(Visitor):
    """A browser that has signed in at the provider."""

    def __init__(self, server, person, client_id):
        super().__init__(server.issuer)
        leaving = self.get("/oauth/v2/authorize?" + urlencode(parameters_of(client_id, Pkce())),
                           headers=NAVIGATION)
        pass_sign_in_page(self, leaving.headers["Location"], *person)

    def ask(self, **parameters):
        return self.get("/oauth/v2/authorize?" + urlencode(parameters, doseq=True),
                        headers=NAVIGATION)


def outcome_of(response):
    """`page CODE`, `CARRIER CODE`, `CARRIER code` or `sign-in`, for tables."""
    answer = Answer(response)
    if answer.carrier:
        return f"{answer.carrier} {answer.parameters.get('error', 'code')}"
    if response.headers.get("Location", "").startswith("/ui/login"):
        return "sign-in"
    found = re.search(r'id="error-code">([^<]*)<', response.text)
    assert response.status_code == 400 and found, response.text
    return f"page {found[1]}"


def claims_of(server, client_id, pkce, /, **changes):
    """The claims of a good request object."""
    now = int(time.time())
    claims = {**parameters_of(client_id, pkce), "iss": client_id, "aud": server.issuer, "nbf": now,
              "iat": now, "exp": now + 300, **changes}
    return {name: value for name, value in claims.items() if value is not None}
