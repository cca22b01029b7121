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
from visitor import NAVIGATION, Pkce, Visitor, authorize_url, pass_sign_in_page, query_of

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
USER_ID = "urn:zitadel:params:oauth:token-type:user_id"
TOKEN_TYPE = "urn:ietf:params:oauth:token-type:"
PASSWORD = "Harbour-antique-9!"
CONNECT = "/zitadel.user.v2.UserService/"
REDIRECT = "http://localhost:3000/api/auth/callback/zitadel"


class Application(Process):
    """`vestibule` with no configuration at all, and what an application knows of it.

    `kind`: how its client is set up. A public one sends what ZITADEL's applications send with it:
    the personal access token once more, where a client's authentication would be."""

    def __init__(self, directory, kind):
        super().__init__(directory / "vestibule.log")
        self.kind = kind
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
        flags = ["--redirect-uri", REDIRECT]
        if self.kind == "public":
            flags.append("--public-client")
        self.known = json.loads(self.run("bootstrap", "--data", str(self.data), "--json", *flags))
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

    def token(self, headers=None, **form):
        client = self.known["client"]
        sent = {"client_id": client["id"]}
        if self.kind == "public":
            headers = headers or {"Authorization": f"Bearer {self.known['service_account']['pat']}"}
        else:
            sent["client_secret"] = client["secret"]
        return requests.post(self.issuer + "/oauth/v2/token", timeout=20, headers=headers,
                             data={**sent, **form})

    def exchange(self, subject, requested="jwt", who="service_account", headers=None, **form):
        return self.token(headers, **{
            "grant_type": EXCHANGE, "subject_token": subject, "subject_token_type": USER_ID,
            "actor_token": self.known[who]["pat"], "actor_token_type": TOKEN_TYPE + "access_token",
            "scope": "openid profile email", "requested_token_type": TOKEN_TYPE + requested, **form})

    def expect_live(self, token, user):
        """The service account's token for that user; also by introspection, if the client may."""
        info = self.userinfo(token)
        assert info.status_code == 200 and info.json()["sub"] == user
        if self.kind == "confidential":
            seen = self.introspect(token)
            assert seen["active"] is True and seen["sub"] == user
            assert seen["act"]["sub"] == self.known["service_account"]["id"]

    def expect_dead(self, token):
        assert self.userinfo(token).status_code == 401
        if self.kind == "confidential":
            assert self.introspect(token) == {"active": False}

    def userinfo(self, token):
        return requests.get(self.issuer + "/oidc/v1/userinfo", timeout=5,
                            headers={"Authorization": f"Bearer {token}"})

    def introspect(self, token):
        client = self.known["client"]
        response = requests.post(self.issuer + "/oauth/v2/introspect", data={"token": token},
                                 auth=(client["id"], client["secret"]), timeout=20)
        assert response.status_code == 200, response.text
        return response.json()

    def sign_in(self, name, **changes):
        """Signs that user in as NextAuth's provider does; gives what comes back to the client."""
        pkce = Pkce()
        organization = f"urn:zitadel:iam:org:id:{self.organization}"
        browser = Visitor(self.issuer)
        leaving = browser.get(authorize_url(**{
            "client_id": self.known["client"]["id"], "response_type": "code",
            "redirect_uri": REDIRECT, "scope": f"openid profile email {organization}",
            "state": "st", "code_challenge": pkce.challenge, "code_challenge_method": "S256",
            **changes}), headers=NAVIGATION)
        back = leaving.headers["Location"]
        if back.startswith("/ui/login"):
            back = pass_sign_in_page(browser, back, name, PASSWORD)
        assert back.startswith(REDIRECT), back
        return query_of(back), pkce

    def machine(self, *roles):
        """The personal access token of a new service account."""
        made = self.rpc("CreateUser", {
            "organizationId": self.organization, "username": f"machine_{time.time_ns()}",
            "machine": {"name": "another"}}, "admin")
        assert made.status_code == 200, made.text
        for role in roles:
            self.run("users", "grant", made.json()["id"], role, "--data", str(self.data))
        token = self.rpc("AddPersonalAccessToken", {
            "userId": made.json()["id"], "expirationDate": "2099-01-01T00:00:00Z"}, "admin")
        assert token.status_code == 200, token.text
        return token.json()["token"]

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


@pytest.fixture(scope="module", params=["confidential", "public"])
def app(request, tmp_path_factory):
    running = Application(tmp_path_factory.mktemp(request.param), request.param).start()
    yield running
    assert running.stop() == 0


def test_bootstrap_gives_secrets_once(app):
    assert set(app.known) == {"issuer", "organization_id", "admin", "service_account", "client"}
    assert set(app.known["admin"]) == {"login_name", "password", "pat"}
    assert set(app.known["service_account"]) == {"id", "pat", "key"}
    again = json.loads(app.run("bootstrap", "--data", str(app.data), "--json"))
    assert again["client"]["id"] == app.known["client"]["id"]
    text = json.dumps(again)
    assert ("secret" in app.known["client"]) == (app.kind == "confidential")
    assert app.known["client"]["redirect_uris"] == again["client"]["redirect_uris"] == [REDIRECT]
    for secret in (app.known["admin"]["password"], app.known["admin"]["pat"],
                   app.known["service_account"]["pat"], app.known["client"].get("secret", "pat")):
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
        app.expect_live(token, user)

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
        app.expect_live(token, user)

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
        app.expect_dead(token)
    page = Visitor(app.issuer).post("/ui/login", data={"username": name, "password": PASSWORD})
    assert page.status_code == 401


def test_an_application_that_keeps_the_id_token(app):
    """As the application does that ZITADEL publishes beside its guide: the user name stands where it
    is ignored, the address is not asserted, and no token type is asked for."""
    name = f"guest_{time.time_ns()}_x1y2z@temp.local"
    tag = time.strftime("GUEST_%y_%m_%d", time.gmtime())
    made = app.rpc("CreateUser", {"organizationId": app.organization, "human": {
        "metadata": [{"key": tag, "value": "Y3JlYXRlZA=="}],
        "profile": {"givenName": "Guest", "familyName": "User"},
        "email": {"email": name, "isVerified": False}, "username": name}})
    assert made.status_code == 200, made.text
    user = made.json()["id"]
    exchanged = app.exchange(user, requested_token_type=None)
    assert exchanged.status_code == 200, exchanged.text
    assert exchanged.json()["issued_token_type"] == TOKEN_TYPE + "access_token"
    audience = app.known["client"]["id"]
    kept = app.verify(exchanged.json()["id_token"], ["RS256"], audience=audience)
    assert kept["sub"] == user and kept["email"] == name and kept["email_verified"] is False
    # It registers, and signs in to the same user.
    chosen = f"kept_{time.time_ns()}@example.com"
    app.upgrade(user, chosen)
    back, pkce = app.sign_in(chosen)
    tokens = app.token(grant_type="authorization_code", code=back["code"], redirect_uri=REDIRECT,
                       code_verifier=pkce.verifier).json()
    assert app.verify(tokens["id_token"], ["RS256"], audience=audience)["sub"] == user
    # A guest who signs in as somebody else is deleted; what was kept opens nothing any more.
    other, _ = app.create_guest()
    kept = app.exchange(other, requested_token_type=None).json()
    assert app.rpc("DeleteUser", {"userId": other}).status_code == 200
    app.expect_dead(kept["access_token"])
    again = app.exchange(kept["id_token"], subject_token_type=TOKEN_TYPE + "id_token")
    assert again.status_code == 400 and "access_token" not in again.json()


def test_a_deleted_guests_tokens_are_dead(app):
    user, tag = app.create_guest()
    tokens = [app.exchange(user, kind).json()["access_token"] for kind in ("jwt", "access_token")]
    for token in tokens:
        app.expect_live(token, user)
    assert app.rpc("DeleteUser", {"userId": user}).status_code == 200
    for token in tokens:
        app.expect_dead(token)
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
    {"resource": "not a uri"}, {"client_id": "1"},
]


@pytest.mark.parametrize("change", BAD_EXCHANGES, ids=str)
def test_an_exchange_that_is_not_allowed(app, change):
    user, _ = app.create_guest()
    response = app.exchange(user, **change)
    assert response.status_code in (400, 401, 403, 404), response.text
    assert response.json()["error"] and "access_token" not in response.json()
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("secret", ["wrong", "undefined", None, ""], ids=str)
def test_a_secret_counts_where_there_is_one(app, secret):
    """Applications send what their environment has for it, also if it has nothing."""
    response = app.exchange(app.create_guest()[0], client_secret=secret)
    if app.kind == "public":
        assert response.status_code == 200, response.text
    else:
        assert response.status_code == 400 and response.json()["error"] == "invalid_client"


@pytest.mark.parametrize("bearer", ["good", "admin", "guest", "wrong", "two words", ""])
def test_a_bearer_token_where_a_client_would_authenticate_says_nothing(app, bearer):
    user, _ = app.create_guest()
    token = {"good": app.known["service_account"]["pat"], "admin": app.known["admin"]["pat"]}.get(
        bearer, bearer)
    if bearer == "guest":
        token = app.exchange(user).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    response = app.exchange(user, headers=headers)
    assert response.status_code == 200, response.text
    claims = app.verify(response.json()["access_token"], ["ES256", "RS256"],
                        audience=app.known["client"]["id"])
    assert claims["act"]["sub"] == app.known["service_account"]["id"]
    # It stands neither for the actor's token nor for the client's secret, nor for a client.
    without_actor = {"actor_token": None, "actor_token_type": None}
    for change in ({"actor_token": "wrong"}, without_actor, {"client_id": None}, {"client_id": "1"}):
        response = app.exchange(user, headers=headers, **change)
        assert response.status_code == 400 and "access_token" not in response.json(), change
    if app.kind == "confidential":
        response = app.exchange(user, headers=headers, client_secret=None)
        assert response.json()["error"] == "invalid_client"


def test_an_actor_is_bound_to_the_client(app):
    """A right to act for guests is one through the clients that name the actor, no other."""
    user, _ = app.create_guest()
    unbound = app.machine("guest_impersonator", "guest_manager")
    for requested in ("jwt", "access_token", "id_token"):
        response = app.exchange(user, requested, actor_token=unbound)
        assert response.status_code == 403, response.text
        assert response.json() == {"error": "invalid_request",
                                   "error_description": "No matching permissions found"}
    without_role = app.exchange(user, actor_token=app.machine())
    assert without_role.status_code == 404
    assert without_role.json() == {"error": "invalid_request",
                                   "error_description": "membership not found"}


def test_a_public_client_has_no_tokens_of_its_own(app):
    """Whoever knows its id could ask for them."""
    user, _ = app.create_guest()
    name = f"own_{time.time_ns()}@example.com"
    app.upgrade(user, name)
    back, pkce = app.sign_in(name)
    tokens = app.token(grant_type="authorization_code", code=back["code"], redirect_uri=REDIRECT,
                       code_verifier=pkce.verifier).json()
    own = {"subject_token_type": TOKEN_TYPE + "access_token", "actor_token": None,
           "actor_token_type": None}
    response = app.exchange(tokens["access_token"], **own)
    if app.kind == "confidential":
        assert response.status_code == 200, response.text
    else:
        assert response.status_code == 400
        assert response.json()["error"] == "unauthorized_client"
    if app.kind == "public":
        for path in ("introspect", "revoke"):
            asked = requests.post(f"{app.issuer}/oauth/v2/{path}", timeout=5, data={
                "client_id": app.known["client"]["id"], "token": tokens["access_token"]})
            assert "sub" not in asked.text
    assert app.token(grant_type="client_credentials", scope="openid").status_code >= 400


def test_a_sign_in_names_the_organization(app):
    """NextAuth's ZITADEL provider asks for it by a scope."""
    user, _ = app.create_guest()
    name = f"member_{time.time_ns()}@example.com"
    app.upgrade(user, name)
    back, pkce = app.sign_in(name)
    redeemed = app.token(grant_type="authorization_code", code=back["code"], redirect_uri=REDIRECT,
                         code_verifier=pkce.verifier)
    assert redeemed.status_code == 200, redeemed.text
    organization = f"urn:zitadel:iam:org:id:{app.organization}"
    assert redeemed.json()["scope"].split()[-1] == organization
    claims = app.verify(redeemed.json()["id_token"], ["RS256"], audience=app.known["client"]["id"])
    info = app.userinfo(redeemed.json()["access_token"]).json()
    for seen in (claims, info):
        assert seen["sub"] == user and seen["name"] == "Jane Doe" and seen["email"] == name
        assert seen["urn:zitadel:iam:org:id"] == app.organization
        assert seen["urn:zitadel:iam:user:resourceowner:id"] == app.organization
    # A member of this one never passes for a member of another.
    for other in ("urn:zitadel:iam:org:id:1", "urn:zitadel:iam:org:id:",
                  "urn:zitadel:iam:org:domain:primary:evil.example",
                  f"{organization} {organization}0"):
        back, _ = app.sign_in(name, scope=f"openid profile email {other}")
        assert back["error"] == "invalid_scope" and "code" not in back
    # The code is of no use without its verifier, whatever else is sent.
    for verifier in (None, "x" * 43):
        back, _ = app.sign_in(name)
        refused = app.token(grant_type="authorization_code", code=back["code"],
                            redirect_uri=REDIRECT, code_verifier=verifier)
        assert refused.status_code == 400 and refused.json()["error"].startswith("invalid_")


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
