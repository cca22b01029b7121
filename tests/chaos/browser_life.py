"""Browsers that live the whole story on programs that may die at any instant."""

import random
import re
import secrets
from urllib.parse import urljoin

import requests

from visitor import NAVIGATION, OWN_PAGE, SetCookie, hidden_field

PASSWORD = "Violet-harbour-antique-9"  # good enough for ZITADEL's policy as well
PRODUCTS = ("lamp", "vase", "monstera", "teapot", "print", "mug", "cacti", "candles", "clock",
            "throw", "stool", "bowl")
BROKEN_OFF = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)


class Lost(Exception):
    """There was no answer, or one that promises nothing."""


class Overtaken(Exception):
    """Another sign-in to the same account has ended this one on its way."""


def call(method, url, **options):
    """One request. An answer that was cut off is none, which requests itself does not notice."""
    try:
        answer = requests.request(method, url, timeout=60, allow_redirects=False, **options)
    except BROKEN_OFF as failure:
        raise Lost(str(failure)) from None
    told = answer.headers.get("Content-Length")
    if told is not None and method != "HEAD" and len(answer.content) != int(told):
        raise Lost("the answer was cut off")
    return answer


def promises(ledger, answer):
    """502, 503 and 504 promise nothing; 500 is a defect of ours."""
    assert answer.status_code != 500, f"{answer.request.method} {answer.url}: 500 {answer.text}"
    if answer.status_code in (502, 503, 504):
        raise Lost(f"{answer.status_code}")
    ledger.count()
    return answer


class Browser:
    """Cookies of one origin."""

    lets_pass = ()  # statuses that promise nothing either, while a test says so

    def __init__(self, ledger, origin, cookies=None):
        self.ledger = ledger
        self.origin = origin
        self.cookies = dict(cookies or {})

    def request(self, method, path, headers=OWN_PAGE, **more):
        field = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {**headers, **({"Cookie": field} if field else {})}
        answer = call(method, urljoin(self.origin, path), headers=sent, **more)
        for cookie in map(SetCookie, answer.raw.headers.getlist("Set-Cookie")):
            if cookie.deletes:
                self.cookies.pop(cookie.name, None)
            else:
                self.cookies[cookie.name] = cookie.value
        if answer.status_code in self.lets_pass:
            raise Lost(f"{answer.status_code}")
        return promises(self.ledger, answer)

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, **more):
        return self.request("POST", path, **more)

    def session(self):
        answer = self.get("/guest/v1/session")
        assert answer.status_code == 200, answer.text
        return answer.json()


def shown(answer):
    """What a page says."""
    return " ".join(re.sub(r"<[^>]*>", " ", answer.text).split())[:300]


def go(answer):
    assert answer.status_code in (302, 303), \
        f"{answer.url[:80]}: {answer.status_code} {shown(answer)}"
    return answer.headers["Location"]


def pass_sign_in_page(provider, location, email, password):
    """From the authorization endpoint through the form to the redirect away."""
    page = provider.get(go(provider.get(location, headers=NAVIGATION)), headers=NAVIGATION)
    assert page.status_code == 200, page.text
    answer = provider.post("/ui/login", data={"request": hidden_field(page.text, "request"),
                                              "username": email, "password": password})
    back = go(provider.get(go(answer), headers=NAVIGATION))
    if back.startswith("/"):
        raise Overtaken
    return back


class Customer:
    """An account that several browsers sign in to."""

    def __init__(self, sub, email):
        self.sub = sub
        self.email = email


class Person:
    """A browser and who it was told to be. `pending` is the step whose answer is not there."""

    def __init__(self, house):
        self.house = house
        self.ledger = house.ledger
        self.browser = Browser(house.ledger, house.url)
        self.standing = "nobody"  # nobody, guest, account, merged, erased, out
        self.sub = None           # for ever that of the first identity
        self.signed_in_as = None
        self.pending = None
        self.customer = None      # whose account was signed in to, or was to be
        self.dead = []            # cookies that have to be nobody's
        self.unknown_items = []   # what was sent before we knew who we are
        self.email = None
        self.proved = False

    # steps

    def visit(self):
        session = self.browser.session()
        if session["signed_in"] and self.sub is not None:
            assert int(session["sub"]) == self.signed_in_as, \
                f"{self.sub} as {self.signed_in_as} is shown {session}"

    def add(self):
        """Puts something into the cart; the first time that makes a guest."""
        item = (random.choice(PRODUCTS), random.randint(1, 3))
        if self.standing == "nobody":
            self.pending = "provision"
            self.unknown_items.append(item)
        try:
            answer = self.browser.post("/api/cart/items",
                                       json={"product_id": item[0], "quantity": item[1]})
        except Lost:
            if self.standing != "nobody":
                self.ledger.cart(self.signed_in_as).unsure.append(item)
            raise
        assert answer.status_code == 200, answer.text
        if self.standing == "nobody":
            self.unknown_items.remove(item)
            self.learn(item)
        elif self.standing == "merged":
            self.note_shared(item)
        else:
            self.ledger.cart(self.signed_in_as).add(*item)

    def note_shared(self, item):
        """Another browser's sign-in to the same account may just have ended this one's session:
        then the click has made a new guest."""
        try:
            session = self.browser.session()
        except Lost:
            self.standing = "unsure"
            self.ledger.cart(self.signed_in_as).unsure.append(item)
            raise
        owner = int(session["sub"]) if session["signed_in"] else self.signed_in_as
        self.ledger.cart(owner).add(*item)
        if owner != self.signed_in_as:
            self.standing = "out"

    def learn(self, item=None):
        """Who the cookie, or the ticket of an answer that was lost, has made of us."""
        sure = [item] if item else []
        try:
            session = self.browser.post("/guest/v1/session").json()
        except Lost:
            self.unknown_items += sure  # of a guest that nobody knows; its cart is not looked at
            raise
        assert session["signed_in"] and session["kind"] == "guest", session
        self.sub = self.signed_in_as = int(session["sub"])
        self.standing, self.pending = "guest", None
        cart = self.ledger.cart(self.sub)
        for product, quantity in sure:
            cart.add(product, quantity)
        cart.unsure += self.unknown_items
        self.unknown_items = []
        with self.ledger.lock:
            self.ledger.guests.add(self.sub)

    def upgrade(self):
        self.pending = "upgrade"
        old = dict(self.browser.cookies)
        self.email = f"{self.sub}-{secrets.token_hex(3)}@example.com"
        answer = self.browser.post("/guest/v1/upgrade", json={
            "given_name": "Jane", "family_name": "Doe", "email": self.email, "password": PASSWORD})
        if answer.status_code in (401, 409) and self.may_be_purged:
            self.pending, self.standing = None, "out"
            return
        assert answer.status_code == 200, answer.text
        assert int(answer.json()["sub"]) == self.sub, "an upgrade keeps the sub"
        self.pending, self.standing = None, "account"
        self.dead.append(old)
        with self.ledger.lock:
            self.ledger.accounts.add(self.sub)

    def prove(self):
        """Opens the link in the mail, in the browser that made the claim."""
        token = self.house.mailed(self.email, "proof")
        if token is None:
            return
        self.pending = "prove"
        old = dict(self.browser.cookies)
        answer = self.browser.post("/guest/v1/proof", data={"token": token})
        if answer.status_code in (302, 303):
            # The clock has gone on by more than a link lives; the provider's page says so.
            self.pending, self.email = None, None
            return
        assert answer.status_code == 200, shown(answer)
        self.pending = None
        self.proved = True
        self.dead.append(old)

    def merge(self, customer):
        """Signs in to an account that is there, with the cart."""
        self.pending, self.customer = "merge", customer
        old = dict(self.browser.cookies)
        begun = self.browser.post("/guest/v1/login", json={"return_to": "/", "merge": "1"})
        assert begun.status_code == 200, begun.text
        provider = Browser(self.ledger, self.house.vestibule.issuer)
        try:
            back = pass_sign_in_page(provider, begun.json()["location"], customer.email, PASSWORD)
        except Overtaken:
            self.pending = None
            return
        answer = self.browser.get(back, headers={**NAVIGATION, "Sec-Fetch-Site": "cross-site"})
        if answer.status_code in (200, 400):
            # Another sign-in to the same account has ended this one's code: nothing has happened.
            self.pending = None
            if self.may_be_purged:
                self.standing = "out"
            return
        go(answer)
        with self.ledger.lock:
            if not self.may_be_purged:
                self.ledger.merged[self.sub] = customer.sub
        self.pending, self.standing, self.signed_in_as = None, "merged", customer.sub
        self.dead.append(old)

    def forget_me(self):
        self.pending = "erase"
        old = dict(self.browser.cookies)
        answer = self.browser.request("DELETE", "/guest/v1/session")
        if answer.status_code in (401, 409) and self.may_be_purged:
            self.pending, self.standing = None, "out"
            return
        assert answer.status_code == 204, answer.text
        self.pending, self.standing = None, "erased"
        self.dead.append(old)
        with self.ledger.lock:
            self.ledger.deleted.add(self.sub)

    def sign_out(self):
        self.pending = "sign_out"
        old = dict(self.browser.cookies)
        answer = self.browser.post("/guest/v1/logout", json={})
        assert answer.status_code in (200, 204), answer.text
        self.pending, self.standing = None, "out"
        self.dead.append(old)

    @property
    def may_be_purged(self):
        return self.sub in self.ledger.may_go

    # the story

    def live(self, steps):
        """Goes on with the story until it ends or an answer is missing."""
        try:
            for _ in range(steps):
                if not self.next_step():
                    return
        except Lost:
            pass

    def next_step(self):
        """One step; False at the end of the story."""
        if self.standing == "nobody":
            self.visit()
            self.add()
            return True
        if self.standing in ("erased", "out", "unsure"):
            return False
        if self.standing in ("account", "merged"):
            self.visit()
            if not self.is_in():
                return False
            steps = [self.add, self.sign_out]
            if self.standing == "account" and self.email and not self.proved:
                steps.append(self.prove)
            random.choices(steps, [3, 1, 2][:len(steps)])[0]()
            return True
        steps = [self.add, self.upgrade, self.merge_somewhere, self.forget_me]
        random.choices(steps, [3, 3, 3, 1])[0]()
        return True

    def is_in(self):
        session = self.browser.session()
        if session["signed_in"]:
            return True
        # Another browser's change of standing has signed this one out.
        assert self.standing == "merged", f"{self.sub} is signed out"
        self.standing = "out"
        return False

    def merge_somewhere(self):
        self.merge(random.choice(self.house.customers))

    # after a restart

    def settle(self, whole):
        """Finds in the store what became of a step whose answer is missing, and checks the rest."""
        self.check_dead_cookies()
        if self.sub is None:
            return
        sub, sources = self.sub, whole.sources
        if self.pending == "upgrade" and sub in whole.accounts:
            self.standing = "lost"  # the cookie went with the answer
        elif self.pending == "merge" and sub in sources:
            self.standing = "lost"
        elif self.pending == "erase" and sub in whole.tombstones:
            assert whole.tombstones[sub] in ("self", "retention")
            self.standing = "lost"
        elif self.pending in ("sign_out", "prove"):
            self.standing = "lost"
        elif self.standing == "guest" and self.may_be_purged and sub in whole.tombstones:
            assert self.browser.session() == {"signed_in": False}
            self.standing = "out"
        self.pending = None
        session = self.browser.session()
        if self.standing == "guest":
            assert sub in whole.guests, f"guest {sub} is gone: {whole.tombstones.get(sub)}"
            assert sub not in whole.merging, f"guest {sub} merges by itself"
            assert session["signed_in"] and session["kind"] == "guest", \
                f"guest {sub} has lost its session: {session}"
        elif self.standing == "account":
            assert sub in whole.accounts, f"account {sub} is gone"
            assert session["signed_in"] and session["kind"] == "account", \
                f"account {sub} has lost its session"
        elif self.standing == "lost":
            self.standing = "out"
        elif self.standing == "erased":
            assert not session["signed_in"], session
        if session["signed_in"] and self.standing in ("guest", "account", "merged"):
            assert int(session["sub"]) in (self.signed_in_as, getattr(self.customer, "sub", None)), \
                f"{sub} is signed in as {session['sub']}"

    def check_dead_cookies(self):
        for cookies in self.dead:
            session = Browser(self.ledger, self.house.url, cookies).session()
            assert not session["signed_in"], f"a dead cookie of {self.sub} opens {session}"
        self.dead = self.dead[-1:]
