#include <utility>

#include "accounts/emails.h"
#include "async/commit.h"
#include "gateway/embedded_provider.h"
#include "http/forms.h"

// The embedded provider's proof of an address in the browser that claimed it.
namespace vestibule::gateway {

using base::ErrorKind;
using base::fail;

namespace {

/// The link, if it proves a claim of the session's user.
std::optional<accounts::MailLink> find_own_link(store::Transaction& tx,
                                                const std::optional<sessions::Session>& session,
                                                const base::Secret& link, base::Time now) {
  if (!session) return std::nullopt;
  auto found = accounts::find_link(tx, link.reveal(), now);
  const bool own =
      found && found->purpose == accounts::LinkPurpose::proof && found->user == session->user;
  return own ? found : std::nullopt;
}

std::unexpected<base::Error> foreign_link() {
  return fail(ErrorKind::not_found, "foreign_link",
              "the link does not belong to this browser's session");
}

}  // namespace

Awaitable<std::string> EmbeddedProvider::find_claim(SessionHandle session, base::Secret link) {
  const auto now = parts_.clock.now();
  auto look = [&](store::Transaction& tx) -> base::Result<std::string> {
    auto found = find_own_link(tx, find_live(tx, session, now), link, now);
    if (!found) return foreign_link();
    return std::move(found->address);
  };
  co_return parts_.store.read(std::move(look));
}

Awaitable<Grant> EmbeddedProvider::prove_email(SessionHandle session, base::Secret link) {
  struct Proved {
    sessions::Session session;
    accounts::User user;
  };
  const auto now = parts_.clock.now();
  const base::SessionId id{base::Uuid::make(now, parts_.random)};
  auto unit = [&](store::Transaction& tx) -> base::Result<Proved> {
    const auto live = find_live(tx, session, now);
    if (!find_own_link(tx, live, link, now)) return foreign_link();
    auto user = accounts::prove_email(tx, parts_.sessions, link.reveal(), now);
    if (!user) return std::unexpected(std::move(user.error()));
    // It has just ended everything older, so that this browser is given a session again.
    sessions::Session fresh{.id = id,
                            .user = user->id,
                            .created_at = now,
                            .rotated_at = now,
                            .expires_at = now + options_.session_lifetime,
                            .auth_time = live->auth_time,
                            .amr = live->amr};
    parts_.sessions.insert(tx, fresh);
    return Proved{std::move(fresh), std::move(*user)};
  };
  auto proved = co_await async::commit(parts_.store, std::move(unit));
  if (!proved) co_return std::unexpected(std::move(proved.error()));
  co_return make_grant(proved->session, proved->user, now);
}

std::string EmbeddedProvider::proof_page(std::string_view link) const {
  // `asked` tells the provider that this origin does not hold the session, so that it does not send
  // the browser here again.
  return options_.proof_page + "?" +
         http::encode_form({{"token", std::string(link)}, {"asked", "1"}});
}

}  // namespace vestibule::gateway
