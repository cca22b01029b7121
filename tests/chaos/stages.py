"""What goes on while a commit point is waited for. Each stage ends early when the server dies."""

import json
import signal
import time

from browser_life import Lost, Person
from house import after

CROWD_SECONDS = 8  # at most, until a statement that was reached before is reached again
FOR_EVER = 401 * 86400  # longer than anything is kept for a time


def struck(house, seconds):
    """Until the process has killed itself as told."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and house.vestibule.running and house.shop.running:
        if house.stopped.wait(0.02):
            return


def crowd(house, seconds=CROWD_SECONDS):
    house.crowd(lambda: struck(house, seconds))


def lost_guests(house):
    """Guests who come back a while later: their tokens are renewed."""
    house.move_clock(16)
    crowd(house)


def failing_shop(house, seconds=4):
    """The shop takes no events for a while, and then it does."""
    house.shop.maintenance_file.touch()
    try:
        crowd(house, seconds)
    finally:
        house.shop.maintenance_file.unlink()
    if house.vestibule.running:
        crowd(house, seconds)


def become_guests(house, count):
    guests = [Person(house) for _ in range(count)]
    for guest in guests:
        guest.visit()
        guest.add()
    return guests


def let_go(house):
    """From now on any guest of now may be gone."""
    with house.ledger.lock:
        house.ledger.may_go |= house.ledger.guests


def run_purge(house):
    """Of everybody who is a guest, whenever they were last here."""
    return house.vestibule.command("purge", "--older-than", "0s", "--force", "--json", check=False)


def purge(house):
    try:
        house.people = become_guests(house, 4) + house.people
    except Lost:
        return
    let_go(house)
    run_purge(house)


def tell(house, *words):
    """A command to the running server, which may die of it; what it printed if it did not."""
    if not house.vestibule.running:
        return None
    done = house.vestibule.command(*words, check=False)
    return done.stdout if done.returncode == 0 else None


def operator(house):
    """Merges wait for the shop; one is given up, the others and old events are sent again."""
    house.shop.maintenance_file.touch()
    try:
        guests = become_guests(house, 2)
        house.people += guests
        for guest in guests:
            guest.merge_somewhere()
        listed = tell(house, "merges", "list", "--json")
        merges = json.loads(listed)["merges"] if listed else []
        for merge in merges[:1]:
            with house.ledger.lock:
                house.ledger.abandoned.add(int(merge["source_sub"]))
            tell(house, "merges", "abandon", merge["id"])
        for merge in merges[1:]:
            tell(house, "merges", "retry", merge["id"])
    except Lost:
        pass
    finally:
        house.shop.maintenance_file.unlink()
    tell(house, "events", "replay", "--application", "shop", "--since", "10m")
    tell(house, "audit", "head")
    if house.vestibule.running:
        purge(house)
    house.dies(1)


def begin_anew(house):
    """The server starts; what a plan says may end it on the way."""
    house.kill(house.vestibule)
    house.start_server(armed=True)
    house.dies(2)


def hung_shop(house):
    """Events are under way to a shop that says nothing when the server dies."""
    house.shop.process.send_signal(signal.SIGSTOP)
    try:
        for _ in range(3):
            house.backend.provision()
        after(0.3, 0.5)  # so that some are leased
        begin_anew(house)
    except Lost:
        pass
    finally:
        house.shop.process.send_signal(signal.SIGCONT)


def late_shop(house):
    """The shop is away for longer than a merge may take."""
    house.shop.maintenance_file.touch()
    try:
        crowd(house, 2.5)
        if house.vestibule.running:
            house.move_clock(25 * 3600)
            begin_anew(house)
    finally:
        house.shop.maintenance_file.unlink()
        house.move_clock(3600)


def long_absence(house):
    """Everybody is gone for very long: what is kept for a time only goes at the start."""
    crowd(house, 1.5)
    if not house.vestibule.running:
        return
    house.settle()
    let_go(house)
    house.people = []
    house.backend.families = []
    house.move_clock(FOR_EVER)
    begin_anew(house)


ALL = (crowd, lost_guests, failing_shop, operator, purge, hung_shop, late_shop, long_absence)
