"""Attacks by requests that another site causes or words: CSRF on everything that changes something,
open redirects, and text that tries to become a header or a line of the log."""

import itertools
import json
import re

import pytest
import requests
import yaml

from browser import Browser
from evil_site import EvilSite
from stored import difference, image
from test_ticket import REFUSED, REFUSED_IDS, filled
from vestibule_process import ROOT, wait_for
from visitor import (NAVIGATION, OWN_PAGE, PASSWORD, SESSION, Visitor, account_of, guest_of,
                     new_email, newest_link, proved_account_of, set_cookies, sign_in)

SOURCE = ROOT / "src"
OPENAPI = yaml.safe_load((ROOT / "docs/reference/openapi.yaml").read_text())
UPGRADE = {"given_name": "Jane", "family_name": "Doe", "password": PASSWORD}


# CSRF, the gateway's API: every call of openapi.yaml that changes something by cookie


def by_browsers():
    for path, item in OPENAPI["paths"].items():
        for method in ("post", "put", "delete", "patch"):
            if method in item and {"serviceAccount": []} not in item[method].get("security", []):
                yield method.upper(), "/guest/v1" + path


def undecided(gateway):
    """Signed in, with a guest to decide about."""
    _, email = proved_account_of(gateway)
    visitor = guest_of(gateway)
    assert sign_in(gateway, visitor, email).headers["Location"] == "/guest/v1/choice"
    return visitor


def unproved(gateway):
    email = new_email()
    visitor = account_of(gateway, email)
    return visitor, newest_link(gateway, email, "proof")


def make_proof(gateway):
    visitor, token = unproved(gateway)
    return visitor, {"token": token}


# Who is attacked, with the form that would work, and the status with which it does.
ATTACKED = {
    ("POST", "/guest/v1/session"): (lambda gateway: (Visitor(gateway.application), {}), 201),
    ("DELETE", "/guest/v1/session"): (lambda gateway: (guest_of(gateway), {}), 204),
    ("POST", "/guest/v1/upgrade"): (
        lambda gateway: (guest_of(gateway), {**UPGRADE, "email": new_email()}), 303),
    ("POST", "/guest/v1/logout"): (lambda gateway: (account_of(gateway), {}), 204),
    ("POST", "/guest/v1/login"): (lambda gateway: (guest_of(gateway), {"merge": "1"}), 303),
    ("POST", "/guest/v1/choice"): (lambda gateway: (undecided(gateway), {"choice": "discard"}), 303),
    ("POST", "/guest/v1/proof"): (make_proof, 200),
}


def test_every_call_of_the_document_is_attacked():
    assert set(by_browsers()) == set(ATTACKED)


@pytest.mark.parametrize("method, path", ATTACKED)
def test_another_sites_page_changes_nothing(gateway, method, path):
    """The cookies are sent along: by a sibling of the site, or an old browser."""
    make, works = ATTACKED[method, path]
    visitor, form = make(gateway)
    before = image(gateway)
    for headers in REFUSED:
        foreign = visitor.copy()
        answer = foreign.request(method, path, data=form, headers=filled(gateway, headers))
        assert answer.status_code == 403 and answer.json()["error"] == "cross_site", headers
        assert set_cookies(answer) == {} and "Location" not in answer.headers
        assert foreign.cookies == visitor.cookies
    assert difference(before, image(gateway)) == []
    done = visitor.request(method, path, data=form)
    assert done.status_code == works, done.text
    assert difference(before, image(gateway)) or set_cookies(done)


# CSRF, the provider: every route of the sources that takes more than GET

CONSTANTS = dict(re.findall(r'(\w+) = "(/[^"]+)"', (SOURCE / "oauth/discovery.h").read_text()))
BROWSER_FORMS = {
    "/ui/login", "/ui/register", "/ui/forgot", "/ui/reset", "/ui/renewal", "/ui/applications",
    "/ui/proof", "/device", "/device/decision", CONSTANTS["authorize_continue"],
}
# Asks before it does anything, with a sealed form that only its own page can send; see
# test_end_session.py. A foreign POST of an authorization request is what OpenID Connect Core 3.1.2.1
# allows; it changes nothing before the person signs in.
ASK_FIRST = {CONSTANTS["end_session"], CONSTANTS["authorize"]}
# Authenticated by what the request itself carries; a cookie means nothing to them.
BY_CREDENTIALS = {
    "POST": {CONSTANTS[name] for name in ("token", "introspect", "revoke", "par", "userinfo",
                                          "device_authorization")},
    "PUT": set(), "DELETE": set(), "PATCH": set(),
}
# Dynamic registration: by anybody or by a token, as configured (test_registration.py).
OPEN_TO_ALL = {CONSTANTS["registration"]}


def routes_of_the_sources():
    """(method, path) of every route that is no GET, but for the table of the ZITADEL API."""
    found = set()
    for file in [*(SOURCE / "provider").glob("*.cpp"), *(SOURCE / "web").glob("*.cpp")]:
        text = file.read_text()
        for method, path in re.findall(r'"(POST|PUT|DELETE|PATCH)",\s*("/[^"]*"|oauth::paths::\w+)', text):
            found.add((method, path.strip('"') if path.startswith('"')
                       else CONSTANTS[path.rpartition(":")[2]]))
        for loop in re.finditer(r'for \(const char\* method : \{([^}]*)\}\)(.*?)\n  }', text, re.S):
            name = re.search(r"oauth::paths::(\w+)", loop[2])
            found |= {(method, CONSTANTS[name[1]])
                      for method in re.findall(r"POST|PUT|DELETE|PATCH", loop[1])}
        if file.stem == "registration_endpoint":
            found |= {(method, CONSTANTS["registration"]) for method in
                      re.findall(r'route\("(POST|PUT|DELETE|PATCH)"', text)}
    return found


def test_every_route_of_the_provider_is_attacked():
    known = {("POST", path) for path in BROWSER_FORMS | ASK_FIRST}
    known |= {(method, path) for method, paths in BY_CREDENTIALS.items() for path in paths}
    known |= {(method, path) for method in ("POST", "PUT", "DELETE") for path in OPEN_TO_ALL}
    found = routes_of_the_sources()
    assert len(found) > 15
    assert found == known


@pytest.fixture(scope="module")
def admins_browser(gateway):
    """Signed in at the provider, as whoever an attacker would most like to be."""
    browser = Visitor(gateway.issuer)
    admin = gateway.bootstrap["admin"]
    answer = browser.post("/ui/login", data={
        "request": "", "username": admin["login_name"], "password": admin["password"]})
    assert answer.status_code == 200 and browser.cookies
    return browser


@pytest.fixture(scope="module")
def link(gateway):
    """Of a mail, which another site cannot know; even so."""
    return unproved(gateway)[1]


# Good values for whatever a form asks; no form takes all of them.
EVERYTHING = {"username": "admin", "new_password": "saffron-lantern-meadow-4", "decision": "allow",
              "email": "victim@example.com", "given_name": "A", "family_name": "B",
              "user_code": "AAAA-AAAA", "client_id": "1", "choice": "discard"}


@pytest.mark.parametrize("headers", [case for case in REFUSED if "same-origin" not in case.values()],
                         ids=[name for case, name in zip(REFUSED, REFUSED_IDS)
                              if "same-origin" not in case.values()])
def test_another_sites_page_sends_no_form_to_the_provider(gateway, admins_browser, link, headers):
    admin = gateway.bootstrap["admin"]
    form = {**EVERYTHING, "password": admin["password"], "token": link}
    before = image(gateway)
    for path in sorted(BROWSER_FORMS):
        for visitor in (admins_browser.copy(), Visitor(gateway.issuer)):
            answer = visitor.post(path, data=form, headers=filled(gateway, headers))
            assert answer.status_code == 403, path
            assert set_cookies(answer) == {} and "Location" not in answer.headers, path
    assert difference(before, image(gateway)) == []


@pytest.mark.parametrize("site", ["cross-site", "same-origin"])
def test_a_cookie_is_no_credential_where_credentials_are_asked_for(gateway, admins_browser, site):
    """Neither is whoever runs a script on our own page of the provider."""
    headers = {"Sec-Fetch-Site": site, "Origin": "https://evil.example"}
    guest = guest_of(gateway)
    calls = [(method, gateway.issuer + path) for method, paths in BY_CREDENTIALS.items()
             for path in paths]
    calls += [("POST", gateway.issuer + path) for path in (
        "/zitadel.user.v2.UserService/DeleteUser", "/zitadel.user.v2.UserService/SetPassword",
        "/v2/users/1/deactivate", "/admin/v1/members")]
    calls += [("PUT", gateway.issuer + "/v2/policies/security"),
              ("DELETE", gateway.issuer + "/v2/users/1"),
              ("POST", gateway.application + "/guest/v1/provision"),
              ("POST", gateway.application + "/guest/v1/merges/1/ack")]
    body = {"userId": guest.session()["sub"], "client_id": gateway.bootstrap["client"]["id"],
            "grant_type": "client_credentials", "token": "x"}
    before = image(gateway)
    for method, url in calls:
        cookies = {**admins_browser.cookies, **guest.cookies}
        for more in ({"json": body}, {"data": body}):
            answer = requests.request(method, url, headers={**headers, "Idempotency-Key": "csrf"},
                                      cookies=cookies, timeout=30, allow_redirects=False, **more)
            assert answer.status_code in (400, 401, 403, 415), (url, answer.text)
            assert "Set-Cookie" not in answer.headers
    assert difference(before, image(gateway)) == []


# A cross-site POST that would overwrite a session, in a real browser

EVIL_FORM = """<iframe name=sink{number}></iframe>
<form method=post target=sink{number} action="{url}" enctype="{kind}">{fields}</form>"""
ARRIVED = """return Array.from({length: window.length}, (_, i) => window[i]).every(frame => {
  try { return frame.location.href !== 'about:blank' } catch (e) { return true } })"""


@pytest.fixture(scope="module")
def chromium(gateway):
    with Browser(gateway.application) as browser:
        yield browser


@pytest.fixture
def evil():
    site = EvilSite()
    yield site
    site.stop()


@pytest.mark.browser
def test_chromium_overwrites_no_session_for_another_site(gateway, upstream, chromium, evil):
    """127.0.0.1 is another site than localhost: the page of the attacker's, with the forms that
    browsers send without asking. The person's guest stays theirs, whatever they visit."""
    chromium.open("/")
    status, text = chromium.fetch("POST", "/guest/v1/session")
    assert status == 201
    sub, kept = json.loads(text)["sub"], chromium.cookies()[SESSION]["value"]
    before = image(gateway, ["users", "sessions", "merges"])
    number = len(upstream.requests)
    fields = "".join(f'<input name="{name}" value="{value}">' for name, value in {
        **UPGRADE, "email": "attacker@example.com", "merge": "1", "choice": "discard"}.items())
    paths = ["/guest/v1/session", "/guest/v1/logout", "/guest/v1/upgrade", "/guest/v1/login",
             "/guest/v1/choice", "/guest/v1/proof", "/api/cart/items", "/api/orders"]
    kinds = ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"]
    forms = [EVIL_FORM.format(number=number, url=gateway.application + path, kind=kind, fields=fields)
             for number, (path, kind) in enumerate(itertools.product(paths, kinds))]
    evil.page = ("<!doctype html>" + "".join(forms) +
                 "<script>for (const form of document.forms) form.submit()</script>")
    chromium.open(evil.url)
    chromium.wait(lambda: chromium.driver.execute_script(ARRIVED), "the answers to the forms")
    chromium.open("/")
    assert chromium.cookies()[SESSION]["value"] == kept
    assert json.loads(chromium.fetch("GET", "/guest/v1/session")[1])["sub"] == sub
    assert difference(before, image(gateway, ["users", "sessions", "merges"])) == []
    # What the application itself does about foreign forms is its own; it is told of nobody.
    foreign = [seen for seen in upstream.requests[number:] if seen["path"].startswith("/api/")]
    assert foreign and not [seen for seen in foreign if "Authorization" in str(seen["headers"])]


# Open redirect

EVIL = [
    "https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example",
    "\\\\evil.example", "\\/evil.example", "/\t/evil.example", "\t//evil.example",
    "/\n/evil.example", "/\r/evil.example", " //evil.example", "https:evil.example",
    "https:/evil.example", "hTtPs://evil.example", "javascript:alert(1)", "java\tscript:alert(1)",
    "data:text/html,x", "@evil.example", ".evil.example", ":80@evil.example", "/%2f/evil.example",
    "/%5cevil.example", "/%09/evil.example", "/..//evil.example", "/./\\evil.example",
    "/;@evil.example", "/ /evil.example", "\u3002evil.example", "/\u2028/evil.example",
    "\u00a0//evil.example", "/%0d%0aLocation:%20https://evil.example", "blob:https://evil.example/x",
    "http://localhost@evil.example", "/guest/v1/logout", "/guest/v1/login?return_to=//evil.example",
    "?//evil.example", "#//evil.example", "/#//evil.example", "/?next=//evil.example",
]


def places_led_to(gateway, wish):
    """Every Location that the gateway gives for this wish of where to return to."""
    leaving = [guest_of(gateway).post("/guest/v1/logout", data={"return_to": wish}),
               guest_of(gateway).post("/guest/v1/upgrade", data={
                   **UPGRADE, "email": new_email(), "return_to": wish})]
    # The callback's answer to a sign-in that was given up leads back as well.
    began = Visitor(gateway.application)
    location = began.post("/guest/v1/login", json={"return_to": wish}).json()["location"]
    state = re.search(r"state=([^&]+)", location)[1]
    page = began.get(f"/guest/v1/callback?error=access_denied&state={state}", headers=NAVIGATION)
    assert page.status_code == 200
    yield from re.findall(r'(?:href|action|src)="([^"]*)"', page.text)
    asked = Visitor(gateway.application).get(
        "/guest/v1/login", params={"return_to": wish},
        headers={**NAVIGATION, "Sec-Fetch-Site": "cross-site"})
    yield from re.findall(r'(?:href|action|src|value)="([^"]*)"', asked.text)
    for answer in leaving:
        if answer.status_code == 400:  # not a text that a form may hold
            continue
        assert answer.status_code == 303, answer.text
        yield answer.headers["Location"]


@pytest.mark.browser
def test_nothing_that_names_a_place_leads_elsewhere(gateway, chromium):
    """The places as Chromium reads them: a parser of ours could agree with our own mistake."""
    _, email = proved_account_of(gateway)
    led = {}
    for wish in EVIL:
        led[wish] = list(places_led_to(gateway, wish))
    for wish in EVIL[::6]:  # the whole way, from the button to the page that one comes back to
        visitor = Visitor(gateway.application)
        led[wish].append(sign_in(gateway, visitor, email, return_to=wish).headers["Location"])
    own = {gateway.application, gateway.issuer}
    chromium.open("/")
    for wish, places in led.items():
        assert places, wish
        for place in places:
            origin = chromium.driver.execute_script(
                "return new URL(arguments[0], arguments[1]).origin", place,
                gateway.application + "/guest/v1/callback")
            assert origin in own, (wish, place)
            assert not place.startswith("/guest/v1/logout"), wish
    # The control: a place of the application's own is led to.
    wish = "/checkout?step=2"
    assert wish in list(places_led_to(gateway, wish))


@pytest.mark.parametrize("evil", ["https://evil.example/", "//evil.example", "/\\evil.example",
                                  "javascript:alert(1)"])
def test_the_providers_parameters_lead_nowhere_else(gateway, evil):
    """`request`, `resume` and `token` are sealed or stored: what another wrote goes nowhere.
    redirect_uri: test_provider_http.py; post_logout_redirect_uri: test_end_session.py."""
    admin = gateway.bootstrap["admin"]
    browser = Visitor(gateway.issuer)
    form = {"request": evil, "username": admin["login_name"], "password": admin["password"],
            "return_to": evil, "redirect_uri": evil, "next": evil}
    signed_in = browser.post("/ui/login", data=form)
    answers = [signed_in, browser.post("/ui/applications", data={"client_id": "1", "request": evil})]
    for path in ("/ui/login", "/ui/register", "/ui/forgot", "/ui/proof", "/ui/reset", "/device",
                 "/device/confirm", "/oauth/v2/authorize/continue", "/oidc/v1/end_session",
                 "/ui/applications"):
        answers.append(browser.get(path, headers=NAVIGATION, params={
            "request": evil, "resume": evil, "token": evil, "return_to": evil, "next": evil,
            "redirect_uri": evil, "continue": evil, "state": evil}))
    assert any(answer.status_code == 200 for answer in answers)
    for answer in answers:
        place = answer.headers.get("Location", "/")
        assert place.startswith(("/ui/", "/oauth/", "/device", gateway.issuer)) or place == "/", place
        for link in re.findall(r'(?:href|action|src)="([^"]*)"', answer.text):
            assert not link.startswith(("https://evil", "//evil", "/\\evil", "javascript:")), link


# Text that wants to be a header, or a line of the log

SPLITTING = ["x\r\nSet-Cookie: injected=1", "x\nSet-Cookie: injected=1", "x\rSet-Cookie: injected=1",
             "x\r\n\r\n<script>injected</script>", "x\u560d\u560aSet-Cookie: injected=1",
             "x\u2028injected\u2029", "x\0injected", "\x1b[2Jinjected"]


@pytest.mark.parametrize("text", SPLITTING, ids=repr)
def test_no_text_becomes_a_header_or_a_line_of_the_log(gateway, text):
    written = gateway.log.stat().st_size
    names = ["given_name", "family_name", "email", "password", "return_to", "login_hint", "choice",
             "token", "merge", "state", "code", "error", "request", "username", "user_code"]
    for name in names:
        for origin, calls in (
                (gateway.application, [("POST", "upgrade"), ("POST", "login"), ("POST", "logout"),
                                       ("POST", "choice"), ("POST", "proof"), ("GET", "login"),
                                       ("GET", "callback"), ("GET", "proof")]),
                (gateway.issuer, [("POST", "/ui/login"), ("POST", "/ui/register"),
                                  ("POST", "/ui/forgot"), ("GET", "/ui/login"),
                                  ("GET", "/oauth/v2/authorize"), ("GET", "/device")])):
            for method, path in calls:
                url = origin + (path if path.startswith("/") else "/guest/v1/" + path)
                fields = {"client_id": gateway.bootstrap["client"]["id"], name: text}
                answer = requests.request(
                    method, url, timeout=30, allow_redirects=False,
                    headers={**OWN_PAGE, "Accept": "text/html"},
                    **({"params": fields} if method == "GET" else {"data": fields}))
                # A place to go to may carry it, encoded; a field of its own it is not.
                assert not [name for name in set_cookies(answer) if "injected" in name]
                assert text not in answer.headers.get("Location", "")
                assert "<script>injected" not in answer.text
    wait_for(lambda: gateway.log.stat().st_size > written, "lines in the log")
    lines = gateway.log.read_bytes()[written:].split(b"\n")
    assert not [line for line in lines if line.startswith((b"Set-Cookie", b"<script"))
                or b"\x1b" in line or b"\r" in line or b"\0" in line]
