"""Request objects (RFC 9101, OpenID Connect Core section 6), by value, by reference and pushed."""

import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
import requests

from authorization import (REDIRECT, SECURE_REDIRECT, Answer, Browser, claims_of,
                           copy_client, outcome_of, parameters_of)
from client_keys import Authority, Key, KeyServer, key_set
from dpop import Key as ProofKey
from vestibule_process import Vestibule
from visitor import Pkce

KEY, FOREIGN, RSA_KEY = Key(kid="k1"), Key(kid="k1"), Key("PS256")
JWKS = key_set(KEY, RSA_KEY)
OWN_TYPE = "oauth-authz-req+jwt"


class ObjectServer:
    """Serves what it is told to over https, and counts."""

    def __init__(self, directory):
        self.content, self.media_type, self.status, self.calls = b"", "application/jwt", 200, 0
        authority = Authority(directory)
        self.ca = authority.file
        self.keys = KeyServer(authority.issue_for_loopback("keys.pem"))
        self.keys.answer = (200, JWKS)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.calls += 1
                self.send_response(outer.status)
                self.send_header("Content-Type", outer.media_type)
                self.send_header("Content-Length", str(len(outer.content)))
                self.send_header("Location", outer.url + "/elsewhere")
                self.end_headers()
                self.wfile.write(outer.content)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.issue_for_loopback("server.pem"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    running = ObjectServer(tmp_path_factory.mktemp("objects"))
    yield running
    running.server.shutdown()
    running.server.server_close()
    running.keys.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, objects):
    vestibule = Vestibule(
        tmp_path_factory.mktemp("request-objects"), redirect_uris=[REDIRECT, SECURE_REDIRECT],
        config={"limits": {"sign_ins_per_minute": 100000},
                "outgoing": {"ca_file": str(objects.ca), "allowed_networks": ["127.0.0.0/8", "::1"]}})
    registered = [objects.url + "/object", objects.url + "/object#version"]
    vestibule.clients = {
        "signing": copy_client(vestibule, {"jwks": JWKS, "request_uris": registered}),
        "bound": copy_client(vestibule, {"jwks": JWKS, "requires_signed_request_object": True,
                                         "request_object_algorithm": "ES256"}),
        "keyless": copy_client(vestibule, {}),
        "elsewhere": copy_client(vestibule, {"jwks_uri": objects.keys.url}),
    }
    vestibule.start()
    yield vestibule
    assert vestibule.stop() == 0


@pytest.fixture(scope="module")
def browser(server):
    admin = server.bootstrap["admin"]
    return Browser(server, (admin["login_name"], admin["password"]), server.clients["signing"])


def outer(server, name="signing", **changes):
    parameters = {"client_id": server.clients[name], "response_type": "code", "scope": "openid",
                  "redirect_uri": REDIRECT, **changes}
    return {key: value for key, value in parameters.items() if value is not None}


def signed(server, name="signing", pkce=None, key=KEY, typ=None, **changes):
    return key.sign(claims_of(server, server.clients[name], pkce or Pkce(), **changes), typ=typ)


def test_a_signed_request_ends_in_tokens(server, browser):
    pkce = Pkce()
    answer = Answer(browser.ask(**outer(server, redirect_uri=None,
                                        request=signed(server, pkce=pkce))))
    assert answer.parameters["state"] == "a state & more"
    tokens = requests.post(server.issuer + "/oauth/v2/token", timeout=20, data={
        "client_id": server.clients["signing"], "redirect_uri": REDIRECT,
        "client_secret": server.bootstrap["client"]["secret"], "code_verifier": pkce.verifier,
        "grant_type": "authorization_code", "code": answer.parameters["code"]})
    assert tokens.status_code == 200, tokens.text


@pytest.mark.parametrize("key", [KEY, RSA_KEY], ids=["ES256", "PS256"])
@pytest.mark.parametrize("typ", [None, OWN_TYPE])
def test_by_value(server, browser, key, typ):
    good = {"request": signed(server, key=key, typ=typ)}
    assert outcome_of(browser.ask(**outer(server, **good))) == "query code"
    # RFC 9101 5: nothing but the client has to stand beside it.
    alone = {"client_id": server.clients["signing"], **good}
    assert outcome_of(browser.ask(**alone)) == "query code"


def test_what_stands_beside(server, browser):
    beside = {"state": "outside", "response_mode": "fragment"}
    bare = signed(server, state=None)
    merged = Answer(browser.ask(**outer(server, request=bare, **beside)))
    assert merged.carrier == "fragment" and merged.parameters["state"] == "outside"
    typed = signed(server, state=None, typ=OWN_TYPE)
    strict = Answer(browser.ask(**outer(server, request=typed, **beside)))
    assert strict.carrier == "query" and "state" not in strict.parameters
    wins = Answer(browser.ask(**outer(server, request=signed(server), **beside)))
    assert wins.parameters["state"] == "a state & more"
    differs = outer(server, request=signed(server, response_type="token"))
    assert outcome_of(browser.ask(**differs)) == "query invalid_request"


NOW = int(time.time())
BAD_CLAIMS = [
    {"iss": "other"}, {"aud": "https://other.example"}, {"client_id": "1"}, {"exp": NOW - 60},
    {"nbf": NOW + 3600}, {"iat": NOW + 3600}, {"exp": "soon"}, {"request": "x"},
    {"request_uri": "https://a.example/r"}, {"sub": "CLIENT"}, {"state": "a\0b"},
]


@pytest.mark.parametrize("change", BAD_CLAIMS, ids=" ".join)
def test_an_object_that_is_not_right_is_refused(server, browser, change):
    change = {name: server.clients["signing"] if value == "CLIENT" else value
              for name, value in change.items()}
    bad = {"request": signed(server, **change)}
    assert outcome_of(browser.ask(**outer(server, **bad))) == "query invalid_request_object"
    # Without a redirect URI that is known to be good nobody is redirected.
    for redirect_uri in (None, "https://evil.example/"):
        beside = outer(server, redirect_uri=redirect_uri, **bad)
        assert outcome_of(browser.ask(**beside)) == "page invalid_request_object"


def test_a_signature_that_is_not_the_clients_is_refused(server, browser):
    claims = claims_of(server, server.clients["signing"], Pkce())
    good = KEY.sign(claims)
    head, payload, signature = good.split(".")
    for bad in ("x", "x.y.z", good + "x", good[:-6] + "AAAAAA", f"{head}.{payload}.",
                jwt.encode(claims, None, algorithm="none"), jwt.encode(claims, "s" * 32, "HS256"),
                FOREIGN.sign(claims), KEY.sign(claims, typ="at+jwt"), "x" * 6000):
        response = browser.ask(**outer(server, request=bad))
        assert outcome_of(response) == "query invalid_request_object", bad[:40]
    keyless = signed(server, "keyless")
    assert outcome_of(browser.ask(**outer(server, "keyless", request=keyless))) == (
        "query invalid_request_object")


def test_the_keys_may_be_at_a_jwks_uri(server, browser, objects):
    for key in (KEY, RSA_KEY, KEY):
        good = {"request": signed(server, "elsewhere", key=key)}
        assert outcome_of(browser.ask(**outer(server, "elsewhere", **good))) == "query code"
    assert objects.keys.requests == 1
    for key in (FOREIGN, Key(), Key("PS256")):
        bad = {"request": signed(server, "elsewhere", key=key)}
        assert outcome_of(browser.ask(**outer(server, "elsewhere", **bad))) == (
            "query invalid_request_object")
        assert push(server, "elsewhere", **bad).json()["error"] == "invalid_request_object"
    assert objects.keys.requests == 1
    assert push(server, "elsewhere", request=signed(server, "elsewhere")).status_code == 201


@pytest.mark.parametrize("change, expected", [
    ({"redirect_uri": "https://evil.example/"}, "page invalid_request"),
    ({"redirect_uri": None}, "page invalid_request"), ({"prompt": "dance"}, "query invalid_request"),
    ({"response_type": None}, "query invalid_request"), ({"scope": "unknown"}, "query invalid_scope"),
])
def test_what_an_object_says_is_validated_like_anything_else(server, browser, change, expected):
    asked = {"client_id": server.clients["signing"], "request": signed(server, **change)}
    assert outcome_of(browser.ask(**asked)) == expected


def test_a_client_may_be_bound_to_sign(server, browser):
    plain = parameters_of(server.clients["bound"], Pkce())
    assert outcome_of(browser.ask(**plain)) == "query invalid_request"
    assert outcome_of(browser.ask(**outer(server, "bound", request=signed(server, "bound")))) == (
        "query code")
    for change in ({"iss": None}, {"aud": None}, {"client_id": None}, {"key": RSA_KEY}):
        bad = outer(server, "bound", request=signed(server, "bound", **change))
        assert outcome_of(browser.ask(**bad)) == "query invalid_request_object"


# By reference


@pytest.fixture
def reference(server, objects):
    objects.content, objects.media_type, objects.status = signed(server).encode(), "application/jwt", 200
    return objects


@pytest.mark.parametrize("fragment", ["", "#version"])
@pytest.mark.parametrize("media_type", ["application/jwt", "application/oauth-authz-req+jwt"])
def test_by_reference(server, browser, reference, fragment, media_type):
    reference.media_type = media_type
    uri = reference.url + "/object" + fragment
    assert outcome_of(browser.ask(**outer(server, request_uri=uri))) == "query code"


@pytest.mark.parametrize("path", ["/other", "/object?x=1", "/object#other", "/object/", ""])
def test_only_what_is_registered_is_fetched(server, browser, reference, path):
    before = reference.calls
    for uri in (reference.url + path, reference.url.replace("https", "http") + "/object",
                "https://evil.example/object", "file:///etc/passwd", "urn:x"):
        response = browser.ask(**outer(server, request_uri=uri))
        assert outcome_of(response) == "query invalid_request_uri"
    assert reference.calls == before


@pytest.mark.parametrize("change", [
    {"status": 404}, {"status": 302}, {"media_type": "text/html"}, {"content": b"x" * 300000},
], ids=str)
def test_an_answer_that_is_no_object(server, browser, reference, change):
    for name, value in change.items():
        setattr(reference, name, value)
    response = browser.ask(**outer(server, request_uri=reference.url + "/object"))
    assert outcome_of(response) == "query invalid_request_uri"


def test_a_fetched_object_is_verified(server, browser, reference):
    reference.content = FOREIGN.sign(claims_of(server, server.clients["signing"], Pkce())).encode()
    response = browser.ask(**outer(server, request_uri=reference.url + "/object"))
    assert outcome_of(response) == "query invalid_request_object"
    both = outer(server, request_uri=reference.url + "/object", request=signed(server))
    assert outcome_of(browser.ask(**both)) == "query invalid_request"


# Pushed


def push(server, name="signing", proof=None, **form):
    headers = {"DPoP": proof} if proof else None
    return requests.post(server.issuer + "/oauth/v2/par", timeout=20, headers=headers, data={
        "client_id": server.clients[name],
        "client_secret": server.bootstrap["client"]["secret"], **form})


@pytest.mark.parametrize("name", ["signing", "bound"])
def test_a_pushed_object_stands_alone(server, browser, name):
    pushed = push(server, name, request=signed(server, name, state=None), state="outside",
                  scope="openid", response_type="code")
    assert pushed.status_code == 201, pushed.text
    answer = Answer(browser.ask(client_id=server.clients[name],
                                request_uri=pushed.json()["request_uri"]))
    assert answer.parameters["code"] and "state" not in answer.parameters


@pytest.mark.parametrize("change", BAD_CLAIMS[:9], ids=" ".join)
def test_a_pushed_object_that_is_not_right_is_refused(server, change):
    response = push(server, request=signed(server, **change))
    assert response.status_code == 400 and response.json()["error"] == "invalid_request_object"


# RFC 9449 section 10.1: the object's dpop_jkt is the one that counts.
def test_a_proof_beside_a_pushed_object(server, browser):
    key, other, pkce = ProofKey(), ProofKey(), Pkce()
    url = server.issuer + "/oauth/v2/par"
    for named in (other.thumbprint, "x"):
        refused = push(server, proof=key.proof("POST", url), dpop_jkt=key.thumbprint,
                       request=signed(server, dpop_jkt=named))
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    pushed = push(server, proof=key.proof("POST", url), request=signed(server, pkce=pkce))
    assert pushed.status_code == 201, pushed.text
    for prover, status in ((other, 400), (None, 400), (key, 200)):
        pushed = push(server, proof=key.proof("POST", url), request=signed(server, pkce=pkce))
        answer = Answer(browser.ask(client_id=server.clients["signing"],
                                    request_uri=pushed.json()["request_uri"]))
        token = server.issuer + "/oauth/v2/token"
        tokens = requests.post(token, timeout=20, data={
            "client_id": server.clients["signing"], "redirect_uri": REDIRECT,
            "client_secret": server.bootstrap["client"]["secret"], "code_verifier": pkce.verifier,
            "grant_type": "authorization_code", "code": answer.parameters["code"]},
            headers={"DPoP": prover.proof("POST", token)} if prover else None)
        assert tokens.status_code == status, tokens.text


def test_discovery_says_so(server):
    document = requests.get(server.issuer + "/.well-known/openid-configuration", timeout=5).json()
    assert document["request_parameter_supported"] is True
    assert document["request_uri_parameter_supported"] is True
    assert document["require_request_uri_registration"] is True
    assert set(document["request_object_signing_alg_values_supported"]) == {
        "RS256", "ES256", "PS256", "EdDSA"}
