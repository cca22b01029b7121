"""Visitors and backends at work on a server that may die at any instant, and what they were told.

A request that got no answer promises nothing; one that did is a promise, kept in the ledger."""

import base64
import json
import random
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import requests

PASSWORD = "violet-harbour-antique-9"
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}
LOST = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)


def subject_of(seen):
    """The `sub` in the token that the upstream got."""
    bearer = dict(seen["headers"])["Authorization"].removeprefix("Bearer ")
    payload = bearer.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"]


def call(method, url, browser=requests, **options):
    """One request. An answer cut off by the kill is none, which requests itself does not notice."""
    answer = browser.request(method, url, timeout=30, **options)
    told = answer.headers.get("Content-Length")
    if told is not None and len(answer.content) != int(told):
        raise requests.ConnectionError("the answer was cut off")
    return answer


class Visitor:
    """A browser: its cookies, and who it was told to be."""

    def __init__(self, url):
        self.url = url
        self.browser = requests.Session()
        self.browser.headers.update(OWN_PAGE)
        self.sub = None
        self.ticket = None
        self.upgrade_sent = False
        self.upgraded = False

    def visit(self):
        answer = call("GET", self.url + "/guest/v1/session", self.browser)
        assert answer.status_code == 200, answer.text
        self.ticket = dict(self.browser.cookies)
        return answer.json()

    def double_click(self):
        """Two requests at once under one ticket: one guest."""
        def click(_):
            answer = call("POST", self.url + "/api/cart/items", json={"sku": "tea"},
                          headers=OWN_PAGE, cookies=self.ticket)
            assert answer.status_code == 200, answer.text
            return subject_of(answer.json()), answer.cookies

        with ThreadPoolExecutor(2) as pool:
            clicks = [pool.submit(click, None) for _ in range(2)]
        answered = [click.result() for click in clicks if not isinstance(click.exception(), LOST)]
        assert len({sub for sub, _ in answered}) <= 1, "one ticket made two guests"
        for sub, cookies in answered:
            self.sub = sub
            self.browser.cookies.update(cookies)
        return self.sub is not None

    def upgrade(self):
        self.upgrade_sent = True
        answer = call("POST", self.url + "/guest/v1/upgrade", self.browser, json={
            "given_name": "Jane", "family_name": "Doe", "email": f"{self.sub}@example.com",
            "password": PASSWORD})
        if answer.status_code == 200:
            assert answer.json()["sub"] == self.sub, "an upgrade keeps the sub"
            self.upgraded = True
        return answer

    def session(self):
        answer = call("GET", self.url + "/guest/v1/session", self.browser)
        assert answer.status_code == 200, answer.text
        return answer.json()


class Workload:
    """Runs until it is told to stop; a lost connection ends the visitor who had it."""

    def __init__(self, vestibule):
        self.url = vestibule.issuer
        self.service = vestibule.service_headers()
        self.lock = threading.Lock()
        self.visitors = []       # those who were told who they are
        self.provisioned = {}    # Idempotency-Key: user id, as answered
        self.unanswered = set()  # keys whose first call got no answer
        self.stopped = threading.Event()
        self.failures = []

    def provision(self, key):
        answer = call("POST", self.url + "/guest/v1/provision",
                      headers={**self.service, "Idempotency-Key": key})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["user_id"]

    def backend(self):
        while not self.stopped.is_set():
            key = str(uuid.uuid4())
            try:
                user = self.provision(key)
                with self.lock:
                    self.provisioned[key] = user
            except LOST:
                with self.lock:
                    self.unanswered.add(key)
                return

    def browse(self):
        while not self.stopped.is_set():
            visitor = Visitor(self.url)
            try:
                visitor.visit()
                if not visitor.double_click():
                    return
                with self.lock:
                    self.visitors.append(visitor)
                if random.random() < 0.4:
                    visitor.upgrade()
                visitor.session()
            except LOST:
                return

    def run_until_killed(self, kill, backends=2, browsers=5):
        """Starts everybody, calls `kill` in the middle of it and waits for them to notice."""
        def guarded(work):
            try:
                work()
            except Exception as failure:  # told by the test's own thread
                self.failures.append(failure)
                self.stopped.set()

        threads = [threading.Thread(target=guarded, args=[work])
                   for work in [self.backend] * backends + [self.browse] * browsers]
        self.stopped.clear()
        for thread in threads:
            thread.start()
        try:
            kill()
        finally:
            self.stopped.set()
            for thread in threads:
                thread.join(60)
        if self.failures:
            raise self.failures[0]
