"""Attacks on merges: acknowledgements that are none, and the old `sub` used as if it were somebody."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from vestibule_process import (Upstream, Vestibule, decode_jwt, make_webhook_secret, wait_for)
from visitor import (OWN_PAGE, Visitor, assert_error, guest_of, proved_account_of, sign_in,
                     store_rows)

LIMITS = {"guests_per_minute": 100000, "guests_burst": 100000, "sign_ins_per_minute": 100000}
OPEN = "merge_parts where acknowledged_at is null and merge_id = ?"

# What an application answers that has not taken anything over: status, and a body made of the id
# that was asked about and of another merge's.
FALSE = [
    (200, lambda id, other: ""), (200, lambda id, other: "ok"), (200, lambda id, other: "{}"),
    (200, lambda id, other: id), (200, lambda id, other: json.dumps(id)),
    (200, lambda id, other: json.dumps([{"merge_id": id}])),
    (200, lambda id, other: '{"merge_id":null}'), (200, lambda id, other: '{"merge_id":true}'),
    (200, lambda id, other: f'{{"merge_id":{id}}}'),
    (200, lambda id, other: json.dumps({"merge_id": [id]})),
    (200, lambda id, other: json.dumps({"merge_id": id + " "})),
    (200, lambda id, other: json.dumps({"merge_id": "0" + id})),
    (200, lambda id, other: json.dumps({"merge_id": other})),
    (200, lambda id, other: json.dumps({"Merge_Id": id})),
    (200, lambda id, other: json.dumps({"data": {"merge_id": id}})),
    (200, lambda id, other: json.dumps({"merge_id": id})[:-1]),
    (200, lambda id, other: json.dumps({"merge_id": id}) + " x"),
    (200, lambda id, other: f"merge_id={id}"),
    (201, lambda id, other: json.dumps({"merge_id": id})),
    (202, lambda id, other: json.dumps({"merge_id": id})),
    (204, lambda id, other: ""),
    (302, lambda id, other: json.dumps({"merge_id": id})),
    (307, lambda id, other: json.dumps({"merge_id": id})),
    (409, lambda id, other: json.dumps({"merge_id": id})),
    (500, lambda id, other: json.dumps({"merge_id": id})),
]


class Receiver:
    """An application's webhook: the first answer to each merge is false, the later ones are not yet,
    until it is `honest`."""

    def __init__(self):
        self.honest = False
        self.told = {}      # merge id -> source
        self.answered = []
        outer = self
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):  # where a redirect would lead
                self.reply(200, '{"merge_id":"%s"}' % self.path.rpartition("/")[2])

            def do_POST(self):
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if event["type"] != "guest.merge_requested" or "honest" in self.path:
                    return self.reply(200, json.dumps({"merge_id": self.path.rpartition("/")[2]}))
                merge = event["data"]["merge_id"]
                with lock:
                    number = outer.told.setdefault(merge, (len(outer.told), event["data"]))[0]
                    first = merge not in outer.answered
                    others = [id for id in outer.told if id != merge]
                if outer.honest:
                    return self.reply(200, json.dumps({"merge_id": merge}))
                # Later a 2xx that takes nothing: failures alone would open the circuit.
                status, body = FALSE[number % len(FALSE)] if first else (200, lambda *_: "{}")
                self.reply(status, body(merge, others[-1] if others else "1"), merge)
                outer.answered.append(merge)

            def reply(self, status, body, merge=""):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                if 300 <= status < 400:
                    self.send_header("Location", f"{outer.url}/honest/{merge}")
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def test_a_false_acknowledgement_deletes_nobody(tmp_path):
    receiver = Receiver()
    secret = tmp_path / "secret"
    make_webhook_secret(secret)
    server = Vestibule(tmp_path / "server", config={"limits": LIMITS, "applications": [{
        "name": "shop", "webhook_url": receiver.url + "/hook", "webhook_secret_file": str(secret),
        "allowed_networks": ["127.0.0.0/8"]}]}).start()
    try:
        def merge(_):
            _, email = proved_account_of(server)
            visitor = guest_of(server)
            sub = visitor.session()["sub"]
            assert sign_in(server, visitor, email, merge="1").status_code == 303
            return sub

        with ThreadPoolExecutor(8) as pool:
            guests = list(pool.map(merge, FALSE))
        wait_for(lambda: len(set(receiver.answered)) == len(FALSE), "an answer to each", 120)
        # Whatever was answered, and asked again since: everybody is there and waited for.
        server.command("purge", "--older-than", "0s", "--json")
        for merge_id, (number, data) in receiver.told.items():
            case = f"answer {number}"
            assert data["source_sub"] in guests, case
            assert store_rows(server, "users where id = ?", int(data["source_sub"])) == 1, case
            assert store_rows(server, OPEN, int(merge_id)) == 1, case
        assert store_rows(server, "tombstones") == 0 and store_rows(server, "aliases") == 0
        # The control: an honest answer completes each.
        receiver.honest = True
        wait_for(lambda: store_rows(server, "aliases") == len(FALSE), "the merges", 150)
        for sub in guests:
            assert store_rows(server, "users where id = ?", int(sub)) == 0
    finally:
        server.stop()
        receiver.stop()


# Applications that pull


class Pulling(Vestibule):
    """Two applications that hold data and pull, each with a service account of its own, and a third
    service account that is nobody's."""

    def __init__(self, directory, upstream):
        super().__init__(directory, application=True, upstream=upstream,
                         config={"limits": LIMITS, "gateway": {"rules": [{"path": "/api/**"}]}})
        self.start()
        self.tokens = {}
        accounts = {name: self.machine(name) for name in ("shop", "books", "nobody")}
        self.stop()
        self.config["applications"] = [
            {"name": name, "service_account": accounts[name]} for name in ("shop", "books")]
        self.start()

    def rpc(self, procedure, **body):
        return requests.post(f"{self.issuer}/zitadel.user.v2.UserService/{procedure}", json=body,
                             headers=self.admin_headers(), timeout=20)

    def machine(self, name):
        made = self.rpc("CreateUser", username=name, machine={"name": name},
                        organizationId=self.bootstrap["organization_id"]).json()["id"]
        self.tokens[name] = self.rpc("AddPersonalAccessToken", userId=made,
                                     expirationDate="2099-01-01T00:00:00Z").json()["token"]
        return made

    def as_(self, name, method, path):
        headers = {"Authorization": f"Bearer {self.tokens[name]}"} if name else {}
        return requests.request(method, self.application + "/guest/v1" + path, headers=headers,
                                timeout=20)


@pytest.fixture(scope="module")
def pulling(tmp_path_factory):
    upstream = Upstream()
    running = Pulling(tmp_path_factory.mktemp("pulling"), upstream.url)
    yield running
    assert running.stop() == 0
    upstream.stop()


def token_of(visitor):
    """What the application was given for this visitor."""
    answer = visitor.post("/api/x", data="x")
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["headers"])["Authorization"].removeprefix("Bearer ")


def begin_merge(pulling):
    _, email = proved_account_of(pulling)
    visitor = guest_of(pulling)
    guest, token, kept = visitor.session()["sub"], token_of(visitor), dict(visitor.cookies)
    assert sign_in(pulling, visitor, email, merge="1").status_code == 303
    open_ = pulling.as_("shop", "GET", "/merges?state=pending").json()["merges"]
    merge, = [each["merge_id"] for each in open_ if each["from"] == guest]
    return merge, guest, visitor, token, kept


def test_another_applications_acknowledgement_is_not_ones_own(pulling):
    """Neither an application that has taken nothing over, nor anybody else, speaks for another."""
    merge, guest, visitor, _, _ = begin_merge(pulling)
    other, other_guest, _, _, _ = begin_merge(pulling)
    ack = f"/merges/{merge}/ack"
    for _ in range(3):
        assert pulling.as_("books", "POST", ack).json()["state"] == "requested"
    assert_error(pulling.as_("nobody", "POST", ack), 403)
    assert_error(pulling.as_(None, "POST", ack), 401)
    assert_error(visitor.post("/guest/v1" + ack), 401)
    for wrong in (guest, visitor.session()["sub"], str(int(merge) + 1), "0" + merge, f"{merge}%20",
                  f"{merge}.0", f"+{merge}", f"{other},{merge}"):
        assert pulling.as_("shop", "POST", f"/merges/{wrong}/ack").status_code in (400, 404), wrong
    # The other merge's is of no use for this one, with whatever is said in its body.
    assert requests.post(pulling.application + f"/guest/v1/merges/{other}/ack", timeout=30,
                         headers={"Authorization": f"Bearer {pulling.tokens['shop']}"},
                         json={"merge_id": merge}).json()["merge_id"] == other
    for sub in (guest, other_guest):
        assert store_rows(pulling, "users where id = ?", int(sub)) == 1
    assert store_rows(pulling, OPEN, int(merge)) == 1
    # The control: the application that is waited for ends it.
    assert pulling.as_("shop", "POST", ack).json()["state"] == "done"
    assert store_rows(pulling, "users where id = ?", int(guest)) == 0
    assert store_rows(pulling, "users where id = ?", int(other_guest)) == 1
    assert pulling.as_("books", "POST", f"/merges/{other}/ack").json()["state"] == "done"


def test_an_alias_is_no_way_to_act_as_somebody(pulling):
    """The old `sub` leads applications to moved data; a request under it, by whatever it names
    somebody with, is neither the guest's nor the account's."""
    merge, guest, visitor, token, kept = begin_merge(pulling)
    account = visitor.session()["sub"]
    for name in ("shop", "books"):
        assert pulling.as_(name, "POST", f"/merges/{merge}/ack").status_code == 200
    client = pulling.bootstrap["client"]
    form = {"client_id": client["id"], "client_secret": client["secret"]}
    # The guest's cookie, token and id.
    assert Visitor(pulling.application, kept).session() == {"signed_in": False}
    said = requests.post(pulling.issuer + "/oauth/v2/introspect", data={**form, "token": token},
                         timeout=30)
    assert said.json() == {"active": False}
    kinds = "urn:ietf:params:oauth:token-type:"
    subjects = [(guest, "urn:zitadel:params:oauth:token-type:user_id"), (token, kinds + "jwt"),
                (token, kinds + "access_token")]
    for subject, kind in subjects:
        answer = requests.post(pulling.issuer + "/oauth/v2/token", timeout=30, data={
            **form, "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": subject, "subject_token_type": kind,
            "actor_token": pulling.bootstrap["service_account"]["pat"],
            "actor_token_type": kinds + "access_token", "scope": "openid"})
        assert answer.status_code in (400, 403, 404) and "access_token" not in answer.json()
    for procedure in ("GetUserByID", "DeleteUser", "SetPassword", "UpdateHumanUser"):
        answer = pulling.rpc(procedure, userId=guest, username="x",
                             newPassword={"password": "Attacker-Choice-9!"})
        assert answer.status_code in (400, 404), answer.text
    assert pulling.rpc("GetUserByID", userId=account).status_code == 200
    # What the account's browser is, is the account, and its token says so.
    assert visitor.session()["sub"] == account
    assert decode_jwt(token_of(visitor))[1]["sub"] == account
    # Who may ask where data has gone: an application.
    for name, status in (("shop", 200), ("books", 200), ("nobody", 403), (None, 401)):
        answer = pulling.as_(name, "GET", f"/aliases/{guest}")
        assert answer.status_code == status, answer.text
    assert pulling.as_("shop", "GET", f"/aliases/{guest}").json()["became"] == account
    assert pulling.as_("shop", "GET", f"/aliases/{account}").status_code == 404
    assert requests.get(pulling.application + f"/guest/v1/aliases/{guest}", timeout=30,
                        headers=OWN_PAGE, cookies=visitor.cookies).status_code == 401
