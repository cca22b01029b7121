"""A disk that is full, read-only, or fails, and a store that is busy, under load: the server refuses
or goes on, says so, recovers by itself, and whatever it answered is there."""

import pytest

from browser_life import Lost
from house import after
from vestibule_process import VESTIBULE, wait_for

# Each, and each so-manieth call that meets it.
FAULTS = [("no_space", 1), ("no_space", 5), ("sync", 1), ("sync", 4), ("read_only", 1),
          ("read_only", 3), ("busy", 1), ("busy", 3), ("short_write", 1), ("write", 1),
          ("write", 6), ("read", 1), ("read", 9)]


def works(house):
    try:
        return house.backend.provision()
    except Lost:
        return None


@pytest.mark.parametrize("fault, every", FAULTS)
def test_nothing_that_was_answered_is_lost(house, summary, fault, every):
    control = house.server_control
    before = control.injected(fault)

    def strike():
        after(0.2, 0.4)
        control.fault(fault, every=every)
        if fault != "read":  # which the page cache may make unnecessary
            wait_for(lambda: control.injected(fault) > before, f"anybody to meet {fault}")
        after(0.5, 0.8)
        control.fault()
        wait_for(lambda: works(house), "the server to write again")
        assert house.vestibule.running, "the server ended by itself"
        after(0.1, 0.3)
        house.kill(house.vestibule)

    house.crowd(strike)
    summary.add(faults=1, faults_injected=control.injected(fault) - before)
    house.check()
    house.move_clock(16)


def test_a_server_that_starts_on_a_read_only_disk_says_so(house):
    house.settle()
    house.kill(house.vestibule)
    house.server_control.fault("read_only")
    try:
        house.vestibule.spawn([VESTIBULE, "serve", "--config", house.vestibule.config_file],
                              house.server_control.environment)
        assert house.vestibule.process.wait(30) == 1
    finally:
        house.server_control.fault()
    house.check()


def test_the_carts_are_what_was_put_into_them(house):
    house.settle()
