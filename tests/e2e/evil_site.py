"""A site of an attacker's: shows the page that a test gives it, and remembers who asked for what."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class EvilSite:
    """`page`: what it answers everything with; `fields`: header fields beside it."""

    def __init__(self, wrap=lambda socket: socket):
        self.page = "<!doctype html>"
        self.fields = []
        self.requests = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                outer.requests.append((self.command, self.path, dict(self.headers)))
                content = outer.page.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                for name, value in outer.fields:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = wrap(self.server.socket)
        self.server.handle_error = lambda *_: None  # a browser that leaves is no news
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
