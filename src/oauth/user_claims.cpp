#include "oauth/user_claims.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <cstddef>
#include <limits>

#include "accounts/metadata.h"
#include "accounts/organizations.h"
#include "base/encoding.h"
#include "jose/claims_writer.h"

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

void write_profile(jose::ClaimsWriter& writer, const accounts::User& user) {
  writer.text_if("name", user.full_name())
      .text_if("given_name", user.given_name.value_or(""))
      .text_if("family_name", user.family_name.value_or(""))
      .text_if("nickname", user.nick_name.value_or(""));
  if (user.gender == 1 || user.gender == 2) {
    writer.text("gender", user.gender == 1 ? "female" : "male");
  }
  if (user.kind == accounts::UserKind::human) {
    const auto& language = user.preferred_language;
    if (language && !language->empty() && *language != "und") {
      writer.text("locale", *language);
    } else {
      writer.raw("locale", "null");
    }
  }
  writer.time("updated_at", user.changed_at)
      .text_if("preferred_username", user.preferred_username());
}

void write_email(jose::ClaimsWriter& writer, const accounts::User& user, const Client& client) {
  if (!user.email) return;
  const bool proved = user.email_state == accounts::EmailState::proved;
  const bool vouched = user.email_state == accounts::EmailState::asserted &&
                       user.organization == client.organization;
  writer.text("email", *user.email).boolean("email_verified", proved || vouched);
}

void write_metadata(jose::ClaimsWriter& writer, store::Transaction& tx, const accounts::User& user,
                    std::size_t limit) {
  const auto metadata = accounts::list_metadata(tx, user.id);
  std::size_t size = 0;
  for (const auto& entry : metadata) size += entry.key.size() + entry.value.size();
  if (size > limit) return;
  writer.begin_object(scope_metadata);
  for (const auto& entry : metadata) writer.text(entry.key, base::to_base64url(entry.value));
  writer.end_object();
}

void write_private(jose::ClaimsWriter& writer, store::Transaction& tx, const accounts::User& user,
                   const Scope& scope, std::size_t metadata_limit) {
  if (scope.contains(scope_metadata)) write_metadata(writer, tx, user, metadata_limit);
  if (scope.contains(scope_resourceowner)) {
    const auto organization = accounts::find_organization(tx, user.organization);
    const std::string prefix = std::string(scope_resourceowner) + ":";
    writer.text(prefix + "id", base::to_string(user.organization));
    if (organization) {
      writer.text(prefix + "name", organization->name)
          .text(prefix + "primary_domain", organization->primary_domain);
    }
  }
}

}  // namespace

std::string user_claims(store::Transaction& tx, const accounts::User& user, const Scope& scope,
                        const Client& client, Room room) {
  jose::ClaimsWriter writer;
  if (scope.contains(scope_profile)) write_profile(writer, user);
  if (scope.contains(scope_email)) write_email(writer, user, client);
  if (scope.contains(scope_phone) && user.phone) {
    writer.text("phone_number", *user.phone)
        .boolean("phone_number_verified", user.phone_verified != 0);
  }
  write_private(writer, tx, user, scope,
                room == Room::token ? metadata_in_token : std::numeric_limits<std::size_t>::max());
  return members_of(std::move(writer).finish());
}

Scope scope_shown(std::string_view claims_json) {
  const auto claims = boost::json::parse(claims_json).as_object();
  std::string shown(scope_openid);
  const auto add_if = [&](bool there, std::string_view scope) {
    if (there) (shown += ' ') += scope;
  };
  // A single claim of a profile may have been asked for by name.
  add_if(claims.contains("updated_at") && claims.contains("preferred_username"), scope_profile);
  add_if(claims.contains("email"), scope_email);
  add_if(claims.contains("phone_number"), scope_phone);
  return Scope::parse(shown);
}

std::string private_claims(store::Transaction& tx, const accounts::User& user, const Scope& scope) {
  jose::ClaimsWriter writer;
  write_private(writer, tx, user, scope, metadata_in_token);
  return members_of(std::move(writer).finish());
}

}  // namespace vestibule::oauth
