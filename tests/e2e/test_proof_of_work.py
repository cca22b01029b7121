"""Proof of work before a guest is made: every refusal, and who is never asked (decision 0018)."""

import glob
import hashlib
import itertools
import threading

import pytest
import requests

from conftest import RULES
from vestibule_process import Vestibule
from visitor import (NAVIGATION, OWN_PAGE, TICKET, Visitor, assert_error, set_cookies, store_rows)

HEADER = "X-Vestibule-Proof"
SECRET = "between-proxy-and-gateway"


def zero_bits(text):
    digest = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    return 256 - digest.bit_length()


def solve(work, enough=None):
    """The proof; `enough` tells which number of zero bits will do instead of what is asked."""
    enough = enough or (lambda zeros: zeros >= work["bits"])
    for nonce in itertools.count():
        proof = f"{work['challenge']}.{nonce}"
        if enough(zero_bits(proof)):
            return proof


def start(directory, upstream=None, **limits):
    secret = directory / "proxy-secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    return Vestibule(directory, application=True, upstream=upstream, config={
        "gateway": {"rules": RULES, "forward_auth_secret_file": str(secret)},
        "trusted_proxies": ["127.0.0.1"],
        "limits": {"proof_of_work_bits": 10, **limits}}).start()


@pytest.fixture(scope="module")
def always(tmp_path_factory, upstream):
    """Where every guest costs work."""
    server = start(tmp_path_factory.mktemp("always"), upstream.url, proof_of_work="always",
                   guests_per_minute=100000, guests_burst=100000)
    yield server
    assert server.stop() == 0


def due(visitor):
    """What a newcomer has to solve."""
    shown = visitor.session()
    assert set(shown) == {"signed_in", "proof_of_work"} and shown["signed_in"] is False
    assert set(shown["proof_of_work"]) == {"challenge", "bits"}
    return shown["proof_of_work"]


def assert_asked(response):
    """403 in the API's form with a challenge; returns it."""
    assert response.status_code == 403, response.text
    body = response.json()
    assert set(body) == {"error", "message", "fields", "proof_of_work"}
    assert body["error"] == "proof_of_work_required" and body["fields"] == {}
    return body["proof_of_work"]


def worked(visitor):
    return visitor.post("/guest/v1/session", headers={**OWN_PAGE, HEADER: solve(due(visitor))})


def test_who_works_becomes_a_guest(always):
    visitor = Visitor(always.application)
    answer = worked(visitor)
    assert answer.status_code == 201 and answer.json()["kind"] == "guest"
    # And is never asked again.
    assert "proof_of_work" not in visitor.session()
    assert visitor.post("/guest/v1/session").status_code == 200
    assert visitor.post("/api/cart/items").status_code == 200


def test_the_work_may_stand_in_the_body(always):
    visitor = Visitor(always.application)
    challenge, nonce = solve(due(visitor)).split(".")
    for wrong in ({}, {"challenge": challenge}, {"challenge": challenge, "nonce": 5}, [challenge], nonce):
        assert_asked(visitor.post("/guest/v1/session", json={"proof_of_work": wrong}))
    made = visitor.post("/guest/v1/session",
                        json={"proof_of_work": {"challenge": challenge, "nonce": nonce}})
    assert made.status_code == 201, made.text


def test_a_high_intent_action_may_bring_it(always, upstream):
    visitor = Visitor(always.application)
    proof = solve(due(visitor))
    seen = len(upstream.requests)
    assert_asked(visitor.post("/api/cart/items"))
    assert len(upstream.requests) == seen, "the application was not asked"
    assert visitor.post("/api/cart/items", headers={**OWN_PAGE, HEADER: proof}).status_code == 200
    fields = {name.lower(): value for name, value in upstream.requests[-1]["headers"]}
    assert fields["authorization"].startswith("Bearer ") and HEADER.lower() not in fields


def test_a_visitor_without_a_ticket_gets_one_with_the_challenge(always):
    visitor = Visitor(always.application)
    refused = visitor.post("/guest/v1/session")
    work = assert_asked(refused)
    assert set(set_cookies(refused)) == {TICKET}
    made = visitor.post("/guest/v1/session", headers={**OWN_PAGE, HEADER: solve(work)})
    assert made.status_code == 201


def test_what_is_not_asked_for_work(always):
    before = store_rows(always, "users")
    visitor = Visitor(always.application)
    assert visitor.get("/", headers={**NAVIGATION, **OWN_PAGE}).status_code == 200
    assert visitor.get("/api/cart/items").status_code == 200
    made = requests.post(always.application + "/guest/v1/provision", timeout=20, headers={
        **always.service_headers(), "Idempotency-Key": "one"})
    assert made.status_code == 201
    assert store_rows(always, "users") == before + 1


@pytest.mark.parametrize("foreign", [{"Sec-Fetch-Site": "cross-site"},
                                     {"Origin": "https://evil.example"}])
def test_a_foreign_page_gets_neither_challenge_nor_guest(always, foreign):
    before = store_rows(always, "users")
    visitor = Visitor(always.application)
    shown = visitor.get("/guest/v1/session", headers=foreign)
    assert shown.json() == {"signed_in": False} and set_cookies(shown) == {}
    assert_error(visitor.post("/guest/v1/session", headers=foreign), 403, "cross_site")
    assert visitor.post("/api/cart/items", headers=foreign).status_code == 200
    assert store_rows(always, "users") == before


# refusals


def test_no_work_is_taken_that_was_not_done(always):
    before = store_rows(always, "users")
    visitor = Visitor(always.application)
    work = due(visitor)
    good = solve(work)
    lazy = solve(work, lambda zeros: zeros == work["bits"] - 1)
    edited = ("B" if good[0] == "A" else "A") + good[1:]
    for proof in ("", ".", good + "0.1", good.split(".")[0], good + "x", lazy, edited, good[1:],
                  "x" * 4000 + ".1"):
        assert_asked(visitor.post("/guest/v1/session", headers={**OWN_PAGE, HEADER: proof}))
    assert store_rows(always, "users") == before
    assert visitor.post("/guest/v1/session", headers={**OWN_PAGE, HEADER: good}).status_code == 201


def test_work_is_not_transferable(always):
    before = store_rows(always, "users")
    worker, buyer = Visitor(always.application), Visitor(always.application)
    proof = solve(due(worker))
    due(buyer)
    assert_asked(buyer.post("/guest/v1/session", headers={**OWN_PAGE, HEADER: proof}))
    nobody = Visitor(always.application)
    assert_asked(nobody.post("/guest/v1/session", headers={**OWN_PAGE, HEADER: proof}))
    assert store_rows(always, "users") == before


def test_one_work_is_one_guest_however_often_and_at_once_it_is_shown(always):
    visitor = Visitor(always.application)
    proof = solve(due(visitor))
    before = store_rows(always, "users")
    subjects = []

    def show():
        answer = visitor.copy().post("/guest/v1/session", headers={**OWN_PAGE, HEADER: proof})
        subjects.append((answer.status_code, answer.json().get("sub")))

    threads = [threading.Thread(target=show) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for status, _ in subjects} <= {200, 201}
    assert len({subject for _, subject in subjects}) == 1
    assert store_rows(always, "users") == before + 1


def test_a_used_ticket_and_its_work_make_no_second_guest(always):
    visitor = Visitor(always.application)
    ticket_only = visitor.copy()
    proof = solve(due(visitor))
    ticket_only.cookies = dict(visitor.cookies)
    assert visitor.post("/guest/v1/session", headers={**OWN_PAGE, HEADER: proof}).status_code == 201
    assert visitor.request("DELETE", "/guest/v1/session").status_code == 204
    before = store_rows(always, "users")
    refused = ticket_only.post("/guest/v1/session", headers={**OWN_PAGE, HEADER: proof})
    work = assert_asked(refused)
    assert TICKET in set_cookies(refused), "a new ticket for new work"
    assert store_rows(always, "users") == before
    again = ticket_only.post("/guest/v1/session", headers={**OWN_PAGE, HEADER: solve(work)})
    assert again.status_code == 201


# forms and forward-auth


def form_post(visitor, path, data=None, **headers):
    return visitor.post(path, data=data, headers={**NAVIGATION, **OWN_PAGE, **headers})


def test_a_forms_page_does_the_work_and_sends_it_again(always):
    visitor = Visitor(always.application)
    page = form_post(visitor, "/api/cart/items", {"product_id": 'a"><script>', "quantity": "2"})
    assert page.status_code == 403 and page.headers["Content-Type"].startswith("text/html")
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy
    assert 'src="/guest/v1/work-page.js"' in page.text
    assert 'name="product_id" value="a&quot;&gt;&lt;script&gt;"' in page.text
    assert 'name="quantity" value="2"' in page.text and "<noscript>" in page.text
    assert set(set_cookies(page)) == {TICKET}


@pytest.mark.parametrize("body, kind", [
    (b"x" * 20000, "application/x-www-form-urlencoded"),
    (b"--b--", "multipart/form-data; boundary=b"), (b"%zz", "application/x-www-form-urlencoded")])
def test_what_cannot_be_sent_again_goes_back(always, body, kind):
    page = form_post(Visitor(always.application), "/api/orders", body, **{"Content-Type": kind})
    assert page.status_code == 403
    assert 'data-next="back"' in page.text and "work-form" not in page.text


@pytest.mark.parametrize("name", ["proof-of-work.js", "work-page.js"])
def test_the_scripts_are_served(always, name):
    script = requests.get(f"{always.application}/guest/v1/{name}", timeout=5)
    assert script.status_code == 200
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert script.headers["X-Content-Type-Options"] == "nosniff"


def test_forward_auth_asks_for_the_same(always):
    def ask(visitor, **more):
        return visitor.get("/guest/v1/forward-auth", headers={
            **OWN_PAGE, "X-Vestibule-Proxy-Secret": SECRET, "X-Forwarded-Method": "POST",
            "X-Forwarded-Uri": "/api/orders", "X-Forwarded-Proto": "http",
            "X-Forwarded-Host": always.application.removeprefix("http://"),
            "X-Forwarded-For": "192.0.2.9", **more})

    visitor = Visitor(always.application)
    work = assert_asked(ask(visitor))
    assert_asked(ask(visitor, **{HEADER: "x.1"}))
    page = ask(Visitor(always.application), **NAVIGATION)
    assert page.status_code == 403 and 'data-next="back"' in page.text
    assert len(set_cookies(page)) == 1
    answer = ask(visitor, **{HEADER: solve(work)})
    assert answer.status_code == 200 and answer.headers["Authorization"].startswith("Bearer ")
    assert len(set_cookies(answer)) == 1


# pressure


def test_past_the_limit_in_all_work_is_asked_instead_of_refusing(tmp_path):
    server = start(tmp_path, guests_in_all_per_minute=4)
    try:
        def newcomer(number, **headers):
            visitor = Visitor(server.application)
            return visitor, {**OWN_PAGE, "X-Forwarded-For": f"192.0.2.{number}", **headers}

        for number in range(4):
            visitor, headers = newcomer(number)
            assert "proof_of_work" not in visitor.session()
            assert visitor.post("/guest/v1/session", headers=headers).status_code == 201
        for number in range(4, 30):
            visitor, headers = newcomer(number)
            work = assert_asked(visitor.post("/guest/v1/session", headers=headers))
            made = visitor.post("/guest/v1/session", headers={**headers, HEADER: solve(work)})
            assert made.status_code == 201, made.text
        assert due(Visitor(server.application))
    finally:
        assert server.stop() == 0


def test_work_does_not_lift_the_limit_of_an_address(tmp_path):
    server = start(tmp_path, proof_of_work="always", guests_per_minute=1, guests_burst=2)
    try:
        for _ in range(20):
            assert_asked(Visitor(server.application).post("/guest/v1/session"))
        assert worked(Visitor(server.application)).status_code == 201
        assert worked(Visitor(server.application)).status_code == 201
        refused = worked(Visitor(server.application))
        assert_error(refused, 429, "rate_limited")
        assert int(refused.headers["Retry-After"]) > 0
    finally:
        assert server.stop() == 0


def test_switched_off_the_limit_in_all_refuses(tmp_path):
    server = start(tmp_path, proof_of_work="off", guests_in_all_per_minute=2)
    try:
        for _ in range(2):
            assert Visitor(server.application).post("/guest/v1/session").status_code == 201
        refused = Visitor(server.application).post("/guest/v1/session")
        assert_error(refused, 429, "rate_limited")
        assert Visitor(server.application).session() == {"signed_in": False}
    finally:
        assert server.stop() == 0


@pytest.mark.faketime
def test_a_challenge_lives_for_minutes(tmp_path):
    server = start(tmp_path, proof_of_work="always")
    visitor = Visitor(server.application)
    proof = solve(due(visitor))
    assert server.stop() == 0
    server.start(environment={"LD_PRELOAD": glob.glob("/usr/lib/*/faketime/libfaketime.so.1")[0],
                              "FAKETIME": "+6m"})
    try:
        work = assert_asked(visitor.post("/guest/v1/session", headers={**OWN_PAGE, HEADER: proof}))
        made = visitor.post("/guest/v1/session", headers={**OWN_PAGE, HEADER: solve(work)})
        assert made.status_code == 201
    finally:
        assert server.stop() == 0
