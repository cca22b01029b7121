"""Guessing is slowed for each account and address, and nobody can lock an account's owner out."""

import pytest
import requests

from people import add_user
from vestibule_process import Vestibule, wait_for
from visitor import NAVIGATION, OWN_PAGE, PASSWORD, Visitor, new_email, newest_link, set_cookies

DEVICE = "vestibule-device"
IN_ALL = 12  # wrong passwords an hour for one name; a third for one address or known browser


@pytest.fixture
def server(tmp_path):
    vestibule = Vestibule(tmp_path, config={
        "trusted_proxies": ["127.0.0.1"], "mail": {"transport": "mailbox"},
        "limits": {"sign_ins_per_minute": 100000, "failures_per_account_per_hour": IN_ALL}})
    for name in ("ada", "bob", "qzada"):
        add_user(vestibule, {"preferred_username": name, "given_name": "A", "family_name": "B"})
    vestibule.start()
    yield vestibule
    assert vestibule.stop() == 0


def sign_in(server, name, password=PASSWORD, address="192.0.2.1", browser=None, path="/ui/login",
            **more):
    browser = browser or Visitor(server.issuer)
    return browser.post(path, headers={**OWN_PAGE, "X-Forwarded-For": address},
                        data={"username": name, "password": password, **more})


def botnet(server, name, count=60, **more):
    """So many addresses guess once each; how many were answered as guesses."""
    answers = [sign_in(server, name, "wrong", f"198.51.100.{i}", **more) for i in range(count)]
    assert {answer.status_code for answer in answers} <= {401, 429}
    return sum(answer.status_code == 401 for answer in answers)


def test_a_botnet_is_slowed_and_the_owner_is_not(server):
    owner = Visitor(server.issuer)
    assert sign_in(server, "ada", browser=owner).status_code == 200
    assert DEVICE in owner.cookies
    assert botnet(server, "ada") == IN_ALL
    refused = sign_in(server, "ada", "wrong", "203.0.113.1")
    assert refused.status_code == 429 and 0 < int(refused.headers["Retry-After"]) <= 300
    assert "set a new password" in refused.text
    # A guess that is right is not looked at either, or the 429 would tell nothing away.
    assert sign_in(server, "ada", address="203.0.113.1").status_code == 429
    # The owner, from wherever, with a typing mistake or three; other accounts; other people.
    assert sign_in(server, "ada", browser=owner, address="198.51.100.7").status_code == 200
    for _ in range(3):
        assert sign_in(server, "ada", "mistyped", browser=owner).status_code == 401
    assert sign_in(server, "ada", browser=owner).status_code == 200
    assert sign_in(server, "bob", address="198.51.100.7").status_code == 200


def test_being_signed_out_does_not_make_a_stranger_of_the_owner(server):
    owner = Visitor(server.issuer)
    sign_in(server, "ada", browser=owner)
    del owner.cookies["vestibule-provider"]
    assert botnet(server, "ada") == IN_ALL
    assert sign_in(server, "ada", browser=owner).status_code == 200


def test_the_device_cookie_is_for_its_own_account_and_signs_nobody_in(server):
    bob = Visitor(server.issuer)
    cookie = set_cookies(sign_in(server, "bob", browser=bob))[DEVICE]
    assert "httponly" in cookie.attributes and cookie.attributes["samesite"].lower() == "lax"
    assert int(cookie.attributes["max-age"]) == 400 * 24 * 3600
    botnet(server, "ada")
    assert sign_in(server, "ada", browser=bob).status_code == 429
    alone = Visitor(server.issuer, {DEVICE: bob.cookies[DEVICE]})
    page = alone.get("/ui/applications", headers=NAVIGATION)
    assert page.status_code in (302, 303) or "Sign in" in page.text


@pytest.mark.parametrize("spoil", [lambda v: "", lambda v: v[:-1], lambda v: v + "A",
                                   lambda v: "A" + v[1:], lambda v: v[:9] + v[10:9:-1] + v[11:] + "A",
                                   lambda v: f"{v}; {DEVICE}={v}"])
def test_a_changed_device_cookie_is_a_strangers(server, spoil):
    owner = Visitor(server.issuer)
    sign_in(server, "ada", browser=owner)
    botnet(server, "ada")
    spoilt = Visitor(server.issuer, {DEVICE: spoil(owner.cookies[DEVICE])})
    assert sign_in(server, "ada", browser=spoilt).status_code == 429
    assert sign_in(server, "ada", browser=owner).status_code == 200


def test_a_stolen_browser_guesses_no_more_than_a_stranger(server):
    owner = Visitor(server.issuer)
    sign_in(server, "ada", browser=owner)
    statuses = [sign_in(server, "ada", "wrong", f"198.51.100.{i}", owner).status_code
                for i in range(60)]
    assert statuses.count(401) == IN_ALL // 3 + IN_ALL


def test_one_address_guesses_a_third_at_each_of_many_accounts(server):
    for name in ("ada", "bob", "nobody", "nobody@else.example"):
        statuses = [sign_in(server, name, "wrong").status_code for _ in range(10)]
        assert statuses == [401] * (IN_ALL // 3) + [429] * (10 - IN_ALL // 3), name
        assert sign_in(server, name, "wrong", "192.0.2.2").status_code == 401


def normal(answer, name):
    """Everything that an answer says, but for the name that was typed and the time (the seconds of
    Retry-After run down)."""
    fields = {key: value for key, value in answer.headers.items()
              if key not in ("Date", "X-Request-Id", "Retry-After")}
    fields["waits"] = "Retry-After" in answer.headers
    fields["Content-Length"] = str(int(fields["Content-Length"]) - len(name) * answer.text.count(name))
    return answer.status_code, answer.text.replace(name, "NAME"), fields


@pytest.mark.parametrize("path, more", [("/ui/login", {}),
                                        ("/ui/renewal", {"new_password": "another-harbour-7"})])
def test_a_name_that_nobody_has_is_answered_alike(server, path, more):
    def lived(name, address):
        answers = [sign_in(server, name, "wrong", f"{address}.{i % 5}", path=path, **more)
                   for i in range(30)]
        return [normal(answer, name) for answer in answers]

    assert lived("qzada", "192.0.2") == lived("qzeve", "198.51.100")


def test_a_renewal_counts_as_the_sign_in_that_it_is(server):
    assert botnet(server, "ada", path="/ui/renewal", new_password="another-harbour-7") == IN_ALL
    assert sign_in(server, "ada", address="203.0.113.1").status_code == 429
    changed = sign_in(server, "ada", address="203.0.113.1", path="/ui/renewal",
                      new_password="saffron-lantern-meadow-4")
    assert changed.status_code == 429


def test_successes_use_nothing_up(server):
    for _ in range(3 * IN_ALL):
        assert sign_in(server, "ada").status_code == 200


def test_a_new_password_by_mail_makes_the_browser_a_known_one(server):
    email = new_email()
    person = Visitor(server.issuer)
    made = person.post("/ui/register", data={"given_name": "A", "family_name": "B",
                                             "email": email, "password": PASSWORD})
    assert made.status_code == 200 and DEVICE in person.cookies
    proved = person.post("/ui/proof", data={"token": newest_link(server, email, "proof")})
    assert proved.status_code == 200
    botnet(server, email)
    other = Visitor(server.issuer)
    assert sign_in(server, email, browser=other).status_code == 429
    requests.post(server.issuer + "/ui/forgot", data={"email": email}, headers=OWN_PAGE, timeout=20)
    token = wait_for(lambda: newest_link(server, email, "reset"), "the mail")
    reset = other.post("/ui/reset", data={"token": token, "password": "saffron-lantern-meadow-4"})
    assert reset.status_code == 200, reset.text
    again = sign_in(server, email, "saffron-lantern-meadow-4", browser=other)
    assert again.status_code == 200


def test_the_password_of_a_mails_link_is_guessed_no_faster(server):
    email = new_email()
    person = Visitor(server.issuer)
    person.post("/ui/register", data={"given_name": "A", "family_name": "B", "email": email,
                                      "password": PASSWORD})
    token = newest_link(server, email, "proof")

    def guess(address, password="wrong"):
        return Visitor(server.issuer).post("/ui/proof", data={"token": token, "password": password},
                                           headers={**OWN_PAGE, "X-Forwarded-For": address})

    statuses = [guess(f"198.51.100.{i}").status_code for i in range(30)]
    assert statuses.count(401) == IN_ALL and statuses[-1] == 429
    assert guess("203.0.113.1", PASSWORD).status_code == 429
    assert person.post("/ui/proof", data={"token": token}).status_code == 200
