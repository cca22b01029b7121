"""OpenID Connect Back-Channel Logout 1.0 with a real receiver: who is told, what, and until when."""

import threading
import time
from urllib.parse import parse_qs, urlencode

import jwt
import pytest
import requests

from relying_party import RelyingParty, SignedIn, decode_signed, start_provider
from vestibule_process import wait_for
from visitor import NAVIGATION, query_of, store_rows

PAGE = "backchannel_logout"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture(scope="module")
def relying_party():
    running = RelyingParty()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def provider(tmp_path_factory, relying_party):
    running = start_provider(tmp_path_factory.mktemp("backchannel"), relying_party)
    yield running
    assert running.stop() == 0


@pytest.fixture(autouse=True)
def fresh(relying_party):
    relying_party.forget()


def sign_out(signed_in, relying_party, **changes):
    parameters = {"id_token_hint": signed_in.tokens["id_token"], "state": "s",
                  "post_logout_redirect_uri": relying_party.uri("post_logout_redirect"), **changes}
    return signed_in.browser.get("/oidc/v1/end_session?" + urlencode(parameters),
                                 headers=NAVIGATION)


def logout_token(provider, request, signed_in):
    """Checked as section 2.6 says."""
    assert request["method"] == "POST"
    assert request["type"] == "application/x-www-form-urlencoded"
    form = parse_qs(request["body"], strict_parsing=True)
    assert set(form) == {"logout_token"} and len(form["logout_token"]) == 1
    token = form["logout_token"][0]
    assert jwt.get_unverified_header(token)["typ"] == "logout+jwt"
    claims = decode_signed(provider, token, signed_in.client["client_id"])
    assert claims["events"] == {EVENT: {}}
    assert "nonce" not in claims and claims["jti"]
    assert 0 < claims["exp"] - claims["iat"] <= 120
    assert claims["sub"] == signed_in.claims["sub"]
    assert claims["sid"] == signed_in.claims["sid"]
    return claims


def test_discovery_says_so(provider):
    document = requests.get(provider.issuer + "/.well-known/openid-configuration", timeout=5).json()
    assert document["backchannel_logout_supported"] is True
    assert document["backchannel_logout_session_supported"] is True


def test_the_client_is_told_before_the_browser_comes_back(provider, relying_party):
    signed_in = SignedIn(provider, relying_party)
    answer = sign_out(signed_in, relying_party)
    assert answer.headers["Location"] == relying_party.uri("post_logout_redirect") + "?state=s"
    assert len(relying_party.at(PAGE)) == 1
    logout_token(provider, relying_party.at(PAGE)[0], signed_in)
    assert signed_in.refresh().json()["error"] == "invalid_grant"
    assert signed_in.userinfo().status_code == 401
    assert store_rows(provider, "logout_notices") == store_rows(provider, "session_clients") == 0


def test_clients_that_were_not_signed_in_or_do_not_listen_are_not_told(provider, relying_party):
    other = SignedIn(provider, relying_party, client="client")
    assert sign_out(other, relying_party).status_code in (302, 303)
    assert relying_party.at(PAGE) == []


def test_each_token_is_another(provider, relying_party):
    seen = set()
    for _ in range(2):
        signed_in = SignedIn(provider, relying_party)
        sign_out(signed_in, relying_party)
        seen.add(logout_token(provider, relying_party.wait_at(PAGE)[-1], signed_in)["jti"])
    assert len(seen) == 2


def test_a_sign_in_elsewhere_tells_of_the_older_session(provider, relying_party):
    older = SignedIn(provider, relying_party)
    newer = SignedIn(provider, relying_party)
    logout_token(provider, relying_party.wait_at(PAGE)[0], older)
    assert len(relying_party.at(PAGE)) == 1
    assert newer.userinfo().status_code == 200
    sign_out(newer, relying_party)


def test_a_second_client_in_the_session_is_told_as_well(provider, relying_party):
    first = SignedIn(provider, relying_party)
    second = SignedIn(provider, relying_party, client="client", browser=first.browser)
    assert second.claims["sid"] == first.claims["sid"]
    answer = sign_out(second, relying_party)
    assert answer.status_code in (302, 303)
    logout_token(provider, relying_party.at(PAGE)[0], first)


@pytest.mark.parametrize("status", [302, 307, 400, 404, 500, 503])
def test_a_failure_is_repeated_and_a_redirect_never_followed(provider, relying_party, status):
    signed_in = SignedIn(provider, relying_party)
    relying_party.statuses[:] = [status]
    started = time.monotonic()
    answer = sign_out(signed_in, relying_party)
    assert answer.status_code in (302, 303) and time.monotonic() - started < 5
    first, second = relying_party.wait_at(PAGE, 2)
    assert logout_token(provider, first, signed_in)["jti"] != logout_token(
        provider, second, signed_in)["jti"]
    assert second["at"] - first["at"] > 0.4
    assert relying_party.at("elsewhere") == []


def test_a_client_that_hangs_holds_the_browser_for_a_moment_only(provider, relying_party):
    signed_in = SignedIn(provider, relying_party)
    release = threading.Event()
    relying_party.statuses[:] = [lambda: release.wait(20) and None]
    started = time.monotonic()
    answer = sign_out(signed_in, relying_party)
    assert answer.status_code in (302, 303) and 1 < time.monotonic() - started < 8
    assert query_of(answer.headers["Location"]) == {"state": "s"}
    release.set()


def test_a_deleted_user_is_told_of(tmp_path, relying_party):
    provider = start_provider(tmp_path, relying_party)
    signed_in = SignedIn(provider, relying_party)
    gone = requests.delete(provider.issuer + "/v2/users/" + signed_in.claims["sub"], timeout=20,
                           headers=provider.admin_headers())
    assert gone.status_code == 200, gone.text
    logout_token(provider, relying_party.wait_at(PAGE)[0], signed_in)
    provider.stop()


def test_a_notice_outlives_the_server_and_a_network_that_is_not_allowed(tmp_path, relying_party):
    provider = start_provider(tmp_path, relying_party, outgoing={"allowed_networks": []})
    signed_in = SignedIn(provider, relying_party)
    answer = sign_out(signed_in, relying_party)
    assert answer.status_code in (302, 303)
    assert store_rows(provider, "logout_notices") == 1
    assert relying_party.at(PAGE) == [], "the address is nobody's to call"
    provider.kill()
    provider.config["outgoing"] = {"allowed_networks": ["127.0.0.0/8"]}
    provider.start()
    logout_token(provider, relying_party.wait_at(PAGE, seconds=40)[0], signed_in)
    delivered = 'vestibule_logout_notices_total{outcome="delivered"} 1'
    wait_for(lambda: delivered in requests.get(provider.issuer + "/metrics", timeout=5).text,
             "the metric of a delivery")
    provider.stop()
