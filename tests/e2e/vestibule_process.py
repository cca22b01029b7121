"""Starts the real programs: the server, the shop, and a small upstream; with kill -9 and restart."""

import base64
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("VESTIBULE_TEST_BUILD", "build/release")
VESTIBULE = BUILD / "vestibule"
SHOP = BUILD / "examples/shop/shop"


def free_port():
    """A port to listen on. Not one of those that the system gives to connections, as port 0 would
    get: another test's connection could take it before the server has it."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def wait_for(check, what, seconds=20.0):
    """Polls `check` until it is true; the deadline is for failures only."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            found = check()
        except (requests.ConnectionError, requests.Timeout):
            found = None
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"timed out waiting for {what}")


def toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + "}"
    return json.dumps(str(value))


class Process:
    """A program with its log in a file; ended by its id only."""

    def __init__(self, log):
        self.log = Path(log)
        self.process = None

    def spawn(self, arguments, environment=None):
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [str(argument) for argument in arguments],
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
            )

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        if self.running:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)
        return self.process.returncode if self.process else 0

    def kill(self):
        if self.running:
            self.process.kill()
        self.process.wait()


class Vestibule(Process):
    """`vestibule serve` on a data directory of its own.

    `application` puts the application on an origin of its own (localhost, another port);
    without it everything is on one origin.
    """

    def __init__(self, directory, config=None, application=False, upstream=None, redirect_uris=(),
                 public_client=False):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        super().__init__(self.directory / "vestibule.log")
        self.data = self.directory / "data"
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.gateway_port = free_port() if application else self.port
        self.application = f"http://localhost:{self.gateway_port}" if application else self.issuer
        self.config = {
            "listen": f"127.0.0.1:{self.port}",
            "public_url": self.issuer,
            "data": str(self.data),
            "log": {"level": "debug"},
            "gateway": {},
            **(config or {}),
        }
        self.config["gateway"].setdefault("public_url", self.application)
        if application:
            self.config["gateway"]["listen"] = f"127.0.0.1:{self.gateway_port}"
        if upstream:
            self.config["gateway"]["upstream"] = upstream
        self.redirect_uris = list(redirect_uris)
        self.public_client = public_client
        self._bootstrap = None

    @property
    def config_file(self):
        return self.directory / "vestibule.toml"

    def write_config(self):
        lines = []
        tables = []
        for key, value in self.config.items():
            if isinstance(value, dict):
                tables.append(f"\n[{key}]")
                tables += [f"{name} = {toml(item)}" for name, item in value.items()]
            elif isinstance(value, list) and value and isinstance(value[0], dict):
                for table in value:
                    tables.append(f"\n[[{key}]]")
                    tables += [f"{name} = {toml(item)}" for name, item in table.items()]
            else:
                lines.append(f"{key} = {toml(value)}")
        self.config_file.write_text("\n".join(lines + tables) + "\n")

    def command(self, *arguments, environment=None, check=True):
        """Runs `vestibule COMMAND … --config F` and returns the finished process."""
        self.write_config()
        done = subprocess.run(
            [str(VESTIBULE), *map(str, arguments), "--config", str(self.config_file)],
            capture_output=True, text=True, timeout=120, env={**os.environ, **(environment or {})},
        )
        if check:
            assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done

    @property
    def bootstrap(self):
        if self._bootstrap is None:
            flags = [flag for uri in self.redirect_uris for flag in ("--redirect-uri", uri)]
            if self.public_client:
                flags.append("--public-client")
            self._bootstrap = json.loads(self.command("bootstrap", "--json", *flags).stdout)
        return self._bootstrap

    def start(self, environment=None):
        self.bootstrap  # once, before the first start
        self.write_config()
        self.spawn([VESTIBULE, "serve", "--config", self.config_file], environment)
        self.wait_until_ready()
        return self

    def wait_until_ready(self):
        def ready():
            assert self.running, f"the server ended:\n{self.log.read_text()[-4000:]}"
            return requests.get(self.issuer + "/readyz", timeout=5).status_code == 200

        wait_for(ready, "the server")

    def service_headers(self):
        return {"Authorization": f"Bearer {self.bootstrap['service_account']['pat']}"}

    def admin_headers(self):
        return {"Authorization": f"Bearer {self.bootstrap['admin']['pat']}"}


def make_webhook_secret(path):
    secret = secrets.token_bytes(32)
    path = Path(path)
    path.write_text("whsec_" + base64.b64encode(secret).decode() + "\n")
    path.chmod(0o600)
    return secret


class Shop(Process):
    """The demo shop behind a Vestibule."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        super().__init__(self.directory / "shop.log")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.secret_file = self.directory / "webhook-secret"
        make_webhook_secret(self.secret_file)
        self.maintenance_file = self.directory / "maintenance"

    def start(self, issuer, audience, environment=None):
        self.spawn([
            SHOP, "--listen", f"127.0.0.1:{self.port}", "--data", self.directory / "data",
            "--issuer", issuer, "--audience", audience, "--webhook-secret-file", self.secret_file,
            "--maintenance-file", self.maintenance_file,
            "--mailbox-url", issuer + "/mailbox",
        ], environment)
        wait_for(lambda: requests.get(self.url + "/healthz", timeout=5).status_code == 200, "the shop")
        return self

    def application(self, name="shop"):
        """The [[applications]] entry of a server that stands before it."""
        return {
            "name": name,
            "webhook_url": self.url + "/webhooks/vestibule",
            "webhook_secret_file": str(self.secret_file),
            "allowed_networks": ["127.0.0.0/8"],
        }


class Upstream:
    """An application that records what it is sent and answers with it as JSON."""

    def __init__(self):
        self.requests = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                seen = {"method": self.command, "path": self.path,
                        "headers": [[name, value] for name, value in self.headers.items()],
                        "body": body.decode("latin-1")}
                outer.requests.append(seen)
                content = json.dumps(seen).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                for name, value in outer.extra_headers:
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = answer

            def log_message(self, *_):
                pass

        self.extra_headers = []
        class Server(ThreadingHTTPServer):
            request_queue_size = 128  # twenty connections at once are no overload

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # a client that broke off is no news
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def decode_jwt(token):
    """Header and claims, unverified: for looking only."""
    def part(text):
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))

    header, claims, _ = token.split(".")
    return part(header), part(claims)
