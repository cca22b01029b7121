"""Auth.js 5 and NextAuth 4 with their ZITADEL provider: js/authjs_app.mjs and nextauth/app.mjs, as a
browser sees them."""

import contextlib
import json
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

import nextjs_shop
import pytest
import requests

from advertised import OpenProvider
from client_keys import Key
from conversation import Person
from vestibule_process import Process, free_port, wait_for

SCOPE = "openid profile email offline_access urn:zitadel:iam:org:id:{organization}"


@dataclass
class Library:
    """One generation of it: the application's script, where its endpoints are, and how it names what
    went wrong with the callback and what the provider refused."""

    script: Path
    base: str
    broken: str
    refused: str

    @property
    def callback(self):
        return self.base + "/callback/zitadel"


class Application(Process):
    """The application with one client of a provider. `profile`: where it takes that from."""

    def __init__(self, provider, library, directory, client, url, method="client_secret_basic",
                 profile="id_token"):
        super().__init__(directory / "application.log")
        self.provider = provider
        self.library = library
        self.url = url
        organization = provider.server.bootstrap["organization_id"]
        self.settings = {"url": url, "issuer": provider.issuer, "client": client, "method": method,
                         "profileFrom": profile, "scope": SCOPE.format(organization=organization)}

    def start(self):
        environment = {"APPLICATION": json.dumps(self.settings), "AUTH_SECRET": secrets.token_hex(32),
                       "NEXTAUTH_URL": self.url}
        if self.provider.issuer.startswith("https:"):
            environment["NODE_EXTRA_CA_CERTS"] = self.provider.ca
        self.spawn(["node", self.library.script], environment)

        def ready():
            assert self.running, f"the application ended:\n{self.log.read_text()[-4000:]}"
            return requests.get(f"{self.url}{self.library.base}/csrf", timeout=5).ok

        wait_for(ready, "the application")
        return self


def registered(provider, library, url, method="client_secret_basic", claims="userinfo"):
    """A client as an operator makes it for the application at `url`."""
    keyed = method == "private_key_jwt"
    return provider.add_client(
        Key("ES256") if keyed else None, id_token_claims=claims,
        redirect_uris=[url + library.callback], post_logout_redirect_uris=[url + "/left"],
        grant_types=["authorization_code", "refresh_token"],
        **({} if keyed else {"token_endpoint_auth_method": method}))


class Customer(Person):
    """Somebody at the application."""

    def __init__(self, application):
        super().__init__(application.provider)
        self.url = application.url
        self.base = application.library.base
        self.session = requests.Session()

    def get(self, path):
        return self.session.get(self.url + path, timeout=20, allow_redirects=False)

    def post(self, path, form=None, body=None):
        """To an endpoint of the library."""
        target = self.url + self.base + path
        token = self.get(self.base + "/csrf").json()["csrfToken"]
        if body is not None:
            return self.session.post(target, json={"csrfToken": token, **body}, timeout=20)
        return self.session.post(target, data={"csrfToken": token, **(form or {})}, timeout=20,
                                 allow_redirects=False)

    def shown(self):
        """The session as the library shows it; None, or nothing in it, without one."""
        return self.get(self.base + "/session").json() or None

    def renew(self):
        """Has the application renew its tokens; the session then."""
        self.post("/session", body={"data": {}})
        return self.shown()

    def begin(self):
        """The authorization request that the application sends the browser with."""
        leaving = self.post("/signin/zitadel", {"callbackUrl": self.url + "/me"})
        assert leaving.status_code == 302, leaving.text
        return leaving.headers["Location"]

    def come_back(self, callback):
        """Where the application sends the browser from its callback."""
        return self.session.get(callback, timeout=20, allow_redirects=False).headers["Location"]

    def sign_in(self):
        assert self.come_back(self.visit(self.begin())["url"]) == self.url + "/me"


@contextlib.contextmanager
def running(*arguments, **options):
    application = Application(*arguments, **options)
    try:
        yield application.start()
    finally:
        application.stop()


@pytest.fixture
def url():
    return f"http://localhost:{free_port()}"


@pytest.fixture(scope="module", params=["Auth.js 5", "NextAuth 4"])
def library(request):
    if request.param == "Auth.js 5":
        scripts = request.getfixturevalue("npm_clients")
        return Library(scripts / "authjs_app.mjs", "/auth", "Configuration", "OAuthCallbackError")
    script = shutil.copy(Path(__file__).parent / "nextauth/app.mjs", nextjs_shop.install())
    return Library(script, "/api/auth", "OAuthCallback", "Callback")


@pytest.fixture(scope="module")
def application(tls_provider, library, tmp_path_factory):
    url = f"http://localhost:{free_port()}"
    client = registered(tls_provider, library, url)
    with running(tls_provider, library, tmp_path_factory.mktemp("app"), client, url) as started:
        yield started


@pytest.fixture
def customer(application):
    return Customer(application)


def test_sign_in(customer, tls_provider):
    assert customer.get("/me").status_code == 401
    customer.sign_in()
    session = customer.shown()
    assert session["user"] == {"name": "Ada Byron", "email": "ada@ada.example",
                               "image": "https://ada.example/me.png"}
    assert session["sub"] == tls_provider.person["sub"]
    assert customer.get("/me").json()["preferred_username"] == "ada"


def test_refresh(customer):
    customer.sign_in()
    for _ in range(2):
        assert "problem" not in customer.renew()
        assert customer.get("/me").status_code == 200


def test_sign_out(customer):
    customer.sign_in()
    leaving = customer.get("/leave").headers["Location"]
    assert customer.visit(leaving)["url"] == customer.url + "/left"
    assert customer.get("/me").status_code == 401, "the provider refuses the token"
    assert customer.renew()["problem"] == "invalid_grant"
    customer.post("/signout")
    assert customer.shown() is None


@pytest.mark.parametrize("method", ["client_secret_post", "private_key_jwt", "none"])
def test_authentication_methods(tls_provider, library, tmp_path, url, method):
    client = registered(tls_provider, library, url, method)
    with running(tls_provider, library, tmp_path, client, url, method) as application:
        Customer(application).sign_in()


@pytest.mark.parametrize("profile, name", [("userinfo", "Ada Byron"), ("id_token", None)])
def test_the_profile_of_a_client_with_minimal_claims(tls_provider, library, tmp_path, url, profile,
                                                     name):
    client = registered(tls_provider, library, url, claims="minimal")
    with running(tls_provider, library, tmp_path, client, url, profile=profile) as application:
        customer = Customer(application)
        customer.sign_in()
        assert customer.shown()["user"].get("name") == name


def test_the_bootstrapped_client(library, tmp_path, url):
    """Over plain HTTP on loopback, as in development."""
    provider = OpenProvider(tmp_path, redirect_uris=[url + library.callback])
    client = provider.server.bootstrap["client"]
    try:
        with running(provider, library, tmp_path, client, url) as application:
            customer = Customer(application)
            customer.sign_in()
            assert customer.shown()["user"]["name"] == "Ada Byron"
            leaving = customer.get("/leave").headers["Location"]
            assert customer.visit(leaving) == {"status": 400}, "only the root is registered"
    finally:
        assert provider.server.stop() == 0


def assert_nobody(customer, location, error):
    here = customer.url + customer.base
    assert location in [f"{here}/{page}?error={error}" for page in ("error", "signin")], location
    assert customer.shown() is None


def test_a_replayed_callback(customer, application):
    callback = customer.visit(customer.begin())["url"]
    cookies = customer.session.cookies.copy()
    assert customer.come_back(callback) == customer.url + "/me"
    thief = Customer(application)
    thief.session.cookies = cookies
    assert_nobody(thief, thief.come_back(callback), application.library.broken)
    assert customer.get("/me").status_code == 401, "what the code gave is revoked"


def test_a_callback_in_another_browser(customer, application):
    callback = customer.visit(customer.begin())["url"]
    other = Customer(application)
    other.begin()
    assert_nobody(other, other.come_back(callback), application.library.broken)


def test_an_error_of_the_provider(customer, library):
    answer = customer.visit(customer.begin() + "&prompt=none")
    assert "error=login_required" in answer["url"]
    assert_nobody(customer, customer.come_back(answer["url"]), library.refused)


def test_a_wrong_secret(tls_provider, library, tmp_path, url):
    client = {**registered(tls_provider, library, url), "secret": "wrong"}
    with running(tls_provider, library, tmp_path, client, url) as application:
        customer = Customer(application)
        location = customer.come_back(customer.visit(customer.begin())["url"])
        assert_nobody(customer, location, library.broken)
