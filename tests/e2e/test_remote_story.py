"""The story with a remote ZITADEL as the identity provider, over HTTP."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

import fault_proxy as faults
from remote import PASSWORD, Lane, forwarded_claims
from vestibule_process import wait_for
from visitor import NAVIGATION, OWN_PAGE, Visitor, assert_error, new_email, query_of, sign_in

CREATE = "POST /zitadel.user.v2.UserService/CreateUser"
EXCHANGE = "POST /oauth/v2/token token-exchange"
REFRESH = "POST /oauth/v2/token refresh_token"


@pytest.fixture(scope="module")
def lane(tmp_path_factory):
    running = Lane(tmp_path_factory.mktemp("remote")).start()
    yield running
    running.stop()
    running.assert_no_secret_is_logged()


@pytest.fixture(autouse=True)
def quiet(lane):
    lane.proxy.clear()
    lane.inbox.busy.clear()


def guest(lane):
    visitor = lane.visitor()
    return visitor, visitor.become_guest()


def add_to_cart(visitor):
    return visitor.post("/api/cart/items", json={"product_id": "mug"})


def test_a_visitor_who_only_looks_makes_no_call(lane):
    visitor = lane.visitor()
    answer = visitor.get("/", headers=NAVIGATION)
    assert forwarded_claims(answer) is None
    assert set(visitor.cookies) == {"vestibule-ticket"}
    assert visitor.session() == {"signed_in": False}
    assert lane.proxy.names() == []


def test_the_first_action_makes_a_guest_there(lane):
    visitor = lane.visitor()
    visitor.get("/", headers=NAVIGATION)
    claims = forwarded_claims(add_to_cart(visitor))
    assert lane.proxy.names() == [CREATE, EXCHANGE]
    assert claims["iss"] == lane.issuer
    assert lane.zitadel.bootstrap["client"]["id"] in claims["aud"]
    assert claims["act"]["sub"] == lane.zitadel.bootstrap["service_account"]["id"]
    user = lane.zitadel.find(claims["sub"])
    assert user["state"] == "USER_STATE_ACTIVE" and "passwordChanged" not in user["human"]
    tag, = lane.zitadel.tags(claims["sub"])
    assert re.fullmatch(r"GUEST_\d\d_\d\d_\d\d", tag)
    session = visitor.session()
    assert (session["sub"], session["kind"]) == (claims["sub"], "guest")
    assert session["email"] is None, "the placeholder is nobody's address"
    lane.inbox.wait_for_events(claims["sub"], ["guest.provisioned"])
    # From here on the token is reused.
    lane.proxy.clear()
    assert forwarded_claims(visitor.get("/", headers=NAVIGATION)) == claims
    assert lane.proxy.names() == []


def test_a_double_click_makes_one_guest(lane):
    visitor = lane.visitor()
    visitor.session()
    before = lane.zitadel.humans()
    with ThreadPoolExecutor(8) as pool:
        subjects = set(pool.map(
            lambda _: forwarded_claims(add_to_cart(visitor.copy()))["sub"], range(8)))
    assert len(subjects) == 1
    assert lane.zitadel.humans() - before == subjects
    assert lane.proxy.effects(CREATE) == 1


def test_a_read_side_that_lags_behind_is_waited_for(lane):
    """As of a ZITADEL: the token endpoint does not know a user yet that was just made."""
    lane.proxy.inject(faults.answered(400, body=(
        b'{"error": "invalid_request", "error_description": "Errors.User.NotFound"}')), EXCHANGE,
        times=3)
    visitor = lane.visitor()
    visitor.get("/", headers=NAVIGATION)
    claims = forwarded_claims(add_to_cart(visitor))
    assert lane.proxy.names() == [CREATE] + [EXCHANGE] * 4
    assert visitor.session()["sub"] == claims["sub"]


def test_registering_keeps_the_sub(lane):
    visitor, subject = guest(lane)
    old, email = visitor.copy(), new_email()
    answer = visitor.upgrade(email, PASSWORD)
    assert answer.status_code == 200, answer.text
    session = answer.json()
    assert (session["sub"], session["kind"]) == (subject, "account")
    assert (session["name"], session["email"]) == ("Jane Doe", email)
    assert session["email_verified"] is False
    user = lane.zitadel.find(subject)
    assert user["human"]["profile"]["displayName"] == "Jane Doe"
    assert user["human"]["email"] == {"email": email} | user["human"]["email"]
    assert not user["human"]["email"].get("isVerified")
    assert "passwordChanged" in user["human"] and lane.zitadel.tags(subject) == []
    assert old.session() == {"signed_in": False}
    assert forwarded_claims(visitor.get("/", headers=NAVIGATION))["sub"] == subject
    assert_error(visitor.upgrade(new_email(), PASSWORD), 409, "already_registered")
    lane.inbox.wait_for_events(subject, ["guest.provisioned", "guest.upgraded"])


def test_the_remote_password_policy_is_told_at_the_field(lane):
    visitor, subject = guest(lane)
    answer = visitor.upgrade(new_email(), "violet-harbour-antique-9")  # it wants a capital
    assert_error(answer, 422, fields=["password"])
    assert lane.zitadel.tags(subject) and lane.gateway.find_local(subject) == "guest"
    assert visitor.session()["kind"] == "guest"
    assert visitor.upgrade(new_email(), PASSWORD).status_code == 200


@pytest.mark.parametrize("changes", [
    {"email": "nobody"}, {"given_name": ""}, {"family_name": "x" * 201}, {"password": "short"}],
    ids=str)
def test_a_wrong_form_makes_no_call(lane, changes):
    visitor, subject = guest(lane)
    lane.proxy.clear()
    body = {"email": new_email(), "password": PASSWORD, **changes}
    assert_error(visitor.upgrade(**body), 422, fields=list(changes))
    assert lane.proxy.names() == []
    assert lane.gateway.find_local(subject) == "guest"


def test_an_account_signs_in_and_out(lane):
    account, email = lane.zitadel.new_account()
    visitor = lane.visitor()
    assert sign_in(lane, visitor, email, PASSWORD).status_code == 303
    session = visitor.session()
    assert (session["sub"], session["kind"], session["email"]) == (account, "account", email)
    assert session["name"] == "Ada Lovelace" and session["email_verified"] is True
    claims = forwarded_claims(add_to_cart(visitor))
    assert claims["sub"] == account and "act" not in claims
    old = visitor.copy()
    answer = visitor.post("/guest/v1/logout")
    assert answer.status_code == 200, answer.text
    assert visitor.session() == {"signed_in": False} == old.session()
    assert "POST /oauth/v2/revoke" in lane.proxy.names()
    # The browser goes on, so that the remote's own session ends, and comes back.
    there = answer.json()["continue_at"]
    assert there.startswith(lane.issuer + "/oidc/v1/end_session?")
    asked = query_of(there)
    assert asked["post_logout_redirect_uri"] == lane.application + "/" and asked["id_token_hint"]
    back = Visitor(lane.issuer).get(there, headers=NAVIGATION)
    assert back.headers["Location"].startswith(lane.application + "/"), back.text


def test_a_wrong_code_signs_nobody_in(lane):
    visitor = lane.visitor()
    state = query_of(visitor.post("/guest/v1/login", json={}).json()["location"])["state"]
    answer = visitor.get(f"/guest/v1/callback?code=wrong&state={state}", headers=NAVIGATION)
    assert answer.status_code == 400
    assert visitor.session() == {"signed_in": False}


def test_a_guest_is_merged_and_goes_after_the_acknowledgement(lane):
    account, email = lane.zitadel.new_account()
    visitor, subject = guest(lane)
    lane.inbox.busy.set()
    assert sign_in(lane, visitor, email, PASSWORD, merge="1").status_code == 303
    assert visitor.session()["sub"] == account
    # Neither a purge nor a restart takes it away before the application has its data.
    lane.gateway.purge()
    lane.gateway.kill()
    lane.gateway.start()
    assert lane.zitadel.find(subject)["state"] == "USER_STATE_ACTIVE"
    assert not [name for name in lane.proxy.names(subject) if name.startswith("DELETE")]
    lane.inbox.busy.clear()
    wait_for(lambda: lane.zitadel.find(subject) is None, "the guest's deletion there", 60)
    lane.gateway.wait_until_idle()
    assert lane.gateway.find_local(subject) is None
    assert lane.zitadel.find(account)["state"] == "USER_STATE_ACTIVE"
    lane.inbox.wait_for_events(subject, ["guest.provisioned", "guest.merge_requested",
                                         "guest.merged"])


def test_an_abandoned_merge_leaves_the_guest_to_the_purge(lane):
    account, email = lane.zitadel.new_account()
    visitor, subject = guest(lane)
    lane.inbox.busy.set()
    assert sign_in(lane, visitor, email, PASSWORD, merge="1").status_code == 303
    merge, = json.loads(lane.gateway.command("merges", "list", "--json").stdout)["merges"]
    assert merge["source_sub"] == subject and merge["waits_for"] == ["inbox"]
    lane.gateway.command("merges", "abandon", merge["id"], "--reason", "a test")
    lane.inbox.busy.clear()
    lane.gateway.wait_until_idle()
    assert lane.zitadel.find(subject)["state"] == "USER_STATE_ACTIVE"
    assert lane.gateway.find_local(subject) == "guest"
    assert visitor.session()["sub"] == account
    assert lane.gateway.purge().returncode == 0
    lane.gateway.wait_until_idle()
    assert lane.zitadel.find(subject) is None and lane.gateway.find_local(subject) is None
    assert lane.zitadel.find(account)["state"] == "USER_STATE_ACTIVE"
    lane.inbox.wait_for_events(subject, ["guest.provisioned", "guest.merge_abandoned",
                                         "guest.purged"])


def test_a_guest_who_is_asked_may_keep_its_things(lane):
    _, email = lane.zitadel.new_account()
    visitor, subject = guest(lane)
    answer = sign_in(lane, visitor, email, PASSWORD)
    assert answer.headers["Location"] == "/guest/v1/choice"
    assert visitor.post("/guest/v1/choice", data={"choice": "keep"}).status_code == 303
    assert lane.zitadel.find(subject)["state"] == "USER_STATE_ACTIVE"
    assert lane.gateway.find_local(subject) == "guest"


def test_forget_me_erases_there_too(lane):
    visitor, subject = guest(lane)
    assert visitor.request("DELETE", "/guest/v1/session").status_code == 204
    assert visitor.session() == {"signed_in": False}
    lane.gateway.wait_until_idle()
    assert lane.zitadel.find(subject) is None
    assert lane.gateway.find_local(subject) is None
    lane.inbox.wait_for_events(subject, ["guest.provisioned", "guest.purged"])


def test_abandoned_guests_are_purged_and_customers_never(lane):
    gone = [guest(lane)[1] for _ in range(3)]
    customer, kept = guest(lane)
    assert customer.upgrade(new_email(), PASSWORD).status_code == 200
    account, _ = lane.zitadel.new_account()
    done = lane.gateway.purge()
    assert done.returncode == 0, done.stderr
    lane.gateway.wait_until_idle()
    left = lane.zitadel.humans()
    assert not left & set(gone) and {kept, account} <= left
    assert [lane.gateway.find_local(subject) for subject in gone] == [None] * 3
    assert lane.gateway.find_local(kept) == "account"
    assert customer.session()["kind"] == "account"
    for subject in gone:
        lane.inbox.wait_for_events(subject, ["guest.provisioned", "guest.purged"])


def test_a_guest_deleted_there_is_a_stranger_here(lane):
    """By ZITADEL's console: the next renewal finds nobody."""
    visitor, subject = guest(lane)
    assert lane.zitadel.call("DELETE", f"/v2/users/{subject}").status_code == 200
    answer = visitor.upgrade(new_email(), PASSWORD)
    assert_error(answer, 409, "guest_gone")


# A backend that keeps its own cookie


def provision(lane, key, bearer=None, **more):
    bearer = bearer or lane.zitadel.bootstrap["service_account"]["pat"]
    return requests.post(lane.application + "/guest/v1/provision", timeout=20, headers={
        "Authorization": f"Bearer {bearer}", "Idempotency-Key": key}, **more)


def test_a_backend_provisions_by_key(lane):
    answers = [provision(lane, "one", json={"cart": 1}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200], answers[0].text
    assert len({answer.json()["user_id"] for answer in answers}) == 1
    made = answers[0].json()
    assert lane.zitadel.find(made["user_id"]) is not None
    assert made["access_token"].count(".") == 2 and made["expires_in"] > 0
    assert_error(provision(lane, "one", json={"cart": 2}), 422, "key_reused")


def test_one_key_at_once_makes_one_guest(lane):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: provision(lane, "at-once"), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["user_id"] for answer in answers}) == 1
    assert lane.proxy.effects(CREATE) == 1


@pytest.mark.parametrize("bearer", ["x", "x" * 3000, "a.b.c"])
def test_a_backend_needs_the_service_accounts_token(lane, bearer):
    assert_error(provision(lane, "two", bearer), 401, "invalid_token")
    assert lane.proxy.effects(CREATE) == 0


def test_a_token_of_somebody_else_there_is_not_enough(lane):
    assert_error(provision(lane, "three", lane.zitadel.bootstrap["admin"]["pat"]), 403)
    token = provision(lane, "four").json()["access_token"]
    assert_error(provision(lane, "five", token), 401)


def test_a_foreign_page_makes_nobody(lane):
    visitor = lane.visitor()
    visitor.session()
    before = lane.zitadel.humans()
    visitor.post("/api/cart/items", headers={**OWN_PAGE, "Sec-Fetch-Site": "cross-site"})
    assert lane.zitadel.humans() == before and lane.proxy.names() == []


def test_a_cookie_of_a_guest_that_is_no_more_leads_nowhere(lane):
    visitor, _ = guest(lane)
    old = visitor.copy()
    assert visitor.request("DELETE", "/guest/v1/session").status_code == 204
    assert old.session() == {"signed_in": False}
    assert_error(old.copy().upgrade(new_email(), PASSWORD), 409, "guest_gone")
    lane.gateway.wait_until_idle()


# Other ways to be set up


@pytest.mark.parametrize("credential, public_client", [("key", False), ("pat", True)])
def test_other_credentials(tmp_path, credential, public_client):
    lane = Lane(tmp_path, public_client=public_client).start(credential)
    try:
        account, email = lane.zitadel.new_account()
        visitor, subject = guest(lane)
        assert sign_in(lane, visitor, email, PASSWORD, merge="1").status_code == 303
        assert visitor.session()["sub"] == account
        lane.gateway.wait_until_idle()
        wait_for(lambda: lane.zitadel.find(subject) is None, "the deletion", 30)
        names = lane.proxy.names()
        assert ("POST /oauth/v2/token jwt-bearer" in names) == (credential == "key")
        lane.assert_no_secret_is_logged()
    finally:
        lane.stop()


def short_lived(lane):
    """Tokens that the gateway takes to live for two seconds, so that they renew themselves."""
    lane.proxy.clear()
    lane.proxy.inject(faults.edited(lambda answer: {**answer, "expires_in": 2}),
                      "POST /oauth/v2/token", times=1000)


@pytest.fixture
def renewing(lane):
    short_lived(lane)
    yield lane
    lane.proxy.clear()
    lane.gateway.wait_until_idle()


def wait_for_renewal(visitor):
    """Gives the claims of the next token."""
    first = forwarded_claims(add_to_cart(visitor))
    return wait_for(lambda: (
        lambda claims: claims["jti"] != first["jti"] and claims)(
            forwarded_claims(add_to_cart(visitor))), "a fresh token", 10)


def test_a_guest_renews_itself(renewing):
    visitor, subject = guest(renewing)
    assert wait_for_renewal(visitor)["sub"] == subject
    assert set(renewing.proxy.names()) == {CREATE, EXCHANGE}
    assert visitor.session()["sub"] == subject


def test_an_account_renews_itself(renewing):
    account, email = renewing.zitadel.new_account()
    visitor = renewing.visitor()
    assert sign_in(renewing, visitor, email, PASSWORD).status_code == 303
    for _ in range(2):  # each refresh token works once
        assert wait_for_renewal(visitor)["sub"] == account
    assert REFRESH in renewing.proxy.names()


def test_tabs_renew_at_once(renewing):
    _, email = renewing.zitadel.new_account()
    visitor = renewing.visitor()
    assert sign_in(renewing, visitor, email, PASSWORD).status_code == 303
    first = forwarded_claims(add_to_cart(visitor))
    wait_for(lambda: forwarded_claims(add_to_cart(visitor.copy()))["jti"] != first["jti"],
             "the token's end", 10)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: add_to_cart(visitor.copy()), range(8)))
    assert {forwarded_claims(answer)["sub"] for answer in answers} == {first["sub"]}
    assert visitor.session()["kind"] == "account"


def test_nobody_is_signed_out_while_the_remote_does_not_answer(renewing):
    _, email = renewing.zitadel.new_account()
    person, (stranger, subject) = renewing.visitor(), guest(renewing)
    assert sign_in(renewing, person, email, PASSWORD).status_code == 303
    renewing.proxy.clear()
    renewing.proxy.inject(faults.answered(503), "POST /oauth/v2/token", times=1000)
    for visitor in (person, stranger):
        cookies = dict(visitor.cookies)
        wait_for(lambda: add_to_cart(visitor).status_code == 503, "the token's end", 10)
        assert visitor.cookies == cookies
    renewing.proxy.clear()
    assert forwarded_claims(add_to_cart(person))["sub"] == person.session()["sub"]
    assert forwarded_claims(add_to_cart(stranger))["sub"] == subject


def test_a_guest_deleted_there_is_nobody_at_the_next_renewal(renewing):
    visitor, subject = guest(renewing)
    renewing.zitadel.call("DELETE", f"/v2/users/{subject}")
    wait_for(lambda: forwarded_claims(add_to_cart(visitor))["sub"] != subject, "its end", 10)
    assert renewing.gateway.find_local(subject) is None
    renewing.inbox.wait_for_events(subject, ["guest.provisioned", "guest.purged"])


def test_an_account_whose_refresh_token_is_refused_signs_in_again(renewing):
    account, email = renewing.zitadel.new_account()
    visitor = renewing.visitor()
    assert sign_in(renewing, visitor, email, PASSWORD).status_code == 303
    assert renewing.zitadel.call("POST", f"/v2/users/{account}/deactivate", {}).status_code == 200
    wait_for(lambda: visitor.get("/", headers=NAVIGATION) and
             visitor.session() == {"signed_in": False}, "the session's end", 10)


def test_a_visitor_who_comes_back_during_the_purge_is_rescued(renewing):
    visitor, subject = guest(renewing)
    short_lived(renewing)
    deactivated = renewing.proxy.inject(faults.watched(lambda: None), "/deactivate$", subject)
    assert renewing.gateway.purge().returncode == 0
    assert deactivated.fired.wait(10)
    wait_for(lambda: forwarded_claims(add_to_cart(visitor))["sub"] == subject and
             renewing.zitadel.find(subject)["state"] == "USER_STATE_ACTIVE", "being rescued", 10)
    renewing.gateway.wait_until_idle()
    assert renewing.zitadel.find(subject)["state"] == "USER_STATE_ACTIVE"
    assert renewing.gateway.find_local(subject) == "guest"


def test_the_provider_is_elsewhere(lane):
    """What the embedded provider serves is not served here."""
    for path in ("/oauth/v2/authorize", "/v2/users", "/ui/login", "/oauth/v2/keys"):
        assert requests.get(lane.gateway.issuer + path, timeout=5).status_code in (404, 405), path
    assert Visitor(lane.application).get("/guest/v1/session").status_code == 200
