"""Server and shop with everything that can befall them, the people in them, and the ledger."""

import contextlib
import html
import os
import random
import re
import subprocess
import threading
import time

import requests

from backend_life import Backend
from browser_life import Customer, Person
from control import Control
from ledger import Ledger
from vestibule_process import Shop, Vestibule, wait_for
from whole import REQUESTED, STALLED, ShopBooks, Whole

# In all; tests say which part of them is theirs.
KILLS = int(os.environ.get("VESTIBULE_TEST_KILLS", "5"))
CROWD = 6       # browsers at a time
MOST_WAIT = 90  # seconds until everything is delivered; for failures only


class House:
    def __init__(self, folder, library, config=None):
        self.folder = folder
        self.ledger = Ledger()
        self.shop = Shop(folder / "shop")
        self.vestibule = Vestibule(folder / "vestibule", application=True, upstream=self.shop.url,
                                   redirect_uris=["http://localhost:3100/api/auth/callback/zitadel"],
                                   config={
            "log": {"level": "info"},
            # So short that a visit after the next restart renews its token: rotation is killed too.
            "gateway": {"rules": [{"method": "POST", "path": "/api/cart/**"}],
                        "token_lifetime": "30s"},
            "limits": {"guests_per_minute": 1000000, "guests_burst": 1000000,
                       "sign_ins_per_minute": 1000000, "proof_of_work": "off"},
            "mail": {"transport": "mailbox"},
            "purge": {"max_share": 1.0},
            "applications": [self.shop.application()],
            **(config or {}),
        })
        self.vestibule.bootstrap  # before anything befalls it
        self.server_control = Control(library, folder / "server-control", self.vestibule.data)
        self.shop_control = Control(library, folder / "shop-control", self.shop.directory / "data")
        self.ahead = 0
        self.customers = []
        self.people = []
        self.backend = Backend(self)
        self.failures = []
        self.stopped = threading.Event()
        self.kills = 0

    @property
    def url(self):
        return self.vestibule.application

    # the programs

    def move_clock(self, seconds):
        """Of both programs, at once; they need not notice."""
        self.ahead += seconds
        self.server_control.set_clock(self.ahead)
        self.shop_control.set_clock(self.ahead)
        if abs(seconds) >= 8 * 3600:
            self.backend.forget_keys()  # after a day they count as absent

    def start_server(self, armed=False):
        """`armed`: it may die while it starts."""
        if not armed:
            self.server_control.disarm()
        try:
            self.vestibule.start(self.server_control.environment)
        except AssertionError:
            if not self.server_control.struck:
                raise

    def start_shop(self):
        self.shop_control.disarm()
        self.shop.start(self.vestibule.issuer, self.vestibule.application,
                        self.shop_control.environment)

    def start(self):
        self.start_server()
        self.start_shop()
        self.welcome_customers()
        return self

    def stop(self):
        self.vestibule.stop()
        self.shop.stop()

    def kill(self, *programs):
        for program in programs:
            program.kill()
            self.kills += 1

    def dies(self, seconds):
        """Waits for the server to end by itself, as a plan may have it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.vestibule.process.wait(seconds)

    def restart(self):
        """Starts whatever is down."""
        if not self.vestibule.running:
            self.start_server()
        if not self.shop.running:
            self.start_shop()

    def mailed(self, address, kind):
        """The token of the link that was mailed to the address; None once the round is over."""
        while not self.stopped.is_set():
            try:
                text = requests.get(self.vestibule.issuer + "/mailbox", timeout=5).text
            except requests.RequestException:
                return None
            for mail in text.split('data-testid="mail"')[1:]:
                link = re.search(rf'href="[^"]*/ui/{kind}\?token=([^"&]+)"', mail)
                if address in mail and link:
                    return html.unescape(link.group(1))
            self.stopped.wait(0.1)
        return None

    # the people

    def welcome_customers(self, count=3):
        """New ones, so that carts do not fill up; the old ones stay in the ledger."""
        self.customers = []
        for _ in range(count):
            sub, email = self.backend.create()
            self.customers.append(Customer(sub, email))

    def guarded(self, work):
        def run():
            try:
                while not self.stopped.is_set():
                    work()
            except Exception as failure:  # told by the test's own thread
                self.failures.append(failure)
                self.stopped.set()
        return threading.Thread(target=run)

    def browse(self):
        with self.ledger.lock:
            person = self.waiting.pop() if self.waiting else None
            if person is None:
                person = Person(self)
            self.people.append(person)
        person.live(random.randint(2, 7))
        if person.pending is not None:
            self.stopped.wait(0.05)

    def crowd(self, strike, browsers=CROWD):
        """Everybody at work, `strike` in the middle of it; ends when they have noticed."""
        self.restart()  # whatever an earlier test that failed has left dead
        self.waiting, self.people = self.people[-browsers:], []
        self.waiting = [person for person in self.waiting
                        if person.standing not in ("out", "erased", "unsure")]
        self.stopped.clear()
        threads = [self.guarded(self.browse) for _ in range(browsers)]
        threads += [self.guarded(self.backend.work) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            struck = strike()
        finally:
            self.stopped.set()
            for thread in threads:
                thread.join(120)
        if self.failures:
            raise self.failures.pop()
        return struck

    # the checks

    def look(self):
        return Whole(self.vestibule.data, time.time() + self.ahead)

    def books(self):
        return ShopBooks(self.shop.directory / "data")

    def check_stores(self):
        before = self.books()
        whole = self.look()
        self.ledger.check(whole)
        before.check_before(whole)
        self.books().check_against(whole)
        return whole

    def check(self):
        """After a blow: as it left the stores, and as the programs see them after their start."""
        self.check_stores()
        self.restart()
        whole = self.look()
        for person in self.people:
            person.settle(whole)
        self.backend.check(whole)
        return whole

    def settle(self):
        """Waits until nothing is under way any more, then compares every cart."""
        def done():
            whole = self.look()
            busy = [merge for merge in whole.merges.values() if merge[2] in (REQUESTED, STALLED)]
            return not busy and not whole.waiting and whole

        whole = wait_for(done, "everything to be delivered", seconds=MOST_WAIT)
        books = self.books()
        self.ledger.check(whole)
        books.check_against(whole)
        self.ledger.check_carts(books, whole)
        self.vestibule.command("audit", "verify")
        return whole


def after(shortest, longest):
    """Waits for an instant; that is what is chosen at random here, not what is waited for."""
    time.sleep(random.uniform(shortest, longest))
