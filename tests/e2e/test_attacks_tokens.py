"""Attacks with tokens that are something else than they are shown as: forged, of another kind, for
another audience, too old or too young. At the shop, which verifies as an application should, and at
Vestibule itself."""

import json
import sqlite3
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from conftest import RULES
from evil_site import EvilSite
from forging import EcKey, compact, encode, forgeries
from people import REDIRECT, redeem, sign_in_and_stop
from test_ticket import AHEAD
from vestibule_process import Shop, Vestibule, decode_jwt
from visitor import (OWN_PAGE, SESSION, REFRESH, Visitor, account_of, authorize_url, guest_of,
                     proved_account_of, query_of, raw_request)

AUDIENCE = "http://shop.example"
LIMITS = {"guests_per_minute": 100000, "guests_burst": 100000, "sign_ins_per_minute": 100000}
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
KIND = "urn:ietf:params:oauth:token-type:"


@pytest.fixture(scope="module")
def evil():
    """Where forgers publish their keys. Whoever asks there has believed them."""
    site = EvilSite()
    site.page = json.dumps({"keys": [EcKey("forger").jwk]})
    yield site
    site.stop()


# The shop, and an issuer whose key the tests hold


class Issuer:
    """Publishes one key, as a provider does."""

    def __init__(self):
        self.key = EcKey("the-key")
        self.jwks = json.dumps({"keys": [self.key.jwk]})
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                content = outer.jwks.encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/jwk-set+json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def header(self, **changes):
        return without_nothing({"alg": "ES256", "typ": "at+jwt", "kid": self.key.kid, **changes})

    def claims(self, **changes):
        now = int(time.time())
        return without_nothing({"iss": self.url, "aud": AUDIENCE, "sub": "4711", "client_id": "gw",
                                "scope": "openid", "jti": "1", "iat": now, "exp": now + 600,
                                **changes})

    def token(self, header=None, **claims):
        return compact(self.header(**(header or {})), self.claims(**claims), self.key.sign)


def without_nothing(members):
    return {name: value for name, value in members.items() if value is not None}


class Lab:
    def __init__(self, directory):
        self.issuer = Issuer()
        self.shop = Shop(directory)
        self.shop.start(self.issuer.url, AUDIENCE)

    def buy(self, *authorizations, **more):
        return raw_request(self.shop.url, "POST", "/api/cart/items", [
            ("Content-Type", "application/json"),
            *[("Authorization", value) for value in authorizations]],
            b'{"product_id":"vase"}', **more)

    def carts(self):
        with sqlite3.connect(f"file:{self.shop.directory}/data/shop.sqlite?mode=ro", uri=True) as store:
            return store.execute("select * from cart_items").fetchall()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    running = Lab(tmp_path_factory.mktemp("shop"))
    yield running
    running.shop.stop()
    running.issuer.server.shutdown()


def assert_refused(lab, token):
    before = lab.carts()
    for path in ("/api/cart", "/api/orders"):
        read = requests.get(lab.shop.url + path, timeout=30,
                            headers={"Authorization": f"Bearer {token}"})
        assert read.status_code == 401, token
    answer = lab.buy(f"Bearer {token}")
    assert answer.status == 401, answer.data
    assert b"invalid_token" in answer.data or not token
    assert lab.carts() == before


def test_the_shop_takes_the_right_token(lab):
    """The control of all that follows."""
    assert lab.buy("Bearer " + lab.issuer.token(sub="control")).status == 200
    assert [row for row in lab.carts() if "control" in row]


def test_the_shop_believes_no_forger(lab, evil):
    good = lab.issuer.token()
    tried = 0
    for name, token in forgeries(lab.issuer.header(), lab.issuer.claims(), good.split(".")[2],
                                 lab.issuer.jwks, evil.url):
        try:
            assert_refused(lab, token)
        except AssertionError as wrong:
            raise AssertionError(name) from wrong
        tried += 1
    assert tried > 80
    assert evil.requests == [], "nobody asks for keys where a token says"


NOW = int(time.time())
SUBSTITUTED = {
    "an id token": ({"typ": "JWT"}, {"nonce": "n", "aud": "client", "auth_time": NOW}),
    "an id token for us": ({"typ": "JWT"}, {"nonce": "n"}),
    "no typ": ({"typ": None}, {}),
    "a logout token": ({"typ": "logout+jwt"}, {"events": {}}),
    "an introspection": ({"typ": "token-introspection+jwt"}, {}),
    "a security event": ({"typ": "secevent+jwt"}, {}),
    "a proof": ({"typ": "dpop+jwt"}, {}),
    "another audience": ({}, {"aud": "http://books.example"}),
    "other audiences": ({}, {"aud": ["http://books.example", "gw"]}),
    "no audience": ({}, {"aud": None}),
    "an empty audience": ({}, {"aud": ""}),
    "no audiences": ({}, {"aud": []}),
    "an audience that begins as ours": ({}, {"aud": AUDIENCE + ".evil.example"}),
    "an audience with a slash": ({}, {"aud": AUDIENCE + "/"}),
    "an audience in capitals": ({}, {"aud": AUDIENCE.upper()}),
    "an audience within one text": ({}, {"aud": f"{AUDIENCE} http://books.example"}),
    "an audience that is no text": ({}, {"aud": {"a": AUDIENCE}}),
    "another issuer": ({}, {"iss": "http://evil.example"}),
    "no issuer": ({}, {"iss": None}),
    "an issuer with a slash": ({}, {"iss": "{issuer}/"}),
    "an expired one": ({}, {"exp": NOW - 600}),
    "no expiry": ({}, {"exp": None}),
    "an expiry in text": ({}, {"exp": str(NOW + 600)}),
    "an expiry before all time": ({}, {"exp": -1}),
    "an expiry of nothing": ({}, {"exp": [NOW + 600]}),
    "one that is not valid yet": ({}, {"nbf": NOW + 600}),
    "one of tomorrow": ({}, {"iat": NOW + 86400, "nbf": NOW + 86400, "exp": NOW + 90000}),
    "nobody's": ({}, {"sub": None}),
    "an empty subject": ({}, {"sub": ""}),
    "a subject that is a number": ({}, {"sub": 4711}),
    "a critical extension": ({"crit": ["http://x"], "http://x": 1}, {}),
}


@pytest.mark.parametrize("name", SUBSTITUTED)
def test_the_shop_takes_no_other_token_for_its_own(lab, name):
    """Signed by the right key, every one of them."""
    header, claims = SUBSTITUTED[name]
    claims = {key: value.format(issuer=lab.issuer.url) if isinstance(value, str) else value
              for key, value in claims.items()}
    assert_refused(lab, lab.issuer.token(header, **claims))


def test_the_shop_reads_a_token_where_it_belongs(lab):
    """Not from the URL, a cookie or the body, and not when two are shown."""
    token = lab.issuer.token(sub="misplaced")
    before = lab.carts()
    assert lab.buy(f"Bearer {token}", f"Bearer {token}").status in (400, 401)
    for value in (f"Bearer {token}, Bearer {token}", f"Bearer {token} x", f"Basic {token}",
                  f"Token {token}", token, f"Bearer={token}", f"Bearer {token}="):
        assert lab.buy(value).status == 401, value
    url = f"{lab.shop.url}/api/cart/items?access_token={token}&token={token}"
    for more in ({"json": {"product_id": "vase", "access_token": token}},
                 {"data": {"product_id": "vase", "access_token": token}}):
        answer = requests.post(url, timeout=30, cookies={"access_token": token, SESSION: token}, **more)
        assert answer.status_code == 401
    assert lab.carts() == before


# Vestibule itself


class Doors:
    """Everywhere that Vestibule takes a token; each says whether it opened."""

    def __init__(self, server):
        self.server = server
        client = server.bootstrap["client"]
        self.credentials = {"client_id": client["id"], "client_secret": client["secret"]}

    def bearer(self, method, url, token, **more):
        return requests.request(method, url, timeout=30, headers={
            "Authorization": f"Bearer {token}", "Idempotency-Key": encode(token.encode())[-40:]}, **more)

    def token(self, **form):
        return requests.post(self.server.issuer + "/oauth/v2/token", timeout=30,
                             data={**self.credentials, **form})

    def userinfo(self, token):
        return self.bearer("GET", self.server.issuer + "/oidc/v1/userinfo", token).status_code == 200

    def me(self, token):
        return self.bearer("GET", self.server.issuer + "/auth/v1/users/me", token).status_code == 200

    def user_api(self, token):
        return self.bearer("POST", self.server.issuer + "/v2/users", token, json={}).status_code == 200

    def provision(self, token):
        return self.bearer("POST", self.server.application + "/guest/v1/provision",
                           token).status_code in (200, 201)

    def introspection(self, token):
        answer = requests.post(self.server.issuer + "/oauth/v2/introspect", timeout=30,
                               data={**self.credentials, "token": token})
        return answer.status_code == 200 and answer.json()["active"]

    def refresh(self, token):
        return self.token(grant_type="refresh_token", refresh_token=token).status_code == 200

    def code(self, token):
        return self.token(grant_type="authorization_code", code=token, redirect_uri=REDIRECT,
                          code_verifier="x" * 43).status_code == 200

    def subject(self, token):
        return any(self.token(grant_type=EXCHANGE, subject_token=token, subject_token_type=KIND + kind
                              ).status_code == 200 for kind in ("access_token", "jwt", "id_token"))

    def actor(self, token):
        guest = guest_of(self.server).session()["sub"]
        return self.token(grant_type=EXCHANGE, subject_token=guest, actor_token=token,
                          subject_token_type="urn:zitadel:params:oauth:token-type:user_id",
                          actor_token_type=KIND + "access_token", scope="openid").status_code == 200

    def session(self, token):
        return any(Visitor(self.server.application, cookies).session()["signed_in"]
                   for cookies in ({SESSION: token}, {SESSION: token, REFRESH: token}))

    ALL = ["userinfo", "me", "user_api", "provision", "introspection", "refresh", "code", "subject",
           "actor", "session"]

    def opened_by(self, token):
        return {name for name in self.ALL if getattr(self, name)(token)}


@pytest.fixture(scope="module")
def house(tmp_path_factory, upstream):
    """Gateway cookies in the format that holds a JWT, which is the one that could be forged."""
    server = Vestibule(tmp_path_factory.mktemp("house"), application=True, upstream=upstream.url,
                       redirect_uris=[REDIRECT], config={
                           "gateway": {"rules": RULES, "cookie_format": "jwt"}, "limits": LIMITS})
    server.start()
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def tokens(house):
    """One of every kind that there is."""
    client = house.bootstrap["client"]
    _, email = proved_account_of(house)
    browser = Visitor(house.issuer)
    scope = "openid profile email offline_access"
    _, pkce, leaving = sign_in_of(house, browser, email, scope)
    made = redeem(house, client, query_of(leaving.headers["Location"])["code"], pkce).json()
    _, _, again = sign_in_and_stop(house, client["id"], browser=browser, scope=scope)
    guest = guest_of(house)
    exchanged = impersonate(house, guest)
    return {"access": made["access_token"], "id": made["id_token"], "refresh": made["refresh_token"],
            "code": query_of(again.headers["Location"])["code"],
            "exchanged": exchanged, "gateway": guest.cookies[SESSION],
            "gateway refresh": guest.cookies[REFRESH],
            "provider cookie": next(iter(browser.cookies.values())),
            "pat": house.bootstrap["service_account"]["pat"], "guest": guest}


def impersonate(server, guest):
    """A JWT for the guest, by the service account."""
    answer = Doors(server).token(
        grant_type=EXCHANGE, subject_token=guest.session()["sub"],
        subject_token_type="urn:zitadel:params:oauth:token-type:user_id",
        actor_token=server.bootstrap["service_account"]["pat"],
        actor_token_type=KIND + "access_token", requested_token_type=KIND + "jwt",
        scope="openid profile")
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


def sign_in_of(house, browser, email, scope):
    """As sign_in_and_stop, with the password that registrations here have."""
    assert browser.post("/ui/login", data={
        "request": "", "username": email, "password": "violet-harbour-antique-9"}).status_code == 200
    return sign_in_and_stop(house, house.bootstrap["client"]["id"], browser=browser, scope=scope)


# Which doors each kind opens, and no others. With `openid` in its scope a token tells of its own
# subject (OpenID Connect Core 5.3), whoever it is for; a personal one belongs to a service account,
# and is no token of OAuth's for userinfo.
OPENS = {
    "access": {"userinfo", "introspection", "subject"},
    "id": {"subject"},
    "refresh": {"refresh", "introspection"},
    "code": set(),
    "exchanged": {"userinfo", "introspection", "subject"},
    "gateway": {"userinfo"},
    "gateway refresh": set(),
    "provider cookie": set(),
    "pat": {"me", "user_api", "provision", "actor", "introspection"},
}


@pytest.mark.parametrize("kind", OPENS)
def test_each_kind_of_token_opens_its_own_doors(house, tokens, kind):
    assert Doors(house).opened_by(tokens[kind]) == OPENS[kind]


@pytest.mark.parametrize("kind", ["exchanged", "id", "gateway"])
def test_vestibule_believes_no_forger(house, tokens, evil, kind):
    header, claims = decode_jwt(tokens[kind])
    keys = requests.get(house.issuer + "/oauth/v2/keys", timeout=30).text
    doors, before = Doors(house), len(evil.requests)
    guest = tokens["guest"]
    victim = account_of(house).session()["sub"]
    claims = {**claims, "sub": victim}
    for name, token in forgeries(header, claims, tokens[kind].split(".")[2], keys, evil.url):
        # At the doors that this kind opens when it is real, and in the cookie.
        assert not doors.userinfo(token), name
        assert not doors.introspection(token), name
        assert not doors.subject(token), name
        mixed = Visitor(house.application, {**guest.cookies, SESSION: token})
        if "\0" not in token:
            assert mixed.session() == {"signed_in": False}, name
        if kind != "id":
            continue
        hinted = requests.get(house.issuer + authorize_url(
            client_id=house.bootstrap["client"]["id"], response_type="code", redirect_uri=REDIRECT,
            scope="openid", prompt="none", id_token_hint=token, code_challenge="x" * 43,
            code_challenge_method="S256"), timeout=30, allow_redirects=False)
        assert "code=" not in hinted.headers.get("Location", ""), name
    assert len(evil.requests) == before, "nobody asks for keys where a token says"
    assert guest.session()["signed_in"]


def test_the_application_is_given_the_gateways_token_only(house, upstream, tokens):
    """Whatever stands as a token in a browser's request: the application sees the one that fits the
    session, for its own audience."""
    guest = tokens["guest"]
    answer = requests.get(house.application + "/page", timeout=30, cookies=guest.cookies, headers={
        **OWN_PAGE, "Authorization": f"Bearer {tokens['access']}"})
    told, = [value for name, value in answer.json()["headers"] if name == "Authorization"]
    header, claims = decode_jwt(told.removeprefix("Bearer "))
    assert header["typ"] == "at+jwt" and claims["aud"] in (house.application, [house.application])
    assert claims["sub"] == guest.session()["sub"]


@pytest.mark.faketime
def test_an_expired_token_opens_nothing(tmp_path):
    server = Vestibule(tmp_path, redirect_uris=[REDIRECT], config={"limits": LIMITS}).start()
    try:
        token = impersonate(server, guest_of(server))
        doors = Doors(server)
        assert doors.opened_by(token) == OPENS["exchanged"]
        server.stop()
        server.start(environment={**AHEAD, "FAKETIME": "+13h"})  # it lived for twelve
        assert doors.opened_by(token) == set()
    finally:
        server.stop()


def test_a_token_made_of_two_is_neither(house, tokens):
    """Header, claims and signature of different real tokens."""
    names = ("exchanged", "id", "gateway")
    parts = {name: tokens[name].split(".") for name in names}
    doors = Doors(house)
    for a in names:
        for b in names:
            for c in names:
                if a == b == c:
                    continue
                token = f"{parts[a][0]}.{parts[b][1]}.{parts[c][2]}"
                if token in (tokens[name] for name in names):
                    continue
                assert doors.opened_by(token) == set(), (a, b, c)
