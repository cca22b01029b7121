#include <utility>

#include "accounts/users.h"
#include "async/commit.h"
#include "events/audit.h"
#include "gateway/embedded_provider.h"
#include "gateway/login_state.h"
#include "oauth/grants/authorization_code.h"

// The embedded provider's sign-in: one unit of work from the code to the fresh session and the
// merge.
namespace vestibule::gateway {

using base::ErrorKind;
using base::fail;

/// What a unit of work made of a code. It is kept even if it refuses: a code is used up by its
/// first presentation, whatever else was wrong.
struct EmbeddedProvider::Redemption {
  std::optional<base::Error> refusal;
  std::optional<accounts::User> user;
  std::optional<sessions::Session> session;
  std::optional<std::string> merge_id;
  std::optional<SessionHandle> undecided_guest;
};

namespace {

/// design.md section 4, "Merge": an account without any proved or asserted login name that this
/// same session upgraded may be merged after confirmation. What request_merge tests in full.
bool is_fresh_account(const accounts::User& user, const sessions::Session& session) {
  return user.standing() == accounts::Standing::account && user.upgraded_at == session.created_at &&
         !user.email_verified();
}

}  // namespace

EmbeddedProvider::Redemption EmbeddedProvider::redeem(store::Transaction& tx,
                                                      const SignInAnswer& answer,
                                                      base::SessionId fresh, base::Time now) const {
  Redemption redemption;
  const auto refuse = [&](std::string message, std::string detail) {
    redemption.refusal = base::Error{
        ErrorKind::invalid, "sign_in_failed", std::move(message), {}, std::move(detail)};
    return redemption;
  };
  const auto client = oauth::find_client(tx, options_.client);
  if (!client) throw std::logic_error("the gateway's own client is not registered");
  const oauth::CodeRequest request{.code = std::string(answer.code.reveal()),
                                   .redirect_uri = options_.redirect_uri,
                                   .code_verifier = std::string(answer.code_verifier.reveal())};
  auto redeemed = oauth::redeem_code(tx, parts_.sessions, *client, request,
                                     base::Uuid::make(now, parts_.random), now);
  if (!redeemed.verdict) {
    auto& error = redeemed.verdict.error();
    return refuse("the sign-in has expired or was completed before", std::move(error.detail));
  }
  const auto& code = redeemed.verdict->code;
  auto& user = redeemed.verdict->user;
  // OpenID Connect Core 3.1.3.7: the nonce is the one that was sent; auth_time is recent enough.
  if (code.nonce != answer.nonce)
    return refuse("the sign-in does not belong to this browser", "nonce differs");
  if (answer.authenticated_since && code.auth_time < *answer.authenticated_since)
    return refuse("the sign-in is older than this attempt", "auth_time before the start");
  if (user.kind != accounts::UserKind::human || user.standing() != accounts::Standing::account)
    return refuse("this user cannot sign in", "neither human nor account");

  sessions::Session session{.id = fresh,
                            .user = user.id,
                            .created_at = now,
                            .rotated_at = now,
                            .expires_at = now + options_.session_lifetime,
                            .auth_time = code.auth_time,
                            .amr = code.amr,
                            .parent = code.session};
  parts_.sessions.insert(tx, session);
  events::record(tx,
                 {.type = "session.opened",
                  .user = user.id,
                  .client = options_.client,
                  .address = answer.client_address},
                 now);
  redemption.user = std::move(user);
  redemption.session = std::move(session);
  leave_previous(tx, answer, now, redemption);
  return redemption;
}

/// What becomes of the session that the browser held until now.
void EmbeddedProvider::leave_previous(store::Transaction& tx, const SignInAnswer& answer,
                                      base::Time now, Redemption& redemption) const {
  if (!answer.previous) return;
  const auto previous = find_live(tx, *answer.previous, now);
  if (!previous) return;
  const auto was = accounts::find_user(tx, previous->user);
  const bool guest = was && was->standing() == accounts::Standing::guest;
  if (!guest && was && is_fresh_account(*was, *previous) && was->id != redemption.user->id) {
    redemption.undecided_guest = answer.previous;
    return;
  }
  if (!guest) {
    parts_.sessions.end(tx, previous->id, now);
    return;
  }
  if (answer.intent == MergeIntent::merge) {
    // The source's sessions and tokens die with the request.
    const auto merge = parts_.guests.request_merge(tx, was->id, redemption.user->id, now);
    if (merge) {
      redemption.merge_id = base::to_string(merge->id);
      return;
    }
  }
  // The old cookie is worth nothing from here on; what is asked about is known by a handle that
  // only the choice cookie holds.
  parts_.sessions.end(tx, previous->id, now);
  sessions::Session asked = *previous;
  asked.id = base::SessionId{base::Uuid::make(now, parts_.random)};
  asked.generation = 1;
  asked.created_at = asked.rotated_at = now;
  asked.expires_at = now + sign_in_lifetime;
  parts_.sessions.insert(tx, asked);
  redemption.undecided_guest = SessionHandle{asked.id, asked.generation, was->subject()};
}

Awaitable<SignedIn> EmbeddedProvider::complete_sign_in(SignInAnswer answer) {
  const auto now = parts_.clock.now();
  const base::SessionId fresh{base::Uuid::make(now, parts_.random)};
  auto unit = [&](store::Transaction& tx) { return redeem(tx, answer, fresh, now); };
  auto redemption = co_await async::commit(parts_.store, std::move(unit));
  if (redemption.refusal) co_return std::unexpected(std::move(*redemption.refusal));
  SignedIn signed_in;
  signed_in.grant = make_grant(*redemption.session, *redemption.user, now);
  signed_in.merge_id = std::move(redemption.merge_id);
  signed_in.undecided_guest = std::move(redemption.undecided_guest);
  co_return signed_in;
}

Awaitable<ChoiceDone> EmbeddedProvider::choose(ChoiceRequest request) {
  const auto now = parts_.clock.now();
  auto unit = [&](store::Transaction& tx) -> base::Result<ChoiceDone> {
    const auto account = find_live(tx, request.account, now);
    if (!account) return fail(ErrorKind::unauthenticated, "no_session", "the session has ended");
    const auto guest = find_live(tx, request.guest, now);
    const auto user = guest ? accounts::find_user(tx, guest->user) : std::nullopt;
    if (!user) return fail(ErrorKind::gone, "guest_gone", "the guest has been deleted");
    const bool is_guest = user->standing() == accounts::Standing::guest;
    if (!is_guest && !is_fresh_account(*user, *guest))
      return fail(ErrorKind::conflict, "not_a_guest", "the user is no guest any more");
    ChoiceDone done;
    switch (request.choice) {
      case GuestChoice::keep:
        parts_.sessions.end(tx, guest->id, now);
        break;
      case GuestChoice::merge: {
        const auto merge = parts_.guests.request_merge(tx, user->id, account->user, now, guest->id);
        if (!merge) return std::unexpected(merge.error());
        done.merge_id = base::to_string(merge->id);
        break;
      }
      case GuestChoice::discard:
        if (!is_guest)
          return fail(ErrorKind::conflict, "not_a_guest", "an account is not discarded like this");
        if (const auto erased = parts_.guests.erase(tx, *user, guests::EraseReason::self, now);
            !erased)
          return std::unexpected(erased.error());
        break;
    }
    return done;
  };
  co_return co_await async::commit(parts_.store, std::move(unit));
}

}  // namespace vestibule::gateway
