"""kill -9 at any instant: what was answered is there, what was not happened wholly or never."""

import random

import pytest

from house import KILLS, after

SETTLED_EVERY = 15



@pytest.mark.parametrize("kill", range(KILLS))
def test_answers_survive(house, kill):
    def strike():
        after(0.1, 1.5)
        both = [house.vestibule, house.shop]
        house.kill(*random.choices([both[:1], both[1:], both], [6, 2, 1])[0])

    house.crowd(strike)
    house.check()
    house.move_clock(16)  # whoever comes back now renews a token
    if kill % SETTLED_EVERY == SETTLED_EVERY - 1 or kill == KILLS - 1:
        house.settle()
        house.welcome_customers()
