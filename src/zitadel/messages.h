#pragma once

#include "zitadel/message.h"

/// The messages of zitadel.user.v2 that these calls take, with their rules. Fields that are not
/// here are ignored, as protobuf's JSON mapping of ZITADEL does.
namespace vestibule::zitadel::messages {

extern const Message create_user;        ///< CreateUser
extern const Message add_human_user;     ///< AddHumanUser: POST /v2/users/human
extern const Message update_user;        ///< UpdateUser
extern const Message update_human_user;  ///< UpdateHumanUser: PUT /v2/users/human/{user_id}
extern const Message set_password;       ///< SetPassword
extern const Message get_user_by_id;     ///< GetUserByID
extern const Message delete_user;        ///< DeleteUser
extern const Message lock_user;          ///< LockUser …
extern const Message unlock_user;
extern const Message deactivate_user;
extern const Message reactivate_user;
extern const Message list_users;             ///< ListUsers
extern const Message list_user_metadata;     ///< ListUserMetadata
extern const Message set_user_metadata;      ///< SetUserMetadata
extern const Message delete_user_metadata;   ///< DeleteUserMetadata
extern const Message set_security_settings;  ///< PUT /v2/policies/security
extern const Message empty;                  ///< calls without a body

// messages_contact.cpp
extern const Message set_email;
extern const Message send_email_code_again;  ///< ResendEmailCode
extern const Message send_email_code_first;  ///< SendEmailCode
extern const Message verify_email;
extern const Message set_phone;
extern const Message remove_phone;
extern const Message resend_phone_code;
extern const Message verify_phone;
extern const Message password_reset;
extern const Message list_authentication_methods;

// messages_machine.cpp
extern const Message add_personal_access_token;
extern const Message remove_personal_access_token;
extern const Message list_personal_access_tokens;
extern const Message add_key;
extern const Message remove_key;
extern const Message list_keys;
extern const Message add_secret;
extern const Message remove_secret;

// messages_machine.cpp too: roles are given to service accounts as a rule
extern const Message add_member;
extern const Message update_member;

}  // namespace vestibule::zitadel::messages
