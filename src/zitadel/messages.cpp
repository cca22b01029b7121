#include "zitadel/messages.h"

#include "zitadel/message_parts.h"

namespace vestibule::zitadel::messages {
namespace {

constexpr std::size_t longest_metadata_value = 500'000;
constexpr std::size_t longest_number = 20;

// What several messages share.

constexpr Choices<4> genders{"GENDER_UNSPECIFIED", "GENDER_FEMALE", "GENDER_MALE",
                             "GENDER_DIVERSE"};

constexpr Fields<6> profile_fields{{
    name_text("givenName"),
    name_text("familyName"),
    text("nickName").at_most(longest_name).optional(),
    text("displayName").at_most(longest_name).optional(),
    text("preferredLanguage").at_most(10).optional(),
    choice("gender", genders).optional(),
}};
constexpr Message profile{"SetHumanProfile", profile_fields};

constexpr Fields<4> email_fields{{
    name_text("email").email(),
    record("sendCode", send_email_code).one_of("Verification"),
    record("returnCode", return_email_code).one_of("Verification"),
    flag("isVerified").one_of("Verification"),
}};
constexpr Message email{"SetHumanEmail", email_fields};

constexpr Fields<4> phone_fields{{
    text("phone").at_most(longest_name),
    unsupported("sendCode"),
    record("returnCode", return_phone_code).one_of("Verification"),
    flag("isVerified").one_of("Verification"),
}};
constexpr Message phone{"SetHumanPhone", phone_fields};

constexpr Fields<2> password_fields{{
    name_text("password"),
    flag("changeRequired"),
}};
constexpr Message password{"Password", password_fields};

constexpr Fields<2> metadata_fields{{
    name_text("key"),
    bytes("value").at_most(longest_metadata_value),
}};
constexpr Message metadata{"Metadata", metadata_fields};

constexpr Fields<2> metadata_entry_fields{{
    name_text("key"),
    bytes("value").length(1, longest_metadata_value),
}};
constexpr Message metadata_entry{"SetMetadataEntry", metadata_entry_fields};

// Creation.

constexpr Fields<8> create_human_fields{{
    record("profile", profile).required(),
    record("email", email).required(),
    record("phone", phone),
    record("metadata", metadata_entry).repeated(),
    record("password", password).one_of("PasswordType"),
    unsupported("hashedPassword"),
    unsupported("idpLinks"),
    unsupported("totpSecret"),
}};
constexpr Message create_human{"CreateUserRequest_Human", create_human_fields};

constexpr Fields<2> create_machine_fields{{
    name_text("name"),
    text("description").at_most(500).optional(),
}};
constexpr Message create_machine{"CreateUserRequest_Machine", create_machine_fields};

constexpr Fields<6> create_user_fields{{
    name_text("organizationId"),
    name_text("userId").optional(),
    name_text("username").optional(),
    record("human", create_human).one_of("UserType"),
    record("machine", create_machine).one_of("UserType"),
    record("metadata", metadata).repeated(),
}};

constexpr Fields<2> organization_fields{{
    name_text("orgId").one_of("Org"),
    name_text("orgDomain").one_of("Org"),
}};
constexpr Message organization{"Organization", organization_fields};

constexpr Fields<11> add_human_user_fields{{
    name_text("userId").optional(),
    name_text("username").optional(),
    record("organization", organization),
    record("profile", profile).required(),
    record("email", email).required(),
    record("phone", phone),
    record("metadata", metadata_entry).repeated(),
    record("password", password).one_of("PasswordType"),
    unsupported("hashedPassword"),
    unsupported("idpLinks"),
    unsupported("totpSecret"),
}};

// Update.

constexpr Fields<4> update_password_fields{{
    record("password", password).one_of("PasswordType"),
    unsupported("hashedPassword"),
    name_text("currentPassword").one_of("Verification"),
    code_text("verificationCode").one_of("Verification"),
}};
constexpr Message update_password{"SetPassword", update_password_fields};

constexpr Fields<6> update_profile_fields{{
    name_text("givenName").optional(),
    name_text("familyName").optional(),
    text("nickName").at_most(longest_name).optional(),
    text("displayName").at_most(longest_name).optional(),
    text("preferredLanguage").at_most(10).optional(),
    choice("gender", genders).optional(),
}};
constexpr Message update_profile{"UpdateUserRequest_Human_Profile", update_profile_fields};

constexpr Fields<4> update_human_fields{{
    record("profile", update_profile),
    record("email", email),
    record("phone", phone),
    record("password", update_password),
}};
constexpr Message update_human{"UpdateUserRequest_Human", update_human_fields};

constexpr Fields<2> update_machine_fields{{
    name_text("name").optional(),
    text("description").at_most(500).optional(),
}};
constexpr Message update_machine{"UpdateUserRequest_Machine", update_machine_fields};

constexpr Fields<4> update_user_fields{{
    name_text("userId"),
    name_text("username").optional(),
    record("human", update_human).one_of("UserType"),
    record("machine", update_machine).one_of("UserType"),
}};

constexpr Fields<7> update_human_user_fields{{
    name_text("userId"),
    name_text("username").optional(),
    record("profile", profile),
    record("email", email),
    record("phone", phone),
    record("password", update_password),
    unsupported("state"),
}};

constexpr Fields<4> set_password_fields{{
    name_text("userId"),
    record("newPassword", password).required(),
    name_text("currentPassword").one_of("Verification"),
    code_text("verificationCode").one_of("Verification"),
}};

// Calls that only name a user.

constexpr Fields<1> user_id_fields{{name_text("userId")}};

// Lists.

constexpr Choices<8> text_query_methods{
    "TEXT_QUERY_METHOD_EQUALS",      "TEXT_QUERY_METHOD_EQUALS_IGNORE_CASE",
    "TEXT_QUERY_METHOD_STARTS_WITH", "TEXT_QUERY_METHOD_STARTS_WITH_IGNORE_CASE",
    "TEXT_QUERY_METHOD_CONTAINS",    "TEXT_QUERY_METHOD_CONTAINS_IGNORE_CASE",
    "TEXT_QUERY_METHOD_ENDS_WITH",   "TEXT_QUERY_METHOD_ENDS_WITH_IGNORE_CASE"};
constexpr Choices<3> user_types{"TYPE_UNSPECIFIED", "TYPE_HUMAN", "TYPE_MACHINE"};
constexpr Choices<6> user_states{"USER_STATE_UNSPECIFIED", "USER_STATE_ACTIVE",
                                 "USER_STATE_INACTIVE",    "USER_STATE_DELETED",
                                 "USER_STATE_LOCKED",      "USER_STATE_INITIAL"};
constexpr Choices<10> user_columns{"USER_FIELD_NAME_UNSPECIFIED", "USER_FIELD_NAME_USER_NAME",
                                   "USER_FIELD_NAME_FIRST_NAME",  "USER_FIELD_NAME_LAST_NAME",
                                   "USER_FIELD_NAME_NICK_NAME",   "USER_FIELD_NAME_DISPLAY_NAME",
                                   "USER_FIELD_NAME_EMAIL",       "USER_FIELD_NAME_STATE",
                                   "USER_FIELD_NAME_TYPE",        "USER_FIELD_NAME_CREATION_DATE"};

constexpr Message list_query{"ListQuery", page_fields};
constexpr Message pagination{"PaginationRequest", page_fields};

constexpr Fields<2> user_name_query_fields{{
    name_text("userName"),
    choice("method", text_query_methods),
}};
constexpr Message user_name_query{"UserNameQuery", user_name_query_fields};
constexpr Fields<2> first_name_query_fields{{
    name_text("firstName"),
    choice("method", text_query_methods),
}};
constexpr Message first_name_query{"FirstNameQuery", first_name_query_fields};
constexpr Fields<2> last_name_query_fields{{
    name_text("lastName"),
    choice("method", text_query_methods),
}};
constexpr Message last_name_query{"LastNameQuery", last_name_query_fields};
constexpr Fields<2> nick_name_query_fields{{
    name_text("nickName"),
    choice("method", text_query_methods),
}};
constexpr Message nick_name_query{"NickNameQuery", nick_name_query_fields};
constexpr Fields<2> display_name_query_fields{{
    name_text("displayName"),
    choice("method", text_query_methods),
}};
constexpr Message display_name_query{"DisplayNameQuery", display_name_query_fields};
constexpr Fields<2> phone_query_fields{{
    text("number").at_most(longest_number),
    choice("method", text_query_methods),
}};
constexpr Message phone_query{"PhoneQuery", phone_query_fields};
constexpr Fields<2> email_query_fields{{
    text("emailAddress").at_most(longest_name),
    choice("method", text_query_methods),
}};
constexpr Message email_query{"EmailQuery", email_query_fields};
constexpr Fields<2> login_name_query_fields{{
    name_text("loginName"),
    choice("method", text_query_methods),
}};
constexpr Message login_name_query{"LoginNameQuery", login_name_query_fields};
constexpr Fields<2> metadata_key_filter_fields{{
    name_text("key"),
    choice("method", text_filter_methods),
}};
constexpr Message metadata_key_filter{"MetadataKeyFilter", metadata_key_filter_fields};
constexpr Fields<1> in_user_ids_fields{{text("userIds").repeated()}};
constexpr Message in_user_ids{"InUserIDQuery", in_user_ids_fields};
constexpr Fields<1> in_user_emails_fields{{text("userEmails").repeated()}};
constexpr Message in_user_emails{"InUserEmailsQuery", in_user_emails_fields};
constexpr Fields<1> organization_id_query_fields{{name_text("organizationId")}};
constexpr Message organization_id_query{"OrganizationIdQuery", organization_id_query_fields};
constexpr Fields<1> type_query_fields{{choice("type", user_types)}};
constexpr Message type_query{"TypeQuery", type_query_fields};
constexpr Fields<1> state_query_fields{{choice("state", user_states)}};
constexpr Message state_query{"StateQuery", state_query_fields};

extern const Message search_query;

const Fields<1> queries_fields{{record("queries", search_query).repeated()}};
const Message and_query{"AndQuery", queries_fields};
const Message or_query{"OrQuery", queries_fields};
const Fields<1> not_query_fields{{record("query", search_query)}};
const Message not_query{"NotQuery", not_query_fields};

const Fields<17> search_query_fields{{
    record("userNameQuery", user_name_query).one_of("Query"),
    record("emailQuery", email_query).one_of("Query"),
    record("loginNameQuery", login_name_query).one_of("Query"),
    record("metadataKeyFilter", metadata_key_filter).one_of("Query"),
    record("inUserIdsQuery", in_user_ids).one_of("Query"),
    record("inUserEmailsQuery", in_user_emails).one_of("Query"),
    record("organizationIdQuery", organization_id_query).one_of("Query"),
    record("typeQuery", type_query).one_of("Query"),
    record("stateQuery", state_query).one_of("Query"),
    record("andQuery", and_query).one_of("Query"),
    record("orQuery", or_query).one_of("Query"),
    record("notQuery", not_query).one_of("Query"),
    record("firstNameQuery", first_name_query).one_of("Query"),
    record("lastNameQuery", last_name_query).one_of("Query"),
    record("nickNameQuery", nick_name_query).one_of("Query"),
    record("displayNameQuery", display_name_query).one_of("Query"),
    record("phoneQuery", phone_query).one_of("Query"),
}};
const Message search_query{"SearchQuery", search_query_fields, "Query"};

const Fields<3> list_users_fields{{
    record("query", list_query),
    choice("sortingColumn", user_columns),
    record("queries", search_query).repeated(),
}};

// Metadata.

constexpr Fields<1> metadata_filter_fields{{
    record("keyFilter", metadata_key_filter).one_of("Filter"),
}};
constexpr Message metadata_filter{"MetadataSearchFilter", metadata_filter_fields, "Filter"};
constexpr Fields<3> list_metadata_fields{{
    name_text("userId"),
    record("pagination", pagination),
    record("filters", metadata_filter).repeated(),
}};
constexpr Fields<2> set_metadata_fields{{
    name_text("userId"),
    record("metadata", metadata).repeated(),
}};
constexpr Fields<2> delete_metadata_fields{{
    name_text("userId"),
    name_text("keys").repeated(),
}};

constexpr Fields<2> security_fields{{
    flag("enableImpersonation"),
    unsupported("embeddedIframe"),
}};

}  // namespace

const Message create_user{"CreateUserRequest", create_user_fields, "UserType"};
const Message add_human_user{"AddHumanUserRequest", add_human_user_fields};
const Message update_user{"UpdateUserRequest", update_user_fields};
const Message update_human_user{"UpdateHumanUserRequest", update_human_user_fields};
const Message set_password{"SetPasswordRequest", set_password_fields};
const Message get_user_by_id{"GetUserByIDRequest", user_id_fields};
const Message delete_user{"DeleteUserRequest", user_id_fields};
const Message lock_user{"LockUserRequest", user_id_fields};
const Message unlock_user{"UnlockUserRequest", user_id_fields};
const Message deactivate_user{"DeactivateUserRequest", user_id_fields};
const Message reactivate_user{"ReactivateUserRequest", user_id_fields};
const Message list_users{"ListUsersRequest", list_users_fields};
const Message list_user_metadata{"ListUserMetadataRequest", list_metadata_fields};
const Message set_user_metadata{"SetUserMetadataRequest", set_metadata_fields};
const Message delete_user_metadata{"DeleteUserMetadataRequest", delete_metadata_fields};
const Message set_security_settings{"SetSecuritySettingsRequest", security_fields};
const Message empty{"Empty", {}};

}  // namespace vestibule::zitadel::messages
