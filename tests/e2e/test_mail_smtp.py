"""Mail through a real SMTP server: what arrives, and what becomes of mail that does not."""

import email
import email.policy
import email.utils
import glob
import re
import time

import pytest
import requests

from authority import Authority
from mail_server import PASSWORD, USER, MailServer
from vestibule_process import Vestibule, wait_for
from visitor import account_of, store_rows

FAKETIME = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
SENDER = "Vestibule Tests <no-reply@id.example>"


def ahead(time_):
    return {"LD_PRELOAD": FAKETIME[0], "FAKETIME": time_, "FAKETIME_DONT_RESET": "1"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def mail_server(authority):
    running = MailServer(authority)
    yield running
    running.stop()


def vestibule_with(directory, url, ca_file, password=PASSWORD, **mail):
    password_file = directory / "smtp-password"
    password_file.write_text(password + "\n")
    settings = {"transport": "smtp", "url": url, "username": USER,
                "password_file": str(password_file), "from": SENDER, **mail}
    return Vestibule(directory, config={
        "mail": {name: value for name, value in settings.items() if value is not None},
        "outgoing": {"ca_file": str(ca_file)} if ca_file else {},
        "limits": {"guests_per_minute": 1000, "guests_burst": 1000, "sign_ins_per_minute": 1000},
    })


@pytest.fixture
def vestibule(tmp_path, authority, mail_server):
    running = vestibule_with(tmp_path, mail_server.url, authority.file)
    yield running.start()
    running.stop()


def parsed(envelope):
    return email.message_from_bytes(envelope.original_content, policy=email.policy.default)


def token_in(envelope):
    return re.search(r"/ui/(?:proof|reset)\?token=([\w-]{43})\r\n",
                     envelope.original_content.decode()).group(1)


def log_of(vestibule):
    return vestibule.log.read_text()


def assert_log_is_discreet(vestibule, server):
    log = log_of(vestibule)
    assert "@example.com" not in log and PASSWORD not in log
    for mail in server.mails:
        assert token_in(mail) not in log


def test_a_mail_arrives_as_rfc_5322_has_it(vestibule, mail_server):
    account_of(vestibule, "ada@example.com")
    account_of(vestibule, "bob@example.com")
    mails = wait_for(lambda: len(mail_server.mails) == 2 and mail_server.mails, "two mails")
    envelope = mail_server.to("ada@example.com")[0]
    assert envelope.mail_from == "no-reply@id.example"
    assert envelope.over_tls and envelope.authenticated and envelope.hello == "id.example"
    mail = parsed(envelope)
    assert not mail.defects
    assert mail["From"].addresses[0].display_name == "Vestibule Tests"
    assert mail["From"].addresses[0].addr_spec == "no-reply@id.example"
    assert [str(address) for address in mail["To"].addresses] == ["ada@example.com"]
    assert mail["Subject"] == "Please confirm your e-mail address"
    assert abs(mail["Date"].datetime.timestamp() - time.time()) < 60
    assert re.fullmatch(r"<[0-9a-f]{32}@id\.example>", mail["Message-ID"])
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain" and mail.get_content_charset() == "utf-8"
    assert mail["MIME-Version"] == "1.0"
    assert b"\n" not in envelope.original_content.replace(b"\r\n", b"")
    assert len({parsed(other)["Message-ID"] for other in mails}) == 2
    page = requests.get(f"{vestibule.issuer}/ui/proof?token={token_in(envelope)}", timeout=5)
    assert page.status_code == 200
    wait_for(lambda: store_rows(vestibule, "mail_jobs") == 0, "the jobs to be forgotten")
    assert_log_is_discreet(vestibule, mail_server)


def test_a_reset_arrives(vestibule, mail_server):
    account_of(vestibule, "ada@example.com")
    wait_for(lambda: mail_server.to("ada@example.com"), "the proof")
    requests.post(f"{vestibule.issuer}/ui/forgot", data={"email": "ada@example.com"}, timeout=5,
                  headers={"Origin": vestibule.issuer})
    wait_for(lambda: len(mail_server.to("ada@example.com")) == 2, "the second mail")
    assert_log_is_discreet(vestibule, mail_server)


def test_tls_from_the_first_byte(tmp_path, authority):
    server = MailServer(authority, starttls=False, implicit_tls=True)
    running = vestibule_with(tmp_path, server.url.replace("smtp:", "smtps:"), authority.file).start()
    try:
        account_of(running, "ada@example.com")
        wait_for(lambda: server.to("ada@example.com"), "the mail")
        assert server.logins == [USER]
    finally:
        running.stop()
        server.stop()


@pytest.mark.faketime
def test_what_is_refused_for_now_comes_later_and_what_is_refused_for_good_does_not(
        vestibule, mail_server):
    mail_server.answers = {
        "greylisted@example.com": [("rcpt", "450 4.7.1 come back later")],
        "busy@example.com": [("data", "451 4.3.0 busy")],
        "cut@example.com": [("cut", True)],
        "gone@example.com": [("rcpt", "550 5.1.1 no such user")] * 5,
        "spam@example.com": [("data", "554 5.7.1 spam")] * 5,
    }
    for address in mail_server.answers:
        account_of(vestibule, address)
    account_of(vestibule, "good@example.com")
    wait_for(lambda: mail_server.to("good@example.com"), "the one that is taken at once")
    wait_for(lambda: len(re.findall(r"failed at attempt 1|given up at attempt 1",
                                    log_of(vestibule))) == 5, "five failures")
    assert store_rows(vestibule, "mail_jobs") == 3
    assert len(mail_server.mails) == 1
    assert vestibule.stop() == 0
    vestibule.start(environment=ahead("+40s"))
    for name in ("greylisted", "busy", "cut"):
        mail = wait_for(lambda: mail_server.to(f"{name}@example.com"), name)
        page = requests.get(f"{vestibule.issuer}/ui/proof?token={token_in(mail[0])}", timeout=5)
        assert page.status_code == 200
    wait_for(lambda: store_rows(vestibule, "mail_jobs") == 0, "the jobs to be forgotten")
    assert len(mail_server.mails) == 4
    log = log_of(vestibule)
    assert "at the recipient, last reply 550" in log and "at the recipient, last reply 450" in log
    assert "at the text, last reply 554" in log and "at the text, last reply 451" in log
    assert_log_is_discreet(vestibule, mail_server)


def assert_nothing_goes(vestibule, server, words):
    """A server that no mail goes to: the job waits, and nobody else's mail is tried in vain."""
    account_of(vestibule, "ada@example.com")
    account_of(vestibule, "bob@example.com")
    wait_for(lambda: "failed at attempt 1" in log_of(vestibule), "the failure")
    line = next(line for line in log_of(vestibule).splitlines() if "failed at attempt 1" in line)
    assert words in line, line
    assert server is None or server.mails == []
    assert store_rows(vestibule, "mail_jobs") == 2
    assert requests.get(vestibule.issuer + "/readyz", timeout=5).status_code == 200
    assert vestibule.stop() == 0
    assert log_of(vestibule).count("failed at attempt") == 1
    assert "@example.com" not in log_of(vestibule)


def test_a_wrong_password_is_a_failure_of_ours(tmp_path, authority, mail_server):
    running = vestibule_with(tmp_path, mail_server.url, authority.file, password="wrong").start()
    assert_nothing_goes(running, mail_server, "Login denied, before the mail, last reply 535")


def test_an_unknown_certificate_gets_nothing(tmp_path, mail_server):
    running = vestibule_with(tmp_path, mail_server.url, None).start()
    assert_nothing_goes(running, mail_server, "before the mail")
    assert mail_server.logins == []


def test_a_certificate_of_another_name_gets_nothing(tmp_path, authority, mail_server):
    url = mail_server.url.replace("localhost", "127.0.0.1")
    running = vestibule_with(tmp_path, url, authority.file).start()
    assert_nothing_goes(running, mail_server, "before the mail")
    assert mail_server.logins == []


def test_without_starttls_nothing_is_said_in_the_clear(tmp_path, authority):
    server = MailServer(authority, starttls=False)
    try:
        running = vestibule_with(tmp_path, server.url, authority.file).start()
        assert_nothing_goes(running, server, "Requested SSL level failed, before the mail")
        assert server.logins == []
    finally:
        server.stop()


def test_loopback_may_do_without_tls(tmp_path, authority):
    server = MailServer(authority, starttls=False)
    running = vestibule_with(tmp_path, server.url, None, starttls="none", username=None,
                             password_file=None).start()
    try:
        account_of(running, "ada@example.com")
        mail = wait_for(lambda: server.to("ada@example.com"), "the mail")[0]
        assert not mail.over_tls
    finally:
        running.stop()
        server.stop()


def test_opportunistic_takes_tls_that_is_offered(tmp_path, authority, mail_server):
    running = vestibule_with(tmp_path, mail_server.url, authority.file,
                             starttls="opportunistic").start()
    try:
        account_of(running, "ada@example.com")
        assert wait_for(lambda: mail_server.to("ada@example.com"), "the mail")[0].over_tls
    finally:
        running.stop()


def test_opportunistic_trusts_nobody_unknown(tmp_path, mail_server):
    running = vestibule_with(tmp_path, mail_server.url, None, starttls="opportunistic").start()
    assert_nothing_goes(running, mail_server, "before the mail")
    assert mail_server.logins == []


def test_nobody_listening(tmp_path, authority, mail_server):
    mail_server.stop()
    running = vestibule_with(tmp_path, mail_server.url, authority.file).start()
    assert_nothing_goes(running, None, "before the mail")


@pytest.mark.faketime
def test_killed_while_sending_it_sends_again(vestibule, mail_server):
    mail_server.answers = {"ada@example.com": [("stall", True)]}
    account_of(vestibule, "ada@example.com")
    wait_for(lambda: mail_server.stalled, "the mail to be under way")
    vestibule.kill()
    assert store_rows(vestibule, "mail_jobs") == 1
    vestibule.start(environment=ahead("+6m"))
    wait_for(lambda: mail_server.to("ada@example.com"), "the mail")
    wait_for(lambda: store_rows(vestibule, "mail_jobs") == 0, "the job to be forgotten")


def test_a_slow_server_holds_up_nobody(vestibule, mail_server):
    mail_server.answers = {"ada@example.com": [("stall", True)]}
    account_of(vestibule, "ada@example.com")
    wait_for(lambda: mail_server.stalled, "the mail to be under way")
    account_of(vestibule, "bob@example.com")  # writes go on: no transaction is open
    begin = time.monotonic()
    assert vestibule.stop() == 0
    assert time.monotonic() - begin < 15
    vestibule.start()
    wait_for(lambda: mail_server.to("ada@example.com"), "the mail that was interrupted")
    wait_for(lambda: mail_server.to("bob@example.com"), "the mail that waited")


@pytest.mark.parametrize("mail,mistake", [
    ({}, "mail.url: has to be smtp://HOST:PORT or smtps://HOST:PORT"),
    ({"url": "http://localhost:25"}, "mail.url: has to be"),
    ({"url": "smtp://user:word@localhost"}, "mail.url: has to be"),
    ({"url": "smtp://mail.example", "from": "x"}, "mail.from: has to be an address"),
    ({"url": "smtp://mail.example", "from": SENDER, "starttls": "none"}, "mail.starttls: none lets"),
    ({"url": "smtp://mail.example", "from": SENDER, "starttls": "maybe"},
     "mail.starttls: has to be one of required, opportunistic, none"),
    ({"url": "smtp://mail.example", "from": SENDER, "username": "x"}, "mail.password_file"),
    ({"url": "smtp://mail.example", "from": SENDER, "username": "x", "password_file": "/nowhere"},
     "mail.password_file: /nowhere: No such file or directory"),
    ({"url": "smtp://mail.example", "from": SENDER, "username": "x", "password_file": "/dev/null",
      "starttls": "opportunistic"}, "mail.starttls: has to be required"),
    ({"url": "smtp://mail.example", "from": SENDER, "timeout": "1h"}, "mail.timeout: has to be"),
])
def test_mistakes_are_named(tmp_path, mail, mistake):
    checked = Vestibule(tmp_path, config={"mail": {"transport": "smtp", **mail}}).command(
        "config", "check", check=False)
    assert checked.returncode == 2
    assert mistake in checked.stdout + checked.stderr
