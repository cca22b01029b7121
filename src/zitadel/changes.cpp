#include "zitadel/changes.h"

#include "accounts/api_codes.h"
#include "accounts/emails.h"
#include "base/text.h"

namespace vestibule::zitadel {

void apply(const ProfileChange& change, accounts::User& user) {
  const auto set = [](const std::optional<std::string>& from, std::optional<std::string>& to) {
    if (!from) return;
    if (from->empty()) {
      to.reset();
    } else {
      to = from;
    }
  };
  set(change.given_name, user.given_name);
  set(change.family_name, user.family_name);
  set(change.nick_name, user.nick_name);
  set(change.display_name, user.display_name);
  set(change.preferred_language, user.preferred_language);
  if (change.gender) user.gender = *change.gender;
}

void apply(const PhoneChange& change, accounts::User& user) {
  user.phone = change.number.empty() ? std::nullopt : std::optional(change.number);
  user.phone_verified = user.phone ? change.verified : 0;
}

void apply(const Unit& unit, const EmailChange& change, accounts::User& user) {
  if (change.proof == EmailProof::by_mail) {
    accounts::claim_email(unit.tx, user, change.address, std::nullopt, unit.context.random,
                          unit.now);
    return;
  }
  const auto state = change.proof == EmailProof::asserted ? accounts::EmailState::asserted
                                                          : accounts::EmailState::unproved;
  accounts::assert_email(unit.tx, user, change.address, state, unit.now);
}

void mint_codes(const Unit& unit, const std::optional<EmailChange>& email,
                const std::optional<PhoneChange>& phone, Changed& changed) {
  const auto& user = changed.user;
  // Nobody is asked again about an address that is known to be theirs.
  if (email && email->proof == EmailProof::by_code && user.email && !user.email_verified()) {
    changed.email_code = accounts::mint_code(unit.tx, accounts::CodePurpose::email, user.id,
                                             *user.email, unit.context.random, unit.now);
  }
  if (phone && phone->wants_code && user.phone && user.phone_verified == 0) {
    changed.phone_code = accounts::mint_code(unit.tx, accounts::CodePurpose::phone, user.id,
                                             *user.phone, unit.context.random, unit.now);
  }
}

Result<void> check_texts(const accounts::User& user) {
  if (user.username && base::trim(*user.username).empty()) return invalid("User name is empty");
  for (const auto* const text :
       {&user.username, &user.given_name, &user.family_name, &user.nick_name, &user.display_name,
        &user.preferred_language, &user.phone}) {
    if (*text && base::has_control_character(**text)) {
      return invalid("Names must not contain control characters");
    }
  }
  return {};
}

}  // namespace vestibule::zitadel
