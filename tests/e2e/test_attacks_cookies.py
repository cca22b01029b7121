"""Attacks by cookies that somebody else put there: fixation, and cookies tossed by a sibling's
subdomain. What can be done to a cookie's bytes is in test_cookies.py."""

import json
import ssl

import pytest
import requests

from authority import Authority
from browser import Browser
from conftest import RULES
from evil_site import EvilSite
from stored import difference, image
from vestibule_process import Upstream, Vestibule, decode_jwt, free_port
from visitor import (NAVIGATION, OWN_PAGE, PASSWORD, SESSION, TICKET, Visitor, guest_of, new_email,
                     pass_sign_in_page, proved_account_of, set_cookies, sign_in, store_rows)

ANONYMOUS = {"signed_in": False}
CALLBACK = {**NAVIGATION, "Sec-Fetch-Site": "cross-site"}


# Fixation: the attacker's own cookie in the victim's browser, before the victim is somebody


def becomes_account(gateway, victim):
    assert victim.upgrade(new_email()).status_code == 200


def signs_in(gateway, victim):
    _, email = proved_account_of(gateway)
    assert sign_in(gateway, victim, email).status_code == 303


def merges(gateway, victim):
    _, email = proved_account_of(gateway)
    assert sign_in(gateway, victim, email, merge="1").status_code == 303


@pytest.mark.parametrize("change", [becomes_account, signs_in, merges])
def test_a_planted_session_is_not_the_victims_after_they_are_somebody(gateway, change):
    attacker = guest_of(gateway)
    planted = dict(attacker.cookies)
    victim = Visitor(gateway.application, planted)
    assert victim.session()["sub"] == attacker.session()["sub"]
    change(gateway, victim)
    who = victim.session()
    assert who["kind"] == "account" and victim.cookies[SESSION] != planted[SESSION]
    assert Visitor(gateway.application, planted).session() == ANONYMOUS
    late = Visitor(gateway.application, planted)
    assert late.get("/guest/v1/timeline").status_code == 401
    assert late.copy(**planted).upgrade(new_email()).status_code in (401, 409)
    assert late.copy(**planted).request("DELETE", "/guest/v1/session").status_code == 401
    assert "uthorization" not in requests.get(
        gateway.application + "/page", timeout=30, cookies=planted).text
    assert victim.session() == who


def test_a_planted_ticket_leads_to_nobody_once_its_guest_is_somebody(gateway):
    """For a minute a ticket leads to the guest that it made (two clicks are one person); to more it
    never does."""
    attacker = Visitor(gateway.application)
    attacker.session()
    planted = {TICKET: attacker.cookies[TICKET]}
    victim = Visitor(gateway.application, planted)
    sub = victim.become_guest()
    assert victim.upgrade(new_email()).status_code == 200
    thief = Visitor(gateway.application, planted)
    assert thief.session() == ANONYMOUS
    assert thief.become_guest() != sub
    assert thief.session()["kind"] == "guest"
    assert victim.session()["sub"] == sub


def test_a_planted_sign_in_at_the_provider_is_replaced(gateway):
    """The attacker's session at the provider, in the victim's browser: the victim signs in, and it
    is another session, of which the attacker has nothing."""
    _, mine = proved_account_of(gateway)
    _, theirs = proved_account_of(gateway)
    attacker = Visitor(gateway.issuer)
    assert attacker.post("/ui/login", data={"request": "", "username": mine,
                                            "password": PASSWORD}).status_code == 200
    planted = dict(attacker.cookies)
    victim = Visitor(gateway.issuer, planted)
    assert victim.post("/ui/login", data={"request": "", "username": theirs,
                                          "password": PASSWORD}).status_code == 200
    assert not set(planted.values()) & set(victim.cookies.values())
    # The attacker's copy is at most what it was: the attacker's.
    shop = Visitor(gateway.application)
    begun = shop.post("/guest/v1/login", json={}).json()["location"]
    back = Visitor(gateway.issuer, planted).get(begun, headers=NAVIGATION).headers["Location"]
    if "code=" in back:
        shop.get(back, headers=CALLBACK)
        assert shop.session()["email"] == mine


def begun_by_attacker(gateway):
    """The attacker's sign-in up to the last step: the login cookie, and the place to send the
    victim to."""
    _, email = proved_account_of(gateway)
    attacker = Visitor(gateway.application)
    begun = attacker.post("/guest/v1/login", json={"merge": "1"}).json()["location"]
    provider = Visitor(gateway.issuer)
    leaving = provider.get(begun, headers=NAVIGATION).headers["Location"]
    return attacker, pass_sign_in_page(provider, leaving, email, PASSWORD)


def test_login_csrf_signs_nobody_in_as_the_attacker(gateway):
    """The victim would put their cart, address and card into the attacker's account."""
    attacker, back = begun_by_attacker(gateway)
    for victim in (Visitor(gateway.application), guest_of(gateway),
                   proved_account_of(gateway)[0]):
        victim.post("/guest/v1/login", json={})  # one of their own is under way
        who, kept = victim.session(), dict(victim.cookies)
        before = image(gateway)
        answer = victim.get(back, headers=CALLBACK)
        assert answer.status_code == 400 and set_cookies(answer) == {}
        assert victim.cookies == kept and victim.session() == who
        assert difference(before, image(gateway)) == []
    assert attacker.get(back, headers=CALLBACK).status_code == 303
    assert attacker.session()["kind"] == "account"


def test_a_planted_login_cookie_takes_no_guest_along(gateway):
    """Even if the attacker could plant the sealed cookie as well: the intent to merge was told for
    another session, so the victim is asked, and their guest stays."""
    attacker, back = begun_by_attacker(gateway)
    victim = guest_of(gateway)
    sub = victim.session()["sub"]
    victim.cookies["vestibule-login"] = attacker.cookies["vestibule-login"]
    answer = victim.get(back, headers=CALLBACK)
    assert answer.status_code == 303 and answer.headers["Location"] == "/guest/v1/choice"
    assert store_rows(gateway, "users where id = ?", int(sub)) == 1
    assert store_rows(gateway, "merges where source_id = ?", int(sub)) == 0


def test_a_shared_computers_old_provider_session_takes_no_guest(gateway):
    """Somebody signed in here yesterday and left the provider's session behind. The next person's
    guest asks for a sign-in, which is forced: the old session alone answers nothing."""
    _, email = proved_account_of(gateway)
    provider = Visitor(gateway.issuer)
    provider.post("/ui/login", data={"request": "", "username": email, "password": PASSWORD})
    guest = guest_of(gateway)
    sub = guest.session()["sub"]
    begun = guest.post("/guest/v1/login", json={"merge": "1"}).json()["location"]
    leaving = provider.get(begun, headers=NAVIGATION)
    assert leaving.headers["Location"].startswith("/ui/login")
    # Without `prompt`, as an attacker at the keyboard would have it, there is a code, and the
    # gateway refuses a sign-in that is older than the attempt.
    unforced = provider.get(begun.replace("prompt=login", ""), headers=NAVIGATION)
    assert "code=" in unforced.headers["Location"]
    answer = guest.get(unforced.headers["Location"], headers=CALLBACK)
    assert answer.status_code == 400
    assert guest.session() == {**guest.session(), "sub": sub, "kind": "guest"}
    assert store_rows(gateway, "merges where source_id = ?", int(sub)) == 0


# Tossing, in a real browser over TLS


class Street:
    """shop.example over TLS, and an attacker's page on evil.shop.example."""

    def __init__(self, directory):
        authority = Authority(directory)
        certificate, key = directory / "server.pem", directory / "server.key"
        names = ["shop.example", "evil.shop.example", "id.example"]
        authority.issue(certificate, key, hosts=names)
        ports = free_port(), free_port()
        self.url = f"https://shop.example:{ports[1]}"
        self.upstream = Upstream()
        self.vestibule = Vestibule(directory / "vestibule", upstream=self.upstream.url, config={
            "public_url": f"https://id.example:{ports[0]}",
            "limits": {"guests_per_minute": 100000, "guests_burst": 100000},
            "tls": {"listen": f"127.0.0.1:{ports[0]}", "certificate": str(certificate),
                    "key": str(key)},
            "gateway": {"tls_listen": f"127.0.0.1:{ports[1]}", "public_url": self.url,
                        "rules": RULES}}).start()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.evil = EvilSite(lambda plain: context.wrap_socket(plain, server_side=True))
        self.evil.url = f"https://evil.shop.example:{self.evil.port}"
        self.plain = {"Host": self.url.removeprefix("https://"), **OWN_PAGE}

    def stop(self):
        self.evil.stop()
        code = self.vestibule.stop()
        self.upstream.stop()
        assert code == 0

    def attackers_cookie(self):
        """(sub, value) of a session of the attacker's own, made past the browser."""
        made = requests.post(self.vestibule.issuer + "/guest/v1/session", headers=self.plain,
                             timeout=30)
        assert made.status_code == 201, made.text
        return made.json()["sub"], set_cookies(made)["__Host-vestibule"].value


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    running = Street(tmp_path_factory.mktemp("street"))
    yield running
    running.stop()


NAMES = ["__Host-vestibule", "__Host-vestibule-ticket", "__host-vestibule", "__HOST-VESTIBULE",
         "vestibule", "vestibule-ticket", "=__Host-vestibule", "= __Host-vestibule",
         " __Host-vestibule", "__Host-vestibule ", "\t__Host-vestibule", "__Host-vestibule;",
         "$Version=1; __Host-vestibule", "x=1; __Host-vestibule", "__Secure-vestibule"]


@pytest.mark.browser
def test_a_sibling_tosses_no_session(street):
    """A forgotten blog on a subdomain of the shop's may set cookies for the whole domain. The
    attacker's own session under any name, path and order is neither taken for the victim's nor
    does it push theirs out."""
    sub, value = street.attackers_cookie()
    flags = ["--ignore-certificate-errors", "--host-resolver-rules=MAP *.example 127.0.0.1"]
    street.evil.fields = [
        ("Set-Cookie", f"{name}={value}; Domain={domain}; Path={path}; Secure")
        for name in NAMES for domain in ("shop.example", ".shop.example")
        for path in ("/", "/guest", "/guest/v1/session")]
    street.evil.fields += [("Set-Cookie", "tossed=1; Domain=shop.example; Path=/; Secure")]
    with Browser(street.url, flags=flags) as browser:
        def who():
            status, text = browser.fetch("GET", "/guest/v1/session")
            assert status == 200, text
            return json.loads(text)

        # Before the victim is anybody.
        browser.open(street.evil.url)
        browser.open("/")
        assert "tossed" in browser.cookies(), "siblings can toss cookies"
        assert who() == ANONYMOUS
        status, text = browser.fetch("POST", "/guest/v1/session")
        assert status == 201 and json.loads(text)["sub"] != sub
        victim = json.loads(text)["sub"]
        kept = browser.cookies()["__Host-vestibule"]["value"]
        # And afterwards: by header and by script.
        browser.open(street.evil.url)
        browser.driver.execute_script(
            "for (const cookie of arguments[0]) document.cookie = cookie",
            [field for _, field in street.evil.fields])
        browser.open("/")
        assert browser.cookies()["__Host-vestibule"]["value"] == kept
        assert who()["sub"] == victim
        # The application is told of the victim as well.
        told, = {value for seen in street.upstream.requests[-1:] for name, value in seen["headers"]
                 if name == "Authorization"}
        assert decode_jwt(told.removeprefix("Bearer "))[1]["sub"] == victim
    # The control: where it belongs, the value that was tossed is a session.
    there = requests.get(street.vestibule.issuer + "/guest/v1/session", timeout=30,
                         headers={**street.plain, "Cookie": f"__Host-vestibule={value}"})
    assert there.json()["sub"] == sub


@pytest.mark.parametrize("order", ["before", "after"])
@pytest.mark.parametrize("name", NAMES)
def test_what_a_lenient_browser_would_send_is_not_taken_either(street, name, order):
    """The same without a browser's help: exactly our name, once, or nobody."""
    (attacker, theirs), (victim, own) = street.attackers_cookie(), street.attackers_cookie()
    mine, tossed = f"__Host-vestibule={own}", f"{name}={theirs}"
    field = f"{tossed}; {mine}" if order == "before" else f"{mine}; {tossed}"
    said = requests.get(street.vestibule.issuer + "/guest/v1/session", timeout=30,
                        headers={**street.plain, "Cookie": f"a=b; {field}"})
    # Nobody, or whose the cookie is that has the name byte for byte.
    assert said.json().get("sub") in (None, victim), field
    alone = requests.get(street.vestibule.issuer + "/guest/v1/session", timeout=30,
                         headers={**street.plain, "Cookie": f"a=b; {tossed}"})
    if name.strip(" \t") not in ("__Host-vestibule", "__Host-vestibule;") and "; " not in name:
        assert alone.json() == ANONYMOUS, tossed
