"""The operator's purge: by application, refused, reported, stopped in the middle."""
import json
import re
import sqlite3
import subprocess
import time
import uuid

import pytest
import requests

from vestibule_process import VESTIBULE, Vestibule, wait_for


@pytest.fixture
def server(tmp_path):
    vestibule = Vestibule(tmp_path)
    yield vestibule
    if vestibule.running:
        assert vestibule.stop() == 0


def provision(server):
    made = requests.post(f"{server.application}/guest/v1/provision", json={}, timeout=5,
                         headers={**server.service_headers(), "Idempotency-Key": uuid.uuid4().hex})
    assert made.status_code == 201, made.text
    return made.json()["user_id"]


def purge(server, *flags, check=True):
    done = server.command("purge", "--json", *flags, check=check)
    return json.loads(done.stdout) if check else done


def runs(server):
    return json.loads(server.command("purge", "runs", "--json").stdout)["runs"]


def metric(server, name):
    text = requests.get(server.issuer + "/metrics", timeout=5).text
    return float(re.search(rf"^{name} (\S+)$", text, re.M)[1])


def age(server, days, users=None):
    """Makes guests as old as that, while no server runs."""
    then = int(time.time() * 1000) - days * 86_400_000
    with sqlite3.connect(server.data / "vestibule.db") as database:
        database.execute(
            "update users set guest_day = ?, active_at = ?, created_at = ?"
            " where guest_day is not null" + (f" and id = {int(users)}" if users else ""),
            (then // 86_400_000, then, then))
    database.close()


def test_a_dry_run_tells_each_application_apart(server):
    server.start()
    guests = [provision(server) for _ in range(3)]
    dry = purge(server, "--older-than", "0s", "--dry-run")
    assert dry["dry_run"] and dry["found"] == dry["purged"] == 3
    [application] = dry["applications"]
    assert application["found"] == application["purged"] == 3
    assert runs(server) == [] or all(run["purged"] == 0 for run in runs(server))

    nobody = purge(server, "--older-than", "0s", "--client", "1")
    assert nobody["purged"] == 0 and nobody["applications"] == []
    done = purge(server, "--older-than", "0s", "--client", application["client_id"])
    assert done["purged"] == 3 and done["applications"][0]["purged"] == 3
    assert runs(server)[0]["outcome"] == "done" and runs(server)[0]["purged"] == 3
    assert metric(server, "vestibule_purge_guests_total") == 3
    assert metric(server, "vestibule_purge_refused_total") == 0
    assert metric(server, "vestibule_purge_last_run_timestamp_seconds") == pytest.approx(
        time.time(), abs=60)
    assert len(set(guests)) == 3


def test_the_retention_of_an_application_counts_for_its_guests(server):
    server.start()
    mine = provision(server)
    client = purge(server, "--dry-run", "--older-than", "0s")["applications"][0]["client_id"]
    server.stop()
    age(server, 10)
    assert purge(server, "--dry-run")["found"] == 0, "the default is 30 days"
    server.config["purge.applications"] = [{"client": client, "retention": "7d"}]
    assert purge(server, "--dry-run")["found"] == 1
    server.config["purge.applications"] = [{"client": client, "retention": "90d"}]
    age(server, 60, mine)
    assert purge(server)["purged"] == 0
    assert purge(server, "--older-than", "30d")["purged"] == 1, "who types a number means it"


@pytest.mark.parametrize("entry, mistake", [
    ({"client": "shop", "retention": "7d"}, "'shop' is not the id of a client"),
    ({"client": "13", "retention": "1s"}, "at least 1m"),
    ({"client": "13"}, "at least 1m"),
    ({"retention": "7d"}, "client is missing"),
])
def test_an_application_that_says_nothing_is_a_mistake(server, entry, mistake):
    server.bootstrap
    server.config["purge.applications"] = [entry]
    done = server.command("config", "check", check=False)
    assert done.returncode == 2 and mistake in done.stderr


@pytest.mark.parametrize("flags, code", [
    (("--client", "shop"), 1), (("--older-than", "-1d"), 2), (("--older-than", "soon"), 2),
    (("runs", "--dry-run"), 2),
])
def test_wrong_words_purge_nobody(server, flags, code):
    server.start()
    provision(server)
    done = server.command("purge", *flags, check=False)
    assert done.returncode == code and done.stderr
    assert purge(server, "--older-than", "0s", "--dry-run")["found"] == 1


def test_a_refused_run_is_reported_and_counted(server):
    server.start()
    server.stop()
    now = int(time.time() * 1000)
    with sqlite3.connect(server.data / "vestibule.db") as database:
        database.execute("insert or replace into meta values ('lifecycle.last_purge', ?)",
                         (str(now + 3_600_000),))
    database.close()
    server.start()
    done = purge(server, check=False)
    assert done.returncode == 1 and "the clock says" in done.stderr
    assert runs(server)[0]["outcome"] == "refused: clock_jumped"
    assert runs(server)[0]["finished_at"]
    assert metric(server, "vestibule_purge_refused_total") >= 1
    assert purge(server, "--force")["purged"] == 0
    assert runs(server)[0]["outcome"] == "done"


def test_a_run_that_was_killed_has_counted_what_it_did_and_the_next_one_goes_on(server):
    server.start()
    provision(server)
    server.stop()
    count = 20_000
    with sqlite3.connect(server.data / "vestibule.db") as database:
        database.execute(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)"
            " insert into users (id, organization_id, kind, state, guest_day, created_at,"
            " changed_at, active_at) select i, 1, 1, 1, 20000, 0, 0, 0 from n", (count,))
    database.close()
    server.config["purge"] = {"max_share": 0.0}  # the keeper leaves them to the operator
    server.start()

    def left():
        with sqlite3.connect(server.data / "vestibule.db") as database:
            found = database.execute("select count(*) from users where id <= ?", (count,))
            return found.fetchone()[0]

    with subprocess.Popen([VESTIBULE, "purge", "--force", "--config", server.config_file],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as command:
        wait_for(lambda: left() < count, "the first guests to go")
        server.kill()
        assert command.wait(timeout=30) != 0
    rest = left()
    assert 0 < rest < count
    server.start()
    killed = next(run for run in runs(server) if run["found"] == count and run["purged"] > 0)
    assert killed["outcome"] == "interrupted" and killed["finished_at"] is None
    assert killed["purged"] == count - rest
    assert purge(server, "--force")["applications"][0] == {
        "client_id": None, "cutoff": runs(server)[0]["cutoff"], "found": rest, "purged": rest}
    assert left() == 0
