"""Speaks to the provider as an application would that knows nothing but its issuer."""

import uuid

import jwt
import requests

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
JWT = "urn:ietf:params:oauth:token-type:jwt"
USER_ID = "urn:zitadel:params:oauth:token-type:user_id"


class Provider:
    def __init__(self, vestibule):
        self.vestibule = vestibule
        self.issuer = vestibule.issuer
        self.metadata = requests.get(self.issuer + "/.well-known/openid-configuration",
                                     timeout=10).json()
        made = vestibule.bootstrap
        self.client = made["client"]
        self.service = made["service_account"]
        self.admin = made["admin"]

    def credentials(self):
        given = {"client_id": self.client["id"]}
        if "secret" in self.client:
            given["client_secret"] = self.client["secret"]
        return given

    def guest(self):
        """A new guest's `sub`."""
        answer = requests.post(
            self.issuer + "/guest/v1/provision", timeout=10,
            headers={**self.vestibule.service_headers(), "Idempotency-Key": str(uuid.uuid4())})
        assert answer.status_code == 201, answer.text
        return answer.json()["user_id"]

    def token(self, fields):
        """Posts a form; `fields` is a dict or a list of pairs (for doubled parameters)."""
        return requests.post(self.metadata["token_endpoint"], data=fields, timeout=10)

    def exchange_fields(self, subject, **changes):
        """An impersonation by user id; a change to None leaves the parameter out."""
        fields = {
            "grant_type": EXCHANGE, **self.credentials(),
            "subject_token": subject, "subject_token_type": USER_ID,
            "actor_token": self.service["pat"], "actor_token_type": ACCESS_TOKEN,
            "requested_token_type": JWT, "scope": "openid profile email", **changes,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def exchange(self, subject, **changes):
        return self.token(self.exchange_fields(subject, **changes))

    def verify(self, token, algorithm, audience=None):
        """Header and claims, verified by PyJWT through the published keys."""
        keys = requests.get(self.metadata["jwks_uri"], timeout=10).json()["keys"]
        header = jwt.get_unverified_header(token)
        found = [key for key in keys if key["kid"] == header["kid"]]
        assert len(found) == 1, "exactly one published key of that kid"
        key = jwt.PyJWK(found[0]).key
        claims = jwt.decode(token, key, algorithms=[algorithm], issuer=self.issuer,
                            audience=audience or self.client["id"],
                            options={"require": ["exp", "iat", "iss", "sub", "aud"]})
        return header, claims
