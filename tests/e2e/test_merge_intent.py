"""What a merge needs (design.md section 4): both identities and the intent. A sign-in that was begun
elsewhere asks; an old session at the provider, a reset, a renewal, a device and an exchange merge
nothing."""

import time

import pytest
import requests

from vestibule_process import Vestibule, wait_for
from visitor import (NAVIGATION, OWN_PAGE, PASSWORD, Visitor, guest_of, newest_link,
                     pass_sign_in_page, proved_account_of, query_of, sign_in, store_rows)

CROSS_SITE = {**NAVIGATION, "Sec-Fetch-Site": "cross-site"}
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
TOKEN_TYPE = "urn:ietf:params:oauth:token-type:"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Application and provider on origins of their own. No application holds data, so that a merge
    would be done at once."""
    vestibule = Vestibule(tmp_path_factory.mktemp("intent"), application=True, config={
        "mail": {"transport": "mailbox"},
        "limits": {"guests_per_minute": 100000, "guests_burst": 100000,
                   "sign_ins_per_minute": 100000}}).start()
    yield vestibule
    assert vestibule.stop() == 0


class Scene:
    """A guest in a browser, and an account that somebody has."""

    def __init__(self, house):
        self.house = house
        self.owner, self.email = proved_account_of(house)
        self.account = self.owner.session()["sub"]
        self.visitor = guest_of(house)
        self.guest = self.visitor.session()["sub"]
        self.merges = store_rows(house, "merges")

    def assert_nothing_merged(self):
        assert store_rows(self.house, "merges") == self.merges
        assert store_rows(self.house, "users where id = ?", int(self.guest)) == 1

    def begin(self, **wish):
        begun = self.visitor.post("/guest/v1/login", json={"return_to": "/", **wish})
        assert begun.status_code == 200, begun.text
        return begun.json()["location"]

    def provider_with_a_session(self, email=None):
        """The browser's side of the provider, where somebody has signed in before."""
        provider = Visitor(self.house.issuer)
        answer = provider.post("/ui/login", data={"username": email or self.email,
                                                  "password": PASSWORD})
        assert answer.status_code in (200, 303) and provider.cookies, answer.text
        return provider


@pytest.fixture
def scene(house):
    return Scene(house)


# a shared computer: somebody's session at the provider is still there


def test_an_old_session_at_the_provider_is_not_enough(scene):
    provider = scene.provider_with_a_session()
    location = scene.begin(merge="1")
    assert query_of(location)["prompt"] == "login"
    answer = provider.get(location, headers=NAVIGATION)
    assert "code=" not in answer.headers.get("Location", "")
    page = provider.get(answer.headers["Location"], headers=NAVIGATION)
    assert page.status_code == 200 and 'type="password"' in page.text
    scene.assert_nothing_merged()
    assert scene.visitor.session()["sub"] == scene.guest


def test_leaving_prompt_out_does_not_help(scene):
    """Whoever edits the address bar gets a code for the old session, whose auth_time tells it."""
    provider = scene.provider_with_a_session()
    signed_in = int(time.time())
    wait_for(lambda: int(time.time()) > signed_in, "auth_time, which has seconds, to be older")
    location = scene.begin(merge="1").replace("&prompt=login", "")
    answer = provider.get(location, headers=NAVIGATION)
    for _ in range(3):
        if answer.headers["Location"].startswith(scene.house.application):
            break
        answer = provider.get(answer.headers["Location"], headers=NAVIGATION)
    callback = scene.visitor.get(answer.headers["Location"], headers=CROSS_SITE)
    assert callback.status_code == 400
    scene.assert_nothing_merged()
    assert scene.visitor.session()["sub"] == scene.guest


def test_without_a_guest_an_old_session_may_serve(house, scene):
    """What is forced is forced for the guest's sake; there is none here."""
    nobody = Visitor(house.application)
    begun = nobody.post("/guest/v1/login", json={"return_to": "/"}).json()["location"]
    assert "prompt" not in query_of(begun)
    answer = scene.provider_with_a_session().get(begun, headers=NAVIGATION)
    assert answer.status_code in (302, 303)


# login CSRF: a sign-in that was begun elsewhere


def test_a_link_from_elsewhere_asks_before_and_after(scene):
    page = scene.visitor.get("/guest/v1/login?return_to=/&merge=1", headers=CROSS_SITE)
    assert page.status_code == 200 and "Location" not in page.headers
    assert "vestibule-login" not in scene.visitor.cookies
    # They go on from that page, which is ours; a link carries no intent, whatever it says.
    begun = scene.visitor.get("/guest/v1/login?return_to=/&merge=1",
                              headers={**NAVIGATION, **OWN_PAGE})
    provider = Visitor(scene.house.issuer)
    leaving = provider.get(begun.headers["Location"], headers=NAVIGATION)
    back = pass_sign_in_page(provider, leaving.headers["Location"], scene.email, PASSWORD)
    answer = scene.visitor.get(back, headers=CROSS_SITE)
    assert answer.headers["Location"] == "/guest/v1/choice"
    scene.assert_nothing_merged()
    page = scene.visitor.get("/guest/v1/choice", headers=NAVIGATION)
    for choice in ("keep", "merge", "discard"):
        assert f'value="{choice}"' in page.text


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"},
    {"Origin": "https://evil.example"}, {}], ids=str)
def test_a_form_from_elsewhere_carries_no_intent(scene, headers):
    answer = scene.visitor.post("/guest/v1/login", data={"merge": "1"}, headers=headers)
    assert answer.status_code == 403
    assert "vestibule-login" not in scene.visitor.cookies
    scene.assert_nothing_merged()


def test_an_attackers_callback_does_not_fit_the_guests_browser(scene):
    """The attacker signs in as itself and lets the guest's browser open the callback, so that the
    guest's cart would be the attacker's."""
    attacker = Visitor(scene.house.application)
    begun = attacker.post("/guest/v1/login", json={"return_to": "/", "merge": "1"})
    provider = Visitor(scene.house.issuer)
    leaving = provider.get(begun.json()["location"], headers=NAVIGATION)
    back = pass_sign_in_page(provider, leaving.headers["Location"], scene.email, PASSWORD)
    for _ in range(2):
        assert scene.visitor.get(back, headers=CROSS_SITE).status_code == 400
        scene.begin(merge="1")  # nor while a sign-in of its own is under way
    assert scene.visitor.session()["sub"] == scene.guest
    scene.assert_nothing_merged()


def test_the_choice_cannot_be_made_from_elsewhere(scene):
    assert sign_in(scene.house, scene.visitor, scene.email).headers[
        "Location"] == "/guest/v1/choice"
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {},
                    {"Origin": "https://evil.example"}):
        answer = scene.visitor.post("/guest/v1/choice", data={"choice": "merge"}, headers=headers)
        assert answer.status_code == 403, headers
    scene.assert_nothing_merged()


# control of both: the guest by its cookie, the account by the sign-in


@pytest.mark.parametrize("intent", [{}, {"merge": ""}, {"merge": "0"}, {"merge": "true "},
                                    {"merge": False}], ids=str)
def test_no_intent_no_merge(scene, intent):
    begun = scene.visitor.post("/guest/v1/login", json={"return_to": "/", **intent})
    if begun.status_code == 200:
        answer = sign_in(scene.house, scene.visitor, scene.email, **intent)
        assert answer.headers["Location"] == "/guest/v1/choice"
    else:
        assert begun.status_code in (400, 422)
    scene.assert_nothing_merged()


def test_whom_to_merge_is_not_in_the_request(scene):
    """Somebody without a session names the guest in every way there is."""
    stranger = Visitor(scene.house.application)
    wish = {"merge": "1", "sub": scene.guest, "source": scene.guest, "user_id": scene.guest,
            "guest": scene.guest, "from": scene.guest, "source_sub": scene.guest}
    assert sign_in(scene.house, stranger, scene.email, **wish).headers["Location"] == "/"
    scene.assert_nothing_merged()


def test_a_sign_in_that_fails_merges_nothing(scene):
    provider = Visitor(scene.house.issuer)
    location = scene.begin(merge="1")
    leaving = provider.get(location, headers=NAVIGATION).headers["Location"]
    with pytest.raises(AssertionError):
        pass_sign_in_page(provider, leaving, scene.email, "wrong-password-entirely")
    scene.assert_nothing_merged()
    assert scene.visitor.session()["sub"] == scene.guest


# flows that never merge, in the browser of the guest


def reset_password(scene):
    browser = Visitor(scene.house.issuer, scene.visitor.cookies)
    assert browser.post("/ui/forgot", data={"email": scene.email}).status_code == 200
    token = newest_link(scene.house, scene.email, "reset")
    done = browser.post("/ui/reset", data={"token": token, "password": "lantern-meadow-saffron-4"})
    assert done.status_code == 200, done.text


def renew(scene):
    for _ in range(3):
        assert scene.visitor.post("/guest/v1/session").status_code == 200


def exchange(scene):
    client = scene.house.bootstrap["client"]
    answer = requests.post(scene.house.issuer + "/oauth/v2/token", timeout=20,
                           auth=(client["id"], client["secret"]), data={
        "grant_type": EXCHANGE, "subject_token": scene.guest,
        "subject_token_type": "urn:zitadel:params:oauth:token-type:user_id",
        "actor_token": scene.house.bootstrap["service_account"]["pat"],
        "actor_token_type": TOKEN_TYPE + "access_token", "scope": "openid"})
    assert answer.status_code == 200, answer.text


def sign_in_at_the_provider(scene):
    browser = Visitor(scene.house.issuer, scene.visitor.cookies)
    answer = browser.post("/ui/login", data={"username": scene.email, "password": PASSWORD})
    assert answer.status_code in (200, 303)


def confirm_a_device(scene):
    browser = Visitor(scene.house.issuer, scene.visitor.cookies)
    for path in ("/device", "/device?user_code=BCDF-GHJK"):
        assert browser.get(path, headers=NAVIGATION).status_code < 500
    assert browser.post("/device", data={"user_code": "BCDF-GHJK"}).status_code < 500


@pytest.mark.parametrize("flow", [reset_password, renew, exchange, sign_in_at_the_provider,
                                  confirm_a_device], ids=lambda flow: flow.__name__)
def test_flows_that_never_merge(scene, flow):
    flow(scene)
    scene.assert_nothing_merged()
    assert scene.visitor.session()["sub"] == scene.guest
