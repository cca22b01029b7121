"""Each value that discovery advertises works, by a client that registers for it; what is not
advertised is refused. ADVERTISED is the whole of what is offered, so that nothing is offered that
no test here or in tests/e2e has tried."""

import json
import time

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import dpop
from advertised import SIGNED_INTROSPECTION, OpenProvider
from client_keys import Key, key_set
from people import EVERY_CLAIM, SCOPES
from relying_party import RelyingParty, SignedIn, start_provider
from test_request_object import ObjectServer
from tokens import ACCESS_TOKEN, DEVICE, EXCHANGE, ID_TOKEN, JWT_BEARER, USER_ID
from visitor import NAVIGATION, hidden_field

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
METADATA = "urn:zitadel:iam:user:metadata"
OWNER = "urn:zitadel:iam:user:resourceowner"
SECRET_METHODS = ["client_secret_basic", "client_secret_post"]
METHODS = [*SECRET_METHODS, "private_key_jwt"]
MODES = {"query": "query", "fragment": "fragment", "form_post": "form_post", "jwt": "query",
         "query.jwt": "query", "fragment.jwt": "fragment", "form_post.jwt": "form_post"}
TOKEN_CLAIMS = {"sub", "aud", "exp", "iat", "iss", "auth_time", "nonce", "acr", "amr", "at_hash", "act",
                "sid", "client_id", "azp"}

ADVERTISED = {
    "scopes_supported": {"openid", "profile", "email", "address", "phone", "offline_access", METADATA,
                         OWNER},
    "response_types_supported": {"code"},
    "response_modes_supported": set(MODES),
    "grant_types_supported": {"authorization_code", "refresh_token", "client_credentials", EXCHANGE,
                              JWT_BEARER, DEVICE},
    "subject_types_supported": {"public"},
    "id_token_signing_alg_values_supported": set(ALGORITHMS),
    "userinfo_signing_alg_values_supported": set(ALGORITHMS),
    "introspection_signing_alg_values_supported": set(ALGORITHMS),
    "authorization_signing_alg_values_supported": set(ALGORITHMS),
    "request_object_signing_alg_values_supported": set(ALGORITHMS),
    "token_endpoint_auth_methods_supported": {"none", *METHODS},
    "revocation_endpoint_auth_methods_supported": {"none", *METHODS},
    "introspection_endpoint_auth_methods_supported": set(METHODS),
    "token_endpoint_auth_signing_alg_values_supported": set(ALGORITHMS),
    "revocation_endpoint_auth_signing_alg_values_supported": set(ALGORITHMS),
    "introspection_endpoint_auth_signing_alg_values_supported": set(ALGORITHMS),
    "dpop_signing_alg_values_supported": {"ES256", "PS256", "EdDSA"},
    "code_challenge_methods_supported": {"S256"},
    "prompt_values_supported": {"none", "login", "consent", "select_account"},
    "acr_values_supported": {"0", "1"},
    "ui_locales_supported": {"en"},
    "claims_supported": TOKEN_CLAIMS | set(EVERY_CLAIM) | {"updated_at"},
    "claims_parameter_supported": True,
    "request_parameter_supported": True,
    "request_uri_parameter_supported": True,
    "authorization_response_iss_parameter_supported": True,
    "backchannel_logout_supported": True,
    "backchannel_logout_session_supported": True,
    "frontchannel_logout_supported": True,
    "frontchannel_logout_session_supported": True,
}


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    running = ObjectServer(tmp_path_factory.mktemp("objects"))
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture(scope="module")
def open_provider(tmp_path_factory, objects):
    running = OpenProvider(tmp_path_factory.mktemp("open"), outgoing={
        "ca_file": str(objects.ca), "allowed_networks": ["127.0.0.0/8"]})
    yield running
    assert running.server.stop() == 0


@pytest.fixture(scope="module")
def client(open_provider):
    """One with the defaults."""
    return open_provider.client()


def assert_refused(answer, *errors):
    assert answer.status_code in (400, 401), answer.text
    assert answer.json()["error"] in errors, answer.text


def test_nothing_else_is_advertised(open_provider):
    told = {name: value for name, value in open_provider.metadata.items() if "_supported" in name}
    assert {name: set(value) if isinstance(value, list) else value
            for name, value in told.items()} == ADVERTISED
    for name, value in told.items():
        assert not isinstance(value, list) or len(value) == len(set(value)), name
    assert not {"mtls_endpoint_aliases", "tls_client_certificate_bound_access_tokens"} & set(
        open_provider.metadata), "without configuration for certificates"


# Registration: what is not offered cannot be registered


@pytest.mark.parametrize("metadata", [
    {"grant_types": ["password"]}, {"grant_types": ["implicit"]},
    {"response_types": ["id_token"]}, {"response_types": ["code id_token"]},
    {"subject_type": "pairwise"},
    {"token_endpoint_auth_method": "client_secret_jwt"},
    {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=x"},
    {"token_endpoint_auth_method": "self_signed_tls_client_auth"},
    {"tls_client_certificate_bound_access_tokens": True},
    *({member: algorithm} for algorithm in ("none", "HS256", "RS512", "ES512") for member in (
        "id_token_signed_response_alg", "userinfo_signed_response_alg",
        "introspection_signed_response_alg", "authorization_signed_response_alg",
        "request_object_signing_alg", "token_endpoint_auth_signing_alg")),
    {"id_token_encrypted_response_alg": "RSA-OAEP"}])
def test_what_is_not_advertised_cannot_be_registered(open_provider, metadata):
    assert_refused(open_provider.register(**metadata), "invalid_client_metadata")


# Algorithms


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_id_tokens(open_provider, algorithm):
    client = open_provider.client(id_token_signed_response_alg=algorithm)
    token = client.tokens()["id_token"]
    claims = open_provider.verify(token, algorithm, client.id)
    assert claims["sub"] == open_provider.person["sub"]
    published = requests.get(open_provider.metadata["jwks_uri"], timeout=10).json()["keys"]
    assert {"kid": jwt.get_unverified_header(token)["kid"], "alg": algorithm}.items() <= next(
        key for key in published if key["alg"] == algorithm
        and key["kid"] == jwt.get_unverified_header(token)["kid"]).items()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_userinfo(open_provider, algorithm):
    client = open_provider.client(userinfo_signed_response_alg=algorithm)
    answer = client.userinfo(client.tokens()["access_token"])
    assert answer.headers["Content-Type"] == "application/jwt"
    assert open_provider.verify(answer.text, algorithm, client.id)["sub"] == open_provider.person["sub"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_introspection(open_provider, algorithm):
    client = open_provider.client(introspection_signed_response_alg=algorithm)
    answer = client.post("introspection", {"Accept": SIGNED_INTROSPECTION},
                         token=client.tokens()["access_token"])
    assert answer.headers["Content-Type"] == SIGNED_INTROSPECTION, answer.text
    claims = open_provider.verify(answer.text, algorithm, client.id)
    assert claims["token_introspection"]["active"] is True


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_authorization_responses(open_provider, algorithm):
    client = open_provider.client(authorization_signed_response_alg=algorithm)
    came = client.authorize(response_mode="jwt")
    claims = open_provider.verify(came.parameters["response"], algorithm, client.id)
    assert client.redeem(claims["code"]).status_code == 200


def request_object(client, key, **changes):
    now = int(time.time())
    return key.sign({**client.request(), "iss": client.id, "aud": client.provider.issuer, "nbf": now,
                     "exp": now + 300, **changes})


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_request_objects(open_provider, algorithm):
    key = Key(algorithm)
    client = open_provider.client(jwks={"keys": [key.public_jwk()]},
                                  request_object_signing_alg=algorithm)
    browser = open_provider.browser()
    answer = browser.get("/oauth/v2/authorize", headers=NAVIGATION, params={
        "client_id": client.id, "response_type": "code", "scope": "openid",
        "request": request_object(client, key)})
    assert client.redeem(client.finish(browser, answer).parameters["code"]).status_code == 200
    unsigned = jwt.encode(client.request(), None, algorithm="none")
    for wrong in (request_object(client, Key(algorithm)), unsigned):
        assert_refused(client.post("pushed_authorization_request", request=wrong),
                       "invalid_request_object")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_client_assertions(open_provider, algorithm):
    key = Key(algorithm)
    client = open_provider.client(key, jwks={"keys": [key.public_jwk()]},
                                  token_endpoint_auth_method="private_key_jwt",
                                  token_endpoint_auth_signing_alg=algorithm)
    access = client.tokens()["access_token"]
    assert client.post("introspection", token=access).json()["active"] is True
    assert client.post("revocation", token=access).status_code == 200
    assert client.post("introspection", token=access).json() == {"active": False}
    client.key = Key("ES256" if algorithm != "ES256" else "EdDSA", kid=key.kid)
    for endpoint in ("token", "introspection", "revocation"):
        assert_refused(client.post(endpoint, token="x", grant_type="refresh_token"), "invalid_client")


class EdwardsKey(dpop.Key):
    algorithm = "EdDSA"

    def __init__(self):
        self.private = ed25519.Ed25519PrivateKey.generate()

    @property
    def jwk(self):
        raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"crv": "Ed25519", "kty": "OKP", "x": dpop.b64(raw)}

    def sign(self, data):
        return self.private.sign(data)


@pytest.mark.parametrize("make, accepted", [
    (dpop.Key, True), (dpop.RsaKey, True), (EdwardsKey, True),
    (lambda: dpop.RsaKey("RS256"), False)])
def test_proofs(open_provider, client, make, accepted):
    key, endpoint = make(), open_provider.metadata["token_endpoint"]
    code = client.authorize().parameters["code"]
    answer = client.post("token", {"DPoP": key.proof("POST", endpoint)},
                         grant_type="authorization_code", code=code,
                         redirect_uri=client.registered["redirect_uris"][0],
                         code_verifier=client.pkce.verifier)
    if not accepted:
        assert_refused(answer, "invalid_dpop_proof")
        return
    assert answer.status_code == 200 and answer.json()["token_type"] == "DPoP", answer.text
    access, userinfo = answer.json()["access_token"], open_provider.metadata["userinfo_endpoint"]
    shown = requests.get(userinfo, timeout=20, headers={
        "Authorization": "DPoP " + access, "DPoP": key.proof("GET", userinfo, token=access)})
    assert shown.status_code == 200, shown.text
    bare = requests.get(userinfo, timeout=20, headers={"Authorization": "Bearer " + access})
    assert bare.status_code == 401


# Clients


@pytest.mark.parametrize("method", ["none", *SECRET_METHODS])
def test_authentication(open_provider, method):
    client = open_provider.client(token_endpoint_auth_method=method)
    access = client.tokens()["access_token"]
    looked = client.post("introspection", token=access)
    if method == "none":
        assert_refused(looked, "unauthorized_client")
    else:
        assert looked.json()["active"] is True
    assert client.post("revocation", token=access).status_code == 200
    assert requests.get(open_provider.metadata["userinfo_endpoint"], timeout=10, headers={
        "Authorization": "Bearer " + access}).status_code == 401


def test_a_sub_is_the_same_for_all(open_provider, client):
    other = open_provider.client()
    subjects = {open_provider.verify(party.tokens()["id_token"], "RS256", party.id)["sub"]
                for party in (client, other)}
    assert subjects == {open_provider.person["sub"]}


# The authorization endpoint


@pytest.mark.parametrize("mode", [None, *MODES])
def test_response_modes(open_provider, client, mode):
    came = client.authorize(response_mode=mode)
    assert came.carrier == MODES[mode or "query"]
    parameters = came.parameters
    if mode and mode.endswith("jwt"):
        parameters = open_provider.verify(parameters["response"], "RS256", client.id)
    assert parameters["state"] == "st"
    assert parameters["iss"] == open_provider.issuer  # RFC 9207
    assert client.redeem(parameters["code"]).status_code == 200


@pytest.mark.parametrize("changes, error", [
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "id_token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_mode": "web_message"}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"prompt": "create"}, "invalid_request"),
    ({"scope": "unheard_of"}, "invalid_scope"),
    ({"claims": '{"id_token":{"acr":{"essential":true,"values":["2"]}}}'},
     "unmet_authentication_requirements")])
def test_what_is_not_advertised_is_refused(client, changes, error):
    came = client.authorize(**changes)
    assert came.parameters["error"] == error, came.parameters


def test_the_challenge_is_proved(client):
    code = client.authorize().parameters["code"]
    client.pkce.verifier = "v" * 43
    assert_refused(client.redeem(code), "invalid_grant")


@pytest.mark.parametrize("prompt, stops", [
    ("none", "code"), ("login", "sign-in"), ("select_account", "sign-in"), ("consent", "consent")])
def test_prompts(open_provider, client, prompt, stops):
    browser = open_provider.browser()
    client.tokens(browser)
    answer = client.ask(browser, prompt=prompt)
    if stops == "code":
        assert "code=" in answer.headers["Location"]
    elif stops == "sign-in":
        assert answer.headers["Location"].startswith("/ui/login")
    else:
        assert 'id="consent-allow"' in answer.text
    assert client.redeem(client.finish(browser, answer).parameters["code"]).status_code == 200
    stranger = client.authorize(open_provider.browser(), prompt="none") if prompt == "none" else None
    assert stranger is None or stranger.parameters["error"] == "login_required"


def test_scopes(open_provider, client):
    for scope, claims in SCOPES.items():
        told = client.userinfo(client.tokens(scope=f"openid {scope}")["access_token"]).json()
        assert set(told) == claims | {"sub"}, scope
    bare = client.tokens(scope="profile")
    assert "id_token" not in bare and "refresh_token" not in bare
    kept = client.tokens(scope="openid offline_access")
    assert kept["refresh_token"]
    refreshed = client.post("token", grant_type="refresh_token", refresh_token=kept["refresh_token"])
    assert refreshed.status_code == 200 and refreshed.json()["access_token"]
    owner = client.userinfo(client.tokens(scope=f"openid {OWNER}")["access_token"]).json()
    assert owner[OWNER + ":id"] == open_provider.server.bootstrap["organization_id"]
    noted = requests.post(
        f"{open_provider.issuer}/v2/users/{open_provider.person['sub']}/metadata", timeout=10,
        headers={"Authorization": "Bearer " + open_provider.server.bootstrap["admin"]["pat"]},
        json={"metadata": [{"key": "plan", "value": "Z29sZA=="}]})
    assert noted.status_code == 200, noted.text
    told = client.userinfo(client.tokens(scope=f"openid {METADATA}")["access_token"]).json()
    assert told[METADATA] == {"plan": "Z29sZA"}


def test_claims_of_the_person(open_provider, client):
    asked = {name: None for name in ADVERTISED["claims_supported"] - TOKEN_CLAIMS}
    tokens = client.tokens(claims=json.dumps({"userinfo": asked, "id_token": asked}))
    told = client.userinfo(tokens["access_token"]).json()
    assert set(told) == {"sub"} | set(asked)
    assert {name: told[name] for name in EVERY_CLAIM} == EVERY_CLAIM
    in_token = open_provider.verify(tokens["id_token"], "RS256", client.id)
    assert set(asked) <= set(in_token)


def test_claims_of_the_sign_in(open_provider, client):
    tokens = client.tokens()
    claims = open_provider.verify(tokens["id_token"], "RS256", client.id)
    # A token exchange writes `act`, and `client_id` is for clients that are told as by ZITADEL.
    assert TOKEN_CLAIMS - {"act", "client_id"} <= set(claims)
    assert claims["nonce"] == "n" and claims["azp"] == client.id
    assert claims["acr"] == "1"
    assert client.tokens(acr_values="1 0", ui_locales="en")["id_token"]


def test_request_by_reference(open_provider, objects):
    key, uri = Key(), objects.url + "/object"
    client = open_provider.client(jwks={"keys": [key.public_jwk()]}, request_uris=[uri])
    objects.content = request_object(client, key).encode()
    browser = open_provider.browser()
    parameters = {"client_id": client.id, "response_type": "code", "scope": "openid"}
    answer = browser.get("/oauth/v2/authorize", headers=NAVIGATION,
                         params={**parameters, "request_uri": uri})
    assert client.redeem(client.finish(browser, answer).parameters["code"]).status_code == 200
    assert open_provider.metadata["require_request_uri_registration"] is True
    calls = objects.calls
    answer = browser.get("/oauth/v2/authorize", headers=NAVIGATION,
                         params={**parameters, "request_uri": objects.url + "/other"})
    assert answer.status_code == 400 and objects.calls == calls


def test_pushed_requests(open_provider, client):
    assert open_provider.metadata["require_pushed_authorization_requests"] is False
    pushed = client.post("pushed_authorization_request", **client.request())
    assert pushed.status_code == 201, pushed.text
    browser = open_provider.browser()
    answer = browser.get("/oauth/v2/authorize", headers=NAVIGATION, params={
        "client_id": client.id, "request_uri": pushed.json()["request_uri"]})
    assert client.redeem(client.finish(browser, answer).parameters["code"]).status_code == 200


# Grants beyond the code's


def test_client_credentials(open_provider):
    client = open_provider.operators_client(grant_types=["client_credentials"])
    answer = client.post("token", grant_type="client_credentials", scope="openid")
    assert answer.status_code == 200, answer.text
    assert client.post("introspection", token=answer.json()["access_token"]).json()["active"] is True


def test_token_exchange(open_provider):
    made = open_provider.server.bootstrap
    account = made["service_account"]
    client = open_provider.operators_client(
        grant_types=["authorization_code", EXCHANGE], redirect_uris=["https://app.example/cb"],
        actors=[account["id"]], audiences=["https://api.example/"])

    def exchange(**changes):
        return client.post("token", grant_type=EXCHANGE, subject_token_type=USER_ID,
                           subject_token=open_provider.person["sub"], actor_token=account["pat"],
                           actor_token_type=ACCESS_TOKEN, scope="openid", **changes)

    # Whom a role must be granted for, and who is bound to the client: each by its own.
    refused = exchange()
    assert (refused.status_code, refused.json()["error"]) == (403, "invalid_request")
    open_provider.server.command("users", "grant", account["id"], "user_impersonator")
    allowed = exchange(audience="https://api.example/", requested_token_type=ID_TOKEN)
    assert allowed.status_code == 200, allowed.text
    told = jwt.decode(allowed.json()["access_token"], options={"verify_signature": False})
    assert told["act"]["sub"] == account["id"] and told["acr"] == "0"
    assert exchange(audience="https://other.example/").json()["error"] == "invalid_target"
    open_provider.server.command("users", "revoke", account["id"], "user_impersonator")
    assert exchange().status_code == 403
    assert exchange(requested_token_type="urn:ietf:params:oauth:token-type:saml2").status_code == 400


def test_the_grant_of_service_accounts(open_provider):
    account = open_provider.server.bootstrap["service_account"]["key"]
    now = int(time.time())
    assertion = jwt.encode({"iss": account["userId"], "sub": account["userId"], "iat": now,
                            "exp": now + 60, "aud": open_provider.issuer}, account["key"],
                           algorithm="RS256", headers={"kid": account["keyId"]})
    answer = requests.post(open_provider.metadata["token_endpoint"], timeout=20, data={
        "grant_type": JWT_BEARER, "assertion": assertion, "scope": "openid"})
    assert answer.status_code == 200 and answer.json()["access_token"], answer.text


def test_the_grant_of_devices(open_provider):
    client = open_provider.operators_client(grant_types=[DEVICE])
    begun = client.post("device_authorization", scope="openid").json()
    assert_refused(client.post("token", grant_type=DEVICE, device_code=begun["device_code"]),
                   "authorization_pending")
    browser = open_provider.browser()
    typed = browser.post("/device", data={"user_code": begun["user_code"]})
    page = browser.get(typed.headers["Location"], headers=NAVIGATION)
    if page.status_code == 303:
        form = browser.get(page.headers["Location"], headers=NAVIGATION)
        signed_in = browser.post("/ui/login", data={
            "request": hidden_field(form.text, "request"), "username": "ada",
            "password": "violet-harbour-antique-9"})
        page = browser.get(signed_in.headers["Location"], headers=NAVIGATION)
    browser.post("/device/decision", data={"consent": hidden_field(page.text, "consent"),
                                           "decision": "allow"})
    answer = client.post("token", grant_type=DEVICE, device_code=begun["device_code"])
    assert answer.status_code == 200 and answer.json()["id_token"], answer.text


# Signing out


@pytest.fixture(scope="module")
def relying_party():
    running = RelyingParty()
    yield running
    running.stop()


def test_logout_by_either_channel(tmp_path_factory, relying_party):
    provider = start_provider(tmp_path_factory.mktemp("logout"), relying_party)
    back = SignedIn(provider, relying_party, client="backchannel")
    front = SignedIn(provider, relying_party, client="frontchannel", browser=back.browser)
    page = back.browser.get("/oidc/v1/end_session", headers=NAVIGATION,
                            params={"id_token_hint": back.tokens["id_token"]})
    assert relying_party.uri("frontchannel_logout") in page.text
    assert f"sid={front.claims['sid']}" in page.text
    assert "logout_token=" in relying_party.wait_at("backchannel_logout")[0]["body"]
    assert provider.stop() == 0
