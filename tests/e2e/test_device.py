"""Signing a device in (RFC 8628): what the device is told, and what the person is shown."""

import json
import re

import pytest
import requests

from browser import Browser
from device_pages import confirmation, decide, sign_in
from people import PASSWORD, REDIRECT, add_user, change_client, userinfo
from vestibule_process import Vestibule
from visitor import NAVIGATION, Visitor, hidden_field

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
FOREIGN = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A server with a television that may use the grant, and a client that may not."""
    server = Vestibule(tmp_path_factory.mktemp("house"), redirect_uris=[REDIRECT],
                       config={"limits": {"sign_ins_per_minute": 100000}})
    server.bootstrap
    server.ada = add_user(server, {"preferred_username": "ada", "given_name": "Ada"})
    added = json.loads(server.command("clients", "add", "--json", "--name", "Television <b>",
                                      "--redirect-uri", REDIRECT).stdout)
    server.television = {"id": added["client_id"], "secret": added["secret"]}
    change_client(server, added["client_id"], grant_types=[GRANT, "refresh_token"])
    server.start()
    yield server
    assert server.stop() == 0


def post(server, path, form, client=None, **more):
    client = client or server.television
    form = {"client_id": client["id"], "client_secret": client["secret"], **form}
    return requests.post(server.issuer + path, timeout=20, allow_redirects=False,
                         data={name: value for name, value in form.items() if value is not None},
                         **more)


def begin(server, scope="openid profile offline_access", **changes):
    return post(server, "/oauth/v2/device_authorization", {"scope": scope, **changes})


def poll(server, begun, **changes):
    return post(server, "/oauth/v2/token",
                {"grant_type": GRANT, "device_code": begun["device_code"], **changes})


def error_of(response):
    assert response.status_code == 400, response.text
    assert "no-store" in response.headers["Cache-Control"]
    return response.json()["error"]


# The device authorization endpoint


@pytest.mark.parametrize("changes, status, error", [
    ({"client_secret": "wrong"}, 400, "invalid_client"),
    ({"client_secret": None}, 400, "invalid_client"),
    ({"client_id": None}, 400, "invalid_request"),
    ({"client_id": "1"}, 400, "invalid_client"),
    ({"scope": None}, 400, "invalid_request"),
    ({"scope": "shoes"}, 400, "invalid_scope"),
    ({"scope": ["openid", "profile"]}, 400, "invalid_request"),
])
def test_device_authorization_refuses(house, changes, status, error):
    answer = begin(house, **changes)
    assert answer.status_code == status and answer.json()["error"] == error, answer.text
    assert "no-store" in answer.headers["Cache-Control"]


def test_device_authorization_is_for_registered_clients(house):
    answer = post(house, "/oauth/v2/device_authorization", {"scope": "openid"},
                  house.bootstrap["client"])
    assert error_of(answer) == "unauthorized_client"
    answer = post(house, "/oauth/v2/token", {"grant_type": GRANT, "device_code": "x"},
                  house.bootstrap["client"])
    assert error_of(answer) == "unauthorized_client"


def test_device_authorization_answer(house):
    answer = begin(house)
    assert answer.status_code == 200 and "no-store" in answer.headers["Cache-Control"]
    body = answer.json()
    assert re.fullmatch("[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", body["user_code"])
    assert len(body["device_code"]) >= 43 and body["interval"] == 5 and body["expires_in"] == 600
    assert body["verification_uri"] == house.issuer + "/device"
    assert body["verification_uri_complete"].endswith("?user_code=" + body["user_code"])
    document = requests.get(house.issuer + "/.well-known/openid-configuration", timeout=5).json()
    assert document["device_authorization_endpoint"] == answer.url
    assert GRANT in document["grant_types_supported"]


# Polling


@pytest.mark.parametrize("changes, error", [
    ({"device_code": None}, "invalid_request"),
    ({"device_code": "guess"}, "invalid_grant"),
    ({"device_code": ["a", "b"]}, "invalid_request"),
    ({"client_secret": "wrong"}, "invalid_client"),
])
def test_polling_refuses(house, changes, error):
    assert error_of(poll(house, begin(house).json(), **changes)) == error


def test_polling_waits_and_slows_down(house):
    begun = begin(house).json()
    assert error_of(poll(house, begun)) == "authorization_pending"
    assert error_of(poll(house, begun)) == "slow_down"


# The pages


@pytest.mark.parametrize("code", ["", "BCDF", "BCDF-GHJK", "<script>", "A" * 500])
def test_a_wrong_code_leads_nowhere(house, code):
    answer = Visitor(house.issuer).post("/device", data={"user_code": code})
    assert answer.status_code == 400 and 'id="error"' in answer.text
    assert "<script>" not in answer.text


def test_opening_links_decides_nothing(house):
    begun = begin(house).json()
    browser = Visitor(house.issuer)
    page = browser.get(begun["verification_uri_complete"], headers=NAVIGATION)
    assert page.status_code == 200 and begun["user_code"] in page.text
    confirmation(house, begun, browser)
    browser.get("/device/decision?decision=allow", headers=NAVIGATION)
    assert error_of(poll(house, begun)) == "authorization_pending"
    for hostile in ("/device/confirm", "/device/confirm?request=x", "/device/confirm?request="):
        assert browser.get(hostile, headers=NAVIGATION).status_code == 400


def test_a_decision_needs_its_own_page_session_and_origin(house):
    begun = begin(house).json()
    browser, page = confirmation(house, begun)
    assert decide(browser, page, "allow", headers=FOREIGN).status_code == 403
    assert decide(browser, page, "perhaps").status_code == 400
    assert decide(Visitor(house.issuer), page, "allow").status_code == 400
    other, _ = confirmation(house, begin(house).json())
    assert decide(other, page, "allow").status_code == 400
    assert error_of(poll(house, begun)) == "authorization_pending"


def test_the_code_form_needs_its_own_origin(house):
    begun = begin(house).json()
    answer = Visitor(house.issuer).post("/device", data={"user_code": begun["user_code"]},
                                        headers=FOREIGN)
    assert answer.status_code == 403


def test_a_refusal_is_told_to_the_device(house):
    begun = begin(house).json()
    browser, page = confirmation(house, begun)
    assert decide(browser, page, "deny").status_code == 200
    assert error_of(poll(house, begun)) == "access_denied"
    assert decide(browser, page, "allow").status_code == 400


def test_an_allowed_device_is_signed_in_once_and_outlives_the_browser(house):
    begun = begin(house).json()
    browser, page = confirmation(house, begun)
    assert "Television &lt;b&gt;" in page and begun["user_code"] in page
    assert 'id="device-warning"' in page
    assert decide(browser, page, "allow").status_code == 200
    answer = poll(house, begun)
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    assert userinfo(house, tokens["access_token"]).json()["sub"] == house.ada["sub"]
    assert error_of(poll(house, begun)) == "invalid_grant"
    out = browser.get("/oidc/v1/end_session", headers=NAVIGATION)
    browser.post("/oidc/v1/end_session", data={"confirm": hidden_field(out.text, "confirm")})
    renewed = post(house, "/oauth/v2/token", {"grant_type": "refresh_token",
                                              "refresh_token": tokens["refresh_token"]})
    assert renewed.status_code == 200, renewed.text


@pytest.mark.browser
def test_a_person_signs_a_device_in(house, screenshots):
    begun = begin(house).json()
    with Browser(house.issuer, width=420, height=800) as browser:
        browser.open(begun["verification_uri_complete"])
        assert browser.by_id("user_code").get_attribute("value") == begun["user_code"]
        browser.screenshot(screenshots, "device-code")
        browser.by_id("device-submit").click()
        browser.by_id("username").send_keys("ada")
        browser.by_id("password").send_keys(PASSWORD)
        browser.by_id("login-submit").click()
        assert browser.by_id("device-code").text.upper() == begun["user_code"]
        assert "Television <b>" in browser.by_id("client-name").text
        browser.screenshot(screenshots, "device-confirm")
        browser.by_id("consent-allow").click()
        browser.wait(lambda: "signed in" in browser.by_id("message").text, "the end")
    assert poll(house, begun).status_code == 200
