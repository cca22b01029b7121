"""Backup, restore, doctor, export and import, with the real program, its kills and its full disk."""

import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import threading

import pytest
import requests

from people import REDIRECT
from vestibule_process import VESTIBULE, Vestibule, wait_for
from visitor import (NAVIGATION, PASSWORD, Pkce, Visitor, account_of, authorize_url, guest_of,
                     newest_link, pass_sign_in_page, proved_account_of, query_of, sign_in)

LIMITS = {"guests_per_minute": 100000, "guests_burst": 100000, "sign_ins_per_minute": 100000}


def make_server(directory, **config):
    return Vestibule(directory, config={"limits": LIMITS, "mail": {"transport": "mailbox"}, **config},
                     redirect_uris=[REDIRECT])


@pytest.fixture
def server(tmp_path):
    server = make_server(tmp_path / "server").start()
    yield server
    if server.running:
        server.stop()


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """An installation with a guest, whose server has been stopped."""
    server = make_server(tmp_path_factory.mktemp("template")).start()
    server.guest = guest_of(server).session()["sub"]
    server.stop()
    return server


@pytest.fixture
def idle(template, tmp_path):
    """A copy of it for one test."""
    server = make_server(tmp_path / "idle")
    shutil.copytree(template.data, server.data)
    return server


def said(done):
    return json.loads(done.stdout)


def back_up(server, file):
    return said(server.command("backup", "--to", file, "--json"))


def restore(server, file, *flags, check=True):
    done = server.command("restore", "--from", file, "--json", *flags, check=check)
    return said(done) if check else done


def refusal(done):
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    return done.stderr


def rows(file, sql, *parameters):
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as store:
        return store.execute(sql, parameters).fetchall()


def users_in(file):
    return {str(row[0]) for row in rows(file, "select id from users")}


def provision(server, key="key"):
    return requests.post(server.application + "/guest/v1/provision", timeout=20,
                         headers={**server.service_headers(), "Idempotency-Key": key})


def manifest_of(file):
    return json.loads(file.with_name(file.name + ".manifest").read_text())


# Backup


def test_a_backup_under_load_has_every_guest_that_was_acknowledged_before(server, tmp_path):
    guests = []
    stop = threading.Event()

    def load():
        while not stop.is_set():
            guests.append(guest_of(server).session()["sub"])

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(3):
            wait_for(lambda: len(guests) >= 20 * (number + 1), "guests")
            before = set(guests)
            made = back_up(server, tmp_path / f"{number}.db")
            assert before <= users_in(tmp_path / f"{number}.db")
            assert made["rows"]["guests"] >= len(before)
            assert said(server.command("backup", "verify", tmp_path / f"{number}.db", "--json")) == made
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_backup_is_private_complete_and_never_overwritten(server, tmp_path):
    guest_of(server)
    made = back_up(server, tmp_path / "copy.db")
    assert made["format"] == 1 and made["schema"] >= 7 and made["vestibule"]
    for name in ("copy.db", "copy.db.manifest"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    secret = (server.data / "secrets/master.key").read_text().strip().encode()
    for name in ("copy.db", "copy.db.manifest"):
        assert secret not in (tmp_path / name).read_bytes()
    assert "not overwritten" in refusal(
        server.command("backup", "--to", tmp_path / "copy.db", check=False))
    directory = tmp_path / "many"
    directory.mkdir()
    file = back_up(server, directory)["file"]
    assert os.path.dirname(file) == str(directory)
    assert sorted(os.listdir(directory)) == [os.path.basename(file), os.path.basename(file) + ".manifest"]
    server.stop()
    back_up(server, tmp_path / "alone.db")
    refusal(server.command("backup", "--to", tmp_path / "none" / "copy.db", check=False))
    refusal(server.command("backup", check=False))


@pytest.mark.parametrize("damage", ["cut", "edited", "manifest gone", "manifest edited", "other file"])
def test_a_damaged_backup_is_refused_and_the_store_stays(idle, template, tmp_path, damage):
    server = idle
    file = tmp_path / "copy.db"
    back_up(server, file)
    manifest = file.with_name("copy.db.manifest")
    if damage == "cut":
        os.truncate(file, file.stat().st_size - 4096)
    elif damage == "edited":
        with file.open("r+b") as out:
            out.seek(8192)
            out.write(b"\0\1\2\3")
    elif damage == "manifest gone":
        manifest.unlink()
    elif damage == "manifest edited":
        manifest.write_text(manifest.read_text()[:-10])
    else:
        file.write_text("hello")
    refusal(server.command("backup", "verify", file, check=False))
    refusal(restore(server, file, "--force", check=False))
    assert template.guest in users_in(server.data / "vestibule.db")
    assert not list(server.data.glob("*.before-restore-*"))


# Restore


def test_everything_that_somebody_holds_of_before_is_void(server, tmp_path):
    session = guest_of(server)
    fresh = Visitor(server.application)
    fresh.get("/guest/v1/session")  # a ticket, not used yet
    assert "vestibule-ticket" in fresh.cookies
    account, email = proved_account_of(server)
    person = Visitor(server.issuer)
    client = server.bootstrap["client"]

    def code(browser, pkce):
        leaving = browser.get(authorize_url(
            client_id=client["id"], response_type="code", redirect_uri=REDIRECT,
            scope="openid offline_access", code_challenge=pkce.challenge,
            code_challenge_method="S256"), headers=NAVIGATION)
        back = leaving.headers["Location"]
        if not back.startswith(REDIRECT):
            back = pass_sign_in_page(browser, back, email, PASSWORD)
        return query_of(back)["code"]

    def token(**form):
        return requests.post(server.issuer + "/oauth/v2/token", timeout=20, data={
            "client_id": client["id"], "client_secret": client["secret"], **form})

    def redeem(code, pkce):
        return token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT,
                     code_verifier=pkce.verifier)

    used = Pkce()
    tokens = redeem(code(person, used), used).json()
    pkce = Pkce()
    unused = code(person, pkce)
    asked = account_of(server, "late@example.com")
    link = newest_link(server, "late@example.com", "proof")
    replayed = provision(server).json()
    file = tmp_path / "copy.db"
    back_up(server, file)
    server.stop()
    told = restore(server, file, "--force")
    assert told["deletions_held"] is True and told["warnings"] == []
    server.start()

    assert session.session() == {"signed_in": False}
    assert account.session() == {"signed_in": False}
    # A ticket that opens leads to one guest, however often it is sent.
    ticket = {"vestibule-ticket": fresh.cookies["vestibule-ticket"]}
    assert Visitor(server.application, ticket).become_guest() \
        != Visitor(server.application, ticket).become_guest()
    for form in ({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]},
                 {"grant_type": "authorization_code", "code": unused, "redirect_uri": REDIRECT,
                  "code_verifier": pkce.verifier}):
        assert token(**form).json()["error"] == "invalid_grant"
    dead = requests.get(server.issuer + "/oidc/v1/userinfo", timeout=20,
                        headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert dead.status_code == 401
    leaving = person.get(authorize_url(
        client_id=client["id"], response_type="code", redirect_uri=REDIRECT, scope="openid",
        code_challenge=pkce.challenge, code_challenge_method="S256"), headers=NAVIGATION)
    assert not leaving.headers["Location"].startswith(REDIRECT)
    assert asked.post("/guest/v1/proof", data={"token": link}).status_code != 200
    again = provision(server).json()
    assert again["user_id"] != replayed["user_id"]
    # What people know is as it was.
    signed = guest_of(server)
    assert sign_in(server, signed, email).status_code in (302, 303)


def test_a_deleted_user_stays_deleted_and_ids_are_not_given_again(server, tmp_path):
    stays, goes = guest_of(server), guest_of(server)
    kept, gone = stays.session()["sub"], goes.session()["sub"]
    file = tmp_path / "copy.db"
    back_up(server, file)
    assert goes.request("DELETE", "/guest/v1/session").status_code == 204
    lost = [guest_of(server).session()["sub"] for _ in range(3)]
    log = server.data / "erasures.jsonl"
    wait_for(lambda: log.exists() and gone in log.read_text(), "the log of erasures")
    assert log.stat().st_mode & 0o777 == 0o600
    server.stop()
    told = restore(server, file, "--force")
    assert told["erased_again"] == 1
    users = users_in(server.data / "vestibule.db")
    assert kept in users and gone not in users and not set(lost) & users
    assert rows(server.data / "vestibule.db", "select reason from tombstones where id = ?", int(gone)) \
        == [("self",)]
    server.start()
    fresh = [int(guest_of(server).session()["sub"]) for _ in range(3)]
    assert min(fresh) > max(map(int, lost))
    (former,) = server.data.glob("vestibule.db.before-restore-*Z")
    assert set(lost) <= users_in(former)


def test_an_erasure_that_a_kill_kept_from_the_log_is_not_forgotten(server, tmp_path):
    goes = guest_of(server)
    gone = goes.session()["sub"]
    file = tmp_path / "copy.db"
    back_up(server, file)
    log = server.data / "erasures.jsonl"
    log.mkdir()  # so that it cannot be written
    assert goes.request("DELETE", "/guest/v1/session").status_code == 204
    server.kill()
    log.rmdir()
    assert restore(server, file, "--force")["erased_again"] == 1
    assert gone not in users_in(server.data / "vestibule.db")


def test_deletions_are_held_until_they_are_released(server, tmp_path):
    guest_of(server)
    file = tmp_path / "copy.db"
    back_up(server, file)
    server.stop()
    assert "no deletions are held" in refusal(server.command("restore", "release", check=False))
    restore(server, file, "--force")
    server.start()
    fresh = guest_of(server)
    refused = fresh.request("DELETE", "/guest/v1/session")
    assert refused.status_code == 409 and refused.json()["error"] == "deletions_held"
    for flags in ([], ["--force"]):
        assert "restore release" in refusal(
            server.command("purge", "--older-than", "1s", *flags, check=False))
    found = said(server.command("doctor", "--json", check=False))["findings"]
    assert "deletions_held" in {finding["code"] for finding in found}
    shown = said(server.command("restore", "release", "--dry-run", "--json"))
    assert shown["released"] is False
    assert fresh.request("DELETE", "/guest/v1/session").status_code == 409
    assert said(server.command("restore", "release", "--json"))["released"] is True
    assert fresh.request("DELETE", "/guest/v1/session").status_code == 204
    refusal(server.command("restore", "release", check=False))


def test_it_is_refused_while_a_server_runs_or_with_another_key(server, tmp_path):
    kept = guest_of(server).session()["sub"]
    file = tmp_path / "copy.db"
    back_up(server, file)
    assert "in use" in refusal(restore(server, file, "--force", check=False)).lower()
    assert guest_of(server).session()["signed_in"]
    server.stop()
    assert "--force" in refusal(restore(server, file, check=False))
    other = make_server(tmp_path / "other")
    other.bootstrap
    assert "master key" in refusal(restore(other, file, "--force", check=False))
    empty = make_server(tmp_path / "empty")
    empty.data.mkdir(parents=True)
    assert "master key" in refusal(restore(empty, file, check=False))
    assert not (empty.data / "secrets/master.key").exists()  # none is made in its place
    shutil.copytree(server.data / "secrets", empty.data / "secrets")
    restore(empty, file)
    assert kept in users_in(empty.data / "vestibule.db")


def test_a_newer_schema_is_refused(idle, tmp_path):
    server = idle
    file = tmp_path / "copy.db"
    back_up(server, file)
    manifest = manifest_of(file)
    manifest["schema"] += 1
    file.with_name("copy.db.manifest").write_text(json.dumps(manifest))
    assert "newer" in refusal(restore(server, file, "--force", check=False))


# Kills and full disks

# Calls that change names, promise durability or write, with how far apart the tried ones are. A
# thread counts each kind of its own.
CALLS = {"rename": 1, "renameat2": 1, "unlink": 1, "unlinkat": 1, "rmdir": 1, "fsync": 1,
         "fdatasync": 1, "pwrite64": 17}


def killed_at(server, call, number, *words):
    """Runs a command that is killed when it makes its `number`-th such call; False if it has fewer."""
    server.write_config()
    process = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
         "-e", f"inject={call}:signal=KILL:when={number}",
         str(VESTIBULE), *map(str, words), "--config", str(server.config_file)],
        capture_output=True, timeout=120)
    return process.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)


def every_instant(attempt):
    """Calls `attempt(call, number)` for each instant until the command comes to its end."""
    count = 0
    for call, stride in CALLS.items():
        number = 1
        while attempt(call, number):
            number += stride
            count += 1
    return count


needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@needs_strace
@pytest.mark.faketime  # the leak sanitizer refuses to be traced
def test_a_restore_that_is_killed_leaves_the_old_store_or_the_new(server, tmp_path):
    old = guest_of(server).session()["sub"]
    file = tmp_path / "copy.db"
    back_up(server, file)
    new = guest_of(server).session()["sub"]
    server.stop()
    original = tmp_path / "data"
    shutil.copytree(server.data, original)
    database = server.data / "vestibule.db"
    seen = set()

    def attempt(call, number):
        shutil.rmtree(server.data)
        shutil.copytree(original, server.data)
        killed = killed_at(server, call, number, "restore", "--from", file, "--force")
        # Whatever opens the store next completes what had been decided.
        server.command("users", "show", "admin")
        users = users_in(database)
        assert old in users
        restored = rows(database, "select 1 from meta where key = 'recovery.epoch'") != []
        assert restored == (new not in users), (call, number)
        assert restored or killed
        assert rows(database, "pragma integrity_check") == [("ok",)]
        assert not list(server.data.glob("*.replacement"))
        seen.add(restored)
        return killed

    assert every_instant(attempt) > 20
    assert seen == {False, True}


@needs_strace
@pytest.mark.faketime  # the leak sanitizer refuses to be traced
def test_a_backup_that_is_killed_leaves_none_or_a_whole_one(idle, tmp_path):
    server = idle

    def attempt(call, number):
        file = tmp_path / f"{call}-{number}.db"
        killed = killed_at(server, call, number, "backup", "--to", file)
        verified = server.command("backup", "verify", file, check=False).returncode == 0
        assert verified == file.with_name(file.name + ".manifest").exists()
        assert verified or killed
        return killed

    assert every_instant(attempt) > 5


def limited(server, bytes_allowed, *words):
    """Runs a command that cannot write a file beyond a size: what a full disk is like."""
    server.write_config()

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_allowed, bytes_allowed))

    return subprocess.run([str(VESTIBULE), *map(str, words), "--config", str(server.config_file)],
                          capture_output=True, text=True, timeout=120, preexec_fn=limit)


def test_a_full_disk_ends_a_backup_and_a_restore_without_harm(idle, template, tmp_path):
    server, kept = idle, template.guest
    file = tmp_path / "copy.db"
    back_up(server, file)
    size = file.stat().st_size
    assert limited(server, size // 2, "backup", "--to", tmp_path / "full.db").returncode == 1
    assert not list(tmp_path.glob("full.db*")) and not list(tmp_path.glob(".full*"))
    assert limited(server, size // 2, "restore", "--from", file, "--force").returncode == 1
    assert kept in users_in(server.data / "vestibule.db")
    assert not list(server.data.glob("*.before-restore-*"))
    restore(server, file, "--force")


# Doctor


def codes(done):
    return {(item["severity"], item["code"]) for item in said(done)["findings"]}


def test_the_doctor_finds_nothing_wrong_with_a_sound_store(server):
    guest_of(server)
    account_of(server)
    for _ in range(2):
        done = server.command("doctor", "--json", check=False)
        assert done.returncode == 0, done.stdout
        assert said(done)["errors"] == 0
        if server.running:
            server.stop()


@pytest.mark.parametrize("code, sql", [
    ("metadata_of_nobody", "insert into user_metadata values (4, 'k', x'00', 1, 1)"),
    ("credentials_of_nobody",
     "insert into credentials (user_id, kind, name, data, created_at, changed_at)"
     " values (4, 1, '', 'x', 1, 1)"),
    ("claims_of_nobody", "insert into email_claims values ('a@b.c', 4, 'a@b.c', 1, null)"),
    ("sessions_of_nobody", "update sessions set user_id = 4"),
    ("names_to_nobody", "insert into directory values (1, 'ghost', 4)"),
    ("living_and_dead", "insert into tombstones select id, 1, 'x' from users"),
    ("guests_without_tag", "delete from user_metadata"),
    ("merges_without_source",
     "insert into merges (id, source_id, target_id, source_subject, target_subject, state,"
     " requested_at, deadline_at) values (5, 4, 3, '4', '3', 1, 1, 1)"),
    ("merging_without_merge", "update users set merge_id = 5"),
    ("clock_behind", "update audit set at = at + 86400000"),
])
def test_the_doctor_finds(idle, code, sql):
    with sqlite3.connect(idle.data / "vestibule.db") as store:
        store.execute(sql)
    done = idle.command("doctor", "--json", check=False)
    assert done.returncode == 1
    assert ("error", code) in codes(done), done.stdout


def test_the_doctor_looks_at_files_and_configuration(idle):
    server = idle
    server.data.chmod(0o777)
    (server.data / "vestibule.db").chmod(0o644)
    server.config["trusted_proxies"] = ["0.0.0.0/0"]
    done = server.command("doctor", "--json", check=False)
    assert {("error", "permissions"), ("error", "everybody_trusted")} <= codes(done)
    assert done.returncode == 1
    server.data.chmod(0o700)
    (server.data / "secrets/master.key").chmod(0o644)
    done = server.command("doctor", "--json", check=False)
    assert {("error", "store_unusable"), ("error", "permissions")} <= codes(done)


# Export and import


def test_people_move_with_their_sub_and_password(server, tmp_path):
    visitor, email = proved_account_of(server)
    sub = visitor.session()["sub"]
    guest = guest_of(server).session()["sub"]
    unproved = account_of(server).session()
    file = tmp_path / "people.jsonl"
    told = said(server.command("users", "export", "--to", file, "--json"))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert told["users"] == len(lines)
    assert {sub, guest, unproved["sub"]} <= {line["sub"] for line in lines}
    assert file.stat().st_mode & 0o777 == 0o600
    assert "not overwritten" in refusal(server.command("users", "export", "--to", file, check=False))

    other = make_server(tmp_path / "other").start()
    try:
        tried = other.command("users", "import", "--from", file, "--dry-run", "--json", check=False)
        # The other installation has an administrator of its own, of the same name.
        assert said(tried)["errors"] == 1
        assert sub not in users_in(other.data / "vestibule.db")
        done = other.command("users", "import", "--from", file, "--json", check=False)
        assert said(done)["imported"] == len(lines) - 1
        again = said(other.command("users", "import", "--from", file, "--json", check=False))
        assert again["skipped"] == len(lines) - 1 and again["imported"] == 0
        back = guest_of(other)
        assert sign_in(other, back, email).status_code in (302, 303)
        copied = tmp_path / "copied.jsonl"
        other.command("users", "export", "--to", copied)
        found = {json.loads(line)["sub"]: json.loads(line) for line in copied.read_text().splitlines()}
        for line in lines:
            if line.get("username") == "admin":
                continue
            line.pop("active_at"), line.pop("changed_at")
            other_line = found[line["sub"]]
            other_line.pop("active_at"), other_line.pop("changed_at")
            assert other_line == line
    finally:
        assert other.stop() == 0


GOOD = {"id": "123456789012", "sub": "123456789012", "state": "active", "email_state": "none",
        "username": "grace", "created_at": 1700000000000}
HASH = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43


@pytest.mark.parametrize("change, word", [
    ({"id": None}, "id"), ({"id": "x"}, "id"), ({"id": "0"}, "id"), ({"id": 5}, "id"),
    ({"state": "asleep"}, "state"), ({"created_at": "yesterday"}, "created_at"),
    ({"created_at": -1}, "created_at"), ({"email_state": "proved"}, "email_state"),
    ({"email": "no address", "email_state": "unproved"}, "email"),
    ({"email": "a@b.example", "email_state": "proved"}, "proved_emails"),
    ({"guest_day": "GUEST_99_99_99"}, "guest_day"), ({"gender": 9}, "gender"),
    ({"guest_day": "GUEST_25_01_02", "password": {"hash": HASH}}, "password"),
    ({"password": {"hash": "$2b$12$abcdefghijklmnopqrstuv"}}, "password"),
    ({"password": {"hash": HASH.replace("m=19456", "m=4294967295")}}, "password"),
    ({"password": "x"}, "password"), ({"metadata": {"k": "not base64!"}}, "metadata"),
    ({"metadata": {"GUEST_25_01_02": "AA=="}}, "metadata"), ({"profile": []}, "profile"),
    ({"username": "a\u0000b"}, "username"), ({"username": "admin"}, ""),
])
def test_a_bad_line_is_named_and_leaves_nothing(idle, tmp_path, change, word):
    server = idle
    file = tmp_path / "people.jsonl"
    bad = {**GOOD, "id": "99", "sub": "99", "username": "other", **change}
    bad = {name: value for name, value in bad.items() if value is not None}
    file.write_text(json.dumps(GOOD) + "\n\n" + json.dumps(bad) + "\n{broken\n")
    before = rows(server.data / "vestibule.db", "select count(*) from users")[0][0]
    done = server.command("users", "import", "--from", file, "--json", check=False)
    assert done.returncode == 1
    told = said(done)
    assert told["imported"] == 1 and [line["line"] for line in told["refused"]] == [3, 4]
    assert word in told["refused"][0]["message"]
    assert rows(server.data / "vestibule.db", "select count(*) from users")[0][0] == before + 1
    assert rows(server.data / "vestibule.db",
                "select count(*) from directory where user_id = 99")[0][0] == 0


def test_a_user_that_is_another_one_here_is_refused(idle, tmp_path):
    server = idle
    file = tmp_path / "people.jsonl"
    file.write_text(json.dumps({**GOOD, "password": {"hash": HASH}}) + "\n")
    assert said(server.command("users", "import", "--from", file, "--json"))["imported"] == 1
    file.write_text(json.dumps({**GOOD, "given_name": "Mallory"}) + "\n")
    told = said(server.command("users", "import", "--from", file, "--json", check=False))
    assert told["refused"][0]["reason"] == "different"
    assert rows(server.data / "vestibule.db", "select given_name from users where id = ?",
                int(GOOD["id"])) == [(None,)]
