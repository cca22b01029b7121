"""Bad input for every call of the compatible API, in both protocols: the envelope and the status
that ZITADEL answers with, and nothing written."""

import contextlib
import copy
import json
import re
import sqlite3

import pytest
import requests

from vestibule_process import ROOT
from zitadel_operations import CALLS, DENIED, NOT_FOUND, NOTHING, PROFILE, SETTINGS, USERS

NAMES = {3: "invalid_argument", 5: "not_found", 7: "permission_denied", 8: "resource_exhausted",
         9: "failed_precondition", 16: "unauthenticated"}
STATUS = {3: 400, 5: 404, 7: 403, 8: 413, 9: 400, 16: 401}
PROTOCOLS = ("connect", "rest")
# Work that the server does by itself while we look.
OWN_WORK = {"sqlite_sequence", "mailbox", "mail_log", "signing_keys", "audit_seals",
            "erasures", "purge_runs"}


def dump(server):
    """Every row of the store, as text."""
    path = f"file:{server.data / 'vestibule.db'}?mode=ro"
    with contextlib.closing(sqlite3.connect(path, uri=True)) as store:
        return [line for line in store.iterdump()
                if not any(f'INSERT INTO "{table}"' in line for table in OWN_WORK)]


class Api:
    def __init__(self, server):
        self.server = server
        made = server.bootstrap
        self.organization = made["organization_id"]
        self.admin = made["admin"]["pat"]
        self.manager = made["service_account"]["pat"]
        self.account = self.make({"username": "account@bad.example", "human": {
            "profile": PROFILE, "email": {"email": "account@bad.example", "isVerified": True}}})
        self.machine = self.make({"username": "machine", "machine": {"name": "machine"}})
        nobody = self.make({"username": "nobody", "machine": {"name": "nobody"}})
        answer = self.post(USERS + "AddPersonalAccessToken", self.admin, {
            "userId": nobody, "expirationDate": "2099-01-01T00:00:00Z"})
        self.nobody = answer.json()["token"]

    def make(self, body):
        answer = self.post(USERS + "CreateUser", self.admin,
                           {"organizationId": self.organization, **body})
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    def post(self, path, token, body):
        return requests.post(self.server.issuer + path, json=body, timeout=20,
                             headers={"Authorization": f"Bearer {token}"})

    def user_of(self, call):
        return self.machine if call.machine else self.account

    def fill(self, call, user):
        text = json.dumps(call.body).replace("{organization}", self.organization)
        return json.loads(text.replace("{user}", user))

    def send(self, protocol, call, token, body=None, user=None, raw=None, **headers):
        """`body` in the place of the call's own; `raw` in the place of its text."""
        user = user or self.user_of(call)
        body = self.fill(call, user) if body is None else body
        if token is not None:
            headers.setdefault("Authorization", f"Bearer {token}")
        headers.setdefault("Content-Type", "application/json")
        if protocol == "connect":
            if call.names_user and isinstance(body, dict):
                body = {"userId": user, **body}
            method, path = "POST", call.procedures + call.rpc
        else:
            method, path = call.method, call.path.replace("{user}", user)
        text = raw if raw is not None else json.dumps(body)
        if protocol == "rest" and raw is None and method == "GET":
            text = None
        return requests.request(method, self.server.issuer + path, data=text, headers=headers,
                                timeout=20, allow_redirects=False)


@pytest.fixture(scope="module")
def api(server):
    return Api(server)


@pytest.fixture
def unchanged(api):
    before = dump(api.server)
    yield
    assert dump(api.server) == before


def refused(protocol, answer, code):
    """The envelope of a refusal."""
    assert answer.status_code == STATUS[code], answer.text
    assert answer.headers["Content-Type"].startswith("application/json")
    body = answer.json()
    assert set(body) <= {"code", "message", "details"} and body["message"]
    assert body["code"] == (NAMES[code] if protocol == "connect" else code)
    for detail in body.get("details", []):
        wanted = {"type", "value", "debug"} if protocol == "connect" else {"@type", "id", "message"}
        assert set(detail) == wanted
    return body["message"]


CASES = [pytest.param(protocol, call, id=f"{protocol}-{call.name}")
         for call in CALLS for protocol in PROTOCOLS if call.rpc or protocol == "rest"]
BODIES = [pytest.param(*case.values, id=case.id) for case in CASES
          if case.values[0] == "connect" or case.values[1].method in ("POST", "PUT", "PATCH")]
LOOKUPS = [case for case in CASES
           if case.values[1].names_user or "{user}" in json.dumps(case.values[1].body)]
usual = pytest.mark.usefixtures("unchanged")


def test_the_table_has_every_call():
    source = "".join(file.read_text() for file in
                     sorted((ROOT / "src/zitadel").glob("operations*.cpp")))
    found = re.findall(r'\{"(\w*)",\s+"(GET|POST|PUT|PATCH|DELETE)",\s+"(/[^"]+)"', source)
    assert len(found) > 30
    ours = {(call.rpc, call.method, call.path.split("?")[0].replace("{user}", "{user_id}"))
            for call in CALLS}
    assert {(rpc, method, re.sub(r"\{(key|token)_id\}", "1", path))
            for rpc, method, path in found} == ours


@usual
@pytest.mark.parametrize("protocol,call", CASES)
def test_nobody_in_particular(api, protocol, call):
    assert refused(protocol, api.send(protocol, call, None), 16) == "auth header missing"
    for field in ("Bearer wrong", "Bearer ", "Basic YTpi", "wrong", f"Bearer {api.admin}x"):
        answer = api.send(protocol, call, None, Authorization=field)
        message = refused(protocol, answer, 16)
        assert message == "Errors.Token.Invalid (AUTH-7fs1e)", field
        if protocol == "rest":
            assert answer.headers["WWW-Authenticate"] == message


@usual
@pytest.mark.parametrize("protocol,call", CASES)
def test_without_a_role(api, protocol, call):
    answer = api.send(protocol, call, api.nobody)
    if call.nobody is NOTHING:
        assert answer.status_code == 200 and api.user_of(call) not in answer.text
    else:
        assert call.nobody == NOT_FOUND
        assert refused(protocol, answer, NOT_FOUND) == "membership not found (AUTHZ-cdgFk)"


@usual
@pytest.mark.parametrize("protocol,call", CASES)
def test_without_the_permission(api, protocol, call):
    answer = api.send(protocol, call, api.manager)
    if call.manager is NOTHING:
        assert answer.status_code == 200 and api.user_of(call) not in answer.text
    else:
        assert call.manager == DENIED
        message = refused(protocol, answer, DENIED)
        # The id tells a registered user from what is nobody's but an administrator's.
        assert message in ("No matching permissions found (AUTH-AWfge)",
                           "No matching permissions found (VST-Reg01)")


@usual
@pytest.mark.parametrize("protocol,call", LOOKUPS)
def test_about_nobody(api, protocol, call):
    for user in ("123456", "nobody-there", "9" * 30, "x' or '1'='1"):
        answer = api.send(protocol, call, api.admin, user=user)
        if call.unknown is not NOTHING:
            refused(protocol, answer, call.unknown)
        else:
            assert answer.status_code == 200, answer.text
            assert "result" not in answer.json() and "metadata" not in answer.json()


@usual
@pytest.mark.parametrize("protocol,call", BODIES)
def test_no_json(api, protocol, call):
    for raw in ('{"x":', "{", "[]", '"text"', "5", "nul", '{"a":1}x', "{'a':1}", '{"a":"\\ud800"}',
                b'{"a":"\xff"}', '{"a":' * 100 + "1" + "}" * 100, "\0"):
        answer = api.send(protocol, call, api.admin, raw=raw)
        refused(protocol, answer, 3)


@usual
@pytest.mark.parametrize("protocol,call", BODIES)
def test_too_much(api, protocol, call):
    raw = json.dumps({"x": "y" * (1024 * 1024)})
    refused(protocol, api.send(protocol, call, api.admin, raw=raw), 8)


def wrong_values(value):
    """Values of another JSON type than `value`."""
    if isinstance(value, bool):
        return ["yes", 1, [], {}]
    if isinstance(value, str):
        return [5, True, [], {}]
    if isinstance(value, list):
        return ["text", 5, {}, True]
    return ["text", 5, [], True]


def mutations(body, path=()):
    for key, value in body.items():
        for wrong in wrong_values(value):
            yield path + (key,), wrong
        if isinstance(value, dict):
            yield from mutations(value, path + (key,))
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for inner, wrong in mutations(value[0]):
                yield path + (key, 0) + inner, wrong


def replaced(body, path, value):
    changed = copy.deepcopy(body)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


@usual
@pytest.mark.parametrize("protocol,call", BODIES)
def test_wrong_types(api, protocol, call):
    user = api.user_of(call)
    body = api.fill(call, user)
    if protocol == "connect" and call.names_user:
        body = {"userId": user, **body}
    for path, wrong in mutations(body):
        raw = json.dumps(replaced(body, path, wrong))
        message = refused(protocol, api.send(protocol, call, api.admin, raw=raw), 3)
        assert "proto: " in message, f"{path}: {wrong}"


@usual
@pytest.mark.parametrize("protocol,call", [case for case in CASES if case.values[1].names_user])
def test_an_id_that_none_can_have(api, protocol, call):
    message = refused(protocol, api.send(protocol, call, api.admin, user="9" * 201), 3)
    assert "UserId: value length must be between 1 and 200 runes, inclusive" in message


@usual
def test_no_such_organization(api):
    create, add = CALLS[0], CALLS[1]
    for organization in ("123456", "x", "9" * 30):
        body = {**api.fill(create, ""), "organizationId": organization}
        refused("connect", api.send("connect", create, api.admin, body), 9)
        refused("rest", api.send("rest", create, api.admin, body), 9)
        for named in ({"orgId": organization}, {"orgDomain": "nowhere.example"}):
            body = {**api.fill(add, ""), "organization": named}
            refused("connect", api.send("connect", add, api.admin, body), 9)
            refused("rest", api.send("rest", add, api.admin, body), 9)


@usual
def test_no_such_call(api):
    for procedures in (USERS, SETTINGS):
        for name in ("Nope", "createUser", "", "CreateUser/x"):
            answer = api.post(procedures + name, api.admin, {})
            assert answer.status_code == 404 and answer.text == "404 page not found\n", name
    for path in ("/v2/nope", "/v2/users/1/nope", "/v2/settings/nope", "/v2/users/keys/1/search"):
        assert refused("rest", api.post(path, api.admin, {}), 5) == "Not Found"


@usual
@pytest.mark.parametrize("call", [call for call in CALLS if call.rpc], ids=lambda call: call.rpc)
def test_connect_takes_posts_of_json(api, call):
    url = api.server.issuer + call.procedures + call.rpc
    headers = {"Authorization": f"Bearer {api.admin}"}
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        answer = requests.request(method, url, headers=headers, timeout=20)
        assert answer.status_code == 405 and answer.text == "", method
        assert answer.headers["Allow"] == "POST"
    for kind in ("text/plain", "application/proto", "application/x-www-form-urlencoded", ""):
        answer = requests.post(url, data="{}", timeout=20,
                               headers={**headers, "Content-Type": kind})
        assert answer.status_code == 415 and answer.text == "", kind
