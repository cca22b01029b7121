"""Every call of every saga is lost in every way, before and after it took effect; whatever happens,
it ends in the completed state, on both sides.

The cases of a saga run side by side in lanes of their own, since most of the time is waiting."""

import re

import pytest

import fault_proxy as faults
from remote_sagas import SAGAS

pytestmark = pytest.mark.faults

FAULTS = {
    "killed-before": lambda gateway: faults.killed(gateway.crash),
    "killed-after": lambda gateway: faults.killed(gateway.crash, forwarded=True),
    "dropped-before": lambda _: faults.dropped(),
    "dropped-after": lambda _: faults.dropped(forwarded=True),
    "503-before": lambda _: faults.answered(503),
    "500-after": lambda _: faults.answered(500, forwarded=True),
    "silent-before": lambda _: faults.silent(),
    "silent-after": lambda _: faults.silent(forwarded=True),
    "late": lambda _: faults.late(),
}


def undisturbed(lane, make):
    """The calls of a run in which nothing goes wrong, as (name, how often before)."""
    saga = make(lane)
    lane.proxy.clear()
    saga.act_until_done()
    lane.gateway.wait_until_idle()
    saga.check()
    names = saga.calls(lane.proxy)
    return [(name, names[:index].count(name) + 1) for index, name in enumerate(names)]


def disturbed(lane, make, name, nth, fault):
    saga = make(lane)
    lane.proxy.clear()
    subject = None if "authorization_code" in name else saga.subject
    injection = lane.proxy.inject(FAULTS[fault](lane.gateway), re.escape(name) + "$", subject, nth)
    try:
        saga.act_until_done()
        lane.gateway.wait_until_idle()
        assert injection.struck == 1, "the call was not made"
        saga.check()
    finally:
        lane.proxy.clear()
        lane.gateway.recover()
    lane.assert_no_secret_is_logged()


@pytest.mark.parametrize("make", SAGAS, ids=lambda saga: saga.__name__)
def test_a_lost_call_is_made_up_for(lanes, make):
    calls = lanes.run(undisturbed, make)
    assert len(calls) >= 2
    lanes.run_all(disturbed, [(make, name, nth, fault)
                              for name, nth in calls for fault in FAULTS])
