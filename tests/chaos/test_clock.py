"""The wall clock jumps under load, and an application is away for days."""

import pytest

from browser_life import Browser
from house import after

HOUR, DAY = 3600, 86400

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def refusals(monkeypatch):
    """A token from before the jump may be none to the shop (401), and one burst of requests is
    refused where the clock was set back (429). Neither promises anything, and neither loses it."""
    monkeypatch.setattr(Browser, "lets_pass", (401, 429))


@pytest.mark.parametrize("jump", [40, -40, HOUR, -HOUR, 3 * DAY, -3 * DAY])
def test_a_jump_and_back(house, summary, jump):
    def strike():
        after(0.4, 0.8)
        house.move_clock(jump)
        after(0.5, 1.0)
        house.move_clock(-jump)
        after(0.2, 0.5)
        house.kill(house.vestibule)

    house.crowd(strike)
    house.check()
    summary.add(clock_jumps=2)


def test_after_the_jumps_everything_is_delivered(house):
    house.settle()


def test_the_shop_is_away_for_two_days(house, summary):
    """Merges wait, are stalled after their deadline, and complete by themselves; nobody's guest is
    deleted before."""
    house.welcome_customers()
    house.shop.maintenance_file.touch()
    try:
        for _ in range(6):
            house.crowd(lambda: after(0.5, 1.0))
            house.kill(house.vestibule)
            house.move_clock(8 * HOUR)
            whole = house.check()
            assert whole.waiting, "something waits for the shop"
            assert set(whole.merging) >= {merge for merge in house.ledger.merged
                                          if merge in whole.guests}
    finally:
        house.shop.maintenance_file.unlink()
    assert whole.merging, "merges are open"
    summary.add(merges_that_waited=len(whole.merging))
    house.kill(house.vestibule)
    house.move_clock(HOUR)  # the longest that a row waits after a failure
    house.check()
    house.settle()
