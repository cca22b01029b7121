"""Dynamic Client Registration (RFC 7591, OpenID Connect Registration) and its management (RFC 7592)
over HTTP, and the same metadata from an operator."""

import json
import secrets

import pytest
import requests

from vestibule_process import Vestibule
from visitor import NAVIGATION, Pkce, Visitor, authorize_url

REGISTER = "/oauth/v2/register"
GOOD = {"redirect_uris": ["https://rp.example/cb"]}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = Vestibule(tmp_path_factory.mktemp("open"), config={
        "registration": {"mode": "open", "per_minute": 100000, "max_clients": 60}}).start()
    yield running
    assert running.stop() == 0


def register(server, document=None, headers=None, **metadata):
    body = {**GOOD, **metadata} if document is None else document
    return requests.post(server.issuer + REGISTER, timeout=20, headers={
        "Content-Type": "application/json", **(headers or {})},
        data=body if isinstance(body, (str, bytes)) else json.dumps(body))


def registered(server, **metadata):
    answer = register(server, **metadata)
    assert answer.status_code == 201, answer.text
    return answer.json()


def manage(method, client, body=None, token=None, path=None):
    return requests.request(
        method, path or client["registration_client_uri"], timeout=20, json=body,
        headers={"Authorization": "Bearer " + (token or client["registration_access_token"])})


def forget(client):
    assert manage("DELETE", client).status_code == 204


def assert_refused(answer, error, status=400):
    assert answer.status_code == status, answer.text
    assert answer.json()["error"] == error, answer.text
    assert "no-store" in answer.headers["Cache-Control"]


# Who may


@pytest.mark.parametrize("config", [{}, {"registration": {"mode": "off"}}])
def test_off_unless_configured(tmp_path, config):
    server = Vestibule(tmp_path, config=config).start()
    assert register(server).status_code == 404
    assert "registration_endpoint" not in requests.get(
        server.issuer + "/.well-known/openid-configuration", timeout=5).json()
    server.stop()


def test_by_token_only(tmp_path):
    token = secrets.token_urlsafe(32)
    file = tmp_path / "token"
    file.write_text("# for the build\n" + token + "\n")
    server = Vestibule(tmp_path / "server", config={"registration": {
        "mode": "token", "initial_access_token_file": str(file), "per_minute": 5}}).start()
    bare = register(server)
    assert_refused(bare, "invalid_token", 401)
    assert bare.headers["WWW-Authenticate"] == 'Bearer realm="vestibule"'
    for wrong in (token[:-1], token + "x", token.upper(), "# for the build"):
        answer = register(server, headers={"Authorization": "Bearer " + wrong})
        assert_refused(answer, "invalid_token", 401)
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="vestibule", error="invalid_token"'
    limited = register(server, headers={"Authorization": "Bearer " + token})
    assert_refused(limited, "temporarily_unavailable", 429)
    assert int(limited.headers["Retry-After"]) > 0
    server.stop()
    server.config["registration"]["per_minute"] = 100
    server.start()
    good = register(server, headers={"Authorization": "Bearer " + token})
    assert good.status_code == 201, good.text
    assert manage("GET", good.json(), token=token).status_code == 401
    server.stop()


@pytest.mark.parametrize("registration", [
    {"mode": "token"}, {"mode": "sometimes"}, {"mode": "open", "per_minute": 0},
    {"mode": "token", "initial_access_token_file": "/nonexistent"}, {"max_clients": -1}])
def test_a_configuration_that_cannot_be_is_named(tmp_path, registration):
    done = Vestibule(tmp_path, config={"registration": registration}).command(
        "config", "check", check=False)
    assert done.returncode == 2 and "registration." in done.stderr


# What is refused


@pytest.mark.parametrize("body, headers, error", [
    ("", {}, "invalid_client_metadata"),
    ("[]", {}, "invalid_client_metadata"),
    ("{", {}, "invalid_client_metadata"),
    ("{} {}", {}, "invalid_client_metadata"),
    ('{"redirect_uris":["https://a.test/"],"redirect_uris":["https://b.test/"]}', {},
     "invalid_client_metadata"),
    (b"\xff\xfe", {}, "invalid_client_metadata"),
    (json.dumps(GOOD), {"Content-Type": "application/x-www-form-urlencoded"}, "invalid_request"),
    (json.dumps(GOOD), {"Content-Type": "text/plain"}, "invalid_request"),
    ("{}", {}, "invalid_redirect_uri"),
])
def test_a_body_that_is_no_metadata(server, body, headers, error):
    assert_refused(register(server, body, headers), error)


def test_a_body_that_is_too_large(server):
    answer = register(server, client_name="x" * 40000)
    assert answer.status_code == 413


@pytest.mark.parametrize("metadata, error", [
    ({"redirect_uris": ["https://rp.example/cb#fragment"]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["http://rp.example/cb"]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["https://good.example/", "javascript:alert(1)"]}, "invalid_redirect_uri"),
    ({"grant_types": ["urn:ietf:params:oauth:grant-type:token-exchange"]}, "invalid_client_metadata"),
    ({"grant_types": ["client_credentials"]}, "invalid_client_metadata"),
    ({"response_types": ["token"]}, "invalid_client_metadata"),
    ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
    ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata"),
    ({"subject_type": "pairwise"}, "invalid_client_metadata"),
    ({"sector_identifier_uri": "https://127.0.0.1:9/s.json"}, "invalid_client_metadata"),
    ({"logo_uri": "javascript:alert(1)"}, "invalid_client_metadata"),
    ({"redirect_uris": [f"https://rp.example/{i}" for i in range(21)]}, "invalid_client_metadata"),
])
def test_metadata_that_is_refused(server, metadata, error):
    answer = register(server, **metadata)
    assert_refused(answer, error)
    assert set(answer.json()) == {"error", "error_description"}


# What is made


def test_the_answer_says_all_that_is_registered(server):
    asked = {"client_name": "An app", "contacts": ["a@rp.example"], "x_unknown": 5,
             "grant_types": ["authorization_code", "refresh_token"],
             "post_logout_redirect_uris": ["https://rp.example/bye"],
             "backchannel_logout_uri": "https://rp.example/back",
             "consent": "implied", "actors": ["1"], "profile": "fapi2_security"}
    answer = register(server, **asked)
    assert answer.status_code == 201
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Type"].startswith("application/json")
    client = answer.json()
    for name in ("client_name", "contacts", "grant_types", "post_logout_redirect_uris",
                 "backchannel_logout_uri"):
        assert client[name] == asked[name]
    assert client["redirect_uris"] == GOOD["redirect_uris"]
    assert client["response_types"] == ["code"]
    assert client["token_endpoint_auth_method"] == "client_secret_basic"
    assert client["id_token_signed_response_alg"] == "RS256"
    assert client["client_secret_expires_at"] == 0 and len(client["client_secret"]) >= 43
    assert client["client_id_issued_at"] > 1_600_000_000
    assert client["registration_client_uri"] == f"{server.issuer}{REGISTER}/{client['client_id']}"
    assert not {"x_unknown", "consent", "actors", "profile", "project"} & set(client)
    document = requests.get(server.issuer + "/.well-known/openid-configuration", timeout=5).json()
    assert document["registration_endpoint"] == server.issuer + REGISTER
    forget(client)


def test_a_public_client_has_no_secret_and_needs_pkce(server):
    client = registered(server, token_endpoint_auth_method="none", application_type="native",
                        redirect_uris=["http://127.0.0.1/cb", "com.example.app:/cb"])
    assert "client_secret" not in client and "client_secret_expires_at" not in client
    answer = Visitor(server.issuer).get(authorize_url(
        client_id=client["client_id"], response_type="code", scope="openid",
        redirect_uri="http://127.0.0.1:4567/cb"), headers=NAVIGATION)
    assert "error=invalid_request" in answer.headers["Location"]
    forget(client)


def test_a_registered_client_can_start_a_sign_in(server):
    client = registered(server, logo_uri="https://rp.example/logo.png")
    answer = Visitor(server.issuer).get(authorize_url(
        client_id=client["client_id"], response_type="code", scope="openid", state="s",
        redirect_uri=GOOD["redirect_uris"][0], code_challenge=Pkce().challenge,
        code_challenge_method="S256"), headers=NAVIGATION)
    assert answer.headers["Location"].startswith("/ui/login?request=")
    wrong = Visitor(server.issuer).get(authorize_url(
        client_id=client["client_id"], response_type="code", scope="openid",
        redirect_uri="https://rp.example/cb?foo=bar"), headers=NAVIGATION)
    assert wrong.status_code == 400 and "Location" not in wrong.headers
    forget(client)


def test_a_registered_client_can_neither_exchange_nor_have_tokens_of_its_own(server):
    client = registered(server)
    for grant in ("client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"):
        answer = requests.post(server.issuer + "/oauth/v2/token", timeout=20, data={
            "grant_type": grant, "scope": "openid", "subject_token": "1",
            "subject_token_type": "urn:zitadel:params:oauth:token-type:user_id",
            "actor_token": server.bootstrap["service_account"]["pat"],
            "actor_token_type": "urn:ietf:params:oauth:token-type:access_token"},
            auth=(client["client_id"], client["client_secret"]))
        assert_refused(answer, "unauthorized_client")
    forget(client)


def test_browsers_may_call_it(server):
    for path, methods in ((REGISTER, "POST"), (REGISTER + "/1", "GET, PUT, DELETE")):
        answer = requests.options(server.issuer + path, timeout=5)
        assert answer.status_code == 204
        assert answer.headers["Access-Control-Allow-Methods"] == methods


def test_there_is_a_limit_to_their_number(tmp_path):
    server = Vestibule(tmp_path, config={"registration": {"mode": "open", "max_clients": 2}}).start()
    first, _ = registered(server), registered(server)
    assert_refused(register(server), "access_denied", 403)
    forget(first)
    registered(server)
    server.stop()


# RFC 7592


def test_nobody_manages_without_the_token(server):
    mine, other = registered(server), registered(server)
    uri = mine["registration_client_uri"]
    application = f"{server.issuer}{REGISTER}/{server.bootstrap['client']['id']}"
    for method in ("GET", "PUT", "DELETE"):
        bare = requests.request(method, uri, timeout=5, json={})
        assert_refused(bare, "invalid_token", 401)
        assert bare.headers["WWW-Authenticate"].startswith("Bearer")
        for wrong in (other["registration_access_token"], mine["client_secret"], "x",
                      server.bootstrap["admin"]["pat"]):
            assert_refused(manage(method, mine, {}, token=wrong), "invalid_token", 401)
        for path in (application, f"{server.issuer}{REGISTER}/1", f"{server.issuer}{REGISTER}/x"):
            assert_refused(manage(method, mine, {}, path=path), "invalid_token", 401)
    assert manage("GET", mine).status_code == 200
    forget(mine)
    forget(other)


def test_what_is_read_is_what_was_registered(server):
    client = registered(server, client_name="An app")
    answer = manage("GET", client)
    assert answer.status_code == 200
    once = {"client_secret", "client_secret_expires_at", "registration_access_token"}
    assert answer.json() == {name: value for name, value in client.items() if name not in once}
    forget(client)


@pytest.mark.parametrize("change, error", [
    ({"client_id": None}, "invalid_client_metadata"),
    ({"client_id": "1"}, "invalid_client_metadata"),
    ({"client_secret": "wrong"}, "invalid_client_metadata"),
    ({"client_secret": 5}, "invalid_client_metadata"),
    ({"registration_access_token": "x"}, "invalid_client_metadata"),
    ({"client_id_issued_at": 5}, "invalid_client_metadata"),
    ({"redirect_uris": []}, "invalid_redirect_uri"),
    ({"redirect_uris": ["https://rp.example/#"]}, "invalid_redirect_uri"),
    ({"grant_types": ["client_credentials"]}, "invalid_client_metadata"),
])
def test_an_update_that_is_refused_changes_nothing(server, change, error):
    client = registered(server, client_name="before")
    body = {"client_id": client["client_id"], "client_name": "after", **GOOD, **change}
    body = {name: value for name, value in body.items() if value is not None}
    assert_refused(manage("PUT", client, body), error)
    assert manage("GET", client).json()["client_name"] == "before"
    forget(client)


def test_an_update_replaces_everything_and_the_token(server):
    client = registered(server, client_name="before", contacts=["a@rp.example"])
    body = {"client_id": client["client_id"], "client_secret": client["client_secret"],
            "client_name": "after", "redirect_uris": ["https://rp.example/new"]}
    answer = manage("PUT", client, body)
    assert answer.status_code == 200, answer.text
    updated = answer.json()
    assert updated["client_name"] == "after" and "contacts" not in updated
    assert "client_secret" not in updated, "the one that it has is still good"
    assert updated["registration_access_token"] != client["registration_access_token"]
    assert_refused(manage("GET", client), "invalid_token", 401)
    assert manage("GET", updated).status_code == 200
    keyless = manage("PUT", updated, {"client_id": client["client_id"], **GOOD,
                                      "token_endpoint_auth_method": "none"}).json()
    assert "client_secret" not in keyless
    again = manage("PUT", keyless, {"client_id": client["client_id"], **GOOD}).json()
    assert again["client_secret"] and again["client_secret"] != client["client_secret"]
    forget(again)


def test_a_deleted_client_is_gone_with_its_tokens(server):
    client = registered(server)
    forget(client)
    assert_refused(manage("GET", client), "invalid_token", 401)
    assert_refused(manage("DELETE", client), "invalid_token", 401)
    answer = Visitor(server.issuer).get(authorize_url(
        client_id=client["client_id"], response_type="code", scope="openid",
        redirect_uri=GOOD["redirect_uris"][0]), headers=NAVIGATION)
    assert answer.status_code == 400 and "Location" not in answer.headers
    token = requests.post(server.issuer + "/oauth/v2/token", timeout=5, data={
        "grant_type": "refresh_token", "refresh_token": "x"},
        auth=(client["client_id"], client["client_secret"]))
    assert_refused(token, "invalid_client", 401)


# The same from an operator


@pytest.fixture
def metadata_file(tmp_path):
    def write(document):
        path = tmp_path / "metadata.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return path
    return write


@pytest.mark.parametrize("document", [
    "[]", "{", {"client_name": "x"}, {**GOOD}, {**GOOD, "client_name": "x", "actors": ["a"]},
    {**GOOD, "client_name": "x", "token_endpoint_auth_method": "private_key_jwt"},
    {**GOOD, "client_name": "x", "profile": "fapi2_security"},
    {"client_name": "x", "redirect_uris": ["https://rp.example/#x"]}])
def test_an_operators_mistake_is_named(server, metadata_file, document):
    done = server.command("clients", "add", "--file", metadata_file(document), check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1


def test_an_operator_adds_shows_changes_and_deletes(server, metadata_file):
    file = metadata_file({"client_name": "api", "grant_types": ["client_credentials"],
                          "access_token_format": "jwt", "access_token_lifetime": 60})
    made = json.loads(server.command("clients", "add", "--file", file, "--json").stdout)
    answer = requests.post(server.issuer + "/oauth/v2/token", timeout=20, data={
        "grant_type": "client_credentials", "scope": "openid"},
        auth=(made["client_id"], made["secret"]))
    assert answer.status_code == 200 and answer.json()["expires_in"] == 60
    shown = json.loads(server.command("clients", "show", made["client_id"], "--json").stdout)
    assert shown["access_token_lifetime"] == 60 and "secret" not in json.dumps(shown).replace(
        "client_secret_basic", "")
    shown["access_token_lifetime"] = 90
    changed = json.loads(server.command("clients", "update", made["client_id"], "--file",
                                        metadata_file(shown), "--json").stdout)
    assert "secret" not in changed
    answer = requests.post(server.issuer + "/oauth/v2/token", timeout=20, data={
        "grant_type": "client_credentials", "scope": "openid"},
        auth=(made["client_id"], made["secret"]))
    assert answer.json()["expires_in"] == 90
    server.command("clients", "delete", made["client_id"])
    for arguments in (["show"], ["delete"], ["update", "--file", file]):
        done = server.command("clients", arguments[0], made["client_id"], *arguments[1:],
                              check=False)
        assert done.returncode == 1 and "no such client" in done.stderr


def published_algorithms(server):
    return {key["alg"] for key in requests.get(server.issuer + "/oauth/v2/keys", timeout=5).json()["keys"]}


def test_keys_are_there_before_a_client_needs_them(tmp_path, metadata_file):
    server = Vestibule(tmp_path / "server", config={"registration": {"mode": "open"}}).start()
    assert published_algorithms(server) == {"ES256", "RS256"}
    file = metadata_file({**GOOD, "client_name": "ed", "id_token_signed_response_alg": "EdDSA"})
    made = json.loads(server.command("clients", "add", "--file", file, "--json").stdout)
    assert published_algorithms(server) == {"ES256", "RS256", "EdDSA"}
    file = metadata_file({**GOOD, "client_name": "ed", "access_token_signed_response_alg": "PS256"})
    server.command("clients", "update", made["client_id"], "--file", file)
    assert published_algorithms(server) == {"ES256", "RS256", "EdDSA", "PS256"}
    server.stop()


FAPI = {**GOOD, "client_name": "bank", "profile": "fapi2_security", "dpop_bound_access_tokens": True,
        "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://rp.example/jwks",
        "id_token_signed_response_alg": "PS256"}


@pytest.mark.parametrize("changes", [
    {"token_endpoint_auth_method": "client_secret_basic"}, {"dpop_bound_access_tokens": False},
    {"id_token_signed_response_alg": "RS256"}, {"pkce": "optional"},
    {"redirect_uris": ["http://rp.example/cb"]}])
def test_an_operator_cannot_make_a_profiles_client_that_breaks_its_rules(server, metadata_file, changes):
    made = json.loads(server.command("clients", "add", "--file", metadata_file(FAPI), "--json").stdout)
    wrong = metadata_file({**FAPI, **changes})
    for arguments in (["add"], ["update", made["client_id"]]):
        done = server.command("clients", *arguments, "--file", wrong, check=False)
        assert done.returncode == 1 and "profile" in done.stderr, done.stderr
    server.command("clients", "delete", made["client_id"])


@pytest.mark.parametrize("arguments, complaint", [
    (["grant", "{account}", "owner"], "a role is one of"), (["grant", "1", "guest_manager"], "no such user"),
    (["revoke", "{account}", ""], "a role is one of"), (["grant", "{guest}", "guest_manager"], "no account")])
def test_roles_are_given_to_accounts_only(server, arguments, complaint):
    guest = Visitor(server.issuer).become_guest()
    account = server.bootstrap["service_account"]["id"]
    done = server.command("users", *(word.format(account=account, guest=guest) for word in arguments),
                          check=False)
    assert done.returncode == 1 and complaint in done.stderr, done.stderr


def test_the_gateways_own_client_is_left_alone(server):
    clients = json.loads(server.command("clients", "list", "--json").stdout)["clients"]
    own = next(client["client_id"] for client in clients if client["name"] == "gateway")
    done = server.command("clients", "delete", own, check=False)
    assert done.returncode == 1 and "gateway" in done.stderr


def test_an_operator_sees_and_deletes_what_registered_itself(server):
    client = registered(server, client_name="stranger")
    clients = json.loads(server.command("clients", "list", "--json").stdout)["clients"]
    line = next(line for line in clients if line["client_id"] == client["client_id"])
    assert line["registered_by"] == "itself"
    server.command("clients", "delete", client["client_id"])
    assert manage("GET", client).status_code == 401
