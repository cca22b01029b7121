"""An application that reads requests as RFC 9112 has them and in no other way.

What two programs could read differently is a fault of whoever sent it: here, of the proxy before it."""

import json
import re
import socket
import threading

FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \t]*([^\r\n\0]*)")
REQUEST_LINE = re.compile(rb"[A-Z]+ /[\x21-\x7e]* HTTP/1\.1")
SIZE = re.compile(rb"[0-9a-fA-F]{1,8}")


class Fault(Exception):
    pass


class _Reader:
    def __init__(self, connection):
        self.connection = connection
        self.buffer = b""

    def fill(self):
        piece = self.connection.recv(65536)
        if not piece:
            raise EOFError
        self.buffer += piece

    def until(self, end):
        while end not in self.buffer:
            self.fill()
        found, self.buffer = self.buffer.split(end, 1)
        return found

    def exactly(self, size):
        while len(self.buffer) < size:
            self.fill()
        found, self.buffer = self.buffer[:size], self.buffer[size:]
        return found

    def request(self):
        """(method, path, fields, body)"""
        line, *lines = self.until(b"\r\n\r\n").split(b"\r\n")
        if not REQUEST_LINE.fullmatch(line):
            raise Fault(f"request line {line!r}")
        fields = []
        for text in lines:
            if not FIELD.fullmatch(text):
                raise Fault(f"field {text!r}")
            name, _, value = text.partition(b":")
            fields.append((name.decode(), value.strip(b" \t").decode("latin-1")))
        method, path, _ = line.decode().split(" ")
        return method, path, fields, self.body(fields)

    def body(self, fields):
        def all_of(wanted):
            return [value for name, value in fields if name.lower() == wanted]

        lengths, codings = all_of("content-length"), all_of("transfer-encoding")
        if len(all_of("host")) != 1:
            raise Fault("not one Host")
        if len(lengths) + len(codings) > 1:
            raise Fault(f"lengths {lengths}, codings {codings}")
        if lengths and not re.fullmatch("[0-9]{1,9}", lengths[0]):
            raise Fault(f"length {lengths[0]!r}")
        if codings and codings[0] != "chunked":
            raise Fault(f"coding {codings[0]!r}")
        if codings:
            return self.chunks()
        return self.exactly(int(lengths[0]) if lengths else 0)

    def chunks(self):
        body = b""
        while True:
            size = self.until(b"\r\n")
            if not SIZE.fullmatch(size):  # an extension is hop-by-hop and ends at the proxy
                raise Fault(f"chunk size {size!r}")
            if int(size, 16) == 0:
                break
            body += self.exactly(int(size, 16))
            if self.exactly(2) != b"\r\n":
                raise Fault("a chunk longer than its size")
        trailer = self.until(b"\r\n")
        if trailer:
            raise Fault(f"trailer {trailer!r}")
        return body


class StrictUpstream:
    """Answers with what it was sent, as `Upstream` does; `faults` is what it could not accept."""

    def __init__(self):
        self.requests = []
        self.faults = []
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self.socket.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        reader = _Reader(connection)
        with connection:
            try:
                while True:
                    connection.sendall(self._answer(*reader.request()))
            except Fault as fault:
                self.faults.append(str(fault))
            except (EOFError, OSError):
                pass

    def _answer(self, method, path, fields, body):
        seen = {"method": method, "path": path, "headers": fields, "body": body.decode("latin-1")}
        self.requests.append(seen)
        content = json.dumps(seen).encode()
        head = ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(content)}\r\n\r\n").encode()
        return head + (b"" if method == "HEAD" else content)
