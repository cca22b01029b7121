"""The authorization request: response modes, JARM, pushed requests, and what is wrong with them."""

from urllib.parse import urlencode

import jwt
import pytest
import requests

from authorization import PUSHED, REDIRECT, Answer, Browser, copy_client, outcome_of, parameters_of
from vestibule_process import Vestibule
from visitor import NAVIGATION, Pkce, Visitor, pass_sign_in_page, query_of, raw_request

FORM = "application/x-www-form-urlencoded"
NO_PKCE = {"code_challenge": None, "code_challenge_method": None}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    vestibule = Vestibule(tmp_path_factory.mktemp("authorization"), redirect_uris=[REDIRECT],
                          config={"limits": {"sign_ins_per_minute": 100000}})
    vestibule.clients = {
        "plain": vestibule.bootstrap["client"]["id"],
        "other": copy_client(vestibule, {}),
        "old": copy_client(vestibule, {"pkce": "optional"}),
        "jarm": copy_client(vestibule, {"authorization_response_algorithm": "ES256"}),
        "pushing": copy_client(vestibule, {"requires_pushed_request": True}),
        "unsigned": copy_client(vestibule, {"requires_signed_request_object": True}),
        "public": copy_client(vestibule, {"pkce": "optional"}, auth_method="none"),
        "impatient": copy_client(vestibule, {"default_max_age": 0}),
    }
    vestibule.start()
    yield vestibule
    assert vestibule.stop() == 0


@pytest.fixture(scope="module")
def person(server):
    admin = server.bootstrap["admin"]
    return admin["login_name"], admin["password"]


@pytest.fixture(scope="module")
def browser(server, person):
    return Browser(server, person, server.clients["plain"])


def post(server, path, form, **more):
    return requests.post(server.issuer + path, data=form, timeout=20, allow_redirects=False, **more)


def authenticated(server, name, **form):
    return {"client_id": server.clients[name],
            "client_secret": server.bootstrap["client"]["secret"], **form}


def push(server, name="plain", pkce=None, **changes):
    form = {**parameters_of(server.clients[name], pkce or Pkce(), **changes),
            **({} if name == "public" else authenticated(server, name))}
    return post(server, "/oauth/v2/par", urlencode(form, doseq=True),
                headers={"Content-Type": FORM})


def redeem(server, code, name="plain", **form):
    return post(server, "/oauth/v2/token", authenticated(
        server, name, grant_type="authorization_code", code=code, **form))


# Response modes


@pytest.mark.parametrize("mode, carrier", [
    (None, "query"), ("query", "query"), ("fragment", "fragment"), ("form_post", "form_post")])
@pytest.mark.parametrize("failing", [False, True])
def test_the_answer_travels_as_asked(server, browser, mode, carrier, failing):
    changes = {"response_mode": mode, "prompt": "none login" if failing else None}
    response = browser.ask(**parameters_of(server.clients["plain"], Pkce(), **changes))
    answer = Answer(response)
    assert answer.carrier == carrier
    expected = {"error": "invalid_request"} if failing else {"code": answer.parameters.get("code")}
    expected |= {"state": "a state & more", "iss": server.issuer}
    assert {**expected, **answer.parameters} == answer.parameters
    assert ("code" in answer.parameters) is not failing
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    if carrier == "form_post":
        assert response.status_code == 200 and answer.action == REDIRECT
        assert "script-src 'sha256-" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("mode, carrier", [
    ("jwt", "query"), ("query.jwt", "query"), ("fragment.jwt", "fragment"),
    ("form_post.jwt", "form_post")])
@pytest.mark.parametrize("name, algorithm", [("plain", "RS256"), ("jarm", "ES256")])
@pytest.mark.parametrize("failing", [False, True])
def test_a_jarm_response_is_one_jwt(server, browser, mode, carrier, name, algorithm, failing):
    changes = {"response_mode": mode, "scope": "unknown" if failing else "openid"}
    answer = Answer(browser.ask(**parameters_of(server.clients[name], Pkce(), **changes)))
    assert answer.carrier == carrier and list(answer.parameters) == ["response"]
    token = answer.parameters["response"]
    key = jwt.PyJWKClient(server.issuer + "/oauth/v2/keys").get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key.key, algorithms=[algorithm], audience=server.clients[name],
                        issuer=server.issuer)
    assert 10 < claims["exp"] - claims["iat"] <= 600
    assert claims["state"] == "a state & more"
    assert claims.get("error") == ("invalid_scope" if failing else None)
    assert ("code" in claims) is not failing


@pytest.mark.parametrize("mode", ["", "Query", "web_message", "jwt.query", "query jwt", "x" * 1000])
def test_a_mode_that_does_not_exist_is_answered_by_query(server, browser, mode):
    parameters = parameters_of(server.clients["plain"], Pkce(), response_mode=mode)
    expected = "query invalid_request" if mode else "query code"
    assert outcome_of(browser.ask(**parameters)) == expected


# PKCE


def test_an_old_client_needs_no_pkce_but_may_use_it(server, browser):
    for changes in (NO_PKCE, {}):
        pkce = Pkce()
        parameters = parameters_of(server.clients["old"], pkce, **changes)
        verifier = {} if changes else {"code_verifier": pkce.verifier}
        code = Answer(browser.ask(**parameters)).parameters["code"]
        assert redeem(server, code, "old", redirect_uri=REDIRECT, **verifier).status_code == 200


@pytest.mark.parametrize("changes, announced", [(NO_PKCE, False), ({}, True)])
def test_pkce_is_neither_added_nor_taken_away(server, browser, changes, announced):
    pkce = Pkce()
    code = Answer(browser.ask(**parameters_of(server.clients["old"], pkce, **changes))).parameters[
        "code"]
    verifier = {} if announced else {"code_verifier": pkce.verifier}
    refused = redeem(server, code, "old", redirect_uri=REDIRECT, **verifier)
    assert refused.status_code == 400 and refused.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("name", ["plain", "public"])
def test_others_need_pkce(server, browser, name):
    parameters = parameters_of(server.clients[name], Pkce(), **NO_PKCE)
    assert outcome_of(browser.ask(**parameters)) == "query invalid_request"


# What is wrong with a request


WRONG = [
    ({"client_id": None}, "page invalid_request"), ({"client_id": ""}, "page invalid_request"),
    ({"client_id": "1"}, "page invalid_client"), ({"client_id": "x" * 5000}, "page invalid_client"),
    ({"client_id": "\u00e9"}, "page invalid_client"),
    ({"redirect_uri": None}, "page invalid_request"),
    ({"redirect_uri": "https://evil.example/"}, "page invalid_request"),
    ({"redirect_uri": [REDIRECT, REDIRECT]}, "page invalid_request"),
    ({"redirect_uri": REDIRECT + "\n"}, "page invalid_request"),
    ({"response_type": None}, "query invalid_request"),
    ({"response_type": ""}, "query invalid_request"),
    ({"response_type": "token"}, "query unsupported_response_type"),
    ({"response_type": "CODE"}, "query unsupported_response_type"),
    ({"response_type": ["code", "code"]}, "query invalid_request"),
    ({"scope": None}, "query invalid_request"), ({"scope": "unknown"}, "query invalid_scope"),
    ({"state": "s" * 4097}, "query invalid_request"), ({"state": ["1", "2"]},
                                                       "query invalid_request"),
    ({"nonce": ["1", "2"]}, "query invalid_request"),
    ({"code_challenge": "short"}, "query invalid_request"),
    ({"code_challenge_method": "plain"}, "query invalid_request"),
    ({"prompt": "dance"}, "query invalid_request"), ({"max_age": "-1"}, "query invalid_request"),
    ({"max_age": "1e3"}, "query invalid_request"),
    ({"id_token_hint": "x"}, "query invalid_request"),
    ({"unknown": "parameter"}, "query code"), ({"state": None}, "query code"),
    ({"state": "\u00fc\x01\""}, "query code"), ({"nonce": "n" * 384}, "query code"),
]


@pytest.mark.parametrize("change, expected", WRONG, ids=lambda value: str(value)[:60])
def test_a_request_is_answered_where_it_may_be(server, browser, change, expected):
    parameters = parameters_of(server.clients["plain"], Pkce(), **change)
    by_get = browser.ask(**parameters)
    assert outcome_of(by_get) == expected
    by_post = browser.post("/oauth/v2/authorize", data=urlencode(parameters, doseq=True),
                           headers={**NAVIGATION, "Content-Type": FORM})
    assert outcome_of(by_post) == expected
    for response in (by_get, by_post):
        assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("change, expected",
                         [(change, expected) for change, expected in WRONG
                          if "client_id" not in change], ids=lambda value: str(value)[:60])
def test_a_pushed_request_is_validated_the_same(server, change, expected):
    response = push(server, **change)
    assert "no-store" in response.headers["Cache-Control"]
    if expected == "query code":
        assert response.status_code == 201, response.text
    else:
        assert response.status_code == 400
        assert response.json()["error"] == expected.split()[1]
        assert "Location" not in response.headers


def test_what_a_client_registered_stands_in_for_what_it_does_not_say(server, browser):
    parameters = parameters_of(server.clients["impatient"], Pkce())
    assert outcome_of(browser.ask(**parameters)) == "sign-in"
    assert outcome_of(browser.ask(**parameters, max_age="3600")) == "query code"


# Pushed requests (RFC 9126)


@pytest.mark.parametrize("change", [
    {"client_id": "other"}, {"client_id": None}, {"client_id": ["plain", "other"]},
    {"request_uri": PUSHED}, {"request_uri": PUSHED + "x"}, {"request_uri": "twice"},
    {"request_uri": PUSHED + "A" * 43}, {"request_uri": PUSHED + "x" * 3000}],
    ids=lambda change: str(change)[:60])
def test_a_request_uri_is_good_for_its_client_alone(server, browser, change):
    given = push(server).json()["request_uri"]
    names = change.get("client_id", "plain")
    asked = {"client_id": [server.clients[name] for name in
                           ([names] if isinstance(names, str) else names or [])],
             "request_uri": change.get("request_uri", given)}
    if asked["request_uri"] == "twice":
        asked["request_uri"] = [given, given]
    assert outcome_of(browser.ask(**asked)).split()[1] in ("invalid_request_uri", "invalid_request")
    assert outcome_of(browser.ask(**asked)).startswith("page")
    # Nothing of that used it up.
    good = {"client_id": server.clients["plain"], "request_uri": given}
    assert outcome_of(browser.ask(**good)) == "query code"
    assert outcome_of(browser.ask(**good)) == "page invalid_request_uri"


@pytest.mark.parametrize("name, changes, error", [
    ("plain", {"request_uri": PUSHED + "x"}, "invalid_request"),
    ("plain", {"request_uri": "https://a.example/r"}, "invalid_request"),
    ("plain", {"client_secret": "wrong"}, "invalid_client"),
    ("plain", {"client_secret": None}, "invalid_client"),
    ("plain", {"client_id": "1"}, "invalid_client"), ("plain", {"client_id": None}, None),
    ("plain", {"scope": ["openid", "email"]}, "invalid_request"),
    ("unsigned", {}, "invalid_request"),
])
def test_a_push_that_is_refused(server, name, changes, error):
    form = {**parameters_of(None, Pkce()), **authenticated(server, name), **changes}
    form = {key: value for key, value in form.items() if value is not None}
    response = post(server, "/oauth/v2/par", urlencode(form, doseq=True),
                    headers={"Content-Type": FORM})
    assert response.status_code in (400, 401), response.text
    assert "no-store" in response.headers["Cache-Control"]
    if error:
        assert response.json()["error"] == error, response.text


def test_a_push_over_http(server):
    url = server.issuer + "/oauth/v2/par"
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        refused = requests.request(method, url, timeout=5)
        assert refused.status_code == 405 and "POST" in refused.headers["Allow"]
    body = urlencode({**parameters_of(None, Pkce()), **authenticated(server, "plain")})
    assert requests.post(url, data=body, timeout=5, headers={
        "Content-Type": "application/json"}).status_code == 400
    big = post(server, "/oauth/v2/par", authenticated(server, "plain", state="s" * 70000))
    assert big.status_code == 413
    assert raw_request(server.issuer, "POST", "/oauth/v2/par", [("Content-Type", FORM)],
                       b"client_id=%zz").status == 400
    basic = requests.post(url, data=parameters_of(None, Pkce()), timeout=5, auth=(
        server.clients["plain"], server.bootstrap["client"]["secret"]))
    assert basic.status_code == 201, basic.text


def test_a_public_client_pushes_at_a_limited_rate(server, browser):
    request_uri = push(server, "public").json()["request_uri"]
    asked = {"client_id": server.clients["public"], "request_uri": request_uri}
    assert outcome_of(browser.ask(**asked)) == "query code"
    answers = {push(server, "public").status_code for _ in range(70)}
    assert answers == {201, 429}
    assert push(server).status_code == 201


def test_a_client_may_be_bound_to_push(server, browser):
    direct = parameters_of(server.clients["pushing"], Pkce())
    assert outcome_of(browser.ask(**direct)) == "query invalid_request"
    asked = {"client_id": server.clients["pushing"],
             "request_uri": push(server, "pushing").json()["request_uri"]}
    assert outcome_of(browser.ask(**asked)) == "query code"


def test_discovery_says_so(server):
    document = requests.get(server.issuer + "/.well-known/openid-configuration", timeout=5).json()
    assert document["pushed_authorization_request_endpoint"] == server.issuer + "/oauth/v2/par"
    assert document["require_pushed_authorization_requests"] is False
    assert {"query", "form_post", "jwt"} <= set(document["response_modes_supported"])
    assert "none" not in document["authorization_signing_alg_values_supported"]


# The last one: its sign-in ends the session of `browser`.
def test_a_pushed_request_signs_in_once(server, person):
    pkce = Pkce()
    pushed = push(server, pkce=pkce)
    assert pushed.status_code == 201, pushed.text
    assert "no-store" in pushed.headers["Cache-Control"]
    body = pushed.json()
    assert body["request_uri"].startswith(PUSHED) and len(body["request_uri"]) - len(PUSHED) >= 43
    assert 5 <= body["expires_in"] < 600 and set(body) == {"request_uri", "expires_in"}
    asked = {"client_id": server.clients["plain"], "request_uri": body["request_uri"]}
    browser = Visitor(server.issuer)
    url = "/oauth/v2/authorize?" + urlencode(asked)
    # The page may be loaded again; what else stands beside is not looked at.
    assert outcome_of(browser.get(url, headers=NAVIGATION)) == "sign-in"
    noise = parameters_of(None, Pkce(), scope="email", redirect_uri="https://evil.example/",
                          state="other", prompt="none")
    leaving = browser.get(url + "&" + urlencode(noise), headers=NAVIGATION)
    assert outcome_of(leaving) == "sign-in"
    assert body["request_uri"] not in leaving.headers["Location"]
    back = pass_sign_in_page(browser, leaving.headers["Location"], *person)
    answer = query_of(back)
    assert back.startswith(REDIRECT) and answer["state"] == "a state & more"
    tokens = redeem(server, answer["code"], redirect_uri=REDIRECT, code_verifier=pkce.verifier)
    assert tokens.status_code == 200, tokens.text
    for again in (url, leaving.headers["Location"].replace("/ui/login", "/oauth/v2/authorize/continue")):
        assert outcome_of(browser.get(again, headers=NAVIGATION)) == "page invalid_request_uri"
