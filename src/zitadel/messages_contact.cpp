#include "zitadel/message_parts.h"
#include "zitadel/messages.h"

// Calls about one address, one number or one password.
namespace vestibule::zitadel::messages {
namespace {

constexpr Fields<5> set_email_fields{{
    name_text("userId"),
    name_text("email").email(),
    record("sendCode", send_email_code).one_of("Verification"),
    record("returnCode", return_email_code).one_of("Verification"),
    flag("isVerified").one_of("Verification"),
}};

constexpr Fields<3> send_email_code_fields{{
    name_text("userId"),
    record("sendCode", send_email_code).one_of("Verification"),
    record("returnCode", return_email_code).one_of("Verification"),
}};

constexpr Fields<5> set_phone_fields{{
    name_text("userId"),
    name_text("phone"),
    unsupported("sendCode"),
    record("returnCode", return_phone_code).one_of("Verification"),
    flag("isVerified").one_of("Verification"),
}};

constexpr Fields<3> resend_phone_code_fields{{
    name_text("userId"),
    unsupported("sendCode"),
    record("returnCode", return_phone_code).one_of("Verification"),
}};

constexpr Fields<2> verify_fields{{
    name_text("userId"),
    code_text("verificationCode"),
}};

constexpr Choices<3> notification_types{"NOTIFICATION_TYPE_Unspecified", "NOTIFICATION_TYPE_Email",
                                        "NOTIFICATION_TYPE_SMS"};
constexpr Fields<2> send_link_fields{{
    choice("notificationType", notification_types),
    text("urlTemplate").at_most(longest_name).optional(),
}};
constexpr Message send_link{"SendPasswordResetLink", send_link_fields};
constexpr Message return_reset_code{"ReturnPasswordResetCode", {}};
constexpr Fields<3> password_reset_fields{{
    name_text("userId"),
    record("sendLink", send_link).one_of("Medium"),
    record("returnCode", return_reset_code).one_of("Medium"),
}};

constexpr Fields<1> user_id_fields{{name_text("userId")}};

}  // namespace

const Message set_email{"SetEmailRequest", set_email_fields};
const Message send_email_code_again{"ResendEmailCodeRequest", send_email_code_fields};
const Message send_email_code_first{"SendEmailCodeRequest", send_email_code_fields};
const Message verify_email{"VerifyEmailRequest", verify_fields};
const Message set_phone{"SetPhoneRequest", set_phone_fields};
const Message remove_phone{"RemovePhoneRequest", user_id_fields};
const Message resend_phone_code{"ResendPhoneCodeRequest", resend_phone_code_fields};
const Message verify_phone{"VerifyPhoneRequest", verify_fields};
const Message password_reset{"PasswordResetRequest", password_reset_fields};
const Message list_authentication_methods{"ListAuthenticationMethodTypesRequest", user_id_fields};

}  // namespace vestibule::zitadel::messages
