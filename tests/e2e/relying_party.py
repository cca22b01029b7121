"""A client of the provider that listens: where browsers come back to, and where it is told that a
session has ended."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import jwt
import requests

from vestibule_process import Vestibule, wait_for
from visitor import NAVIGATION, Pkce, Visitor, authorize_url, pass_sign_in_page, query_of

BASE = "/test/a/vestibule/"


class RelyingParty:
    """Records every request. `statuses`: what the next ones are answered with, then 200; a callable
    is called first, and may block."""

    def __init__(self):
        self.requests = []
        self.statuses = []
        self.lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                parts = urlsplit(self.path)
                with outer.lock:
                    outer.requests.append({
                        "method": self.command, "page": parts.path.removeprefix(BASE),
                        "query": parse_qs(parts.query), "body": body, "at": time.monotonic(),
                        "type": self.headers.get("Content-Type")})
                    status = 200
                    if self.command == "POST" or "frontchannel" in parts.path:
                        status = outer.statuses.pop(0) if outer.statuses else 200
                if callable(status):
                    status = status() or 200
                self.send_response(status)
                if status in (301, 302, 307, 308):
                    self.send_header("Location", outer.url + BASE + "elsewhere")
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", "2")
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(b"ok")

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def forget(self):
        with self.lock:
            self.requests.clear()
            self.statuses.clear()

    def at(self, page):
        with self.lock:
            return [request for request in self.requests if request["page"] == page]

    def wait_at(self, page, count=1, seconds=20):
        wait_for(lambda: len(self.at(page)) >= count, f"{count} requests at {page}", seconds)
        return self.at(page)

    def uri(self, page):
        return self.url + BASE + page


def start_provider(directory, relying_party, **config):
    """A server with the clients of `bootstrap --conformance`, as if the suite ran at the relying
    party."""
    vestibule = Vestibule(directory, config={
        "outgoing": {"allowed_networks": ["127.0.0.0/8"]},
        "limits": {"sign_ins_per_minute": 100000},
        **config})
    done = vestibule.command("bootstrap", "--conformance", "--json", "--conformance-url",
                             relying_party.url)
    vestibule._bootstrap = json.loads(done.stdout)
    return vestibule.start()


class SignedIn:
    """A browser that has signed in for a client, which holds its tokens."""

    def __init__(self, provider, relying_party, client="backchannel", browser=None, person=None,
                 **parameters):
        made = provider.bootstrap["conformance"]
        self.provider = provider
        self.client = made["clients"][client]
        self.browser = browser or Visitor(provider.issuer)
        name, password = person or (made["user"]["login_name"], made["user"]["password"])
        pkce = Pkce()
        leaving = self.browser.get(authorize_url(**{
            "client_id": self.client["client_id"], "response_type": "code",
            "redirect_uri": relying_party.uri("callback"), "scope": "openid offline_access",
            "code_challenge": pkce.challenge, "code_challenge_method": "S256", **parameters}),
            headers=NAVIGATION)
        back = leaving.headers["Location"]
        if not back.startswith(relying_party.url):
            back = pass_sign_in_page(self.browser, back, name, password)
        answer = self.token(grant_type="authorization_code", code=query_of(back)["code"],
                            redirect_uri=relying_party.uri("callback"),
                            code_verifier=pkce.verifier)
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()
        self.claims = decode_signed(provider, self.tokens["id_token"], self.client["client_id"])

    def token(self, **form):
        return requests.post(self.provider.issuer + "/oauth/v2/token", data=form, timeout=20,
                             auth=(self.client["client_id"], self.client["client_secret"]))

    def refresh(self):
        return self.token(grant_type="refresh_token", refresh_token=self.tokens["refresh_token"])

    def userinfo(self):
        return requests.get(self.provider.issuer + "/oidc/v1/userinfo", timeout=20, headers={
            "Authorization": "Bearer " + self.tokens["access_token"]})


def decode_signed(provider, token, audience):
    keys = jwt.PyJWKClient(provider.issuer + "/oauth/v2/keys")
    return jwt.decode(token, keys.get_signing_key_from_jwt(token).key, algorithms=["RS256"],
                      audience=audience, issuer=provider.issuer)
