"""What RFC 8693 imports at the token endpoint and in its tokens: RFC 6749, 6750, 7519 and 8707."""

import base64
import json
import re

import pytest

from exchange_target import ACCESS_TOKEN, JWT, Client, claims_of, granted, refused

ERROR_TEXT = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+")
SINGLE = ["grant_type", "subject_token", "subject_token_type", "actor_token", "actor_token_type",
          "requested_token_type", "scope"]


# RFC 6749 section 2.3: who the client is


def test_basic_authentication_must_be_supported(target):
    """RFC 6749 2.3.1: "The authorization server MUST support the HTTP Basic authentication scheme for
    authenticating clients that were issued a client password." """
    client = target.need("clients.basic")
    granted(target.exchange(client=Client({**client, "authentication": "client_secret_basic"})))


def test_one_authentication_method_a_request(target):
    """RFC 6749 2.3: "The client MUST NOT use more than one authentication method in each request."
    5.2: invalid_request if it "utilizes more than one mechanism for authenticating the client"."""
    client = Client(target.need("clients.basic"))
    answer = target.http.post(target.metadata["token_endpoint"], auth=(client.id, client.secret),
                              timeout=30, data={**target.fields(), "client_id": client.id,
                                                "client_secret": client.secret})
    refused(answer, "invalid_request", "invalid_client")


def test_credentials_must_not_be_in_the_uri(target):
    """RFC 6749 2.3.1: "The parameters can only be transmitted in the request-body and MUST NOT be
    included in the request URI." """
    client = target.need("clients.basic")
    answer = target.http.post(target.metadata["token_endpoint"], data=target.fields(), timeout=30,
                              params={"client_id": client["id"], "client_secret": client["secret"]})
    refused(answer, "invalid_request", "invalid_client")


@pytest.mark.parametrize("changes", [
    {"secret": "wrong"}, {"secret": ""}, {"id": "nobody"}, {"secret": None, "authentication": "none"},
], ids=["wrong secret", "empty secret", "unknown client", "no secret"])
def test_confidential_clients_must_authenticate(target, changes):
    """RFC 6749 3.2.1: "Confidential clients or other clients issued client credentials MUST
    authenticate with the authorization server as described in Section 2.3 when making requests to
    the token endpoint." 5.2: "invalid_client Client authentication failed" """
    client = Client({**target.need("clients.basic"), **changes})
    refused(target.exchange(client=client), "invalid_client", "invalid_request")


def test_a_failed_authorization_field_is_answered_401(target):
    """RFC 6749 5.2: "If the client attempted to authenticate via the "Authorization" request header
    field, the authorization server MUST respond with an HTTP 401 (Unauthorized) status code and
    include the "WWW-Authenticate" response header field matching the authentication scheme used by
    the client." """
    client = Client({**target.need("clients.basic"), "secret": "wrong",
                     "authentication": "client_secret_basic"})
    answer = target.exchange(client=client)
    refused(answer, "invalid_client")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].lower().startswith("basic")


def test_a_client_without_the_grant_is_unauthorized(target):
    """RFC 6749 5.2: "unauthorized_client The authenticated client is not authorized to use this
    authorization grant type." """
    refused(target.exchange(client=target.other_client("forbidden")), "unauthorized_client")


# RFC 6749 section 3.2: the parameters


@pytest.mark.parametrize("name", ["actor_token", "requested_token_type", "resource", "audience", "scope"])
def test_empty_parameters_must_be_treated_as_omitted(target, name):
    """RFC 6749 3.2: "Parameters sent without a value MUST be treated as if they were omitted from the
    request." """
    empty = {name: "", **({"actor_token_type": ""} if name == "actor_token" else {})}
    granted(target.exchange(**empty))


def test_unrecognized_parameters_must_be_ignored(target):
    """RFC 6749 3.2: "The authorization server MUST ignore unrecognized request parameters." """
    granted(target.exchange(something="else", **{"é": "ü", "a[b]": "c"}))


@pytest.mark.parametrize("name", SINGLE)
def test_parameters_must_not_be_included_twice(target, name):
    """RFC 6749 3.2: "Request and response parameters MUST NOT be included more than once." (resource
    and audience excepted by RFC 8693 2.1)"""
    form = target.fields(target.token("subject"), target.token("actor"),
                         requested_token_type=target.need("values.readable_type"),
                         scope=target.need("values.narrow_scope"))
    for second in (form[name], "other"):
        refused(target.post([*form.items(), (name, second)]), "invalid_request")


def test_members_must_not_be_included_twice(target):
    """RFC 6749 3.2: "Request and response parameters MUST NOT be included more than once." """
    for answer in (target.exchange(), target.exchange(subject_token=None)):
        pairs = json.loads(answer.text, object_pairs_hook=list)
        assert len({name for name, _ in pairs}) == len(pairs)


def test_scope_is_case_sensitive(target):
    """RFC 6749 3.3: "The value of the scope parameter is expressed as a list of space-delimited,
    case-sensitive strings." """
    shouted = target.need("values.narrow_scope").upper()
    answer = target.exchange(scope=shouted)
    if answer.status_code == 200:
        assert not set(answer.json()["scope"].split()) & set(shouted.lower().split())
    else:
        refused(answer, "invalid_scope")


# RFC 6749 section 5: the answer


@pytest.mark.parametrize("changes", [{}, {"subject_token": "x"}, {"grant_type": "x"}],
                         ids=["granted", "refused", "unsupported"])
def test_answers_must_not_be_stored(target, changes):
    """RFC 6749 5.1: "The authorization server MUST include the HTTP "Cache-Control" response header
    field [RFC2616] with a value of "no-store" in any response containing tokens, credentials, or
    other sensitive information, as well as the "Pragma" response header field [RFC2616] with a value
    of "no-cache"." """
    answer = target.exchange(**changes)
    assert "no-store" in answer.headers["Cache-Control"]
    if answer.status_code == 200:
        assert answer.headers["Pragma"] == "no-cache"


@pytest.mark.parametrize("changes", [
    {"subject_token": "x\"y\\z"}, {"grant_type": "\"quoted\" \\ ünïcode \x01"},
    {"scope": "\"quoted\""}, {"scope": "wïde"}, {"audience": "a\"b\\ü"}, {"resource": "https://\"\\ü/"},
    {"requested_token_type": "\"\\"}, {"client_id": "\"\\"},
], ids=lambda changes: next(iter(changes)))
def test_errors_must_be_printable(target, changes):
    r"""RFC 6749 5.2: "Values for the "error" parameter MUST NOT include characters outside the set
    %x20-21 / %x23-5B / %x5D-7E." "Values for the "error_description" parameter MUST NOT include
    characters outside the set %x20-21 / %x23-5B / %x5D-7E." "Values for the "error_uri" parameter
    MUST conform to the URI-reference syntax and thus MUST NOT include characters outside the set
    %x21 / %x23-5B / %x5D-7E." """
    body = target.exchange(**changes).json()
    for name in ("error", "error_description", "error_uri"):
        assert ERROR_TEXT.fullmatch(body.get(name, "-")), body


def test_issued_tokens_must_not_be_guessable(target):
    """RFC 6749 10.10: "The probability of an attacker guessing generated tokens (and other credentials
    not intended for handling by end-users) MUST be less than or equal to 2^(-128) and SHOULD be less
    than or equal to 2^(-160)." RFC 7519 4.1.7: "The identifier value MUST be assigned in a manner
    that ensures that there is a negligible probability that the same value will be accidentally
    assigned to a different data object" """
    tokens = [granted(target.exchange())["access_token"] for _ in range(4)]
    assert len(set(tokens)) == len(tokens)
    assert min(map(len, tokens)) >= 27  # 160 bits in base64url
    ids = {target.say(token).get("jti", token) for token in tokens}
    assert len(ids) == len(tokens)


# RFC 6750


@pytest.mark.parametrize("authorization", [None, "Bearer nobody's", "Bearer", "Basic eDp5"])
def test_resources_must_challenge(target, authorization):
    """RFC 6750 3: "If the protected resource request does not include authentication credentials or does
    not contain an access token that enables access to the protected resource, the resource server
    MUST include the HTTP "WWW-Authenticate" response header field" 3.1: "If the request lacks any
    authentication information […], the resource server SHOULD NOT include an error code or other
    error information." """
    answer = target.http.get(target.need("userinfo_endpoint"), timeout=30,
                             headers={"Authorization": authorization} if authorization else {})
    assert answer.status_code in (400, 401)
    challenge = answer.headers["WWW-Authenticate"]
    assert re.match(r"(Bearer|DPoP)\b", challenge)
    if authorization is None:
        assert "error=" not in challenge


def test_an_issued_access_token_opens_the_resource(target):
    """RFC 6750 2.1: "Resource servers MUST support this method." (the Authorization field)"""
    if ACCESS_TOKEN not in target.need("values.requested_types"):
        pytest.skip("values.requested_types: the issuer gives no access tokens")
    token = granted(target.exchange(requested_token_type=ACCESS_TOKEN))["access_token"]
    answer = target.http.get(target.need("userinfo_endpoint"), timeout=30,
                             headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["sub"] == target.token("subject").sub


def test_tokens_should_be_short_lived(target):
    """RFC 6750 5.3: "Token servers SHOULD issue short-lived (one hour or less) bearer tokens,
    particularly when issuing tokens to clients that run within a web browser or other environments
    where information leakage may occur." """
    assert granted(target.delegate())["expires_in"] <= 3600


def test_tokens_should_name_their_audience(target):
    """RFC 6750 5.3: "Token servers SHOULD issue bearer tokens that contain an audience restriction,
    scoping their use to the intended relying party or set of relying parties." RFC 8707 2: "The
    authorization server SHOULD audience-restrict issued access tokens to the resource(s) indicated
    by the resource parameter in these requests." """
    kind = target.need("values.readable_type")
    assert target.say(granted(target.exchange(requested_token_type=kind))["access_token"])["aud"]
    resource = target.need("values.resource")
    said = target.say(granted(target.exchange(requested_token_type=kind, resource=resource))["access_token"])
    assert said["aud"] in (resource, [resource])


# RFC 7519, of an issued JWT


@pytest.fixture(scope="module")
def issued_jwt(target):
    if JWT not in target.need("values.requested_types"):
        pytest.skip("values.requested_types: the issuer gives no JWT")
    return granted(target.exchange(requested_token_type=JWT))["access_token"]


def test_claim_names_must_be_unique(issued_jwt):
    """RFC 7519 4: "The Claim Names within a JWT Claims Set MUST be unique" """
    for part in issued_jwt.split(".")[:2]:
        text = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        pairs = json.loads(text, object_pairs_hook=list)
        assert len({name for name, _ in pairs}) == len(pairs)


def test_times_must_be_numbers(issued_jwt):
    """RFC 7519 4.1.4 to 4.1.6: "Its value MUST be a number containing a NumericDate value." """
    claims = claims_of(issued_jwt)
    assert {"exp", "iat"} <= set(claims)
    for name in {"exp", "nbf", "iat"} & set(claims):
        assert type(claims[name]) in (int, float)


def test_names_with_a_colon_must_be_uris(issued_jwt):
    """RFC 7519 2, StringOrURI: "while arbitrary string values MAY be used, any value containing a ":"
    character MUST be a URI" """
    claims = claims_of(issued_jwt)
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    for value in (claims["iss"], claims["sub"], *audience):
        assert ":" not in value or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:\S+$", value)


def test_the_issuer_is_the_issuer(target, issued_jwt):
    """RFC 7519 4.1.1 and RFC 8414 3.3: the issuer in a token "MUST be identical to" the one whose
    metadata was read."""
    assert claims_of(issued_jwt)["iss"] == target.metadata["issuer"]


# RFC 8707 section 2


@pytest.mark.parametrize("resource", ["", "#", "relative", "https://a.example/#f", "https://nobody.example/"])
def test_a_bad_resource_is_invalid_target(target, resource):
    """RFC 8707 2: "invalid_target The requested resource is invalid, missing, unknown, or malformed.",
    and its requirements "Its value MUST be an absolute URI, as specified by Section 4.3 of
    [RFC3986]." "The URI MUST NOT include a fragment component." """
    if resource:
        refused(target.exchange(resource=resource), "invalid_target")
    else:
        granted(target.exchange(resource=resource))
