"""DPoP (RFC 9449) over HTTP: a proof binds, is needed where it binds, and is good once."""

import time
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
import requests

from dpop import GRANTS, Key, RsaKey, configure_client
from test_provider_http import (REDIRECT, assert_oauth_error, authenticated, authorization,
                                introspect, post, sign_in_for_code)
from vestibule_process import Vestibule, decode_jwt
from visitor import NAVIGATION, Pkce, Visitor, authorize_url, pass_sign_in_page, query_of

TOKEN = "/oauth/v2/token"
PAR = "/oauth/v2/par"
USERINFO = "/oidc/v1/userinfo"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server whose client may have tokens of its own."""
    vestibule = Vestibule(tmp_path_factory.mktemp("own"), redirect_uris=[REDIRECT])
    configure_client(vestibule, vestibule.bootstrap["client"]["id"], grant_types=GRANTS)
    vestibule.start()
    yield vestibule
    assert vestibule.stop() == 0


@pytest.fixture(scope="module")
def client(server):
    return server.bootstrap["client"]


@pytest.fixture(scope="module")
def person(server):
    admin = server.bootstrap["admin"]
    return admin["login_name"], admin["password"]


@pytest.fixture(scope="module")
def key():
    return Key()


def ask(server, client, proofs, **form):
    """A request for the client's own token with these DPoP fields."""
    form = authenticated(client, grant_type="client_credentials", **form)
    headers = {"DPoP": proofs} if isinstance(proofs, str) else proofs
    return post(server, TOKEN, form, headers=headers)


def code_tokens(server, client, person, key=None, **changes):
    code, pkce, _ = sign_in_for_code(server, client, person, **changes)
    headers = {"DPoP": key.proof("POST", server.issuer + TOKEN)} if key else None
    form = authenticated(client, grant_type="authorization_code", code=code,
                         redirect_uri=REDIRECT, code_verifier=pkce.verifier)
    return post(server, TOKEN, {name: value for name, value in form.items() if value}, headers)


def userinfo(server, token, scheme="DPoP", proof=None, method="GET"):
    headers = {"Authorization": f"{scheme} {token}"}
    if proof:
        headers["DPoP"] = proof
    return requests.request(method, server.issuer + USERINFO, headers=headers, timeout=10)


@pytest.fixture
def bound(server, client, person, key):
    """Made for each test, since the next sign-in ends this one's session."""
    response = code_tokens(server, client, person, key)
    assert response.status_code == 200, response.text
    return response.json()


def challenges(response):
    return response.raw.headers.getlist("WWW-Authenticate")


def assert_refused(response, status, error, word=None):
    """At a protected resource: a challenge for each scheme, and the reason in one of them."""
    assert response.status_code == status, response.text
    assert response.json()["error"] == error
    assert "no-store" in response.headers["Cache-Control"]
    bearer, dpop = challenges(response)
    assert bearer.startswith('Bearer realm="') and dpop.startswith('DPoP algs="ES256 PS256 EdDSA"')
    assert f'error="{word or error}"' in bearer + dpop
    return bearer, dpop


# The metadata


def test_discovery_names_the_algorithms(server):
    document = requests.get(server.issuer + "/.well-known/openid-configuration", timeout=5).json()
    assert document["dpop_signing_alg_values_supported"] == ["ES256", "PS256", "EdDSA"]


@pytest.mark.parametrize("path", [TOKEN, USERINFO])
def test_scripts_may_send_proofs_and_read_nonces(server, path):
    allowed = requests.options(server.issuer + path, timeout=5)
    assert "DPoP" in allowed.headers["Access-Control-Allow-Headers"]
    answer = requests.post(server.issuer + path, timeout=5)
    assert "DPoP-Nonce" in answer.headers["Access-Control-Expose-Headers"]


# The token endpoint


def test_a_proof_binds_every_token_of_a_grant(server, client, person, key, bound):
    assert bound["token_type"] == "DPoP"
    described = introspect(server, client, bound["access_token"])
    assert described["cnf"] == {"jkt": key.thumbprint} and described["token_type"] == "DPoP"
    own = ask(server, client, key.proof("POST", server.issuer + TOKEN))
    assert own.json()["token_type"] == "DPoP"
    exchanged = post(server, TOKEN, authenticated(
        client, grant_type=EXCHANGE, subject_token=bound["access_token"], scope="openid",
        requested_token_type="urn:ietf:params:oauth:token-type:jwt",
        subject_token_type="urn:ietf:params:oauth:token-type:access_token"),
        headers={"DPoP": key.proof("POST", server.issuer + TOKEN)})
    assert exchanged.json()["token_type"] == "DPoP", exchanged.text
    assert decode_jwt(exchanged.json()["access_token"])[1]["cnf"] == {"jkt": key.thumbprint}


def test_without_a_proof_a_token_is_a_bearers(server, client):
    own = ask(server, client, {})
    assert own.json()["token_type"] == "Bearer" and "DPoP-Nonce" not in own.headers
    assert "cnf" not in introspect(server, client, own.json()["access_token"])


def test_keys_of_every_algorithm_but_rs256(server, client):
    url = server.issuer + TOKEN
    assert ask(server, client, RsaKey("PS256").proof("POST", url)).status_code == 200
    assert_oauth_error(ask(server, client, RsaKey("RS256").proof("POST", url)), 400,
                       "invalid_dpop_proof")


def wrong_proofs(server, key):
    url = server.issuer + TOKEN
    good = key.proof("POST", url)
    header, claims, signature = good.split(".")
    now = int(time.time())
    other = Key()
    return {
        "empty": "", "no JWT": "x", "two parts": header + "." + claims,
        "padded": good + "=", "no signature": header + "." + claims + ".",
        "another's signature": header + "." + claims + "." + other.proof("POST", url).split(".")[2],
        "other claims": header + "." + key.proof("POST", url).split(".")[1] + "." + signature,
        "two in one field": good + ", " + key.proof("POST", url),
        "too large": key.proof("POST", url, pad="x" * 7000),
        "no typ": key.proof("POST", url, header={"typ": None}),
        "typ JWT": key.proof("POST", url, header={"typ": "JWT"}),
        "no alg": key.proof("POST", url, header={"alg": None}),
        "alg none": key.proof("POST", url, header={"alg": "none"}),
        "alg HS256": key.proof("POST", url, header={"alg": "HS256"}),
        "alg of another kind": key.proof("POST", url, header={"alg": "PS256"}),
        "crit": key.proof("POST", url, header={"crit": ["b64"], "b64": False}),
        "no jwk": key.proof("POST", url, header={"jwk": None}),
        "jwk by reference": key.proof("POST", url, header={"jwk": None, "jku": "https://a.test/"}),
        "private jwk": key.proof("POST", url, header={"jwk": key.private_jwk}),
        "another's jwk": key.proof("POST", url, header={"jwk": other.jwk}),
        "symmetric jwk": key.proof("POST", url, header={"jwk": {"kty": "oct", "k": "AAAA"}}),
        "no jti": key.proof("POST", url, jti=None), "no htm": key.proof("POST", url, htm=None),
        "no htu": key.proof("POST", url, htu=None), "no iat": key.proof("POST", url, iat=None),
        "long jti": key.proof("POST", url, jti="j" * 300),
        "jti a number": key.proof("POST", url, jti=7),
        "iat a text": key.proof("POST", url, iat=str(now)),
        "GET": key.proof("GET", url), "another path": key.proof("POST", server.issuer + USERINFO),
        "another host": key.proof("POST", "http://evil.test" + TOKEN),
        "another scheme": key.proof("POST", url.replace("http:", "https:")),
        "path alone": key.proof("POST", TOKEN),
        "an hour old": key.proof("POST", url, iat=now - 3600),
        "an hour ahead": key.proof("POST", url, iat=now + 3600),
        "expired": key.proof("POST", url, exp=now - 1),
        "not yet valid": key.proof("POST", url, nbf=now + 60),
    }


def test_a_proof_with_one_mistake_gives_no_token(server, client, key):
    for what, proof in wrong_proofs(server, key).items():
        response = ask(server, client, proof)
        if what == "empty":  # as HTTP has it, a field that says nothing
            assert response.status_code == 400, what
            continue
        body = assert_oauth_error(response, 400, "invalid_dpop_proof")
        assert "DPoP-Nonce" not in response.headers, what
        assert proof[:40] not in body["error_description"]


def test_a_wrong_nonce_asks_for_a_right_one(server, client, key):
    url = server.issuer + TOKEN
    response = ask(server, client, key.proof("POST", url, nonce="made-up"))
    assert_oauth_error(response, 400, "use_dpop_nonce")
    nonce = response.headers["DPoP-Nonce"]
    again = ask(server, client, key.proof("POST", url, nonce=nonce))
    assert again.status_code == 200
    assert "DPoP-Nonce" not in again.headers, "it is good a while longer"


def test_a_proof_without_a_nonce_is_answered_with_one(server, client, key):
    answer = ask(server, client, key.proof("POST", server.issuer + TOKEN))
    nonce = answer.headers["DPoP-Nonce"]
    late = ask(server, client, key.proof("POST", server.issuer + TOKEN, nonce=nonce,
                                         iat=int(time.time()) - 3600))
    assert late.status_code == 200, "the nonce says when the proof was made"


def test_spellings_of_the_uri_and_small_differences_of_clocks(server, client, key):
    url = server.issuer + TOKEN
    now = int(time.time())
    for change in ({"htu": url.replace("http://", "HTTP://")}, {"htu": url + "?x=1#y"},
                   {"htu": url.replace("/v2/", "/./v2/x/../")}, {"iat": now - 10},
                   {"iat": now + 8}, {"nbf": now, "exp": now + 300}, {"tx_id_key": 1}):
        answer = ask(server, client, key.proof("POST", url, **change))
        assert answer.status_code == 200, (change, answer.text)


def test_host_has_no_say_in_the_uri(server, client, key):
    answer = ask(server, client, {"DPoP": key.proof("POST", "http://evil.test" + TOKEN),
                                  "X-Forwarded-Host": "evil.test"})
    assert_oauth_error(answer, 400, "invalid_dpop_proof")


def test_a_proof_is_accepted_once_however_many_try(server, client, key):
    proof = key.proof("POST", server.issuer + TOKEN)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(server, client, proof), range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 15
    assert {answer.json()["error"] for answer in answers if answer.status_code == 400} == {
        "invalid_dpop_proof"}
    same_id = key.proof("POST", server.issuer + TOKEN, jti=decode_jwt(proof)[1]["jti"])
    assert_oauth_error(ask(server, client, same_id), 400, "invalid_dpop_proof")


def test_a_proof_is_not_used_up_by_whoever_cannot_authenticate(server, client, key):
    proof = key.proof("POST", server.issuer + TOKEN)
    stranger = {**client, "secret": "wrong"}
    assert_oauth_error(ask(server, stranger, proof), 400, "invalid_client")
    assert ask(server, client, proof).status_code == 200


def test_a_refused_proof_uses_up_no_code(server, client, person, key):
    code, pkce, _ = sign_in_for_code(server, client, person)
    form = authenticated(client, grant_type="authorization_code", code=code,
                         redirect_uri=REDIRECT, code_verifier=pkce.verifier)
    url = server.issuer + TOKEN
    refused = post(server, TOKEN, form, {"DPoP": key.proof("POST", url, nonce="old")})
    assert_oauth_error(refused, 400, "use_dpop_nonce")
    again = key.proof("POST", url, nonce=refused.headers["DPoP-Nonce"])
    assert post(server, TOKEN, form, {"DPoP": again}).json()["token_type"] == "DPoP"


# dpop_jkt (section 10)


def test_a_code_is_good_for_the_key_that_asked(server, client, person, key):
    asked = {"dpop_jkt": key.thumbprint}
    assert code_tokens(server, client, person, key, **asked).status_code == 200
    for other in (None, Key()):
        assert_oauth_error(code_tokens(server, client, person, other, **asked), 400,
                           "invalid_grant")


def push(server, client, proof=None, **changes):
    pkce = Pkce()
    form = authenticated(client, **authorization(client, pkce, **changes))
    return pkce, post(server, PAR, form, {"DPoP": proof} if proof else None)


def test_a_pushed_request_with_a_proof_is_for_its_key(server, client, person, key):
    url = server.issuer + PAR
    for redeemer, status in ((key, 200), (Key(), 400), (None, 400)):
        pkce, pushed = push(server, client, key.proof("POST", url))
        assert pushed.status_code == 201 and pushed.headers["DPoP-Nonce"], pushed.text
        browser = Visitor(server.issuer)
        leaving = browser.get(authorize_url(client_id=client["id"],
                                            request_uri=pushed.json()["request_uri"]),
                              headers=NAVIGATION)
        code = query_of(pass_sign_in_page(browser, leaving.headers["Location"], *person))["code"]
        proof = redeemer and {"DPoP": redeemer.proof("POST", server.issuer + TOKEN)}
        answer = post(server, TOKEN, authenticated(
            client, grant_type="authorization_code", code=code, redirect_uri=REDIRECT,
            code_verifier=pkce.verifier), proof)
        assert answer.status_code == status, answer.text
        if status == 400:
            assert answer.json()["error"] == "invalid_grant"


def test_a_wrong_proof_beside_a_pushed_request(server, client, key):
    url = server.issuer + PAR
    other = push(server, client, key.proof("POST", url), dpop_jkt=Key().thumbprint)[1]
    assert_oauth_error(other, 400, "invalid_request")
    same = push(server, client, key.proof("POST", url), dpop_jkt=key.thumbprint)[1]
    assert same.status_code == 201
    for proof in ("x", key.proof("POST", server.issuer + TOKEN), key.proof("GET", url)):
        assert_oauth_error(push(server, client, proof)[1], 400, "invalid_dpop_proof")
    old = push(server, client, key.proof("POST", url, nonce="old"))[1]
    assert_oauth_error(old, 400, "use_dpop_nonce")
    nonce = old.headers["DPoP-Nonce"]
    assert push(server, client, key.proof("POST", url, nonce=nonce))[1].status_code == 201


# Protected resources


def test_a_bound_token_works_with_a_proof_of_its_key_only(server, key, bound):
    token, url = bound["access_token"], server.issuer + USERINFO
    good = userinfo(server, token, proof=key.proof("GET", url, token))
    assert good.status_code == 200 and good.json()["sub"] and good.headers["DPoP-Nonce"]
    posted = userinfo(server, token, proof=key.proof("POST", url, token), method="POST")
    assert posted.status_code == 200
    assert userinfo(server, token, scheme="dpop", proof=key.proof("GET", url, token)).ok
    bearer, dpop = assert_refused(userinfo(server, token, scheme="Bearer"), 401, "access_denied",
                                  "invalid_token")
    assert 'error="invalid_token"' in bearer and "error" not in dpop
    assert_refused(userinfo(server, token, "Bearer", key.proof("GET", url, token)), 401,
                   "access_denied", "invalid_token")
    form = requests.post(url, data={"access_token": token}, timeout=5)
    assert_refused(form, 401, "access_denied", "invalid_token")
    other = Key()
    bearer, dpop = assert_refused(userinfo(server, token, proof=other.proof("GET", url, token)),
                                  401, "access_denied", "invalid_token")
    assert 'error="invalid_token"' in dpop and "error" not in bearer


def test_a_proof_at_a_resource_with_one_mistake(server, key, bound):
    token, url = bound["access_token"], server.issuer + USERINFO
    used = key.proof("GET", url, token)
    assert userinfo(server, token, proof=used).status_code == 200
    wrong = {
        "none": None, "no ath": key.proof("GET", url),
        "ath of another": key.proof("GET", url, token + "x"),
        "ath in hexadecimal": key.proof("GET", url, token, ath="00" * 32),
        "another method": key.proof("POST", url, token),
        "another uri": key.proof("GET", server.issuer + TOKEN, token),
        "an hour old": key.proof("GET", url, token, iat=int(time.time()) - 3600),
        "used": used, "no JWT": "x",
    }
    for what, proof in wrong.items():
        bearer, dpop = assert_refused(userinfo(server, token, proof=proof), 401,
                                      "invalid_dpop_proof")
        assert 'error="invalid_dpop_proof"' in dpop and "error" not in bearer, what


def test_a_wrong_nonce_at_a_resource(server, key, bound):
    token, url = bound["access_token"], server.issuer + USERINFO
    refused = userinfo(server, token, proof=key.proof("GET", url, token, nonce="old"))
    assert 'error="use_dpop_nonce"' in assert_refused(refused, 401, "use_dpop_nonce")[1]
    nonce = refused.headers["DPoP-Nonce"]
    assert userinfo(server, token, proof=key.proof("GET", url, token, nonce=nonce)).ok


def test_two_proofs_are_no_proof(server, key, bound):
    import http.client
    token, url = bound["access_token"], server.issuer + USERINFO
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.putrequest("GET", USERINFO)
    connection.putheader("Authorization", "DPoP " + token)
    for _ in range(2):
        connection.putheader("DPoP", key.proof("GET", url, token))
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == 401 and b"invalid_dpop_proof" in response.read()


def test_a_bearers_token_under_the_scheme_of_bound_ones(server, client, person, key):
    token = code_tokens(server, client, person).json()["access_token"]
    url = server.issuer + USERINFO
    assert userinfo(server, token, "Bearer").status_code == 200
    assert userinfo(server, token, "Bearer", "x").status_code == 200, "the field means nothing"
    assert_refused(userinfo(server, token, "DPoP", key.proof("GET", url, token)), 401,
                   "access_denied", "invalid_token")


def test_without_a_token_both_schemes_are_named_and_no_reason(server):
    answer = requests.get(server.issuer + USERINFO, timeout=5)
    assert answer.status_code == 401
    bearer, dpop = challenges(answer)
    assert bearer.startswith("Bearer ") and dpop.startswith("DPoP ")
    assert "error" not in bearer + dpop


def test_bound_tokens_open_no_other_api(server, bound):
    for path in ("/auth/v1/users/me", "/guest/v1/merges?state=pending"):
        for scheme in ("Bearer", "DPoP"):
            answer = requests.get(server.issuer + path, timeout=5,
                                  headers={"Authorization": f"{scheme} {bound['access_token']}"})
            assert answer.status_code in (400, 401, 403), (path, scheme, answer.status_code)


def test_a_service_accounts_token_is_bound_and_opens_the_user_api_only_unbound(server, key):
    account = server.bootstrap["service_account"]
    secret = account["key"]
    now = int(time.time())
    assertion = jwt.encode(
        {"iss": secret["userId"], "sub": secret["userId"], "aud": server.issuer, "iat": now,
         "exp": now + 60}, secret["key"], algorithm="RS256", headers={"kid": secret["keyId"]})
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion,
            "scope": "openid urn:zitadel:iam:org:project:id:zitadel:aud"}
    users = server.issuer + "/v2/users"
    plain = post(server, TOKEN, form).json()
    assert plain["token_type"] == "Bearer"
    assert requests.post(users, json={}, timeout=5, headers={
        "Authorization": "Bearer " + plain["access_token"]}).status_code == 200
    answer = post(server, TOKEN, form, {"DPoP": key.proof("POST", server.issuer + TOKEN)})
    assert answer.json()["token_type"] == "DPoP" and answer.headers["DPoP-Nonce"]
    for scheme in ("Bearer", "DPoP"):
        refused = requests.post(users, json={}, timeout=5, headers={
            "Authorization": f"{scheme} {answer.json()['access_token']}",
            "DPoP": key.proof("POST", users, answer.json()["access_token"])})
        assert refused.status_code == 401, refused.text
    assert_oauth_error(post(server, TOKEN, form, {"DPoP": "x"}), 400, "invalid_dpop_proof")


# Clients that must, public ones, and required nonces


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A server that requires nonces, with a public client whose tokens must be bound."""
    vestibule = Vestibule(tmp_path_factory.mktemp("strict"), redirect_uris=[REDIRECT],
                          public_client=True, config={"dpop": {"nonces": "required"}})
    configure_client(vestibule, vestibule.bootstrap["client"]["id"], sender_constraint="dpop")
    vestibule.start()
    yield vestibule
    assert vestibule.stop() == 0


def test_a_public_client_keeps_its_key_for_life(strict, key):
    client = strict.bootstrap["client"]
    admin = strict.bootstrap["admin"]
    url = strict.issuer + TOKEN
    code, pkce, _ = sign_in_for_code(strict, client, (admin["login_name"], admin["password"]))
    form = {"client_id": client["id"], "grant_type": "authorization_code", "code": code,
            "redirect_uri": REDIRECT, "code_verifier": pkce.verifier}
    assert_oauth_error(post(strict, TOKEN, form), 400, "invalid_dpop_proof")
    asked = post(strict, TOKEN, form, {"DPoP": key.proof("POST", url)})
    assert_oauth_error(asked, 400, "use_dpop_nonce")
    nonce = asked.headers["DPoP-Nonce"]
    given = post(strict, TOKEN, form, {"DPoP": key.proof("POST", url, nonce=nonce)}).json()
    assert given["token_type"] == "DPoP" and given["refresh_token"]

    renewal = {"client_id": client["id"], "grant_type": "refresh_token",
               "refresh_token": given["refresh_token"]}
    assert_oauth_error(post(strict, TOKEN, renewal), 400, "invalid_dpop_proof")
    assert_oauth_error(post(strict, TOKEN, renewal,
                            {"DPoP": Key().proof("POST", url, nonce=nonce)}), 400, "invalid_grant")
    renewed = post(strict, TOKEN, renewal, {"DPoP": key.proof("POST", url, nonce=nonce)})
    assert renewed.status_code == 200 and renewed.json()["token_type"] == "DPoP"

    token, resource = renewed.json()["access_token"], strict.issuer + USERINFO
    asked = userinfo(strict, token, proof=key.proof("GET", resource, token))
    assert_refused(asked, 401, "use_dpop_nonce")
    assert userinfo(strict, token, proof=key.proof(
        "GET", resource, token, nonce=asked.headers["DPoP-Nonce"])).status_code == 200
