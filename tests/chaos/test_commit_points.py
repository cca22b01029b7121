"""kill -9 at every named commit point: before the commit, after it, in the middle of it."""

import pytest

import stages
from commit_points import is_elsewhere, writing_statements
from house import KILLS

pytestmark = pytest.mark.long

THOROUGH = KILLS >= 1000
WHEN = ("before", "after", "within", "torn")
POINTS = {name: texts for name, texts in writing_statements().items() if not is_elsewhere(name)}


@pytest.fixture(scope="module")
def stage_of(house, summary):
    """In which stage each statement is reached, by its text; found out without any kill."""
    found = {}
    for stage in stages.ALL:
        before = house.server_control.reached()
        stage(house)
        house.check()
        for sql in house.server_control.reached() - before:
            found[sql] = stage
    house.settle()
    house.welcome_customers()
    return found


def kill_at(house, stage, sql, when):
    house.server_control.arm(sql, when)
    try:
        stage(house)
    finally:
        struck = house.server_control.struck
        house.server_control.disarm()
    if struck:
        house.vestibule.process.wait(30)
        house.kills += 1
    house.check()
    return struck


@pytest.mark.parametrize("index, name", enumerate(sorted(POINTS)), ids=sorted(POINTS))
def test_a_kill_at(house, stage_of, summary, index, name):
    reached = [sql for sql in sorted(POINTS[name]) if sql in stage_of]
    assert reached, f"no life in here reaches {name}: {POINTS[name]}"
    for sql in reached:
        for when in WHEN if THOROUGH else [WHEN[index % len(WHEN)]]:
            assert kill_at(house, stage_of[sql], sql, when), f"{name} was not reached again"
            summary.add(commit_points=1)
    if index % 20 == 19 or index == len(POINTS) - 1:
        house.settle()
        house.welcome_customers()
