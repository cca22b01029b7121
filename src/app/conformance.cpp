#include "app/conformance.h"

#include <boost/json.hpp>
#include <map>
#include <stdexcept>

#include "accounts/emails.h"
#include "accounts/organizations.h"
#include "accounts/passwords.h"
#include "accounts/profile.h"
#include "app/conformance_certificates.h"
#include "app/conformance_clients.h"
#include "oauth/client_algorithms.h"

namespace vestibule::app {
namespace {

namespace json = boost::json;

constexpr std::string_view login_name = "conformance";
constexpr std::string_view user_row = "conformance_user_id";

std::string row_of(const oauth::Client& client) {
  return "conformance_client_id:" + client.name;
}

/// What is made before the unit of work begins, because it is slow.
struct Prepared {
  base::Secret password;
  std::string password_hash;
  std::map<std::string, jose::PrivateKey> keys;  ///< by client name
};

Prepared prepare(const std::vector<ConformanceClient>& wanted, base::Random& random) {
  Prepared made{base::Secret{base::random_token(random, 15) + "aA1!"}, {}, {}};
  made.password_hash = accounts::hash_password(made.password, random);
  for (const auto& [client, certificate] : wanted) {
    // Clients that show a certificate sign their request objects and proofs of possession, too.
    if (client.is_fapi()) {
      made.keys.emplace(client.name, jose::PrivateKey::generate(jose::Algorithm::es256));
    }
  }
  return made;
}

/// One key as a JWK Set, with what the suite insists on: `kid`, `alg` and `use`.
json::object key_set(const jose::PrivateKey& key, std::string_view jwk) {
  auto member = json::parse(std::string(jwk)).as_object();
  member["kid"] = key.public_key().thumbprint();
  member["alg"] = jose::to_string(jose::Algorithm::es256);
  member["use"] = "sig";
  return {{"keys", json::array{std::move(member)}}};
}

/// The claims that User has no member for.
accounts::Profile make_profile() {
  return {.middle_name = "Test",
          .profile = "https://example.com/connie",
          .picture = "https://example.com/connie.png",
          .website = "https://example.com/",
          .gender = {},
          .birthdate = "1990-01-23",
          .zoneinfo = "America/New_York",
          .address = {.formatted = "1 Example Street\nSpringfield, IL 62701\nUS",
                      .street_address = "1 Example Street",
                      .locality = "Springfield",
                      .region = "IL",
                      .postal_code = "62701",
                      .country = "US"}};
}

/// A person with a value for every claim of profile, e-mail, address and phone.
accounts::User make_user(store::Transaction& tx, accounts::UserIds& ids,
                         const Installation& installation, const Prepared& prepared,
                         base::Time now) {
  accounts::User user;
  user.id = ids.next(now);
  user.organization = installation.organization;
  user.username = login_name;
  user.given_name = "Connie";
  user.family_name = "Formance";
  user.display_name = "Connie Formance";
  user.nick_name = "Connie";
  user.preferred_language = "en";
  user.gender = 1;
  user.phone = "+1 202 555 0134";
  user.phone_verified = 1;
  user.created_at = user.changed_at = user.active_at = now;
  accounts::assert_email(tx, user, "connie@example.com", accounts::EmailState::asserted, now);
  if (auto made = accounts::insert_user(tx, user); !made) {
    throw std::runtime_error("the user 'conformance': " + made.error().message);
  }
  accounts::set_profile(tx, user.id, make_profile());
  accounts::set_password_hash(tx, user.id, prepared.password_hash, now);
  accounts::set_meta(tx, user_row, base::to_string(user.id));
  return user;
}

json::object ensure_user(store::Transaction& tx, accounts::UserIds& ids,
                         const Installation& installation, const Prepared& prepared,
                         base::Time now) {
  if (const auto id = accounts::find_meta(tx, user_row)) {
    return {{"sub", *id}, {"login_name", login_name}};
  }
  const auto user = make_user(tx, ids, installation, prepared, now);
  return {{"sub", user.subject()},
          {"login_name", login_name},
          {"password", prepared.password.reveal()}};
}

/// Puts secret and keys into the client and tells them.
json::object add_credentials(oauth::Client& client, const Prepared& prepared,
                             base::Random& random) {
  json::object told;
  if (client.has_secret()) {
    const auto secret = oauth::make_client_secret(random);
    client.secret_hash = secret.hash;
    told["client_secret"] = secret.text.reveal();
  }
  if (const auto key = prepared.keys.find(client.name); key != prepared.keys.end()) {
    client.jwks = json::serialize(key_set(key->second, key->second.public_key().to_jwk()));
    told["jwks"] = key_set(key->second, key->second.to_jwk().reveal());
  }
  return told;
}

json::object ensure_client(store::Transaction& tx, accounts::UserIds& ids, oauth::Client wanted,
                           const Prepared& prepared, base::Random& random, base::Time now) {
  const auto row = row_of(wanted);
  if (const auto id = accounts::find_meta(tx, row)) {
    auto known = oauth::find_client(tx, base::parse_id<base::ClientId>(*id).value());
    if (known) {
      known->redirect_uris = wanted.redirect_uris;
      known->post_logout_redirect_uris = wanted.post_logout_redirect_uris;
      known->backchannel_logout = wanted.backchannel_logout;
      known->frontchannel_logout = wanted.frontchannel_logout;
      oauth::update_client(tx, *known, now);
      return {{"client_id", *id}};
    }
  }
  wanted.id = base::ClientId{ids.next(now).value};
  auto told = add_credentials(wanted, prepared, random);
  told["client_id"] = wanted.client_id();
  oauth::insert_client(tx, wanted, now);
  accounts::set_meta(tx, row, wanted.client_id());
  return told;
}

json::object tell(const ConformanceCertificates& made) {
  const auto issued = [](const ConformanceCertificates::Issued& one) {
    return json::object{{"cert", one.certificate}, {"key", one.key.reveal()}};
  };
  return {
      {"ca", made.authority}, {"client", issued(made.client)}, {"client2", issued(made.client2)}};
}

}  // namespace

base::Result<json::object> ensure_conformance(Core& core, const ConformanceOptions& options) {
  const auto now = core.clock.now();
  const auto wanted = conformance_clients(core.installation, options);
  const auto prepared = prepare(wanted, core.random);
  const auto certificates = make_conformance_certificates(core.random, now);
  for (const auto& [client, certificate] : wanted) {
    const auto algorithms = oauth::signing_algorithms(client);
    if (auto ready = core.ring.provide(*core.store, algorithms, now); !ready) {
      return std::unexpected(ready.error());
    }
  }
  return core.store->write([&](store::Transaction& tx) {
    json::object clients;
    for (const auto& [client, certificate] : wanted) {
      auto told = ensure_client(tx, core.ids, client, prepared, core.random, now);
      if (certificate != CertificateHolder::none) {
        told["certificate"] = certificate == CertificateHolder::client ? "client" : "client2";
      }
      clients[client.name] = std::move(told);
    }
    auto user = ensure_user(tx, core.ids, core.installation, prepared, now);
    const bool fresh = user.contains("password");
    json::object out{{"suite", options.suite_url},
                     {"alias", options.alias},
                     {"user", std::move(user)},
                     {"clients", std::move(clients)}};
    if (fresh) out["mtls"] = tell(certificates);
    return out;
  });
}

}  // namespace vestibule::app
