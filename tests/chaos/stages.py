"""What goes on while a commit point is waited for. Each stage ends early when the server dies."""

import time

from browser_life import Lost, Person

CROWD_SECONDS = 8  # at most, until a statement that was reached before is reached again
FOR_EVER = 40 * 86400


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


def long_absence(house):
    """Everybody is gone for more than a month: what is kept for a time only goes at the start."""
    crowd(house, 1.5)
    if not house.vestibule.running:
        return
    let_go(house)
    house.people = []
    house.backend.families = []
    house.backend.forget_keys()
    house.vestibule.kill()
    house.move_clock(FOR_EVER)
    house.start_server(armed=True)
    house.dies(3)


ALL = (crowd, lost_guests, failing_shop, purge, long_absence)
