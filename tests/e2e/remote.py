"""A gateway before a remote ZITADEL: Vestibule's own compatible API plays it, behind a proxy that
lets calls go wrong.

    visitor -> Gateway (B) -> FaultProxy -> Zitadel (A)
                   |-> Inbox: the application and its webhook
"""

import base64
import json
import secrets
import shutil
import sqlite3
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

from fault_proxy import FaultProxy
from vestibule_process import (BUILD, Shop, Vestibule, decode_jwt, make_webhook_secret,
                               wait_for)
from visitor import Visitor

RULES = [
    {"method": "POST", "path": "/api/cart/**"},
    {"method": "POST", "path": "/api/orders"},
]
LIMITS = {"guests_per_minute": 100000, "guests_burst": 100000, "sign_ins_per_minute": 100000}
TODAY = "GUEST_%y_%m_%d"
# Of one call to the remote. Most cases wait for it, so it is as short as the build's speed allows.
CALL_TIMEOUT = "6s" if "asan" in str(BUILD) else "2s"
PASSWORD = "Violet-harbour-antique-9"  # as ZITADEL's default policy wants it


class Zitadel(Vestibule):
    """The remote server; everybody but its administrator reaches it through the proxy, whose URL
    is its issuer."""

    def __init__(self, directory, redirect_uris, public_client=False):
        self.proxy = FaultProxy()
        super().__init__(
            directory, redirect_uris=redirect_uris, public_client=public_client,
            config={"roles": ["provider", "keeper"], "limits": LIMITS,
                    "mail": {"transport": "mailbox"}})
        self.proxy.port_behind = self.port
        self.direct = self.issuer
        self.issuer = self.application = self.proxy.url
        self.config["public_url"] = self.issuer
        self.config["gateway"] = {}

    def start(self, environment=None):
        super().start(environment)
        self.set_up_application()
        return self

    def set_up_application(self):
        """Its setting "auth token type: JWT"."""
        client = self.bootstrap["client"]["id"]
        metadata = json.loads(self.command("clients", "show", client, "--json").stdout)
        file = self.directory / "client.json"
        file.write_text(json.dumps({**metadata, "access_token_format": "jwt"}))
        self.command("clients", "update", client, "--file", file)

    def stop(self):
        self.proxy.stop()
        return super().stop()

    def wait_until_ready(self):
        super().wait_until_ready()
        self.proxy.clear()

    def call(self, method, path, body=None, who="admin"):
        """Past the proxy: what happens at the other doors of a ZITADEL."""
        return requests.request(method, self.direct + path, json=body, timeout=20, headers={
            "Host": self.issuer.split("//")[1],
            "Authorization": f"Bearer {self.bootstrap[who]['pat']}"})

    def find(self, user):
        """As the user API shows it to an administrator, or None."""
        answer = self.call("GET", f"/v2/users/{user}")
        assert answer.status_code in (200, 404), answer.text
        return answer.json()["user"] if answer.status_code == 200 else None

    def tags(self, user):
        answer = self.call("POST", f"/v2/users/{user}/metadata/search", {})
        return [entry["key"] for entry in answer.json().get("metadata", [])]

    def humans(self):
        """The ids of everybody but the administrator."""
        answer = self.call("POST", "/v2/users",
                           {"queries": [{"typeQuery": {"type": "TYPE_HUMAN"}}]})
        assert answer.status_code == 200, answer.text
        return {user["userId"] for user in answer.json().get("result", [])
                if user.get("username") != "admin"}

    def new_account(self, email=None):
        """(id, e-mail) of somebody who can sign in, made in ZITADEL's console, so to speak."""
        email = email or f"account-{secrets.token_hex(6)}@example.com"
        answer = self.call("POST", "/v2/users/human", {
            "organization": {"orgId": self.bootstrap["organization_id"]}, "username": email,
            "profile": {"givenName": "Ada", "familyName": "Lovelace"},
            "email": {"email": email, "isVerified": True},
            "password": {"password": PASSWORD, "changeRequired": False}})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["userId"], email

    def prove_email(self, user):
        """As a click on the link in ZITADEL's mail does."""
        email = self.find(user)["human"]["email"]["email"]
        answer = self.call("PUT", f"/v2/users/human/{user}",
                           {"email": {"email": email, "isVerified": True}})
        assert answer.status_code == 200, answer.text

    def register(self, user, email, who="service_account"):
        """Through another door than the gateway's."""
        return self.call("PUT", f"/v2/users/human/{user}", {
            "profile": {"givenName": "Other", "familyName": "Door"},
            "email": {"email": email, "isVerified": True},
            "password": {"password": {"password": PASSWORD, "changeRequired": False}}}, who)


class Gateway(Vestibule):
    """Vestibule's gateway with a ZITADEL for its identity provider."""

    def __init__(self, directory, upstream, applications=()):
        super().__init__(directory, application=True, upstream=upstream, config={
            "roles": ["gateway", "keeper"],
            "limits": LIMITS,
            "applications": list(applications),
        })
        self.config["gateway"].setdefault("rules", RULES)
        self.config["gateway"]["identity_provider"] = "zitadel"
        self.config["zitadel"] = {"allowed_networks": ["127.0.0.0/8"], "call_timeout": CALL_TIMEOUT,
                                  "retry_after": "1s"}
        self.crashed = threading.Event()

    @property
    def callback(self):
        return self.application + "/guest/v1/callback"

    def connect(self, zitadel, credential="pat"):
        """`credential`: what the service account shows, a `pat` or a `key`."""
        known = zitadel.bootstrap
        settings = self.config["zitadel"]
        settings["issuer"] = zitadel.issuer
        settings["organization_id"] = known["organization_id"]
        settings["client_id"] = known["client"]["id"]
        if "secret" in known["client"]:
            settings["client_secret_file"] = self.keep("client-secret", known["client"]["secret"])
        secret = known["service_account"][credential]
        settings[f"service_{'token' if credential == 'pat' else 'key'}_file"] = self.keep(
            credential, secret if isinstance(secret, str) else json.dumps(secret))
        self._bootstrap = known
        return self

    def keep(self, name, content):
        path = self.directory / name
        path.write_text(content + "\n")
        path.chmod(0o600)
        return str(path)

    def crash(self):
        """kill -9, as a proxy's hook does it."""
        self.kill()
        self.crashed.set()

    def recover(self):
        """Starts it again if it was killed."""
        if self.crashed.is_set():
            self.crashed.clear()
            self.start()

    def rows(self, query, *parameters):
        """Looked at from outside, which never disturbs the server."""
        with closing(sqlite3.connect(f"file:{self.data}/vestibule.db?mode=ro", uri=True)) as store:
            return store.execute(query, parameters).fetchall()

    def find_local(self, subject):
        """guest or account; None if nobody of that subject is known here."""
        found = self.rows("select guest_day from users where subject = ? or id = ?", subject,
                          int(subject) if subject.isdigit() else -1)
        assert len(found) <= 1
        return ("account" if found[0][0] is None else "guest") if found else None

    def tasks(self):
        return self.rows("select * from remote_tasks")

    def wait_until_idle(self, seconds=120):
        """Until no saga is unfinished; started again if it was killed meanwhile."""
        def idle():
            self.recover()
            return not self.tasks()

        try:
            wait_for(idle, "the end of every saga", seconds)
        except AssertionError:
            raise AssertionError(f"unfinished: {self.tasks()}\n{self.tail()}") from None
        self.recover()

    def tail(self):
        """The log's end without what is said at every request."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join([line for line in lines if "request id" not in line][-12:])

    def purge(self):
        return self.command("purge", "--older-than", "0s", "--force", "--json", check=False)


class Inbox:
    """An application: answers its visitors with what it was sent, takes its events. While `busy` is
    set it takes none."""

    def __init__(self, directory):
        self.requests = []
        self.deliveries = []
        self.busy = threading.Event()
        Path(directory).mkdir(parents=True, exist_ok=True)
        self.secret_file = Path(directory) / "webhook-secret"
        make_webhook_secret(self.secret_file)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path == "/webhook":
                    status, content = outer.take(self.headers["webhook-id"], json.loads(body))
                else:
                    seen = {"method": self.command, "path": self.path,
                            "headers": [list(item) for item in self.headers.items()]}
                    outer.requests.append(seen)
                    status, content = 200, seen
                content = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=[0.05], daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def take(self, event_id, event):
        if self.busy.is_set():
            return 503, {}
        self.deliveries.append((event_id, event))
        return 200, {"merge_id": event["data"].get("merge_id", "")}

    def application(self):
        return {"name": "inbox", "webhook_url": self.url + "/webhook",
                "webhook_secret_file": str(self.secret_file), "allowed_networks": ["127.0.0.0/8"]}

    def events(self, subject):
        """The types that were told of that subject, in order; a repeated delivery counts once."""
        told = {}
        for event_id, event in list(self.deliveries):
            data = event["data"]
            if subject in (data.get("sub"), data.get("source_sub")):
                told[event_id] = event["type"]
        return list(told.values())

    def wait_for_events(self, subject, wanted):
        wait_for(lambda: len(self.events(subject)) >= len(wanted), f"{wanted} of {subject}", 30)
        assert self.events(subject) == wanted


class Lane:
    """All of it once; tests that must not meet run in lanes of their own."""

    def __init__(self, directory, **zitadel):
        directory = Path(directory)
        self.inbox = Inbox(directory / "inbox")
        self.gateway = Gateway(directory / "gateway", self.inbox.url, [self.inbox.application()])
        self.zitadel = Zitadel(directory / "zitadel", [self.gateway.callback], **zitadel)

    def start(self, credential="pat"):
        try:
            self.zitadel.start()
            self.gateway.connect(self.zitadel, credential).start()
        except BaseException:
            self.stop()
            raise
        self.proxy.clear()
        return self

    def stop(self):
        gateway, zitadel = self.gateway.stop(), self.zitadel.stop()
        self.inbox.stop()
        assert (gateway, zitadel) == (0, 0)

    @property
    def proxy(self):
        return self.zitadel.proxy

    @property
    def issuer(self):
        """For `visitor.sign_in`: where the sign-in pages are."""
        return self.zitadel.issuer

    @property
    def application(self):
        return self.gateway.application

    def visitor(self):
        return Visitor(self.application)

    def assert_no_secret_is_logged(self):
        log = self.gateway.log.read_text(errors="replace")
        known = self.proxy.secrets | {PASSWORD, self.zitadel.bootstrap["service_account"]["pat"]}
        assert not [secret[:6] + "…" for secret in known if secret in log]


class Demo:
    """The shop behind a gateway whose identity provider is remote."""

    def __init__(self, directory):
        self.shop = Shop(directory / "shop")
        self.gateway = Gateway(directory / "gateway", self.shop.url, [self.shop.application()])
        self.zitadel = Zitadel(directory / "zitadel", [self.gateway.callback])

    def start(self):
        self.zitadel.start()
        self.gateway.connect(self.zitadel).start()
        self.shop.start(self.zitadel.issuer, self.zitadel.bootstrap["client"]["id"])
        return self

    def stop(self):
        self.gateway.stop()
        self.zitadel.stop()
        self.shop.stop()

    @property
    def url(self):
        return self.gateway.application


def told(error):
    """What failed, and in which line."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {place.name}: {place.line}\n{str(error)[:1000]}"


class Lanes:
    """So many lanes at once; a test's cases take turns on them."""

    def __init__(self, directory, count, **lane):
        self.lanes = [Lane(directory / f"lane-{number}", **lane) for number in range(count)]
        self.free = list(self.lanes)
        self.lock = threading.Condition()
        self.pool = ThreadPoolExecutor(count)
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    def start(self):
        """Keys and passwords take seconds of work: one lane does it, and the others are copies."""
        first, *others = self.lanes
        zitadel = first.zitadel
        zitadel.redirect_uris = [lane.gateway.callback for lane in self.lanes]
        known = zitadel.bootstrap
        first.gateway.connect(zitadel).start().stop()
        for lane in others:
            shutil.copytree(zitadel.data, lane.zitadel.data)
            lane.zitadel._bootstrap = {**known, "issuer": lane.zitadel.issuer}
            shutil.copytree(first.gateway.data, lane.gateway.data)
        for lane in self.lanes:
            lane.start()

    def stop(self):
        self.pool.shutdown()
        for lane in self.lanes:
            lane.stop()

    def run(self, case, *arguments):
        with self.lock:
            self.lock.wait_for(lambda: self.free)
            lane = self.free.pop(0)
        try:
            return case(lane, *arguments)
        finally:
            with self.lock:
                self.free.append(lane)
                self.lock.notify()

    def run_all(self, case, rows):
        """Runs every row and tells of all that failed."""
        futures = {str(row): self.pool.submit(self.run, case, *row) for row in rows}
        failed = [f"{name}: {told(future.exception())}" for name, future in futures.items()
                  if future.exception()]
        assert not failed, f"{len(failed)} of {len(futures)}:\n" + "\n\n".join(failed)


def forwarded_claims(answer):
    """Of the token with which the gateway forwarded a request to the inbox; None without one."""
    assert answer.status_code == 200, answer.text
    bearer = dict(answer.json()["headers"]).get("Authorization")
    return decode_jwt(bearer.removeprefix("Bearer "))[1] if bearer else None


def create_guest(zitadel, user=None):
    """By a service account, past gateway and proxy."""
    name = f"guest-{secrets.token_hex(6)}"
    answer = zitadel.call("POST", "/v2/users/new", {
        "organizationId": zitadel.bootstrap["organization_id"], "username": name,
        **({"userId": user} if user else {}),
        "human": {"profile": {"givenName": "Guest", "familyName": "User"},
                  "email": {"email": f"{name}@guest.invalid", "isVerified": True},
                  "metadata": [{"key": time.strftime(TODAY, time.gmtime()),
                                "value": base64.b64encode(b"created").decode()}]}},
        "service_account")
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["id"]
