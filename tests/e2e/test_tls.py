"""The TLS listener: what it speaks, what it refuses, and a new certificate under running connections."""

import http.client
import json
import re
import shutil
import signal
import socket
import ssl
import threading
import time

import pytest
import requests
from cryptography import x509

from authority import Authority
from conftest import RULES
from vestibule_process import VESTIBULE, Upstream, Vestibule, free_port, wait_for


class TlsServer(Vestibule):
    """Provider and application on two TLS ports of localhost, and the plain listener beside."""

    def __init__(self, directory, authority, upstream=None):
        self.authority = authority
        self.provider_port, self.application_port = free_port(), free_port()
        self.provider = f"https://localhost:{self.provider_port}"
        self.shop = f"https://localhost:{self.application_port}"
        self.certificate = directory / "server.pem"
        self.key = directory / "server.key"
        self.serial = self.renew()
        super().__init__(directory, upstream=upstream, config={
            "public_url": self.provider,
            "tls": {"listen": f"127.0.0.1:{self.provider_port}",
                    "certificate": str(self.certificate), "key": str(self.key)},
            "gateway": {"tls_listen": f"127.0.0.1:{self.application_port}",
                        "public_url": self.shop, "rules": RULES},
        })

    def renew(self):
        self.serial = self.authority.issue(self.certificate, self.key)
        return self.serial

    def hang_up(self, line):
        """SIGHUP, and waits for one more such line in the log."""
        before = self.log.read_text().count(line)
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: self.log.read_text().count(line) > before, line)

    def context(self, **settings):
        context = ssl.create_default_context(cafile=str(self.authority.file))
        for name, value in settings.items():
            setattr(context, name, value)
        return context

    def connect(self, context=None, port=None, session=None):
        raw = socket.create_connection(("127.0.0.1", port or self.provider_port), timeout=20)
        try:
            return (context or self.context()).wrap_socket(raw, server_hostname="localhost",
                                                           session=session)
        except Exception:
            raw.close()
            raise

    def get(self, url, **more):
        return requests.get(url, timeout=20, verify=str(self.authority.file), **more)


@pytest.fixture(scope="module")
def upstream():
    running = Upstream()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def tls(tmp_path_factory, upstream):
    directory = tmp_path_factory.mktemp("tls")
    running = TlsServer(directory, Authority(directory), upstream.url).start()
    yield running
    assert running.stop() == 0


def serial_of(connection):
    return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True)).serial_number


def test_the_provider_is_reached_and_verified(tls):
    document = tls.get(tls.provider + "/.well-known/openid-configuration").json()
    assert document["issuer"] == tls.provider
    assert all(value.startswith(tls.provider) for name, value in document.items()
               if name.endswith(("_endpoint", "_uri")) and isinstance(value, str))
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(tls.provider + "/healthz", timeout=20)


def test_the_plain_listener_stands_beside(tls):
    assert requests.get(tls.issuer + "/healthz", timeout=20).status_code == 200


def test_one_listener_serves_both_origins_by_host(tls):
    own = tls.get(tls.provider + "/guest/v1/session")
    other = tls.get(tls.provider + "/guest/v1/session",
                    headers={"Host": f"localhost:{tls.application_port}"})
    assert own.status_code == 404 and other.status_code == 200
    assert tls.get(tls.provider + "/", headers={"Host": "evil.example"}).status_code == 421


def test_the_application_behind_it_sees_https(tls, upstream):
    answer = requests.post(tls.shop + "/api/cart/items", json={}, timeout=20,
                           verify=str(tls.authority.file), headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 200, answer.text
    fields = {name.lower(): value for name, value in answer.json()["headers"]}
    assert fields["x-forwarded-proto"] == "https"
    assert fields["authorization"].startswith("Bearer ")
    assert "Secure" in answer.headers["Set-Cookie"]


def test_large_bodies_go_both_ways(tls):
    body = "x" * 3_000_000
    answer = requests.post(tls.shop + "/large", data=body, timeout=60,
                           verify=str(tls.authority.file))
    assert answer.json()["body"] == body


def test_a_websocket_is_tunnelled(tls, tmp_path):
    listener = socket.create_server(("127.0.0.1", 0))

    def echo():
        connection, _ = listener.accept()
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(4096)
            connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                               b"Connection: Upgrade\r\n\r\n")
            while piece := connection.recv(65536):
                connection.sendall(piece)

    threading.Thread(target=echo, daemon=True).start()
    server = TlsServer(tmp_path, tls.authority, f"http://127.0.0.1:{listener.getsockname()[1]}")
    server.start()
    try:
        with server.connect(port=server.application_port) as connection:
            connection.sendall((
                f"GET /socket HTTP/1.1\r\nHost: localhost:{server.application_port}\r\n"
                f"Origin: {server.shop}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            ).encode())
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(1)
            assert head.startswith(b"HTTP/1.1 101 ")
            for size in (1, 100, 20_000):
                connection.sendall(b"p" * size)
                echoed = b""
                while len(echoed) < size:
                    echoed += connection.recv(65536)
                assert echoed == b"p" * size
    finally:
        listener.close()
        assert server.stop() == 0


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_are_refused(tls, version):
    context = tls.context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with pytest.raises(ssl.SSLError):
        tls.connect(context)


@pytest.mark.parametrize("suite", ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA",
                                   "AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256",
                                   "ECDHE-ECDSA-AES128-CCM8"])
def test_weak_suites_are_refused(tls, suite):
    context = tls.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite + ":@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        tls.connect(context)


@pytest.mark.parametrize("version,name", [(ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
                                          (ssl.TLSVersion.TLSv1_3, "TLSv1.3")])
def test_what_is_spoken(tls, version, name):
    context = tls.context()
    context.minimum_version = context.maximum_version = version
    with tls.connect(context) as connection:
        assert connection.version() == name
        assert re.search(r"GCM|CHACHA20", connection.cipher()[0])


@pytest.mark.parametrize("offered,chosen", [(["http/1.1"], "http/1.1"),
                                            (["h2", "http/1.1"], "http/1.1"), ([], None)])
def test_alpn_chooses_http_1_1(tls, offered, chosen):
    context = tls.context()
    if offered:
        context.set_alpn_protocols(offered)
    with tls.connect(context) as connection:
        assert connection.selected_alpn_protocol() == chosen


def test_alpn_without_http_1_1_is_refused(tls):
    context = tls.context()
    context.set_alpn_protocols(["h2"])
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        tls.connect(context)


def test_sessions_are_resumed(tls):
    context = tls.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with tls.connect(context) as first:
        session = first.session
    with tls.connect(context, session=session) as second:
        assert second.session_reused


def test_plain_http_is_cut(tls):
    with socket.create_connection(("127.0.0.1", tls.provider_port), timeout=20) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = b""
        try:
            while piece := connection.recv(4096):
                received += piece
        except ConnectionResetError:
            pass
    assert b"HTTP/" not in received


def test_the_end_is_said(tls):
    """close_notify, without which a client cannot tell the end from a cut."""
    context = tls.context()
    with tls.connect(context) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        received = b""
        while piece := connection.recv(4096):  # ssl raises SSLEOFError without it
            received += piece
    assert received.startswith(b"HTTP/1.1 200 ")


def test_pipelined_requests_in_one_record(tls):
    with tls.connect() as connection:
        one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        connection.sendall(one * 3 + one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        received = b""
        while piece := connection.recv(4096):
            received += piece
    assert received.count(b"HTTP/1.1 200 ") == 4


def test_a_reader_who_dawdles_gets_everything(tls, upstream):
    """More than the socket takes at once: records that wait are sent again as they were."""
    body = "y" * 2_000_000
    with tls.connect(port=tls.application_port) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.sendall((f"POST /slow HTTP/1.1\r\nHost: localhost:{tls.application_port}\r\n"
                            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n" + body)
                           .encode())
        received = bytearray()
        while piece := connection.recv(65536):
            received += piece
    head, _, content = bytes(received).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert json.loads(content)["body"] == body


def test_slow_handshakes_are_cut_and_hold_up_nobody(tls):
    begin = time.monotonic()
    silent = [socket.create_connection(("127.0.0.1", tls.provider_port), timeout=30)
              for _ in range(40)]
    for connection in silent[:20]:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00")  # the beginning of a ClientHello
    for _ in range(20):
        asked = time.monotonic()
        assert tls.get(tls.provider + "/healthz").status_code == 200
        assert time.monotonic() - asked < 2
    for connection in silent:
        assert connection.recv(4096) == b""
        connection.close()
    assert 8 < time.monotonic() - begin < 20


def test_broken_handshakes_break_nothing(tls):
    for bytes_ in (b"\x00" * 100, b"\x16\x03\x01\x00\x05hello", b"\x80\x2e\x01\x00\x02", b"\xff"):
        with socket.create_connection(("127.0.0.1", tls.provider_port), timeout=20) as connection:
            connection.sendall(bytes_)
    assert tls.get(tls.provider + "/healthz").status_code == 200


def test_a_new_certificate_under_running_connections(tls):
    before = tls.serial
    kept = http.client.HTTPSConnection("localhost", tls.provider_port, context=tls.context())
    kept.request("GET", "/healthz")
    assert kept.getresponse().read() is not None
    kept_socket = kept.sock

    failures, stop = [], threading.Event()

    def ask():
        with requests.Session() as session:
            while not stop.is_set():
                try:
                    if session.get(tls.provider + "/healthz", timeout=20,
                                   verify=str(tls.authority.file)).status_code != 200:
                        failures.append("status")
                except requests.RequestException as error:
                    failures.append(error)

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    after = tls.renew()
    tls.hang_up("the certificate was read again")
    with tls.connect() as fresh:
        assert serial_of(fresh) == after != before
    kept.request("GET", "/healthz")
    assert kept.getresponse().status == 200
    assert kept.sock is kept_socket and serial_of(kept.sock) == before
    stop.set()
    for asker in askers:
        asker.join()
    assert not failures
    kept.close()


@pytest.mark.parametrize("damage", ["garbage", "missing", "other key"])
def test_a_broken_new_certificate_keeps_the_old_one(tls, tmp_path, damage):
    for file in (tls.certificate, tls.key):
        shutil.copy(file, tmp_path)
    if damage == "garbage":
        tls.certificate.write_text("no certificate\n")
    elif damage == "missing":
        tls.certificate.unlink()
    else:
        tls.authority.issue(tmp_path / "ignored.pem", tls.key)
    try:
        tls.hang_up("nothing of it is in force")
        with tls.connect() as connection:
            assert serial_of(connection) == tls.serial
    finally:
        for file in (tls.certificate, tls.key):
            shutil.copy(tmp_path / file.name, file)
    tls.hang_up("the certificate was read again")


def mistakes(directory, **tls):
    """What `config check` says about a [tls] table: exit code, words, and the place of each key."""
    server = Vestibule(directory, config={"tls": tls})
    checked = server.command("config", "check", check=False)
    lines = server.config_file.read_text().splitlines()
    where = {key: f"{server.config_file}:{number}: tls.{key}: " for number, line
             in enumerate(lines, 1) for key in [line.split(" = ")[0]]}
    return checked.returncode, checked.stdout + checked.stderr, where


def test_config_check_names_the_file_at_fault(tmp_path, tls):
    files = {"certificate": str(tls.certificate), "key": str(tls.key)}
    listen = "127.0.0.1:0"
    assert mistakes(tmp_path, listen=listen, **files)[0] == 0
    code, said, where = mistakes(tmp_path, listen=listen)
    assert code == 2 and where["listen"] + "tls.certificate and tls.key are needed" in said
    for key in files:
        code, said, where = mistakes(tmp_path, listen=listen, **{**files, key: "/nonexistent.pem"})
        assert code == 2 and where[key] + "/nonexistent.pem: No such file or directory" in said
        code, said, where = mistakes(tmp_path, listen=listen, **{**files, key: "/dev/null"})
        assert code == 2 and where[key] + "/dev/null: " in said
    other = tmp_path / "other.key"
    tls.authority.issue(tmp_path / "other.pem", other)
    code, said, where = mistakes(tmp_path, listen=listen, certificate=files["certificate"],
                                 key=str(other))
    assert code == 2 and where["key"] + f"{other}: key values mismatch" in said
    code, said, where = mistakes(tmp_path, listen="0.0.0.0:443", **files)
    assert code == 0, said  # with a public_url
    assert mistakes(tmp_path, listen="nowhere", **files)[0] == 2


def test_the_url_is_derived_from_the_listener(tmp_path, tls):
    server = Vestibule(tmp_path, config={
        "public_url": "", "gateway": {"public_url": ""}, "listen": "",
        "tls": {"listen": "127.0.0.1:0", "certificate": str(tls.certificate), "key": str(tls.key)}})
    server.command("bootstrap", "--json")
    server.write_config()
    server.spawn([VESTIBULE, "serve", "--config", server.config_file])
    try:
        found = wait_for(lambda: re.search(r"vestibule (https://127\.0\.0\.1:\d+)\n",
                                           server.log.read_text()), "the URL")
        assert found[1] != "https://127.0.0.1:0"
        document = tls.get(found[1] + "/.well-known/openid-configuration").json()
        assert document["issuer"] == found[1]
    finally:
        assert server.stop() == 0


def test_the_end_is_graceful(tmp_path, tls):
    server = TlsServer(tmp_path, tls.authority).start()
    kept = [server.connect() for _ in range(5)]
    begin = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begin < 5
    for connection in kept:
        assert connection.recv(100) == b""
        connection.close()
