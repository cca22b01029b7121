"""Proofs of possession (RFC 9449) as a client makes them, and as no client should."""

import base64
import hashlib
import json
import secrets
import sqlite3
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size):
    return b64(value.to_bytes(size, "big"))


class Key:
    """A P-256 key that signs proofs; `changes` to header and claims are made before it signs, and
    a value of None leaves a member out."""

    algorithm = "ES256"

    def __init__(self):
        self.private = ec.generate_private_key(ec.SECP256R1())

    @property
    def jwk(self):
        point = self.private.public_key().public_numbers()
        return {"crv": "P-256", "kty": "EC", "x": number(point.x, 32), "y": number(point.y, 32)}

    @property
    def private_jwk(self):
        return {**self.jwk, "d": number(self.private.private_numbers().private_value, 32)}

    @property
    def thumbprint(self):
        text = json.dumps(self.jwk, separators=(",", ":"), sort_keys=True)
        return b64(hashlib.sha256(text.encode()).digest())

    def sign(self, data):
        r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def proof(self, method, url, token=None, nonce=None, header=None, **changes):
        head = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.jwk, **(header or {})}
        claims = {"jti": secrets.token_hex(12), "htm": method, "htu": url, "iat": int(time.time())}
        if token is not None:
            claims["ath"] = b64(hashlib.sha256(token.encode()).digest())
        if nonce is not None:
            claims["nonce"] = nonce
        claims.update(changes)
        parts = [b64(json.dumps({name: value for name, value in part.items()
                                 if value is not None}).encode()) for part in (head, claims)]
        return ".".join(parts) + "." + b64(self.sign(".".join(parts).encode()))


class RsaKey(Key):
    """RSA with PSS, or with the padding that is not allowed in proofs."""

    def __init__(self, algorithm="PS256", bits=2048):
        self.algorithm = algorithm
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=bits)

    @property
    def jwk(self):
        public = self.private.public_key().public_numbers()
        return {"e": "AQAB", "kty": "RSA",
                "n": number(public.n, (public.n.bit_length() + 7) // 8)}

    def sign(self, data):
        if self.algorithm == "PS256":
            scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
        else:
            scheme = padding.PKCS1v15()
        return self.private.sign(data, scheme, hashes.SHA256())


GRANTS = ["authorization_code", "refresh_token", "client_credentials",
          "urn:ietf:params:oauth:grant-type:token-exchange"]


def configure_client(server, client_id, **settings):
    """Sets members of a client's settings document; the server is not running."""
    with sqlite3.connect(server.data / "vestibule.db") as store:
        [(text,)] = store.execute("select settings from clients where id = ?", [client_id])
        document = {**json.loads(text), **settings}
        store.execute("update clients set settings = ? where id = ?",
                      [json.dumps(document), client_id])
    store.close()
