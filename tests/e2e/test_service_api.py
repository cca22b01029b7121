"""The calls of /guest/v1 for applications' backends: guests by key, merges that are pulled; and
the limits, which such calls do not have."""

from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
import requests

from vestibule_process import Vestibule
from visitor import (OWN_PAGE, Visitor, assert_error, guest_of, new_email, proved_account_of,
                     raw_request, sign_in, store_rows)


def service(server, method, path, headers=None, **more):
    return requests.request(method, server.application + path, timeout=20,
                            headers={**server.service_headers(), **(headers or {})}, **more)


# provision

_counter = iter(range(1, 10**9))


def new_key():
    return f"key-{next(_counter)}"


def provision(server, key=None, **more):
    headers = {} if key is None else {"Idempotency-Key": key}
    return service(server, "POST", "/guest/v1/provision", headers, **more)


def test_provision_and_verify_the_token_as_a_backend_would(server):
    response = provision(server, new_key())
    assert response.status_code == 201
    answer = response.json()
    assert answer["token_type"] == "Bearer" and 0 < answer["expires_in"] <= 600
    discovery = requests.get(server.issuer + "/.well-known/openid-configuration", timeout=5).json()
    assert discovery["issuer"] == server.issuer
    key = jwt.PyJWKClient(discovery["jwks_uri"]).get_signing_key_from_jwt(answer["access_token"])
    claims = jwt.decode(answer["access_token"], key.key, algorithms=["ES256"],
                        audience=server.application, issuer=server.issuer)
    assert jwt.get_unverified_header(answer["access_token"])["typ"] == "at+jwt"
    assert claims["sub"] == answer["user_id"]
    assert claims["act"]["sub"] == server.bootstrap["service_account"]["id"]
    assert claims["scope"] == answer["scope"]
    assert {"client_id", "iat", "exp", "jti", "acr"} <= set(claims)


@pytest.mark.parametrize("key", [None, "", "a b", "k" * 201, "k\u00e9y".encode("latin-1")],
                         ids=str)
def test_an_idempotency_key_is_needed(server, key):
    before = store_rows(server, "users")
    assert_error(provision(server, key), 400, "idempotency_key")
    assert store_rows(server, "users") == before


def test_two_idempotency_keys_are_refused(server):
    raw = raw_request(server.application, "POST", "/guest/v1/provision",
                      [*server.service_headers().items(), ("Idempotency-Key", "a"),
                       ("Idempotency-Key", "b")])
    assert raw.status == 400


def test_a_key_leads_to_the_same_user_with_a_new_token(server):
    key = new_key()
    first = provision(server, key, json={"cart": 1})
    again = provision(server, key, json={"cart": 1})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["user_id"] == again.json()["user_id"]
    assert first.json()["access_token"] != again.json()["access_token"]
    assert_error(provision(server, key, json={"cart": 2}), 422)
    assert_error(provision(server, key), 422)
    assert provision(server, "k" * 200).status_code in (200, 201)


def test_one_key_at_once_makes_one_guest(server):
    key = new_key()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: provision(server, key), range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
    assert len({answer.json()["user_id"] for answer in answers}) == 1


def test_a_key_is_scoped_to_its_caller(server):
    key = new_key()
    first = provision(server, key)
    other = requests.post(server.application + "/guest/v1/provision", timeout=20,
                          headers={**server.admin_headers(), "Idempotency-Key": key})
    if other.status_code == 201:
        assert other.json()["user_id"] != first.json()["user_id"]
    else:
        assert_error(other, 403)


@pytest.mark.parametrize("body", [b"[]", b"1", b"{", b"\xff", b"null", b"{} {}"], ids=str)
def test_provision_takes_an_object_or_nothing(server, body):
    assert_error(provision(server, new_key(), data=body), 400)


def test_provision_of_too_much_is_refused(server):
    assert_error(provision(server, new_key(), data=b" " * 20000), 413)


@pytest.mark.parametrize("headers", [
    {}, {"Authorization": "Bearer"}, {"Authorization": "Bearer "}, {"Authorization": "Bearer x"},
    {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer a b"},
    {"Authorization": "Bearer " + "x" * 5000}], ids=str)
@pytest.mark.parametrize("method, path", [("POST", "/guest/v1/provision"),
                                          ("GET", "/guest/v1/merges?state=pending"),
                                          ("POST", "/guest/v1/merges/1/ack")])
def test_a_service_call_needs_a_service_account(server, method, path, headers):
    response = requests.request(method, server.application + path, timeout=5,
                                headers={"Idempotency-Key": "x", **headers})
    assert_error(response, 401)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_neither_cookie_nor_guests_token_is_a_service_account(server):
    guest = guest_of(server)
    response = guest.post("/guest/v1/provision", headers={**OWN_PAGE, "Idempotency-Key": new_key()})
    assert_error(response, 401)
    token = provision(server, new_key()).json()["access_token"]
    response = requests.post(server.application + "/guest/v1/provision", timeout=5, headers={
        "Authorization": f"Bearer {token}", "Idempotency-Key": new_key()})
    assert_error(response, 401)


# merges, by an application that pulls


@pytest.fixture(scope="module")
def pulling(tmp_path_factory):
    """A server with an application that has no webhook, and one that is another's."""
    vestibule = Vestibule(tmp_path_factory.mktemp("pulling"), config={"limits": {
        "guests_per_minute": 100000, "guests_burst": 100000, "sign_ins_per_minute": 100000}})
    account = vestibule.bootstrap["service_account"]["id"]
    vestibule.config["applications"] = [{"name": "shop", "service_account": account}]
    vestibule.start()
    yield vestibule
    assert vestibule.stop() == 0


def pending(server):
    response = service(server, "GET", "/guest/v1/merges?state=pending")
    assert response.status_code == 200, response.text
    return response.json()["merges"]


def test_a_merge_waits_for_the_acknowledgement(pulling):
    _, email = proved_account_of(pulling)
    visitor = guest_of(pulling)
    guest = visitor.session()["sub"]
    assert sign_in(pulling, visitor, email, merge="1").status_code == 303
    merge, = [merge for merge in pending(pulling) if merge["from"] == guest]
    assert merge["to"] == visitor.session()["sub"] and merge["state"] == "requested"
    assert merge["deadline_at"] > merge["requested_at"]
    pulling.command("purge", "--older-than", "0s", "--json")
    assert store_rows(pulling, "users where id = ?", int(guest)) == 1
    # Neither another caller nor another id ends it.
    path = f"/guest/v1/merges/{merge['merge_id']}/ack"
    foreign = requests.post(pulling.application + path, headers=pulling.admin_headers(), timeout=5)
    assert_error(foreign, 403)
    assert_error(requests.post(pulling.application + path, timeout=5), 401)
    for wrong in ("1", "x", "0", "-1", "99999999999999999999", merge["merge_id"] + "0", "%00"):
        response = service(pulling, "POST", f"/guest/v1/merges/{wrong}/ack")
        assert response.status_code in (400, 404), wrong
    assert merge in pending(pulling)
    done = service(pulling, "POST", path)
    assert done.status_code == 200 and done.json()["merge_id"] == merge["merge_id"]
    assert done.json()["state"] == "done"
    assert store_rows(pulling, "users where id = ?", int(guest)) == 0
    assert merge not in pending(pulling)
    again = service(pulling, "POST", path)
    assert again.status_code == 200 and again.json()["state"] == "done"
    assert "merged" in {event["type"] for event in
                        visitor.get("/guest/v1/timeline").json()["events"]}


@pytest.mark.parametrize("query", ["", "?state=", "?state=done", "?state=pending&state=pending",
                                   "?state=%zz", "?status=pending"])
def test_only_pending_merges_can_be_asked_for(pulling, query):
    assert_error(service(pulling, "GET", "/guest/v1/merges" + query), 400)


def test_who_is_no_application_lists_nothing(pulling):
    response = requests.get(pulling.application + "/guest/v1/merges?state=pending", timeout=5,
                            headers=pulling.admin_headers())
    assert_error(response, 403)


def test_an_open_merge_holds_its_source(pulling):
    _, email = proved_account_of(pulling)
    visitor = guest_of(pulling)
    guest, old = visitor.session()["sub"], dict(visitor.cookies)
    sign_in(pulling, visitor, email, merge="1")
    stale = Visitor(pulling.application, old)
    assert stale.session() == {"signed_in": False}
    response = Visitor(pulling.application, old).upgrade(new_email())
    assert response.status_code in (401, 409), response.text
    assert Visitor(pulling.application, old).request("DELETE", "/guest/v1/session").status_code == 401
    assert store_rows(pulling, "users where id = ?", int(guest)) == 1


# limits


def test_limits_per_address(tmp_path):
    strict = Vestibule(tmp_path, config={
        "trusted_proxies": ["127.0.0.1/32"],
        "limits": {"guests_per_minute": 1, "guests_burst": 3, "sign_ins_per_minute": 3}}).start()

    def by(address, method, path, **more):
        return Visitor(strict.application).request(
            method, path, headers={**OWN_PAGE, "X-Forwarded-For": address}, **more)

    def assert_limited(response):
        assert_error(response, 429, "rate_limited")
        assert 0 < int(response.headers["Retry-After"]) <= 60

    try:
        for _ in range(3):
            assert by("192.0.2.1", "POST", "/guest/v1/session").status_code == 201
        before = store_rows(strict, "users")
        assert_limited(by("192.0.2.1", "POST", "/guest/v1/session"))
        # What the client itself wrote to the left is not believed.
        assert_limited(by("203.0.113.9, 192.0.2.1", "POST", "/guest/v1/session"))
        assert store_rows(strict, "users") == before
        assert by("192.0.2.2", "POST", "/guest/v1/session").status_code == 201
        # One /64 is one neighbour.
        for host in (1, 2, 3):
            assert by(f"2001:db8::{host}", "POST", "/guest/v1/session").status_code == 201
        assert_limited(by("2001:db8::4", "POST", "/guest/v1/session"))
        # Sign-ins: at the gateway, and on the provider's page by its own count.
        for _ in range(3):
            assert by("192.0.2.3", "POST", "/guest/v1/login", json={}).status_code == 200
        assert_limited(by("192.0.2.3", "POST", "/guest/v1/login", json={}))
        for _ in range(3):
            page = by("192.0.2.4", "POST", "/ui/login", data={"username": "admin", "password": "x"})
            assert page.status_code == 401
        page = by("192.0.2.4", "POST", "/ui/login", data={"username": "admin", "password": "x"})
        assert page.status_code == 429 and int(page.headers["Retry-After"]) > 0
        # Service accounts have no limit per address.
        for _ in range(10):
            assert provision(strict, new_key()).status_code == 201
    finally:
        strict.stop()
