#include "oauth/user_claims.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <cstddef>
#include <limits>
#include <optional>

#include "accounts/metadata.h"
#include "accounts/organizations.h"
#include "accounts/profile.h"
#include "base/encoding.h"
#include "jose/claims_writer.h"
#include "oauth/claim_names.h"

namespace vestibule::oauth {
namespace {

/// Bytes of metadata that a token may carry.
constexpr std::size_t metadata_in_token = 4096;

/// `{"a":1}` to `,"a":1`, and `{}` to nothing.
std::string members_of(std::string object) {
  object.pop_back();
  if (object.size() == 1) return {};
  object.front() = ',';
  return object;
}

/// Writes the claims of one scope that are wanted.
class ScopeWriter {
 public:
  ScopeWriter(jose::ClaimsWriter& writer, const WantedClaims& wanted, std::string_view scope)
      : writer_(writer), wanted_(wanted), scope_(scope) {}

  bool wants(std::string_view name) const { return wanted_.has(scope_, name); }
  bool wants_any() const {
    return std::ranges::any_of(claim_names, [this](const ClaimName& claim) {
      return claim.scope == scope_ && wants(claim.name);
    });
  }
  bool is_whole() const {
    return std::ranges::all_of(claim_names, [this](const ClaimName& claim) {
      return claim.scope != scope_ || wants(claim.name);
    });
  }
  void text(std::string_view name, std::string_view value) {
    if (wants(name)) writer_.text_if(name, value);
  }
  void text_if_known(std::string_view name, const std::optional<std::string>& value) {
    if (value) text(name, *value);
  }
  void boolean(std::string_view name, bool value) {
    if (wants(name)) writer_.boolean(name, value);
  }

 private:
  jose::ClaimsWriter& writer_;
  const WantedClaims& wanted_;
  std::string_view scope_;
};

std::string gender_of(const accounts::User& user, const accounts::Profile& profile) {
  if (user.gender == 1) return "female";
  if (user.gender == 2) return "male";
  return user.gender == 3 ? profile.gender : std::string();
}

void write_locale(jose::ClaimsWriter& writer, const accounts::User& user,
                  const WantedClaims& wanted, const Client& client) {
  if (user.kind != accounts::UserKind::human || !wanted.has(scope_profile, "locale")) return;
  const auto& language = user.preferred_language;
  if (language && !language->empty() && *language != "und") {
    writer.text("locale", *language);
  } else if (wanted.scope.contains(scope_profile) && is_told_as_by_zitadel(client)) {
    writer.raw("locale", "null");
  }
}

void write_profile(jose::ClaimsWriter& writer, store::Transaction& tx, const accounts::User& user,
                   const WantedClaims& wanted, const Client& client, Room room) {
  ScopeWriter claims(writer, wanted, scope_profile);
  if (!claims.wants_any()) return;
  const auto profile = accounts::find_profile(tx, user.id);
  claims.text("name", user.full_name());
  claims.text_if_known("given_name", user.given_name);
  claims.text_if_known("family_name", user.family_name);
  claims.text("middle_name", profile.middle_name);
  claims.text_if_known("nickname", user.nick_name);
  claims.text("profile", profile.profile);
  claims.text("picture", profile.picture);
  claims.text("website", profile.website);
  claims.text("gender", gender_of(user, profile));
  claims.text("birthdate", profile.birthdate);
  claims.text("zoneinfo", profile.zoneinfo);
  write_locale(writer, user, wanted, client);
  // In a token it says that the whole scope is shown (scope_shown).
  if (claims.wants("updated_at") && (room == Room::answer || claims.is_whole())) {
    writer.time("updated_at", user.changed_at);
  }
  claims.text("preferred_username", user.preferred_username());
}

void write_email(jose::ClaimsWriter& writer, const accounts::User& user, const WantedClaims& wanted,
                 const Client& client) {
  if (!user.email) return;
  const bool proved = user.email_state == accounts::EmailState::proved;
  const bool vouched = user.email_state == accounts::EmailState::asserted &&
                       user.organization == client.organization;
  ScopeWriter claims(writer, wanted, scope_email);
  claims.text_if_known("email", user.email);
  claims.boolean("email_verified", proved || vouched);
}

void write_phone(jose::ClaimsWriter& writer, const accounts::User& user,
                 const WantedClaims& wanted) {
  if (!user.phone) return;
  ScopeWriter claims(writer, wanted, scope_phone);
  claims.text_if_known("phone_number", user.phone);
  claims.boolean("phone_number_verified", user.phone_verified != 0);
}

void write_address(jose::ClaimsWriter& writer, store::Transaction& tx, const accounts::User& user,
                   const WantedClaims& wanted) {
  if (!wanted.has(scope_address, "address")) return;
  const auto address = accounts::find_profile(tx, user.id).address;
  if (address.empty()) return;
  writer.begin_object("address")
      .text_if("formatted", address.formatted)
      .text_if("street_address", address.street_address)
      .text_if("locality", address.locality)
      .text_if("region", address.region)
      .text_if("postal_code", address.postal_code)
      .text_if("country", address.country)
      .end_object();
}

void write_metadata(jose::ClaimsWriter& writer, store::Transaction& tx, const accounts::User& user,
                    std::size_t limit) {
  const auto metadata = accounts::list_metadata(tx, user.id);
  if (metadata.empty()) return;
  std::size_t size = 0;
  for (const auto& entry : metadata) size += entry.key.size() + entry.value.size();
  if (size > limit) return;
  writer.begin_object(scope_metadata);
  for (const auto& entry : metadata) writer.text(entry.key, base::to_base64url(entry.value));
  writer.end_object();
}

/// `name` of the scope `name:value`, as a claim.
std::string claim_of(std::string_view scope_prefix) {
  return std::string(scope_prefix.substr(0, scope_prefix.size() - 1));
}

/// As ZITADEL: a scope that names the organization by id asserts the resource owner too.
void write_organization(jose::ClaimsWriter& writer, store::Transaction& tx,
                        const accounts::User& user, const Scope& scope) {
  const auto id = base::to_string(user.organization);
  const auto organization = accounts::find_organization(tx, user.organization);
  const bool by_id = scope.contains(std::string(scope_organization_id) + id);
  if (by_id) writer.text(claim_of(scope_organization_id), id);
  if (by_id || scope.contains(scope_resourceowner)) {
    const std::string prefix = std::string(scope_resourceowner) + ":";
    writer.text(prefix + "id", id);
    if (organization) {
      writer.text(prefix + "name", organization->name)
          .text(prefix + "primary_domain", organization->primary_domain);
    }
  }
  if (organization &&
      scope.contains(std::string(scope_organization_domain) + organization->primary_domain)) {
    writer.text(claim_of(scope_organization_domain), organization->primary_domain);
  }
}

void write_private(jose::ClaimsWriter& writer, store::Transaction& tx, const accounts::User& user,
                   const Scope& scope, std::size_t metadata_limit) {
  if (scope.contains(scope_metadata)) write_metadata(writer, tx, user, metadata_limit);
  const bool asks = std::ranges::any_of(scope.values(), [](const std::string& value) {
    return value == scope_resourceowner || names_organization(value);
  });
  if (asks) write_organization(writer, tx, user, scope);
}

}  // namespace

bool is_told_as_by_zitadel(const Client& client) {
  return client.id_token_claims == Client::IdTokenClaims::userinfo;
}

bool WantedClaims::has(std::string_view opener, std::string_view claim) const {
  return scope.contains(opener) || std::ranges::find(names, claim) != names.end();
}

std::string user_claims(store::Transaction& tx, const accounts::User& user,
                        const WantedClaims& wanted, const Client& client, Room room) {
  jose::ClaimsWriter writer;
  write_profile(writer, tx, user, wanted, client, room);
  write_email(writer, user, wanted, client);
  write_phone(writer, user, wanted);
  write_address(writer, tx, user, wanted);
  write_private(writer, tx, user, wanted.scope,
                room == Room::token ? metadata_in_token : std::numeric_limits<std::size_t>::max());
  return members_of(std::move(writer).finish());
}

Scope scope_shown(std::string_view claims_json) {
  const auto claims = boost::json::parse(claims_json).as_object();
  std::string shown(scope_openid);
  const auto add_if = [&](bool whole, std::string_view scope) {
    if (whole) (shown += ' ') += scope;
  };
  // What only the whole of each scope writes into a token.
  add_if(claims.contains("updated_at") && claims.contains("preferred_username"), scope_profile);
  add_if(claims.contains("email") && claims.contains("email_verified"), scope_email);
  add_if(claims.contains("phone_number") && claims.contains("phone_number_verified"), scope_phone);
  add_if(claims.contains("address"), scope_address);
  return Scope::parse(shown);
}

std::string private_claims(store::Transaction& tx, const accounts::User& user, const Scope& scope) {
  jose::ClaimsWriter writer;
  write_private(writer, tx, user, scope, metadata_in_token);
  return members_of(std::move(writer).finish());
}

}  // namespace vestibule::oauth
