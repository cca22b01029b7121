"""A provider as the libraries of others expect it: over TLS, with proofs that need a nonce, and with
a client for each kind of application."""

from advertised import OpenProvider
from authority import Authority
from authorization import SECURE_REDIRECT
from client_keys import Key
from tokens import DEVICE, EXCHANGE
from vestibule_process import free_port
from visitor import Visitor

AFTER_SIGN_OUT = "https://app.example/bye"
API = "https://api.example/v1"


class TlsVisitor(Visitor):
    """One who trusts the tests' authority."""

    def __init__(self, origin, ca):
        super().__init__(origin)
        self.ca = ca

    def request(self, method, path, **more):
        return super().request(method, path, verify=self.ca, **more)


class TlsProvider(OpenProvider):
    """`clients`: what an application of each kind is configured with, as JSON."""

    def __init__(self, directory, **config):
        authority = Authority(directory)
        certificate, key = directory / "server.pem", directory / "server.key"
        authority.issue(certificate, key)
        port = free_port()
        self.ca = str(authority.file)
        super().__init__(directory, public_url=f"https://localhost:{port}", tls={
            "listen": f"127.0.0.1:{port}", "certificate": str(certificate), "key": str(key),
        }, dpop={"nonces": "required"}, **config)
        self.service = self.server.bootstrap["service_account"]
        self.clients = self._register()

    def browser(self):
        return TlsVisitor(self.issuer, self.ca)

    def guest(self):
        """A new guest's `sub`."""
        return Visitor(self.server.application).become_guest()

    def world(self):
        """What a program is told before it begins."""
        return {"issuer": self.issuer, "redirectUri": SECURE_REDIRECT, "afterSignOut": AFTER_SIGN_OUT,
                "api": API, "clients": self.clients, "service": self.service,
                "sub": self.person["sub"]}

    def _register(self):
        grants = ["authorization_code", "refresh_token"]
        common = {"redirect_uris": [SECURE_REDIRECT], "access_token_format": "jwt",
                  "post_logout_redirect_uris": [AFTER_SIGN_OUT]}
        acting = {**common, "actors": [self.service["id"]]}
        signed = {f"{answer}_signed_response_alg": "ES256"
                  for answer in ("id_token", "userinfo", "introspection", "authorization")}
        return {
            "web": self.add_client(**acting, audiences=[API], grant_types=[
                *grants, "client_credentials", EXCHANGE, DEVICE]),
            "public": self.add_client(**acting, token_endpoint_auth_method="none",
                                   grant_types=[*grants, EXCHANGE]),
            "signed": self.add_client(**common, **signed, grant_types=grants),
            "keyed": self.add_client(Key("ES256"), **common,
                                  grant_types=[*grants, "client_credentials"]),
            "fapi": self.add_client(Key("ES256"), **common, **signed, grant_types=grants,
                                 profile="fapi2_message_signing", dpop_bound_access_tokens=True),
        }

    def add_client(self, key=None, **metadata):
        """What an application is configured with whose client has this metadata and key."""
        if key:
            metadata |= {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [key.public_jwk()]}}
        party = self.operators_client(**metadata)
        made = {"id": party.id, "secret": party.registered["client_secret"]}
        if key:
            made["key"] = {"pem": key.private_pem().decode(), "kid": key.kid, "alg": key.algorithm}
        return made
