"""Every call of the compatible API: where it is found in both protocols, a body that is good for a
user, and who may make it. test_zitadel_bad_input.py goes through all of them."""

import dataclasses

USERS = "/zitadel.user.v2.UserService/"
SETTINGS = "/zitadel.settings.v2.SettingsService/"
PROFILE = {"givenName": "Grace", "familyName": "Hopper"}
FAR = "2099-01-01T00:00:00Z"

# Who is refused by a call about somebody that they may not touch, and how (gRPC's number).
NOT_FOUND, DENIED, NOTHING = 5, 7, None


@dataclasses.dataclass(frozen=True)
class Call:
    rpc: str                # empty: REST only
    method: str
    path: str               # with {user}
    body: dict = dataclasses.field(default_factory=dict)
    names_user: bool = True  # `userId` of the message
    # How the service account for guests, about an account, and a caller without any role are
    # answered; NOTHING: with what they may see, which is not the account.
    manager: int | None = DENIED
    nobody: int | None = NOT_FOUND
    # gRPC's number for a user that is not there.
    unknown: int | None = NOT_FOUND
    machine: bool = False    # it is about service accounts
    procedures: str = USERS

    @property
    def name(self):
        return self.rpc or f"{self.method} {self.path}"

    def connect_body(self, user):
        return {**({"userId": user} if self.names_user else {}), **self.body}


CALLS = [
    Call("CreateUser", "POST", "/v2/users/new", {
        "organizationId": "{organization}", "username": "bad-input-create",
        "human": {"profile": PROFILE, "email": {"email": "create@bad.example"}}},
        names_user=False, unknown=NOTHING),
    Call("AddHumanUser", "POST", "/v2/users/human", {
        "username": "bad-input-add", "organization": {"orgId": "{organization}"},
        "profile": PROFILE, "email": {"email": "add@bad.example"}},
        names_user=False, unknown=NOTHING),
    Call("GetUserByID", "GET", "/v2/users/{user}"),
    Call("ListUsers", "POST", "/v2/users",
         {"queries": [{"inUserIdsQuery": {"userIds": ["{user}"]}}]},
         names_user=False, manager=NOTHING, nobody=NOTHING, unknown=NOTHING),
    Call("UpdateUser", "PATCH", "/v2/users/{user}", {"username": "other"}),
    Call("UpdateHumanUser", "PUT", "/v2/users/human/{user}", {"username": "other"}),
    Call("SetPassword", "POST", "/v2/users/{user}/password",
         {"newPassword": {"password": "Password1!"}}, unknown=9),
    Call("DeleteUser", "DELETE", "/v2/users/{user}"),
    Call("DeactivateUser", "POST", "/v2/users/{user}/deactivate"),
    Call("ReactivateUser", "POST", "/v2/users/{user}/reactivate"),
    Call("LockUser", "POST", "/v2/users/{user}/lock"),
    Call("UnlockUser", "POST", "/v2/users/{user}/unlock"),
    Call("ListUserMetadata", "POST", "/v2/users/{user}/metadata/search", manager=NOTHING,
         nobody=NOTHING, unknown=NOTHING),
    Call("SetUserMetadata", "POST", "/v2/users/{user}/metadata",
         {"metadata": [{"key": "k", "value": "dg=="}]}, unknown=9),
    Call("DeleteUserMetadata", "DELETE", "/v2/users/{user}/metadata?keys=k", {"keys": ["k"]},
         unknown=9),
    Call("SetEmail", "POST", "/v2/users/{user}/email", {"email": "set@bad.example"}),
    Call("ResendEmailCode", "POST", "/v2/users/{user}/email/resend", {"returnCode": {}}),
    Call("SendEmailCode", "POST", "/v2/users/{user}/email/send", {"returnCode": {}}),
    Call("VerifyEmail", "POST", "/v2/users/{user}/email/verify", {"verificationCode": "x"}),
    Call("SetPhone", "POST", "/v2/users/{user}/phone", {"phone": "+41791234567"}),
    Call("RemovePhone", "DELETE", "/v2/users/{user}/phone"),
    Call("ResendPhoneCode", "POST", "/v2/users/{user}/phone/resend", {"returnCode": {}}),
    Call("VerifyPhone", "POST", "/v2/users/{user}/phone/verify", {"verificationCode": "x"}),
    Call("PasswordReset", "POST", "/v2/users/{user}/password_reset", {"returnCode": {}}),
    Call("ListAuthenticationMethodTypes", "GET", "/v2/users/{user}/authentication_methods"),
    Call("AddPersonalAccessToken", "POST", "/v2/users/{user}/pats", {"expirationDate": FAR},
         unknown=9, machine=True),
    Call("RemovePersonalAccessToken", "DELETE", "/v2/users/{user}/pats/1", {"tokenId": "1"},
         machine=True),
    Call("ListPersonalAccessTokens", "POST", "/v2/users/pats/search",
         {"filters": [{"userIdFilter": {"id": "{user}"}}]}, names_user=False, manager=NOTHING,
         nobody=NOTHING, unknown=NOTHING, machine=True),
    Call("AddKey", "POST", "/v2/users/{user}/keys", {"expirationDate": FAR}, unknown=9,
         machine=True),
    Call("RemoveKey", "DELETE", "/v2/users/{user}/keys/1", {"keyId": "1"}, machine=True),
    Call("ListKeys", "POST", "/v2/users/keys/search",
         {"filters": [{"userIdFilter": {"id": "{user}"}}]}, names_user=False, manager=NOTHING,
         nobody=NOTHING, unknown=NOTHING, machine=True),
    Call("AddSecret", "POST", "/v2/users/{user}/secret", unknown=9, machine=True),
    Call("RemoveSecret", "DELETE", "/v2/users/{user}/secret", unknown=9, machine=True),
    Call("GetSecuritySettings", "GET", "/v2/settings/security", names_user=False, unknown=NOTHING,
         procedures=SETTINGS),
    Call("SetSecuritySettings", "PUT", "/v2/policies/security", {"enableImpersonation": False},
         names_user=False, unknown=NOTHING, procedures=SETTINGS),
    Call("GetPasswordComplexitySettings", "GET", "/v2/settings/password/complexity",
         names_user=False, manager=NOTHING, unknown=NOTHING, procedures=SETTINGS),
    Call("", "POST", "/admin/v1/members", {"userId": "{user}", "roles": ["IAM_USER_MANAGER"]},
         unknown=9, machine=True, names_user=False),
    Call("", "PUT", "/admin/v1/members/{user}", {"roles": ["IAM_USER_MANAGER"]}, unknown=9,
         machine=True),
    Call("", "GET", "/auth/v1/users/me", names_user=False, manager=NOTHING, nobody=NOTHING,
         unknown=NOTHING),
    Call("", "GET", "/management/v1/orgs/me", names_user=False, manager=NOTHING, unknown=NOTHING),
]
