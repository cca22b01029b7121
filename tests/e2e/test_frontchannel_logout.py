"""OpenID Connect Front-Channel Logout 1.0: frames in a real Chromium, and what the page allows."""

import re
import threading
import time
from urllib.parse import urlencode

import pytest
import requests

from browser import Browser
from relying_party import RelyingParty, SignedIn, start_provider
from visitor import NAVIGATION, Pkce, Visitor, authorize_url

PAGE = "frontchannel_logout"


@pytest.fixture(scope="module")
def relying_party():
    running = RelyingParty()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def provider(tmp_path_factory, relying_party):
    running = start_provider(tmp_path_factory.mktemp("frontchannel"), relying_party)
    yield running
    assert running.stop() == 0


@pytest.fixture(autouse=True)
def fresh(relying_party):
    relying_party.forget()


def end_session(signed_in, relying_party, **changes):
    parameters = {"id_token_hint": signed_in.tokens["id_token"], "state": "a b&c",
                  "post_logout_redirect_uri": relying_party.uri("post_logout_redirect"), **changes}
    return "/oidc/v1/end_session?" + urlencode(
        {name: value for name, value in parameters.items() if value is not None})


def test_discovery_says_so(provider):
    document = requests.get(provider.issuer + "/.well-known/openid-configuration", timeout=5).json()
    assert document["frontchannel_logout_supported"] is True
    assert document["frontchannel_logout_session_supported"] is True


def test_only_clients_of_the_session_are_framed(provider, relying_party):
    signed_in = SignedIn(provider, relying_party, client="client")
    answer = signed_in.browser.get(end_session(signed_in, relying_party), headers=NAVIGATION)
    assert answer.headers["Location"].startswith(relying_party.uri("post_logout_redirect"))


def test_the_page_frames_the_client_and_nobody_else(provider, relying_party):
    signed_in = SignedIn(provider, relying_party, client="frontchannel")
    page = signed_in.browser.get(end_session(signed_in, relying_party), headers=NAVIGATION)
    assert page.status_code == 200 and "Location" not in page.headers
    assert page.text.count("<iframe") == 1
    policy = dict(part.strip().partition(" ")[::2]
                  for part in page.headers["Content-Security-Policy"].split(";"))
    assert policy["frame-src"] == relying_party.url
    assert policy["default-src"] == "'none'" and "unsafe" not in policy["script-src"]
    assert policy["frame-ancestors"] == "'none'"
    # Where scripts do not run, the browser goes on by itself; where they do, nothing else leads on.
    assert re.search(r'<noscript><meta http-equiv="refresh" content="\d; url=%s"></noscript>' % re.escape(
        relying_party.uri("post_logout_redirect") + "?state=a%20b%26c"), page.text)
    assert "Refresh" not in page.headers
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "vestibule-provider" not in signed_in.browser.cookies


def test_an_unregistered_place_to_return_to_frames_nothing(provider, relying_party):
    signed_in = SignedIn(provider, relying_party, client="frontchannel")
    page = signed_in.browser.get(
        end_session(signed_in, relying_party, post_logout_redirect_uri="https://evil.example/"),
        headers=NAVIGATION)
    assert page.status_code == 400 and "<iframe" not in page.text
    assert signed_in.userinfo().status_code == 200


def sign_in_with(browser, provider, relying_party):
    """In Chromium, and in its cookie jar a session that `SignedIn` redeems tokens of."""
    made = provider.bootstrap["conformance"]
    client = made["clients"]["frontchannel"]
    browser.open(authorize_url(
        client_id=client["client_id"], response_type="code", scope="openid",
        redirect_uri=relying_party.uri("callback"), code_challenge=Pkce().challenge,
        code_challenge_method="S256"))
    browser.by_id("username").send_keys(made["user"]["login_name"])
    browser.by_id("password").send_keys(made["user"]["password"])
    browser.by_id("login-submit").click()
    relying_party.wait_at("callback")
    cookies = {name: cookie["value"] for name, cookie in browser.cookies().items()}
    return SignedIn(provider, relying_party, client="frontchannel",
                    browser=Visitor(provider.issuer, cookies))


@pytest.mark.browser
def test_chromium_loads_the_frame_and_then_comes_back(provider, relying_party):
    with Browser(provider.issuer) as browser:
        signed_in = sign_in_with(browser, provider, relying_party)
        browser.open(end_session(signed_in, relying_party))
        back = relying_party.wait_at("post_logout_redirect")[0]
        assert back["query"] == {"state": ["a b&c"]}
        (framed,) = relying_party.at(PAGE)
        assert framed["query"] == {"iss": [provider.issuer], "sid": [signed_in.claims["sid"]]}
        assert framed["at"] <= back["at"]


@pytest.mark.browser
def test_a_frame_that_hangs_does_not_hold_the_person(provider, relying_party):
    release = threading.Event()
    with Browser(provider.issuer) as browser:
        signed_in = sign_in_with(browser, provider, relying_party)
        relying_party.statuses[:] = [lambda: release.wait(20) and None]
        started = time.monotonic()
        browser.driver.execute_script(
            "location.href = arguments[0]", provider.issuer + end_session(signed_in, relying_party))
        relying_party.wait_at("post_logout_redirect")
        assert time.monotonic() - started < 15
        release.set()


@pytest.mark.browser
def test_without_a_place_to_go_the_page_stays(provider, relying_party):
    with Browser(provider.issuer) as browser:
        signed_in = sign_in_with(browser, provider, relying_party)
        browser.open(end_session(signed_in, relying_party, post_logout_redirect_uri=None))
        assert browser.by_id("message").text == "You are signed out."
        assert browser.by_id("logout-continue").get_attribute("href").startswith(
            provider.application)
        assert len(relying_party.wait_at(PAGE)) == 1
