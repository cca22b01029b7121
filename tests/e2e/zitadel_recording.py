"""Exchanges recorded from a ZITADEL server (zitadel/*.json), sent to a running server in its place.

Ids, names, secrets and tokens of the recording are bound to ours as they appear. Compared are
status, the headers that clients act on, the shape of the body (keys and types), the claims inside
tokens, and of refusals the code and the words."""

import base64
import json
import tempfile
from pathlib import Path

import requests

from vestibule_process import decode_jwt

RECORDED = Path(__file__).parent / "zitadel"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
TOKEN_TYPE = "urn:ietf:params:oauth:token-type:"
TAG = "GUEST_26_11_22"

# Headers that a client acts on, and whether their value has to be the recorded one.
HEADERS = {"allow": True, "www-authenticate": True, "content-type": False, "cache-control": False}
# Values that both servers choose freely.
FREE = {"loginNames"}
# Members that are ours only (RFC 9068, RFC 9700) and that ZITADEL's clients ignore.
OURS_ONLY = {"acr", "auth_time", "amr", "scope", "sid", "jti"}


def recorded(name):
    return {entry["name"]: entry for entry in json.loads((RECORDED / f"{name}.json").read_text())}


def shape(value):
    if isinstance(value, dict):
        return {key: shape(member) for key, member in value.items() if key not in FREE}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


class Place:
    """A server in the place of the one that was recorded, with the callers and clients that the
    recording's README names."""

    def __init__(self, server):
        self.server = server
        made = server.bootstrap
        self.admin = made["admin"]["pat"]
        me = requests.get(f"{server.issuer}/auth/v1/users/me", timeout=30,
                          headers={"Authorization": f"Bearer {self.admin}"}).json()
        organization = requests.get(f"{server.issuer}/management/v1/orgs/me", timeout=30,
                                    headers={"Authorization": f"Bearer {self.admin}"}).json()
        self.bound = {
            "<ISSUER>": server.issuer,
            "<ORG_ID>": made["organization_id"],
            "zitadel.localhost": organization["org"]["primaryDomain"],
            "<ADMIN_ID>": me["user"]["id"],
            "<ADMIN_PAT>": self.admin,
            "<SERVICE_PAT>": made["service_account"]["pat"],
            "<SERVICE_ID>": made["service_account"]["id"],
            "<CLIENT_JWT_ID>": made["client"]["id"],
            "<CLIENT_JWT_SECRET>": made["client"]["secret"],
        }
        self.add_clients()
        self.tokens = {}

    def add_clients(self):
        grants = ["authorization_code", "refresh_token", EXCHANGE]
        common = {"redirect_uris": self.server.redirect_uris, "id_token_claims": "userinfo",
                  "actors": [self.bound["<SERVICE_ID>"]]}
        for name, metadata in {
                "OPAQUE": {**common, "grant_types": grants},
                "PKCE": {**common, "grant_types": grants, "token_endpoint_auth_method": "none"},
                "API": {"grant_types": [], "response_types": [], "id_token_claims": "userinfo"},
        }.items():
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                json.dump({"client_name": name, **metadata}, file)
                file.flush()
                done = self.server.command("clients", "add", "--file", file.name, "--json")
            made = json.loads(done.stdout)
            self.bound[f"<CLIENT_{name}_ID>"] = made["client_id"]
            self.bound[f"<CLIENT_{name}_SECRET>"] = made.get("secret", "")

    def admin_call(self, procedure, body):
        answer = requests.post(
            f"{self.server.issuer}/zitadel.user.v2.UserService/{procedure}", json=body,
            headers={"Authorization": f"Bearer {self.admin}"}, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def prepare_guest(self, recorded_id, name):
        made = self.admin_call("CreateUser", {
            "organizationId": self.bound["<ORG_ID>"], "username": name,
            "human": {"profile": {"givenName": "Guest", "familyName": "User"},
                      "email": {"email": name, "isVerified": True}},
            "metadata": [{"key": TAG, "value": base64.b64encode(b"created").decode()}]})
        self.bound[recorded_id] = made["id"]

    def prepare_tokens(self, name, recorded_id):
        """A JWT, an opaque token and an ID token for a guest, as `name`."""
        for kind in ("jwt", "access_token"):
            answer = requests.post(self.server.issuer + "/oauth/v2/token", timeout=30, data={
                "grant_type": EXCHANGE, "subject_token": self.bound[recorded_id],
                "subject_token_type": "urn:zitadel:params:oauth:token-type:user_id",
                "actor_token": self.bound["<SERVICE_PAT>"],
                "actor_token_type": TOKEN_TYPE + "access_token",
                "scope": "openid profile email", "requested_token_type": TOKEN_TYPE + kind,
                "client_id": self.bound["<CLIENT_JWT_ID>"],
                "client_secret": self.bound["<CLIENT_JWT_SECRET>"]})
            assert answer.status_code == 200, answer.text
            self.tokens[name, kind] = answer.json()["access_token"]
            self.tokens[name, "id_token"] = answer.json()["id_token"]
        # A client's project is told as its tokens' second audience only.
        self.bound["<PROJECT_ID>"] = decode_jwt(self.tokens[name, "jwt"])[1]["aud"][1]

    def use_tokens(self, name, jwt="jwt"):
        """What the recording calls <JWT> and <JWE> from here on."""
        self.bound["<JWT>"] = self.tokens[name, jwt]
        self.bound["<JWE>"] = self.tokens[name, "access_token"]

    def use_credentials(self, client, secret=None):
        """Whose `Basic <CREDENTIALS>` they are."""
        pair = f"{self.bound[f'<CLIENT_{client}_ID>']}:" \
               f"{secret or self.bound[f'<CLIENT_{client}_SECRET>']}"
        self.bound["<CREDENTIALS>"] = base64.b64encode(pair.encode()).decode()

    def ours(self, text):
        for old in sorted(self.bound, key=len, reverse=True):
            text = text.replace(old, self.bound[old])
        return text

    def bind(self, expected, answered):
        """What the recording calls by its own id is called by ours from here on."""
        if not isinstance(expected, dict) or not isinstance(answered, dict):
            return
        for key, value in expected.items():
            mine = answered.get(key)
            if isinstance(value, str) and isinstance(mine, str):
                if key in ("id", "userId") or (key == "token" and value.startswith("<")):
                    self.bound.setdefault(value, mine)

    def send(self, request):
        headers = {name: self.ours(value) for name, value in request["headers"].items()}
        body = request.get("body")
        data = None
        if "form" in request:
            data = {key: self.ours(value) for key, value in request["form"].items()}
        elif isinstance(body, str):
            data = self.ours(body)
        elif body is not None:
            data = self.ours(json.dumps(body))
        return requests.request(request["method"], self.server.issuer + self.ours(request["path"]),
                                headers=headers, data=data, timeout=30, allow_redirects=False)


def restore_long_value(entry):
    """The recording shortens one value; this restores its length."""
    body = entry["request"].get("body")
    for item in body.get("metadata", []) if isinstance(body, dict) else []:
        if "characters>" in item["value"]:
            item["value"] = base64.b64encode(b"v" * 500001).decode()


def check_headers(expected, answer):
    for name, is_exact in HEADERS.items():
        if name not in expected:
            continue
        value = answer.headers.get(name, "")
        wanted = expected[name].split(";")[0]
        assert (value == expected[name]) if is_exact else (wanted in value), f"{name}: {value}"


def check_tokens(entry, body, place):
    """The claims of the recording stand in our tokens, with the values that they must have."""
    for member, token in entry.get("decoded", {}).items():
        _, claims = decode_jwt(body[member])
        wanted = json.loads(place.ours(json.dumps(token["claims"])))
        own = {"exp", "iat", "nbf", "jti", "updated_at", "at_hash", "act"}
        for name, value in wanted.items():
            assert name in claims, f"{member} has no {name}: {claims}"
            assert shape(claims[name]) == shape(value), name
            if name not in own and not name.startswith("urn:") and "<" not in str(value):
                assert claims[name] == value, name
        if "act" in wanted:
            assert claims["act"]["sub"] == wanted["act"]["sub"]
        extra = set(claims) - set(wanted) - OURS_ONLY
        assert not extra, f"{member} has {extra}"


def without_ours(body, expected):
    if not isinstance(body, dict) or not isinstance(expected, dict):
        return body
    return {key: value for key, value in body.items() if key in expected or key not in OURS_ONLY}


def check_as_recorded(entry, answer, place):
    expected = entry["response"]
    assert answer.status_code == expected["status"], answer.text
    check_headers(expected["headers"], answer)
    if expected.get("body") in (None, ""):
        assert answer.text == ""
        return
    if not isinstance(expected["body"], dict):
        assert answer.text.strip().strip('"') == expected["body"].strip()
        return
    body = answer.json()
    place.bind(expected["body"], body)
    mine, theirs = shape(without_ours(body, expected["body"])), shape(expected["body"])
    assert mine == theirs, f"{mine}\n{theirs}"
    if answer.status_code >= 400:
        assert body == json.loads(place.ours(json.dumps(expected["body"])))
    check_tokens(entry, body, place)
