"""Whatever the remote answers, or does not, at whichever call: the person is told clearly and
nothing is half, or it is tried again; no secret is told, and the gateway stays well.

A row is one call and one bad answer to it, again and again until the row is over."""

import time
from functools import partial

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

import fault_proxy as faults
from remote import PASSWORD, forwarded_claims
from visitor import assert_error, new_email, sign_in

pytestmark = pytest.mark.faults

CREATE = r"CreateUser$"
EXCHANGE = r"token-exchange$"
REGISTER = r"PUT /v2/users/human/\{id\}$"
UNTAG = r"DELETE /v2/users/\{id\}/metadata"
CODE = r"authorization_code$"
KEYS = r"GET /oauth/v2/keys$"
DEACTIVATE = r"/deactivate$"
READ = r"GET /v2/users/\{id\}$"
TAGS = r"/metadata/search$"
DELETE = r"DELETE /v2/users/\{id\}$"
WHOAMI = r"GET /auth/v1/users/me$"

HTML = (b"<html><body>Bad gateway</body></html>", [("Content-Type", "text/html")])


def page(status, forwarded=False):
    """What a proxy before the remote says of itself."""
    return faults.answered(status, forwarded, HTML[0], HTML[1])


def ok(body):
    return faults.answered(200, body=body)


STATUSES = {f"{status}": partial(faults.answered, status)
            for status in (400, 401, 403, 404, 408, 409, 418, 429, 500, 501, 502, 503, 504)}
PAGES = {f"{status}-page": partial(page, status) for status in (200, 400, 403, 404, 502)}
BODIES = {
    "redirect": partial(faults.answered, 302, headers=[("Location", "/elsewhere")]),
    "no-content": partial(faults.answered, 204, body=b""),
    "empty": partial(ok, b""),
    "empty-object": partial(ok, b"{}"),
    "array": partial(ok, b"[]"),
    "null": partial(ok, b"null"),
    "wrong-types": partial(ok, b'{"id": 1, "user": [], "access_token": {}, "expires_in": "x",'
                               b' "keys": 5, "metadata": {"key": 1}, "details": 7}'),
    "nested": partial(ok, b'{"a":' * 5000 + b"1" + b"}" * 5000),
    "malformed": faults.malformed,
}
LOSSES = {"dropped": faults.dropped, "cut": faults.cut, "slow": faults.slow,
          "silent": faults.silent, "oversized": faults.oversized}
EVERYTHING = STATUSES | PAGES | BODIES | LOSSES
AFTER = {f"{name}-after": partial(make, forwarded=True)
         for name, make in (STATUSES | PAGES | LOSSES).items()
         if name in ("401", "404", "409", "500", "502-page", "dropped", "cut", "silent")}


def assert_well(lane, *answers):
    """The gateway answers, and has told no secret."""
    for path in ("/healthz", "/readyz"):
        assert requests.get(lane.gateway.issuer + path, timeout=5).status_code == 200
    lane.assert_no_secret_is_logged()
    for answer in answers:
        told = answer.text + str(answer.headers.items())
        assert not [secret for secret in lane.proxy.secrets if secret in told]


def assert_unavailable(answer):
    assert answer.status_code == 503, f"{answer.status_code} {answer.text}"
    assert int(answer.headers["Retry-After"]) > 0
    assert "cookie" not in {name.lower() for name in answer.headers}


# What a person does


def provision(lane, call, fault):
    visitor = lane.visitor()
    visitor.session()
    before = lane.zitadel.humans()
    lane.proxy.clear()
    injection = lane.proxy.inject(EVERYTHING_AND_AFTER[fault](), call, times=1000)
    answer = visitor.post("/guest/v1/session")
    assert injection.struck > 0
    if answer.status_code != 201:  # a 409 says that the guest is there already
        assert_unavailable(answer)
        assert_error(answer, 503, "unavailable")
    assert visitor.session()["signed_in"] is (answer.status_code == 201)
    lane.proxy.clear()
    again = visitor.post("/guest/v1/session")
    deadline = time.monotonic() + 30
    while again.status_code == 503 and time.monotonic() < deadline:
        again = visitor.post("/guest/v1/session")
    assert again.status_code in (200, 201), again.text
    assert lane.zitadel.humans() - before == {again.json()["sub"]}
    assert_well(lane, answer, again)


def upgrade(lane, call, fault):
    visitor = lane.visitor()
    subject, email = visitor.become_guest(), new_email()
    lane.proxy.clear()
    injection = lane.proxy.inject(EVERYTHING_AND_AFTER[fault](), call, subject, times=1000)
    answer = visitor.upgrade(email, PASSWORD)
    if answer.status_code not in (200, 400, 409, 422):
        assert_unavailable(answer)
    struck = injection.struck
    lane.proxy.clear()
    lane.gateway.wait_until_idle()
    assert struck > 0 or answer.status_code == 200
    kind, user = lane.gateway.find_local(subject), lane.zitadel.find(subject)
    registered = "passwordChanged" in user["human"]
    assert (kind, lane.zitadel.tags(subject) == []) == \
        (("account", True) if registered else ("guest", False)), answer.text
    if answer.status_code == 200:
        assert registered and visitor.session()["kind"] == "account"
    elif not registered:
        # Nothing has happened, so it can be done again.
        assert visitor.session()["kind"] == "guest"
        assert visitor.upgrade(email, PASSWORD).status_code == 200
    assert_well(lane, answer)


def upgrade_refused_after(lane, first, second):
    """The first attempt's outcome is not known, and the second is refused: that alone does not say
    that the first one took effect."""
    visitor = lane.visitor()
    subject = visitor.become_guest()
    lane.proxy.clear()
    lane.proxy.inject(EVERYTHING_AND_AFTER[first](), REGISTER, subject)
    lane.proxy.inject(EVERYTHING_AND_AFTER[second](), f"{REGISTER}|{UNTAG}", subject, nth=2,
                      times=1000)
    answer = visitor.upgrade(new_email(), PASSWORD)
    lane.proxy.clear()
    lane.gateway.wait_until_idle()
    registered = "passwordChanged" in lane.zitadel.find(subject)["human"]
    assert (lane.gateway.find_local(subject) == "account") is registered, answer.text
    assert (lane.zitadel.tags(subject) == []) is registered
    if answer.status_code == 200:
        assert registered
    assert_well(lane, answer)


def sign_in_with(lane, call, fault):
    if call == KEYS:  # fetched once
        lane.gateway.stop()
        lane.gateway.start()
    _, email = lane.zitadel.new_account()
    visitor = lane.visitor()
    lane.proxy.clear()
    injection = lane.proxy.inject(EVERYTHING_AND_AFTER[fault](), call, times=1000)
    answer = sign_in(lane, visitor, email, PASSWORD)
    assert injection.struck > 0
    assert answer.status_code in (400, 503), answer.text
    if answer.status_code == 503:
        assert_unavailable(answer)
    assert visitor.session() == {"signed_in": False}
    lane.proxy.clear()
    if call == KEYS:  # a failure is remembered for a while
        lane.gateway.stop()
        lane.gateway.start()
    again = sign_in(lane, visitor, email, PASSWORD)
    assert again.status_code == 303, again.text
    assert_well(lane, answer, again)


def erase(lane, call, fault):
    visitor = lane.visitor()
    subject = visitor.become_guest()
    lane.proxy.clear()
    injection = lane.proxy.inject(EVERYTHING_AND_AFTER[fault](), call, subject)
    answer = visitor.request("DELETE", "/guest/v1/session")
    assert answer.status_code == 204, answer.text
    assert visitor.session() == {"signed_in": False}
    lane.gateway.wait_until_idle()
    assert injection.struck > 0
    assert lane.zitadel.find(subject) is None
    assert lane.gateway.find_local(subject) is None
    assert_well(lane, answer)


def provision_for_a_backend(lane, call, fault):
    lane.proxy.clear()
    lane.proxy.inject(EVERYTHING_AND_AFTER[fault](), call, times=1000)
    headers = {**lane.gateway.service_headers(), "Idempotency-Key": f"{time.time_ns()}"}

    def post():
        return requests.post(lane.application + "/guest/v1/provision", headers=headers, timeout=20)

    answer = post()
    if answer.status_code == 401:  # a refusal says that the token is good for nobody
        assert fault.startswith("4") and not fault.startswith(("408", "429"))
    elif answer.status_code != 201:
        assert_unavailable(answer)
    lane.proxy.clear()
    deadline = time.monotonic() + 30
    while answer.status_code not in (200, 201) and time.monotonic() < deadline:
        answer = post()
    assert answer.status_code in (200, 201), answer.text
    assert_well(lane)


EVERYTHING_AND_AFTER = EVERYTHING | AFTER
FEW = [name for name in EVERYTHING if name in (
    "400", "401", "403", "404", "409", "429", "500", "502", "200-page", "404-page", "redirect",
    "empty", "empty-object", "wrong-types", "malformed", "dropped", "cut", "slow", "oversized")]


@pytest.mark.parametrize("act, calls, names", [
    (provision, [CREATE, EXCHANGE], EVERYTHING_AND_AFTER),
    (upgrade, [REGISTER, UNTAG], EVERYTHING_AND_AFTER),
    (sign_in_with, [CODE, KEYS], EVERYTHING),
    (erase, [DEACTIVATE, READ, TAGS, DELETE], FEW),
    (provision_for_a_backend, [WHOAMI], EVERYTHING),
], ids=lambda value: getattr(value, "__name__", None))
def test_bad_answers(lanes, act, calls, names):
    lanes.run_all(act, [(call, name) for call in calls for name in names])


def test_a_refusal_after_an_unknown_outcome(lanes):
    lanes.run_all(upgrade_refused_after, [
        (first, second) for first in ("503", "dropped", "500-after", "dropped-after")
        for second in ("400-page", "401", "403-page", "404-page", "418")])


# Tokens that are not what they should be


def forged(claims, **changes):
    """An ID token by somebody else's key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode({**claims, **changes}, key, "RS256", headers={"kid": "forged"})


def without_signature(token):
    head, body, _ = token.split(".")
    return f"{head}.{body}."


def retold(token):
    """Another payload under the old signature."""
    head, body, signature = token.split(".")
    return f"{head}.{body[:-4]}AAAA.{signature}"


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


ID_TOKENS = {
    "absent": lambda _: None,
    "empty": lambda _: "",
    "no-jwt": lambda _: "a.b.c",
    "a-number": lambda _: 5,
    "unsigned": without_signature,
    "none": lambda token: jwt.encode(claims_of(token), None, "none"),
    "hmac": lambda token: jwt.encode(claims_of(token), "x" * 32, "HS256"),
    "retold": retold,
    "other-key": lambda token: forged(claims_of(token)),
    "huge": lambda token: token + "A" * 200000,
}


def sign_in_with_id_token(lane, name):
    _, email = lane.zitadel.new_account()
    visitor = lane.visitor()
    lane.proxy.clear()

    def change(answer):
        answer["id_token"] = ID_TOKENS[name](answer["id_token"])
        return {key: value for key, value in answer.items() if value is not None}

    injection = lane.proxy.inject(faults.edited(change), CODE)
    answer = sign_in(lane, visitor, email, PASSWORD)
    assert injection.struck == 1
    assert answer.status_code in (400, 503), answer.text
    assert visitor.session() == {"signed_in": False}
    assert sign_in(lane, visitor, email, PASSWORD).status_code == 303
    assert_well(lane, answer)


def test_an_id_token_that_does_not_hold_signs_nobody_in(lanes):
    lanes.run_all(sign_in_with_id_token, [(name,) for name in ID_TOKENS])


def sign_in_as_of(lane, name):
    """The answer to somebody else's sign-in: good tokens, but not of this one (the nonce)."""
    _, email = lane.zitadel.new_account()
    first, second = lane.visitor(), lane.visitor()
    lane.proxy.clear()
    kept = {}
    lane.proxy.inject(faults.edited(lambda answer: kept.update(answer) or answer), CODE)
    assert sign_in(lane, first, email, PASSWORD).status_code == 303
    lane.proxy.inject(faults.edited(lambda answer: {**answer, name: kept[name]}), CODE)
    answer = sign_in(lane, second, email, PASSWORD)
    assert answer.status_code == 400, answer.text
    assert second.session() == {"signed_in": False}


def test_another_sign_ins_id_token_signs_nobody_in(lanes):
    lanes.run(sign_in_as_of, "id_token")


TOKENS = {"opaque": "opaque-token-of-the-application", "empty": "", "spaces": "a b c",
          "lines": "a\nb", "not-ascii": "\u00e9" * 20, "huge": "x.y." + "z" * 200000}


def provision_with_token(lane, name):
    """An exchange that gives no JWT is a setting that is wrong, and is no token to forward."""
    visitor = lane.visitor()
    visitor.session()
    lane.proxy.clear()
    lane.proxy.inject(faults.edited(lambda answer: {**answer, "access_token": TOKENS[name]}),
                      EXCHANGE, times=1000)
    answer = visitor.post("/api/cart/items", json={})
    assert_unavailable(answer)
    lane.proxy.clear()
    lane.gateway.wait_until_idle()
    assert forwarded_claims(lane.visitor().post("/api/cart/items", json={})) is not None
    assert_well(lane, answer)


def test_what_is_no_jwt_is_not_forwarded(lanes):
    lanes.run_all(provision_with_token, [(name,) for name in TOKENS])


def test_the_remote_is_down(lanes):
    """Not even a connection; visitors who are nobody, and tokens that live, are not concerned."""
    def case(lane):
        somebody, stranger = lane.visitor(), lane.visitor()
        subject = somebody.become_guest()
        stranger.session()
        port, lane.proxy.port_behind = lane.proxy.port_behind, 1
        try:
            assert forwarded_claims(somebody.post("/api/cart/items", json={}))["sub"] == subject
            assert forwarded_claims(stranger.get("/")) is None
            assert_unavailable(stranger.post("/api/cart/items", json={}))
            assert_unavailable(somebody.upgrade(new_email(), PASSWORD))
        finally:
            lane.proxy.port_behind = port
        lane.gateway.wait_until_idle()
        assert_well(lane)

    lanes.run(case)

