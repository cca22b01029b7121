"""The calls of an application that was written for ZITADEL, in their order, against a server that
knows nothing but `bootstrap --data DIR --json` and `serve`."""

import base64
import json
import os
import re
import subprocess
import time

import jwt
import pytest
import requests

from vestibule_process import VESTIBULE, Process, free_port, wait_for
from visitor import Visitor

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
USER_ID = "urn:zitadel:params:oauth:token-type:user_id"
TOKEN_TYPE = "urn:ietf:params:oauth:token-type:"
PASSWORD = "Harbour-antique-9!"
CONNECT = "/zitadel.user.v2.UserService/"


class Application(Process):
    """`vestibule` with no configuration at all, and what an application knows of it."""

    def __init__(self, directory):
        super().__init__(directory / "vestibule.log")
        self.data = directory / "data"
        self.address = f"127.0.0.1:{free_port()}"
        self.issuer = f"http://{self.address}"
        # No VESTIBULE_… of the tests' own environment.
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith("VESTIBULE_")}

    def run(self, *arguments):
        return subprocess.run([str(VESTIBULE), *arguments], capture_output=True, text=True,
                              timeout=60, check=True, env=self.environment).stdout

    def start(self):
        self.known = json.loads(self.run("bootstrap", "--data", str(self.data), "--json"))
        self.spawn([VESTIBULE, "serve", "--data", self.data, "--listen", self.address])
        wait_for(lambda: requests.get(self.issuer + "/readyz", timeout=5).status_code == 200,
                 "the server")
        return self

    @property
    def organization(self):
        return self.known["organization_id"]

    def call(self, method, path, body=None, who="service_account", **headers):
        return requests.request(method, self.issuer + path, json=body, timeout=20, headers={
            "Authorization": f"Bearer {self.known[who]['pat']}", **headers})

    def rpc(self, name, body, who="service_account"):
        return self.call("POST", CONNECT + name, body, who)

    def token(self, **form):
        client = self.known["client"]
        return requests.post(self.issuer + "/oauth/v2/token", timeout=20, data={
            "client_id": client["id"], "client_secret": client["secret"], **form})

    def exchange(self, subject, requested="jwt", who="service_account", **form):
        return self.token(**{
            "grant_type": EXCHANGE, "subject_token": subject, "subject_token_type": USER_ID,
            "actor_token": self.known[who]["pat"], "actor_token_type": TOKEN_TYPE + "access_token",
            "scope": "openid profile email", "requested_token_type": TOKEN_TYPE + requested, **form})

    def introspect(self, token):
        client = self.known["client"]
        response = requests.post(self.issuer + "/oauth/v2/introspect", data={"token": token},
                                 auth=(client["id"], client["secret"]), timeout=20)
        assert response.status_code == 200, response.text
        return response.json()

    def create_guest(self, name=None):
        tag = time.strftime("GUEST_%y_%m_%d", time.gmtime())
        name = name or f"guest_{time.time_ns()}@temp.local"
        response = self.rpc("CreateUser", {
            "organizationId": self.organization, "username": name,
            "human": {"profile": {"givenName": "Guest", "familyName": "User"},
                      "email": {"email": name, "isVerified": True},
                      "metadata": [{"key": tag,
                                    "value": base64.b64encode(b"created").decode()}]}})
        assert response.status_code == 200, response.text
        return response.json()["id"], tag

    def upgrade(self, user, name):
        done = self.call("PUT", f"/v2/users/human/{user}", {
            "username": name,
            "profile": {"givenName": "Jane", "familyName": "Doe", "displayName": "Jane Doe"},
            "email": {"email": name, "isVerified": True}})
        assert done.status_code == 200, done.text
        done = self.rpc("SetPassword", {"userId": user, "newPassword": {
            "password": PASSWORD, "changeRequired": False}})
        assert done.status_code == 200, done.text

    def verify(self, token, algorithms, **expected):
        document = requests.get(self.issuer + "/.well-known/openid-configuration", timeout=5).json()
        assert document["issuer"] == self.issuer
        key = jwt.PyJWKClient(document["jwks_uri"]).get_signing_key_from_jwt(token)
        return jwt.decode(token, key.key, algorithms=algorithms, issuer=self.issuer, **expected)


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    running = Application(tmp_path_factory.mktemp("zitadel")).start()
    yield running
    assert running.stop() == 0


def test_bootstrap_gives_secrets_once(app):
    assert set(app.known) == {"issuer", "organization_id", "admin", "service_account", "client"}
    assert set(app.known["admin"]) == {"login_name", "password", "pat"}
    assert set(app.known["service_account"]) == {"id", "pat", "key"}
    again = json.loads(app.run("bootstrap", "--data", str(app.data), "--json"))
    assert again["client"]["id"] == app.known["client"]["id"]
    text = json.dumps(again)
    for secret in (app.known["admin"]["password"], app.known["admin"]["pat"],
                   app.known["service_account"]["pat"], app.known["client"]["secret"]):
        assert secret not in text


def test_the_whole_life_of_a_guest(app):
    # A guest, with its tag.
    user, tag = app.create_guest()
    assert re.fullmatch(r"\d+", user)
    client = app.known["client"]["id"]
    service = app.known["service_account"]["id"]

    # A token for it, at once: there is no lag.
    exchanged = app.exchange(user)
    assert exchanged.status_code == 200, exchanged.text
    tokens = exchanged.json()
    assert tokens["issued_token_type"] == TOKEN_TYPE + "jwt"
    assert tokens["token_type"] == "Bearer" and tokens["expires_in"] in range(43100, 43200)
    access = app.verify(tokens["access_token"], ["ES256", "RS256"], audience=client)
    assert access["sub"] == user and access["act"]["sub"] == service
    identity = app.verify(tokens["id_token"], ["RS256"], audience=client)
    assert identity["sub"] == user
    named = app.exchange(user, "id_token").json()
    assert named["token_type"] == "N_A"
    assert app.verify(named["access_token"], ["RS256"], audience=client)["sub"] == user
    opaque = app.exchange(user, "access_token").json()["access_token"]
    assert opaque.count(".") != 2
    for token in (tokens["access_token"], opaque):
        seen = app.introspect(token)
        assert seen["active"] is True and seen["sub"] == user and seen["act"]["sub"] == service
    info = requests.get(app.issuer + "/oidc/v1/userinfo", timeout=5,
                        headers={"Authorization": f"Bearer {opaque}"})
    assert info.status_code == 200 and info.json()["sub"] == user

    # It registers.
    name = f"jane_{time.time_ns()}@example.com"
    app.upgrade(user, name)
    found = app.call("POST", f"/v2/users/{user}/metadata/search", {})
    assert [entry["key"] for entry in found.json()["metadata"]] == [tag]
    removed = app.call("DELETE", f"/v2/users/{user}/metadata?keys={tag}")
    assert removed.status_code == 200 and removed.json()["deletionDate"]
    assert app.call("POST", f"/v2/users/{user}/metadata/search", {}).json().get("metadata", []) == []
    profile = app.call("GET", f"/v2/users/{user}").json()["user"]
    assert profile["username"] == name
    assert profile["human"]["profile"]["displayName"] == "Jane Doe"

    # From now on nobody acts for it. The application keeps the tokens that it has, as at ZITADEL;
    # they name the actor, so they never reach credentials.
    refused = app.exchange(user)
    assert refused.status_code == 403
    assert refused.json() == {"error": "invalid_request",
                              "error_description": "No matching permissions found"}
    for token in (tokens["access_token"], opaque):
        seen = app.introspect(token)
        assert seen["active"] is True and seen["act"]["sub"] == service

    # A purge of everything leaves it alone.
    app.run("purge", "--data", str(app.data), "--older-than", "0s", "--json")
    assert app.call("GET", f"/v2/users/{user}").status_code == 200

    # It signs in by that name.
    browser = Visitor(app.issuer)
    for secret, status in (("wrong", 401), (PASSWORD, 200)):
        page = browser.post("/ui/login", data={"username": name, "password": secret, "request": ""})
        assert page.status_code == status, page.text
    assert browser.cookies

    # It is deleted; by an administrator, since the guests' manager deletes guests only.
    assert app.rpc("DeleteUser", {"userId": user}).status_code == 403
    deleted = app.rpc("DeleteUser", {"userId": user}, who="admin")
    assert deleted.status_code == 200 and deleted.json()["details"]["changeDate"]
    assert app.call("GET", f"/v2/users/{user}").status_code == 404
    assert app.exchange(user).status_code in (400, 404)
    for token in (tokens["access_token"], opaque):
        assert app.introspect(token) == {"active": False}
    assert requests.get(app.issuer + "/oidc/v1/userinfo", timeout=5,
                        headers={"Authorization": f"Bearer {opaque}"}).status_code == 401
    page = Visitor(app.issuer).post("/ui/login", data={"username": name, "password": PASSWORD})
    assert page.status_code == 401


def test_a_deleted_guests_tokens_are_dead(app):
    user, tag = app.create_guest()
    tokens = [app.exchange(user, kind).json()["access_token"] for kind in ("jwt", "access_token")]
    assert all(app.introspect(token)["active"] for token in tokens)
    assert app.rpc("DeleteUser", {"userId": user}).status_code == 200
    for token in tokens:
        assert app.introspect(token) == {"active": False}
        assert requests.get(app.issuer + "/oidc/v1/userinfo", timeout=5,
                            headers={"Authorization": f"Bearer {token}"}).status_code == 401
    # Its id is never given again.
    again = app.rpc("CreateUser", {
        "organizationId": app.organization, "userId": user, "username": f"x{time.time_ns()}",
        "human": {"profile": {"givenName": "A", "familyName": "B"},
                  "email": {"email": "again@example.com", "isVerified": True},
                  "metadata": [{"key": tag, "value": "Y3JlYXRlZA=="}]}})
    assert again.status_code == 409 and again.json()["code"] == "already_exists"


@pytest.mark.parametrize("first", ["password", "email"])
def test_the_first_call_that_makes_an_account_protects_it(app, first):
    """The rest of the sequence may never come: it is an account all the same."""
    user, tag = app.create_guest()
    if first == "password":
        done = app.rpc("SetPassword", {"userId": user, "newPassword": {"password": PASSWORD}})
    else:
        name = f"first_{time.time_ns()}@example.com"
        done = app.call("PUT", f"/v2/users/human/{user}", {
            "email": {"email": name, "isVerified": True}})
    assert done.status_code == 200, done.text
    assert app.exchange(user).status_code == 403
    app.run("purge", "--data", str(app.data), "--older-than", "0s", "--json")
    assert app.call("GET", f"/v2/users/{user}").status_code == 200
    # Only the metadata key stays readable until the caller deletes it.
    found = app.call("POST", f"/v2/users/{user}/metadata/search", {}).json()
    assert [entry["key"] for entry in found["metadata"]] == [tag]
    for key in (tag, "GUEST_20_01_01"):
        tagged = app.call("POST", f"/v2/users/{user}/metadata", {"metadata": [
            {"key": key, "value": "Y3JlYXRlZA=="}]})
        assert tagged.status_code >= 400, "an account was made a guest"
    app.run("purge", "--data", str(app.data), "--older-than", "0s", "--json")
    assert app.call("GET", f"/v2/users/{user}").status_code == 200


def test_guests_are_purged_by_tag(app):
    user, _ = app.create_guest()
    done = json.loads(app.run("purge", "--data", str(app.data), "--older-than", "0s", "--json"))
    assert done["purged"] >= 1
    assert app.call("GET", f"/v2/users/{user}").status_code == 404


BAD_EXCHANGES = [
    {"subject_token": "1"}, {"subject_token": ""}, {"subject_token": "x"},
    {"subject_token_type": TOKEN_TYPE + "access_token"}, {"subject_token_type": ""},
    {"subject_token_type": "urn:x"}, {"actor_token": ""}, {"actor_token": "x"},
    {"actor_token_type": ""}, {"actor_token_type": TOKEN_TYPE + "refresh_token"},
    {"requested_token_type": "urn:x"}, {"requested_token_type": TOKEN_TYPE + "saml2"},
    {"scope": "nothing-known"}, {"audience": "https://evil.example"},
    {"resource": "not a uri"}, {"client_secret": "wrong"}, {"client_id": "1"},
]


@pytest.mark.parametrize("change", BAD_EXCHANGES, ids=str)
def test_an_exchange_that_is_not_allowed(app, change):
    user, _ = app.create_guest()
    response = app.exchange(user, **change)
    assert response.status_code in (400, 401, 403, 404), response.text
    assert response.json()["error"] and "access_token" not in response.json()
    assert "no-store" in response.headers["Cache-Control"]


def test_nobody_impersonates_an_administrator_or_a_service_account(app):
    identity = jwt.decode(app.exchange(app.create_guest()[0]).json()["id_token"],
                          options={"verify_signature": False})
    assert identity["sub"]
    admin = app.rpc("ListUsers", {"queries": [{"userNameQuery": {"userName": "admin"}}]}, "admin")
    assert admin.status_code == 200, admin.text
    ids = [user["userId"] for user in admin.json()["result"]]
    for subject in [*ids, app.known["service_account"]["id"]]:
        for who in ("service_account", "admin"):
            response = app.exchange(subject, who=who)
            assert response.status_code in (400, 403, 404), response.text
            assert "access_token" not in response.json()


def test_a_guests_token_is_no_actor_and_no_caller(app):
    user, _ = app.create_guest()
    other, _ = app.create_guest()
    for kind in ("jwt", "access_token"):
        token = app.exchange(user, kind).json()["access_token"]
        for name, body in [("DeleteUser", {"userId": user}), ("SetPassword", {
                "userId": user, "newPassword": {"password": PASSWORD}})]:
            response = requests.post(app.issuer + CONNECT + name, json=body, timeout=5,
                                     headers={"Authorization": f"Bearer {token}"})
            assert response.status_code in (401, 403), response.text
        response = app.exchange(other, actor_token=token)
        assert response.status_code in (400, 403), response.text
    assert app.call("GET", f"/v2/users/{user}").status_code == 200
