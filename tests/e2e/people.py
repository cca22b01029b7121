"""Users with every standard claim, clients with unusual settings, and sign-ins for both."""

import json
import re
import sqlite3

import requests

from visitor import NAVIGATION, Pkce, Visitor, authorize_url, query_of

PASSWORD = "violet-harbour-antique-9"
REDIRECT = "http://localhost:3100/api/auth/callback/zitadel"

# OpenID Connect Core section 5.1, all of it but `sub` and `updated_at`, which are the server's.
EVERY_CLAIM = {
    "name": "Ada Byron", "given_name": "Ada", "family_name": "Byron", "middle_name": "Augusta",
    "nickname": "Countess", "preferred_username": "ada", "profile": "https://ada.example/me",
    "picture": "https://ada.example/me.png", "website": "https://ada.example", "gender": "female",
    "birthdate": "1815-12-10", "zoneinfo": "Europe/London", "locale": "en-GB",
    "email": "ada@ada.example", "email_verified": True, "phone_number": "+44 20 7946 0000",
    "phone_number_verified": True,
    "address": {"formatted": "12 St James's Square\nLondon", "street_address": "12 St James's Square",
                "locality": "London", "region": "Greater London", "postal_code": "SW1Y 4JH",
                "country": "United Kingdom"},
}
SCOPES = {
    "profile": {"name", "given_name", "family_name", "middle_name", "nickname",
                "preferred_username", "profile", "picture", "website", "gender", "birthdate",
                "zoneinfo", "locale", "updated_at"},
    "email": {"email", "email_verified"},
    "address": {"address"},
    "phone": {"phone_number", "phone_number_verified"},
}


def write_file(server, name, text):
    path = server.directory / name
    path.write_text(text)
    return path


def add_user(server, claims, password=PASSWORD):
    """The new user as `vestibule users add` shows it."""
    document = write_file(server, "claims.json", json.dumps(claims))
    secret = write_file(server, "password", password + "\n")
    done = server.command("users", "add", "--json", "--claims", document,
                          "--password-file", secret)
    return json.loads(done.stdout)


def change_client(server, client_id, **settings):
    """Changes what a client has registered; only while no server runs on the store."""
    with sqlite3.connect(server.data / "vestibule.db") as store:
        (text,) = store.execute("select settings from clients where id = ?",
                                (int(client_id),)).fetchone()
        store.execute("update clients set settings = ? where id = ?",
                      (json.dumps({**json.loads(text), **settings}), int(client_id)))


def ask(client_id, pkce, **changes):
    parameters = {"client_id": client_id, "response_type": "code", "redirect_uri": REDIRECT,
                  "scope": "openid", "state": "st", "nonce": "n", "code_challenge": pkce.challenge,
                  "code_challenge_method": "S256", **changes}
    return authorize_url(**{name: value for name, value in parameters.items() if value is not None})


def sign_in_and_stop(server, client_id, name="ada", browser=None, **changes):
    """Signs in at the provider; (browser, pkce, where the authorization endpoint then leads)."""
    browser = browser or Visitor(server.issuer)
    pkce = Pkce()
    leaving = browser.get(ask(client_id, pkce, **changes), headers=NAVIGATION)
    if leaving.status_code not in (302, 303):
        return browser, pkce, leaving
    if leaving.headers["Location"].startswith("/ui/login"):
        page = browser.get(leaving.headers["Location"], headers=NAVIGATION)
        answer = browser.post("/ui/login", data={
            "request": re.search(r'name="request" value="([^"]*)"', page.text).group(1),
            "username": name, "password": PASSWORD})
        assert answer.status_code in (302, 303), answer.text
        leaving = browser.get(answer.headers["Location"], headers=NAVIGATION)
    return browser, pkce, leaving


def redeem(server, client, code, pkce):
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT,
            "code_verifier": pkce.verifier, "client_id": client["id"],
            "client_secret": client["secret"]}
    return requests.post(server.issuer + "/oauth/v2/token", data=form, timeout=20)


def tokens(server, client, name="ada", browser=None, **changes):
    _, pkce, leaving = sign_in_and_stop(server, client["id"], name, browser, **changes)
    assert leaving.status_code in (302, 303), leaving.text
    query = query_of(leaving.headers["Location"])
    assert "code" in query, query
    answer = redeem(server, client, query["code"], pkce)
    assert answer.status_code == 200, answer.text
    return answer.json()


def userinfo(server, access_token):
    return requests.get(server.issuer + "/oidc/v1/userinfo", timeout=20,
                        headers={"Authorization": f"Bearer {access_token}"})
