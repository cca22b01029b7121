"""RFC 8693 section 2.2: the answer."""

import json

import pytest

from exchange_target import ID_TOKEN, TOKEN_TYPE, granted, refused


def test_a_successful_answer_is_json_with_status_200(target):
    """2.2.1: "a successful token response is constructed by adding the following parameters to the
    entity-body of the HTTP response using the "application/json" media type, as specified by
    [RFC8259], and an HTTP 200 status code." """
    answer = target.exchange()
    granted(answer)
    assert answer.headers["Content-Type"].partition(";")[0].strip() == "application/json"


def test_members_are_strings_and_numbers(target):
    """2.2.1: "Parameter names and string values are included as JSON strings. Numerical values are
    included as JSON numbers." """
    body = granted(target.exchange())
    for name in ("access_token", "issued_token_type", "token_type"):
        assert isinstance(body[name], str) and body[name]
    assert type(body.get("expires_in", 1)) is int
    assert isinstance(body.get("scope", ""), str)


def test_access_token_is_required(target):
    """2.2.1: "access_token REQUIRED. The security token issued by the authorization server in response
    to the token exchange request." """
    assert granted(target.exchange())["access_token"]


def test_issued_token_type_is_required(target):
    """2.2.1: "issued_token_type REQUIRED. An identifier, as described in Section 3, for the
    representation of the issued security token." """
    for answer in (target.exchange(), target.delegate()):
        assert granted(answer)["issued_token_type"].startswith(TOKEN_TYPE)


def test_token_type_is_required(target):
    """2.2.1: "token_type REQUIRED. A case-insensitive value specifying the method of using the access
    token issued, as specified in Section 7.1 of [RFC6749]." """
    assert granted(target.exchange())["token_type"].lower() in ("bearer", "dpop")


def test_token_type_is_not_applicable_to_an_id_token(target):
    """2.2.1: "If the issued token is not an access token or usable as an access token, then the
    token_type value N_A is used" """
    if ID_TOKEN not in target.need("values.requested_types"):
        pytest.skip("values.requested_types: the issuer gives no ID tokens")
    body = granted(target.exchange(requested_token_type=ID_TOKEN))
    assert body["issued_token_type"] == ID_TOKEN
    assert body["token_type"] == "N_A"


def test_an_issued_id_token_is_no_access_token(target):
    """2.2.1, as above: a resource server must not take it."""
    if ID_TOKEN not in target.need("values.requested_types"):
        pytest.skip("values.requested_types: the issuer gives no ID tokens")
    token = granted(target.exchange(requested_token_type=ID_TOKEN))["access_token"]
    answer = target.http.get(target.need("userinfo_endpoint"), timeout=30,
                             headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_expires_in_is_recommended(target):
    """2.2.1: "expires_in RECOMMENDED. The validity lifetime, in seconds, of the token issued by the
    authorization server." """
    body = granted(target.exchange(requested_token_type=target.need("values.readable_type")))
    said = target.say(body["access_token"])
    assert 0 < body["expires_in"] <= said["exp"] - said["iat"] + 1


def test_scope_is_required_when_it_is_not_the_requested_one(target):
    """2.2.1: "scope OPTIONAL if the scope of the issued security token is identical to the scope
    requested by the client; otherwise, it is REQUIRED." """
    narrow = target.need("values.narrow_scope")
    for asked in (narrow, None):
        body = granted(target.exchange(scope=asked))
        issued = set(target.say(body["access_token"]).get("scope", "").split())
        if issued != set((asked or "").split()):
            assert set(body["scope"].split()) == issued


def test_a_refresh_token_is_typically_not_issued(target):
    """2.2.1: "A refresh token will typically not be issued when the exchange is of one temporary
    credential (the subject_token) for a different temporary credential" """
    assert "refresh_token" not in granted(target.exchange())
    assert "refresh_token" not in granted(target.delegate())


REQUESTS = {
    "no subject_token": {"subject_token": None},
    "no subject_token_type": {"subject_token_type": None},
    "subject_token of nobody": {"subject_token": "nobody's"},
    "unknown subject_token_type": {"subject_token_type": "urn:example:token-type"},
    "actor_token of nobody": {"actor_token": "nobody's"},
    "no actor_token_type": {"actor_token_type": None},
    "unknown actor_token_type": {"actor_token_type": "urn:example:token-type"},
    "unknown requested_token_type": {"requested_token_type": "urn:example:token-type"},
}


@pytest.mark.parametrize("name", REQUESTS)
def test_the_error_must_be_invalid_request(target, name):
    """2.2.2: "If the request itself is not valid or if either the subject_token or actor_token are
    invalid for any reason, or are unacceptable based on policy, the authorization server MUST
    construct an error response, as specified in Section 5.2 of [RFC6749]. The value of the error
    parameter MUST be the invalid_request error code." """
    answer = target.delegate(**REQUESTS[name])
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].partition(";")[0].strip() == "application/json"
    refused(answer, "invalid_request")


@pytest.mark.parametrize("name", ["unentitled_actor", "unreachable_subject"])
def test_what_policy_does_not_accept_is_invalid_request_too(target, name):
    """2.2.2: "or are unacceptable based on policy […] The value of the error parameter MUST be the
    invalid_request error code.": an actor that may act for nobody, a subject for whom the actor may
    not act."""
    if name == "unentitled_actor":
        answer = target.exchange(actor=target.token(name))
    else:
        answer = target.exchange(target.token(name), target.token("actor"))
    assert answer.status_code == 400
    refused(answer, "invalid_request")


@pytest.mark.parametrize("parameter", ["resource", "audience"])
def test_an_unwanted_target_should_be_invalid_target(target, parameter):
    """2.2.2: "If the authorization server is unwilling or unable to issue a token for any target
    service indicated by the resource or audience parameters, the invalid_target error code SHOULD be
    used in the error response." """
    allowed, refused_one = target.need(f"values.{parameter}", f"values.refused_{parameter}")
    refused(target.exchange(**{parameter: refused_one}), "invalid_target")
    both = [*target.fields().items(), (parameter, allowed), (parameter, refused_one)]
    refused(target.post(both), "invalid_target")
    refused(target.post(reversed(both)), "invalid_target")


def test_a_refusal_says_nothing_of_what_it_was_given(target):
    """2.2.2: "The authorization server MAY include additional information regarding the reasons for
    the error using the error_description": not the tokens, though."""
    subject, actor = target.token("foreign"), target.token("actor")
    answer = target.exchange(subject, actor)
    refused(answer)
    assert subject.text not in answer.text and actor.text not in answer.text
    assert set(json.loads(answer.text)) <= {"error", "error_description", "error_uri"}
