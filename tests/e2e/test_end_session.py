"""OpenID Connect RP-Initiated Logout 1.0: never a redirect to what is not registered, never an end
that nobody asked for."""

from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from relying_party import RelyingParty, SignedIn, start_provider
from visitor import NAVIGATION, OWN_PAGE, Visitor, hidden_field, query_of

END = "/oidc/v1/end_session"
FOREIGN_FORM = {"Sec-Fetch-Site": "cross-site", "Origin": "https://rp.example", **NAVIGATION}


@pytest.fixture(scope="module")
def relying_party():
    running = RelyingParty()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def provider(tmp_path_factory, relying_party):
    running = start_provider(tmp_path_factory.mktemp("end-session"), relying_party)
    yield running
    assert running.stop() == 0


@pytest.fixture
def signed_in(provider, relying_party):
    return SignedIn(provider, relying_party, client="client")


def get(browser, **parameters):
    return browser.get(END + "?" + urlencode(parameters, doseq=True), headers=NAVIGATION)


def back(relying_party):
    return relying_party.uri("post_logout_redirect")


def forged(token, key, algorithm, **header):
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims, key, algorithm=algorithm, headers=header)


def bad_hints(token):
    yield "x"
    yield "a.b.c"
    yield token[:-2]
    yield token + "x"
    yield forged(token, None, "none")
    yield forged(token, rsa.generate_private_key(65537, 2048), "RS256",
                 kid=jwt.get_unverified_header(token)["kid"])
    yield forged(token, "secret", "HS256")


def assert_refused(answer, signed_in, error="invalid_request"):
    assert answer.status_code == 400, answer.text
    assert "Location" not in answer.headers and "Refresh" not in answer.headers
    assert f'id="error-code">{error}<' in answer.text
    assert "This request cannot be completed" in answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    assert "vestibule-provider" in signed_in.browser.cookies and signed_in.userinfo().status_code == 200


def test_a_hint_that_is_not_ours_is_refused(signed_in, relying_party):
    for hint in bad_hints(signed_in.tokens["id_token"]):
        assert_refused(get(signed_in.browser, id_token_hint=hint, state="s",
                           post_logout_redirect_uri=back(relying_party)), signed_in)
    assert_refused(get(signed_in.browser, id_token_hint=signed_in.tokens["access_token"]), signed_in)


def test_what_is_not_registered_is_never_gone_to(signed_in, relying_party):
    good = back(relying_party)
    for uri in (good + "?foo=bar", good + "#", good + "/", good + "x", good[:-1], good.upper(),
                good.replace("http:", "HTTP:"), good.replace("127.0.0.1", "localhost"),
                relying_party.uri("callback"), "https://evil.example/", "//evil.example/", "/",
                "javascript:alert(1)", good + " ", good + "\r\nX-Injected: 1"):
        assert_refused(get(signed_in.browser, id_token_hint=signed_in.tokens["id_token"],
                           post_logout_redirect_uri=uri), signed_in)


@pytest.mark.parametrize("parameters", [
    {"post_logout_redirect_uri": "GOOD", "state": "s"},
    {"post_logout_redirect_uri": "GOOD", "logout_hint": "conformance"},
])
def test_a_place_to_return_to_needs_a_client(signed_in, relying_party, parameters):
    given = {name: back(relying_party) if value == "GOOD" else value
             for name, value in parameters.items()}
    assert_refused(get(signed_in.browser, **given), signed_in)


def test_client_and_hint_have_to_agree(provider, signed_in, relying_party):
    clients = provider.bootstrap["conformance"]["clients"]
    hint = signed_in.tokens["id_token"]
    assert_refused(get(signed_in.browser, id_token_hint=hint,
                       client_id=clients["client2"]["client_id"]), signed_in)
    for unknown in ("1", "x", "", "0", "9" * 30):
        if unknown:
            assert_refused(get(signed_in.browser, client_id=unknown), signed_in, "invalid_client")


def test_a_parameter_given_twice_is_refused(signed_in, relying_party):
    hint = signed_in.tokens["id_token"]
    for name in ("id_token_hint", "post_logout_redirect_uri", "state", "client_id"):
        value = {"id_token_hint": hint, "post_logout_redirect_uri": back(relying_party),
                 "client_id": signed_in.client["client_id"], "state": "s"}
        assert_refused(get(signed_in.browser, **{**value, name: [value[name]] * 2}), signed_in)


def test_without_a_hint_the_person_is_asked(signed_in, relying_party):
    for parameters in ({}, {"state": "s"}, {"ui_locales": "de"}, {"logout_hint": "conformance"}):
        page = get(signed_in.browser, **parameters)
        assert page.status_code == 200 and 'id="logout-confirm"' in page.text
        assert signed_in.userinfo().status_code == 200
    done = signed_in.browser.post(END, data={"confirm": hidden_field(page.text, "confirm")})
    assert done.status_code == 200 and "You are signed out." in done.text
    assert "vestibule-provider" not in signed_in.browser.cookies and signed_in.userinfo().status_code == 401


def test_a_client_alone_asks_and_then_goes_back(signed_in, relying_party):
    page = get(signed_in.browser, client_id=signed_in.client["client_id"], state="s&t",
               post_logout_redirect_uri=back(relying_party))
    assert page.status_code == 200 and signed_in.userinfo().status_code == 200
    confirm = hidden_field(page.text, "confirm")
    for headers in (FOREIGN_FORM, {"Origin": "https://rp.example"}):
        refused = signed_in.browser.post(END, data={"confirm": confirm}, headers=headers)
        assert refused.status_code == 403 and "vestibule-provider" in signed_in.browser.cookies
    done = signed_in.browser.post(END, data={"confirm": confirm})
    assert done.headers["Location"] == back(relying_party) + "?state=s%26t"


def test_a_hint_about_another_session_asks(provider, relying_party):
    older = SignedIn(provider, relying_party, client="client")
    newer = SignedIn(provider, relying_party, client="client")
    page = get(newer.browser, id_token_hint=older.tokens["id_token"],
               post_logout_redirect_uri=back(relying_party))
    assert page.status_code == 200 and 'id="logout-confirm"' in page.text
    assert newer.userinfo().status_code == 200


@pytest.mark.parametrize("state, query", [(None, {}), ("s" * 128, {"state": "s" * 128}),
                                          ("ä&=#", {"state": "ä&=#"})])
def test_a_hint_signs_out_at_once_with_exactly_the_state(signed_in, relying_party, state, query):
    parameters = {"id_token_hint": signed_in.tokens["id_token"],
                  "post_logout_redirect_uri": back(relying_party)}
    if state is not None:
        parameters["state"] = state
    answer = get(signed_in.browser, **parameters)
    assert answer.headers["Location"].startswith(back(relying_party))
    assert query_of(answer.headers["Location"]) == query
    assert "vestibule-provider" not in signed_in.browser.cookies
    assert signed_in.userinfo().status_code == 401
    assert signed_in.refresh().json()["error"] == "invalid_grant"
    # Again, with nobody signed in: the same way back.
    assert get(signed_in.browser, **parameters).headers["Location"] == answer.headers["Location"]


def test_a_hint_without_a_place_to_return_to_stays_here(signed_in):
    page = get(signed_in.browser, id_token_hint=signed_in.tokens["id_token"], state="s")
    assert page.status_code == 200 and "You are signed out." in page.text
    assert signed_in.userinfo().status_code == 401


def test_a_form_of_our_own_site_works_as_a_link_does(signed_in, relying_party):
    answer = signed_in.browser.post(END, headers=OWN_PAGE, data={
        "id_token_hint": signed_in.tokens["id_token"], "state": "s",
        "post_logout_redirect_uri": back(relying_party)})
    assert answer.headers["Location"] == back(relying_party) + "?state=s"
    assert signed_in.userinfo().status_code == 401


def test_a_form_of_another_site_comes_without_the_cookie_and_works_all_the_same(
        provider, signed_in, relying_party):
    """SameSite=Lax: the browser sends the cookie with the redirect only."""
    form = {"id_token_hint": signed_in.tokens["id_token"], "state": "s",
            "post_logout_redirect_uri": back(relying_party)}
    bare = Visitor(provider.issuer)
    resume = bare.post(END, headers=FOREIGN_FORM, data=form)
    assert resume.status_code in (302, 303)
    location = resume.headers["Location"]
    assert location.startswith(END + "?resume=")
    assert signed_in.tokens["id_token"] not in location
    assert signed_in.userinfo().status_code == 200
    for broken in (location[:-1], location + "A", END + "?resume=x"):
        assert signed_in.browser.get(broken, headers=NAVIGATION).status_code == 400
    other = SignedIn(provider, relying_party, client="client",
                     person=("admin", provider.bootstrap["admin"]["password"]))
    asked = other.browser.get(location, headers=NAVIGATION)
    assert asked.status_code == 200 and 'id="logout-confirm"' in asked.text
    answer = signed_in.browser.get(location, headers=NAVIGATION)
    assert answer.headers["Location"] == back(relying_party) + "?state=s"
    assert signed_in.userinfo().status_code == 401


def test_a_bad_form_of_another_site_is_refused_at_once(provider, signed_in):
    bare = Visitor(provider.issuer)
    answer = bare.post(END, headers=FOREIGN_FORM, data={"id_token_hint": "x"})
    assert answer.status_code == 400 and "Location" not in answer.headers
    typed = bare.post(END, headers={**FOREIGN_FORM, "Content-Type": "application/json"}, data="{}")
    assert typed.status_code == 400
