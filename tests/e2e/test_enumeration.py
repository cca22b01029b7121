"""Whether an address has an account does not show: not in an answer, not in what the store is asked
and told to keep, and not in the work that is done.

Statements are compared exactly: a preloaded library writes down each one that SQLite runs
(statements.c), so that no look-up on an answering path depends on who exists.

The work is compared statistically. Time on the wire is what an attacker has, and on a busy machine
it is mostly noise, so the processor time of the server is measured: what does not show in that does
not show in the answer's time. Existing and absent addresses take turns in random order; the figure
is the median of the differences within pairs, with a bootstrap interval of 99.9 %. The test fails if
the interval lies beyond BOUND, and shows on the same samples that a difference of BOUND and one and
a half intervals more would have been found. BOUND: 5 % of the request's median, or 200 microseconds
if that is more. Argon2id, which a look-up first would save, is nine tenths of a sign-in.
"""

import random
import re
import secrets
import statistics
import subprocess
from pathlib import Path

import pytest
import requests

from vestibule_process import ROOT, Vestibule
from visitor import PASSWORD, Visitor, account_of, guest_of, new_email, proved_account_of

PAIRS = 60
RESAMPLES = 2000


def make_server(directory, environment=None):
    """With people in it, and then without the keeper, which would write and work in between."""
    limits = {"guests_per_minute": 1000000, "guests_burst": 1000000,
              "sign_ins_per_minute": 1000000, "failures_per_account_per_hour": 10000000}
    vestibule = Vestibule(directory, config={
        "limits": limits, "mail": {"transport": "mailbox"}, "threads": 1}).start()
    vestibule.proved = [proved_account_of(vestibule)[1] for _ in range(3)]
    vestibule.unproved = [new_email() for _ in range(3)]
    for email in vestibule.unproved:
        account_of(vestibule, email)
    assert vestibule.stop() == 0
    vestibule.config["roles"] = ["provider", "gateway"]
    return vestibule.start(environment)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    vestibule = make_server(tmp_path_factory.mktemp("enumeration"))
    yield vestibule
    assert vestibule.stop() == 0


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """One whose statements are written down."""
    directory = tmp_path_factory.mktemp("statements")
    library = directory / "statements.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE",
                    "-o", library, ROOT / "tests/e2e/statements.c", "-ldl"], check=True)
    statements = directory / "statements"
    vestibule = make_server(directory / "server", {"LD_PRELOAD": str(library),
                                                   "VESTIBULE_TEST_STATEMENTS": str(statements)})
    vestibule.statements = statements
    yield vestibule
    assert vestibule.stop() == 0


def absent():
    """As long as new_email() makes them."""
    return f"nothere-{secrets.token_hex(6)}@example.com"


def sign_in(server, email):
    return lambda: Visitor(server.issuer).post("/ui/login", data={"username": email, "password": "wrong"})


def renewal(server, email):
    return lambda: Visitor(server.issuer).post("/ui/renewal", data={
        "username": email, "password": "wrong", "new_password": PASSWORD})


def registration(server, email):
    return lambda: Visitor(server.issuer).post("/ui/register", data={
        "given_name": "Jane", "family_name": "Doe", "email": email, "password": PASSWORD})


def reset(server, email):
    """Also how a mail is asked for once more."""
    return lambda: Visitor(server.issuer).post("/ui/forgot", data={"email": email})


def upgrade(server, email):
    guest = guest_of(server)
    return lambda: guest.upgrade(email)


PATHS = [sign_in, renewal, registration, reset, upgrade]
everybody = pytest.mark.parametrize("path", PATHS)


def masked(answer, email):
    """What an answer says, without the address that was typed and what is new each time."""
    text = answer.text.replace(email, "ADDRESS")
    text = re.sub(r'"sub":"\d+"|"expires_at":\d+', "NEW", text)
    fields = {name: value for name, value in answer.headers.items()
              if name not in ("Date", "X-Request-Id")}
    fields["Set-Cookie"] = re.sub(r"=[\w-]{20,}", "=SEALED", fields.get("Set-Cookie", ""))
    return answer.status_code, fields, text


def units(server):
    """Units of work that the store has made durable."""
    text = requests.get(server.issuer + "/metrics", timeout=5).text
    return int(float(re.search(r'vestibule_store_units\{outcome="kept"\} (\S+)', text).group(1)))


@everybody
def test_the_answer_and_what_is_kept_are_the_same(server, path):
    def lived(email):
        ask = path(server, email)
        before = units(server)
        answer = ask()
        return masked(answer, email), len(answer.content), units(server) - before

    expected = lived(absent())
    for email in [*server.proved, *server.unproved, absent(), absent()]:
        assert lived(email) == expected, email


@pytest.mark.faketime  # it preloads, too
@everybody
def test_the_store_is_asked_the_same(watched, path):
    def asked(email):
        ask = path(watched, email)
        before = watched.statements.stat().st_size
        ask()
        with watched.statements.open() as lines:
            lines.seek(before)
            return sorted(lines.read().splitlines())

    asked(absent())  # what is prepared once
    expected = asked(absent())
    assert expected, "the library is there"
    for email in [*watched.proved, *watched.unproved, absent(), absent()]:
        assert asked(email) == expected, email


# the work, statistically


def processor_time(server):
    """Nanoseconds of all threads, read until they are at rest."""
    tasks = Path(f"/proc/{server.process.pid}/task")
    before = -1
    while True:
        now = sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir())
        if now == before:
            return now
        before = now


def work_of(server, ask):
    before = processor_time(server)
    ask()
    return processor_time(server) - before


def sample(server, path, existing, count):
    """Pairs of processor times, in nanoseconds: existing, absent."""
    pairs = []
    for i in range(count):
        asks = {"existing": path(server, existing[i % len(existing)]), "absent": path(server, absent())}
        times = {kind: work_of(server, asks[kind]) for kind in random.sample(sorted(asks), 2)}
        pairs.append((times["existing"], times["absent"]))
    return pairs


def bootstrap(differences):
    """The ends of the 99.9 % interval of the median."""
    medians = sorted(statistics.median(random.choices(differences, k=len(differences)))
                     for _ in range(RESAMPLES))
    return medians[RESAMPLES // 2000], medians[-1 - RESAMPLES // 2000]


def detects(differences, bound):
    low, high = bootstrap(differences)
    return low > bound or high < -bound


@pytest.mark.faults
@pytest.mark.parametrize("path, kind", [*((path, "proved") for path in PATHS), (sign_in, "unproved")])
def test_the_work_is_the_same(server, path, kind, record_property):
    existing = getattr(server, kind)
    sample(server, path, existing, 3)  # caches fill
    pairs = sample(server, path, existing, PAIRS)
    differences = [one - other for one, other in pairs]
    usual = statistics.median(other for _, other in pairs)
    bound = max(0.05 * usual, 200_000)
    low, high = bootstrap(differences)
    figures = (f"{path.__name__} {kind}: median {usual / 1000:.0f} us, difference "
               f"{statistics.median(differences) / 1000:.0f} us, 99.9 % within {low / 1000:.0f} … "
               f"{high / 1000:.0f} us, bound {bound / 1000:.0f} us")
    record_property("figures", figures)
    print(figures)
    assert not detects(differences, bound), figures
    assert detects([each + bound + 1.5 * (high - low) for each in differences], bound), figures
