#pragma once

#include "zitadel/verbs.h"

// What creation and update have in common, for the .cpp files of this folder.
namespace vestibule::zitadel {

void apply(const ProfileChange& change, accounts::User& user);
void apply(const PhoneChange& change, accounts::User& user);
/// Gives the user an address, asserted, claimed or claimed with a mail; the row is written later.
void apply(const Unit& unit, const EmailChange& change, accounts::User& user);

/// Makes the codes that a change asks for, once address and number are in
/// place.
void mint_codes(const Unit& unit, const std::optional<EmailChange>& email,
                const std::optional<PhoneChange>& phone, Changed& changed);

/// Names that people read have no control characters, and a user name is not empty.
Result<void> check_texts(const accounts::User& user);

}  // namespace vestibule::zitadel
