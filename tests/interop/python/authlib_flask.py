"""Authlib in a Flask application, as its documentation has it, and before an API. Flask's test
client is the browser at the application; each public function is one feature."""

import requests
from authlib.integrations.base_client import MismatchingStateError, OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.integrations.flask_oauth2 import ResourceProtector, current_token
from authlib.oauth2.rfc7662 import IntrospectTokenValidator
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from flask import Flask, jsonify, session


class _Application:
    """`browser` is signed in by `sign_in`; what the last callback raised stands in `problem`."""

    def __init__(self, world, secret=None):
        self.world = world
        self.problem = None
        self.tokens = None
        app = Flask(__name__)
        app.secret_key = "of this test alone"
        made = world.clients["web"]
        self.provider = OAuth(app).register(
            "vestibule", client_id=made["id"], client_secret=secret or made["secret"],
            server_metadata_url=world.issuer + "/.well-known/openid-configuration",
            client_kwargs={"scope": "openid profile email offline_access",
                           "code_challenge_method": "S256"})
        app.add_url_rule("/login", view_func=self.login)
        app.add_url_rule("/callback", view_func=self.callback)
        app.add_url_rule("/leave", view_func=self.leave)
        app.add_url_rule("/left", view_func=self.left)
        app.add_url_rule("/me", view_func=self.me)
        self.browser = app.test_client()

    def login(self):
        return self.provider.authorize_redirect(self.world.redirectUri)

    def callback(self):
        try:
            self.tokens = self.provider.authorize_access_token()
        except OAuthError as problem:
            self.problem = problem
            return "", 400
        session["user"] = self.tokens["userinfo"]["sub"]
        return ""

    def leave(self):
        return self.provider.logout_redirect(self.world.afterSignOut, self.tokens["id_token"])

    def left(self):
        self.provider.validate_logout_response()
        session.clear()
        return ""

    def me(self):
        return jsonify(self.provider.userinfo(token=self.tokens))

    def arrive(self, address, path="/callback"):
        """The status of the application's page to which the provider sent the browser."""
        return self.browser.get(f"{path}?{address.partition('?')[2]}").status_code

    def authorize(self):
        return self.world.person.visit(self.browser.get("/login").location)

    def sign_in(self):
        assert self.arrive(self.authorize()) == 200, self.problem
        return self.tokens


def sign_in(world):
    application = _Application(world)
    assert application.sign_in()["userinfo"]["sub"] == world.sub
    assert application.browser.get("/me").json["preferred_username"] == "ada"


def sign_out(world):
    application = _Application(world)
    tokens = application.sign_in()
    back = world.person.visit(application.browser.get("/leave").location)
    assert back.startswith(world.afterSignOut)
    assert application.arrive(back, "/left") == 200
    endpoint = application.provider.server_metadata["userinfo_endpoint"]
    headers = {"Authorization": "Bearer " + tokens["access_token"]}
    assert requests.get(endpoint, headers=headers, timeout=20).status_code == 401


def refused_callbacks(world):
    application = _Application(world)
    back = application.authorize()
    other = _Application(world)
    other.browser.get("/login")
    assert other.arrive(back) == 400
    assert isinstance(other.problem, MismatchingStateError)
    assert application.arrive(back) == 200
    assert application.arrive(back) == 400, "the state was used"


def wrong_secret(world):
    application = _Application(world, secret="wrong")
    assert application.arrive(application.authorize()) == 400
    assert application.problem.error == "invalid_client"


class _Api:
    """What an API behind a validator answers to a token."""

    def __init__(self, validator):
        protected = ResourceProtector()
        protected.register_token_validator(validator)
        app = Flask(__name__)

        @app.get("/")
        @protected("profile")
        def shown():
            return jsonify(sub=current_token["sub"])

        self.client = app.test_client()

    def get(self, token):
        return self.client.get("/", headers={"Authorization": f"Bearer {token}"})


def _exercise(world, tokens, api):
    assert api.get(tokens["access_token"]).json == {"sub": world.sub}
    middle = tokens["access_token"].rindex(".") + 20
    other = "B" if tokens["access_token"][middle] == "A" else "A"
    forged = tokens["access_token"][:middle] + other + tokens["access_token"][middle + 1:]
    for wrong in (forged, tokens["id_token"], "nothing"):
        answer = api.get(wrong)
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_token"), answer.json


def api_that_verifies(world):
    application = _Application(world)
    tokens = application.sign_in()

    class Validator(JWTBearerTokenValidator):
        def get_jwks(self):
            return application.provider.fetch_jwk_set()

    _exercise(world, tokens, _Api(Validator(world.issuer, world.clients["web"]["id"])))
    other = _Api(Validator(world.issuer, "https://other.example"))
    assert other.get(tokens["access_token"]).status_code == 401


def api_that_introspects(world):
    application = _Application(world)
    tokens = application.sign_in()
    made = world.clients["web"]

    class Validator(IntrospectTokenValidator):
        def introspect_token(self, token):
            endpoint = application.provider.server_metadata["introspection_endpoint"]
            return requests.post(endpoint, data={"token": token}, auth=(made["id"], made["secret"]),
                                 timeout=20).json()

    _exercise(world, tokens, _Api(Validator()))
