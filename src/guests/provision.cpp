#include "accounts/metadata.h"
#include "base/crypto.h"
#include "events/audit.h"
#include "guests/guests.h"
#include "guests/idempotency.h"
#include "guests/provision_sql.h"

namespace vestibule::guests {

using base::ErrorKind;
using base::fail;

accounts::User Guests::insert_guest(store::Transaction& tx, const Authority& authority,
                                    base::UserId id, base::Time now) const {
  accounts::User user{.id = id,
                      .organization = authority.organization,
                      .guest_day = accounts::GuestDay::of(now),
                      .chosen_subject = authority.subject,
                      .created_at = now,
                      .changed_at = now,
                      .active_at = now,
                      .client = authority.client};
  const auto inserted = user.chosen_subject ? accounts::insert_user_from_elsewhere(tx, user)
                                            : accounts::insert_user(tx, user);
  if (!inserted) {
    throw std::logic_error("a guest's id is taken: " + inserted.error().message);
  }
  accounts::set_metadata(tx, id, user.guest_day->tag(), "created", now);
  events::record(tx,
                 {.type = events::guest_provisioned,
                  .user = id,
                  .actor = authority.service_account,
                  .client = authority.client,
                  .address = authority.client_address},
                 now);
  outbox_.add(tx, events::guest_provisioned, id, {{"sub", user.subject()}}, now);
  return user;
}

base::Result<Provisioned> Guests::existing(store::Transaction& tx, const sessions::Session& session,
                                           base::Time now) const {
  const auto age = now - session.created_at;
  if (session.kind == sessions::Kind::gateway && age <= ticket_grace && age >= -ticket_grace) {
    auto user = accounts::find_user(tx, session.user);
    if (user && user->standing() == accounts::Standing::guest) {
      return Provisioned{std::move(*user), session, Freshness::existing};
    }
  }
  return fail(ErrorKind::conflict, "ticket_used", "the ticket has been used");
}

base::Result<Provisioned> Guests::provision(store::Transaction& tx, const Authority& authority,
                                            const TicketRequest& request, base::Time now) const {
  if (const auto session = sessions_.find(tx, request.session, now)) {
    return existing(tx, *session, now);
  }
  if (sessions_.has_ended(tx, request.session)) {
    return fail(ErrorKind::conflict, "ticket_used", "the ticket's session has ended");
  }
  auto user = insert_guest(tx, authority, ids_.next(now), now);
  sessions::Session session{.id = request.session,
                            .user = user.id,
                            .created_at = now,
                            .rotated_at = now,
                            .expires_at = request.session_expires_at,
                            .actor = authority.service_account};
  sessions_.insert(tx, session);
  return Provisioned{std::move(user), std::move(session), Freshness::created};
}

base::Result<Provisioned> Guests::provision(store::Transaction& tx, const Authority& authority,
                                            const KeyRequest& request, base::Time now) const {
  const auto id = ids_.next(now);
  const auto key = base::sha256(request.key);
  const auto body = base::sha256(request.body);
  const auto claimed = tx.execute(sql::claim_key, authority.service_account, store::Blob{key},
                                  store::Blob{body}, id, now, now - idempotency_lifetime);
  if (claimed == 1) {
    return Provisioned{insert_guest(tx, authority, id, now), std::nullopt, Freshness::created};
  }

  base::UserId earlier;
  {
    auto rows = tx.query(sql::find_key, authority.service_account, store::Blob{key});
    if (!rows.next()) throw std::logic_error("an idempotency key is neither there nor absent");
    if (rows.blob(0) != body) {
      return fail(ErrorKind::invalid, "key_reused",
                  "the Idempotency-Key was used with another body", "Idempotency-Key");
    }
    earlier = rows.id<base::UserId>(1);
  }
  auto user = accounts::find_user(tx, earlier);
  if (!user) return fail(ErrorKind::gone, "guest_gone", "the guest has been deleted");
  if (user->standing() != accounts::Standing::guest) {
    return fail(ErrorKind::conflict, "not_a_guest", "the user is no guest any more");
  }
  return Provisioned{std::move(*user), std::nullopt, Freshness::existing};
}

std::int64_t forget_idempotency_keys(store::Transaction& tx, base::Time now, int limit) {
  return tx.execute(sql::delete_old_keys, now - idempotency_lifetime, limit);
}

}  // namespace vestibule::guests
