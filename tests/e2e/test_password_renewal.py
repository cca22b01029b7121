"""A password that somebody else chose (ZITADEL's changeRequired) is replaced at the next sign-in."""

import time

import pytest
import requests

from test_provider_http import authorization, redeem
from visitor import NAVIGATION, Pkce, Visitor, authorize_url, hidden_field, query_of
from zitadel_operations import USERS

GIVEN = "Initial-Password-1!"
OWN = "harbour-antique-saffron-9"


class Person:
    """An account whose password an administrator has set."""

    def __init__(self, server, change_required=True):
        self.server = server
        self.name = f"new-{time.time_ns()}@renewal.example"
        made = self.rpc("CreateUser", {
            "organizationId": server.bootstrap["organization_id"], "username": self.name,
            "human": {"profile": {"givenName": "New", "familyName": "Person"},
                      "email": {"email": self.name, "isVerified": True},
                      "password": {"password": GIVEN, "changeRequired": change_required}}})
        assert made.status_code == 200, made.text
        self.id = made.json()["id"]

    def rpc(self, procedure, body):
        return requests.post(self.server.issuer + USERS + procedure, json=body, timeout=20,
                             headers=self.server.admin_headers())

    def must_change(self):
        user = self.rpc("GetUserByID", {"userId": self.id}).json()["user"]
        return user["human"].get("passwordChangeRequired", False)

    def sign_in(self, browser, password, request=""):
        return browser.post("/ui/login", data={"username": self.name, "password": password,
                                               "request": request})

    def renew(self, browser, new, password=GIVEN, request="", name=None):
        return browser.post("/ui/renewal", data={
            "username": self.name if name is None else name, "password": password,
            "new_password": new, "request": request})


@pytest.fixture
def person(server):
    return Person(server)


def is_signed_in(browser):
    return browser.get("/ui/applications").status_code == 200


def test_the_next_sign_in_asks_for_a_password_of_ones_own(server, person):
    assert person.must_change()
    browser = Visitor(server.issuer)
    page = person.sign_in(browser, GIVEN)
    assert page.status_code == 200 and 'action="/ui/renewal"' in page.text
    assert not browser.cookies and "no-store" in page.headers["Cache-Control"]
    done = person.renew(browser, OWN)
    assert done.status_code in (200, 303), done.text
    assert browser.cookies and not person.must_change()
    again = Visitor(server.issuer)
    assert person.sign_in(again, GIVEN).status_code == 401
    assert person.sign_in(again, OWN).status_code in (200, 303) and again.cookies


def test_the_authorization_request_goes_on_afterwards(server, person):
    client = server.bootstrap["client"]
    browser = Visitor(server.issuer)
    pkce = Pkce()
    leaving = browser.get(authorize_url(**authorization(client, pkce)), headers=NAVIGATION)
    request = query_of(leaving.headers["Location"])["request"]
    page = person.sign_in(browser, GIVEN, request)
    assert hidden_field(page.text, "request") == request
    done = person.renew(browser, OWN, request=request)
    assert done.status_code == 303, done.text
    back = browser.get(done.headers["Location"], headers=NAVIGATION)
    tokens = redeem(server, client, query_of(back.headers["Location"])["code"], pkce)
    assert tokens.status_code == 200, tokens.text


@pytest.mark.parametrize("new,password,status", [
    (OWN, "wrong", 401), (OWN, "", 401), (GIVEN, GIVEN, 422), ("short", GIVEN, 422),
    ("password1234", GIVEN, 422), ("", GIVEN, 422), ("x" * 600, GIVEN, 401),
], ids=str)
def test_what_is_refused_changes_nothing(server, person, new, password, status):
    browser = Visitor(server.issuer)
    page = person.renew(browser, new, password)
    assert page.status_code == status, page.text
    assert not browser.cookies and person.must_change()


def test_nobody_renews_for_others(server, person):
    browser = Visitor(server.issuer)
    assert person.renew(browser, OWN, name="nobody@renewal.example").status_code == 401
    assert person.renew(browser, OWN, name="").status_code == 401
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        refused = requests.post(server.issuer + "/ui/renewal", timeout=20, headers=headers, data={
            "username": person.name, "password": GIVEN, "new_password": OWN})
        assert refused.status_code == 403
    assert person.must_change()


def test_whoever_chose_the_password_is_not_asked(server):
    person = Person(server, change_required=False)
    assert not person.must_change()
    browser = Visitor(server.issuer)
    assert "/ui/renewal" not in person.sign_in(browser, GIVEN).text and browser.cookies
    due = {"password": GIVEN[::-1], "changeRequired": True}
    assert person.rpc("SetPassword", {"userId": person.id, "newPassword": due}).status_code == 200
    assert person.must_change()
    plain = {"password": GIVEN + "x"}
    assert person.rpc("SetPassword", {"userId": person.id, "newPassword": plain}).status_code == 200
    assert not person.must_change()
