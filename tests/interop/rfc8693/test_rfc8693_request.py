"""RFC 8693 section 2.1: the request."""

import base64

import pytest

from exchange_target import ACCESS_TOKEN, EXCHANGE, ID_TOKEN, JWT, claims_of, granted, refused


def test_grant_type_is_required(target):
    """2.1: "grant_type REQUIRED. The value urn:ietf:params:oauth:grant-type:token-exchange indicates
    that a token exchange is being performed." """
    granted(target.exchange(grant_type=EXCHANGE))
    refused(target.exchange(grant_type=None), "invalid_request")
    for other in (EXCHANGE.upper(), EXCHANGE + "2", "token-exchange", "token_exchange"):
        refused(target.exchange(grant_type=other), "unsupported_grant_type")


def test_subject_token_is_required(target):
    """2.1: "subject_token REQUIRED. A security token that represents the identity of the party on
    behalf of whom the request is being made." """
    refused(target.exchange(subject_token=None))
    refused(target.exchange(subject_token=""))


def test_subject_token_type_is_required(target):
    """2.1: "subject_token_type REQUIRED. An identifier, as described in Section 3, that indicates the
    type of the security token in the subject_token parameter." """
    refused(target.exchange(subject_token_type=None))
    refused(target.exchange(subject_token_type=""))


def test_actor_token_type_is_required_with_an_actor_token(target):
    """2.1: "actor_token_type […] This is REQUIRED when the actor_token parameter is present in the
    request" """
    granted(target.delegate())
    refused(target.delegate(actor_token_type=None))


def test_actor_token_type_must_not_be_included_otherwise(target):
    """2.1: "actor_token_type […] MUST NOT be included otherwise." """
    refused(target.exchange(actor_token_type=target.token("actor").type))


@pytest.mark.parametrize("resource", [
    "api", "/api", "//api.example.com/", "not a uri", "https", "://api.example.com", "1https://a/",
    "?resource=https://a/", "",
])
def test_resource_must_be_an_absolute_uri(target, resource):
    """2.1: "The value of the resource parameter MUST be an absolute URI, as specified by Section 4.3
    of [RFC3986]". An empty one is none (RFC 6749 section 3.2)."""
    answer = target.exchange(resource=resource)
    if resource:
        refused(answer, "invalid_target", "invalid_request")
    else:
        granted(answer)


def test_resource_must_not_include_a_fragment(target):
    """2.1: "and MUST NOT include a fragment component." """
    resource = target.need("values.resource")
    granted(target.exchange(resource=resource))
    for fragment in ("#", "#part", "?a=b#part"):
        refused(target.exchange(resource=resource + fragment), "invalid_target", "invalid_request")


def test_resource_may_include_a_query(target):
    """2.1: "that MAY include a query component" """
    granted(target.exchange(resource=target.need("values.resource_with_query")))


def test_several_targets(target):
    """2.1: "Multiple audience parameters may be used to indicate that the issued token is intended to
    be used at the multiple audiences listed. The audience and resource parameters may be used
    together" """
    audience, resource = target.need("values.audience", "values.resource")
    with_query = target.need("values.resource_with_query")
    form = [*target.fields(requested_token_type=target.need("values.readable_type")).items(),
            ("audience", audience), ("resource", resource), ("resource", with_query)]
    said = target.say(granted(target.post(form))["access_token"])
    assert {audience, resource, with_query} <= set(said["aud"])


def test_the_target_is_optional(target):
    """2.1: "resource OPTIONAL", "audience OPTIONAL" """
    granted(target.exchange(resource=None, audience=None))


def test_scope_is_optional(target):
    """2.1: "scope OPTIONAL." And what is issued without one is no more than the subject token has."""
    body = granted(target.exchange(scope=None))
    allowed = set(target.token("subject").scope.split())
    assert set(target.say(body["access_token"]).get("scope", "").split()) <= allowed


def test_requested_token_type_is_optional(target):
    """2.1: "requested_token_type OPTIONAL. […] If the requested type is unspecified, the issued token
    type is at the discretion of the authorization server" """
    assert granted(target.exchange(requested_token_type=None))["issued_token_type"]


def test_an_unauthenticated_form_is_read_from_the_body(target):
    """2.1: "using the HTTP POST method. The following parameters are included in the HTTP request
    entity-body using the application/x-www-form-urlencoded format with a character encoding of
    UTF-8" """
    fields = target.fields()
    form, credentials = target.client.sign([])
    endpoint = target.metadata["token_endpoint"]
    query = target.http.post(endpoint, params=fields, data=form, auth=credentials, timeout=30)
    refused(query)
    body = target.http.post(endpoint, json=dict([*fields.items(), *form]), auth=credentials, timeout=30)
    refused(body, "invalid_request", "invalid_client")
    got = target.http.get(endpoint, params=dict([*fields.items(), *form]), auth=credentials, timeout=30)
    assert got.status_code in (400, 401, 404, 405) and "access_token" not in got.text


# "In processing the request, the authorization server MUST perform the appropriate validation
# procedures for the indicated token type and, if the actor token is present, also perform the
# appropriate validation procedures for its indicated token type."

DEAD = ["expired", "revoked", "ended", "foreign"]


@pytest.mark.parametrize("name", DEAD)
def test_subject_token_must_be_validated(target, name):
    """2.1: "the authorization server MUST perform the appropriate validation procedures for the
    indicated token type": expired, revoked, of a user who is gone, issued to another client."""
    refused(target.exchange(target.token(name)))


@pytest.mark.parametrize("name", ["expired_actor", "revoked_actor", "ended_actor"])
def test_actor_token_must_be_validated(target, name):
    """2.1: "and, if the actor token is present, also perform the appropriate validation procedures
    for its indicated token type." """
    refused(target.exchange(actor=target.token(name)))


@pytest.mark.parametrize("name", ["expired_id_token", "foreign_id_token", "ended_id_token"])
def test_id_token_must_be_validated(target, name):
    """2.1, as above, for an ID token: expired, for another audience (OpenID Connect Core section
    3.1.3.7), of a session that has ended."""
    given = target.token(name)
    assert given.type == ID_TOKEN
    refused(target.exchange(given))


@pytest.mark.parametrize("part", ["subject_token", "actor_token"])
def test_text_that_is_no_token_is_refused(target, part):
    """2.1, as above: what nobody issued is nobody's token."""
    for text in ("x", "a.b.c", "..", "eyJhbGciOiJub25lIn0.e30.", "0" * 3000, "\x00", "ünïcode"):
        refused(target.delegate(**{part: text}))


def altered(token):
    """The same JWT with one character of each part changed in turn, and parts left out."""
    parts = token.split(".")
    for index, part in enumerate(parts):
        middle = len(part) // 2
        changed = part[:middle] + ("A" if part[middle] != "A" else "B") + part[middle + 1:]
        yield ".".join([*parts[:index], changed, *parts[index + 1:]])
        yield ".".join([*parts[:index], "", *parts[index + 1:]])
        yield ".".join([*parts[:index], *parts[index + 1:]])


def test_an_altered_subject_token_is_refused(target):
    """2.1, as above, and RFC 6749 10.3: "The authorization server MUST ensure that access tokens
    cannot be generated, modified, or guessed to produce valid access tokens by unauthorized
    parties." """
    subject = target.token("jwt_subject")
    granted(target.exchange(subject))
    for text in altered(subject.text):
        refused(target.exchange(subject, subject_token=text))


def unsecured(token):
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


def test_an_unsecured_subject_token_is_refused(target):
    """2.1, as above, and RFC 8725 3.1: "none" is no algorithm for a token that anything hangs on."""
    subject = target.token("jwt_subject")
    refused(target.exchange(subject, subject_token=unsecured(subject.text)))


@pytest.mark.parametrize("name, wrong", [
    ("subject", ID_TOKEN), ("jwt_subject", ID_TOKEN), ("id_token", ACCESS_TOKEN), ("id_token", JWT),
])
def test_the_type_must_be_the_indicated_one(target, name, wrong):
    """2.1: "the appropriate validation procedures for the indicated token type": a token of one type
    is not accepted as one of another."""
    refused(target.exchange(target.token(name), subject_token_type=wrong))


def test_the_exchange_leaves_its_tokens_valid(target):
    """2.1: "the act of performing a token exchange has no impact on the validity of the subject token
    or actor token." """
    for _ in range(3):
        granted(target.delegate())


def test_the_new_token_does_not_outlive_the_subject_token(target):
    """2.1: "the expiration time of the output token may be influenced by that of the input token";
    one that outlives it would make short-lived tokens long-lived."""
    subject = target.token("subject")
    ends = target.say(subject.text)["exp"]
    for _ in range(2):
        body = granted(target.exchange(subject, requested_token_type=target.need("values.readable_type")))
        assert target.say(body["access_token"])["exp"] <= ends


def test_the_subject_stays_the_subject(target):
    """2.1: "Typically, the subject of this token will be the subject of the security token issued in
    response to the request." """
    subject = target.token("subject")
    body = granted(target.exchange(subject, requested_token_type=target.need("values.readable_type")))
    assert target.say(body["access_token"])["sub"] == subject.sub
    assert (claims_of(body["access_token"]) or {}).get("act") is None
