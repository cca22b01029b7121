"""Attacks on who somebody is: pre-hijacking (Sudhodanan and Paverd, 2022), links of mails in the
wrong hands, asserted addresses, and ids that come again.

Of the five pre-hijacking attacks, "classic-federated merge" and "non-verifying provider" need a
provider of others to sign in with, which there is none of yet; that no account is found, linked or
merged by an address is tested in src/accounts/emails_test.cpp (PreHijackingTest)."""

import html
import re

import pytest
import requests

from people import REDIRECT, ask, redeem, sign_in_and_stop, userinfo
from stored import difference, image
from vestibule_process import Vestibule, wait_for
from visitor import (NAVIGATION, OWN_PAGE, PASSWORD, Visitor, account_of, guest_of, new_email,
                     newest_link, proved_account_of, query_of, sign_in, store_rows)

NEW_PASSWORD = "saffron-lantern-meadow-4"
LIMITS = {"guests_per_minute": 100000, "guests_burst": 100000, "sign_ins_per_minute": 100000}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Provider and application on two origins, with a client that keeps people signed in."""
    server = Vestibule(tmp_path_factory.mktemp("house"), application=True, redirect_uris=[REDIRECT],
                       config={"limits": LIMITS}).start()
    yield server
    assert server.stop() == 0


def api(house, procedure, pat=None, **body):
    return requests.post(
        f"{house.issuer}/zitadel.user.v2.UserService/{procedure}", json=body, timeout=20,
        headers={"Authorization": f"Bearer {pat or house.bootstrap['admin']['pat']}"})


def done(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()


def signs_in(house, name, password):
    answer = Visitor(house.issuer).post("/ui/login", data={
        "request": "", "username": name, "password": password})
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code == 200


def user_of(house, email):
    found = done(api(house, "ListUsers", queries=[{"emailQuery": {"emailAddress": email}}]))
    return [user["userId"] for user in found.get("result", [])]


def email_of(house, user):
    human = done(api(house, "GetUserByID", userId=user))["user"]["human"]
    return human["email"].get("email"), human["email"].get("isVerified", False)


def take_by_mail(house, token, password=NEW_PASSWORD):
    """What the owner of the mailbox does with a link, in a browser of their own."""
    browser = Visitor(house.issuer)
    page = browser.get(f"/ui/reset?token={token}", headers=NAVIGATION)
    assert page.status_code == 200, page.text
    answer = browser.post("/ui/reset", data={"token": token, "password": password})
    assert answer.status_code == 200, answer.text
    return browser


def no_mail_is_due(house):
    wait_for(lambda: store_rows(house, "mail_jobs") == 0, "the mailer to decide")


class Holdings:
    """Whatever somebody can get out of an account that they have: sessions at both origins, tokens
    that renew themselves, and a code in reserve."""

    def __init__(self, house, email, password=PASSWORD):
        self.house, self.email, self.password = house, email, password
        self.client = house.bootstrap["client"]
        self.provider = Visitor(house.issuer)
        answer = self.provider.post("/ui/register", data={
            "given_name": "Eve", "family_name": "Il", "email": email, "password": password,
            "request": ""})
        assert answer.status_code == 200, answer.text
        code, pkce = self.code()
        self.tokens = done(redeem(house, self.client, code, pkce))
        self.unredeemed = self.code()
        self.visitor = Visitor(house.application)
        begun = self.visitor.post("/guest/v1/login", json={}).json()["location"]
        back = self.provider.get(begun, headers=NAVIGATION).headers["Location"]
        assert self.visitor.get(back, headers=NAVIGATION).status_code == 303
        self.sub = self.visitor.session()["sub"]
        self.kept = dict(self.visitor.cookies)
        assert self.alive() == {"gateway", "provider", "access"}

    def code(self):
        _, pkce, leaving = sign_in_and_stop(self.house, self.client["id"], browser=self.provider,
                                            scope="openid profile email offline_access")
        return query_of(leaving.headers["Location"])["code"], pkce

    def refresh(self):
        return requests.post(self.house.issuer + "/oauth/v2/token", timeout=20, data={
            "grant_type": "refresh_token", "refresh_token": self.tokens["refresh_token"],
            "client_id": self.client["id"], "client_secret": self.client["secret"]})

    def introspect(self, token):
        return requests.post(self.house.issuer + "/oauth/v2/introspect", timeout=20, data={
            "token": token, "client_id": self.client["id"],
            "client_secret": self.client["secret"]}).json()

    def alive(self):
        """What of it still opens something, without using any of it up."""
        found = set()
        if Visitor(self.house.application, self.kept).session()["signed_in"]:
            found.add("gateway")
        silent = Visitor(self.house.issuer, self.provider.cookies).get(
            ask(self.client["id"], self.unredeemed[1], prompt="none"), headers=NAVIGATION)
        if "code=" in silent.headers["Location"]:
            found.add("provider")
        if userinfo(self.house, self.tokens["access_token"]).status_code == 200:
            found.add("access")
        return found

    def assert_dead(self):
        assert self.alive() == set()
        assert self.refresh().json()["error"] == "invalid_grant"
        assert redeem(self.house, self.client, *self.unredeemed).json()["error"] == "invalid_grant"
        for kind in ("access_token", "refresh_token", "id_token"):
            assert self.introspect(self.tokens[kind]) == {"active": False}
        old = Visitor(self.house.application, self.kept)
        assert old.get("/guest/v1/timeline").status_code == 401
        assert not signs_in(self.house, self.email, self.password)


# Pre-hijacking


def test_unexpired_session(house):
    """The attacker registers with the victim's address, stays signed in everywhere, and waits."""
    victim = new_email()
    attacker = Holdings(house, victim)
    take_by_mail(house, newest_link(house, victim, "proof"))
    attacker.assert_dead()
    assert signs_in(house, victim, NEW_PASSWORD)
    assert email_of(house, attacker.sub) == (victim, True)


def test_unexpired_session_when_the_victim_registers_anew(house):
    """The victim makes an account of their own: it is another one, and nothing leads from the
    attacker's to it."""
    victim = new_email()
    attacker = Holdings(house, victim)
    old_link = newest_link(house, victim, "proof")
    own = account_of(house, victim)
    token = wait_for(lambda: (link := newest_link(house, victim, "proof")) != old_link and link,
                     "the second mail")
    proved = own.post("/guest/v1/proof", data={"token": token})
    assert proved.status_code == 200, proved.text
    sub = own.session()["sub"]
    assert own.session()["email_verified"] and sub != attacker.sub
    visitor = Visitor(house.application)
    sign_in(house, visitor, victim)
    assert visitor.session()["sub"] == sub
    # The attacker's account has lost the address, and the link that was under way.
    assert email_of(house, attacker.sub)[0] != victim
    assert Visitor(house.issuer).post("/ui/proof", data={
        "token": old_link, "password": PASSWORD}).status_code == 410
    told = userinfo(house, attacker.tokens["access_token"])
    assert told.json()["sub"] == attacker.sub and told.json().get("email") != victim


def test_trojan_identifier(house):
    """The attacker has proved an address of their own, then has the application change it to the
    victim's. Once the victim has proved theirs, the attacker's own names are nobody's."""
    mine, victim = new_email(), new_email()
    attacker = Holdings(house, mine)
    assert Visitor(house.issuer, attacker.provider.cookies).post("/ui/proof", data={
        "token": newest_link(house, mine, "proof")}).status_code == 200
    assert signs_in(house, mine, PASSWORD)
    done(api(house, "SetEmail", userId=attacker.sub, email=victim, sendCode={}))
    take_by_mail(house, newest_link(house, victim, "proof"))
    attacker.assert_dead()
    for password in (PASSWORD, NEW_PASSWORD):
        assert not signs_in(house, mine, password)
    # Nor does the attacker's mailbox give the account back.
    no_mail_is_due(house)
    mails = store_rows(house, "mail_links")
    assert Visitor(house.issuer).post("/ui/forgot", data={"email": mine}).status_code == 200
    no_mail_is_due(house)
    assert store_rows(house, "mail_links") == mails
    assert signs_in(house, victim, NEW_PASSWORD)
    assert user_of(house, victim) == [attacker.sub]


def test_unexpired_email_change(house):
    """The attacker holds what confirms a change to an address of theirs, and a link for a new
    password; the victim proves theirs; then the attacker uses them."""
    first, second, third, victim = (new_email() for _ in range(4))
    attacker = Holdings(house, first)
    assert Visitor(house.issuer, attacker.provider.cookies).post("/ui/proof", data={
        "token": newest_link(house, first, "proof")}).status_code == 200
    assert Visitor(house.issuer).post("/ui/forgot", data={"email": first}).status_code == 200
    reset = newest_link(house, first, "reset")
    code = done(api(house, "SetEmail", userId=attacker.sub, email=second, returnCode={}))[
        "verificationCode"]
    done(api(house, "SetEmail", userId=attacker.sub, email=third, sendCode={}))
    change = newest_link(house, third, "proof")
    done(api(house, "SetEmail", userId=attacker.sub, email=victim, sendCode={}))
    take_by_mail(house, newest_link(house, victim, "proof"))
    before = image(house, ["users", "credentials", "directory", "email_claims"])
    browser = Visitor(house.issuer)
    for link in (reset, change):
        assert browser.get(f"/ui/reset?token={link}", headers=NAVIGATION).status_code == 410
        for path in ("/ui/reset", "/ui/proof"):
            answer = browser.post(path, data={"token": link, "password": "attackers-own-choice-7"})
            assert answer.status_code == 410, answer.text
    assert api(house, "VerifyEmail", userId=attacker.sub, verificationCode=code).status_code == 400
    assert difference(before, image(house, list(before))) == []
    assert email_of(house, attacker.sub) == (victim, True)
    assert browser.cookies == {}


# Links of mails


def links_of(house, *addresses):
    text = requests.get(house.issuer + "/mailbox", timeout=30).text
    return [html.unescape(link) for mail in text.split('data-testid="mail"')[1:]
            if any(address in mail for address in addresses)
            for link in re.findall(r'href="([^"]+/ui/[^"]+)"', mail)]


def test_a_mail_scanner_that_opens_every_link_changes_nothing(house):
    """Of every kind of mail: proof, password, an unproved sign-in, and the owner's notice."""
    _, known = proved_account_of(house)
    forgotten, asked, claimed = (proved_account_of(house)[1], new_email(), new_email())
    account_of(house, claimed)
    account_of(house, asked)
    newest_link(house, asked, "proof")
    assert not signs_in(house, asked, PASSWORD)
    account_of(house, known)  # somebody registers with an address that is proved: its owner is told
    Visitor(house.issuer).post("/ui/forgot", data={"email": forgotten})
    reset, proof = newest_link(house, forgotten, "reset"), newest_link(house, claimed, "proof")
    no_mail_is_due(house)
    links = links_of(house, known, forgotten, asked, claimed)
    assert {re.search(r"/ui/(\w+)", link)[1] for link in links} == {"proof", "reset", "login"}
    before = image(house)
    scanner = {"User-Agent": "Mozilla/5.0 (compatible; MailScanner)", "Accept": "*/*"}
    for link in links:
        for method in ("HEAD", "GET", "GET"):
            answer = requests.request(method, link, headers=scanner, timeout=30)
            assert answer.status_code in (200, 410) and not answer.cookies, answer.url
        # And what the page itself leads to.
        for place in re.findall(r'(?:href|src)="(/[^"]*)"', answer.text):
            requests.get(house.issuer + html.unescape(place), headers=scanner, timeout=30)
    assert difference(before, image(house)) == []
    # The links work all the same.
    take_by_mail(house, reset)
    take_by_mail(house, proof)
    assert signs_in(house, claimed, NEW_PASSWORD) and signs_in(house, forgotten, NEW_PASSWORD)


def test_a_link_in_another_browser_is_no_sign_in_of_the_claimants(house):
    """Whoever claims an address and whoever reads its mail are two until one shows otherwise."""
    email = new_email()
    claimant = account_of(house, email)
    link = newest_link(house, email, "proof")
    reader = guest_of(house)
    reader_sub, kept = reader.session()["sub"], dict(reader.cookies)
    before = image(house)
    # Opened or posted with somebody else's session it leads to the provider's page, which asks.
    opened = reader.get(f"/guest/v1/proof?token={link}",
                        headers={**NAVIGATION, "Sec-Fetch-Site": "cross-site"})
    assert opened.status_code == 303 and opened.headers["Location"].startswith(house.issuer)
    posted = reader.post("/guest/v1/proof", data={"token": link})
    assert posted.status_code == 303 and posted.headers["Location"].startswith(house.issuer)
    provider = Visitor(house.issuer)
    page = provider.get(opened.headers["Location"], headers=NAVIGATION)
    assert page.status_code == 200 and "password" in page.text
    for password in ("", "wrong-password-1", NEW_PASSWORD):
        assert provider.post("/ui/proof", data={"token": link, "password": password}
                             ).status_code == 401
    assert provider.cookies == {} and reader.cookies == kept
    assert difference(before, image(house)) == []
    assert claimant.session()["email_verified"] is False
    # The mailbox's owner sets a credential of their own, and the claimant's session ends.
    take_by_mail(house, link)
    assert claimant.session() == {"signed_in": False}
    assert reader.session()["sub"] == reader_sub
    assert not signs_in(house, email, PASSWORD) and signs_in(house, email, NEW_PASSWORD)


def test_a_link_for_one_account_proves_nothing_for_another(house):
    """A link that was mailed to the attacker, shown with a victim's session: forwarded to them, or
    posted by a script."""
    mine, theirs = new_email(), new_email()
    attacker, victim = account_of(house, mine), account_of(house, theirs)
    link = newest_link(house, mine, "proof")
    answer = victim.post("/guest/v1/proof", data={"token": link})
    assert answer.status_code == 303
    assert victim.session()["email"] == theirs and victim.session()["email_verified"] is False
    assert attacker.session()["email_verified"] is False
    assert attacker.post("/guest/v1/proof", data={"token": link}).status_code == 200
    assert attacker.session()["email_verified"] is True


# Addresses that somebody vouches for


def create(house, pat, name, email, verified, **more):
    return api(house, "CreateUser", pat, organizationId=house.bootstrap["organization_id"],
               username=name, human={"profile": {"givenName": "E", "familyName": "I"},
                                     "email": {"email": email, "isVerified": verified},
                                     "password": {"password": "Attacker-Choice-9!",
                                                  "changeRequired": False}}, **more)


def test_an_asserted_address_that_somebody_else_owns(house):
    """An application says `isVerified` of whatever its form was told; the owner keeps the address,
    and is neither linked, merged, renamed nor told on."""
    victim, email = proved_account_of(house)
    sub, kept = victim.session()["sub"], image(house, ["credentials", "directory"])
    made = done(create(house, None, f"other-{email}", email, True))["id"]
    assert made != sub
    after = image(house, ["credentials", "directory"])
    assert [row for row in kept["directory"] if row not in after["directory"]] == []
    assert not signs_in(house, email, "Attacker-Choice-9!")
    assert signs_in(house, email, PASSWORD)
    visitor = Visitor(house.application)
    sign_in(house, visitor, email)
    assert visitor.session()["sub"] == sub and visitor.session()["email_verified"]
    # A reset by that mailbox reaches the owner's account, not the other one.
    Visitor(house.issuer).post("/ui/forgot", data={"email": email})
    take_by_mail(house, newest_link(house, email, "reset"))
    assert signs_in(house, email, NEW_PASSWORD)
    assert not signs_in(house, email, "Attacker-Choice-9!")
    # Asserted first and proved by its owner later: the owner's, from then on.
    late = new_email()
    done(create(house, None, f"first-{late}", late, True))
    assert signs_in(house, late, "Attacker-Choice-9!")
    owner = account_of(house, late)
    token = newest_link(house, late, "proof")
    assert owner.post("/guest/v1/proof", data={"token": token}).status_code == 200
    assert signs_in(house, late, PASSWORD) and not signs_in(house, late, "Attacker-Choice-9!")


def test_two_assertions_of_one_address_are_nobodys_name(house):
    email = new_email()
    done(create(house, None, f"one-{email}", email, True))
    assert signs_in(house, email, "Attacker-Choice-9!")
    done(create(house, None, f"two-{email}", email, True))
    assert not signs_in(house, email, "Attacker-Choice-9!")


# Ids that come again


def gone_by(house, how):
    """The id of somebody who is not there any more, and an old cookie of theirs."""
    visitor = guest_of(house)
    sub, kept = visitor.session()["sub"], dict(visitor.cookies)
    if how == "erased":
        assert visitor.request("DELETE", "/guest/v1/session").status_code == 204
    elif how == "merged":
        sign_in(house, visitor, proved_account_of(house)[1], merge="1")
    elif how == "purged":
        house.command("purge", "--older-than", "0s", "--json")
    else:
        done(api(house, "DeleteUser", userId=sub))
    wait_for(lambda: store_rows(house, "users where id = ?", int(sub)) == 0, "the end of the guest")
    return sub, kept


@pytest.mark.parametrize("how", ["erased", "merged", "purged", "deleted"])
def test_a_user_id_is_never_given_again(house, how):
    """Whoever got a deleted user's id would get what applications keep under it."""
    sub, kept = gone_by(house, how)
    for pat in (house.bootstrap["admin"]["pat"], house.bootstrap["service_account"]["pat"]):
        for number, wish in enumerate((sub, f" {sub}", f"0{sub}", f"{sub} ", f"+{sub}")):
            answer = create(house, pat, f"again-{sub}-{number}", new_email(), False, userId=wish)
            if answer.status_code == 200:  # another id, however much alike it looks
                assert wish != sub and answer.json()["id"] == wish, answer.text
                done(api(house, "DeleteUser", userId=wish))
    assert store_rows(house, "users where id = ?", int(sub)) == 0
    assert api(house, "GetUserByID", userId=sub).status_code == 404
    assert Visitor(house.application, kept).session() == {"signed_in": False}
    # The control: an id that nobody has had is taken, and then belongs to that user.
    mine = f"chosen-{sub}"
    assert done(create(house, None, mine, new_email(), False, userId=mine))["id"] == mine
    done(api(house, "DeleteUser", userId=mine))
    again = create(house, None, mine, new_email(), False, userId=mine)
    assert again.status_code in (400, 409), again.text


def test_an_id_that_a_clock_will_give_is_not_taken_ahead(house):
    """Whoever could take tomorrow's ids would be the next guests."""
    sub = guest_of(house).session()["sub"]
    for ahead in (1, 4096, 1 << 22, 3600_000 << 22):
        answer = create(house, None, f"ahead-{ahead}-{sub}", new_email(), False,
                        userId=str(int(sub) + ahead))
        assert answer.status_code in (400, 409), (ahead, answer.text)
    assert requests.post(house.application + "/guest/v1/session", headers=OWN_PAGE,
                         timeout=30).status_code == 201
