"""An issuer under test, as its configuration describes it. Knows RFC 8693 and no product."""

import base64
import json
import subprocess
import tomllib
from pathlib import Path

import pytest
import requests

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
TOKEN_TYPE = "urn:ietf:params:oauth:token-type:"
ACCESS_TOKEN, REFRESH_TOKEN, ID_TOKEN, JWT, SAML1, SAML2 = (
    TOKEN_TYPE + name for name in ("access_token", "refresh_token", "id_token", "jwt", "saml1", "saml2"))


def read_configuration(path):
    text = Path(path).read_text()
    return json.loads(text) if str(path).endswith(".json") else tomllib.loads(text)


def claims_of(token):
    """The claims of a JWT, unverified; None for what is no JWT."""
    try:
        _, payload, _ = token.split(".")
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return None


class Token:
    """One `[tokens.NAME]` of the configuration."""

    def __init__(self, given):
        self.type = given.get("type", ACCESS_TOKEN)
        self.scope = given.get("scope", "")
        self.sub = given.get("sub")
        text = given.get("token")
        if text is None:
            done = subprocess.run(given["command"], capture_output=True, text=True, check=True,
                                  timeout=60)
            text = done.stdout.strip()
        self.text = text


class Client:
    """One `[client]` or `[clients.NAME]` of the configuration."""

    def __init__(self, given):
        self.id = given["id"]
        self.secret = given.get("secret")
        self.authentication = given.get(
            "authentication", "client_secret_basic" if self.secret else "none")

    def sign(self, fields):
        """The form and the HTTP credentials of a request by this client."""
        if self.authentication == "client_secret_basic":
            return fields, (self.id, self.secret)
        own = [("client_id", self.id)]
        if self.authentication == "client_secret_post":
            own.append(("client_secret", self.secret))
        return fields + own, None


class Target:
    def __init__(self, configuration):
        self.configuration = configuration
        self.http = requests.Session()
        self.http.verify = configuration.get("ca_file", True)
        self.metadata = self.discover()
        self.client = Client(configuration["client"])

    def discover(self):
        """RFC 8414 section 3.1 and OpenID Connect Discovery section 4; what the configuration names
        comes first."""
        issuer = self.configuration["issuer"]
        found = {}
        for document in ("openid-configuration", "oauth-authorization-server"):
            answer = self.http.get(f"{issuer.rstrip('/')}/.well-known/{document}", timeout=30)
            if answer.status_code == 200:
                found = answer.json()
                break
        given = {name: value for name, value in self.configuration.items()
                 if name.endswith("_endpoint") or name == "jwks_uri"}
        return {**found, **given, "issuer": issuer}

    # What the issuer has and what it lacks

    def need(self, *names):
        """The configuration's value at each dotted name. Skips the test if the configuration says,
        under [lacks], why the issuer has it not; fails it if the configuration says nothing."""
        values = []
        for name in names:
            reason = self.configuration.get("lacks", {}).get(name)
            if reason:
                pytest.skip(f"{name}: {reason}")
            value = self.configuration
            for part in name.split("."):
                value = value.get(part) if isinstance(value, dict) else None
            if value is None and name in self.metadata:
                value = self.metadata[name]
            if value is None:
                pytest.fail(f"the configuration neither has {name!r} nor says under [lacks] why not")
            values.append(value)
        return values[0] if len(values) == 1 else values

    def token(self, name):
        return Token(self.need(f"tokens.{name}"))

    def other_client(self, name):
        return Client(self.need(f"clients.{name}"))

    # Requests

    def post(self, fields, client=None, **more):
        """A form POST to the token endpoint. `fields` is a dict, or a list of pairs."""
        pairs = list(fields.items()) if isinstance(fields, dict) else list(fields)
        form, credentials = (client or self.client).sign(pairs)
        return self.http.post(self.metadata["token_endpoint"], data=form, auth=credentials,
                              timeout=30, allow_redirects=False, **more)

    def fields(self, subject=None, actor=None, **changes):
        """A valid request; a change to None leaves the parameter out."""
        subject = subject or self.token("subject")
        form = {"grant_type": EXCHANGE, "subject_token": subject.text,
                "subject_token_type": subject.type}
        if actor:
            form |= {"actor_token": actor.text, "actor_token_type": actor.type}
        form |= changes
        return {name: value for name, value in form.items() if value is not None}

    def exchange(self, subject=None, actor=None, client=None, **changes):
        return self.post(self.fields(subject, actor, **changes), client)

    def delegate(self, **changes):
        """The request of an actor on behalf of a subject (RFC 8693 section 1.1: delegation)."""
        return self.exchange(self.token("subject"), self.token("actor"), **changes)

    def introspect(self, token):
        """What the issuer says about a token of its own (RFC 7662)."""
        endpoint = self.need("introspection_endpoint")
        form, credentials = self.client.sign([("token", token)])
        answer = self.http.post(endpoint, data=form, auth=credentials, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def say(self, token):
        """What a token of the issuer says: by its own claims, or by introspection."""
        return claims_of(token) or self.introspect(token)


def granted(answer):
    """The body of a successful answer."""
    assert answer.status_code == 200, f"{answer.status_code}: {answer.text}"
    return answer.json()


def refused(answer, *errors):
    """The body of an error answer (RFC 6749 section 5.2) with one of these codes."""
    assert answer.status_code in (400, 401), f"{answer.status_code}: {answer.text}"
    body = answer.json()
    assert "access_token" not in body
    assert body["error"] in (errors or ("invalid_request",)), body
    return body
