#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "events/outbox.h"
#include "gateway/identity_provider.h"
#include "guests/guests.h"
#include "sessions/sessions.h"
#include "store/store.h"

namespace vestibule::gateway {

/// The verbs that are the same wherever the users' credentials are kept, because the browser's
/// sessions, the merges and the applications that they wait for are rows of this store in any case.
class StoredProvider : public IdentityProvider {
 public:
  struct Records {
    store::Store& store;
    const guests::Guests& guests;
    const sessions::Sessions& sessions;
    const events::Outbox& outbox;
    const base::Clock& clock;
    base::Random& random;
  };

  Awaitable<Profile> profile(SessionHandle session) override;
  Awaitable<ChoiceDone> choose(ChoiceRequest request) override;
  boost::asio::awaitable<MergeProgress> await_merge(std::string merge_id,
                                                    base::Milliseconds limit) override;
  Awaitable<void> erase_guest(SessionHandle session) override;
  Awaitable<std::vector<TimelineEntry>> timeline(SessionHandle session) override;
  Awaitable<std::vector<MergeTask>> pending_merges(base::Secret bearer) override;
  Awaitable<MergeTask> acknowledge(base::Secret bearer, std::string merge_id) override;
  Awaitable<std::string> find_alias(base::Secret bearer, std::string subject) override;

 protected:
  explicit StoredProvider(Records records) : records_(records) {}

  /// The id of the service account that a bearer token belongs to; unauthenticated
  /// `invalid_token`.
  virtual Awaitable<base::UserId> service_account_of(base::Secret bearer) = 0;
  /// Whether an account that this very session upgraded may be merged into another one.
  enum class FreshAccounts { stay, may_be_merged };
  virtual FreshAccounts fresh_accounts() const = 0;
  /// Tested in the transaction that merges or erases a guest: conflict `merging` while something
  /// else is under way with it.
  virtual base::Result<void> check_at_rest(store::Transaction& tx,
                                           const accounts::User& user) const = 0;

  /// The session behind a handle: alive, a gateway's, and the handle its current one or replaced
  /// less than the grace ago.
  std::optional<sessions::Session> find_live(store::Transaction& tx, const SessionHandle& handle,
                                             base::Time now) const;

  /// What became of the session that a browser held until it signed in.
  struct Left {
    std::optional<std::string> merge_id = {};
    std::optional<SessionHandle> undecided_guest = {};
  };
  Left leave_previous(store::Transaction& tx, const SignInAnswer& answer,
                      const accounts::User& signed_in, base::Time now) const;

  Records records_;

 private:
  bool is_fresh_account(const accounts::User& user, const sessions::Session& session) const;
  Awaitable<const events::Application*> application_of(base::Secret bearer);
};

/// Who a user is, as far as its own page shows it.
Profile profile_of(const accounts::User& user);

/// unauthenticated `no_session`.
std::unexpected<base::Error> no_session();

}  // namespace vestibule::gateway
