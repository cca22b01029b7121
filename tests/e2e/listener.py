"""An application that takes webhooks and can misbehave in every way."""

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from vestibule_process import free_port, make_webhook_secret


class Event:
    """One webhook as it came."""

    def __init__(self, headers, body):
        self.headers = headers
        self.body = body
        self.id = headers["webhook-id"]
        whole = json.loads(body)
        assert set(whole) == {"type", "timestamp", "data"}
        self.type, self.data = whole["type"], whole["data"]
        self.sub = self.data.get("sub") or self.data.get("source_sub")

    def is_signed_by(self, secret):
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.{self.body.decode()}".encode()
        wanted = "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
        fresh = abs(time.time() - int(self.headers["webhook-timestamp"])) < 300
        return fresh and wanted in self.headers["webhook-signature"].split(" ")


class Listener:
    """Answers with what `answers` holds for the event's sub, in order, and well after that.

    An answer is a function of (handler, event): see below. `received` has every event as it came,
    `paths` every path that was asked for."""

    def __init__(self, directory, name="ears"):
        self.name = name
        self.secret_file = directory / f"{name}-secret"
        self.secret = make_webhook_secret(self.secret_file)
        self.port = free_port()
        self.received, self.paths, self.answers = [], [], {}
        self.always = None
        self.lock = threading.Lock()
        self.server = None
        self.open()

    def open(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                outer.take(self)

            def do_GET(self):
                with outer.lock:
                    outer.paths.append("GET " + self.path)
                status(204)(self, None)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.server.handle_error = lambda *_: None  # a client that broke off is no news
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        """Nobody listens any more."""
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def take(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        event = Event({name.lower(): value for name, value in handler.headers.items()}, body)
        with self.lock:
            self.received.append(event)
            self.paths.append("POST " + handler.path)
            waiting = self.answers.get(event.sub)
            answer = self.always or (waiting.pop(0) if waiting else well)
        answer(handler, event)

    def of(self, sub):
        with self.lock:
            return [event for event in self.received if event.sub == sub]

    def application(self, host="127.0.0.1", **more):
        return {"name": self.name, "webhook_url": f"http://{host}:{self.port}/hook",
                "webhook_secret_file": str(self.secret_file),
                "allowed_networks": ["127.0.0.0/8"], "holds_data": False, **more}


# Answers.


def status(code, body=b"", **headers):
    def answer(handler, _):
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if code != 204:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
    return answer


def well(handler, event):
    """A merge is acknowledged, everything else is taken."""
    if event.type == "guest.merge_requested":
        echo = json.dumps({"merge_id": event.data["merge_id"]}).encode()
        status(200, echo)(handler, event)
    else:
        status(204)(handler, event)


def cut(handler, _):
    """The connection breaks in the middle of the head."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def no_http(handler, _):
    handler.wfile.write(b"220 mail.example ESMTP\r\n")
    handler.close_connection = True


def endless(handler, _):
    """A body that never ends, as fast as it is taken."""
    handler.send_response(200)
    handler.end_headers()
    handler.close_connection = True
    while True:
        handler.wfile.write(b"x" * 65536)


def dripping(handler, _):
    """A byte now and then, for ever: no single read takes long."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    handler.close_connection = True
    while True:
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.2)  # this is what is tried, not what is waited for
