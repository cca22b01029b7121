"""private_key_jwt over HTTP (RFC 7523, OpenID Connect Core section 9, FAPI 2.0)."""

import base64
import glob
import hashlib
import hmac
import json
import sqlite3
import uuid
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
import requests

from client_keys import (ASSERTION_TYPE, Authority, Key, KeyServer, add_client, assertion_claims,
                         key_set, now, with_assertion)
from test_provider_http import assert_oauth_error, post
from vestibule_process import Vestibule

ENDPOINTS = {"token": "/oauth/v2/token", "introspect": "/oauth/v2/introspect",
             "revoke": "/oauth/v2/revoke"}
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
OWN_API = "urn:zitadel:iam:org:project:id:zitadel:aud"


def base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Lab:
    """A server with clients of several kinds, and the server of their keys."""

    def __init__(self, directory):
        self.authority = Authority(directory)
        self.key_server = KeyServer(self.authority.issue_for_loopback("keys.pem"))
        self.vestibule = Vestibule(directory / "server", config={
            "outgoing": {"ca_file": str(self.authority.file), "allowed_networks": ["127.0.0.0/8"]}})
        self.keys = {name: Key(name) for name in ("ES256", "PS256", "EdDSA", "RS256")}
        self.offset = directory / "faketime"
        self.move_clock(0)
        inline = key_set(*self.keys.values())
        self.client = add_client(self.vestibule, "private_key_jwt", jwks=inline)
        self.other_key = Key()
        self.other = add_client(self.vestibule, "private_key_jwt", jwks=key_set(self.other_key))
        self.fapi = add_client(self.vestibule, "private_key_jwt", jwks=inline,
                               profile="fapi2_security")
        self.bound = add_client(self.vestibule, "private_key_jwt", jwks=inline,
                                assertion_algorithm="ES256")
        self.remote = add_client(self.vestibule, "private_key_jwt", jwks_uri=self.key_server.url)
        plain = self.key_server.url.replace("https", "http")
        self.unsafe = add_client(self.vestibule, "private_key_jwt", jwks_uri=plain)
        self.unreachable = add_client(self.vestibule, "private_key_jwt",
                                      jwks_uri="https://10.1.2.3/jwks")
        self.keyless = add_client(self.vestibule, "private_key_jwt")

    def move_clock(self, seconds):
        """The server's clock, ahead of ours."""
        self.ahead = seconds
        fresh = self.offset.with_suffix(".new")
        fresh.write_text(f"+{seconds}")
        fresh.replace(self.offset)

    def start(self):
        self.vestibule.start()
        return self

    def start_with_a_movable_clock(self):
        self.vestibule.start({
            "LD_PRELOAD": glob.glob("/usr/lib/*/faketime/libfaketime.so.1")[0],
            "FAKETIME_TIMESTAMP_FILE": str(self.offset), "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1"})
        return self

    def stop(self):
        assert self.vestibule.stop() == 0
        self.key_server.stop()

    @property
    def issuer(self):
        return self.vestibule.issuer

    def claims(self, client, **changes):
        times = {"iat": now() + self.ahead, "exp": now() + self.ahead + 60}
        return assertion_claims(client, self.issuer, **{**times, **changes})

    def assertion(self, client=None, key=None, header=None, **changes):
        return (key or self.keys["ES256"]).sign(self.claims(client or self.client, **changes),
                                                **(header or {}))

    def post(self, endpoint, assertion, **form):
        """A request that is fine but for its client authentication."""
        whole = {"token": {"grant_type": "client_credentials"}, "introspect": {"token": "x"},
                 "revoke": {"token": "x"}}[endpoint]
        return post(self.vestibule, ENDPOINTS[endpoint],
                    with_assertion(assertion, **{**whole, **form}))

    def token(self, assertion, **form):
        return self.post("token", assertion, **form)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    running = Lab(tmp_path_factory.mktemp("keys")).start()
    yield running
    running.stop()


@pytest.fixture
def refused(lab):
    """Asserts that every endpoint refuses an assertion, and says no more than that it does."""

    def check(make, **form):
        for endpoint in ENDPOINTS:
            assertion = make()
            answer = lab.post(endpoint, assertion, **form)
            body = assert_oauth_error(answer, 401, "invalid_client")
            assert body["error_description"] == "the client assertion is not accepted"
            if len(assertion) > 20:
                assert assertion not in lab.vestibule.log.read_text(), "assertions are not logged"

    return check


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "EdDSA", "RS256"])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_each_algorithm_at_each_endpoint(lab, endpoint, algorithm):
    answer = lab.post(endpoint, lab.assertion(key=lab.keys[algorithm]))
    assert answer.status_code == 200, answer.text
    if endpoint == "token":
        token = answer.json()["access_token"]
        seen = lab.post("introspect", lab.assertion(), token=token).json()
        assert seen["active"] and seen["client_id"] == lab.client


@pytest.mark.parametrize("aud", [
    lambda issuer: issuer,
    lambda issuer: [issuer],
    lambda issuer: issuer + "/oauth/v2/token",
    lambda issuer: [issuer, issuer + "/oauth/v2/token"],
])
def test_audiences_that_are_this_server(lab, aud):
    assert lab.token(lab.assertion(aud=aud(lab.issuer))).status_code == 200


def test_the_endpoint_called_is_an_audience(lab):
    aud = lab.issuer + ENDPOINTS["introspect"]
    assert lab.post("introspect", lab.assertion(aud=aud)).status_code == 200
    assert_oauth_error(lab.post("revoke", lab.assertion(aud=aud)), 401, "invalid_client")


def test_client_id_may_stand_beside(lab):
    assert lab.token(lab.assertion(), client_id=lab.client).status_code == 200


@pytest.mark.parametrize("changes", [
    {"iss": None}, {"iss": ""}, {"iss": 7}, {"iss": "other"},
    {"sub": None}, {"sub": ""}, {"sub": "other"}, {"sub": ["x"]},
    {"aud": None}, {"aud": ""}, {"aud": []}, {"aud": "https://other.test"}, {"aud": 1},
    {"exp": None}, {"exp": 0}, {"exp": "never"}, {"exp": -1}, {"exp": 1e300},
    {"jti": None}, {"jti": ""}, {"jti": 5},
    {"nbf": "x"}, {"iat": {}},
], ids=str)
def test_claims_that_are_missing_empty_or_wrong(lab, refused, changes):
    refused(lambda: lab.assertion(**changes))


@pytest.mark.parametrize("changes", [
    lambda: {"exp": now() - 300}, lambda: {"exp": now() + 4000}, lambda: {"iat": now() + 62},
    lambda: {"nbf": now() + 62},
])
def test_times_that_are_too_far_off(lab, refused, changes):
    refused(lambda: lab.assertion(**changes()))


def test_a_clock_that_is_a_little_ahead_is_forgiven(lab):
    assert lab.token(lab.assertion(nbf=now() + 8, iat=now() + 8)).status_code == 200


@pytest.mark.parametrize("aud", [
    lambda issuer: [issuer, "https://other.test"], lambda issuer: issuer + "/",
    lambda issuer: issuer.upper(), lambda issuer: issuer + "/oauth/v2/authorize",
])
def test_audiences_of_somebody_else(lab, refused, aud):
    refused(lambda: lab.assertion(aud=aud(lab.issuer)))


def test_fapi_clients_name_the_issuer_alone(lab, refused):
    for algorithm in ("ES256", "PS256", "EdDSA"):
        answer = lab.token(lab.assertion(lab.fapi, lab.keys[algorithm]))
        assert answer.status_code == 200 or answer.json()["error"] != "invalid_client"
    refused(lambda: lab.assertion(lab.fapi, lab.keys["RS256"]))
    refused(lambda: lab.assertion(lab.fapi, aud=[lab.issuer]))
    for endpoint in ENDPOINTS.values():
        refused(lambda: lab.assertion(lab.fapi, aud=lab.issuer + endpoint))
    secret = post(lab.vestibule, "/oauth/v2/token", {
        "grant_type": "client_credentials", "client_id": lab.fapi, "client_secret": "x"})
    assert_oauth_error(secret, 400, "invalid_client")


def test_the_registered_algorithm_is_the_only_one(lab, refused):
    assert lab.token(lab.assertion(lab.bound)).status_code == 200
    refused(lambda: lab.assertion(lab.bound, lab.keys["PS256"]))


def test_keys_of_others(lab, refused):
    refused(lambda: lab.assertion(key=lab.other_key))
    refused(lambda: lab.assertion(key=lab.other_key, header={"kid": lab.keys["ES256"].kid}))
    refused(lambda: lab.assertion(lab.keyless))
    refused(lambda: lab.assertion("404404404"))
    refused(lambda: lab.assertion("not a number"))
    refused(lambda: lab.assertion(lab.vestibule.bootstrap["client"]["id"]))


@pytest.mark.parametrize("header", [
    {"kid": "unknown"}, {"kid": "../../../../dev/null"}, {"kid": "' or 1=1 --"},
    {"typ": "at+jwt"}, {"typ": "secevent+jwt"}, {"crit": ["exp"]},
], ids=str)
def test_headers_that_try_to_choose(lab, refused, header):
    refused(lambda: lab.assertion(header=header))


def test_keys_in_the_header_are_not_looked_at(lab, refused):
    stranger = Key()
    refused(lambda: lab.assertion(key=stranger, header={"jwk": stranger.public_jwk()}))
    refused(lambda: lab.assertion(key=stranger, header={"jku": lab.key_server.url}))
    # Without kid, the only key of the algorithm's kind is meant.
    assert lab.token(lab.assertion(header={"kid": None})).status_code == 200


def test_algorithm_confusion(lab, refused):
    public = lab.keys["RS256"].public_pem()

    def hmac_with_the_public_key():
        claims = lab.claims(lab.client)
        header = {"alg": "HS256", "typ": "JWT", "kid": lab.keys["RS256"].kid}
        signed = base64url(json.dumps(header).encode()) + "." + base64url(
            json.dumps(claims).encode())
        return signed + "." + base64url(
            hmac.new(public, signed.encode(), hashlib.sha256).digest())

    refused(hmac_with_the_public_key)
    refused(lambda: jwt.encode(lab.claims(lab.client), "", algorithm="none"))
    refused(lambda: jwt.encode(lab.claims(lab.client), "secret" * 8, algorithm="HS256"))


@pytest.mark.parametrize("assertion", ["x", "a.b.c", "....", "e30.e30.", "x" * 17000])
def test_what_is_no_assertion(lab, refused, assertion):
    refused(lambda: assertion)


def test_an_assertion_that_is_too_large(lab):
    for endpoint in ENDPOINTS:
        assert_oauth_error(lab.post(endpoint, "x" * 70000), 413, "invalid_request")


def test_half_an_assertion(lab):
    for endpoint, path in ENDPOINTS.items():
        for form in ({"client_assertion": lab.assertion()},
                     {"client_assertion_type": ASSERTION_TYPE},
                     {"client_assertion": lab.assertion(), "client_assertion_type": ""},
                     {"client_assertion": "", "client_assertion_type": ASSERTION_TYPE}):
            form = {**form, "grant_type": "client_credentials", "token": "x",
                    "client_id": lab.client}
            assert_oauth_error(post(lab.vestibule, path, form), 400, "invalid_request")


def test_another_type_of_assertion(lab):
    form = {**with_assertion(lab.assertion()), "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}
    assert_oauth_error(post(lab.vestibule, ENDPOINTS["token"], form), 401, "invalid_client")


def test_doubled_parameters(lab):
    for name in ("client_assertion", "client_assertion_type"):
        form = list(with_assertion(lab.assertion(), grant_type="client_credentials").items())
        form.append((name, dict(form)[name]))
        assert_oauth_error(post(lab.vestibule, ENDPOINTS["token"], form), 400, "invalid_request")


def test_two_methods_at_once(lab):
    made = lab.vestibule.bootstrap["client"]
    assert_oauth_error(lab.token(lab.assertion(), client_secret="s"), 400, "invalid_request")
    answer = requests.post(
        lab.issuer + ENDPOINTS["token"], timeout=10, auth=(made["id"], made["secret"]),
        data=with_assertion(lab.assertion(), grant_type="client_credentials"))
    assert_oauth_error(answer, 400, "invalid_request")


def test_client_id_of_another(lab, refused):
    refused(lab.assertion, client_id=lab.other)


def test_a_client_with_keys_has_no_secret(lab):
    for form in ({"client_id": lab.client}, {"client_id": lab.client, "client_secret": ""},
                 {"client_id": lab.client, "client_secret": "x"}):
        answer = post(lab.vestibule, ENDPOINTS["token"],
                      {"grant_type": "client_credentials", **form})
        assert_oauth_error(answer, 400, "invalid_client")


def test_an_assertion_works_once_wherever_it_was_used(lab):
    for first in ENDPOINTS:
        assertion = lab.assertion()
        assert lab.post(first, assertion).status_code == 200
        for second in ENDPOINTS:
            assert_oauth_error(lab.post(second, assertion), 401, "invalid_client")


def test_a_refused_grant_uses_the_assertion_up(lab):
    assertion = lab.assertion()
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    answer = lab.token(assertion, **form)
    assert answer.status_code == 400 and answer.json()["error"] != "invalid_client"
    assert_oauth_error(lab.token(assertion), 401, "invalid_client")


def test_a_used_assertion_survives_a_crash(lab):
    assertion = lab.assertion()
    assert lab.token(assertion).status_code == 200
    lab.vestibule.kill()
    lab.start()
    assert_oauth_error(lab.token(assertion), 401, "invalid_client")


def test_only_hashes_are_kept(lab):
    jti = str(uuid.uuid4())
    assert lab.token(lab.assertion(jti=jti)).status_code == 200
    for file in lab.vestibule.data.glob("vestibule.db*"):
        assert jti.encode() not in file.read_bytes()


def test_concurrent_uses_of_one_assertion(lab):
    assertion = lab.assertion()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: lab.token(assertion).status_code, range(16)))
    assert sorted(answers) == [200] + [401] * 15


@pytest.mark.faketime
class TestKeysElsewhere:
    """jwks_uri."""

    @pytest.fixture(scope="class")
    def lab(self, tmp_path_factory):
        running = Lab(tmp_path_factory.mktemp("keys-elsewhere")).start_with_a_movable_clock()
        yield running
        running.stop()

    def use(self, lab, key, client=None):
        return lab.token(lab.assertion(client or lab.remote, key)).status_code

    def test_rotation_an_outage_and_the_rate(self, lab):
        old, new, third = Key(), Key(), Key()
        server = lab.key_server
        server.answer = (200, key_set(old))
        clock = 0
        assert [self.use(lab, old) for _ in range(5)] == [200] * 5
        assert server.requests == 1

        # A new key is found, but garbage does not make us ask all the time.
        server.answer = (200, key_set(old, new))
        assert [self.use(lab, Key()) for _ in range(10)] == [401] * 10
        assert server.requests == 1
        clock += 31
        lab.move_clock(clock)
        assert self.use(lab, new) == 200
        assert server.requests == 2

        # The old one is taken away.
        server.answer = (200, key_set(new))
        clock += 31
        lab.move_clock(clock)
        assert self.use(lab, Key()) == 401
        assert self.use(lab, old) == 401
        assert server.requests == 3

        # While the server is down, what it said last holds for a day.
        for answer in ((500, ""), (404, ""), (302, server.url), (200, "no key set"),
                       (200, '{"keys":[' + " " * 300000 + "]}")):
            server.answer = answer
            clock += 601
            lab.move_clock(clock)
            assert self.use(lab, new) == 200, answer[0]
        clock += 24 * 3600
        lab.move_clock(clock)
        assert self.use(lab, new) == 401
        server.answer = (200, key_set(third))
        clock += 31
        lab.move_clock(clock)
        assert self.use(lab, third) == 200
        lab.move_clock(0)

    def test_where_keys_are_not_fetched_from(self, lab):
        before = lab.key_server.requests
        assert self.use(lab, Key(), lab.unsafe) == 401
        assert self.use(lab, Key(), lab.unreachable) == 401
        assert lab.key_server.requests == before


class TestServiceAccounts:
    """The JWT-profile grant (RFC 7523 section 2.1) with the key that bootstrap printed."""

    @pytest.fixture
    def account(self, lab):
        return lab.vestibule.bootstrap["service_account"]

    @pytest.fixture
    def assertion(self, lab, account):
        def make(key=None, kid=None, **changes):
            given = account["key"]
            claims = {"iss": given["userId"], "sub": given["userId"], "aud": lab.issuer,
                      "iat": now(), "exp": now() + 3600, **changes}
            return jwt.encode({name: value for name, value in claims.items() if value is not None},
                              key or given["key"], algorithm="RS256",
                              headers={"kid": kid or given["keyId"]})

        return make

    @pytest.fixture
    def token(self, lab):
        def ask(assertion, scope="openid profile", **more):
            return post(lab.vestibule, ENDPOINTS["token"], {
                "grant_type": JWT_BEARER, "assertion": assertion, "scope": scope, **more})

        return ask

    def test_a_token_of_its_own(self, lab, account, assertion, token):
        answer = token(assertion())
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert set(body) == {"access_token", "token_type", "expires_in", "scope"}
        assert body["token_type"] == "Bearer" and body["scope"] == "openid profile"
        assert "no-store" in answer.headers["Cache-Control"]
        bearer = {"Authorization": "Bearer " + body["access_token"]}
        info = requests.get(lab.issuer + "/oidc/v1/userinfo", headers=bearer, timeout=10)
        assert info.json()["sub"] == account["id"]
        # Without the scope of the provider's own API it does not open that.
        refused = requests.post(lab.issuer + "/v2/users", headers=bearer, json={}, timeout=10)
        assert refused.status_code == 403

    def test_the_same_assertion_works_until_it_expires(self, assertion, token):
        given = assertion()
        assert [token(given).status_code for _ in range(2)] == [200, 200]

    def test_the_aud_that_zitadels_clients_send(self, lab, assertion, token):
        assert token(assertion(aud=[lab.issuer])).status_code == 200

    def test_it_opens_the_api_with_its_roles(self, lab, assertion, token):
        given = token(assertion(), scope="openid " + OWN_API).json()["access_token"]
        bearer = {"Authorization": "Bearer " + given}
        listed = requests.post(lab.issuer + "/v2/users", headers=bearer, json={}, timeout=10)
        assert listed.status_code == 200, listed.text

    def test_it_is_an_actor(self, lab, assertion, token):
        made = lab.vestibule.bootstrap
        guest = requests.post(lab.issuer + "/guest/v1/provision", timeout=10, headers={
            **lab.vestibule.service_headers(), "Idempotency-Key": str(uuid.uuid4())}).json()
        actor = token(assertion(), scope="openid profile").json()["access_token"]
        answer = post(lab.vestibule, ENDPOINTS["token"], {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "client_id": made["client"]["id"], "client_secret": made["client"]["secret"],
            "subject_token": guest["user_id"],
            "subject_token_type": "urn:zitadel:params:oauth:token-type:user_id",
            "actor_token": actor, "scope": "openid profile",
            "actor_token_type": "urn:ietf:params:oauth:token-type:access_token"})
        assert answer.status_code == 200, answer.text

    @pytest.mark.parametrize("changes", [
        {"iss": None}, {"sub": None}, {"iss": "1"}, {"sub": "1"}, {"aud": None},
        {"aud": "https://other.test"}, {"exp": None}, {"exp": 1}, {"kid": "unknown"},
    ], ids=str)
    def test_what_is_wrong(self, assertion, token, changes):
        assert_oauth_error(token(assertion(**changes)), 400, "invalid_grant")

    def test_times(self, assertion, token):
        for changes in ({"exp": now() + 4000}, {"iat": now() + 62}, {"nbf": now() + 62}):
            assert_oauth_error(token(assertion(**changes)), 400, "invalid_grant")

    def test_another_key_under_the_same_id(self, assertion, token):
        assert_oauth_error(token(assertion(key=Key("RS256").private)), 400, "invalid_grant")

    def test_a_clients_key_is_no_account(self, lab, token):
        assert_oauth_error(token(lab.assertion()), 400, "invalid_grant")

    def test_the_assertion_is_asked_for(self, token):
        assert_oauth_error(token(""), 400, "invalid_request")
        assert_oauth_error(token("x"), 400, "invalid_grant")

    def test_client_credentials_beside_must_be_good(self, lab, assertion, token):
        made = lab.vestibule.bootstrap["client"]
        assert token(assertion(), client_id=made["id"],
                     client_secret=made["secret"]).status_code == 200
        bad = token(assertion(), client_id=made["id"], client_secret="wrong")
        assert_oauth_error(bad, 400, "invalid_client")

    def test_the_account_must_be_active_and_its_key_unexpired(self, lab, account, assertion, token):
        def update(statement, value, row):
            lab.vestibule.stop()
            with sqlite3.connect(lab.vestibule.data / "vestibule.db") as store:
                store.execute(statement, (value, row))
            store.close()
            lab.start()

        state = "update users set state = ? where id = ?"
        update(state, 2, account["id"])
        assert_oauth_error(token(assertion()), 400, "invalid_grant")
        update(state, 1, account["id"])
        assert token(assertion()).status_code == 200
        expiry = "update machine_keys set expires_at = ? where id = ?"
        update(expiry, 1, account["key"]["keyId"])
        assert_oauth_error(token(assertion()), 400, "invalid_grant")


def test_discovery_lists_what_works(lab):
    told = requests.get(lab.issuer + "/.well-known/openid-configuration", timeout=10).json()
    algorithms = set(lab.keys)
    for endpoint in ("token", "introspection", "revocation"):
        assert "private_key_jwt" in told[endpoint + "_endpoint_auth_methods_supported"]
        assert set(told[endpoint + "_endpoint_auth_signing_alg_values_supported"]) == algorithms
    assert JWT_BEARER in told["grant_types_supported"]
