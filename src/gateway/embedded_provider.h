#pragma once

#include <string>

#include "accounts/refused_passwords.h"
#include "accounts/service_accounts.h"
#include "async/pool.h"
#include "base/clock.h"
#include "base/random.h"
#include "events/outbox.h"
#include "gateway/stored_provider.h"
#include "guests/guests.h"
#include "oauth/tokens.h"
#include "sessions/sessions.h"
#include "store/store.h"

namespace vestibule::gateway {

/// What a gateway's tokens say and by whose authority they are made.
struct EmbeddedOptions {
  base::OrganizationId organization;
  base::UserId
      service_account;       ///< `act` of guests' tokens; a guest_manager and guest_impersonator
  base::ClientId client;     ///< the gateway's own client
  std::string redirect_uri;  ///< of that client: the gateway's callback
  std::string authorization_endpoint;
  std::string proof_page =
      {};                ///< the provider's; empty: /ui/proof beside the authorization endpoint
  std::string audience;  ///< the upstream
  std::string scope = "openid profile email";
  base::Seconds token_lifetime{600};
  base::Seconds session_lifetime{30 * 24 * 3600};
};

/// The identity provider in this process. Each verb that changes something is one unit of work on
/// the store, so that it happens as a whole or not at all; the token is signed after the commit
/// that makes it true.
class EmbeddedProvider final : public StoredProvider {
 public:
  struct Parts {
    store::Store& store;
    const guests::Guests& guests;
    const sessions::Sessions& sessions;
    const events::Outbox& outbox;
    const oauth::TokenIssuer& issuer;
    async::CpuPool& pool;
    const base::Clock& clock;
    base::Random& random;
    const accounts::RefusedList& refused;
  };

  EmbeddedProvider(EmbeddedOptions options, Parts parts);

  Awaitable<GuestGrant> provision(GuestRequest request) override;
  Awaitable<Grant> renew(SessionHandle session) override;
  Awaitable<Grant> glance(SessionHandle session) override;
  Awaitable<void> check_password(base::Secret password,
                                 std::vector<std::string> own_words) override;
  Awaitable<Upgrade> upgrade(SessionHandle session, UpgradeForm form) override;
  std::string authorization_url(const SignInStart& start) const override;
  Awaitable<SignedIn> complete_sign_in(SignInAnswer answer) override;
  Awaitable<SignedOut> end_session(SessionHandle session) override;
  Awaitable<std::string> find_claim(SessionHandle session, base::Secret link) override;
  Awaitable<Grant> prove_email(SessionHandle session, base::Secret link) override;
  std::string proof_page(std::string_view link) const override;
  Awaitable<ServiceGuest> provision(ServiceGuestRequest request) override;

 private:
  struct Redemption;

  Awaitable<base::UserId> service_account_of(base::Secret bearer) override;
  FreshAccounts fresh_accounts() const override { return FreshAccounts::may_be_merged; }
  /// Here each verb is one transaction, so that there is no between.
  base::Result<void> check_at_rest(store::Transaction&, const accounts::User&) const override {
    return {};
  }
  /// May the service account act for this user now? Asked at every token (invariant 8).
  bool may_act_for(store::Transaction& tx, base::UserId service_account,
                   const accounts::User& user) const;
  Redemption redeem(store::Transaction& tx, const SignInAnswer& answer, base::SessionId fresh,
                    base::Time now) const;
  base::Result<accounts::Caller> authenticate(const base::Secret& bearer, base::Time now) const;

  oauth::AccessToken token_for(const std::string& subject, base::Time now) const;
  Grant make_grant(const sessions::Session& session, const accounts::User& user,
                   base::Time now) const;

  EmbeddedOptions options_;
  Parts parts_;
};

}  // namespace vestibule::gateway
