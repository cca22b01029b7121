#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/result.h"

namespace vestibule::zitadel {

/// The codes of gRPC that these calls answer with, by their numbers.
enum class Code {
  invalid_argument = 3,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  unauthenticated = 16,
};

/// Connect's name of a code: `already_exists`.
std::string_view name_of(Code code);
/// The HTTP status that both protocols give a code.
int status_of(Code code);

/// A refusal. `id` is ZITADEL's (or `VST-…`, ours) and stands in brackets behind the message and in
/// the error's detail; protocol errors have none.
struct Error {
  Code code = Code::internal;
  std::string id;
  std::string message;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> refuse(const Error& error) {
  return std::unexpected(error);
}
/// A value that is not allowed, without an id, as the validation of ZITADEL's messages answers.
inline std::unexpected<Error> invalid(std::string message) {
  return std::unexpected(Error{Code::invalid_argument, {}, std::move(message)});
}

/// What a refusal of the domain means here.
Error from_domain(const base::Error& error);

/// `{"code":"already_exists","message":"… (ID)","details":[{"type","value","debug"}]}`; `value` is
/// the protobuf message zitadel.v1.ErrorDetail {1: id, 2: message} in base64 without padding.
std::string connect_error_json(const Error& error);
/// `{"code":6,"message":"… (ID)","details":[{"@type","id","message"}]}`.
std::string rest_error_json(const Error& error);
/// The message with its id, as both show it.
std::string shown_message(const Error& error);

/// Every refusal that has a name, in one place. The ids are ZITADEL's; clients match the code.
namespace refusals {

inline const Error header_missing{Code::unauthenticated, "", "auth header missing"};
inline const Error token_invalid{Code::unauthenticated, "AUTH-7fs1e", "Errors.Token.Invalid"};
inline const Error token_not_for_api{Code::permission_denied, "APP-Shi0J",
                                     "Errors.TokenExchange.Token.NotForAPI"};
inline const Error no_membership{Code::not_found, "AUTHZ-cdgFk", "membership not found"};
/// A registered user is out of the service account's reach: ZITADEL's answer to a missing
/// permission, told apart by its id.
inline const Error registered{Code::permission_denied, "VST-Reg01",
                              "No matching permissions found"};
inline const Error no_permission{Code::permission_denied, "AUTH-AWfge",
                                 "No matching permissions found"};

inline const Error user_exists{Code::already_exists, "V3-DKcYh", "User already exists"};
/// The id is taken: by somebody who is there, as ZITADEL refuses it, or by somebody deleted.
inline const Error human_id_in_use{Code::failed_precondition, "COMMAND-7yiox1isql",
                                   "Errors.User.AlreadyExisting"};
inline const Error machine_id_in_use{Code::failed_precondition, "COMMAND-k2una",
                                     "Errors.User.AlreadyExisting"};
inline const Error id_exists{Code::already_exists, "VST-Id", "User already exists"};
inline const Error user_unknown_to_query{Code::not_found, "QUERY-Dfbg2", "User could not be found"};
inline const Error user_unknown_to_update{Code::not_found, "COMMAND-ugjs0upun6",
                                          "User could not be found"};
inline const Error user_unknown_to_delete{Code::not_found, "COMMAND-bd4ir1mblj",
                                          "User could not be found"};
inline const Error user_unknown_to_password{Code::failed_precondition, "COMMAND-G8dh3",
                                            "Password not found"};
inline const Error user_unknown_to_metadata{Code::failed_precondition, "COMMAND-uXHNj",
                                            "User could not be found"};
inline const Error user_unknown_to_email{Code::not_found, "COMMAND-ieJ2e", "Email not found"};
inline const Error user_unknown_to_phone{Code::not_found, "COMMAND-ieJ2e", "Phone not found"};
inline const Error user_unknown_to_reset{Code::not_found, "COMMAND-SAF4f",
                                         "User could not be found"};
inline const Error email_not_changed{Code::failed_precondition, "COMMAND-Uch5e",
                                     "Email not changed"};
inline const Error phone_not_changed{Code::failed_precondition, "COMMAND-Uch5e",
                                     "Phone not changed"};
inline const Error email_code_empty{Code::failed_precondition, "EMAIL-5w5ilin4yt", "Code is empty"};
inline const Error phone_code_empty{Code::failed_precondition, "PHONE-5xrra88eq8", "Code is empty"};

inline const Error user_unknown_to_key{Code::failed_precondition, "COMMAND-bnipwm1",
                                       "User could not be found"};
inline const Error user_unknown_to_token{Code::failed_precondition, "COMMAND-Dggw2",
                                         "User could not be found"};
inline const Error user_unknown_to_secret{Code::failed_precondition, "COMMAND-x8910n",
                                          "Errors.User.NotExisting"};
inline const Error user_unknown_to_secrets_end{Code::failed_precondition, "COMMAND-x7s802",
                                               "Errors.User.NotExisting"};
inline const Error wrong_user_type{Code::failed_precondition, "COMMAND-Df2f1",
                                   "Not allowed for this user type"};
inline const Error expired_already{Code::invalid_argument, "DOMAIN-dv3t5",
                                   "Errors.AuthNKey.ExpireBeforeNow"};
inline const Error key_malformed{Code::invalid_argument, "COMMAND-5F3h1",
                                 "Public key is not a valid RSA public key in "
                                 "PKIX format with PEM encoding"};
inline const Error key_unknown{Code::not_found, "COMMAND-4m77G", "Machine key not found"};
inline const Error token_unknown{Code::not_found, "COMMAND-4m77G",
                                 "Personal Access Token not found"};
inline const Error secret_unknown{Code::failed_precondition, "COMMAND-coi82n",
                                  "Secret doesn't exist"};
inline const Error user_unknown_to_member{Code::failed_precondition, "COMMAND-uXHNj",
                                          "User could not be found"};
inline const Error member_invalid{Code::invalid_argument, "VST-Member", "Member is invalid"};

inline const Error not_human{Code::failed_precondition, "VST-Human", "User is not a human"};
inline const Error not_machine{Code::failed_precondition, "VST-Machine", "User is not a machine"};
inline const Error merging{Code::aborted, "VST-Merge", "User is being merged into another"};
inline const Error organization_unknown{Code::failed_precondition, "COMMAND-Asd2d",
                                        "Organisation not found"};

inline const Error password_wrong{Code::invalid_argument, "COMMAND-3M0fs", "Password is invalid"};
inline const Error password_same{Code::failed_precondition, "COMMAND-Aesh5",
                                 "New password cannot be the same as your current password"};
inline const Error password_not_set{Code::failed_precondition, "COMMAND-3M0fs",
                                    "User has not set a password"};
inline const Error password_raced{Code::aborted, "VST-Race",
                                  "The password was changed by another call"};
inline const Error reset_code_wrong{Code::invalid_argument, "CODE-woT0xc", "Code is invalid"};
inline const Error code_wrong{Code::invalid_argument, "COMMAND-eis9R", "Code is invalid"};
inline const Error code_unknown{Code::failed_precondition, "COMMAND-2M9fs", "Code not found"};

inline const Error metadata_twice{Code::invalid_argument, "USERv2-j0z7uy",
                                  "Metadata must not be set on both the user and human fields"};
inline const Error metadata_value_empty{Code::invalid_argument, "USER-Dbgth",
                                        "Errors.User.Metadata.ValueEmpty"};
inline const Error metadata_invalid{Code::invalid_argument, "META-2m00f", "Metadata is invalid"};
inline const Error metadata_none{Code::failed_precondition, "META-9mm2d", "Metadata list is empty"};
inline const Error metadata_key_unknown{Code::not_found, "META-2nnds",
                                        "One or more keys do not exist"};
inline const Error tag_reserved{Code::invalid_argument, "VST-Tag",
                                "Keys that begin with GUEST_ are set by creation only"};
inline const Error tag_malformed{Code::invalid_argument, "VST-Tag",
                                 "A key that begins with GUEST_ must be one GUEST_YY_MM_DD"};
inline const Error guest_is_human{Code::invalid_argument, "VST-Guest",
                                  "A guest is a human without a password"};

}  // namespace refusals
}  // namespace vestibule::zitadel
