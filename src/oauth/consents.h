#pragma once

#include <optional>
#include <vector>

#include "oauth/authorization.h"
#include "oauth/scope.h"

namespace vestibule::oauth {

// What people have allowed clients for which Consent::asked holds. What is allowed is a set of
// words: scope values, and `claim:NAME` for claims that were asked for by name.

/// What a request would let its client have: the words that consent is needed for.
Scope words_to_allow(const Authorization& request);

/// What to do about consent before a code is issued.
enum class ConsentStep {
  none,   ///< not needed, or given before for all of it
  ask,    ///< show the page
  refuse  ///< consent_required: prompt=none lets no page be shown
};
/// OpenID Connect Core sections 3.1.2.1 and 3.1.2.4. A user whom issue_code refuses anyway is not
/// asked. offline_access is among the words, so it is never given unasked (section 11).
ConsentStep decide_consent(store::Transaction& tx, const Authorization& request, base::UserId user);

/// Remembers that the user allows all of the request, beside what was allowed before.
void record_consent(store::Transaction& tx, const Authorization& request, base::UserId user,
                    base::Time now);

/// One client that a user has allowed something.
struct GivenConsent {
  base::ClientId client;
  Scope words;
  base::Time given_at;
};
std::vector<GivenConsent> list_consents(store::Transaction& tx, base::UserId user);

/// Takes it all back: the consent, and every refresh family of the client for this user, and with
/// them the access tokens that came of them. False if there was none.
bool revoke_consent(store::Transaction& tx, base::UserId user, base::ClientId client);
/// Forgets what anybody allowed a client that is gone.
void erase_consents(store::Transaction& tx, base::ClientId client);

}  // namespace vestibule::oauth
