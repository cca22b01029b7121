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
  Left left;
};

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
  redemption.left = leave_previous(tx, answer, user, now);
  redemption.user = std::move(user);
  redemption.session = std::move(session);
  return redemption;
}

Awaitable<SignedIn> EmbeddedProvider::complete_sign_in(SignInAnswer answer) {
  const auto now = parts_.clock.now();
  const base::SessionId fresh{base::Uuid::make(now, parts_.random)};
  auto unit = [&](store::Transaction& tx) { return redeem(tx, answer, fresh, now); };
  auto redemption = co_await async::commit(parts_.store, std::move(unit));
  if (redemption.refusal) co_return std::unexpected(std::move(*redemption.refusal));
  SignedIn signed_in;
  signed_in.grant = make_grant(*redemption.session, *redemption.user, now);
  signed_in.merge_id = std::move(redemption.left.merge_id);
  signed_in.undecided_guest = std::move(redemption.left.undecided_guest);
  co_return signed_in;
}

}  // namespace vestibule::gateway
