"""Purge against everything that wins over it: a registration at the gateway, or through another
door of the remote, at every moment. One of the two happens, wholly, on both sides."""

import threading
import time

import pytest

import fault_proxy as faults
from remote import PASSWORD
from remote_sagas import LOST
from visitor import new_email

pytestmark = pytest.mark.faults

DEACTIVATE = r"/deactivate$"
READ = r"GET /v2/users/\{id\}$"
TAGS = r"/metadata/search$"
DELETE = r"DELETE /v2/users/\{id\}$"
REGISTER = r"PUT /v2/users/human/\{id\}$"


def assert_one_happened(lane, visitor, subject):
    """Gives the one: account or gone."""
    lane.gateway.wait_until_idle()
    user, local = lane.zitadel.find(subject), lane.gateway.find_local(subject)
    if user is None:
        assert local is None
        assert visitor.session() == {"signed_in": False}
        lane.inbox.wait_for_events(subject, ["guest.provisioned", "guest.purged"])
        return "gone"
    assert user["state"] == "USER_STATE_ACTIVE" and "passwordChanged" in user["human"]
    assert lane.zitadel.tags(subject) == [] and local == "account"
    lane.inbox.wait_for_events(subject, ["guest.provisioned", "guest.upgraded"])
    return "account"


# Doors of the remote


def whole(zitadel, subject):
    answer = zitadel.register(subject, new_email())
    assert answer.status_code == 200, answer.text
    tag, = zitadel.tags(subject)
    zitadel.call("DELETE", f"/v2/users/{subject}/metadata?keys={tag}", who="service_account")


def password_only(zitadel, subject, who="service_account"):
    answer = zitadel.call("POST", f"/v2/users/{subject}/password",
                          {"newPassword": {"password": PASSWORD, "changeRequired": False}}, who)
    assert answer.status_code == 200, answer.text


def address_only(zitadel, subject):
    answer = zitadel.call("PUT", f"/v2/users/human/{subject}",
                          {"email": {"email": new_email(), "isVerified": True}}, "service_account")
    assert answer.status_code == 200, answer.text


DOORS = {"whole": whole, "password": password_only, "address": address_only}
MOMENTS = {"before-deactivation": (DEACTIVATE, False), "after-deactivation": (DEACTIVATE, True),
           "before-reading": (READ, False), "before-deletion": (DELETE, False)}


def registered_elsewhere(lane, door, moment):
    visitor = lane.visitor()
    subject = visitor.become_guest()
    call, forwarded = MOMENTS[moment]
    lane.proxy.clear()
    injection = lane.proxy.inject(
        faults.watched(lambda: DOORS[door](lane.zitadel, subject), forwarded), call, subject)
    lane.gateway.purge()
    lane.gateway.wait_until_idle()
    assert injection.struck == 1
    user = lane.zitadel.find(subject)
    assert user is not None, "somebody who has registered was deleted"
    assert user["state"] == "USER_STATE_ACTIVE", "somebody who has registered is locked out"
    # Later runs leave them alone as well.
    lane.gateway.purge()
    lane.gateway.wait_until_idle()
    assert lane.zitadel.find(subject)["state"] == "USER_STATE_ACTIVE"


def test_a_registration_at_another_door_wins(lanes):
    lanes.run_all(registered_elsewhere, [(door, moment) for door in DOORS for moment in MOMENTS])


def registered_out_of_reach(lane):
    """By an administrator: from then on the service account may neither read nor reactivate, so
    that all it can do is to leave the user alone and to say so."""
    subject = lane.visitor().become_guest()
    lane.proxy.clear()
    lane.proxy.inject(faults.watched(lambda: password_only(lane.zitadel, subject, "admin")),
                      DEACTIVATE, subject)
    lane.gateway.purge()
    lane.gateway.wait_until_idle()
    assert lane.zitadel.find(subject)["state"] == "USER_STATE_INACTIVE"
    assert "a user stays deactivated" in lane.gateway.log.read_text()


def test_a_registration_out_of_reach_is_not_deleted(lanes):
    lanes.run(registered_out_of_reach)


def registered_while_down(lane):
    """The server dies after the deactivation; before it comes back, the person registers."""
    subject = lane.visitor().become_guest()
    lane.proxy.clear()
    lane.proxy.inject(faults.killed(lane.gateway.crash, forwarded=True), DEACTIVATE, subject)
    lane.gateway.purge()
    assert lane.gateway.crashed.wait(10)
    assert lane.zitadel.find(subject)["state"] == "USER_STATE_INACTIVE"
    whole(lane.zitadel, subject)
    lane.gateway.recover()
    lane.gateway.wait_until_idle()
    assert lane.zitadel.find(subject)["state"] == "USER_STATE_ACTIVE"


def test_a_registration_while_the_gateway_is_down_wins(lanes):
    lanes.run(registered_while_down)


# Upgrade and purge of one user


def purge_during_upgrade(lane):
    """A purge that comes while the upgrade is under way leaves the user alone."""
    visitor = lane.visitor()
    subject = visitor.become_guest()
    lane.proxy.clear()
    lane.proxy.inject(faults.watched(lane.gateway.purge, forwarded=False), REGISTER, subject)
    answer = visitor.upgrade(new_email(), PASSWORD)
    assert answer.status_code in (200, 503), answer.text
    assert assert_one_happened(lane, visitor, subject) == "account"


def upgrade_during_purge(lane, call, forwarded):
    """One that comes while the purge waits wins over it; one that comes too late is told so."""
    visitor = lane.visitor()
    subject = visitor.become_guest()
    answers = []
    registering = threading.Thread(
        target=lambda: answers.append(visitor.upgrade(new_email(), PASSWORD)))
    lane.proxy.clear()
    injection = lane.proxy.inject(faults.watched(registering.start, forwarded), call, subject)
    lane.gateway.purge()
    assert injection.fired.wait(20)
    registering.join(60)
    happened = assert_one_happened(lane, visitor, subject)
    answer, = answers
    if happened == "account":
        assert answer.status_code in (200, 503), answer.text  # 503: completed in the background
    else:
        assert answer.status_code in (401, 409), answer.text
        # A fresh registration is somebody else.
        assert visitor.become_guest() != subject


def at_once(lane, pause):
    visitor = lane.visitor()
    subject = visitor.become_guest()
    lane.proxy.clear()
    answers = []

    def register():
        try:
            answers.append(visitor.upgrade(new_email(), PASSWORD))
        except LOST:
            pass

    registering = threading.Thread(target=register)
    purging = threading.Thread(target=lane.gateway.purge)
    first, second = (registering, purging) if pause > 0 else (purging, registering)
    first.start()
    time.sleep(abs(pause))  # chooses the instant
    second.start()
    first.join(60)
    second.join(60)
    happened = assert_one_happened(lane, visitor, subject)
    answer, = answers
    assert answer.status_code in {"account": (200, 503), "gone": (401, 409, 503)}[happened], \
        (answer.text, happened)


def test_a_purge_during_an_upgrade(lanes):
    lanes.run(purge_during_upgrade)


def test_an_upgrade_during_a_purge(lanes):
    lanes.run_all(upgrade_during_purge, [(call, forwarded) for call in (DEACTIVATE, READ, DELETE)
                                         for forwarded in (False, True)])


def test_upgrade_and_purge_at_once(lanes):
    lanes.run_all(at_once, [(pause / 100,) for pause in range(-12, 13, 2)])


# Two requests of one person


def upgrade_twice(lane, _):
    """A double click on the registration's button: one of them, or both the same."""
    visitor = lane.visitor()
    subject, email = visitor.become_guest(), new_email()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(
        visitor.copy().upgrade(email, PASSWORD))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 200 and set(statuses) <= {200, 401, 409, 503}, statuses
    lane.gateway.wait_until_idle()
    assert "passwordChanged" in lane.zitadel.find(subject)["human"]
    assert lane.zitadel.tags(subject) == [] and lane.gateway.find_local(subject) == "account"
    lane.inbox.wait_for_events(subject, ["guest.provisioned", "guest.upgraded"])


def test_a_doubled_upgrade(lanes):
    lanes.run_all(upgrade_twice, [(number,) for number in range(6)])
