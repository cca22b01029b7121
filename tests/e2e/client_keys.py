"""Clients with keys of their own: their registration, their assertions, their key server."""

import datetime
import ipaddress
import json
import sqlite3
import ssl
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from dpop import number

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def now():
    return int(time.time())


class Key:
    """A private key with the names that a JWK Set gives it."""

    def __init__(self, algorithm="ES256", kid=None):
        self.algorithm = algorithm
        self.kid = kid or str(uuid.uuid4())
        if algorithm == "ES256":
            self.private = ec.generate_private_key(ec.SECP256R1())
        elif algorithm == "EdDSA":
            self.private = ed25519.Ed25519PrivateKey.generate()
        else:
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def public_jwk(self):
        writer = {"ES256": jwt.algorithms.ECAlgorithm, "EdDSA": jwt.algorithms.OKPAlgorithm}.get(
            self.algorithm, jwt.algorithms.RSAAlgorithm)
        jwk = writer.to_jwk(self.private.public_key())
        jwk = jwk if isinstance(jwk, dict) else json.loads(jwk)
        if self.algorithm == "ES256":
            # RFC 7518 6.2.1.2: the whole size, which PyJWT cuts where a coordinate begins with zero.
            point = self.private.public_key().public_numbers()
            jwk |= {"x": number(point.x, 32), "y": number(point.y, 32)}
        wanted = {name: jwk[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in jwk}
        return {**wanted, "kid": self.kid}

    def public_pem(self):
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def private_pem(self):
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())

    def sign(self, claims, **headers):
        """A JWT; a header or a claim that is None is left out."""
        header = {"kid": self.kid, **headers}
        return jwt.encode({name: value for name, value in claims.items() if value is not None},
                          self.private, algorithm=self.algorithm,
                          headers={name: value for name, value in header.items()
                                   if value is not None})


def key_set(*keys):
    return json.dumps({"keys": [key.public_jwk() for key in keys]})


def assertion_claims(client, audience, **changes):
    return {"iss": client, "sub": client, "aud": audience, "iat": now(), "exp": now() + 60,
            "jti": str(uuid.uuid4()), **changes}


def with_assertion(assertion, **form):
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion, **form}


def add_client(vestibule, auth_method, **settings):
    """Registers a client in the store of a server that does not run; gives its id."""
    assert not vestibule.running
    made = vestibule.bootstrap
    with sqlite3.connect(vestibule.data / "vestibule.db") as store:
        project, = store.execute("select project_id from clients where id = ?",
                                 (made["client"]["id"],)).fetchone()
        highest, = store.execute("select max(id) from clients").fetchone()
        document = {"grant_types": ["client_credentials"], **settings}
        store.execute(
            "insert into clients (id, organization_id, project_id, name, auth_method, secret_hash,"
            " settings, created_at, changed_at) values (?, ?, ?, ?, ?, null, ?, 0, 0)",
            (highest + 1, made["organization_id"], project, "keyed", auth_method,
             json.dumps(document)))
    store.close()
    return str(highest + 1)


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, directory, name="test CA"):
        self.directory = directory
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self.name, self.key.public_key(), [
            (x509.BasicConstraints(ca=True, path_length=None), True)])
        self.file = directory / f"{name.replace(' ', '-')}.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _sign(self, subject, key, extensions):
        today = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
                   .public_key(key).serial_number(x509.random_serial_number())
                   .not_valid_before(today - datetime.timedelta(days=1))
                   .not_valid_after(today + datetime.timedelta(days=30)))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, file_name, subject, alternatives=()):
        """(certificate, PEM file with certificate and key) for a subject name."""
        key = ec.generate_private_key(ec.SECP256R1())
        extensions = [(x509.SubjectAlternativeName(list(alternatives)), False)] if alternatives else []
        certificate = self._sign(subject, key.public_key(), extensions)
        path = self.directory / file_name
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption()))
        return certificate, path

    def issue_for_loopback(self, file_name):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        return self.issue(file_name, subject, [
            x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])[1]


class KeyServer:
    """Serves a JWK Set over TLS, and counts how often it is asked."""

    def __init__(self, certificate):
        self.answer = (200, key_set())
        self.requests = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                outer.requests += 1
                status, body = outer.answer
                self.send_response(status)
                self.send_header("Content-Type", "application/jwk-set+json")
                if status in (301, 302):
                    self.send_header("Location", body)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_address[1]}/jwks"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
