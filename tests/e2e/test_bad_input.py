"""Every parameter of every protocol endpoint, by every way to get it wrong.

One row a call and parameter: what an absent, an empty and a senseless value are answered. Doubled,
badly encoded and oversized values are the same everywhere. Each refusal has the status and code that
its RFC names, is not cached, repeats nothing of what was sent, and has written nothing.
"""

import base64
import hashlib
import json
import sqlite3
import time
from collections import namedtuple
from urllib.parse import quote, urlencode

import pytest
import requests

from test_provider_http import EXCHANGE, FORM, REDIRECT
from vestibule_process import Vestibule

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
USER_ID = "urn:zitadel:params:oauth:token-type:user_id"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
SECRET_TEXT = "never-repeat-me"

# `absent` and `senseless` are sets of (status, error); None: the value does not matter.
Row = namedtuple("Row", "call parameter absent senseless")

INVALID_REQUEST = {(400, "invalid_request")}
INVALID_GRANT = {(400, "invalid_grant")}
INVALID_SCOPE = {(400, "invalid_scope")}
INVALID_TARGET = {(400, "invalid_target")}
INVALID_CLIENT = {(400, "invalid_client"), (401, "invalid_client")}
UNSUPPORTED_GRANT = {(400, "unsupported_grant_type")}
INVALID_OBJECT = {(400, "invalid_request_object")}
WRONG_RESPONSE_TYPE = {(400, "unsupported_response_type")}
EMPTY_ANSWER = {(200, None)}
PUSHED = {(201, None)}

TOKEN, INTROSPECT, REVOKE = "/oauth/v2/token", "/oauth/v2/introspect", "/oauth/v2/revoke"
PAR, DEVICE_AUTHORIZATION = "/oauth/v2/par", "/oauth/v2/device_authorization"

# What a well-formed request of each call holds beside the client's credentials. At the endpoints
# that redeem something, none of the values is good for anything: what is well-formed is refused, too.
CALLS = {
    "code": (TOKEN, {"grant_type": "authorization_code", "code": "c" * 43, "redirect_uri": REDIRECT,
                     "code_verifier": "v" * 43}),
    "refresh": (TOKEN, {"grant_type": "refresh_token", "refresh_token": "r" * 70, "scope": "openid"}),
    "client_credentials": (TOKEN, {"grant_type": "client_credentials", "scope": "openid"}),
    "exchange": (TOKEN, {"grant_type": EXCHANGE, "subject_token": "1", "subject_token_type": USER_ID,
                         "actor_token": "a" * 43, "actor_token_type": ACCESS_TOKEN,
                         "requested_token_type": ACCESS_TOKEN, "scope": "openid",
                         "audience": "1", "resource": "https://api.example/"}),
    "jwt_bearer": (TOKEN, {"grant_type": JWT_BEARER, "assertion": "a.b.c", "scope": "openid"}),
    "device_code": (TOKEN, {"grant_type": DEVICE, "device_code": "d" * 43}),
    "introspect": (INTROSPECT, {"token": "t" * 43, "token_type_hint": "access_token"}),
    "revoke": (REVOKE, {"token": "t" * 43, "token_type_hint": "refresh_token"}),
    "par": (PAR, {"response_type": "code", "redirect_uri": REDIRECT, "scope": "openid", "state": "s",
                  "nonce": "n", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
                  "response_mode": "query", "prompt": "login", "max_age": "1", "display": "page",
                  "ui_locales": "en", "login_hint": "x", "acr_values": "1",
                  "claims": "{}"}),
    "device_authorization": (DEVICE_AUTHORIZATION, {"scope": "openid"}),
}
# What else a call may hold, and what cannot be well-formed beside the rest.
MORE = {"par": {"request", "request_uri", "id_token_hint", "resource", "dpop_jkt"}}
# Where a call that succeeds keeps what it was told.
KEPT = {"par": "pushed_requests", "device_authorization": "device_codes"}

ROWS = [
    # RFC 6749 4.1.3 and 5.2, RFC 7636 4.6
    Row("code", "grant_type", INVALID_REQUEST, UNSUPPORTED_GRANT),
    Row("code", "code", INVALID_REQUEST, INVALID_GRANT),
    Row("code", "redirect_uri", INVALID_REQUEST | INVALID_GRANT, INVALID_GRANT),
    Row("code", "code_verifier", INVALID_REQUEST | INVALID_GRANT, INVALID_REQUEST | INVALID_GRANT),
    # RFC 6749 6
    Row("refresh", "refresh_token", INVALID_REQUEST, INVALID_GRANT),
    Row("refresh", "scope", INVALID_GRANT, INVALID_GRANT),
    # RFC 6749 4.4: this client does not have the grant, so the rest does not matter.
    Row("client_credentials", "scope", {(400, "unauthorized_client")}, {(400, "unauthorized_client")}),
    # RFC 8693 2.1, 2.2.2
    Row("exchange", "subject_token", INVALID_REQUEST, INVALID_REQUEST),
    Row("exchange", "subject_token_type", INVALID_REQUEST, INVALID_REQUEST),
    Row("exchange", "actor_token", INVALID_REQUEST, INVALID_REQUEST),
    Row("exchange", "actor_token_type", INVALID_REQUEST, INVALID_REQUEST),
    Row("exchange", "requested_token_type", INVALID_REQUEST, INVALID_REQUEST),
    Row("exchange", "scope", INVALID_REQUEST, INVALID_REQUEST),
    Row("exchange", "audience", INVALID_REQUEST, INVALID_REQUEST | INVALID_TARGET),
    Row("exchange", "resource", INVALID_REQUEST, INVALID_TARGET),
    # RFC 7523 2.1, 3.1
    Row("jwt_bearer", "assertion", INVALID_REQUEST, INVALID_GRANT),
    Row("jwt_bearer", "scope", INVALID_GRANT | INVALID_REQUEST, INVALID_GRANT),
    # RFC 7662 2.1, 2.2
    Row("introspect", "token", INVALID_REQUEST, EMPTY_ANSWER),
    Row("introspect", "token_type_hint", EMPTY_ANSWER, EMPTY_ANSWER),
    # RFC 7009 2.1, 2.2: an unknown token is no error
    Row("revoke", "token", INVALID_REQUEST, EMPTY_ANSWER),
    Row("revoke", "token_type_hint", EMPTY_ANSWER, EMPTY_ANSWER),
    # RFC 9126 2.1, 2.3: what the authorization endpoint would refuse
    Row("par", "response_type", INVALID_REQUEST, WRONG_RESPONSE_TYPE),
    Row("par", "redirect_uri", INVALID_REQUEST, INVALID_REQUEST),
    Row("par", "scope", INVALID_REQUEST, INVALID_SCOPE),
    Row("par", "state", PUSHED, PUSHED | INVALID_REQUEST),  # of what size it comes back in a URL
    Row("par", "nonce", PUSHED, PUSHED),
    Row("par", "code_challenge", INVALID_REQUEST, INVALID_REQUEST),
    Row("par", "code_challenge_method", INVALID_REQUEST, INVALID_REQUEST),
    Row("par", "response_mode", PUSHED, INVALID_REQUEST),
    Row("par", "prompt", PUSHED, INVALID_REQUEST),
    Row("par", "max_age", PUSHED, INVALID_REQUEST),
    Row("par", "claims", PUSHED, INVALID_REQUEST),
    # OpenID Connect Core 3.1.2.1: not understood is no error
    Row("par", "display", PUSHED, PUSHED),
    Row("par", "ui_locales", PUSHED, PUSHED),
    Row("par", "login_hint", PUSHED, PUSHED),
    Row("par", "acr_values", PUSHED, PUSHED),
    Row("par", "id_token_hint", PUSHED, INVALID_REQUEST),
    Row("par", "request", PUSHED, INVALID_OBJECT),
    Row("par", "request_uri", PUSHED, INVALID_REQUEST),
    Row("par", "resource", PUSHED, INVALID_TARGET),
    Row("par", "dpop_jkt", PUSHED, INVALID_REQUEST),
    # RFC 8628 3.1, 3.4, 3.5
    Row("device_authorization", "scope", INVALID_REQUEST, INVALID_SCOPE),
    Row("device_code", "grant_type", INVALID_REQUEST, UNSUPPORTED_GRANT),
    Row("device_code", "device_code", INVALID_REQUEST, INVALID_GRANT),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with a client for each call: the bootstrap's, or one that may use the device grant."""
    vestibule = Vestibule(tmp_path_factory.mktemp("server"), redirect_uris=[REDIRECT])
    client = vestibule.bootstrap["client"]
    file = vestibule.directory / "device.json"
    file.write_text(json.dumps({"client_name": "device", "grant_types": [DEVICE]}))
    made = json.loads(vestibule.command("clients", "add", "--file", file, "--json").stdout)
    device = {"id": made["client_id"], "secret": made["secret"]}
    vestibule.clients = {call: device if call.startswith("device") else client for call in CALLS}
    vestibule.start()
    settle(vestibule)
    yield vestibule
    assert vestibule.stop() == 0


def snapshot(server):
    """What the store holds, table by table."""
    with sqlite3.connect(f"file:{server.data}/vestibule.db?mode=ro", uri=True) as db:
        tables = [name for (name,) in db.execute("select name from sqlite_master where type = 'table' "
                                                 "and name not like 'sqlite_%'")]
        return {table: hashlib.sha256(repr(db.execute(f"select * from {table}").fetchall()).encode())
                .hexdigest() for table in tables}


def settle(server):
    """Waits until what the start has set off is done."""
    before, after = None, snapshot(server)
    while before != after:
        time.sleep(0.5)
        before, after = after, snapshot(server)


@pytest.fixture
def untouched(request, server):
    """Fails if the store has changed when the test is over; what an accepted request keeps aside."""
    row = request.node.callspec.params.get("row")
    accepts = row and any(status < 300 for status, _ in row.absent | row.senseless)
    kept = KEPT.get(row.call) if accepts else None
    before = snapshot(server)
    yield
    after = snapshot(server)
    assert not [table for table in after if after[table] != before.get(table) and table != kept]


def credentials(server, call, method):
    """(form fields, header fields) of the call's client, by method."""
    client = server.clients[call]
    if method == "client_secret_basic":
        pair = base64.b64encode(f"{client['id']}:{client['secret']}".encode()).decode()
        return {}, {"Authorization": "Basic " + pair}
    return {"client_id": client["id"], "client_secret": client["secret"]}, {}


def send(server, call, body, method="client_secret_post"):
    fields, headers = credentials(server, call, method)
    encoded = body if isinstance(body, str) else urlencode(body)
    return requests.post(server.issuer + CALLS[call][0], timeout=20, allow_redirects=False,
                         data="&".join(part for part in (urlencode(fields), encoded) if part),
                         headers={"Content-Type": FORM, **headers})


def check(response, expected, sent=""):
    """RFC 6749 section 5.2."""
    outcome = (response.status_code, response.json()["error"] if response.status_code >= 400 else None)
    assert outcome in expected, f"{outcome}: {response.text}"
    assert "no-store" in response.headers["Cache-Control"]
    assert not sent or sent not in response.text, "the answer repeats what was sent"
    if response.status_code < 400:
        return
    assert set(response.json()) <= {"error", "error_description"}
    description = response.json().get("error_description", "")
    # RFC 6749 5.2: %x20-21 / %x23-5B / %x5D-7E; ZITADEL's recorded answers have quotes.
    assert all(" " <= c <= "~" and c != "\\" for c in description), description
    assert (response.status_code == 401) == ("WWW-Authenticate" in response.headers)


def form_of(call):
    return dict(CALLS[call][1])


BY_METHOD = ["client_secret_post", "client_secret_basic"]
IDS = [f"{row.call}-{row.parameter}" for row in ROWS]


@pytest.mark.parametrize("method", BY_METHOD)
@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_absent_and_empty(server, untouched, row, method):
    form = form_of(row.call)
    form.pop(row.parameter, None)
    check(send(server, row.call, form, method), row.absent)
    # RFC 6749 3.1: a parameter without a value is as if it were omitted.
    check(send(server, row.call, {**form, row.parameter: ""}, method), row.absent)


@pytest.mark.parametrize("method", BY_METHOD)
@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_senseless(server, untouched, row, method):
    form = form_of(row.call)
    for value in (SECRET_TEXT, "\u00fc\U0001f600", "-1", "null", "' or 1=1 --", "<script>", "../../etc",
                  "x" * 8000):
        check(send(server, row.call, {**form, row.parameter: value}, method), row.senseless)


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_nothing_of_the_request_comes_back(server, untouched, row):
    form = form_of(row.call)
    if row.parameter == "grant_type":
        pytest.skip("ZITADEL's recorded answer names the unknown grant type")
    response = send(server, row.call, {**form, row.parameter: SECRET_TEXT})
    if row.parameter not in ("audience", "resource", "scope"):  # named in ZITADEL's recorded words
        check(response, row.senseless, SECRET_TEXT)


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_doubled(server, untouched, row):
    form = form_of(row.call)
    # RFC 8693 2.1, RFC 8707 2: these two may be used more than once.
    may_be = row.parameter in ("audience", "resource")
    doubled = INVALID_REQUEST | INVALID_TARGET if may_be else INVALID_REQUEST
    first = form.setdefault(row.parameter, "x")
    for value in (quote(first), "x", ""):
        check(send(server, row.call, urlencode(form) + f"&{row.parameter}={value}"), doubled)


@pytest.mark.parametrize("encoded", ["%00", "a%00b", "%ff", "%e2%82", "%c0%af", "%ed%a0%80", "%zz", "%2"])
@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_badly_encoded(server, untouched, row, encoded):
    form = form_of(row.call)
    form.pop(row.parameter, None)
    check(send(server, row.call, urlencode(form) + f"&{row.parameter}={encoded}"), INVALID_REQUEST)


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_oversized(server, untouched, row):
    form = form_of(row.call)
    check(send(server, row.call, {**form, row.parameter: "x" * 70_000}), {(413, "invalid_request")})


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", "",
                                  "application/x-www-form-urlencoded-not"])
def test_another_media_type(server, untouched, call, kind):
    path, form = CALLS[call]
    fields, _ = credentials(server, call, "client_secret_post")
    response = requests.post(server.issuer + path, timeout=20, data=urlencode({**fields, **form}).encode(),
                             headers={"Content-Type": kind} if kind else {})
    check(response, INVALID_REQUEST)


@pytest.mark.parametrize("call", CALLS)
def test_credentials(server, untouched, call):
    """RFC 6749 2.3, 3.2.1, 5.2; the same for every endpoint that authenticates clients."""
    path, form = CALLS[call]
    if call == "jwt_bearer":
        pytest.skip("the assertion itself says who asks")
    client = server.clients[call]

    def answer(fields, headers=None):
        return requests.post(server.issuer + path, timeout=20, data={**form, **fields},
                             headers=headers or {})

    def basic(text):
        return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}

    good_id, good_secret = client["id"], client["secret"]
    for fields in ({"client_id": good_id, "client_secret": SECRET_TEXT}, {"client_id": good_id},
                   {"client_id": "1", "client_secret": good_secret},
                   {"client_id": SECRET_TEXT, "client_secret": good_secret}):
        check(answer(fields), INVALID_CLIENT, SECRET_TEXT)
    for text in (f"{good_id}:{SECRET_TEXT}", f"1:{good_secret}", f"{good_id}:"):
        response = answer({}, basic(text))
        check(response, {(401, "invalid_client")}, SECRET_TEXT)
        assert response.headers["WWW-Authenticate"].startswith("Basic ")
    for text in ("", ":", f":{good_secret}", good_id):
        check(answer({}, basic(text)), INVALID_REQUEST | INVALID_CLIENT)
    check(answer({}), INVALID_REQUEST | INVALID_CLIENT)
    # RFC 6749 2.3: not more than one method in each request.
    both = answer({"client_id": good_id, "client_secret": good_secret}, basic(f"{good_id}:{good_secret}"))
    check(both, INVALID_REQUEST)
    check(answer({"client_id": "1"}, basic(f"{good_id}:{good_secret}")), INVALID_REQUEST)


@pytest.mark.parametrize("call", CALLS)
def test_an_unknown_client_and_a_wrong_secret_look_alike(server, call):
    """Nothing is told about other clients."""
    path, form = CALLS[call]
    if call == "jwt_bearer":
        pytest.skip("the assertion itself says who asks")
    known, unknown = (requests.post(server.issuer + path, timeout=20, data={
        **form, "client_id": name, "client_secret": "x" * 43})
        for name in (server.clients[call]["id"], "123456789012345678"))
    assert known.status_code == unknown.status_code
    assert known.json()["error"] == unknown.json()["error"] == "invalid_client"


def test_every_parameter_has_a_row():
    shared = {"grant_type"}  # of every call of the token endpoint; two rows are enough
    for call, (_, form) in CALLS.items():
        rows = {row.parameter for row in ROWS if row.call == call}
        assert rows | shared == set(form) | MORE.get(call, set()) | shared, call
