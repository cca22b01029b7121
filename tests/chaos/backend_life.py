"""Backends and administrators at work: guests by key, accounts that are made, changed, signed in
to with a client of their own, and deleted."""

import random
import secrets
import uuid

from browser_life import PASSWORD, Browser, Lost, call, go, pass_sign_in_page, promises
from people import REDIRECT
from visitor import NAVIGATION, Pkce, authorize_url, query_of
from zitadel_operations import USERS


class Family:
    """The refresh tokens of one sign-in with the client."""

    def __init__(self, house, sub, email):
        self.house, self.sub, self.email = house, sub, email
        self.access_token = None
        self.tokens = []
        self.dead = False
        self.revoking = False

    def sign_in(self, password=PASSWORD):
        client = self.house.vestibule.bootstrap["client"]
        pkce = Pkce()
        provider = Browser(self.house.ledger, self.house.vestibule.issuer)
        location = authorize_url(
            client_id=client["id"], response_type="code", redirect_uri=REDIRECT,
            scope="openid offline_access", state="s", nonce="n", prompt="login consent",
            code_challenge=pkce.challenge, code_challenge_method="S256")
        back = query_of(pass_sign_in_page(provider, location, self.email, password))
        answer = self.redeem(grant_type="authorization_code", code=back["code"],
                             redirect_uri=REDIRECT, code_verifier=pkce.verifier)
        assert answer.status_code == 200, answer.text
        self.keep(answer.json())

    def keep(self, tokens):
        self.access_token = tokens["access_token"]
        self.tokens.append(tokens["refresh_token"])

    def redeem(self, path="token", **form):
        client = self.house.vestibule.bootstrap["client"]
        answer = call("POST", f"{self.house.vestibule.issuer}/oauth/v2/{path}", data={
            "client_id": client["id"], "client_secret": client["secret"], **form})
        return promises(self.house.ledger, answer)

    def refresh(self, token=None):
        return self.redeem(grant_type="refresh_token", refresh_token=token or self.tokens[-1])

    def rotate(self):
        answer = self.refresh()
        assert answer.status_code == 200, answer.text
        self.keep(answer.json())

    def revoke(self):
        self.revoking = True
        for token in (self.access_token, self.tokens[-1]):
            answer = self.redeem("revoke", token=token)
            assert answer.status_code == 200, answer.text
        self.dead = True

    def check(self):
        """The last token that was answered is good, until an old one betrays that it was copied."""
        if not self.tokens:
            return
        if self.dead:
            assert self.refresh().status_code == 400, "a revoked token is accepted"
        if self.revoking:
            return
        self.rotate()
        if len(self.tokens) > 3:
            assert self.refresh(self.tokens[0]).status_code == 400, "an old token is accepted"
            assert self.refresh().status_code == 400, "reuse of an old token has ended nothing"
            self.dead = True


class Backend:
    def __init__(self, house):
        self.house = house
        self.ledger = house.ledger
        self.families = []

    def api(self, method, path, body=None, headers=None, **more):
        answer = call(method, self.house.vestibule.issuer + path, json=body,
                      headers=headers or self.house.vestibule.admin_headers(), **more)
        return promises(self.ledger, answer)

    def work(self):
        """One piece of work, or what of it there was an answer to."""
        jobs = [self.provision, self.member, self.finish_by_api, self.forgotten_password,
                self.erase_account]
        try:
            random.choices(jobs, [4, 2, 1, 1, 1])[0]()
        except Lost:
            pass

    def provision(self, key=None):
        key = key or str(uuid.uuid4())
        with self.ledger.lock:
            self.ledger.unanswered_keys.add(key)
        answer = call("POST", self.house.vestibule.application + "/guest/v1/provision",
                      headers={**self.house.vestibule.service_headers(), "Idempotency-Key": key})
        promises(self.ledger, answer)
        assert answer.status_code in (200, 201), answer.text
        sub = int(answer.json()["user_id"])
        with self.ledger.lock:
            known = self.ledger.keys.setdefault(key, sub)
            self.ledger.unanswered_keys.discard(key)
            self.ledger.guests.add(sub)
        assert known == sub, "a replayed key leads to another user"
        return sub

    def create(self):
        """An account with a password and an address that the caller vouches for."""
        email = f"{secrets.token_hex(8)}@example.com"
        answer = self.api("POST", USERS + "CreateUser", {
            "organizationId": self.house.vestibule.bootstrap["organization_id"], "username": email,
            "human": {"profile": {"givenName": "Ada", "familyName": "Byron"},
                      "email": {"email": email, "isVerified": True},
                      "metadata": [{"key": "plan", "value": "Z29sZA=="}],
                      "password": {"password": PASSWORD, "changeRequired": False}}})
        assert answer.status_code == 200, answer.text
        sub = int(answer.json()["id"])
        with self.ledger.lock:
            self.ledger.accounts.add(sub)
        return sub, email

    def member(self):
        sub, email = self.create()
        family = Family(self.house, sub, email)
        family.sign_in()
        self.families.append(family)
        for _ in range(random.randint(0, 3)):
            family.rotate()
        if random.random() < 0.3:
            family.revoke()

    def erase_account(self):
        """With all that it has: sessions, refresh tokens, mails on their way."""
        sub, email = self.create()
        Family(self.house, sub, email).sign_in()
        browser = Browser(self.ledger, self.house.vestibule.issuer)
        assert browser.post("/ui/forgot", data={"email": email}).status_code == 200
        if random.random() < 0.5:
            self.house.mailed(email, "reset")
        self.delete(sub)

    def delete(self, sub):
        with self.ledger.lock:
            self.ledger.may_go.add(sub)
        try:
            answer = self.api("DELETE", f"/v2/users/{sub}")
        except Lost:
            with self.ledger.lock:
                self.ledger.accounts.discard(sub)  # whether it is there nobody was told
            raise
        assert answer.status_code == 200, answer.text
        with self.ledger.lock:
            self.ledger.deleted.add(sub)

    def finish_by_api(self):
        """ZITADEL's separate calls make an account of a guest; the tag is deleted last."""
        sub = self.provision()
        service = self.house.vestibule.service_headers()
        email = f"{sub}@example.org"
        answer = self.api("PUT", f"/v2/users/human/{sub}", {
            "profile": {"givenName": "Jane", "familyName": "Doe"},
            "email": {"email": email, "isVerified": True},
            "password": {"password": {"password": PASSWORD}}}, headers=service)
        assert answer.status_code == 200, answer.text
        with self.ledger.lock:
            self.ledger.accounts.add(sub)
        found = self.api("POST", f"/v2/users/{sub}/metadata/search", {}, headers=service).json()
        for entry in found["metadata"]:
            answer = self.api("DELETE", f"/v2/users/{sub}/metadata?keys={entry['key']}",
                              headers=service)
            assert answer.status_code == 200, answer.text

    def forgotten_password(self):
        """From the mail to a new password; the sign-in is asked for the new one only."""
        sub, email = self.create()
        browser = Browser(self.ledger, self.house.vestibule.issuer)
        assert browser.post("/ui/forgot", data={"email": email}).status_code == 200
        token = self.house.mailed(email, "reset")
        if token is None:
            return
        answer = browser.post("/ui/reset", data={"token": token, "password": "saffron-lantern-4x"})
        assert answer.status_code in (200, 303), answer.text
        Family(self.house, sub, email).sign_in("saffron-lantern-4x")

    def forget_keys(self):
        """They are not replayed any more."""
        with self.ledger.lock:
            self.ledger.keys.clear()
            self.ledger.unanswered_keys.clear()

    def check(self, whole):
        """What was answered before a restart."""
        replayable = [key for key, sub in self.ledger.keys.items() if sub in whole.guests]
        for key in random.sample(replayable, min(5, len(replayable))):
            self.provision(key)
        for key in list(self.ledger.unanswered_keys):
            assert self.provision(key) == self.provision(key)
        for family in self.families:
            family.check()
        self.families = []
