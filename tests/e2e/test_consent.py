"""Consent (OpenID Connect Core 3.1.2.4): whom a client that asks may learn of, and how that ends."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests

from browser import Browser
from people import (PASSWORD, REDIRECT, add_user, ask, change_client, redeem, sign_in_and_stop,
                    userinfo)
from vestibule_process import Vestibule
from visitor import NAVIGATION, Pkce, Visitor, hidden_field, query_of

CONTINUE = "/oauth/v2/authorize/continue"
FOREIGN = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


class Application:
    """What a browser comes back to."""

    def __init__(self):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"<p id=arrived>arrived</p>")

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.redirect = f"http://127.0.0.1:{self.server.server_address[1]}/callback"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def application():
    running = Application()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def house(tmp_path_factory, application):
    """A server with a client that has to ask, and people who may be asked."""
    server = Vestibule(tmp_path_factory.mktemp("house"), redirect_uris=[REDIRECT],
                       config={"limits": {"sign_ins_per_minute": 100000}})
    server.bootstrap
    server.people = iter(range(1000))
    added = json.loads(server.command("clients", "add", "--json", "--name", "Stranger <i>",
                                      "--redirect-uri", REDIRECT,
                                      "--redirect-uri", application.redirect).stdout)
    server.stranger = {"id": added["client_id"], "secret": added["secret"]}
    change_client(server, added["client_id"], consent="asked",
                  logo_uri="https://stranger.example/logo.png",
                  policy_uri="https://stranger.example/policy",
                  tos_uri="javascript:alert(1)")
    server.start()
    yield server
    assert server.stop() == 0


@pytest.fixture
def person(house):
    name = f"person{next(house.people)}"
    add_user(house, {"preferred_username": name, "email": f"{name}@people.example"})
    return name


def arrive(house, person, browser=None, **changes):
    """(browser, pkce, answer) with the consent page, or where else the sign-in led."""
    return sign_in_and_stop(house, house.stranger["id"], person, browser, **changes)


def decide(browser, page, decision, **changes):
    return browser.post(CONTINUE, data={"consent": hidden_field(page.text, "consent"),
                                        "decision": decision}, **changes)


def assert_asked(answer):
    assert answer.status_code == 200 and 'id="consent-allow"' in answer.text, answer.text


def test_the_page_names_the_client_and_what_it_asks_for(house, person):
    _, _, page = arrive(house, person, scope="openid email offline_access",
                        claims='{"id_token":{"picture":null}}')
    assert_asked(page)
    assert "Stranger &lt;i&gt;" in page.text and person in page.text
    for sentence in ("your e-mail address", "while you are away", "See your picture"):
        assert sentence in page.text
    assert "your postal address" not in page.text
    assert 'href="https://stranger.example/policy"' in page.text and "javascript" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "img-src 'self' data: https://stranger.example;" in policy
    assert "no-store" in page.headers["Cache-Control"]
    assert page.headers["X-Frame-Options"] == "DENY"


def test_a_get_never_consents(house, person):
    browser, _, page = arrive(house, person)
    token = hidden_field(page.text, "consent")
    answer = browser.get(f"{CONTINUE}?consent={token}&decision=allow", headers=NAVIGATION)
    assert answer.status_code == 400
    _, _, again = arrive(house, person, browser)
    assert_asked(again)


def test_consent_needs_its_own_page_session_and_origin(house, person):
    browser, _, page = arrive(house, person)
    assert decide(browser, page, "allow", headers=FOREIGN).status_code == 403
    assert decide(browser, page, "perhaps").status_code == 400
    assert decide(Visitor(house.issuer), page, "allow").status_code == 400
    assert browser.post(CONTINUE, data={"decision": "allow"}).status_code == 400
    assert browser.post(CONTINUE, data={"decision": "allow", "consent": "x"}).status_code == 400
    # A sealed request is no consent.
    away = Visitor(house.issuer).get(ask(house.stranger["id"], Pkce()), headers=NAVIGATION)
    request = query_of(away.headers["Location"])["request"]
    for form in ({"consent": request}, {"request": request}):
        assert browser.post(CONTINUE, data={"decision": "allow", **form}).status_code == 400
    other, _, _ = arrive(house, person)
    assert decide(other, page, "allow").status_code == 400
    _, _, silent = arrive(house, person, other, prompt="none")
    assert query_of(silent.headers["Location"])["error"] == "consent_required"


def test_a_refusal_goes_back_to_the_client_and_is_not_remembered(house, person):
    browser, _, page = arrive(house, person)
    answer = decide(browser, page, "deny")
    query = query_of(answer.headers["Location"])
    assert query["error"] == "access_denied" and query["state"] == "st"
    assert query["iss"] == house.issuer
    _, _, again = arrive(house, person, browser)
    assert_asked(again)


def test_the_sign_in_page_can_be_cancelled(house):
    browser = Visitor(house.issuer)
    away = browser.get(ask(house.stranger["id"], Pkce()), headers=NAVIGATION)
    page = browser.get(away.headers["Location"], headers=NAVIGATION)
    assert 'id="login-cancel"' in page.text and "Stranger &lt;i&gt;" in page.text
    assert 'href="https://stranger.example/policy"' in page.text
    form = {"request": hidden_field(page.text, "request"), "decision": "deny"}
    assert browser.post(CONTINUE, data=form, headers=FOREIGN).status_code == 403
    query = query_of(browser.post(CONTINUE, data=form).headers["Location"])
    assert query["error"] == "access_denied" and query["state"] == "st"


def test_consent_is_remembered_for_what_was_allowed(house, person):
    browser, pkce, page = arrive(house, person, scope="openid email")
    answer = decide(browser, page, "allow")
    code = query_of(answer.headers["Location"])["code"]
    assert redeem(house, house.stranger, code, pkce).status_code == 200
    for scope in ("openid email", "openid"):
        _, _, silent = arrive(house, person, browser, scope=scope, prompt="none")
        assert "code" in query_of(silent.headers["Location"])
    _, _, more = arrive(house, person, browser, scope="openid email phone", prompt="none")
    assert query_of(more.headers["Location"])["error"] == "consent_required"
    _, _, asked = arrive(house, person, browser, scope="openid email", prompt="consent")
    assert_asked(asked)
    answer = decide(browser, asked, "allow")
    assert "code" in query_of(answer.headers["Location"])


def test_a_consent_that_is_taken_back_ends_what_came_of_it(house, person):
    browser, pkce, page = arrive(house, person, scope="openid offline_access", prompt="consent")
    code = query_of(decide(browser, page, "allow").headers["Location"])["code"]
    tokens = redeem(house, house.stranger, code, pkce).json()
    assert userinfo(house, tokens["access_token"]).status_code == 200
    listed = browser.get("/ui/applications", headers=NAVIGATION)
    assert "Stranger &lt;i&gt;" in listed.text and "while you are away" in listed.text
    form = {"client": house.stranger["id"]}
    assert browser.post("/ui/applications", data=form, headers=FOREIGN).status_code == 403
    assert Visitor(house.issuer).post("/ui/applications", data=form).status_code == 303
    assert userinfo(house, tokens["access_token"]).status_code == 200
    assert browser.post("/ui/applications", data=form).status_code == 303
    assert "Stranger" not in browser.get("/ui/applications", headers=NAVIGATION).text
    assert userinfo(house, tokens["access_token"]).status_code == 401
    refreshed = requests.post(house.issuer + "/oauth/v2/token", timeout=20, data={
        "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"],
        "client_id": house.stranger["id"], "client_secret": house.stranger["secret"]})
    assert refreshed.json()["error"] == "invalid_grant"
    _, _, again = arrive(house, person, browser)
    assert_asked(again)


@pytest.mark.browser
def test_a_person_allows_a_stranger(house, person, application, screenshots):
    with Browser(house.issuer, width=420, height=900) as browser:
        browser.open(ask(house.stranger["id"], Pkce(), redirect_uri=application.redirect,
                         scope="openid profile email offline_access"))
        browser.screenshot(screenshots, "sign-in-for-a-stranger")
        browser.by_id("username").send_keys(person)
        browser.by_id("password").send_keys(PASSWORD)
        browser.by_id("login-submit").click()
        assert browser.by_id("client-name").text == "Stranger <i>"
        assert len(browser.by_id("consent-words").find_elements("tag name", "li")) == 4
        browser.screenshot(screenshots, "consent")
        browser.by_id("consent-allow").click()
        browser.by_id("arrived")
        assert "code=" in browser.driver.current_url
        browser.open("/ui/applications")
        browser.screenshot(screenshots, "applications")
        browser.click("application-remove")
        browser.by_id("applications-none")
