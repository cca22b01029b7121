"""Authlib's OAuth2Session and AssertionSession (Requests): each public function is one feature."""

import base64
import contextlib
import json

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import AssertionSession, OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey, KeySet

SCOPE = "openid profile email offline_access"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
TYPE = "urn:ietf:params:oauth:token-type:"
USER_ID = "urn:zitadel:params:oauth:token-type:user_id"


@contextlib.contextmanager
def _refused(error):
    try:
        yield
    except OAuthError as refusal:
        assert refusal.error == error, refusal
    else:
        raise AssertionError(f"not refused with {error}")


def _tampered(token):
    middle = token.rindex(".") + 20
    return token[:middle] + ("B" if token[middle] == "A" else "A") + token[middle + 1:]


def _claims_of(token):
    """For looking only."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def _discover(world):
    return requests.get(world.issuer + "/.well-known/openid-configuration", timeout=20).json()


def _session(world, client="web", **changes):
    made = world.clients[client]
    return OAuth2Session(**{
        "client_id": made["id"], "client_secret": made["secret"], "redirect_uri": world.redirectUri,
        "scope": SCOPE, "code_challenge_method": "S256", "default_timeout": 20,
        **_discover(world), **changes})


def _authorize(world, session, **changes):
    """(where the person comes back to, what the grant needs beside it, nonce)"""
    verifier, nonce = generate_token(48), generate_token()
    url, state = session.create_authorization_url(
        session.metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **changes)
    return world.person.visit(url), {"code_verifier": verifier, "state": state}, nonce


def _sign_in(world, session, **changes):
    back, needed, nonce = _authorize(world, session, **changes)
    token = session.fetch_token(authorization_response=back, **needed)
    assert _verified(world, session, token, nonce)["sub"] == world.sub
    return token


def _verified(world, session, token, nonce=None):
    keys = KeySet.import_key_set(requests.get(session.metadata["jwks_uri"], timeout=20).json())
    decoded = jwt.decode(token["id_token"], keys, algorithms=["RS256"])
    claims = CodeIDToken(decoded.claims, decoded.header, {"iss": {"values": [world.issuer]}}, {
        "nonce": nonce, "client_id": session.client_id, "access_token": token["access_token"]})
    claims.validate()
    return claims


def _userinfo(session):
    return session.get(session.metadata["userinfo_endpoint"])


def sign_in(world):
    session = _session(world)
    _sign_in(world, session)
    assert _userinfo(session).json()["preferred_username"] == "ada"


def sign_in_with_post(world):
    _sign_in(world, _session(world, token_endpoint_auth_method="client_secret_post"))


def public_sign_in(world):
    session = _session(world, "public", client_secret=None)
    _sign_in(world, session)
    assert _userinfo(session).json()["sub"] == world.sub


def refresh(world):
    session = _session(world)
    first = _sign_in(world, session)["refresh_token"]
    second = session.refresh_token()
    assert second["refresh_token"] != first
    assert _verified(world, session, second)["sub"] == world.sub
    assert _userinfo(session).status_code == 200
    with _refused("invalid_scope"):
        session.refresh_token(scope="openid phone")


def refresh_by_itself(world):
    """A token that is about to expire is renewed before it is used."""
    renewed = []
    session = _session(world, leeway=10**6, update_token=lambda token, **_: renewed.append(token))
    _sign_in(world, session)
    assert _userinfo(session).status_code == 200
    assert len(renewed) == 1


def introspect_and_revoke(world):
    session = _session(world)
    token = _sign_in(world, session)
    endpoint = session.metadata["introspection_endpoint"]
    told = session.introspect_token(endpoint, token["access_token"]).json()
    assert told["active"] and told["sub"] == world.sub
    revoked = session.revoke_token(session.metadata["revocation_endpoint"], token["refresh_token"],
                                   token_type_hint="refresh_token")
    assert revoked.status_code == 200
    assert session.introspect_token(endpoint, token["access_token"]).json() == {"active": False}
    assert _userinfo(session).status_code == 401
    with _refused("invalid_grant"):
        session.refresh_token()


def private_key_jwt(world):
    made = world.clients["keyed"]
    key = ECKey.import_key(made["key"]["pem"])
    session = _session(world, "keyed", client_secret=key,
                       token_endpoint_auth_method="private_key_jwt",
                       revocation_endpoint_auth_method="private_key_jwt")
    session.register_client_auth_method(
        PrivateKeyJWT(session.metadata["token_endpoint"], alg="ES256",
                      headers={"kid": made["key"]["kid"]}))
    _sign_in(world, session)
    session.refresh_token()
    token = session.fetch_token(grant_type="client_credentials")
    assert _claims_of(token["access_token"])["sub"] == made["id"]
    stranger = _session(world, "keyed", client_secret=ECKey.generate_key("P-256"),
                        token_endpoint_auth_method="private_key_jwt")
    stranger.register_client_auth_method(PrivateKeyJWT(alg="ES256"))
    with _refused("invalid_client"):
        stranger.fetch_token(grant_type="client_credentials")


def client_credentials(world):
    session = _session(world, scope=None)
    token = session.fetch_token(grant_type="client_credentials", resource=world.api)
    assert _claims_of(token["access_token"])["aud"] == [world.api]
    with _refused("invalid_target"):
        session.fetch_token(grant_type="client_credentials", resource="https://not.ours.example")


def _exchange(session, subject, subject_type, **more):
    return session.fetch_token(grant_type=EXCHANGE, subject_token=subject,
                               subject_token_type=subject_type, requested_token_type=TYPE + "jwt",
                               **{"scope": "openid profile", **more})


def exchange_of_tokens(world):
    session = _session(world)
    token = _sign_in(world, session)["access_token"]
    for subject_type in ("access_token", "jwt"):
        narrower = _exchange(session, token, TYPE + subject_type, resource=world.api)
        claims = _claims_of(narrower["access_token"])
        assert (claims["sub"], claims["aud"]) == (world.sub, [world.api])
    with _refused("invalid_request"):
        _exchange(session, _tampered(token), TYPE + "jwt")
    with _refused("invalid_scope"):
        _exchange(session, token, TYPE + "jwt", scope="openid phone")


def exchange_of_user_ids(world):
    session = _session(world)
    guest = world.person.guest()
    acted = _exchange(session, guest, USER_ID, actor_token=world.service["pat"],
                      actor_token_type=TYPE + "access_token")
    claims = _claims_of(acted["access_token"])
    assert (claims["sub"], claims["act"]["sub"]) == (guest, world.service["id"])
    with _refused("invalid_request"):
        _exchange(session, guest, USER_ID)


def _device(world, decision):
    session = _session(world, scope=None)
    begun = session.post(
        session.metadata["device_authorization_endpoint"], data={"scope": "openid profile"},
        auth=session.client_auth("client_secret_basic"), withhold_token=True).json()
    form = {"grant_type": DEVICE, "device_code": begun["device_code"]}
    with _refused("authorization_pending"):
        session.fetch_token(**form)
    world.person.confirm(begun["user_code"], decision)
    return session, form


def device(world):
    session, form = _device(world, "allow")
    assert _verified(world, session, session.fetch_token(**form))["sub"] == world.sub
    with _refused("invalid_grant"):
        session.fetch_token(**form)


def denied_device(world):
    session, form = _device(world, "deny")
    with _refused("access_denied"):
        session.fetch_token(**form)


def service_account(world):
    key = world.service["key"]
    made = {"token_endpoint": _discover(world)["token_endpoint"], "issuer": key["userId"],
            "audience": world.issuer, "key": key["key"], "scope": "openid profile",
            "header": {"alg": "RS256", "kid": key["keyId"]}}
    session = AssertionSession(subject=key["userId"], **made)
    assert session.get(_discover(world)["userinfo_endpoint"]).json()["sub"] == key["userId"]
    try:
        AssertionSession(subject=world.sub, **made).refresh_token()
    except Exception as refusal:
        assert "invalid_grant" in str(refusal), refusal
    else:
        raise AssertionError("an assertion for somebody else was taken")


def wrong_secret(world):
    for method in ("client_secret_basic", "client_secret_post"):
        session = _session(world, client_secret="wrong", token_endpoint_auth_method=method)
        back, needed, _ = _authorize(world, session)
        with _refused("invalid_client"):
            session.fetch_token(authorization_response=back, **needed)
        told = session.introspect_token(session.metadata["introspection_endpoint"], "token").json()
        assert told["error"] == "invalid_client"


def replayed_code(world):
    session = _session(world)
    back, needed, _ = _authorize(world, session)
    session.fetch_token(authorization_response=back, **needed)
    with _refused("invalid_grant"):
        session.fetch_token(authorization_response=back, **needed)
    assert _userinfo(session).status_code == 401


def wrong_verifier(world):
    session = _session(world)
    back, needed, _ = _authorize(world, session)
    with _refused("invalid_grant"):
        session.fetch_token(authorization_response=back, code_verifier=generate_token(48),
                            state=needed["state"])


def tampered_token(world):
    session = _session(world)
    token = _sign_in(world, session)
    try:
        _verified(world, session, {**token, "id_token": _tampered(token["id_token"])})
    except BadSignatureError:
        pass
    else:
        raise AssertionError("a forged ID token was taken")
    session.token = {**token, "access_token": _tampered(token["access_token"])}
    assert _userinfo(session).status_code == 401
