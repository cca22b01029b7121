#include "remote/provision_saga.h"

#include <spdlog/spdlog.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <thread>

#include "gateway/identity_provider.h"

namespace vestibule::remote {

namespace json = boost::json;
using gateway::ProviderUnavailable;

namespace {

/// How often a waiting request looks whether the one that drives has finished.
constexpr base::Milliseconds look_again{40};
/// A ZITADEL's read side lags behind: a fresh user is not found by the token endpoint for some
/// milliseconds.
constexpr base::Milliseconds longest_lag{5'000};
constexpr base::Milliseconds first_wait{20};
constexpr base::Milliseconds longest_wait{400};
/// Attempts while somebody waits for the answer.
constexpr int attempts = 3;

std::string write_document(const GuestWanted& wanted, const std::string& tag) {
  const json::object document{{"tag", tag},
                              {"session", wanted.for_ticket() ? wanted.session.token() : ""},
                              {"key", wanted.key},
                              {"round", wanted.round},
                              {"body", wanted.body},
                              {"caller", wanted.caller.value},
                              {"address", wanted.client_address}};
  return json::serialize(document);
}

/// Whether the idempotency key that led to the user is forgotten by now.
bool is_forgotten(base::UserId user, base::Time now) {
  return now - base::decompose(user).time >= guests::idempotency_lifetime;
}

std::string text_of(const json::object& document, std::string_view name) {
  return std::string(document.at(name).as_string());
}

}  // namespace

std::string GuestWanted::subject() const {
  if (for_ticket()) return guest_subject("ticket " + session.token());
  return guest_subject("key " + base::to_string(caller) + " " + base::to_decimal(round) + " " +
                       key);
}

base::Result<RemoteGuest> ProvisionSaga::run(GuestWanted wanted) const {
  const auto give_up = bench_.clock.now() + bench_.tasks.lease();
  for (;;) {
    auto begun = start(wanted);
    if (begun.there) {
      if (!*begun.there) return std::unexpected(std::move(begun.there->error()));
      return with_tokens(std::move(**begun.there));
    }
    try {
      if (begun.mine) return drive(*begun.mine, wanted);
    } catch (const TaskLost& lost) {
      spdlog::info("provisioning: {}", lost.what());
    }
    if (bench_.clock.now() >= give_up)
      throw ProviderUnavailable("another request has not finished making this guest");
    std::this_thread::sleep_for(look_again);
  }
}

ProvisionSaga::Start ProvisionSaga::start(GuestWanted& wanted) const {
  const auto now = bench_.clock.now();
  return bench_.store.write([&](store::Transaction& tx) -> Start {
    // A known id is that of an earlier attempt, also if it has been deleted since.
    auto known = accounts::resolve_subject_from_elsewhere(tx, wanted.subject());
    while (known && !wanted.for_ticket() && is_forgotten(*known, now)) {
      ++wanted.round;
      known = accounts::resolve_subject_from_elsewhere(tx, wanted.subject());
    }
    if (known) return {record(tx, wanted, now), std::nullopt};
    Task task{.subject = wanted.subject(),
              .kind = TaskKind::provision,
              .document = write_document(wanted, accounts::GuestDay::of(now).tag())};
    if (bench_.tasks.begin(tx, task, now)) return {std::nullopt, std::move(task)};
    const auto under_way = bench_.tasks.find(tx, task.subject, now);
    if (under_way && !wanted.for_ticket() &&
        text_of(json::parse(under_way->document).as_object(), "body") != wanted.body)
      return {base::fail(base::ErrorKind::invalid, "key_reused",
                         "the Idempotency-Key was used with another body", "Idempotency-Key"),
              std::nullopt};
    return {std::nullopt, bench_.tasks.take(tx, task.subject, now)};
  });
}

base::Result<guests::Provisioned> ProvisionSaga::record(store::Transaction& tx,
                                                        const GuestWanted& wanted,
                                                        base::Time now) const {
  const guests::Authority authority{
      .organization = bench_.organization,
      .service_account = wanted.for_ticket() ? bench_.service_account : wanted.caller,
      .client = bench_.client,
      .client_address = wanted.client_address,
      .subject = wanted.subject()};
  if (wanted.for_ticket())
    return bench_.guests.provision(
        tx, authority, guests::TicketRequest{wanted.session, now + bench_.session_lifetime}, now);
  return bench_.guests.provision(tx, authority, guests::KeyRequest{wanted.key, wanted.body}, now);
}

base::Result<RemoteGuest> ProvisionSaga::drive(Task& task, const GuestWanted& wanted) const {
  create_user(task, text_of(json::parse(task.document).as_object(), "tag"));
  auto tokens = impersonate_fresh(task);
  const auto now = bench_.clock.now();
  auto provisioned =
      bench_.store.write([&](store::Transaction& tx) -> base::Result<guests::Provisioned> {
        finish(tx, task);
        auto made = record(tx, wanted, now);
        if (made && made->session) bench_.tokens.put(tx, made->session->id, tokens, now);
        return made;
      });
  if (!provisioned) return std::unexpected(std::move(provisioned.error()));
  return RemoteGuest{std::move(*provisioned), std::move(tokens)};
}

void ProvisionSaga::create_user(Task& task, const std::string& tag) const {
  const NewGuest guest{.id = task.subject,
                       .username = task.subject,
                       .given_name = "Guest",
                       .family_name = "User",
                       .email = placeholder_email(task.subject),
                       .tag = tag};
  for (int attempt = 1;; ++attempt) {
    const auto made = bench_.api.create_guest(guest);
    // The id is ours alone: if it is taken, an earlier attempt took effect.
    if (made || made.error().is("already_exists")) return;
    if (made.error().kind == CallError::Kind::refused) {
      bench_.store.write([&](store::Transaction& tx) { finish(tx, task); });
      throw ProviderUnavailable("no guest may be made there: " + made.error().detail);
    }
    if (attempt == attempts) {
      give_back(bench_, task);
      throw ProviderUnavailable("the guest could not be made: " + made.error().detail);
    }
    hold(bench_, task);
  }
}

SessionTokens ProvisionSaga::impersonate_fresh(Task& task) const {
  const auto begun = bench_.clock.now();
  auto wait = first_wait;
  for (int lost = 0;;) {
    hold(bench_, task);
    const auto tokens = bench_.api.impersonate(task.subject);
    const auto now = bench_.clock.now();
    if (tokens) return SessionTokens::of(*tokens, now);
    const auto& error = tokens.error();
    const bool refused = error.kind == CallError::Kind::refused;
    const bool may_lag = refused && (error.status == 400 || error.status == 404);
    const bool again = refused ? may_lag && now - begun < longest_lag : ++lost < attempts;
    if (!again) {
      give_back(bench_, task);
      throw ProviderUnavailable("no token for the guest: " + error.detail);
    }
    std::this_thread::sleep_for(wait);
    wait = std::min(2 * wait, longest_wait);
  }
}

base::Result<RemoteGuest> ProvisionSaga::with_tokens(guests::Provisioned provisioned) const {
  const auto now = bench_.clock.now();
  if (provisioned.session) {
    auto known = bench_.store.read([&](store::Transaction& tx) {
      return bench_.tokens.find(tx, provisioned.session->id, now);
    });
    if (known && known->expires_at > now) return RemoteGuest{std::move(provisioned), *known};
  }
  const auto tokens = bench_.api.impersonate(provisioned.user.subject());
  if (!tokens) throw ProviderUnavailable("no token for the guest: " + tokens.error().detail);
  auto fresh = SessionTokens::of(*tokens, bench_.clock.now());
  if (provisioned.session)
    bench_.store.write([&](store::Transaction& tx) {
      bench_.tokens.put(tx, provisioned.session->id, fresh, now);
    });
  return RemoteGuest{std::move(provisioned), std::move(fresh)};
}

void ProvisionSaga::complete(Task& task) const {
  const auto document = json::parse(task.document).as_object();
  GuestWanted wanted;
  if (const auto session = text_of(document, "session"); !session.empty())
    wanted.session = base::SessionId{base::Uuid::from_token(session).value()};
  wanted.key = text_of(document, "key");
  wanted.body = text_of(document, "body");
  wanted.caller = base::UserId{document.at("caller").as_int64()};
  wanted.client_address = text_of(document, "address");
  wanted.round = document.at("round").as_int64();
  create_user(task, text_of(document, "tag"));
  const auto now = bench_.clock.now();
  bench_.store.write([&](store::Transaction& tx) {
    finish(tx, task);
    if (const auto made = record(tx, wanted, now); !made)
      throw std::logic_error("a guest cannot be written down: " + made.error().message);
  });
}

}  // namespace vestibule::remote
