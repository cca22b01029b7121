"""The audit log: edits of the database are found, and each change has its line."""

import json
import shutil
import sqlite3

import pytest
import requests

from vestibule_process import Vestibule, wait_for
from visitor import (PASSWORD, Visitor, account_of, guest_of, new_email, newest_link,
                     proved_account_of, sign_in)


@pytest.fixture(scope="module")
def audited(tmp_path_factory, upstream):
    running = Vestibule(
        tmp_path_factory.mktemp("audited"),
        config={"mail": {"transport": "mailbox"},
                "limits": {"guests_per_minute": 100000, "guests_burst": 100000,
                           "sign_ins_per_minute": 100000}},
        application=True, upstream=upstream.url,
    ).start()
    yield running
    assert running.stop() == 0


def audit_lines(server, **wanted):
    flags = [part for name, value in wanted.items() for part in ("--" + name, value)]
    done = server.command("audit", "list", "--json", "--limit", "1000", *flags)
    return json.loads(done.stdout)["lines"]


def verify(server, *flags):
    done = server.command("audit", "verify", "--json", *flags, check=False)
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["sound"] else 1), done.stderr
    return found


# The log of a stopped server, tampered with


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    """A stopped server whose log has several seals and an exported head."""
    server = Vestibule(tmp_path_factory.mktemp("sealed"), application=True).start()
    for _ in range(3):
        account_of(server)
        server.command("audit", "head")  # seals what is there
    assert server.stop() == 0
    return server


@pytest.fixture
def tampered(sealed):
    """Changes the database by a function, and puts it back afterwards."""
    kept = sealed.directory / "kept"
    shutil.copytree(sealed.data, kept)

    def change(*statements):
        with sqlite3.connect(sealed.data / "vestibule.db") as store:
            for statement in statements:
                assert store.execute(statement).rowcount > 0, statement
        return sealed

    yield change
    shutil.rmtree(sealed.data)
    kept.rename(sealed.data)


MIDDLE = "(select first_id from audit_seals where sequence = 2)"
LAST = "(select max(sequence) from audit_seals)"
CUT = [f"delete from audit where id >= (select first_id from audit_seals where sequence = {LAST})",
       f"delete from audit_seals where sequence = {LAST}"]


def test_an_untouched_log_is_sound(sealed):
    found = verify(sealed)
    assert found["sound"] and found["flaws"] == 0 and found["findings"] == []
    assert found["seals"] >= 3 and found["lines"] >= 9 and found["unsealed"] == 0
    assert found["head"] == found["compared_with"]
    assert (sealed.data / "audit-head").read_text().strip() == found["head"]
    assert (sealed.data / "audit-head").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("statements, flaw", [
    ([f"update audit set type = 'x' where id = {MIDDLE}"], "edited"),
    ([f"update audit set user_id = user_id + 1 where id = {MIDDLE}"], "edited"),
    ([f"update audit set outcome = 'refused' where id = {MIDDLE}"], "edited"),
    ([f"update audit set address = '203.0.113.9' where id = {MIDDLE}"], "edited"),
    ([f"delete from audit where id = {MIDDLE}"], "missing"),
    (["insert into audit (id, at, type, user_id) values (0, 1, 'x', 1)"], "inserted"),
    (["update audit_seals set sealed_at = sealed_at + 1 where sequence = 2"], "seal_forged"),
    (["delete from audit_seals where sequence = 2"], "seal_missing"),
    (CUT, "cut_tail"),
    (["delete from audit", "delete from audit_seals"], "cut_tail"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_tampering_is_found(tampered, statements, flaw):
    server = tampered(*statements)
    found = verify(server)
    assert flaw in [finding["flaw"] for finding in found["findings"]], found
    told = server.command("audit", "verify", check=False)
    assert told.returncode == 1 and flaw in told.stdout


def test_an_edited_line_is_named(tampered):
    server = tampered("update audit set type = 'x' where id = 3")
    assert [(finding["flaw"], finding["line"]) for finding in verify(server)["findings"]] == [
        ("edited", 3)]


def test_a_cut_that_a_running_server_builds_on_is_found(tampered):
    server = tampered(*CUT)
    evidence = (server.data / "audit-head").read_text()
    server.start()
    account_of(server)
    assert server.stop() == 0
    assert (server.data / "audit-head").read_text() == evidence
    assert "somebody changed the database" in server.log.read_text()
    assert "other_chain" in [finding["flaw"] for finding in verify(server)["findings"]]


def test_a_cut_with_its_head_is_found_by_a_head_from_elsewhere(tampered):
    server = tampered(*CUT)
    evidence = server.directory / "head-elsewhere"
    (server.data / "audit-head").rename(evidence)
    assert verify(server)["sound"]
    for given in (evidence, evidence.read_text().strip()):
        found = verify(server, "--head", given)
        assert [finding["flaw"] for finding in found["findings"]] in (["cut_tail"], ["other_chain"])
    evidence.unlink()


def test_another_master_key_is_told_from_edits(tampered):
    server = tampered()
    (server.data / "secrets" / "master.key").unlink()
    with sqlite3.connect(server.data / "vestibule.db") as store:
        store.execute("delete from signing_keys")  # sealed under the former one
    assert [finding["flaw"] for finding in verify(server)["findings"]] == ["wrong_key"]


def test_a_head_that_is_none_is_refused(sealed):
    done = sealed.command("audit", "verify", "--head", "1.2.3", check=False)
    assert done.returncode == 1 and "no head" in done.stderr


# What an erasure leaves


def test_an_erasure_leaves_lines_that_fit_and_say_nothing(audited):
    visitor = guest_of(audited)
    sub = visitor.session()["sub"]
    before = audit_lines(audited, user=sub)
    assert before[0]["address"] == "127.0.0.1"
    assert visitor.request("DELETE", "/guest/v1/session").status_code == 204
    after = audit_lines(audited, user=sub)
    assert [line["type"] for line in after] == [line["type"] for line in before] + ["guest.purged"]
    assert not any("address" in line or "detail" in line for line in after)
    with sqlite3.connect(f"file:{audited.data}/vestibule.db?mode=ro", uri=True) as store:
        left = store.execute("select count(*) from audit where user_id = ? and (address_salt is not"
                             " null or detail_salt is not null)", (int(sub),)).fetchone()[0]
    assert left == 0
    found = verify(audited)
    assert found["sound"] and found["forgotten"] > 0


def test_a_purge_leaves_one_line_for_each_guest(tmp_path, upstream):
    server = Vestibule(tmp_path, application=True, upstream=upstream.url).start()
    subs = [guest_of(server).session()["sub"] for _ in range(3)]
    with sqlite3.connect(server.data / "vestibule.db", timeout=20) as store:
        store.execute("update users set guest_day = 1, active_at = 1 where guest_day is not null")
    server.command("purge", "--force")
    for sub in subs:
        line = audit_lines(server, user=sub)[-1]
        assert {name: line[name] for name in ("type", "user", "outcome")} == {
            "type": "guest.purged", "user": sub, "outcome": "done"}
        assert not {"address", "detail"} & set(line)
    assert audit_lines(server, type="operator.command")[-1]["detail"] == "operator purge"
    assert verify(server)["sound"]
    assert server.stop() == 0


# Each change has its line


def provision(server):
    return guest_of(server).session()["sub"]


def upgrade(server):
    return account_of(server).session()["sub"]


def prove(server):
    return proved_account_of(server)[0].session()["sub"]


def sign_in_again(server):
    visitor, email = proved_account_of(server)
    fresh = Visitor(server.application)
    assert sign_in(server, fresh, email).status_code in (302, 303)
    return visitor, fresh.session()["sub"]


def sign_in_and_out(server):
    _, email = proved_account_of(server)
    fresh = Visitor(server.application)
    assert sign_in(server, fresh, email).status_code in (302, 303)
    sub = fresh.session()["sub"]
    assert fresh.post("/guest/v1/logout").status_code < 400
    return sub


def register(server):
    answer = Visitor(server.issuer).post("/ui/register", data={
        "given_name": "Jane", "family_name": "Doe", "email": new_email(), "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return None


def reset(server):
    visitor, email = proved_account_of(server)
    sub = visitor.session()["sub"]
    provider = Visitor(server.issuer)
    assert provider.post("/ui/forgot", data={"email": email}).status_code == 200
    token = newest_link(server, email, "reset")
    answer = provider.post("/ui/reset", data={"token": token, "password": PASSWORD + "-new"})
    assert answer.status_code == 200, answer.text
    return sub


def merge(server):
    _, email = proved_account_of(server)
    guest = guest_of(server)
    assert sign_in(server, guest, email, merge="1").status_code in (302, 303)
    return guest.session()["sub"]


SERVICE, GATEWAY = "service", "gateway"

# What is done, and the lines about its subject that say so: type, actor, client, address.
CHANGES = [
    (provision, [("guest.provisioned", SERVICE, GATEWAY, True),
                 ("token.exchanged", SERVICE, GATEWAY, True)]),
    (upgrade, [("guest.upgraded", None, None, True)]),
    (prove, [("email.proved", None, None, False)]),
    (lambda server: sign_in_again(server)[1], [("user.signed_in", None, None, True),
                                               ("session.opened", None, GATEWAY, True)]),
    (sign_in_and_out, [("session.ended", None, GATEWAY, False)]),
    (reset, [("password.reset", None, None, False), ("user.signed_in", None, None, True)]),
    (merge, [("guest.merge_requested", None, None, False), ("guest.merged", None, None, False)]),
    (register, [("user.created", None, None, True), ("user.signed_in", None, None, True)]),
]


def assert_line(server, lines, wanted):
    type_, actor, client, addressed = wanted
    found = [line for line in lines if line["type"] == type_]
    assert found, (type_, lines)
    line = found[-1]
    assert line["outcome"] == "done"
    service = server.bootstrap["service_account"]["id"]
    assert line.get("actor") == (service if actor == SERVICE else None)
    if client == GATEWAY:
        assert line["client"].isdigit()
    if addressed:
        assert line["address"] == "127.0.0.1", line


@pytest.mark.parametrize("change, wanted", CHANGES,
                         ids=["provision", "upgrade", "proof", "sign-in", "sign-out", "reset",
                              "merge", "registration"])
def test_each_change_of_a_visitor_has_its_line(audited, change, wanted):
    sub = change(audited)
    lines = audit_lines(audited, **({"user": sub} if sub else {}))
    for each in wanted:
        assert_line(audited, lines, each)


def zitadel(server, method, path, body=None):
    answer = requests.request(method, server.issuer + path, json=body, timeout=20,
                              headers=server.admin_headers())
    assert answer.status_code < 300, answer.text
    return answer.json()


def test_each_call_of_an_administrator_has_its_line(audited):
    made = zitadel(audited, "POST", "/v2/users/human", {
        "username": "jd-" + new_email(), "profile": {"givenName": "J", "familyName": "D"},
        "email": {"email": new_email(), "isVerified": True}})
    user = made["userId"]
    zitadel(audited, "POST", f"/v2/users/{user}/password", {"newPassword": {"password": "Vi0let-harbour!"}})
    zitadel(audited, "POST", f"/v2/users/{user}/lock", {})
    zitadel(audited, "POST", f"/v2/users/{user}/unlock", {})
    zitadel(audited, "DELETE", f"/v2/users/{user}")
    lines = audit_lines(audited, user=user)
    types = [line["type"] for line in lines]
    assert types == ["user.created", "password.set", "user.locked", "user.unlocked",
                     "user.deletion_requested", "user.deleted"]
    actors = {line.get("actor") for line in lines[:-1]}
    assert len(actors) == 1 and None not in actors
    # The person is forgotten, and with it the address that the line was about.
    assert not any("address" in line for line in lines)


def test_each_command_of_an_operator_has_its_line(audited):
    added = json.loads(audited.command("users", "add", "--username", "op-" + new_email(),
                                       "--json").stdout)
    audited.command("users", "grant", added["sub"], "user_impersonator")
    audited.command("users", "set", added["sub"], "--username", "other-" + new_email())
    assert [(line["type"], line["detail"]) for line in audit_lines(audited, user=added["sub"])] == [
        ("user.created", "operator"), ("roles.changed", "operator"), ("user.updated", "operator")]
    client = json.loads(audited.command("clients", "add", "--name", "c", "--redirect-uri",
                                        "https://c.example/cb", "--json").stdout)["client_id"]
    audited.command("clients", "delete", client)
    audited.command("keys", "rotate")
    assert [line["type"] for line in audit_lines(audited) if line.get("client") == client] == [
        "client.registered", "client.deleted"]
    assert audit_lines(audited, type="keys.rotated")


# Refused attempts


def refused(server, name):
    answer = Visitor(server.issuer).post("/ui/login", data={
        "request": "", "username": name, "password": "not the password"})
    assert answer.status_code == 401


def test_many_refused_sign_ins_are_few_lines(audited):
    visitor, email = proved_account_of(audited)
    sub = visitor.session()["sub"]

    def lines():
        return [line for line in audit_lines(audited, user=sub) if line["outcome"] != "done"]

    refused(audited, email)
    first = wait_for(lines, "the first line")
    assert [(line["type"], line["outcome"], line["address"]) for line in first] == [
        ("user.signed_in", "wrong_password", "127.0.0.1")]
    for _ in range(10):
        refused(audited, email)
    assert len(lines()) == 1, "the rest of the minute is told together"
    # A user's own timeline tells what happened, not what was tried.
    told = visitor.get("/guest/v1/timeline").json()
    assert "wrong_password" not in json.dumps(told)


def test_a_name_that_nobody_has_is_told_under_nobody(audited):
    refused(audited, new_email())
    wait_for(lambda: [line for line in audit_lines(audited, type="user.signed_in")
                      if line["outcome"] == "wrong_password" and "user" not in line], "the line")


def test_a_log_of_a_running_server_is_sound(audited):
    found = verify(audited)
    assert found["sound"], found["findings"]
    head = audited.command("audit", "head").stdout.strip()
    assert head == (audited.data / "audit-head").read_text().strip()
