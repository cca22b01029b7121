"""RFC 8693 sections 3 and 4: token type identifiers, and what stands in the issued token."""

import pytest

from exchange_target import (ACCESS_TOKEN, ID_TOKEN, JWT, REFRESH_TOKEN, SAML1, SAML2, Token,
                             claims_of, granted, refused)

REGISTERED = [ACCESS_TOKEN, REFRESH_TOKEN, ID_TOKEN, JWT, SAML1, SAML2]


@pytest.mark.parametrize("kind", REGISTERED)
def test_each_registered_type_is_given_or_refused(target, kind):
    """3: "urn:ietf:params:oauth:token-type:access_token Indicates that the token is an OAuth 2.0 access
    token issued by the given authorization server." and so on for each. What is issued is of the
    type that was asked for; what cannot be is refused as 2.2.2 says, never replaced by another."""
    answer = target.exchange(requested_token_type=kind)
    if kind not in target.need("values.requested_types"):
        refused(answer, "invalid_request")
        return
    body = granted(answer)
    assert body["issued_token_type"] == kind
    if kind in (JWT, ID_TOKEN):
        assert claims_of(body["access_token"]), "the value jwt \"indicates that the token is a JWT\""


@pytest.mark.parametrize("kind", [
    "jwt", "access_token", "urn:ietf:params:oauth:token-type:", "urn:ietf:params:oauth:token-type:x",
    JWT.upper(), JWT + " ", "https://example.com/token-type",
])
@pytest.mark.parametrize("parameter", ["requested_token_type", "subject_token_type", "actor_token_type"])
def test_unknown_types_are_refused(target, parameter, kind):
    """3: "Token type identifiers are URIs", compared as they are; 2.2.2: an invalid request is
    invalid_request."""
    refused(target.delegate(**{parameter: kind}), "invalid_request")


@pytest.mark.parametrize("kind", REGISTERED)
def test_subject_types_that_are_not_supported_are_refused(target, kind):
    """3: for tokens of the server itself the identifier "indicates what the given authorization
    server issued it for (e.g., access_token or refresh_token)"."""
    if kind in target.need("values.subject_types"):
        pytest.skip("values.subject_types: the issuer takes it")
    refused(target.exchange(subject_token_type=kind), "invalid_request")


def test_a_refresh_token_is_a_subject_only_by_its_own_name(target):
    """3: "urn:ietf:params:oauth:token-type:refresh_token Indicates that the token is an OAuth 2.0
    refresh token issued by the given authorization server.": no access token, whatever it is
    called."""
    token = target.token("refresh")
    for kind in (ACCESS_TOKEN, JWT, ID_TOKEN):
        refused(target.exchange(token, subject_token_type=kind), "invalid_request")


# Section 4.1: "act"


def readable(target, answer):
    return target.say(granted(answer)["access_token"])


def test_act_identifies_the_actor(target):
    """4.1: "The act (actor) claim provides a means within a JWT to express that delegation has occurred
    and identify the acting party to whom authority has been delegated. The act claim value is a JSON
    object, and members in the JSON object are claims that identify the actor." """
    said = readable(target, target.delegate(requested_token_type=target.need("values.readable_type")))
    assert isinstance(said["act"], dict)
    assert said["act"]["sub"] == target.token("actor").sub
    assert said["sub"] == target.token("subject").sub


def test_act_holds_claims_of_identity_only(target):
    """4.1: "non-identity claims (e.g., exp, nbf, and aud) are not meaningful when used within an act
    claim and are therefore not used." """
    act = readable(target, target.delegate(requested_token_type=target.need("values.readable_type")))["act"]
    while act:
        assert not {"exp", "nbf", "iat", "aud", "jti", "scope"} & set(act)
        act = act.get("act")


def test_the_outermost_act_is_the_current_actor(target):
    """4.1: "A chain of delegation can be expressed by nesting one act claim within another. The
    outermost act claim represents the current actor while nested act claims represent prior actors.
    The least recent actor is the most deeply nested." """
    kind = target.need("values.readable_type")
    first, second = target.token("actor"), target.token("second_actor")
    link = granted(target.delegate(requested_token_type=kind))
    subject = Token({"token": link["access_token"], "type": link["issued_token_type"]})
    said = readable(target, target.exchange(subject, second, requested_token_type=kind))
    assert said["act"]["sub"] == second.sub
    assert said["act"]["act"]["sub"] == first.sub
    assert "act" not in said["act"]["act"]


def test_an_exchange_without_an_actor_keeps_the_chain(target):
    """4.1: "The nested act claims serve as a history trail": it is not lost on the way."""
    kind = target.need("values.readable_type")
    link = granted(target.delegate(requested_token_type=kind))
    subject = Token({"token": link["access_token"], "type": link["issued_token_type"]})
    said = readable(target, target.exchange(subject, requested_token_type=kind))
    assert said["act"]["sub"] == target.token("actor").sub


def test_only_the_current_actor_counts(target):
    """4.1: "For the purpose of applying access control policy, the consumer of a token MUST only
    consider the token's top-level claims and the party identified as the current actor by the act
    claim. Prior actors identified by any nested act claims are informational only and are not to be
    considered in access control decisions.": an actor without rights gains none from a chain that
    began with one who has them."""
    link = granted(target.delegate(requested_token_type=target.need("values.readable_type")))
    subject = Token({"token": link["access_token"], "type": link["issued_token_type"]})
    refused(target.exchange(subject, target.token("unentitled_actor")), "invalid_request")


def test_introspection_has_the_same_act(target):
    """4.1: "When included as a top-level member of an OAuth token introspection response, act has the
    same semantics and format as the claim of the same name." """
    token = granted(target.delegate(requested_token_type=target.need("values.readable_type")))["access_token"]
    said = target.introspect(token)
    assert said["active"] is True
    assert said["act"] == target.say(token)["act"]


def test_scope_is_a_string(target):
    """4.2: "The value of the scope claim is a JSON string containing a space-separated list of scopes
    associated with the token, in the format described in Section 3.3 of [RFC6749]." """
    narrow = target.need("values.narrow_scope")
    said = readable(target, target.exchange(scope=narrow, requested_token_type=target.need("values.readable_type")))
    assert said["scope"].split(" ") == narrow.split(" ")


def test_client_id_is_the_client_that_asked(target):
    """4.3: "The client_id claim carries the client identifier of the OAuth 2.0 [RFC6749] client that
    requested the token." """
    said = readable(target, target.exchange(requested_token_type=target.need("values.readable_type")))
    assert said["client_id"] == target.client.id


def test_may_act_names_who_may(target):
    """4.4: "The may_act claim makes a statement that one party is authorized to become the actor and
    act on behalf of another party. […] claims within the may_act claim […] identify the party that
    is asserted as being eligible to act for the party identified by the JWT containing the claim."
    The token is one that names tokens.second_actor, so tokens.actor may not."""
    subject = target.token("subject_with_may_act")
    refused(target.exchange(subject, target.token("actor")), "invalid_request")
    granted(target.exchange(subject, target.token("second_actor")))


# Section 6


def test_tokens_must_only_be_transmitted_over_tls(target):
    """6: "to prevent disclosure of such information to unintended parties, [tokens] MUST only be
    transmitted over encrypted channels, such as Transport Layer Security (TLS)." RFC 6749 3.2: "the
    authorization server MUST require the use of TLS as described in Section 1.6 when sending requests
    to the token endpoint." """
    target.need("values.tls")
    endpoint = target.metadata["token_endpoint"]
    assert endpoint.startswith("https://")
    plain = "http://" + endpoint.removeprefix("https://")
    try:
        answer = target.http.post(plain, data=target.fields(), timeout=10, allow_redirects=False)
    except OSError:
        return
    assert answer.status_code >= 300 and "access_token" not in answer.text


def test_tokens_should_hold_the_necessary_minimum(target):
    """6: "Deployments SHOULD determine the minimally necessary amount of data and only include such
    information in issued tokens.": a token that was narrowed holds nothing of the scopes that it
    lost."""
    narrow = target.need("values.narrow_scope")
    body = granted(target.exchange(scope=narrow, requested_token_type=target.need("values.readable_type")))
    for token in (body["access_token"], body.get("id_token")):
        said = claims_of(token or "") or {}
        for scope, claims in (("profile", {"name", "given_name", "family_name", "birthdate"}),
                              ("email", {"email"}), ("phone", {"phone_number"}),
                              ("address", {"address"})):
            if scope not in narrow.split():
                assert not claims & set(said), scope
