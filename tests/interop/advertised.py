"""A provider that anybody may register at, and clients that register there and use everything."""

import json

import jwt
import requests

from authorization import SECURE_REDIRECT, Answer
from client_keys import assertion_claims, with_assertion
from people import EVERY_CLAIM, PASSWORD, add_user
from vestibule_process import Vestibule
from visitor import NAVIGATION, Pkce, Visitor, authorize_url, hidden_field

LIMITS = {"guests_per_minute": 100000, "guests_burst": 100000, "sign_ins_per_minute": 100000}
SIGNED_INTROSPECTION = "application/token-introspection+jwt"


class OpenProvider:
    """A running server with registration for everybody, and a person who has every claim. `ca` is
    what its certificate is judged by, if it has one."""

    ca = True

    def __init__(self, directory, redirect_uris=(), **config):
        self.server = Vestibule(directory, redirect_uris=redirect_uris, config={
            "limits": LIMITS, "registration": {"mode": "open", "per_minute": 100000}, **config})
        self.server.bootstrap
        self.person = add_user(self.server, EVERY_CLAIM)
        self.server.start()
        self.issuer = self.server.config["public_url"]
        self.metadata = requests.get(self.issuer + "/.well-known/openid-configuration",
                                     timeout=10, verify=self.ca).json()

    def register(self, **metadata):
        """The answer of the registration endpoint."""
        return requests.post(self.metadata["registration_endpoint"], timeout=30, json={
            "redirect_uris": [SECURE_REDIRECT], "grant_types": ["authorization_code", "refresh_token"],
            **metadata})

    def client(self, key=None, **metadata):
        answer = self.register(**metadata)
        assert answer.status_code == 201, answer.text
        return Party(self, answer.json(), key)

    def operators_client(self, **metadata):
        """A client that `vestibule clients add` made of metadata."""
        file = self.server.directory / "client.json"
        file.write_text(json.dumps({"client_name": "by an operator", **metadata}))
        made = json.loads(self.server.command("clients", "add", "--file", file, "--json").stdout)
        return Party(self, {"client_id": made["client_id"], "client_secret": made.get("secret"),
                            "token_endpoint_auth_method": "client_secret_basic"})

    def browser(self):
        """A new one, in which nobody has signed in."""
        return Visitor(self.issuer)

    def verify(self, token, algorithm, audience, **options):
        """The claims of a JWT that must be signed with this algorithm and a published key."""
        assert jwt.get_unverified_header(token)["alg"] == algorithm
        keys = jwt.PyJWKClient(self.metadata["jwks_uri"])
        return jwt.decode(token, keys.get_signing_key_from_jwt(token).key, algorithms=[algorithm],
                          audience=audience, issuer=self.issuer, options=options)


def pass_pages(browser, answer):
    """From the authorization endpoint's answer through sign-in and consent to its last one."""
    if answer.headers.get("Location", "").startswith("/ui/login"):
        page = browser.get(answer.headers["Location"], headers=NAVIGATION)
        done = browser.post("/ui/login", data={
            "request": hidden_field(page.text, "request"), "password": PASSWORD,
            "username": EVERY_CLAIM["preferred_username"]})
        answer = browser.get(done.headers["Location"], headers=NAVIGATION)
    if 'id="consent-allow"' in answer.text:
        answer = browser.post("/oauth/v2/authorize/continue", data={
            "consent": hidden_field(answer.text, "consent"), "decision": "allow"})
    return answer


class Party:
    """A registered client. `key` signs its assertions."""

    def __init__(self, provider, registered, key=None):
        self.provider = provider
        self.registered = registered
        self.id = registered["client_id"]
        self.key = key

    def credentials(self, method=None):
        """Arguments of `requests` by which it authenticates."""
        method = method or self.registered["token_endpoint_auth_method"]
        secret = self.registered.get("client_secret")
        if method == "client_secret_basic":
            return {"auth": (self.id, secret)}
        form = {"client_id": self.id}
        if method == "client_secret_post":
            form["client_secret"] = secret
        elif method == "private_key_jwt":
            form = with_assertion(self.key.sign(assertion_claims(self.id, self.provider.issuer)))
        return {"data": form}

    def post(self, endpoint, headers=None, **form):
        """To the endpoint that discovery names so."""
        shown = self.credentials()
        return requests.post(self.provider.metadata[endpoint + "_endpoint"], timeout=20,
                             headers=headers, auth=shown.get("auth"),
                             data={**shown.get("data", {}), **form})

    def request(self, **changes):
        """The parameters of an authorization request; the verifier is remembered."""
        self.pkce = Pkce()
        parameters = {"client_id": self.id, "response_type": "code", "redirect_uri": SECURE_REDIRECT,
                      "scope": "openid", "state": "st", "nonce": "n",
                      "code_challenge": self.pkce.challenge, "code_challenge_method": "S256", **changes}
        return {name: value for name, value in parameters.items() if value is not None}

    def ask(self, browser=None, **changes):
        """The authorization endpoint's first answer."""
        browser = browser or self.provider.browser()
        return browser.get(authorize_url(**self.request(**changes)), headers=NAVIGATION)

    def finish(self, browser, answer):
        """What comes to the client once the person has signed in and agreed."""
        return Answer(pass_pages(browser, answer))

    def authorize(self, browser=None, **changes):
        browser = browser or self.provider.browser()
        return self.finish(browser, self.ask(browser, **changes))

    def redeem(self, code, **more):
        return self.post("token", grant_type="authorization_code", code=code,
                         redirect_uri=SECURE_REDIRECT, code_verifier=self.pkce.verifier, **more)

    def tokens(self, browser=None, **changes):
        came = self.authorize(browser, **changes)
        assert "code" in came.parameters, came.parameters
        answer = self.redeem(came.parameters["code"])
        assert answer.status_code == 200, answer.text
        return answer.json()

    def userinfo(self, access_token):
        answer = requests.get(self.provider.metadata["userinfo_endpoint"], timeout=20,
                              headers={"Authorization": "Bearer " + access_token})
        assert answer.status_code == 200, answer.text
        return answer
