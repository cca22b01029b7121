"""tls_client_auth and certificate-bound tokens (RFC 8705) behind examples/nginx/client-certificates.conf."""

import base64
import hashlib
import shutil
import urllib.parse

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from client_keys import Authority, Key, add_client, assertion_claims, key_set, with_assertion
from dpop import Key as ProofKey
from test_provider_http import REDIRECT, assert_oauth_error
from vestibule_process import ROOT, Process, Vestibule, decode_jwt, free_port, wait_for
from visitor import NAVIGATION, Pkce, Visitor, authorize_url, pass_sign_in_page, query_of

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")

SUBJECT = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
                     x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example, Inc."),
                     x509.NameAttribute(NameOID.COMMON_NAME, "client")])
SUBJECT_TEXT = r"CN=Client,O=Example\, Inc.,C=DE"
FIELD = "X-SSL-Client-Cert"


def thumbprint(certificate):
    der = certificate.public_bytes(serialization.Encoding.DER)
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def escaped(certificate):
    return urllib.parse.quote(certificate.public_bytes(serialization.Encoding.PEM).decode(), safe="")


class Nginx(Process):
    """nginx with the example's file; only ports and certificates are others."""

    def __init__(self, directory, ports):
        super().__init__(directory / "nginx.log")
        self.directory = directory
        text = (ROOT / "examples/nginx/client-certificates.conf").read_text()
        for written, real in ports.items():
            assert f"127.0.0.1:{written}" in text
            text = text.replace(f"127.0.0.1:{written}", f"127.0.0.1:{real}")
        (directory / "nginx.conf").write_text(text)

    def start(self, url):
        self.spawn([NGINX, "-p", self.directory, "-c", self.directory / "nginx.conf"])

        def answers():
            assert self.running, f"nginx ended:\n{self.log.read_text()}"
            return requests.get(url + "/.well-known/openid-configuration", timeout=5,
                                verify=str(self.directory / "server-CA.pem"))

        wait_for(answers, "nginx")


class SecureVisitor(Visitor):
    def __init__(self, origin, authority):
        super().__init__(origin)
        self.authority = authority

    def request(self, *arguments, **more):
        return super().request(*arguments, verify=self.authority, **more)


class Lab:
    def __init__(self, directory):
        browsers, clients = free_port(), free_port()
        self.url = f"https://localhost:{browsers}"
        self.mtls = f"https://localhost:{clients}"
        self.servers = Authority(directory, "server CA")
        self.clients = Authority(directory, "client-ca")
        self.servers.issue_for_loopback("server.pem")
        self.certificate, self.pem = self.clients.issue("good.pem", SUBJECT, [
            x509.DNSName("client.example.com"),
            x509.UniformResourceIdentifier("https://client.example.com/")])
        self.renewed, self.renewed_pem = self.clients.issue("renewed.pem", SUBJECT)
        self.other, self.other_pem = self.clients.issue("other.pem", x509.Name([
            x509.NameAttribute(NameOID.COMMON_NAME, "other")]))
        _, self.stranger_pem = Authority(directory, "stranger").issue("stranger.pem", SUBJECT)

        self.vestibule = Vestibule(directory / "server", config={
            "public_url": self.url, "trusted_proxies": ["127.0.0.1"],
            "mtls": {"header": FIELD, "encoding": "escaped_pem", "public_url": self.mtls}})
        subject = {"kind": "dn", "value": SUBJECT_TEXT}
        bound = {"sender_constraint": "mtls", "access_token_format": "jwt"}
        self.client = add_client(self.vestibule, "tls_client_auth", certificate_subject=subject,
                                 **bound)
        self.plain = add_client(self.vestibule, "tls_client_auth", certificate_subject=subject)
        self.by_name = add_client(self.vestibule, "tls_client_auth", certificate_subject={
            "kind": "san_dns", "value": "client.example.com"})
        self.nameless = add_client(self.vestibule, "tls_client_auth")
        self.key = Key()
        self.keyed = add_client(self.vestibule, "private_key_jwt", jwks=key_set(self.key), **bound)
        people = {"redirect_uris": [REDIRECT], "grant_types": ["authorization_code",
                                                               "refresh_token"], **bound}
        self.public = add_client(self.vestibule, "none", **people)
        self.confidential = add_client(self.vestibule, "private_key_jwt", jwks=key_set(self.key),
                                       **people)
        self.nginx = Nginx(directory, {8081: self.vestibule.port, 8443: browsers, 8444: clients})

    def start(self):
        self.vestibule.start()
        self.nginx.start(self.url)
        return self

    def post(self, form, pem=None, base=None, path="/oauth/v2/token", headers=None):
        return requests.post((base or self.mtls) + path, data=form, cert=pem and str(pem),
                             verify=str(self.servers.file), headers=headers, timeout=10)

    def token(self, client, pem=None, **more):
        form = {"grant_type": "client_credentials", "client_id": client}
        return self.post({**form, **more}, pem)

    def with_key(self, pem=None):
        assertion = self.key.sign(assertion_claims(self.keyed, self.url))
        return self.post(with_assertion(assertion, grant_type="client_credentials"), pem)

    def ask(self, client, form, pem=None):
        """A token request of one of the clients of people."""
        if client == self.public:
            return self.post({"client_id": client, **form}, pem)
        return self.post(with_assertion(self.key.sign(assertion_claims(client, self.url)), **form), pem)

    def tokens(self, client):
        """Of a person who signs in, bound to the first certificate."""
        pkce, browser = Pkce(), SecureVisitor(self.url, str(self.servers.file))
        leaving = browser.get(authorize_url(
            client_id=client, response_type="code", redirect_uri=REDIRECT, nonce="n",
            scope="openid offline_access", code_challenge=pkce.challenge,
            code_challenge_method="S256"), headers=NAVIGATION)
        admin = self.vestibule.bootstrap["admin"]
        back = pass_sign_in_page(browser, leaving.headers["Location"], admin["login_name"],
                                 admin["password"])
        answer = self.ask(client, {
            "grant_type": "authorization_code", "code": query_of(back)["code"],
            "redirect_uri": REDIRECT, "code_verifier": pkce.verifier}, self.pem)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def userinfo(self, token, pem=None, base=None, **headers):
        return requests.get((base or self.mtls) + "/oidc/v1/userinfo", cert=pem and str(pem),
                            headers={"Authorization": f"Bearer {token}", **headers},
                            verify=str(self.servers.file), timeout=10)

    def direct(self, form, **headers):
        """Straight to the server, from an address that it trusts."""
        return requests.post(f"http://127.0.0.1:{self.vestibule.port}/oauth/v2/token", data=form,
                             headers={"Host": self.url.removeprefix("https://"), **headers},
                             timeout=10)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    running = Lab(tmp_path_factory.mktemp("certificates")).start()
    yield running
    assert (running.nginx.stop(), running.vestibule.stop()) == (0, 0)


def test_a_client_is_known_by_its_subject(lab):
    for pem in (lab.pem, lab.renewed_pem):
        answer = lab.token(lab.plain, pem)
        assert answer.status_code == 200, answer.text
    assert lab.token(lab.by_name, lab.pem).status_code == 200


def test_who_is_not_that_client(lab):
    for client, pem in ((lab.plain, None), (lab.plain, lab.other_pem),
                        (lab.by_name, lab.renewed_pem), (lab.nameless, lab.pem)):
        body = assert_oauth_error(lab.token(client, pem), 401, "invalid_client")
        assert body["error_description"] == "the client certificate is not accepted"
    # nginx itself refuses what its authority did not sign.
    assert lab.token(lab.plain, lab.stranger_pem).status_code == 400


def test_a_secret_beside_the_certificate_is_another_method(lab):
    answer = lab.token(lab.plain, lab.pem, client_secret="x")
    assert_oauth_error(answer, 401, "invalid_client")


def test_the_browsers_origin_passes_no_certificate_on(lab):
    form = {"grant_type": "client_credentials", "client_id": lab.plain}
    for headers in ({}, {FIELD: escaped(lab.certificate)}):
        assert_oauth_error(lab.post(form, lab.pem, lab.url, headers=headers), 401, "invalid_client")


def test_a_client_cannot_write_the_field_itself(lab):
    form = {"grant_type": "client_credentials", "client_id": lab.plain}
    for name in (FIELD, "x_ssl_client_cert", "Client-Cert"):
        answer = lab.post(form, lab.other_pem, headers={name: escaped(lab.certificate)})
        assert_oauth_error(answer, 401, "invalid_client")


def test_a_malformed_field_of_the_proxy_is_a_bad_request(lab):
    form = {"grant_type": "client_credentials", "client_id": lab.plain}
    good = escaped(lab.certificate)
    assert lab.direct(form, **{FIELD: good}).status_code == 200
    for value in ("x", "%", good + good, good[:-30], f":{good}:", "A" * 8000):
        assert_oauth_error(lab.direct(form, **{FIELD: value}), 400, "invalid_request")
    assert_oauth_error(lab.direct(form, **{FIELD: ""}), 401, "invalid_client")


def test_tokens_are_bound_to_the_certificate(lab):
    token = lab.token(lab.client, lab.pem).json()["access_token"]
    assert decode_jwt(token)[1]["cnf"] == {"x5t#S256": thumbprint(lab.certificate)}
    seen = lab.post({"token": token, "client_id": lab.client}, lab.pem,
                    path="/oauth/v2/introspect").json()
    assert seen["active"] and seen["cnf"] == {"x5t#S256": thumbprint(lab.certificate)}


def test_binding_is_apart_from_authentication(lab):
    answer = lab.with_key(lab.other_pem)
    assert decode_jwt(answer.json()["access_token"])[1]["cnf"] == {
        "x5t#S256": thumbprint(lab.other)}
    assert_oauth_error(lab.with_key(), 400, "invalid_request")


def test_userinfo_wants_the_certificate_of_the_token(lab):
    token = lab.tokens(lab.public)["access_token"]
    assert decode_jwt(token)[1]["cnf"] == {"x5t#S256": thumbprint(lab.certificate)}
    assert lab.userinfo(token, lab.pem).status_code == 200
    stolen = {FIELD: escaped(lab.certificate)}
    for answer in (lab.userinfo(token), lab.userinfo(token, lab.other_pem),
                   lab.userinfo(token, lab.renewed_pem), lab.userinfo(token, lab.pem, lab.url),
                   lab.userinfo(token, lab.other_pem, **stolen),
                   lab.userinfo(token, None, lab.url, **stolen)):
        assert answer.status_code == 401, answer.text
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert lab.userinfo(token, lab.pem).status_code == 200


def refresh(lab, client, tokens, pem=None):
    return lab.ask(client, {"grant_type": "refresh_token",
                            "refresh_token": tokens["refresh_token"]}, pem)


# RFC 8705 section 4.
def test_the_refresh_token_of_a_public_client_is_bound(lab):
    tokens = lab.tokens(lab.public)
    for pem in (lab.other_pem, lab.renewed_pem):
        assert_oauth_error(refresh(lab, lab.public, tokens, pem), 400, "invalid_grant")
    assert refresh(lab, lab.public, tokens).status_code == 400
    # None of them has used it up.
    renewed = refresh(lab, lab.public, tokens, lab.pem)
    assert renewed.status_code == 200, renewed.text
    assert lab.userinfo(renewed.json()["access_token"], lab.pem).status_code == 200
    assert lab.userinfo(renewed.json()["access_token"], lab.other_pem).status_code == 401


# RFC 8705 section 7.1.
def test_a_client_that_authenticates_may_renew_its_certificate(lab):
    tokens = lab.tokens(lab.confidential)
    assert_oauth_error(refresh(lab, lab.confidential, tokens), 400, "invalid_request")
    renewed = refresh(lab, lab.confidential, tokens, lab.renewed_pem)
    assert renewed.status_code == 200, renewed.text
    token = renewed.json()["access_token"]
    assert decode_jwt(token)[1]["cnf"] == {"x5t#S256": thumbprint(lab.renewed)}
    assert lab.userinfo(token, lab.renewed_pem).status_code == 200
    assert lab.userinfo(token, lab.pem).status_code == 401
    # What was issued before stays with the certificate of that time.
    assert lab.userinfo(tokens["access_token"], lab.renewed_pem).status_code == 401
    assert_oauth_error(lab.ask(lab.public, {
        "grant_type": "refresh_token", "refresh_token": renewed.json()["refresh_token"]}, lab.pem),
        400, "invalid_grant")


def test_a_code_is_redeemed_with_a_certificate(lab):
    for client in (lab.public, lab.confidential):
        answer = lab.ask(client, {"grant_type": "authorization_code", "code": "x",
                                  "redirect_uri": REDIRECT})
        assert answer.status_code == 400, answer.text


# RFC 9449 section 4.2: htu is where the request was sent, at this origin too.
def test_a_proof_names_the_origin_that_it_is_sent_to(lab):
    key = ProofKey()
    form = {"grant_type": "client_credentials", "client_id": lab.plain}

    def token(htu):
        return lab.post(form, lab.pem, headers={"DPoP": key.proof("POST", htu)})

    for base in (lab.url, "https://localhost", "https://evil.test"):
        assert_oauth_error(token(base + "/oauth/v2/token"), 400, "invalid_dpop_proof")
    answer = token(lab.mtls + "/oauth/v2/token")
    assert answer.json()["token_type"] == "DPoP", answer.text
    proof = key.proof("POST", lab.mtls + "/oauth/v2/token")
    assert lab.post(form, lab.pem, headers={"DPoP": proof}).status_code == 200
    assert_oauth_error(lab.post(form, lab.pem, headers={"DPoP": proof}), 400, "invalid_dpop_proof")


def test_discovery_tells_where(lab):
    told = requests.get(lab.url + "/.well-known/openid-configuration", timeout=10,
                        verify=str(lab.servers.file)).json()
    assert told["issuer"] == lab.url
    assert told["tls_client_certificate_bound_access_tokens"] is True
    for endpoint in ("token", "introspection", "revocation"):
        assert "tls_client_auth" in told[endpoint + "_endpoint_auth_methods_supported"]
    aliases = told["mtls_endpoint_aliases"]
    assert {name: url.replace(lab.mtls, lab.url) for name, url in aliases.items()} == {
        name: told[name] for name in aliases}
    assert set(aliases) == {"pushed_authorization_request_endpoint", "token_endpoint",
                            "introspection_endpoint", "revocation_endpoint", "userinfo_endpoint"}
