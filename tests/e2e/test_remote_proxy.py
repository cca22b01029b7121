"""The fault-injecting proxy itself: what it says took effect did, and nothing else."""

import contextlib
import http.client
import json
import time
from urllib.parse import urlsplit

import pytest
import requests

import fault_proxy as faults
from remote import PASSWORD, Zitadel, create_guest

LOST = (OSError, http.client.HTTPException, ValueError)


@pytest.fixture(scope="module")
def zitadel(tmp_path_factory):
    running = Zitadel(tmp_path_factory.mktemp("zitadel"), ["http://localhost:1/callback"]).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def proxy(zitadel):
    zitadel.proxy.clear()
    return zitadel.proxy


def delete(zitadel, user, timeout=0.5):
    """As a careful client calls: it has a limit for the whole and one for the body."""
    deadline = time.monotonic() + timeout
    connection = http.client.HTTPConnection(urlsplit(zitadel.issuer).netloc, timeout=timeout)
    with contextlib.closing(connection):
        connection.request("DELETE", f"/v2/users/{user}", headers=zitadel.service_headers())
        answer = connection.getresponse()
        body = b""
        while piece := answer.read1(16384):
            body += piece
            if time.monotonic() > deadline or len(body) > 1 << 20:
                raise TimeoutError("too much or too slow")
        if len(body) != int(answer.headers["Content-Length"]):
            raise ConnectionError("cut off")
        return answer.status, json.loads(body)


def test_a_call_goes_through_and_is_known_by_its_name(zitadel, proxy):
    user = create_guest(zitadel)
    assert proxy.calls == []  # that was past the proxy
    status, _ = delete(zitadel, user)
    assert status == 200 and zitadel.find(user) is None
    call, = proxy.calls
    assert (call.method, call.name, call.status) == ("DELETE", "DELETE /v2/users/{id}", 200)
    assert "Authorization" not in call.headers and call.fault is None
    assert zitadel.bootstrap["service_account"]["pat"] in proxy.secrets


@pytest.mark.parametrize("make", [faults.dropped, faults.malformed, faults.cut, faults.slow,
                                  faults.silent, faults.oversized])
@pytest.mark.parametrize("forwarded", [False, True])
def test_an_answer_is_lost_and_the_effect_is_as_said(zitadel, proxy, make, forwarded):
    user = create_guest(zitadel)
    injection = proxy.inject(make(forwarded=forwarded), "DELETE /v2/users/")
    with pytest.raises(LOST):
        delete(zitadel, user)
    assert injection.struck == 1
    assert (zitadel.find(user) is None) is forwarded
    assert proxy.effects("DELETE") == int(forwarded)
    status, _ = delete(zitadel, user)
    assert status == (404 if forwarded else 200)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 429, 500, 502, 503])
@pytest.mark.parametrize("forwarded", [False, True])
def test_another_answer(zitadel, proxy, status, forwarded):
    user = create_guest(zitadel)
    proxy.inject(faults.answered(status, forwarded), "DELETE")
    assert delete(zitadel, user) == (status, {"code": 13, "message": "injected",
                                              "error": "injected"})
    assert (zitadel.find(user) is None) is forwarded


def test_a_late_effect_comes_after_the_caller_has_gone(zitadel, proxy):
    user = create_guest(zitadel)
    injection = proxy.inject(faults.late(), "DELETE")
    with pytest.raises(TimeoutError):
        delete(zitadel, user, timeout=0.3)
    assert injection.fired.wait(5)
    assert zitadel.find(user) is None


def test_the_nth_call_of_a_name_and_its_hook(zitadel, proxy):
    users = [create_guest(zitadel) for _ in range(4)]
    seen = []
    proxy.inject(faults.dropped(hook=lambda: seen.append(1)), "GET", nth=1)
    proxy.inject(faults.dropped(forwarded=True, hook=lambda: seen.append(zitadel.find(users[2]))),
                 r"DELETE /v2/users/\{id\}$", nth=2, times=2)
    outcomes = []
    for user in users:
        try:
            outcomes.append(delete(zitadel, user)[0])
        except ConnectionError:
            outcomes.append(None)
    assert outcomes == [200, None, None, 200]
    assert all(zitadel.find(user) is None for user in users)
    assert len(seen) == 2 and seen[1] is None  # the hook ran when the third was gone
    assert [call.fault for call in proxy.calls] == [None, "dropped-after", "dropped-after", None]


def test_secrets_are_collected_from_bodies(zitadel, proxy):
    client = zitadel.bootstrap["client"]
    requests.post(zitadel.issuer + "/oauth/v2/token", timeout=5, data={
        "client_id": client["id"], "client_secret": client["secret"], "code": "not-a-real-code",
        "grant_type": "authorization_code"})
    requests.put(f"{zitadel.issuer}/v2/users/human/1", timeout=5, headers=zitadel.service_headers(),
                 json={"password": {"password": {"password": PASSWORD}}})
    assert {client["secret"], "not-a-real-code", PASSWORD} <= proxy.secrets
    assert proxy.names() == ["POST /oauth/v2/token authorization_code", "PUT /v2/users/human/{id}"]


def test_pages_are_no_calls(zitadel, proxy):
    requests.get(zitadel.issuer + "/ui/login", timeout=5)
    requests.get(zitadel.issuer + "/oauth/v2/authorize", timeout=5)
    assert proxy.names() == []
