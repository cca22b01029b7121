#include "oauth/introspection.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "accounts/service_accounts.h"
#include "accounts/users.h"
#include "base/text.h"
#include "jose/claims_writer.h"
#include "oauth/liveness.h"
#include "oauth/token_binding.h"
#include "oauth/user_claims.h"
#include "sessions/refresh.h"

namespace vestibule::oauth {
namespace {

constexpr std::string_view inactive = R"({"active":false})";

std::string finish(jose::ClaimsWriter&& writer, std::string_view members) {
  std::string body = std::move(writer).finish();
  body.pop_back();
  body += members;
  body += '}';
  return body;
}

void write_actor(jose::ClaimsWriter& writer, const std::string& issuer, const Actor* actor) {
  if (!actor) return;
  writer.begin_object("act").text("iss", issuer).text("sub", actor->subject);
  write_actor(writer, issuer, actor->prior.get());
  writer.end_object();
}

bool is_meant_for(const AccessToken& token, const Client& client) {
  const auto own = default_audience(client);
  return token.client_id == own.front() ||
         std::ranges::any_of(token.audience, [&](const std::string& audience) {
           return std::ranges::find(own, audience) != own.end();
         });
}

std::optional<std::string> describe_access_token(store::Transaction& tx,
                                                 const GrantContext& context, const Client& client,
                                                 std::string_view text, base::Time now) {
  const auto token = context.issuer.parse(text, now);
  if (!token || !is_meant_for(*token, client)) return std::nullopt;
  const auto live = check_token(tx, context.sessions, *token, now);
  if (!live) return std::nullopt;
  jose::ClaimsWriter writer;
  writer.boolean("active", true)
      .text("scope", token->scope)
      .text("client_id", token->client_id)
      .text("token_type", token_type_of(token->confirmation))
      .time("exp", token->expires_at)
      .time("iat", token->issued_at)
      .time("nbf", token->issued_at)
      .text("sub", token->subject)
      .strings("aud", token->audience)
      .text("iss", context.issuer.issuer())
      .text("jti", token->jti);
  if (token->session) writer.text("sid", token->session->token());
  if (token->auth_time) writer.time("auth_time", *token->auth_time);
  writer.text_if("acr", token->acr);
  if (!token->amr.empty()) writer.strings("amr", base::split_words(token->amr));
  write_actor(writer, context.issuer.issuer(), token->actor.get());
  write_confirmation(writer, token->confirmation);
  if (!live->user) return std::move(writer).finish();
  writer.text("username", live->user->preferred_username());
  return finish(std::move(writer),
                user_claims(tx, *live->user, {Scope::parse(token->scope)}, client, Room::answer));
}

std::optional<std::string> describe_personal_token(store::Transaction& tx,
                                                   const GrantContext& context,
                                                   const Client& client, std::string_view text,
                                                   base::Time now) {
  const auto caller = accounts::authenticate_personal_token(tx, text, now);
  if (!caller || caller->user.organization != client.organization) return std::nullopt;
  const Scope scope = Scope::parse(
      "openid profile urn:zitadel:iam:user:metadata urn:zitadel:iam:user:resourceowner");
  jose::ClaimsWriter writer;
  writer.boolean("active", true)
      .text("scope", scope.text())
      .text("token_type", "Bearer")
      .text("sub", caller->user.subject())
      .strings("aud", default_audience(client))
      .text("iss", context.issuer.issuer())
      .text("username", caller->user.preferred_username());
  if (const auto& shown = caller->token) {
    writer.time("exp", shown->expires_at)
        .time("iat", shown->created_at)
        .time("nbf", shown->created_at)
        .text("jti", base::to_decimal(shown->id));
  }
  return finish(std::move(writer), user_claims(tx, caller->user, {scope}, client, Room::answer));
}

std::optional<std::string> describe_refresh_token(store::Transaction& tx,
                                                  const GrantContext& context, const Client& client,
                                                  std::string_view text, base::Time now) {
  const auto handle = sessions::parse_refresh_token(context.refresh_key, text);
  if (!handle) return std::nullopt;
  const auto family = sessions::find_family(tx, handle->family, now);
  if (!family || family->client != client.id || family->generation != handle->generation) {
    return std::nullopt;
  }
  const auto user = accounts::find_user(tx, family->user);
  if (!user || user->state != accounts::UserState::active ||
      family->created_at < user->valid_after) {
    return std::nullopt;
  }
  if (family->session && !context.sessions.find(tx, *family->session, now)) return std::nullopt;
  jose::ClaimsWriter writer;
  writer.boolean("active", true)
      .text("scope", family->scope)
      .text("client_id", client.client_id())
      .text("token_type", "refresh_token")
      .time("exp", family->expires_at)
      .time("iat", family->rotated_at)
      .text("sub", user->subject())
      .text("iss", context.issuer.issuer());
  write_confirmation(writer, GrantDetails::parse(family->details).confirmation);
  return std::move(writer).finish();
}

}  // namespace

Result<std::string> introspect(store::Transaction& tx, const GrantContext& context,
                               const AuthenticatedClient& client, std::string_view token,
                               base::Time now) {
  // RFC 7662 2.1: the caller must be authorized, against token scanning.
  if (!client.is_confidential()) {
    return fail("unauthorized_client", "introspection needs client authentication");
  }
  for (const auto describe :
       {describe_access_token, describe_personal_token, describe_refresh_token}) {
    if (auto body = describe(tx, context, client.client(), token, now)) return std::move(*body);
  }
  return std::string(inactive);
}

}  // namespace vestibule::oauth
