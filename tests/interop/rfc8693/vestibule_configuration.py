"""The suite's default target: a Vestibule with the clients and people that its configuration names.

Rights and registrations for which there is no command yet are written into the store while the
server is down."""

import contextlib
import json
import sqlite3

import requests

from exchange_target import ACCESS_TOKEN, EXCHANGE, ID_TOKEN, JWT, REFRESH_TOKEN
from vestibule_process import Vestibule, wait_for
from visitor import NAVIGATION, Pkce, Visitor, authorize_url, pass_sign_in_page, query_of

REDIRECT = "http://localhost:3100/callback"
PASSWORD = "Violet-harbour-antique-9"
SCOPE = "openid profile email"
NARROW = "openid email"
LIMITS = {"guests_per_minute": 100000, "guests_burst": 100000, "sign_ins_per_minute": 100000}
AUDIENCE = "https://reports.example"
RESOURCE = "https://api.example/v1"
RESOURCE_WITH_QUERY = "https://api.example/v1?tenant=7"
LONGEST_CHAIN = 8
ACTORS = ["actor", "second_actor", "expired_actor", "revoked_actor", "ended_actor"]

DEVIATIONS = {
    "test_tokens_should_be_short_lived":
        "clients of ZITADEL's applications get ZITADEL's lifetime, 43,199 s, unless configured",
}
LACKS = {
    "values.tls": "the suite's own server listens on loopback without TLS",
    "tokens.subject_with_may_act": "who may act is a right of the actor; tokens have no may_act",
}


class Installation:
    """A running server and the hands of its administrator."""

    def __init__(self, directory):
        self.server = Vestibule(directory, config={"limits": LIMITS}, redirect_uris=[REDIRECT])
        self.clients = {"main": self.server.bootstrap["client"]}
        for name in ("other", "forbidden", "public"):
            self.clients[name] = self.add_client(name)

    def add_client(self, name):
        flags = ["--public-client"] if name == "public" else []
        made = json.loads(self.server.command("clients", "add", "--name", name, "--redirect-uri",
                                              REDIRECT, "--json", *flags).stdout)
        return {"id": made["client_id"], "secret": made.get("secret")}

    @contextlib.contextmanager
    def store(self):
        """The store of the stopped server."""
        with contextlib.closing(sqlite3.connect(self.server.data / "vestibule.db")) as store, store:
            yield store

    def change_client(self, store, name, **settings):
        client = self.clients[name]["id"]
        (text,) = store.execute("select settings from clients where id = ?", (client,)).fetchone()
        text = json.dumps({**json.loads(text), **settings})
        store.execute("update clients set settings = ? where id = ?", (text, client))

    def call(self, procedure, **body):
        answer = requests.post(f"{self.server.issuer}/zitadel.user.v2.UserService/{procedure}",
                               json=body, headers=self.server.admin_headers(), timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def person(self, name):
        """Somebody who can sign in."""
        email = {"email": f"{name}@example.com", "isVerified": True}
        return self.call(
            "CreateUser", organizationId=self.server.bootstrap["organization_id"], username=name,
            human={"profile": {"givenName": name, "familyName": "Example"}, "email": email,
                   "password": {"password": PASSWORD}})["id"]

    def machine(self, name):
        """A service account with a personal access token: {id, token, token_id}."""
        made = self.call("CreateUser", organizationId=self.server.bootstrap["organization_id"],
                         username=name, machine={"name": name})["id"]
        token = self.call("AddPersonalAccessToken", userId=made, expirationDate="2099-01-01T00:00:00Z")
        return {"id": made, "token": token["token"], "token_id": token["tokenId"]}

    def sign_in(self, name, password=PASSWORD):
        """A browser with a session; one sign-in each, because a second one ends the first."""
        browser = Visitor(self.server.issuer)
        self.tokens(browser, sign_in_as=(name, password))
        return browser

    def tokens(self, browser, client="main", scope=SCOPE, sign_in_as=None):
        """The answer of the token endpoint to an authorization code."""
        client, pkce = self.clients[client], Pkce()
        back = browser.get(authorize_url(
            client_id=client["id"], response_type="code", redirect_uri=REDIRECT, scope=scope,
            code_challenge=pkce.challenge, code_challenge_method="S256",
        ), headers=NAVIGATION).headers["Location"]
        if sign_in_as:
            back = pass_sign_in_page(browser, back, *sign_in_as)
        assert back.startswith(REDIRECT + "?code="), back
        form = {"grant_type": "authorization_code", "code": query_of(back)["code"],
                "redirect_uri": REDIRECT, "code_verifier": pkce.verifier, "client_id": client["id"]}
        if client.get("secret"):
            form["client_secret"] = client["secret"]
        answer = requests.post(self.server.issuer + "/oauth/v2/token", data=form, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def at_main(self, path, **form):
        client = self.clients["main"]
        answer = requests.post(self.server.issuer + path, timeout=30, data={
            "client_id": client["id"], "client_secret": client["secret"], **form})
        assert answer.status_code == 200, answer.text
        return answer


def access(answer, sub=None, **more):
    return {"token": answer["access_token"], "type": ACCESS_TOKEN, "scope": answer["scope"],
            "sub": sub, **more}


def id_token(answer):
    return {"token": answer["id_token"], "type": ID_TOKEN}


def set_up(installation):
    """Everything that has to be written while the server is down; what has expired by then."""
    with installation.store() as store:
        installation.change_client(store, "main", access_token_lifetime=1)
    installation.server.start()
    people = {name: installation.person(name) for name in ("alice", "agent", "bob", "carol", "erin")}
    machines = {name: installation.machine(name) for name in [*ACTORS, "unentitled_actor"]}
    alice = installation.sign_in("alice")
    old = installation.tokens(alice)
    wait_for(lambda: not installation.at_main("/oauth/v2/introspect", token=old["access_token"]).json()["active"],
             "a token to expire")
    installation.server.stop()

    exchanging = ["authorization_code", "refresh_token", EXCHANGE]
    with installation.store() as store:
        installation.change_client(store, "main", access_token_lifetime=43199,
                                   audiences=[AUDIENCE, RESOURCE, RESOURCE_WITH_QUERY])
        for name in ("other", "public"):
            installation.change_client(store, name, grant_types=exchanging)
        entitled = [machines[name]["id"] for name in ACTORS] + [people["agent"]]
        for user in entitled:
            store.execute("insert into service_grants values (?, 'user_impersonator')", (user,))
        for user in [*entitled, machines["unentitled_actor"]["id"]]:
            store.execute("insert into client_actors values (?, ?)", (installation.clients["main"]["id"], user))
        store.execute("update personal_tokens set expires_at = created_at + 1 where token_id = ?",
                      (machines["expired_actor"]["token_id"],))
        store.execute("delete from personal_tokens where token_id = ?",
                      (machines["revoked_actor"]["token_id"],))
    installation.server.start()
    return people, machines, alice, old


def given_tokens(installation, people, machines, alice, old):
    made = installation.tokens(alice, scope=SCOPE + " offline_access")
    tokens = {
        "subject": access(made, people["alice"], scope=SCOPE),
        "id_token": id_token(made),
        "refresh": {"token": made["refresh_token"], "type": REFRESH_TOKEN},
        "expired": access(old), "expired_id_token": id_token(old),
    }
    as_jwt = installation.at_main("/oauth/v2/token", grant_type=EXCHANGE, scope=SCOPE, requested_token_type=JWT,
                                  subject_token=made["access_token"], subject_token_type=ACCESS_TOKEN).json()
    tokens["jwt_subject"] = access(as_jwt, people["alice"], type=JWT)
    foreign = installation.tokens(alice, client="other")
    tokens |= {"foreign": access(foreign), "foreign_id_token": id_token(foreign)}
    tokens["public_subject"] = access(installation.tokens(alice, client="public"), people["alice"])
    revoked = installation.tokens(alice)
    installation.at_main("/oauth/v2/revoke", token=revoked["access_token"])
    tokens["revoked"] = access(revoked)

    bob = installation.tokens(installation.sign_in("bob"))
    installation.sign_in("bob")
    tokens["ended_id_token"] = id_token(bob)
    carol = installation.tokens(installation.sign_in("carol"))
    installation.call("DeleteUser", userId=people["carol"])
    tokens["ended"] = access(carol)
    tokens["subject_of_somebody_else"] = access(installation.tokens(installation.sign_in("erin")))

    for name, machine in machines.items():
        tokens[name] = {"token": machine["token"], "type": ACCESS_TOKEN, "sub": machine["id"]}
    installation.call("DeleteUser", userId=machines["ended_actor"]["id"])
    agent = installation.tokens(installation.sign_in("agent"), scope=NARROW)
    tokens["narrow_actor"] = access(agent, people["agent"])
    admin = installation.server.bootstrap["admin"]
    tokens["unreachable_subject"] = access(installation.tokens(
        installation.sign_in(admin["login_name"], admin["password"])))
    return tokens


@contextlib.contextmanager
def running_vestibule(directory):
    """The path of a configuration for a server that runs until the end of the block."""
    installation = Installation(directory)
    tokens = given_tokens(installation, *set_up(installation))
    clients = {name: {"id": client["id"], "secret": client["secret"]} if client.get("secret") else
               {"id": client["id"]} for name, client in installation.clients.items()}
    configuration = {
        "issuer": installation.server.issuer,
        "client": {**clients["main"], "authentication": "client_secret_post"},
        "clients": {**clients, "basic": clients["main"]},
        "tokens": tokens,
        "values": {
            "audience": AUDIENCE, "resource": RESOURCE, "resource_with_query": RESOURCE_WITH_QUERY,
            "refused_audience": "https://somebody.else.example",
            "refused_resource": "https://somebody.else.example/api",
            "narrow_scope": NARROW, "wide_scope": "phone",
            "requested_types": [ACCESS_TOKEN, JWT, ID_TOKEN],
            "subject_types": [ACCESS_TOKEN, JWT, ID_TOKEN],
            "readable_type": JWT, "longest_chain": LONGEST_CHAIN,
        },
        "lacks": LACKS,
    }
    path = directory / "configuration.json"
    path.write_text(json.dumps(configuration, indent=1))
    yield path
    assert installation.server.stop() == 0
