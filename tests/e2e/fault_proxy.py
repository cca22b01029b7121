"""An HTTP proxy that lets single calls go wrong in a chosen way, before or after they took effect.

It stands before a server, records what was called, and strikes the calls that it was told to."""

import http.client
import json
import re
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
              "proxy-authorization", "proxy-authenticate"}
SECRET_HEADERS = {"authorization", "cookie", "set-cookie"}
SECRET_MEMBERS = {"access_token", "refresh_token", "id_token", "password", "client_secret",
                  "actor_token", "code", "code_verifier", "assertion", "client_assertion", "token"}
# A person's browser comes through here too; these are the calls of programs.
PROGRAMS = re.compile(r"/(v2|oauth/v2/(token|revoke|introspect|keys)|\.well-known|zitadel\."
                      r"|auth/v1|management/v1)\b")
FOREVER = 3600.0


@dataclass
class Answer:
    status: int
    headers: list
    body: bytes


@dataclass(frozen=True)
class Fault:
    """`forwarded`: the call reaches the server, so it takes effect. `reply` answers the caller in
    place of the server; without it the connection is reset. `hook` runs just before that."""

    name: str
    forwarded: bool
    reply: object = None
    hook: object = None
    patience: float = 0.0  # before it is forwarded: until the caller gives up, at most so long

    def __str__(self):
        return f"{self.name}-{'after' if self.forwarded else 'before'}"


@dataclass
class Injection:
    fault: Fault
    pattern: re.Pattern
    subject: str  # or None: whomever the call is about
    nth: int      # of the calls that fit, from 1
    times: int    # so many from there on
    seen: int = 0
    struck: int = 0
    fired: threading.Event = field(default_factory=threading.Event)

    def strikes(self, call):
        if not self.pattern.search(call.name) or self.subject not in (None, call.subject):
            return False
        self.seen += 1
        if not self.nth <= self.seen < self.nth + self.times:
            return False
        self.struck += 1
        return True


@dataclass
class Call:
    """One request. `name` is method and path with ids and query left out; of the token endpoint
    also the grant. `subject` is the user that it names, `status` the server's, None if it was not
    asked."""

    method: str
    path: str
    name: str
    subject: str
    headers: dict
    status: int = None
    fault: str = None
    begun: float = field(default_factory=time.monotonic)


def members_of(body, kind):
    """The members of a form or of JSON, nested ones too, as (name, value)."""
    if kind.startswith("application/x-www-form-urlencoded"):
        return [(name, value) for name, values in parse_qs(body.decode("latin-1")).items()
                for value in values]
    try:
        document = json.loads(body)
    except ValueError:
        return []
    found, waiting = [], [document]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            for name, value in item.items():
                found += [(name, value)] if isinstance(value, str) else []
                waiting.append(value)
    return found


def name_of(method, path, members):
    name = urlsplit(path).path
    name = re.sub(r"(?<=/v2/users/)(human/)?(?!human|new)[^/]+", r"\1{id}", name)
    name = re.sub(r"(?<=/metadata/)[^/]+$", lambda m: m[0] if m[0] == "search" else "{key}", name)
    if name == "/oauth/v2/token":
        name += " " + dict(members).get("grant_type", "").rsplit(":", 1)[-1]
    return f"{method} {name}"


def subject_of(path, members):
    """The user that a call is about, by its path or its body; None if by neither."""
    named = re.search(r"/v2/users/(?:human/)?(?!human\b|new\b)([^/?]+)", path)
    if named:
        return named[1]
    members = dict(members)
    return members.get("userId") or members.get("subject_token")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_one_call(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        members = members_of(body, self.headers.get("Content-Type") or "")
        call = Call(self.command, self.path, name_of(self.command, self.path, members),
                    subject_of(self.path, members),
                    {name: value for name, value in self.headers.items()
                     if name.lower() not in SECRET_HEADERS})
        self.call, self.body = call, body
        self.proxy.keep_secrets(self.headers, members)
        injection = self.proxy.record(call)
        if injection is None:
            self.send_whole(self.forward(call, body))
            return
        fault = injection.fault
        call.fault = str(fault)
        self.close_connection = True
        if fault.patience:
            self.wait_for_hangup(fault.patience)
        answer = self.forward(call, body) if fault.forwarded else None
        if fault.hook:
            fault.hook()
        injection.fired.set()
        if fault.reply:
            fault.reply(self, answer)
        else:
            self.reset()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = handle_one_call

    def forward(self, call, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.proxy.port_behind, timeout=30)
        try:
            connection.putrequest(call.method, call.path, skip_host=True,
                                  skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in HOP_BY_HOP:
                    connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            answer = Answer(response.status, response.getheaders(), response.read())
        except OSError:
            answer = Answer(502, [], b"the server is down")
        finally:
            connection.close()
        call.status = answer.status
        self.proxy.keep_secrets({}, members_of(
            answer.body, dict(answer.headers).get("Content-Type", "application/json")))
        return answer

    def send_head(self, answer, length):
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() not in HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(length))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def send_whole(self, answer):
        self.send_head(answer, len(answer.body))
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def reset(self):
        """RST rather than FIN: nothing that was written before is promised to arrive."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def wait_for_hangup(self, seconds):
        """Until the caller gives up; it has nothing more to say."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.proxy.stopped.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.05)
            try:
                if readable and not self.connection.recv(4096):
                    return
            except OSError:
                return

    def log_message(self, *_):
        pass


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def shutdown_request(self, request):
        try:
            super().shutdown_request(request)
        except OSError:
            pass  # it was reset

    def handle_error(self, *_):
        pass  # a caller that broke off is no news


class FaultProxy:
    """Listens at `url` and forwards to `port_behind`, which may be set later."""

    def __init__(self, port_behind=None):
        self.port_behind = port_behind
        self.lock = threading.Lock()
        self.calls = []
        self.injections = []
        self.secrets = set()
        self.stopped = threading.Event()
        self.server = Listener(("127.0.0.1", 0), type("Bound", (Handler,), {"proxy": self}))
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=[0.05], daemon=True).start()

    def stop(self):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()

    def inject(self, fault, calls=r".", subject=None, nth=1, times=1):
        """`calls` is a pattern for their names; the nth that fits from now on is struck, and those
        that follow until so many `times` are over."""
        injection = Injection(fault, re.compile(calls), subject, nth, times)
        with self.lock:
            self.injections.append(injection)
        return injection

    def clear(self):
        with self.lock:
            self.injections.clear()
            self.calls.clear()

    def record(self, call):
        """The injection that strikes this call, if one does."""
        if not PROGRAMS.match(urlsplit(call.path).path):
            return None
        with self.lock:
            self.calls.append(call)
            struck = [injection for injection in self.injections if injection.strikes(call)]
        return struck[0] if struck else None

    def keep_secrets(self, headers, members):
        found = {value for name, value in members if name in SECRET_MEMBERS}
        found.add(headers.get("Authorization", "").split(" ", 1)[-1])
        with self.lock:
            self.secrets |= {value for value in found if len(value) > 7}

    def names(self, subject=None):
        with self.lock:
            return [call.name for call in self.calls if subject in (None, call.subject)]

    def effects(self, pattern):
        """How many calls of that name the server has done."""
        with self.lock:
            return sum(1 for call in self.calls if re.search(pattern, call.name)
                       and call.status is not None and call.status < 300)


# What can go wrong. Each may strike before the call took effect or after it.


def dropped(forwarded=False, hook=None):
    """The connection is reset."""
    return Fault("dropped", forwarded, hook=hook)


def killed(kill, forwarded=False):
    """The caller dies."""
    return Fault("killed", forwarded, hook=kill)


def watched(hook, forwarded=True):
    """Nothing goes wrong; the hook runs after the call took effect, or before."""
    def reply(handler, answer):
        handler.send_whole(answer or handler.forward(handler.call, handler.body))
    return Fault("watched", forwarded, reply, hook)


def edited(change):
    """The server's own answer with its JSON changed."""
    def reply(handler, answer):
        body = json.dumps(change(json.loads(answer.body))).encode()
        handler.send_whole(Answer(answer.status, answer.headers, body))
    return Fault("edited", True, reply)


def answered(status, forwarded=False, body=None, headers=()):
    """Another answer; `body` is JSON of an error unless it is given."""
    if body is None:
        body = json.dumps({"code": 13, "message": "injected", "error": "injected"}).encode()
    fields = [("Content-Type", "application/json"), *headers]
    return Fault(f"{status}", forwarded,
                 lambda handler, _: handler.send_whole(Answer(status, fields, body)))


def malformed(forwarded=False, status=200):
    """A body that is no JSON."""
    fault = answered(status, forwarded, b'{"user": {"userId": "1", ')
    return Fault("malformed", forwarded, fault.reply)


def cut(forwarded=False):
    """The body ends before its Content-Length."""
    def reply(handler, answer):
        body = answer.body if answer else b'{"details": {}}'
        whole = Answer(200, [("Content-Type", "application/json")], body)
        handler.send_head(whole, len(body) + 100)
        handler.wfile.write(body)
    return Fault("cut", forwarded, reply)


def slow(forwarded=False):
    """A byte now and then, without end."""
    def reply(handler, _):
        handler.send_head(Answer(200, [("Content-Type", "application/json")], b""), 1 << 20)
        while not handler.proxy.stopped.wait(0.1):
            handler.wfile.write(b" ")
            handler.wfile.flush()
    return Fault("slow", forwarded, reply)


def silent(forwarded=False):
    """No answer, until the caller gives up."""
    return Fault("silent", forwarded, lambda handler, _: handler.wait_for_hangup(FOREVER))


def late():
    """It takes effect only after the caller has given up."""
    return Fault("late", True, lambda *_: None, patience=FOREVER)


def oversized(forwarded=False):
    """A body far beyond what any answer needs, in chunks."""
    def reply(handler, _):
        handler.send_response_only(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        piece = b" " * 65536
        for _ in range(1024):
            handler.wfile.write(b"10000\r\n" + piece + b"\r\n")
    return Fault("oversized", forwarded, reply)
