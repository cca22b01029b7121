"""Go: golang.org/x/oauth2 with github.com/coreos/go-oidc, and github.com/zitadel/oidc."""

import pytest
import requests

from client_keys import Key
from client_program import ClientProgram
from person import Person
from registered import LOGGED_OUT, SIGN_IN, register
from tokens import DEVICE
from toolchain import HERE, need, run
from vestibule_process import ROOT

BUILT = ROOT / "build/interop-go"


@pytest.fixture(scope="session")
def programs():
    """The folder of the compiled programs."""
    need("go", "1.26", ["version"])
    run(["go", "build", "-mod=readonly", "-ldflags=-s -w", "-o", f"{BUILT}/", "./..."], HERE / "go",
        GOTOOLCHAIN="local", GOFLAGS="-buildvcs=false")
    return BUILT


@pytest.fixture
def person(provider):
    return Person(provider)


def visit(program, person, follow="authorize"):
    """Does in the person's browser what the program asks for; tells it where that led."""
    url = getattr(person, follow)(program.step("visit")["url"])
    program.tell(url=url or "")
    return url


def assert_signed_in_as(person, claims):
    assert claims["sub"] == person.sub
    assert claims["email"] == person.email and claims["email_verified"] is True
    assert claims["given_name"] == "Ada"


@pytest.fixture(scope="module")
def web(provider, programs):
    """A confidential client that authenticates with HTTP Basic."""
    return register(provider)


# golang.org/x/oauth2 with github.com/coreos/go-oidc


@pytest.fixture(params=["basic", "post", "public"])
def any_client(request, provider):
    """x/oauth2 finds by itself which authentication a client needs."""
    method = {"basic": "client_secret_basic", "post": "client_secret_post",
              "public": "none"}[request.param]
    return register(provider, token_endpoint_auth_method=method)


def test_coreos_signs_in_refreshes_and_signs_out(programs, any_client, person):
    with ClientProgram([programs / "coreos"], "sign-in", any_client) as program:
        visit(program, person)
        tokens = program.step("tokens")
        assert tokens["sub"] == person.sub and tokens["type"] == "Bearer"
        assert tokens["expires_in"] > 0
        claims = program.step("access token")["claims"]
        assert claims["sub"] == person.sub and claims["client_id"] == any_client["client_id"]
        assert_signed_in_as(person, program.step("userinfo")["claims"])
        refreshed = program.step("refreshed")
        assert refreshed["sub"] == person.sub and refreshed["rotated"]
        assert_signed_in_as(person, refreshed["userinfo"])
        assert person.is_signed_in
        visit(program, person, "follow")
        assert program.step("signed out")["led to"] == LOGGED_OUT + "?state=bye"
        assert not person.is_signed_in
        program.refused("userinfo after the sign-out")
        assert "invalid_grant" in program.refused("a refresh after the sign-out")
        program.done()


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_coreos_verifies_every_algorithm(programs, provider, person, algorithm):
    """ID token and userinfo answer, each signed with what the client registered."""
    client = register(provider, id_token_signed_response_alg=algorithm,
                      userinfo_signed_response_alg=algorithm)
    with ClientProgram([programs / "coreos"], "signing-algorithm", client) as program:
        visit(program, person)
        tokens = program.step("tokens")
        assert tokens["sub"] == person.sub
        assert_signed_in_as(person, tokens["userinfo"])
        program.done()


def test_coreos_rejections(programs, web, person):
    with ClientProgram([programs / "coreos"], "rejections", web) as program:
        visit(program, person)
        assert "invalid_grant" in program.refused("another verifier")
        visit(program, person)
        assert "invalid_" in program.refused("no verifier")
        visit(program, person)
        assert "invalid_client" in program.refused("a wrong secret")
        visit(program, person)
        assert "401" in program.refused("a tampered access token")
        assert "signature" in program.refused("a tampered ID token")
        assert "audience" in program.refused("another audience")
        assert "algorithm" in program.refused("another algorithm")
        assert "invalid_grant" in program.refused("a used code")
        assert "401" in program.refused("the token of a code that was used twice")
        assert "404" in program.refused("another issuer")
        program.done()


@pytest.fixture(scope="module")
def television(provider, programs):
    """A public client: x/oauth2 begins with `client_id` alone, whatever secret it has."""
    return register(provider, grant_types=[DEVICE, "refresh_token"], redirect_uris=[],
                    token_endpoint_auth_method="none")


def test_coreos_device(programs, television, person):
    with ClientProgram([programs / "coreos"], "device", television) as program:
        visit(program, person, "decide_device")
        tokens = program.step("tokens")
        assert_signed_in_as(person, tokens["userinfo"])
        assert tokens["refreshes"]
        assert "invalid_grant" in program.refused("a used device code")
        program.done()


def test_coreos_device_that_nobody_allows(programs, television, person):
    with ClientProgram([programs / "coreos"], "device", television) as program:
        person.decide_device(program.step("visit")["url"], "deny")
        program.tell(url="")
        assert "access_denied" in program.refused("the device")
        program.done()


def test_coreos_client_credentials(programs, provider):
    client = register(provider, grant_types=["client_credentials"], redirect_uris=[])
    with ClientProgram([programs / "coreos"], "client-credentials", client) as program:
        assert program.step("tokens")["type"] == "Bearer"
        assert "invalid_client" in program.refused("a wrong secret")
        program.done()


def test_coreos_jwt_profile(programs, provider, web):
    account = provider.service
    settings = {**web, "user_id": account["id"], "key": account["key"]["key"],
                "key_id": account["key"]["keyId"]}
    with ClientProgram([programs / "coreos"], "jwt-profile", settings) as program:
        token = program.step("tokens")["access_token"]
        told = requests.post(provider.metadata["introspection_endpoint"], timeout=10,
                             data={**provider.credentials(), "token": token}).json()
        assert told["active"] and told["sub"] == account["id"]
        assert "invalid_grant" in program.refused("an unknown key")
        assert "invalid_grant" in program.refused("another audience")
        program.done()
