#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "accounts/mailer.h"
#include "base/clock.h"
#include "base/secret.h"

namespace vestibule::accounts {

/// One link to the proof page, with when its account claimed the address.
struct ProofLink {
  base::Secret token;
  base::Time claimed_at;
};

/// The texts of our mails: plain, without a word that a visitor typed, with their links' end.
Mail proof_mail(std::string_view public_url, std::string_view to,
                const std::vector<ProofLink>& links, base::Time expires_at);
Mail reset_mail(std::string_view public_url, std::string_view to, const base::Secret& token,
                base::Time expires_at);
/// For the owner of an address that somebody else registered with.
Mail owner_mail(std::string_view public_url, std::string_view to);

}  // namespace vestibule::accounts
