"""A purge of everybody meets upgrades, merges and "forget me", and all of them meet kill -9."""

import json
import random
import threading

import pytest

import stages
from browser_life import Lost
from house import KILLS, after

PURGES = max(1, KILLS // 4)


@pytest.mark.parametrize("kill", range(PURGES))
def test_a_purge_takes_no_customer(house, kill):
    guests = stages.become_guests(house, 8)
    house.people = guests
    stages.let_go(house)

    def do(step):
        try:
            step()
        except Lost:
            pass

    steps = [guests[0].upgrade, guests[1].upgrade, guests[2].upgrade, guests[3].merge_somewhere,
             guests[4].merge_somewhere, guests[5].forget_me]
    threads = [threading.Thread(target=do, args=[step]) for step in steps]
    threads.append(threading.Thread(target=stages.run_purge, args=[house]))
    random.shuffle(threads)
    for thread in threads:
        thread.start()
        after(0.0, 0.05)
    after(0.0, 0.4)  # hashing a password takes about as long
    house.kill(house.vestibule)
    for thread in threads:
        thread.join(60)
    whole = house.check()
    assert guests[6].sub in whole.guests or whole.tombstones[guests[6].sub] == "retention"


def test_undisturbed_every_guest_goes_and_no_account(house):
    stages.become_guests(house, 3)
    stages.let_go(house)
    before = house.settle()
    report = json.loads(stages.run_purge(house).stdout)
    assert report["purged"] == len(before.guests)
    after_ = house.settle()
    assert not after_.guests and after_.accounts == before.accounts
