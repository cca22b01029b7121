#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "zitadel/verbs.h"

// Calls about one address, one number or one password, as functions in one transaction.
namespace vestibule::zitadel {

/// A user with the code that the caller asked for, if it did.
struct Coded {
  accounts::User user;
  std::optional<base::Secret> code = {};
};

/// SetEmail: as an update, but the same address is refused.
Result<Coded> set_email(const Unit& unit, const UpdateRequest& request);

/// ResendEmailCode needs a proof that is under way, SendEmailCode begins one.
enum class Sending { again, first };
Result<Coded> send_email_code(const Unit& unit, std::string_view subject, EmailProof how,
                              Sending sending);
/// The address of a good code counts as asserted and not as proved: the code went through the
/// caller, who could as well have vouched for it.
Result<accounts::User> verify_email(const Unit& unit, std::string_view subject,
                                    std::string_view code);

/// SetPhone: as an update, but the same number is refused.
Result<Coded> set_phone(const Unit& unit, const UpdateRequest& request);
Result<accounts::User> remove_phone(const Unit& unit, std::string_view subject);
Result<Coded> resend_phone_code(const Unit& unit, std::string_view subject);
Result<accounts::User> verify_phone(const Unit& unit, std::string_view subject,
                                    std::string_view code);

/// PasswordReset: a mail to the address, or a code for SetPassword. The code gives nobody a right
/// that it has not: SetPassword asks for the same permission with it.
enum class ResetMedium { mail, code };
Result<Coded> reset_password(const Unit& unit, std::string_view subject, ResetMedium medium);

/// ListAuthenticationMethodTypes, by ZITADEL's names.
Result<std::vector<std::string_view>> list_authentication_methods(const Unit& unit,
                                                                  std::string_view subject);

}  // namespace vestibule::zitadel
