"""Service accounts as ZITADEL's guides set them up: made through the API, they show themselves with
a token, a secret or a key, and call the API with what they get for it."""

import base64
import json
import time

import jwt
import pytest
import requests

from test_provider_http import assert_oauth_error
from zitadel_operations import USERS

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
OWN_API = "openid urn:zitadel:iam:org:project:id:zitadel:aud"
FAR = "2099-01-01T00:00:00Z"


class Machine:
    """A service account with the right to make guests."""

    def __init__(self, server):
        self.server = server
        self.admin = server.bootstrap["admin"]["pat"]
        self.organization = server.bootstrap["organization_id"]
        self.name = f"job-{time.time_ns()}"
        made = self.rpc("CreateUser", {"organizationId": self.organization, "username": self.name,
                                       "machine": {"name": "A job", "description": "at night"}})
        self.id = made.json()["id"]
        server.command("users", "grant", self.id, "guest_manager")

    def rpc(self, procedure, body, token=None):
        return requests.post(self.server.issuer + USERS + procedure, json=body, timeout=30,
                             headers={"Authorization": f"Bearer {token or self.admin}"})

    def token(self, headers=None, auth=None, **form):
        return requests.post(self.server.issuer + "/oauth/v2/token", data=form, timeout=30,
                             headers=headers, auth=auth)

    def secret(self):
        return self.rpc("AddSecret", {"userId": self.id}).json()["clientSecret"]

    def key(self):
        made = self.rpc("AddKey", {"userId": self.id, "expirationDate": FAR}).json()
        return json.loads(base64.b64decode(made["keyContent"]))

    def by_secret(self, secret, scope=OWN_API, name=None):
        return self.token(grant_type="client_credentials", client_id=name or self.name,
                          client_secret=secret, scope=scope)

    def by_key(self, key, scope=OWN_API, **claims):
        now = int(time.time())
        assertion = jwt.encode({"iss": key["userId"], "sub": key["userId"], "iat": now,
                                "aud": self.server.issuer, "exp": now + 600, **claims},
                               key["key"], algorithm="RS256", headers={"kid": key["keyId"]})
        return self.token(grant_type=JWT_BEARER, assertion=assertion, scope=scope)

    def make_guest(self, token):
        name = f"guest-{time.time_ns()}@temp.local"
        return self.rpc("CreateUser", {
            "organizationId": self.organization, "username": name,
            "human": {"profile": {"givenName": "Guest", "familyName": "User"},
                      "email": {"email": name, "isVerified": True}},
            "metadata": [{"key": time.strftime("GUEST_%y_%m_%d", time.gmtime()),
                          "value": "Y3JlYXRlZA=="}]}, token)


@pytest.fixture
def machine(server):
    return Machine(server)


def test_a_secret_is_good_for_a_token_that_opens_the_api(machine):
    secret = machine.secret()
    for answer in (machine.by_secret(secret), machine.by_secret(secret, name=machine.id),
                   machine.token(auth=(machine.name, secret), scope=OWN_API,
                                 grant_type="client_credentials")):
        assert answer.status_code == 200, answer.text
        assert answer.json()["token_type"] == "Bearer" and "refresh_token" not in answer.json()
        token = answer.json()["access_token"]
        assert machine.make_guest(token).status_code == 200
        me = requests.get(machine.server.issuer + "/auth/v1/users/me", timeout=30,
                          headers={"Authorization": f"Bearer {token}"})
        assert me.json()["user"]["id"] == machine.id


def test_a_key_is_good_for_a_token_that_opens_the_api(machine):
    key = machine.key()
    assert key["type"] == "serviceaccount" and key["userId"] == machine.id
    answer = machine.by_key(key)
    assert answer.status_code == 200, answer.text
    assert machine.make_guest(answer.json()["access_token"]).status_code == 200


def test_the_token_has_the_accounts_rights_and_no_more(machine):
    token = machine.by_secret(machine.secret()).json()["access_token"]
    person = {"organizationId": machine.organization, "username": f"p{time.time_ns()}",
              "human": {"profile": {"givenName": "A", "familyName": "B"},
                        "email": {"email": "p@machine.example"}}}
    assert machine.rpc("CreateUser", person, token).status_code == 403
    assert machine.rpc("AddKey", {"userId": machine.id, "expirationDate": FAR},
                       token).status_code == 403
    machine.server.command("users", "revoke", machine.id, "guest_manager")
    refused = machine.make_guest(token)
    assert refused.status_code == 404
    assert refused.json()["message"] == "membership not found (AUTHZ-cdgFk)"


def test_without_the_scope_it_is_no_key_to_the_api(machine):
    for scope in ("openid", "", "openid urn:zitadel:iam:org:project:id:1:aud"):
        token = machine.by_secret(machine.secret(), scope).json()["access_token"]
        refused = machine.make_guest(token)
        assert refused.status_code == 403
        assert refused.json()["message"] == "Errors.TokenExchange.Token.NotForAPI (APP-Shi0J)"


def test_an_exchanged_token_never_opens_the_api(machine):
    """Neither the one that the account's own token became, nor a guest's."""
    client = machine.server.bootstrap["client"]
    service = machine.server.bootstrap["service_account"]["pat"]
    guest = machine.make_guest(service).json()["id"]
    for scope in ("openid", OWN_API):
        answer = machine.token(
            grant_type=EXCHANGE, subject_token=guest, client_id=client["id"], scope=scope,
            client_secret=client["secret"], actor_token=service,
            subject_token_type="urn:zitadel:params:oauth:token-type:user_id",
            actor_token_type="urn:ietf:params:oauth:token-type:access_token")
        if scope == "openid":
            refused = machine.make_guest(answer.json()["access_token"])
            assert refused.status_code == 403, refused.text
        else:
            assert_oauth_error(answer, 400, "invalid_scope")


def test_what_is_taken_away_is_no_good_any_more(machine):
    secret, key = machine.secret(), machine.key()
    token = machine.rpc("AddPersonalAccessToken",
                        {"userId": machine.id, "expirationDate": FAR}).json()
    newer = machine.secret()
    assert_oauth_error(machine.by_secret(secret), 400, "invalid_client")
    assert machine.by_secret(newer).status_code == 200
    for procedure, more in (("RemoveSecret", {}), ("RemoveKey", {"keyId": key["keyId"]}),
                            ("RemovePersonalAccessToken", {"tokenId": token["tokenId"]})):
        answer = machine.rpc(procedure, {"userId": machine.id, **more})
        assert answer.status_code == 200 and answer.json()["deletionDate"], answer.text
    assert_oauth_error(machine.by_secret(newer), 400, "invalid_client")
    assert_oauth_error(machine.by_key(key), 400, "invalid_grant")
    assert machine.make_guest(token["token"]).status_code == 401


def test_a_deactivated_account_gets_nothing_and_its_tokens_are_dead(machine):
    secret, key = machine.secret(), machine.key()
    token = machine.by_secret(secret).json()["access_token"]
    assert machine.rpc("DeactivateUser", {"userId": machine.id}).status_code == 200
    assert_oauth_error(machine.by_secret(secret), 400, "invalid_client")
    assert_oauth_error(machine.by_key(key), 400, "invalid_grant")
    assert machine.make_guest(token).status_code == 401


@pytest.mark.parametrize("form", [
    {"client_secret": "wrong"}, {"client_secret": ""}, {"client_id": "nobody"},
    {"client_id": "admin"}, {"client_id": "1234567"},
], ids=str)
def test_a_wrong_name_or_secret(machine, form):
    secret = machine.secret()
    answer = machine.token(**{"grant_type": "client_credentials", "client_id": machine.name,
                              "client_secret": secret, "scope": OWN_API, **form})
    assert_oauth_error(answer, 400, "invalid_client")
    if form.get("client_secret") != "":
        body = {**form, "client_id": machine.name, "client_secret": secret, **form}
        answer = machine.token(auth=(body["client_id"], body["client_secret"]),
                               grant_type="client_credentials", scope=OWN_API)
        assert_oauth_error(answer, 401, "invalid_client")


def test_a_secret_is_for_this_grant_only(machine):
    secret = machine.secret()
    for path, form in (("/oauth/v2/introspect", {"token": "x"}),
                       ("/oauth/v2/revoke", {"token": "x"}),
                       ("/oauth/v2/token", {"grant_type": "refresh_token", "refresh_token": "x"}),
                       ("/oauth/v2/token", {"grant_type": "authorization_code", "code": "x"})):
        answer = requests.post(machine.server.issuer + path, timeout=30, data={
            "client_id": machine.id, "client_secret": secret, **form})
        assert_oauth_error(answer, 400, "invalid_client")
