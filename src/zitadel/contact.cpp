#include "zitadel/contact.h"

#include "accounts/api_codes.h"
#include "accounts/emails.h"
#include "accounts/passwords.h"
#include "accounts/users.h"
#include "base/text.h"
#include "zitadel/caller.h"
#include "zitadel/changes.h"

namespace vestibule::zitadel {
namespace {

using accounts::CodePurpose;

/// The person whose contact is to be changed.
Result<accounts::User> load_person(const Unit& unit, std::string_view subject,
                                   const Error& unknown) {
  auto user = load_permitted(unit.tx, unit.caller, subject, Action::change, unknown, unit.now);
  if (!user) return user;
  if (user->kind != accounts::UserKind::human) return refuse(unknown);
  if (user->standing() == accounts::Standing::merging) return refuse(refusals::merging);
  return user;
}

Result<accounts::User> write(const Unit& unit, accounts::User user) {
  if (const auto updated = accounts::update_user(unit.tx, user, unit.now); !updated) {
    return refuse(from_domain(updated.error()));
  }
  note(unit, "user.updated", user.id);
  note_activity(unit, user.id);
  return user;
}

base::Secret mint(const Unit& unit, CodePurpose purpose, const accounts::User& user,
                  std::string_view about) {
  note(unit, "code.returned", user.id);
  return accounts::mint_code(unit.tx, purpose, user.id, about, unit.context.random, unit.now);
}

Result<void> use_code(const Unit& unit, CodePurpose purpose, const accounts::User& user,
                      std::string_view about, std::string_view code) {
  const auto verdict = accounts::consume_code(unit.tx, purpose, user.id, about, code, unit.now);
  if (verdict != accounts::CodeVerdict::good) return refuse(refusals::code_wrong);
  return {};
}

}  // namespace

Result<Coded> set_email(const Unit& unit, const UpdateRequest& request) {
  const auto user = load_person(unit, request.user_id, refusals::user_unknown_to_email);
  if (!user) return std::unexpected(user.error());
  if (user->email && base::email_key(*user->email) == base::email_key(request.email->address)) {
    return refuse(refusals::email_not_changed);
  }
  auto changed = update_user(unit, request, {});
  if (!changed) return std::unexpected(std::move(changed.error()));
  return Coded{std::move(changed->user), std::move(changed->email_code)};
}

Result<Coded> send_email_code(const Unit& unit, std::string_view subject, EmailProof how,
                              Sending sending) {
  auto user = load_person(unit, subject, refusals::user_unknown_to_email);
  if (!user) return std::unexpected(std::move(user.error()));
  if (!user->email) return refuse(refusals::user_unknown_to_email);
  if (user->email_verified()) {
    if (sending == Sending::again) return refuse(refusals::email_code_empty);
    return Coded{std::move(*user)};  // there is nothing to ask its owner
  }
  if (how == EmailProof::by_code) {
    auto code = mint(unit, CodePurpose::email, *user, *user->email);
    return Coded{std::move(*user), std::move(code)};
  }
  const std::string address = *user->email;
  apply(unit, {.address = address, .proof = EmailProof::by_mail}, *user);
  note(unit, "email.proof_requested", user->id);
  return Coded{std::move(*user)};
}

Result<accounts::User> verify_email(const Unit& unit, std::string_view subject,
                                    std::string_view code) {
  auto user = load_person(unit, subject, refusals::user_unknown_to_email);
  if (!user) return user;
  const std::string address = user->email.value_or("");
  if (auto used = use_code(unit, CodePurpose::email, *user, address, code); !used) {
    return std::unexpected(std::move(used.error()));
  }
  apply(unit, {.address = address, .proof = EmailProof::asserted}, *user);
  return write(unit, std::move(*user));
}

Result<Coded> set_phone(const Unit& unit, const UpdateRequest& request) {
  const auto user = load_person(unit, request.user_id, refusals::user_unknown_to_phone);
  if (!user) return std::unexpected(user.error());
  if (user->phone == request.phone->number) return refuse(refusals::phone_not_changed);
  auto changed = update_user(unit, request, {});
  if (!changed) return std::unexpected(std::move(changed.error()));
  return Coded{std::move(changed->user), std::move(changed->phone_code)};
}

Result<accounts::User> remove_phone(const Unit& unit, std::string_view subject) {
  auto user = load_person(unit, subject, refusals::user_unknown_to_phone);
  if (!user) return user;
  if (!user->phone) return refuse(refusals::user_unknown_to_phone);
  apply(PhoneChange{}, *user);
  return write(unit, std::move(*user));
}

Result<Coded> resend_phone_code(const Unit& unit, std::string_view subject) {
  auto user = load_person(unit, subject, refusals::user_unknown_to_phone);
  if (!user) return std::unexpected(std::move(user.error()));
  if (!user->phone || user->phone_verified != 0) return refuse(refusals::phone_code_empty);
  auto code = mint(unit, CodePurpose::phone, *user, *user->phone);
  return Coded{std::move(*user), std::move(code)};
}

Result<accounts::User> verify_phone(const Unit& unit, std::string_view subject,
                                    std::string_view code) {
  auto user = load_person(unit, subject, refusals::user_unknown_to_phone);
  if (!user) return user;
  const std::string number = user->phone.value_or("");
  if (auto used = use_code(unit, CodePurpose::phone, *user, number, code); !used) {
    return std::unexpected(std::move(used.error()));
  }
  user->phone_verified = 1;
  return write(unit, std::move(*user));
}

Result<Coded> reset_password(const Unit& unit, std::string_view subject, ResetMedium medium) {
  auto user = load_person(unit, subject, refusals::user_unknown_to_reset);
  if (!user) return std::unexpected(std::move(user.error()));
  if (medium == ResetMedium::code) {
    auto code = mint(unit, CodePurpose::password, *user, "");
    return Coded{std::move(*user), std::move(code)};
  }
  if (!user->email) return refuse(refusals::user_unknown_to_email);
  accounts::request_mail(unit.tx, accounts::MailKind::reset, *user->email, std::nullopt,
                         unit.context.random, unit.now);
  note(unit, "password.reset_requested", user->id);
  return Coded{std::move(*user)};
}

Result<std::vector<std::string_view>> list_authentication_methods(const Unit& unit,
                                                                  std::string_view subject) {
  const auto user = load_permitted(unit.tx, unit.caller, subject, Action::read,
                                   refusals::user_unknown_to_query, unit.now);
  if (!user) return std::unexpected(user.error());
  std::vector<std::string_view> methods;
  if (accounts::find_password_hash(unit.tx, user->id)) {
    methods.emplace_back("AUTHENTICATION_METHOD_TYPE_PASSWORD");
  }
  return methods;
}

}  // namespace vestibule::zitadel
