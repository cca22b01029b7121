"""Replays every exchange that was recorded from a ZITADEL server (zitadel/*.json), in the order in
which they belong together. What is deliberately answered otherwise stands in DIFFERENT, with what
is answered instead (docs/reference/zitadel-compatibility.md says why)."""

import pytest
import requests

from zitadel_recording import Place, check_as_recorded, recorded, restore_long_value, shape

# Users that the recordings begin with, by their recorded ids.
PREPARED = {
    "400747025454337062": "guest_1795359840967_life@temp.local",
    "400747033020861478": "guest_1795359840967_state@temp.local",
    "400747033490623526": "guest_1795359840967_restdel@temp.local",
    "400750503639649318": "guest_1795361911_up@temp.local",
    "400747111571786790": "guest_created_at_once@temp.local",
    "400747274612837414": "guest_c65a6cbe_174@temp.local",
}
# One that is not there: what a user looked like that ZITADEL's read side had lost.
LOST = "400747580931247142"

# Projects and applications, which are made on the command line here.
CONFIGURED = {
    "setup": ["01-create-project", "02-create-api-app", "02-create-app-jwt-post",
              "02-create-app-opaque-basic", "02-create-app-pkce-none"],
}

SCRIPT = [
    ("setup", ["00-auth-me", "00-org-me", "03-create-machine-norole", "03-add-pat-norole",
               "03-create-machine", "03-add-pat"]),
    ("users", [
        "10-discovery", "10-healthz", "10-jwks", "10-ready", "16-keys-headers",
        "16-auth-code-authorize-bad-redirect",
        "11-create-guest-both-metadata", "11-create-guest-connect", "11-create-guest-demo-shape",
        "11-create-guest-own-id", "11-create-guest-root-metadata", "11-create-guest-snake-case",
        "12-rest-users-human", "13-get-user-connect-rpc", "13-get-user-demo", "13-get-user-rest",
        "14-list-users-connect", "14-list-users-metadata-key", "14-list-users",
    ]),
    ("token-exchange", [
        "21-security-get", "20-exchange-impersonation-disabled", "21-security-enable-brief-path",
        "21-security-enable", "21-security-get-after", "22-exchange-missing-permission",
        "23-iam-member-admin", "23-iam-member-svc", "24-exchange-jwt-access_token", "24-exchange-jwt-default", "24-exchange-jwt-id_token",
        "24-exchange-jwt-jwt", "24-exchange-opaque-access_token", "24-exchange-opaque-default",
        "24-exchange-opaque-id_token", "24-exchange-opaque-jwt", "24-exchange-pkce-access_token",
        "24-exchange-pkce-default", "24-exchange-pkce-id_token", "24-exchange-pkce-jwt",
        "25-exchange-audience-project", "25-exchange-empty-scope", "25-exchange-metadata-scope",
        "25-exchange-no-scope", "25-exchange-offline", "25-exchange-opaque-offline",
        "25-exchange-project-aud-scope", "25-exchange-roles-scope",
        "25-exchange-scope-openid-only", "25-exchange-svc-pat",
    ]),
    ("errors", [
        "30-err-dup-username-rest", "31-err-bad-pat-rest", "31-err-no-auth-rest", "31-err-no-auth",
        "32-err-noperm-create", "32-err-noperm-delete", "32-err-noperm-exchange",
        "32-err-noperm-get", "32-err-noperm-list",
        "33-err-unknown-user-get", "33-err-unknown-user-meta", "33-err-unknown-user-setpw",
        "34-err-exchange-access-type-for-userid", "34-err-exchange-actor-no-type",
        "34-err-exchange-api-client-no-grant", "34-err-exchange-bad-actor",
        "34-err-exchange-bad-audience", "34-err-exchange-bad-grant", "34-err-exchange-bad-scope",
        "34-err-exchange-bad-secret", "34-err-exchange-bogus-requested-type",
        "34-err-exchange-bogus-subject-type", "34-err-exchange-no-client",
        "34-err-exchange-no-grant", "34-err-exchange-no-subject-type",
        "34-err-exchange-no-subject", "34-err-exchange-unknown-client",
        "34-err-exchange-unknown-user", "34-err-token-get", "34-exchange-basic-client-using-post",
        "34-exchange-post-client-using-basic",
        "35-err-empty-body", "35-err-empty-object", "35-err-get-on-connect",
        "35-err-malformed-json-rest", "35-err-unknown-rpc", "35-err-wrong-content-type",
        "35-err-wrong-type-json", "36-err-bad-email", "36-err-empty-given",
        "36-err-empty-meta-value", "36-err-long-meta-key", "36-err-long-meta-value",
        "36-err-long-username", "36-err-meta-not-base64", "36-err-meta-unpadded-base64",
        "36-err-no-email", "36-err-no-human", "36-err-no-org", "36-err-no-profile",
        "37-err-pw-long", "37-err-pw-policy-nosymbol", "37-err-pw-policy-noupper",
        "37-err-pw-over-bcrypt72",
    ]),
    ("life", [
        "40-life-exchange-id", "40-life-exchange-jwt", "41-introspect-bad-secret",
        "41-introspect-garbage", "41-introspect-idtoken", "41-introspect-jwt-by-oidc-client",
        "41-introspect-jwt", "41-introspect-opaque", "41-introspect-pat", "41-userinfo-garbage",
        "41-userinfo-noauth", "41-userinfo-opaque", "42-guest-token-delete-self",
        "43-metadata-search", "43-metadata-search-filter", "44-put-human-empty", "44-put-human",
        "44-put-human-same", "44-put-human-username-taken", "44-set-password",
        "44-rest-set-password", "44-connect-update-user", "45-metadata-delete",
        "45-metadata-delete-again", "45-metadata-delete-nokeys", "46-get-user-after",
        "46-exchange-after-upgrade", "46-userinfo-jwt-after-upgrade",
        "46-userinfo-opaque-after-upgrade", "48-exchange-deactivated",
        "48-introspect-jwt-deactivated", "48-introspect-opaque-deactivated",
        "48-userinfo-jwt-deactivated", "48-reactivate",
    ]),
    ("deletion", [
        "50-delete-connect", "51-get-after-delete", "51-delete-again", "51-exchange-after-delete",
        "51-introspect-jwt-after-delete", "51-introspect-opaque-after-delete",
        "51-userinfo-jwt-after-delete", "51-userinfo-opaque-after-delete",
        "52-delete-rest", "52-recreate-same-username", "52-recreate-same-userid",
        "53-revoke-jwt", "53-introspect-jwt-after-revoke", "53-revoke-opaque",
        "53-introspect-opaque-after-revoke", "54-exchange-right-after-create",
        "55-lost-in-login_names3-exchange", "55-lost-in-login_names3-exchange-opaque",
        "55-lost-in-login_names3-get", "55-lost-in-login_names3-list",
        "55-lost-in-users14-exchange", "55-lost-in-users14-exchange-opaque",
        "55-lost-in-users14-get", "55-lost-in-users14-list",
    ]),
    ("more", [
        "70-cors-preflight-create", "70-cors-preflight-token", "70-list-and-type",
        "70-list-limit-big", "70-same-email-other-username", "70-username-spaces", "71-up-put",
        "71-up-setpw", "71-up-metasearch", "71-up-metadel",
    ]),
]

# Answers that are not copied: what is answered instead.
DIFFERENT = {
    # Our administrator is a person.
    "00-auth-me": {"status": 200, "has": ["user"]},
    # The algorithms and response types that are there; more of both kinds of endpoint.
    "10-discovery": {"status": 200, "has": ["issuer", "token_endpoint", "jwks_uri"]},
    "10-jwks": {"status": 200, "has": ["keys"]},
    "16-keys-headers": {"status": 200, "has": ["keys"]},
    # RFC 7662 section 2.3 and RFC 6749 section 5.2 ask for 401 where Basic was used.
    "41-introspect-bad-secret": {
        "status": 401,
        "body": {"error": "invalid_client", "error_description": "invalid secret"},
    },
    # Argon2id takes what bcrypt does not.
    "37-err-pw-over-bcrypt72": {"status": 200},
    # A registered user is not impersonated by the service account for guests.
    "46-exchange-after-upgrade": {
        "status": 403,
        "body": {"error": "invalid_request", "error_description": "No matching permissions found"},
    },
    # An id is never issued twice.
    "52-recreate-same-userid": {"status": 409, "code": "already_exists"},
    # The service account deletes guests; this one is an account by now.
    "50-delete-connect": {"status": 403, "code": "permission_denied"},
    # There is one store: nobody is lost on the way to a read side.
    "54-exchange-right-after-create": {"status": 200, "has": ["access_token"]},
    "55-lost-in-login_names3-exchange": {"status": 200, "has": ["access_token"]},
    "55-lost-in-login_names3-exchange-opaque": {"status": 200, "has": ["access_token"]},
    "55-lost-in-login_names3-get": {"status": 200, "has": ["details", "user"]},
    "55-lost-in-login_names3-list": {"status": 200, "has": ["details", "result"]},
}

STEPS = [(file, name) for file, names in SCRIPT for name in names]


def credentials_of(name):
    if "-exchange-opaque-" in name:
        return "OPAQUE", None
    if name in ("34-exchange-post-client-using-basic", "41-introspect-jwt-by-oidc-client"):
        return "JWT", None
    return "API", "wrong" if name == "41-introspect-bad-secret" else None


def tokens_of(name):
    """Whose tokens <JWT> and <JWE> are."""
    if name.endswith("-deactivated"):
        return "state"
    return "revoked" if name.startswith("53-") else "life"


@pytest.fixture(scope="module")
def place(server):
    running = Place(server)
    for old, name in PREPARED.items():
        running.prepare_guest(old, name)
    running.bound[LOST] = LOST
    running.prepare_tokens("life", "400747025454337062")
    running.prepare_tokens("state", "400747033020861478")
    running.prepare_tokens("revoked", "400747111571786790")
    return running


def set_impersonation(place, enabled):
    answer = requests.put(f"{place.server.issuer}/v2/policies/security", timeout=30,
                          json={"enableImpersonation": enabled},
                          headers={"Authorization": f"Bearer {place.admin}"})
    assert answer.status_code == 200, answer.text


def before(name, place):
    """What somebody did between two recorded exchanges."""
    if name == "03-create-machine":
        # From here on the recording's service account is a new one without rights; ours stays.
        place.kept = dict(place.bound)
    if name == "21-security-get":
        set_impersonation(place, False)
    if name == "22-exchange-missing-permission":
        place.server.command("users", "revoke", place.bound["<ADMIN_ID>"], "guest_impersonator")
    if name == "48-exchange-deactivated":
        place.admin_call("DeactivateUser", {"userId": place.bound["400747033020861478"]})


def after(name, place, entry):
    if name == "03-add-pat":
        place.bound.update(place.kept)
    if name == "50-delete-connect":
        # The administrator does what the service account may not: the answer is as recorded then.
        body = place.admin_call("DeleteUser", {"userId": place.bound["400747025454337062"]})
        assert shape(body) == shape(entry["response"]["body"])


def check_difference(other, answer):
    assert answer.status_code == other["status"], answer.text
    body = answer.json()
    if "code" in other:
        assert body["code"] == other["code"]
    if "body" in other:
        assert body == other["body"]
    for member in other.get("has", []):
        assert member in body


@pytest.mark.parametrize("file,name", STEPS, ids=[name for _, name in STEPS])
def test_answers_as_recorded(place, file, name):
    entry = recorded(file)[name]
    restore_long_value(entry)
    before(name, place)
    place.use_credentials(*credentials_of(name))
    place.use_tokens(tokens_of(name), "id_token" if name == "41-introspect-idtoken" else "jwt")
    answer = place.send(entry["request"])
    if name in DIFFERENT:
        check_difference(DIFFERENT[name], answer)
    else:
        check_as_recorded(entry, answer, place)
    after(name, place, entry)


def test_discovery_has_what_the_recorded_one_has(server):
    ours = requests.get(server.issuer + "/.well-known/openid-configuration", timeout=30).json()
    theirs = recorded("users")["10-discovery"]["response"]["body"]
    for name, value in theirs.items():
        assert name in ours and isinstance(ours[name], type(value)), name
        if isinstance(value, str):
            assert ours[name] == value.replace("<ISSUER>", server.issuer), name
    # What a client of theirs looks for in the lists.
    for name in ("scopes_supported", "grant_types_supported", "subject_types_supported",
                 "token_endpoint_auth_methods_supported", "code_challenge_methods_supported"):
        missing = set(theirs[name]) - set(ours[name]) - {"implicit"}
        assert not missing, f"{name}: {missing}"


def test_every_recorded_exchange_is_replayed():
    for file in ("setup", "users", "token-exchange", "errors", "life", "deletion", "more"):
        played = {name for of, names in SCRIPT for name in names if of == file}
        assert played | set(CONFIGURED.get(file, [])) == set(recorded(file)), file
