"""Standard claims and who is told of them: scopes, the claims parameter, signed userinfo, and the
commands that set them."""

import json

import jwt
import pytest
import requests

from people import (EVERY_CLAIM, SCOPES, add_user, ask, change_client, sign_in_and_stop,
                    tokens, userinfo, write_file, REDIRECT)
from vestibule_process import Vestibule, decode_jwt
from visitor import NAVIGATION, Pkce, Visitor, query_of


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """A server where Ada has every claim and Bob has none; beside the bootstrapped client
    there are one that asks for signed userinfo, and a plain one."""
    server = Vestibule(tmp_path_factory.mktemp("people"), redirect_uris=[REDIRECT],
                       config={"limits": {"sign_ins_per_minute": 100000}})
    server.bootstrap
    server.ada = add_user(server, EVERY_CLAIM)
    server.bob = add_user(server, {"preferred_username": "bob"})
    added = json.loads(server.command("clients", "add", "--json", "--name", "signed",
                                      "--redirect-uri", REDIRECT).stdout)
    server.signed = {"id": added["client_id"], "secret": added["secret"]}
    change_client(server, added["client_id"], userinfo_algorithm="RS256")
    added = json.loads(server.command("clients", "add", "--json", "--name", "plain",
                                      "--redirect-uri", REDIRECT).stdout)
    server.plain = {"id": added["client_id"], "secret": added["secret"]}
    server.start()
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def client(people):
    return people.bootstrap["client"]


# Commands


@pytest.mark.parametrize("claims, complaint", [
    ({"preferred_username": "x", "birthdate": "yesterday"}, "birthdate"),
    ({"preferred_username": "x", "website": "ftp://x"}, "website"),
    ({"preferred_username": "x", "shoe_size": 43}, "shoe_size"),
    ({"preferred_username": "x", "sub": "1"}, "sub"),
    ({"preferred_username": "ada"}, ""),
    ({"given_name": "Nobody"}, "preferred_username"),
])
def test_users_add_refuses_what_is_malformed_or_taken(people, claims, complaint):
    document = write_file(people, "bad.json", json.dumps(claims))
    done = people.command("users", "add", "--claims", document, check=False)
    assert done.returncode == 1 and complaint in done.stderr and len(done.stderr.splitlines()) == 1


def test_users_add_refuses_bad_files_and_weak_passwords(people):
    broken = write_file(people, "broken.json", "{")
    assert people.command("users", "add", "--claims", broken, check=False).returncode == 2
    assert people.command("users", "add", "--claims", people.directory / "absent",
                          check=False).returncode == 2
    weak = write_file(people, "weak", "password\n")
    done = people.command("users", "add", "--username", "weak", "--password-file", weak,
                          check=False)
    assert done.returncode == 1 and "password" in done.stderr.lower()
    assert people.command("users", "show", "weak", check=False).returncode == 1


def test_users_show_tells_what_was_set(people):
    shown = json.loads(people.command("users", "show", "ada", "--json").stdout)
    assert shown.pop("sub") == people.ada["sub"] and shown.pop("updated_at") > 1_600_000_000
    assert shown == EVERY_CLAIM
    assert json.loads(people.command("users", "show", people.ada["sub"], "--json").stdout)["sub"]
    assert "Countess" in people.command("users", "show", "ada@ada.example").stdout


def test_users_set_changes_and_removes_claims_and_ends_what_the_old_password_began(people, client):
    add_user(people, {"preferred_username": "carol", "nickname": "C"})
    answer = tokens(people, client, "carol", scope="openid profile")
    document = write_file(people, "set.json", json.dumps({"nickname": None, "zoneinfo": "Etc/UTC"}))
    people.command("users", "set", "carol", "--claims", document)
    info = userinfo(people, answer["access_token"]).json()
    assert "nickname" not in info and info["zoneinfo"] == "Etc/UTC"
    secret = write_file(people, "password", "quite-another-harbour-7\n")
    people.command("users", "set", "carol", "--password-file", secret)
    assert userinfo(people, answer["access_token"]).status_code == 401
    assert people.command("users", "set", "nobody", "--claims", document, check=False).returncode == 1


# Scopes


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_a_scope_opens_its_claims_and_no_others(people, client, scope):
    answer = tokens(people, client, scope=f"openid {scope}")
    info = userinfo(people, answer["access_token"]).json()
    assert set(info) == {"sub"} | SCOPES[scope]
    for name in SCOPES[scope] - {"updated_at"}:
        assert info[name] == EVERY_CLAIM[name]


def test_what_is_not_known_is_left_out(people, client):
    answer = tokens(people, client, "bob", scope="openid profile email address phone")
    info = userinfo(people, answer["access_token"]).json()
    # ZITADEL sends null for a language that is not known.
    assert set(info) == {"sub", "preferred_username", "updated_at", "locale"}
    assert info["locale"] is None


def test_clients_of_their_own_are_told_nothing_as_zitadel_does(people, client):
    answer = tokens(people, people.plain, "bob", scope="openid profile")
    assert set(userinfo(people, answer["access_token"]).json()) == {
        "sub", "preferred_username", "updated_at"}
    assert "client_id" not in decode_jwt(answer["id_token"])[1]
    answer = tokens(people, client, "bob", scope="openid profile")
    claims = decode_jwt(answer["id_token"])[1]
    assert claims["client_id"] == client["id"] and claims["locale"] is None


def test_discovery_names_every_claim(people):
    document = requests.get(people.issuer + "/.well-known/openid-configuration", timeout=5).json()
    assert set().union(*SCOPES.values()) <= set(document["claims_supported"])
    assert set(SCOPES) <= set(document["scopes_supported"])
    assert document["claims_parameter_supported"] is True


def test_a_client_of_ones_own_gets_minimal_id_tokens(people):
    answer = tokens(people, people.signed, scope="openid profile email address phone")
    assert not set().union(*SCOPES.values()) & set(decode_jwt(answer["id_token"])[1])


# The claims parameter


@pytest.mark.parametrize("claims", ["{", "[]", '"email"', '{"userinfo":[]}',
                                    '{"userinfo":{"email":true}}',
                                    '{"id_token":{"sub":{"value":7}}}'])
def test_a_malformed_claims_parameter_is_refused(people, client, claims):
    leaving = Visitor(people.issuer).get(ask(client["id"], Pkce(), claims=claims),
                                         headers=NAVIGATION)
    query = query_of(leaving.headers["Location"])
    assert query["error"] == "invalid_request" and query["state"] == "st"


def test_an_essential_acr_that_cannot_be_had_is_refused(people, client):
    claims = json.dumps({"id_token": {"acr": {"essential": True, "values": ["phr"]}}})
    leaving = Visitor(people.issuer).get(ask(client["id"], Pkce(), claims=claims),
                                         headers=NAVIGATION)
    assert query_of(leaving.headers["Location"])["error"] == "unmet_authentication_requirements"


def test_claims_by_name_stand_where_they_were_asked_for(people):
    claims = json.dumps({
        "userinfo": {"email": {"essential": True}, "address": None, "unheard_of": None},
        "id_token": {"picture": None, "acr": {"essential": True, "values": ["1"]},
                     "auth_time": {"essential": True}}})
    answer = tokens(people, people.signed, claims=claims)
    key = jwt.PyJWKClient(people.issuer + "/oauth/v2/keys")
    info = userinfo(people, answer["access_token"])
    body = jwt.decode(info.text, key.get_signing_key_from_jwt(info.text).key, algorithms=["RS256"],
                      audience=people.signed["id"], issuer=people.issuer)
    assert set(body) == {"iss", "aud", "sub", "email", "address"}
    _, id_token = decode_jwt(answer["id_token"])
    assert id_token["picture"] == EVERY_CLAIM["picture"] and id_token["acr"] == "1"
    assert id_token["auth_time"] > 0 and "email" not in id_token


def test_a_request_about_somebody_is_for_nobody_else(people, client):
    about_bob = json.dumps({"id_token": {"sub": {"value": people.bob["sub"]}}})
    browser, _, leaving = sign_in_and_stop(people, client["id"], "ada")
    assert "code" in query_of(leaving.headers["Location"])
    # Ada is signed in: without a page it fails, with one Bob may sign in, and Ada may not.
    silent = browser.get(ask(client["id"], Pkce(), claims=about_bob, prompt="none"),
                         headers=NAVIGATION)
    assert query_of(silent.headers["Location"])["error"] == "login_required"
    _, _, wrong = sign_in_and_stop(people, client["id"], "ada", browser, claims=about_bob)
    assert query_of(wrong.headers["Location"])["error"] == "login_required"
    _, _, right = sign_in_and_stop(people, client["id"], "bob", browser, claims=about_bob)
    assert "code" in query_of(right.headers["Location"])


# Signed userinfo


@pytest.mark.parametrize("how", ["header", "form"])
def test_userinfo_is_signed_for_the_client_that_registered_so(people, how):
    token = tokens(people, people.signed)["access_token"]
    url = people.issuer + "/oidc/v1/userinfo"
    answer = userinfo(people, token) if how == "header" else requests.post(
        url, data={"access_token": token}, timeout=20)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/jwt"
    assert "no-store" in answer.headers["Cache-Control"]
    header, claims = decode_jwt(answer.text)
    assert header["alg"] == "RS256"
    assert claims == {"iss": people.issuer, "aud": people.signed["id"], "sub": people.ada["sub"]}
    # It is no ID token.
    hinted = requests.get(people.issuer + ask(people.signed["id"], Pkce(), id_token_hint=answer.text),
                          timeout=20, allow_redirects=False)
    assert query_of(hinted.headers["Location"])["error"] == "invalid_request"


# What is asked of the sign-in


@pytest.mark.parametrize("extra", [
    {"ui_locales": "se fr-CA", "claims_locales": "se"}, {"display": "popup"}, {"display": "wap"},
    {"acr_values": "0 1"}, {"acr_values": "urn:unheard:of"}, {"login_hint": "buffy@nowhere.example"},
])
def test_wishes_are_no_conditions(people, client, extra):
    answer = tokens(people, client, **extra)
    assert decode_jwt(answer["id_token"])[1]["acr"] == "1"


def test_login_hint_is_typed_already(people, client):
    browser = Visitor(people.issuer)
    leaving = browser.get(ask(client["id"], Pkce(), login_hint='a"d@a'), headers=NAVIGATION)
    page = browser.get(leaving.headers["Location"], headers=NAVIGATION).text
    assert 'value="a&quot;d@a"' in page
