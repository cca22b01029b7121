#include <memory>

#include "zitadel/contact.h"
#include "zitadel/messages.h"
#include "zitadel/operation_parts.h"

namespace vestibule::zitadel {

namespace json = boost::json;

namespace {

using operation_parts::add_code;
using operation_parts::answer_details;
using operation_parts::plain;
using operation_parts::write;

Result<std::string> answer_coded(const Result<Coded>& coded) {
  if (!coded) return refuse(coded.error());
  json::object body{{"details", answers::change_details(coded->user)}};
  add_code(body, "verificationCode", coded->code);
  return write(body);
}

/// A change of an address or a number.
auto setting(UpdateRequest (*read)(const Record&),
             Result<Coded> (*set)(const Unit&, const UpdateRequest&)) {
  return [read, set](const Record& record) -> Result<Plan> {
    const auto request = std::make_shared<const UpdateRequest>(read(record));
    return plain([request, set](const Unit& unit) { return answer_coded(set(unit, *request)); });
  };
}

auto sending_email_code(Sending sending) {
  return [sending](const Record& record) -> Result<Plan> {
    const auto how = record.has("returnCode") ? EmailProof::by_code : EmailProof::by_mail;
    return plain([sending, how, id = record.text_or_empty("userId")](const Unit& unit) {
      return answer_coded(send_email_code(unit, id, how, sending));
    });
  };
}

Result<Plan> resending_phone_code(const Record& record) {
  if (!record.has("returnCode")) {
    return refuse({Code::unimplemented, "", "text messages are not supported, ask for returnCode"});
  }
  return plain([id = record.text_or_empty("userId")](const Unit& unit) {
    return answer_coded(resend_phone_code(unit, id));
  });
}

auto verifying(Result<accounts::User> (*verify)(const Unit&, std::string_view, std::string_view)) {
  return [verify](const Record& record) -> Result<Plan> {
    return plain([verify, id = record.text_or_empty("userId"),
                  code = record.text_or_empty("verificationCode")](const Unit& unit) {
      return answer_details(verify(unit, id, code));
    });
  };
}

Result<Plan> removing_phone(const Record& record) {
  return plain([id = record.text_or_empty("userId")](const Unit& unit) {
    return answer_details(remove_phone(unit, id));
  });
}

Result<Plan> resetting_password(const Record& record) {
  const auto medium = record.has("returnCode") ? ResetMedium::code : ResetMedium::mail;
  return plain([medium, id = record.text_or_empty("userId")](const Unit& unit) {
    return answer_coded(reset_password(unit, id, medium));
  });
}

Result<Plan> listing_methods(const Record& record) {
  return plain([id = record.text_or_empty("userId")](const Unit& unit) -> Result<std::string> {
    const auto methods = list_authentication_methods(unit, id);
    if (!methods) return refuse(methods.error());
    json::object details{{"timestamp", answers::timestamp(unit.now)}};
    json::object body;
    if (!methods->empty()) {
      details["totalResult"] = base::to_decimal(static_cast<std::int64_t>(methods->size()));
      body["authMethodTypes"] = json::array(methods->begin(), methods->end());
    }
    body["details"] = std::move(details);
    return write(body);
  });
}

}  // namespace

std::vector<Operation> contact_operations() {
  namespace m = messages;
  return {
      {"SetEmail", "POST", "/v2/users/{user_id}/email", &m::set_email, "user.SetEmailRequest",
       Work::write, setting(read_set_email, set_email)},
      {"ResendEmailCode", "POST", "/v2/users/{user_id}/email/resend", &m::send_email_code_again,
       "user.ResendEmailCodeRequest", Work::write, sending_email_code(Sending::again)},
      {"SendEmailCode", "POST", "/v2/users/{user_id}/email/send", &m::send_email_code_first,
       "user.SendEmailCodeRequest", Work::write, sending_email_code(Sending::first)},
      {"VerifyEmail", "POST", "/v2/users/{user_id}/email/verify", &m::verify_email,
       "user.VerifyEmailRequest", Work::write, verifying(verify_email)},
      {"SetPhone", "POST", "/v2/users/{user_id}/phone", &m::set_phone, "user.SetPhoneRequest",
       Work::write, setting(read_set_phone, set_phone)},
      {"RemovePhone", "DELETE", "/v2/users/{user_id}/phone", &m::remove_phone,
       "user.RemovePhoneRequest", Work::write, removing_phone},
      {"ResendPhoneCode", "POST", "/v2/users/{user_id}/phone/resend", &m::resend_phone_code,
       "user.ResendPhoneCodeRequest", Work::write, resending_phone_code},
      {"VerifyPhone", "POST", "/v2/users/{user_id}/phone/verify", &m::verify_phone,
       "user.VerifyPhoneRequest", Work::write, verifying(verify_phone)},
      {"PasswordReset", "POST", "/v2/users/{user_id}/password_reset", &m::password_reset,
       "user.PasswordResetRequest", Work::write, resetting_password},
      {"ListAuthenticationMethodTypes", "GET", "/v2/users/{user_id}/authentication_methods",
       &m::list_authentication_methods, "user.ListAuthenticationMethodTypesRequest",
       Work::point_read, listing_methods},
  };
}

}  // namespace vestibule::zitadel
