#include "zitadel/message_parts.h"
#include "zitadel/messages.h"

// Calls about what service accounts show themselves with.
namespace vestibule::zitadel::messages {
namespace {

constexpr std::size_t longest_pem = 10'000;

constexpr Fields<1> user_id_fields{{name_text("userId")}};

constexpr Fields<2> add_personal_token_fields{{
    name_text("userId"),
    timestamp("expirationDate"),
}};
constexpr Fields<2> remove_personal_token_fields{{
    name_text("userId"),
    name_text("tokenId"),
}};
constexpr Fields<3> add_key_fields{{
    name_text("userId"),
    timestamp("expirationDate"),
    bytes("publicKey").at_most(longest_pem),
}};
constexpr Fields<2> remove_key_fields{{
    name_text("userId"),
    name_text("keyId"),
}};

constexpr Fields<2> member_fields{{
    name_text("userId"),
    name_text("roles").repeated(),
}};

// Lists.

constexpr Choices<5> timestamp_methods{
    "TIMESTAMP_FILTER_METHOD_EQUALS", "TIMESTAMP_FILTER_METHOD_AFTER",
    "TIMESTAMP_FILTER_METHOD_AFTER_OR_EQUALS", "TIMESTAMP_FILTER_METHOD_BEFORE",
    "TIMESTAMP_FILTER_METHOD_BEFORE_OR_EQUALS"};
constexpr Fields<2> timestamp_filter_fields{{
    timestamp("timestamp"),
    choice("method", timestamp_methods),
}};
constexpr Message timestamp_filter{"TimestampFilter", timestamp_filter_fields};
constexpr Fields<1> id_filter_fields{{text("id").at_most(longest_name)}};
constexpr Message id_filter{"IDFilter", id_filter_fields};

constexpr Message pagination{"PaginationRequest", page_fields};

// Both lists take the same filters; only what an id is called differs.
constexpr Fields<6> search_filter_fields{{
    record("keyIdFilter", id_filter).one_of("Filter"),
    record("tokenIdFilter", id_filter).one_of("Filter"),
    record("userIdFilter", id_filter).one_of("Filter"),
    record("organizationIdFilter", id_filter).one_of("Filter"),
    record("createdDateFilter", timestamp_filter).one_of("Filter"),
    record("expirationDateFilter", timestamp_filter).one_of("Filter"),
}};
constexpr Message key_filter{"KeysSearchFilter", search_filter_fields, "Filter"};
constexpr Message token_filter{"PersonalAccessTokensSearchFilter", search_filter_fields, "Filter"};

constexpr Choices<6> key_columns{"KEY_FIELD_NAME_UNSPECIFIED",
                                 "KEY_FIELD_NAME_CREATED_DATE",
                                 "KEY_FIELD_NAME_ID",
                                 "KEY_FIELD_NAME_USER_ID",
                                 "KEY_FIELD_NAME_ORGANIZATION_ID",
                                 "KEY_FIELD_NAME_KEY_EXPIRATION_DATE"};
constexpr Choices<6> token_columns{"PERSONAL_ACCESS_TOKEN_FIELD_NAME_UNSPECIFIED",
                                   "PERSONAL_ACCESS_TOKEN_FIELD_NAME_CREATED_DATE",
                                   "PERSONAL_ACCESS_TOKEN_FIELD_NAME_ID",
                                   "PERSONAL_ACCESS_TOKEN_FIELD_NAME_USER_ID",
                                   "PERSONAL_ACCESS_TOKEN_FIELD_NAME_ORGANIZATION_ID",
                                   "PERSONAL_ACCESS_TOKEN_FIELD_NAME_EXPIRATION_DATE"};
constexpr Fields<3> list_keys_fields{{
    record("pagination", pagination),
    choice("sortingColumn", key_columns).optional(),
    record("filters", key_filter).repeated(),
}};
constexpr Fields<3> list_tokens_fields{{
    record("pagination", pagination),
    choice("sortingColumn", token_columns).optional(),
    record("filters", token_filter).repeated(),
}};

}  // namespace

const Message add_personal_access_token{"AddPersonalAccessTokenRequest", add_personal_token_fields};
const Message remove_personal_access_token{"RemovePersonalAccessTokenRequest",
                                           remove_personal_token_fields};
const Message list_personal_access_tokens{"ListPersonalAccessTokensRequest", list_tokens_fields};
const Message add_key{"AddKeyRequest", add_key_fields};
const Message remove_key{"RemoveKeyRequest", remove_key_fields};
const Message list_keys{"ListKeysRequest", list_keys_fields};
const Message add_secret{"AddSecretRequest", user_id_fields};
const Message remove_secret{"RemoveSecretRequest", user_id_fields};

const Message add_member{"AddIAMMemberRequest", member_fields};
const Message update_member{"UpdateIAMMemberRequest", member_fields};

}  // namespace vestibule::zitadel::messages
