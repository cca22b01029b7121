#pragma once

#include <array>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "accounts/refused_passwords.h"
#include "accounts/users.h"
#include "async/pool.h"
#include "gateway/stored_provider.h"
#include "remote/recovery.h"
#include "remote/zitadel_options.h"

namespace vestibule::remote {

/// The identity provider is a ZITADEL elsewhere. Its users have a row here under the same `sub`, so
/// that sessions, merges, events and the purge are what they are with the embedded provider; what
/// changes a user there is a saga (saga.h). Calls block, on the pool.
class RemoteProvider final : public gateway::StoredProvider {
 public:
  struct Parts {
    const Workbench& bench;
    const Sagas& sagas;
    const events::Outbox& outbox;
    accounts::UserIds& ids;
    async::CpuPool& calls;  ///< threads that may wait for the remote
    const accounts::RefusedList& refused;
  };

  RemoteProvider(ZitadelOptions options, Parts parts);

  gateway::Awaitable<gateway::GuestGrant> provision(gateway::GuestRequest request) override;
  gateway::Awaitable<gateway::Grant> renew(gateway::SessionHandle session) override;
  gateway::Awaitable<gateway::Grant> glance(gateway::SessionHandle session) override;
  gateway::Awaitable<void> check_password(base::Secret password,
                                          std::vector<std::string> own_words) override;
  gateway::Awaitable<gateway::Upgrade> upgrade(gateway::SessionHandle session,
                                               gateway::UpgradeForm form) override;
  std::string authorization_url(const gateway::SignInStart& start) const override;
  gateway::Awaitable<gateway::SignedIn> complete_sign_in(gateway::SignInAnswer answer) override;
  gateway::Awaitable<gateway::SignedOut> end_session(gateway::SessionHandle session) override;
  /// Mails and their links are the remote's.
  gateway::Awaitable<std::string> find_claim(gateway::SessionHandle session,
                                             base::Secret link) override;
  gateway::Awaitable<gateway::Grant> prove_email(gateway::SessionHandle session,
                                                 base::Secret link) override;
  std::string proof_page(std::string_view link) const override;
  gateway::Awaitable<gateway::ServiceGuest> provision(
      gateway::ServiceGuestRequest request) override;

 private:
  struct Live {
    sessions::Session session;
    accounts::User user;
    std::optional<SessionTokens> tokens;
  };

  gateway::Awaitable<base::UserId> service_account_of(base::Secret bearer) override;
  /// Its user is out of the service account's reach there.
  FreshAccounts fresh_accounts() const override { return FreshAccounts::stay; }
  base::Result<void> check_at_rest(store::Transaction& tx,
                                   const accounts::User& user) const override;

  base::Result<base::UserId> identify(const base::Secret& bearer) const;
  bool may_provision(base::UserId caller) const;
  std::optional<Live> look_up(const gateway::SessionHandle& handle, base::Time now) const;
  /// A token for the session's user that has some life left; nullopt if the session has ended.
  std::optional<SessionTokens> fresh_tokens(const Live& live);
  std::optional<SessionTokens> impersonate(const Live& live) const;
  std::optional<SessionTokens> refresh(const Live& live) const;
  /// What became of a guest that the remote gives no token for.
  void settle_lost_guest(const Live& live, const CallError& error) const;
  base::Result<gateway::Grant> renew_now(const gateway::SessionHandle& handle);
  base::Result<gateway::SignedIn> sign_in(const gateway::SignInAnswer& answer) const;
  base::Result<Identity> identity_of(const Tokens& tokens, const gateway::SignInAnswer& answer,
                                     base::Time now) const;
  base::Result<accounts::User> write_user(store::Transaction& tx, const Identity& identity,
                                          base::Time now) const;
  std::string sign_out_url(const std::optional<base::Secret>& id_token) const;

  const ZitadelOptions options_;
  Parts parts_;
  /// One renewal of a session at a time: a refresh token works once.
  std::array<std::mutex, 64> renewing_;
};

}  // namespace vestibule::remote
