#pragma once

#include <string>
#include <string_view>

#include "oauth/grants/exchange_request.h"
#include "oauth/grants/token_exchange.h"
#include "oauth/test_support.h"

namespace vestibule::oauth {

/// Exchanges as a client would, and what they come to.
class TokenExchangeTest : public OAuthTest {
 protected:
  /// The call of a ZITADEL guest application, with `changes` made to it; an empty value removes.
  Fields fields(const Fields& changes = {}) {
    Fields all = {{"grant_type", std::string(grant_token_exchange)},
                  {"subject_token", guest.subject()},
                  {"subject_token_type", std::string(token_type_user_id)},
                  {"actor_token", service_token},
                  {"actor_token_type", std::string(token_type_access_token)},
                  {"scope", "openid profile email"},
                  {"requested_token_type", std::string(token_type_jwt)}};
    for (const auto& [name, value] : changes) {
      if (name != "audience") std::erase_if(all, [&](const auto& f) { return f.first == name; });
      if (!value.empty()) all.emplace_back(name, value);
    }
    return all;
  }

  Result<TokenResponse> exchange(const Fields& changes = {}, const Client* client = nullptr) {
    const auto request = parse_exchange_request(Parameters(fields(changes)));
    if (!request) return std::unexpected(request.error());
    auto grant = write([&](store::Transaction& tx) {
      const auto caller = authenticated(tx, client ? *client : confidential);
      return grant_by_exchange(tx, context(), caller, *request, now());
    });
    if (!grant) return std::unexpected(std::move(grant.error()));
    return sign(issuer, std::move(*grant));
  }

  void expect_refused(const Result<TokenResponse>& result, std::string_view code,
                      std::string_view description, int status = 400) {
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, code);
    EXPECT_EQ(result.error().description, description);
    EXPECT_EQ(result.error().status, status);
  }

  AccessToken own_token(const accounts::User& user, std::string scope, base::SessionId session) {
    return {.subject = user.subject(),
            .audience = {confidential.client_id()},
            .client_id = confidential.client_id(),
            .scope = std::move(scope),
            .issued_at = now(),
            .expires_at = now() + base::Seconds{600},
            .jti = issuer.new_jti(now()),
            .session = session,
            .auth_time = now(),
            .amr = "pwd",
            .acr = "1"};
  }
  Fields with_subject(const std::string& token, std::string_view type = token_type_access_token) {
    return {{"subject_token", token},
            {"subject_token_type", std::string(type)},
            {"actor_token", ""},
            {"actor_token_type", ""}};
  }
};

}  // namespace vestibule::oauth
