#include "oauth/registration.h"

#include <algorithm>
#include <utility>

#include "base/crypto.h"
#include "oauth/consents.h"
#include "sessions/device_codes.h"

namespace vestibule::oauth {
namespace {

// The member is in the settings of clients that registered themselves, and of no other.
constexpr store::Statement count_sql{
    "clients.count_registered",
    "select count(*) from clients where settings like '%\"registration_token_hash\"%'"};
constexpr store::Statement delete_sql{"clients.delete", "delete from clients where id = $1"};
constexpr store::Statement unbind_sql{"client_actors.delete_client",
                                      "delete from client_actors where client_id = $1"};

std::unexpected<Error> invalid_token() {
  return fail("invalid_token", "the access token is missing, unknown or for another client", 401);
}

void set_secrets(Registered& registered, base::Random& random) {
  auto& client = registered.client;
  if (!client.has_secret()) {
    client.secret_hash.reset();
  } else if (!client.secret_hash) {
    auto secret = make_client_secret(random);
    client.secret_hash = std::move(secret.hash);
    registered.client_secret = std::move(secret.text);
  }
  auto token = make_client_secret(random);
  client.registration_token_hash = std::move(token.hash);
  registered.registration_token = std::move(token.text);
}

}  // namespace

Result<void> check_initial_token(const RegistrationPolicy& policy,
                                 const std::optional<std::string>& token) {
  if (policy.mode == RegistrationMode::open) return {};
  if (!token) return invalid_token();
  const auto hash = base::sha256(*token);
  const bool known = std::ranges::any_of(policy.initial_token_hashes, [&](const auto& one) {
    return base::equal_in_constant_time(one, hash);
  });
  if (!known) return invalid_token();
  return {};
}

Result<Registered> register_client(store::Transaction& tx, const RegistrationPolicy& policy,
                                   Client client, base::Random& random, base::Time now) {
  auto count = tx.query(count_sql);
  if (count.next() && count.integer(0) >= policy.most_clients) {
    return fail("access_denied", "no more clients can register", 403);
  }
  Registered registered{std::move(client)};
  set_secrets(registered, random);
  registered.client.created_at = now;
  insert_client(tx, registered.client, now);
  return registered;
}

Result<Client> authenticate_registration(store::Transaction& tx, std::string_view client_id,
                                         const std::optional<std::string>& token) {
  const auto id = base::parse_id<base::ClientId>(client_id);
  auto client = id ? find_client(tx, *id) : std::nullopt;
  if (!client || !client->registration_token_hash || !token ||
      !base::equal_in_constant_time(base::sha256(*token), *client->registration_token_hash)) {
    return invalid_token();
  }
  return std::move(*client);
}

Registered update_registration(store::Transaction& tx, Client client, base::Random& random,
                               base::Time now) {
  Registered registered{std::move(client)};
  set_secrets(registered, random);
  update_client(tx, registered.client, now);
  return registered;
}

void delete_client(store::Transaction& tx, base::ClientId id) {
  tx.execute(unbind_sql, id);
  erase_consents(tx, id);
  sessions::erase_device_codes(tx, id);
  tx.execute(delete_sql, id);
}

}  // namespace vestibule::oauth
