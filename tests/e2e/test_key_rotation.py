"""`vestibule keys rotate` under load: no token is refused at any moment of it.

Relying parties verify as they do in the field: with a JWK Set that they keep, fetched anew only for a
key id that it lacks (OpenID Connect Core section 10.1.1).
"""

import json
import threading
import time

import jwt
import pytest
import requests

from test_provider_http import (EXCHANGE, authenticated, introspect, post, redeem,
                                sign_in_for_code)

USER_ID = "urn:zitadel:params:oauth:token-type:user_id"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
JWT = "urn:ietf:params:oauth:token-type:jwt"
ROTATIONS = 4


@pytest.fixture(scope="module")
def client(server):
    return server.bootstrap["client"]


@pytest.fixture(scope="module")
def person(server):
    admin = server.bootstrap["admin"]
    return admin["login_name"], admin["password"]


class RelyingParty:
    """Keeps the key set."""

    def __init__(self, issuer):
        self.issuer = issuer
        self.keys = {}
        self.fetch()

    def fetch(self):
        answer = requests.get(self.issuer + "/oauth/v2/keys", timeout=10).json()
        self.keys = {key["kid"]: jwt.PyJWK(key) for key in answer["keys"]}

    def verify(self, token, audience):
        kid = jwt.get_unverified_header(token)["kid"]
        if kid not in self.keys:
            self.fetch()
        assert kid in self.keys, "the key was published before it signed"
        jwt.decode(token, self.keys[kid].key, algorithms=["ES256", "RS256"], issuer=self.issuer,
                   audience=audience)
        return kid


class Load(threading.Thread):
    """Does its turn again and again until it is stopped; keeps the first failure."""

    def __init__(self, turn):
        super().__init__()
        self.turn = turn
        self.ended = threading.Event()
        self.turns = 0
        self.failure = None

    def run(self):
        while not self.ended.is_set():
            try:
                self.turn()
            except Exception as error:  # told by the test's own thread
                self.failure = error
                return
            self.turns += 1

    def finish(self):
        self.ended.set()
        self.join()
        if self.failure:
            raise self.failure
        return self.turns


def rotate(server):
    return json.loads(server.command("keys", "rotate", "--json").stdout)["rotations"]


def kids(server):
    return {key["kid"] for key in requests.get(server.issuer + "/oauth/v2/keys", timeout=10).json()["keys"]}


def test_no_token_is_refused_while_keys_rotate(server, client, person):
    party = RelyingParty(server.issuer)
    old = exchange(server, client)
    signers = set()
    code, pkce, _ = sign_in_for_code(server, client, person)
    refresh = [redeem(server, client, code, pkce).json()["refresh_token"]]

    def fresh_tokens():
        tokens = exchange(server, client)
        signers.add(party.verify(tokens["access_token"], client["id"]))
        signers.add(party.verify(tokens["id_token"], client["id"]))
        assert introspect(server, client, tokens["access_token"])["active"]

    def an_old_token():
        party.verify(old["access_token"], client["id"])
        assert introspect(server, client, old["access_token"])["active"]
        answer = requests.get(server.issuer + "/oidc/v1/userinfo", timeout=10,
                              headers={"Authorization": "Bearer " + old["access_token"]})
        assert answer.status_code == 200, answer.text

    def a_refresh():
        answer = post(server, "/oauth/v2/token", authenticated(
            client, grant_type="refresh_token", refresh_token=refresh[0]))
        assert answer.status_code == 200, answer.text
        refresh[0] = answer.json()["refresh_token"]
        party.verify(answer.json()["id_token"], client["id"])

    loads = [Load(fresh_tokens), Load(fresh_tokens), Load(an_old_token), Load(a_refresh)]
    for load in loads:
        load.start()
    made = []
    for _ in range(ROTATIONS):
        before = [load.turns for load in loads]
        made += rotate(server)
        # Every kind of load has had a turn since, so none slept through the change.
        deadline = time.monotonic() + 60
        while any(load.turns <= turns and load.is_alive() for load, turns in zip(loads, before)):
            assert time.monotonic() < deadline, "the load stands still"
            time.sleep(0.01)
    assert all(load.finish() > ROTATIONS for load in loads)
    current = {rotation["current"] for rotation in made}
    assert len(current) >= 2 * ROTATIONS, "each rotation gave both algorithms another key"
    assert len(signers) > 2, "tokens were signed by more than one key of each algorithm"


def exchange(server, client):
    """A guest's JWT and ID token by impersonation."""
    made = server.bootstrap
    guest = requests.post(server.issuer + "/guest/v1/provision", timeout=10, headers={
        **server.service_headers(), "Idempotency-Key": str(time.monotonic_ns())})
    assert guest.status_code == 201, guest.text
    answer = post(server, "/oauth/v2/token", authenticated(
        client, grant_type=EXCHANGE, subject_token=guest.json()["user_id"], subject_token_type=USER_ID,
        actor_token=made["service_account"]["pat"], actor_token_type=ACCESS_TOKEN,
        requested_token_type=JWT, scope="openid profile"))
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_next_key_is_published_before_it_signs(server):
    before = kids(server)
    rotations = rotate(server)
    assert rotations and all(rotation["current"] in before for rotation in rotations)
    after = kids(server)
    assert {rotation["previous"] for rotation in rotations} <= after, "old tokens still verify"
    assert after - before, "and another one waits for the next time"
