"""Tokens as PyJWT and cryptography see them."""

import base64
import hashlib

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tokens import ACCESS_TOKEN, ID_TOKEN


def test_the_published_keys_load(provider):
    keys = requests.get(provider.metadata["jwks_uri"], timeout=10).json()["keys"]
    kinds = {"ES256": ec.EllipticCurvePublicKey, "RS256": rsa.RSAPublicKey,
             "PS256": rsa.RSAPublicKey, "EdDSA": ed25519.Ed25519PublicKey}
    for key in keys:
        assert isinstance(jwt.PyJWK(key).key, kinds[key["alg"]])


def test_access_token(provider):
    guest = provider.guest()
    answer = provider.exchange(guest).json()
    header, claims = provider.verify(answer["access_token"], "ES256")
    assert header["typ"] == "at+jwt"  # RFC 9068 2.1
    assert claims["sub"] == guest
    assert claims["client_id"] == provider.client["id"]
    assert claims["act"]["sub"] == provider.service["id"]  # RFC 8693 4.1
    assert set(claims["scope"].split()) == {"openid", "profile", "email"}
    assert claims["jti"] and claims["exp"] - claims["iat"] == answer["expires_in"]


def test_id_token_and_at_hash(provider):
    guest = provider.guest()
    answer = provider.exchange(guest).json()
    header, claims = provider.verify(answer["id_token"], "RS256")
    assert header["typ"] == "JWT"
    assert claims["sub"] == guest
    # OpenID Connect Core 3.1.3.6: the left half of the access token's SHA-256.
    half = hashlib.sha256(answer["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()


def test_the_id_token_can_be_asked_for_alone(provider):
    guest = provider.guest()
    answer = provider.exchange(guest, requested_token_type=ID_TOKEN).json()
    assert answer["issued_token_type"] == ID_TOKEN
    token = answer.get("id_token") or answer["access_token"]
    assert provider.verify(token, "RS256")[1]["sub"] == guest


def test_a_changed_token_does_not_verify(provider):
    token = provider.exchange(provider.guest()).json()["access_token"]
    header, payload, signature = token.split(".")
    other = provider.exchange(provider.guest()).json()["access_token"].split(".")
    for forged in (f"{header}.{other[1]}.{signature}", f"{header}.{payload}.{other[2]}"):
        with pytest.raises(jwt.InvalidSignatureError):
            provider.verify(forged, "ES256")
        answer = requests.get(provider.metadata["userinfo_endpoint"], timeout=10,
                              headers={"Authorization": f"Bearer {forged}"})
        assert answer.status_code == 401


def test_foreign_tokens_are_refused(provider):
    """Signed by somebody else, by `none`, and by HMAC over the public key."""
    token = provider.exchange(provider.guest()).json()["access_token"]
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(token, options={"verify_signature": False})
    mine = ec.generate_private_key(ec.SECP256R1())
    own = {"typ": "at+jwt", "kid": header["kid"]}
    forgeries = [
        jwt.encode(claims, mine, "ES256", headers=own),
        jwt.encode(claims, None, "none", headers=own),
        jwt.encode(claims, header["kid"], "HS256", headers=own),
    ]
    for forged in forgeries:
        answer = requests.get(provider.metadata["userinfo_endpoint"], timeout=10,
                              headers={"Authorization": f"Bearer {forged}"})
        assert answer.status_code == 401
        answer = requests.post(provider.metadata["introspection_endpoint"], timeout=10,
                               data={"token": forged, **provider.credentials()})
        assert answer.json() == {"active": False}


def test_opaque_and_jwt_are_the_same_to_us(provider):
    guest = provider.guest()
    for kind in (None, ACCESS_TOKEN):
        token = provider.exchange(guest, requested_token_type=kind).json()["access_token"]
        with pytest.raises(jwt.DecodeError):
            jwt.decode(token, options={"verify_signature": False})
        said = requests.post(provider.metadata["introspection_endpoint"], timeout=10,
                             data={"token": token, **provider.credentials()}).json()
        assert said["active"] and said["sub"] == guest
        assert said["act"]["sub"] == provider.service["id"]
