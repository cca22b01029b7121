"""The operator's list of refused passwords, wherever a person chooses one."""

import signal

import pytest
import requests

from people import write_file
from vestibule_process import Vestibule, wait_for
from visitor import PASSWORD, Visitor, assert_error, guest_of, new_email, newest_link

REFUSED = "Correct-Horse-Battery-1"
LATER = "violet-orchard-lantern-8"
LIMITS = {"guests_per_minute": 100000, "guests_burst": 100000, "sign_ins_per_minute": 100000}


@pytest.fixture
def server(tmp_path):
    listed = tmp_path / "refused.txt"
    listed.write_text(f"hunter2\r\n\n{REFUSED}\n")
    vestibule = Vestibule(tmp_path, config={"passwords": {"refused_file": str(listed)},
                                            "mail": {"transport": "mailbox"}, "limits": LIMITS})
    vestibule.listed = listed
    vestibule.start()
    yield vestibule
    assert vestibule.stop() == 0


def register(server, password, email=None):
    return Visitor(server.issuer).post("/ui/register", data={
        "given_name": "A", "family_name": "B", "email": email or new_email(), "password": password})


@pytest.mark.parametrize("spelling", [REFUSED, REFUSED.lower(), REFUSED.upper()])
def test_no_page_takes_one(server, spelling):
    assert register(server, spelling).status_code == 422
    refused = guest_of(server).upgrade(new_email(), password=spelling)
    body = assert_error(refused, 422, fields={"password"})
    assert "not allowed here" in body["fields"]["password"]

    email = new_email()
    assert register(server, PASSWORD, email).status_code == 200
    visitor = Visitor(server.issuer)
    visitor.post("/ui/forgot", data={"email": email})
    token = newest_link(server, email, "proof")
    reset = visitor.post("/ui/reset", data={"token": token, "password": spelling})
    assert reset.status_code == 422 and "not allowed here" in reset.text


def test_a_renewal_does_not_take_one(server):
    # Somebody else chose the first password, so its owner has to renew it.
    made = server.command("users", "add", "--json", "--claims",
                          write_file(server, "c.json", '{"preferred_username":"ada"}'),
                          "--password-file", write_file(server, "p", PASSWORD + "\n"), check=False)
    assert made.returncode == 0, made.stderr
    answer = Visitor(server.issuer).post("/ui/renewal", data={
        "username": "ada", "password": PASSWORD, "new_password": REFUSED})
    assert answer.status_code == 422 and "not allowed here" in answer.text


def test_the_command_does_not_take_one(server):
    made = server.command("users", "add", "--json", "--claims",
                          write_file(server, "c.json", '{"preferred_username":"eve"}'),
                          "--password-file", write_file(server, "p", REFUSED + "\n"), check=False)
    assert made.returncode == 1 and "not allowed here" in made.stderr


def test_sighup_reads_the_list_again(server):
    assert register(server, LATER).status_code == 200
    server.listed.write_text(LATER + "\n")
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "1 passwords are refused" in server.log.read_text(), "the new list")
    assert register(server, LATER).status_code == 422
    assert register(server, REFUSED).status_code == 200
    # What cannot be read leaves the list as it is.
    server.listed.unlink()
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "were not read again" in server.log.read_text(), "the complaint")
    assert register(server, LATER).status_code == 422


def test_a_list_that_cannot_be_read_is_told_at_the_start(tmp_path):
    server = Vestibule(tmp_path, config={"passwords": {"refused_file": str(tmp_path / "none")}})
    server.write_config()
    done = server.command("bootstrap", "--json", check=False)
    assert done.returncode == 1 and str(tmp_path / "none") in done.stderr


def test_zitadels_calls_follow_zitadels_policy(server):
    guest = guest_of(server)
    subject = guest.session()["sub"]
    answer = requests.post(f"{server.issuer}/v2/users/{subject}/password", timeout=20,
                           headers=server.admin_headers(),
                           json={"newPassword": {"password": REFUSED, "changeRequired": False}})
    assert answer.status_code == 200, answer.text
