"""kill -9 at any instant: what was answered is there, what was not happened wholly or never."""

import json
import os
import random
import subprocess
import threading
import time

import pytest
import requests

from vestibule_process import VESTIBULE, Upstream, Vestibule
from whole import Whole
from workload import LOST, Visitor, Workload

KILLS = int(os.environ.get("VESTIBULE_TEST_KILLS", "5"))


@pytest.fixture(scope="module")
def upstream():
    running = Upstream()
    running.server.handle_error = lambda *_: None  # the connections of a killed gateway are reset
    yield running
    running.stop()


@pytest.fixture(scope="module")
def vestibule(tmp_path_factory, upstream):
    server = Vestibule(
        tmp_path_factory.mktemp("chaos"),
        config={
            "log": {"level": "info"},
            # So short that each visit renews its token: rotation meets the kills as well.
            "gateway": {"rules": [{"method": "POST", "path": "/api/cart/**"}], "token_lifetime": "30s"},
            "limits": {"guests_per_minute": 1000000, "guests_burst": 1000000,
                       "sign_ins_per_minute": 1000000},
        },
        upstream=upstream.url,
    )
    server.config["gateway"]["public_url"] = server.issuer
    server.start()
    yield server
    server.stop()


def user(vestibule, sub):
    """As the user API shows it, or None."""
    answer = requests.get(f"{vestibule.issuer}/v2/users/{sub}", timeout=20,
                          headers=vestibule.admin_headers())
    assert answer.status_code in (200, 404), answer.text
    return answer.json()["user"] if answer.status_code == 200 else None


def check_visitor(visitor, store):
    """The browser's cookie leads to who it was told to be, or nowhere if an answer was lost."""
    sub = int(visitor.sub)
    assert sub in store.guests | store.accounts, "an answered guest is gone"
    session = visitor.session()
    if visitor.upgraded:
        assert sub in store.accounts, "an answered upgrade is undone"
    if not visitor.upgrade_sent:
        assert sub in store.guests, "a guest became an account by itself"
    if session["signed_in"]:
        assert session["sub"] == visitor.sub
        assert session["kind"] == ("account" if sub in store.accounts else "guest")
    else:
        # Only the answer to an upgrade can have taken the new cookie with it.
        assert visitor.upgrade_sent and not visitor.upgraded and sub in store.accounts, \
            "the session of an answered visitor is lost"


@pytest.mark.parametrize("kill", range(KILLS))
def test_answers_survive(vestibule, kill):
    workload = Workload(vestibule)

    def strike():
        time.sleep(random.uniform(0.05, 1.2))
        vestibule.kill()

    workload.run_until_killed(strike)
    store = Whole(vestibule.data)
    vestibule.start()

    for key, user_id in workload.provisioned.items():
        assert int(user_id) in store.guests
        assert workload.provision(key) == user_id, "a replayed key leads to another user"
    for key in workload.unanswered:
        first = workload.provision(key)
        assert workload.provision(key) == first
    for visitor in workload.visitors:
        check_visitor(visitor, store)
    for visitor in random.sample(workload.visitors, min(3, len(workload.visitors))):
        if int(visitor.sub) in store.guests:
            before = visitor.sub
            assert visitor.double_click() and visitor.sub == before, "a ticket made a second guest"
        assert user(vestibule, visitor.sub)["userId"] == visitor.sub


@pytest.mark.parametrize("kill", range(KILLS))
def test_purge_and_upgrade_meet_a_kill(vestibule, kill):
    visitors = []
    for _ in range(8):
        visitor = Visitor(vestibule.issuer)
        visitor.visit()
        assert visitor.double_click()
        visitors.append(visitor)

    def register(visitor):
        try:
            answer = visitor.upgrade()
            assert answer.status_code in (200, 401, 409), answer.text
        except LOST:
            pass

    threads = [threading.Thread(target=register, args=[visitor]) for visitor in visitors[:5]]
    for thread in threads:
        thread.start()
    time.sleep(random.uniform(0.0, 0.6))  # hashing a password takes about as long
    purge = subprocess.Popen(
        [str(VESTIBULE), "purge", "--older-than", "0s", "--force", "--json",
         "--config", str(vestibule.config_file)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(random.uniform(0.0, 0.1))
    vestibule.kill()
    for thread in threads:
        thread.join(60)
    purge.communicate(timeout=60)

    store = Whole(vestibule.data)
    vestibule.start()
    for visitor in visitors:
        sub = int(visitor.sub)
        if visitor.upgraded:
            assert sub in store.accounts, "purged after the upgrade was answered"
            assert user(vestibule, visitor.sub)["state"] == "USER_STATE_ACTIVE"
            session = visitor.session()
            assert (session["sub"], session["kind"]) == (visitor.sub, "account")
        elif sub not in store.guests | store.accounts:
            assert user(vestibule, visitor.sub) is None
            assert visitor.session() == {"signed_in": False}

    # Once more, undisturbed: every guest goes, no account does.
    report = json.loads(vestibule.command("purge", "--older-than", "0s", "--force", "--json").stdout)
    vestibule.stop()
    after = Whole(vestibule.data)
    vestibule.start()
    assert not after.guests, report
    assert after.accounts == store.accounts
