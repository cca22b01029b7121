"""Resource indicators (RFC 8707) over HTTP: a token is for the API that was named, and no other."""

import pytest
from urllib.parse import urlencode

from dpop import GRANTS, configure_client
from test_provider_http import (REDIRECT, assert_oauth_error, authenticated, authorization,
                                introspect, post, redeem, refresh, sign_in_for_code)
from vestibule_process import Vestibule
from visitor import NAVIGATION, Pkce, Visitor, query_of

API = "https://api.example.com/v1"
FILES = "urn:example:files"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    vestibule = Vestibule(tmp_path_factory.mktemp("resource"), redirect_uris=[REDIRECT])
    configure_client(vestibule, vestibule.bootstrap["client"]["id"], audiences=[API, FILES],
                     grant_types=GRANTS)
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


def audience(server, client, response):
    assert response.status_code == 200, response.text
    return introspect(server, client, response.json()["access_token"])["aud"]


def test_the_token_of_a_code_is_for_what_was_authorized(server, client, person):
    code, pkce, _ = sign_in_for_code(server, client, person, resource=[API, FILES])
    given = redeem(server, client, code, pkce)
    assert audience(server, client, given) == [API, FILES]
    part = refresh(server, client, given.json()["refresh_token"], resource=FILES)
    assert audience(server, client, part) == [FILES]
    again = refresh(server, client, part.json()["refresh_token"])
    assert audience(server, client, again) == [API, FILES], "the grant itself is not narrowed"


def test_a_code_may_be_redeemed_for_a_part(server, client, person):
    code, pkce, _ = sign_in_for_code(server, client, person, resource=[API, FILES])
    assert audience(server, client, redeem(server, client, code, pkce, resource=API)) == [API]


def test_without_a_resource_the_audience_is_the_client_and_its_project(server, client, person):
    code, pkce, _ = sign_in_for_code(server, client, person)
    named = audience(server, client, redeem(server, client, code, pkce))
    assert client["id"] in named and API not in named


@pytest.mark.parametrize("resource", [FILES, [API, FILES], "https://evil.example/", "api",
                                      API + "#x", API + "/"])
def test_more_than_was_authorized_is_no_target(server, client, person, resource):
    code, pkce, _ = sign_in_for_code(server, client, person, resource=API)
    assert_oauth_error(redeem(server, client, code, pkce, resource=resource), 400,
                       "invalid_target")


def test_a_refresh_reaches_no_further_and_uses_nothing_up(server, client, person):
    code, pkce, _ = sign_in_for_code(server, client, person, resource=API)
    given = redeem(server, client, code, pkce).json()
    for resource in (FILES, "https://evil.example/", "x"):
        assert_oauth_error(refresh(server, client, given["refresh_token"], resource=resource), 400,
                           "invalid_target")
    assert refresh(server, client, given["refresh_token"]).status_code == 200


@pytest.mark.parametrize("resource", ["https://evil.example/", "api", "", API + "#x",
                                      [API, "https://evil.example/"]])
def test_an_authorization_for_another_resource_goes_back(server, client, resource):
    query = urlencode(authorization(client, Pkce(), resource=resource), doseq=True)
    answer = Visitor(server.issuer).get("/oauth/v2/authorize?" + query, headers=NAVIGATION)
    if resource == "":  # RFC 6749 3.1: as if it were not there
        assert answer.headers["Location"].startswith("/ui/")
        return
    assert answer.headers["Location"].startswith(REDIRECT + "?")
    assert query_of(answer.headers["Location"])["error"] == "invalid_target"


def test_a_clients_own_token(server, client):
    own = authenticated(client, grant_type="client_credentials")
    form = [*own.items(), ("resource", API), ("resource", FILES)]
    assert audience(server, client, post(server, "/oauth/v2/token", form)) == [API, FILES]
    for resource in ("https://evil.example/", "api", API + "#x"):
        assert_oauth_error(post(server, "/oauth/v2/token", {**own, "resource": resource}), 400,
                           "invalid_target")
