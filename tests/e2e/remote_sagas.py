"""What a person or an operator does that takes several calls to the remote, and what has to be true
in the end. Each is one `Saga`: made ready, done (again, until it is answered), looked at."""

import json
import time

import requests

from remote import PASSWORD, forwarded_claims
from vestibule_process import wait_for
from visitor import new_email, sign_in

LOST = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)


class Saga:
    """`subject`: the user that the calls are about. `target`: whose later calls count as well."""

    events = ["guest.provisioned"]

    def __init__(self, lane):
        self.lane = lane
        self.visitor = lane.visitor()
        self.prepare()

    @property
    def zitadel(self):
        return self.lane.zitadel

    def prepare(self):
        self.subject = self.visitor.become_guest()

    def act(self):
        """One attempt. True if it was answered as done."""
        raise NotImplementedError

    def check(self):
        raise NotImplementedError

    def act_until_done(self, seconds=60):
        """As somebody would: once more if it did not work, after a crash when it is back."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if self.act():
                    return
            except LOST:
                pass
            self.lane.gateway.recover()
            time.sleep(0.1)
        raise AssertionError(f"{type(self).__name__} is never answered")

    def calls(self, proxy):
        """The names of the saga's calls, in order."""
        return proxy.names(self.subject)

    def assert_gone(self):
        assert self.zitadel.find(self.subject) is None, "the guest is still there, remotely"
        assert self.lane.gateway.find_local(self.subject) is None, "the guest is still there"
        self.lane.inbox.wait_for_events(self.subject, self.events)

    def assert_account(self, email):
        user = self.zitadel.find(self.subject)
        assert user is not None, "the account is gone"
        assert user["state"] == "USER_STATE_ACTIVE"
        assert user["human"]["email"]["email"] == email
        assert "passwordChanged" in user["human"], "no password was set"
        assert self.zitadel.tags(self.subject) == [], "the tag is still there"
        assert self.lane.gateway.find_local(self.subject) == "account"
        self.lane.inbox.wait_for_events(self.subject, self.events)


class Provision(Saga):
    """The first action that is worth an identity."""

    subject = None  # not known before it is done

    def prepare(self):
        self.visitor.session()  # the ticket
        self.before = self.zitadel.humans()

    def act(self):
        answer = self.visitor.post("/guest/v1/session")
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) > 0
            return False
        assert answer.status_code in (200, 201), answer.text
        self.subject = answer.json()["sub"]
        return True

    def check(self):
        made = self.zitadel.humans() - self.before
        assert made == {self.subject}, f"one visit made {made}"
        assert self.zitadel.find(self.subject)["state"] == "USER_STATE_ACTIVE"
        tag, = self.zitadel.tags(self.subject)
        assert tag.startswith("GUEST_")
        assert self.lane.gateway.find_local(self.subject) == "guest"
        answer = self.visitor.post("/api/cart/items", json={})
        assert forwarded_claims(answer)["sub"] == self.subject
        assert self.visitor.session()["sub"] == self.subject
        self.lane.inbox.wait_for_events(self.subject, self.events)


class Upgrade(Saga):
    events = ["guest.provisioned", "guest.upgraded"]

    def prepare(self):
        super().prepare()
        self.email = new_email()
        self.answered = False

    def act(self):
        answer = self.visitor.upgrade(self.email, PASSWORD)
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) > 0
            return False
        if answer.status_code == 200:
            assert answer.json()["sub"] == self.subject
            self.answered = True
            return True
        # The answer that was lost had the new cookie in it, and the old one is dead.
        told = answer.json()["error"]
        assert answer.status_code == 401 or told == "already_registered", answer.text
        return True

    def check(self):
        self.assert_account(self.email)
        if self.answered:
            session = self.visitor.session()
            assert (session["sub"], session["kind"]) == (self.subject, "account")
        username = self.zitadel.find(self.subject)["username"]
        again = self.lane.visitor()
        assert sign_in(self.lane, again, username, PASSWORD).status_code == 303
        assert again.session()["sub"] == self.subject


class Merge(Saga):
    """A guest signs in to an account, and goes when the application has taken its data over."""

    events = ["guest.provisioned", "guest.merge_requested", "guest.merged"]

    def prepare(self):
        super().prepare()
        self.account, self.email = self.zitadel.new_account()

    def act(self):
        if self.visitor.session().get("sub") == self.account:
            return True
        try:
            answer = sign_in(self.lane, self.visitor, self.email, PASSWORD, merge="1")
        except AssertionError:
            return False  # the form could not be opened while the server was down
        return answer.status_code == 303 and self.visitor.session().get("sub") == self.account

    def calls(self, proxy):
        codes = [name for name in proxy.names() if "authorization_code" in name]
        return codes + super().calls(proxy)

    def check(self):
        wait_for(lambda: self.zitadel.find(self.subject) is None, "the guest's deletion", 30)
        self.assert_gone()
        assert self.zitadel.find(self.account)["state"] == "USER_STATE_ACTIVE"
        session = self.visitor.session()
        assert (session["sub"], session["kind"]) == (self.account, "account")


class Erasure(Saga):
    """Forget me."""

    events = ["guest.provisioned", "guest.purged"]

    def act(self):
        answer = self.visitor.request("DELETE", "/guest/v1/session")
        assert answer.status_code in (204, 401, 503), answer.text
        return answer.status_code != 503

    def check(self):
        self.assert_gone()
        assert self.visitor.session() == {"signed_in": False}


class Purge(Saga):
    """Nobody came back."""

    events = ["guest.provisioned", "guest.purged"]

    def act(self):
        done = self.lane.gateway.purge()
        return done.returncode == 0 and "purged" in json.loads(done.stdout)

    def check(self):
        self.assert_gone()
        assert self.visitor.session() == {"signed_in": False}


SAGAS = [Provision, Upgrade, Merge, Erasure, Purge]
