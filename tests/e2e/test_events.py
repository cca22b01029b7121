"""What applications are told: at least once, in order for each user, whatever the application does;
and the operator's commands for it."""

import gzip
import json
import signal
import sqlite3
import subprocess

import pytest
import requests

from conftest import RULES
from listener import Listener, cut, dripping, endless, no_http, status, well
from vestibule_process import VESTIBULE, Shop, Vestibule, make_webhook_secret, wait_for
from visitor import Visitor, account_of, guest_of, new_email, proved_account_of, sign_in, store_rows

MANY = {"guests_per_minute": 100000, "guests_burst": 100000, "sign_ins_per_minute": 100000}


def listening(tmp_path, listeners, **config):
    return Vestibule(tmp_path / "server", config={
        "limits": MANY, "mail": {"transport": "mailbox"},
        "applications": [one if isinstance(one, dict) else one.application() for one in listeners],
        **config})


@pytest.fixture(scope="module")
def ears(tmp_path_factory):
    listener = Listener(tmp_path_factory.mktemp("ears"))
    yield listener
    listener.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory, ears):
    vestibule = listening(tmp_path_factory.mktemp("events"), [ears]).start()
    yield vestibule
    assert vestibule.stop() == 0


def events(server, *words):
    return json.loads(server.command("events", *words, "--json").stdout)


def listed(server, *words):
    return events(server, "list", *words)["events"]


def state_of(server, sub):
    return [(row["type"], row["state"]) for row in reversed(listed(server, "--user", sub))]


def all_delivered(server, sub=None, seconds=30):
    words = ["--user", sub] if sub else ["--limit", "10000"]
    return wait_for(lambda: all(row["state"] == "delivered" for row in listed(server, *words)),
                    "everything to be delivered", seconds)


def status_of(server, application="ears"):
    line, = [line for line in events(server, "status")["applications"]
             if line["application"] == application]
    return line


def metrics(server):
    lines = requests.get(server.issuer + "/metrics", timeout=5).text.splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if line.startswith("vestibule_webhooks"))


# a good application


def test_a_life_is_told_in_its_order_with_signatures(server, ears):
    visitor = guest_of(server)
    sub = visitor.session()["sub"]
    assert visitor.upgrade(new_email()).status_code == 200
    all_delivered(server, sub)
    told = ears.of(sub)
    assert [event.type for event in told] == ["guest.provisioned", "guest.upgraded"]
    assert len({event.id for event in told}) == 2
    for event in told:
        assert event.is_signed_by(ears.secret)
        assert not event.is_signed_by(b"x" * 32)
        assert event.headers["content-type"] == "application/json"
    rows = listed(server, "--user", sub)
    assert [row["id"] for row in rows] == [event.id for event in reversed(told)], "newest first"
    assert all(row["attempts"] == 1 and row["delivered_at"] and "last_error" not in row
               for row in rows)


def test_no_command_tells_a_secret(server, ears):
    sub = guest_of(server).session()["sub"]
    all_delivered(server, sub)
    secret = ears.secret_file.read_text().strip()
    for words in (["list"], ["tail"], ["status"], ["replay", "--application", "ears"]):
        for json_flag in ([], ["--json"]):
            told = server.command("events", *words, *json_flag)
            assert secret not in told.stdout + told.stderr
            assert "v1," not in told.stdout and "webhook_url" not in told.stdout
    assert secret not in server.log.read_text()
    all_delivered(server)


# an application that misbehaves: once, then it is well


BAD = {
    "500": status(500), "503": status(503, b"busy", Retry_After="1"), "404": status(404),
    "redirect": status(307, Location="/elsewhere"),
    "redirect to loopback": status(302, Location="http://127.0.0.1:1/"),
    "redirect to itself": status(301, Location="/hook"),
    "cut": cut, "no HTTP": no_http,
    "too large": status(200, b"x" * 65537), "endless": endless,
    "large head": status(200, X_Large="x" * 70000),
    "gzip bomb": status(200, gzip.compress(b"\0" * 100_000_000), Content_Encoding="gzip"),
}


@pytest.mark.parametrize("how", BAD)
def test_what_was_not_taken_comes_again_under_its_id(server, ears, how):
    before = len(ears.paths)
    visitor = Visitor(server.application)
    # Whoever it will be: the next event is treated badly.
    first = []

    def once(handler, event):
        first.append(event.sub)
        ears.always = None
        BAD[how](handler, event)

    ears.always = once
    sub = visitor.become_guest()
    all_delivered(server, sub)
    assert first == [sub]
    told = ears.of(sub)
    assert len(told) == 2 and len({event.id for event in told}) == 1
    row, = listed(server, "--user", sub)
    assert row["attempts"] == 2
    assert set(ears.paths[before:]) == {"POST /hook"}, "no redirect is followed"


def test_a_compressed_answer_is_not_unpacked(server, ears):
    ears.always = lambda handler, event: status(
        200, gzip.compress(b"\0" * 10_000_000), Content_Encoding="gzip")(handler, event)
    try:
        sub = guest_of(server).session()["sub"]
        all_delivered(server, sub)
        assert listed(server, "--user", sub)[0]["attempts"] == 1
    finally:
        ears.always = None


def test_an_answer_that_drips_ends_after_ten_seconds_and_delays_no_other(server, ears):
    visitor = Visitor(server.application)

    def once(handler, event):
        ears.always = None
        dripping(handler, event)

    ears.always = once
    slow = visitor.become_guest()
    wait_for(lambda: ears.of(slow), "the slow one")
    other = guest_of(server).session()["sub"]
    all_delivered(server, other)
    assert state_of(server, slow) == [("guest.provisioned", "waiting")]
    all_delivered(server, slow)
    assert listed(server, "--user", slow)[0]["attempts"] == 2
    assert "timeout" in server.log.read_text()


def test_a_failing_first_event_holds_back_that_user_only(server, ears):
    refusals = 3

    def refuse(handler, event):
        nonlocal refusals
        if event.type == "guest.provisioned" and refusals and event.sub == held["sub"]:
            refusals -= 1
            status(500)(handler, event)
        else:
            well(handler, event)

    held = {}
    visitor = Visitor(server.application)
    ears.always = lambda handler, event: (held.setdefault("sub", event.sub), refuse(handler, event))
    try:
        sub = visitor.become_guest()
        assert visitor.upgrade(new_email()).status_code == 200
        other = account_of(server).session()["sub"]
        all_delivered(server, other)
        assert state_of(server, sub)[1] == ("guest.upgraded", "waiting")
        all_delivered(server, sub)
    finally:
        ears.always = None
    types = [event.type for event in ears.of(sub)]
    assert types == ["guest.provisioned"] * 4 + ["guest.upgraded"]
    assert [event.type for event in ears.of(other)] == ["guest.provisioned", "guest.upgraded"]


# merges


@pytest.fixture(scope="module")
def merging(tmp_path_factory):
    folder = tmp_path_factory.mktemp("merging")
    listener = Listener(folder)
    vestibule = listening(folder, [listener.application(holds_data=True)]).start()
    vestibule.ears = listener
    yield vestibule
    assert vestibule.stop() == 0
    listener.close()


def test_only_the_right_echo_acknowledges(merging):
    ears = merging.ears
    _, email = proved_account_of(merging)
    visitor = guest_of(merging)
    sub = visitor.session()["sub"]
    all_delivered(merging)
    wrong = iter([status(200, b"{}"), status(202, b"wait"), status(500)])

    def answer(handler, event):
        if event.type != "guest.merge_requested":
            return well(handler, event)
        answer_now = next(wrong, None)
        if answer_now:
            assert store_rows(merging, "users where id = ?", int(sub)) == 1
            return answer_now(handler, event)
        return well(handler, event)

    ears.always = answer
    try:
        assert sign_in(merging, visitor, email, merge="1").status_code in (302, 303)
        all_delivered(merging, sub)
    finally:
        ears.always = None
    told = [event for event in ears.of(sub) if event.type != "guest.provisioned"]
    assert [event.type for event in told] == ["guest.merge_requested"] * 4 + ["guest.merged"]
    assert len({event.id for event in told[:4]}) == 1
    assert store_rows(merging, "users where id = ?", int(sub)) == 0
    shown = merging.command("merges", "show", told[0].data["merge_id"], "--json").stdout
    part, = json.loads(shown)["parts"]
    assert part["delivered_at"] < part["acknowledged_at"], "2xx without the echo is a step, too"
    # What was delivered about a guest goes with it, but for its end.
    assert state_of(merging, sub) == [("guest.merged", "delivered")]
    assert events(merging, "replay", told[4].id, told[0].id) == {"replayed": 1, "skipped": 1}
    all_delivered(merging, sub)
    assert [event.id for event in ears.of(sub)[-2:]] == [told[4].id] * 2
    assert store_rows(merging, "merges where source_id = ? and state = 3", int(sub)) == 1
    assert store_rows(merging, "aliases where old_subject = ?", sub) == 1


# an application that is down


def test_an_outage_opens_the_circuit_and_costs_the_rest_nothing(tmp_path):
    ears = Listener(tmp_path)
    server = listening(tmp_path, [ears]).start()
    try:
        ears.close()
        visitors = [guest_of(server) for _ in range(30)]
        subs = [visitor.session()["sub"] for visitor in visitors]
        open_ = wait_for(lambda: status_of(server)["circuit"] == "open" and status_of(server), "open")
        assert open_["waiting"] == 30 and open_["dead"] == 0 and open_["next_probe_at"]
        assert "asked now and then" in server.log.read_text()
        seen = wait_for(
            lambda: metrics(server).get('vestibule_webhooks_circuit_open{application="ears"}') == "1"
            and metrics(server), "the metric")
        assert seen['vestibule_webhooks{application="ears",state="waiting"}'] == "30"
        assert seen['vestibule_webhooks{application="ears",state="dead"}'] == "0"
        assert float(seen['vestibule_webhooks_oldest_seconds{application="ears"}']) >= 0
        waiting = listed(server, "--state", "waiting")
        tried = [row for row in waiting if row["attempts"]]
        assert 8 <= len(tried) <= 16, "eight, those under way, and probes"
        assert all(row["attempts"] <= 3 for row in tried)
        assert all("connect_failed" in row["last_error"] for row in tried)
        ears.open()
        all_delivered(server)
        assert status_of(server)["circuit"] == "closed"
        assert sorted(event.sub for event in ears.received) == sorted(subs), "each of them once"
        wait_for(lambda: metrics(server)
                 ['vestibule_webhooks{application="ears",state="waiting"}'] == "0", "the metric")
    finally:
        assert server.stop() == 0
        ears.close()


# faults of ours


def test_kill_between_sending_and_commit_sends_the_same_id_again_at_once(tmp_path):
    ears = Listener(tmp_path)
    server = listening(tmp_path, [ears]).start()
    killed = []

    def kill_first(handler, event):
        if not killed:
            killed.append(event.id)
            server.process.kill()
        well(handler, event)

    ears.always = kill_first
    try:
        sub = None
        try:
            sub = Visitor(server.application).become_guest()
        except requests.ConnectionError:
            pass  # its answer may have been lost; the guest is there
        wait_for(lambda: killed, "the first attempt")
        server.process.wait()
        server.start()
        # Before a lease of the dead process would have ended.
        wait_for(lambda: len(ears.received) == 2, "the second attempt", seconds=15)
        first, second = ears.received
        assert first.id == second.id == killed[0] and first.sub == second.sub
        assert sub in (None, first.sub)
        all_delivered(server)
        assert len(ears.received) == 2
    finally:
        assert server.stop() == 0
        ears.close()


# commands


def test_list_by_what_is_asked_for(server):
    sub = guest_of(server).session()["sub"]
    all_delivered(server)
    row, = listed(server, "--user", sub, "--application", "ears", "--state", "delivered")
    assert json.loads(row["payload"])["data"] == {"sub": sub} and row["sub"] == sub
    assert listed(server, "--user", sub, "--state", "waiting") == []
    assert len(listed(server, "--limit", "1")) == 1
    table = server.command("events", "list", "--user", sub).stdout
    assert row["id"] in table and "guest.provisioned" in table and "payload" not in table


@pytest.mark.parametrize("words, code", [
    (["list", "--state", "lost"], 2), (["list", "--limit", "0"], 2), (["list", "--limit", "x"], 2),
    (["list", "--application", "nobody"], 1), (["list", "--user", "x y"], 1),
    (["tail", "-n", "-1"], 2), (["tail", "--application", "nobody"], 1),
    (["replay"], 2), (["replay", "evt_1", "--application", "ears"], 2), (["replay", "evt_1", "--dead"], 2),
    (["replay", "--application", "ears", "--since", "yesterday"], 2),
    (["replay", "--application", "nobody"], 1), (["replay", "x"], 1), (["replay", "evt_-1"], 1),
    (["status", "ears"], 2), ([], 2)], ids=str)
def test_wrong_words_are_refused(server, words, code):
    done = server.command("events", *words, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    if code == 1:
        assert done.stderr.strip() and not done.stdout.strip()


def test_dead_letters_are_listed_and_sent_again(tmp_path):
    ears = Listener(tmp_path)
    server = listening(tmp_path, [ears]).start()
    try:
        subs = [guest_of(server).session()["sub"] for _ in range(5)]
        all_delivered(server)
        server.stop()
        # As if two of them had been refused for days.
        with sqlite3.connect(server.data / "vestibule.db") as store:
            store.execute("update outbox set state = 1, delivered_at = null, attempts = 20,"
                          " last_error = 'status 500' where id in (2, 4)")
        server.start()
        dead = listed(server, "--state", "dead")
        assert [row["sub"] for row in dead] == [subs[3], subs[1]]
        assert all(row["attempts"] == 20 and row["last_error"] == "status 500" for row in dead)
        assert status_of(server)["dead"] == 2 and status_of(server)["delivered"] == 3
        assert events(server, "replay", "--application", "ears", "--dead", "--until", "1h") == {
            "replayed": 0, "skipped": 0}
        told = server.command("events", "replay", "--application", "ears", "--dead", "--since", "1h")
        assert told.stdout == "2 events are sent again\n"
        all_delivered(server)
        assert sorted(event.id for event in ears.received[5:]) == ["evt_2", "evt_4"]
        assert status_of(server)["dead"] == 0
        # Delivered ones, by name: each once, and what is not there is said.
        ids = ["evt_3", "1", "evt_3", "evt_999"]
        assert events(server, "replay", *ids) == {"replayed": 2, "skipped": 1}
        all_delivered(server)
        assert sorted(event.id for event in ears.received[7:]) == ["evt_1", "evt_3"]
    finally:
        assert server.stop() == 0
        ears.close()


def follow(server, *words):
    server.write_config()
    return subprocess.Popen(
        [str(VESTIBULE), "events", "tail", "--follow", "--json", *words, "--config",
         str(server.config_file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_tail_shows_attempts_as_they_happen(server, ears):
    known = guest_of(server).session()["sub"]
    all_delivered(server)
    tail = follow(server, "-n", "1")
    try:
        first = json.loads(tail.stdout.readline())
        assert first["sub"] == known and first["outcome"] == "delivered"
        refused = []

        def once(handler, event):
            ears.always = None
            refused.append(event.id)
            status(500)(handler, event)

        ears.always = once
        sub = guest_of(server).session()["sub"]
        lines = [json.loads(tail.stdout.readline()) for _ in range(2)]
        assert [line["outcome"] for line in lines] == ["failed", "delivered"]
        assert [line["attempt"] for line in lines] == [1, 2]
        assert all(line["sub"] == sub and line["id"] == refused[0] and line["milliseconds"] >= 0
                   for line in lines)
        assert lines[0]["detail"] == "status 500" and "detail" not in lines[1]
    finally:
        tail.terminate()  # SIGINT may be ignored where the tests run
        tail.communicate(timeout=20)
    # The server has lost nothing by it, and goes on.
    all_delivered(server, guest_of(server).session()["sub"])
    assert len(server.command("events", "tail", "-n", "3").stdout.splitlines()) == 3
    assert server.command("events", "tail", "-n", "0").stdout == ""


@pytest.mark.faults  # one follower ended before its first line, once in twenty runs of a busy machine
def test_whoever_follows_holds_no_server_up(tmp_path):
    ears = Listener(tmp_path)
    server = listening(tmp_path, [ears], shutdown_grace="60s").start()
    refused = server.command("events", "tail", "--follow", "--application", "nobody", check=False)
    assert refused.returncode == 1
    sub = guest_of(server).session()["sub"]
    all_delivered(server)
    tails = [follow(server, "-n", "1") for _ in range(3)]
    for tail in tails:
        line = tail.stdout.readline()
        assert line, tail.communicate(timeout=20)
        assert json.loads(line)["sub"] == sub
    assert server.stop() == 0  # within 30 s
    for tail in tails:
        out, err = tail.communicate(timeout=20)
        assert (tail.returncode, out, err) == (0, "", "")
    alone = server.command("events", "tail", "--follow", check=False)
    assert alone.returncode == 1 and "nothing is delivered here" in alone.stderr
    assert len(server.command("events", "tail").stdout.splitlines()) == 1, "without a server"
    assert status_of(server)["circuit"] == "none"
    ears.close()


def test_replays_without_a_server_are_sent_by_the_next(tmp_path):
    ears = Listener(tmp_path)
    server = listening(tmp_path, [ears]).start()
    guest_of(server)
    all_delivered(server)
    assert server.stop() == 0
    assert events(server, "replay", "--application", "ears") == {"replayed": 1, "skipped": 0}
    assert len(ears.received) == 1
    server.start()
    all_delivered(server)
    assert [event.id for event in ears.received] == ["evt_1", "evt_1"]
    assert server.stop() == 0
    ears.close()


# configuration


def test_delivered_events_are_kept_only_if_wanted(tmp_path):
    ears = Listener(tmp_path)
    server = listening(tmp_path, [ears], events={"keep_delivered": "0s"}).start()
    guest_of(server)
    wait_for(lambda: ears.received and not listed(server), "nothing to be left")
    assert status_of(server)["delivered"] == 0
    assert server.stop() == 0
    server.config["events"]["keep_delivered"] = "401d"
    wrong = server.command("config", "check", check=False)
    assert wrong.returncode == 2 and "events.keep_delivered" in wrong.stderr
    ears.close()


def test_a_secret_is_changed_without_a_restart_and_without_a_gap(tmp_path):
    ears = Listener(tmp_path)
    server = listening(tmp_path, [ears]).start()

    def next_event():
        before = len(ears.received)
        guest_of(server)
        wait_for(lambda: len(ears.received) > before, "an event")
        return ears.received[-1]

    def reload(expected):
        before = server.log.read_text().count(expected)
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: server.log.read_text().count(expected) > before, expected)

    try:
        old_line = ears.secret_file.read_text()
        fresh = make_webhook_secret(tmp_path / "fresh")
        ears.secret_file.write_text(old_line + (tmp_path / "fresh").read_text())
        reload("the webhook secrets were read again")
        event = next_event()
        assert event.is_signed_by(ears.secret) and event.is_signed_by(fresh)
        assert len(event.headers["webhook-signature"].split(" ")) == 2
        for broken in ("", "whsec_x\n", old_line * 3, old_line + "other\n"):
            ears.secret_file.write_text(broken)
            reload("the webhook secrets were not read again")
        assert next_event().is_signed_by(fresh)
        ears.secret_file.write_text((tmp_path / "fresh").read_text())
        reload("the webhook secrets were read again")
        event = next_event()
        assert event.is_signed_by(fresh) and not event.is_signed_by(ears.secret)
        assert old_line.strip() not in server.log.read_text()
        assert "whsec_x" not in server.log.read_text()
    finally:
        assert server.stop() == 0
        ears.close()


# where webhooks may go


SPELLINGS = ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1",
             "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::1]",
             "0.0.0.0", "169.254.169.254", "[fe80::1]", "10.0.0.1"]


def test_no_spelling_of_a_private_address_is_called(tmp_path):
    ears = Listener(tmp_path)
    server = listening(tmp_path, [
        ears.application(host=host, name=f"app{number}", allowed_networks=[])
        for number, host in enumerate(SPELLINGS)]).start()
    try:
        guest_of(server)
        rows = wait_for(lambda: (rows := listed(server)) and
                        all(row["attempts"] for row in rows) and rows, "all to be tried")
        assert len(rows) == len(SPELLINGS)
        for row in rows:
            assert "address_refused" in row["last_error"], row
        assert ears.received == []
    finally:
        assert server.stop() == 0
        ears.close()


# the shop


def test_replays_change_nothing_at_the_shop(tmp_path):
    shop = Shop(tmp_path / "shop")
    server = Vestibule(tmp_path / "server", application=True, upstream=shop.url, config={
        "gateway": {"rules": RULES}, "limits": MANY, "mail": {"transport": "mailbox"},
        "applications": [shop.application()]}).start()
    shop.start(server.issuer, server.application)

    def add(visitor, product, quantity):
        answer = visitor.post("/api/cart/items", json={"product_id": product, "quantity": quantity})
        assert answer.status_code == 200, answer.text

    def cart(visitor):
        answer = visitor.get("/api/cart")
        assert answer.status_code == 200, answer.text
        return {item["product_id"]: item["quantity"] for item in answer.json()["items"]}

    try:
        account, email = proved_account_of(server)
        add(account, "mug", 1)
        visitor = guest_of(server)
        add(visitor, "mug", 2)
        add(visitor, "lamp", 1)
        gone = guest_of(server)
        add(gone, "lamp", 5)
        assert gone.request("DELETE", "/guest/v1/session").status_code == 204
        assert sign_in(server, visitor, email, merge="1").status_code in (302, 303)
        all_delivered(server)
        merged = cart(visitor)
        assert merged["lamp"] == 1
        rows = len(listed(server, "--limit", "10000"))
        for words in (["--application", "shop"], ["--application", "shop", "--since", "1h"],
                      [row["id"] for row in listed(server)]):
            assert events(server, "replay", *words)["replayed"] == rows
            all_delivered(server)
            assert cart(visitor) == merged
        assert len(listed(server, "--limit", "10000")) == rows, "a replay makes no new events"
    finally:
        assert server.stop() == 0
        shop.stop()
