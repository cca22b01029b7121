#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/outgoing.h"
#include "remote/answers.h"
#include "remote/id_token.h"
#include "remote/key_cache.h"
#include "remote/service_token.h"
#include "remote/token_endpoint.h"
#include "remote/zitadel_api.h"
#include "remote/zitadel_options.h"

namespace vestibule::remote {

/// The calls over HTTP, against a ZITADEL or whatever speaks like one. Each is one request, but for
/// a token of the service account's key that has to be fetched or renewed first; a call is sent
/// again only after an answer that says that the token was not accepted. Thread-safe.
class ZitadelClient final : public ZitadelApi {
 public:
  /// Throws std::invalid_argument for a service account without a usable token or key. The clock
  /// outlives it.
  ZitadelClient(ZitadelOptions options, const base::Clock& clock);

  base::Milliseconds longest_call() const override;

  Called<void> create_guest(const NewGuest& guest) override;
  Called<RemoteUser> find_user(const std::string& id) override;
  Called<std::vector<std::string>> list_guest_tags(const std::string& id) override;
  Called<void> register_user(const std::string& id, const Registration& registration) override;
  Called<void> delete_tag(const std::string& id, const std::string& tag) override;
  Called<void> deactivate(const std::string& id) override;
  Called<void> reactivate(const std::string& id) override;
  Called<void> delete_user(const std::string& id) override;

  Called<Tokens> impersonate(const std::string& id) override;
  Called<Tokens> redeem_code(const CodeExchange& exchange) override;
  Called<Tokens> refresh(const base::Secret& refresh_token) override;
  Called<void> revoke(const base::Secret& refresh_token) override;
  Called<Identity> verify_id_token(const base::Secret& id_token, base::Time now) override;

  Called<std::string> whoami(const base::Secret& bearer) override;

 private:
  /// A call of the user API. A body makes it JSON.
  struct ApiCall {
    Question question;
    std::string method;
    std::string path;
    std::string body = {};
  };
  Answered call(ApiCall call, const base::Secret& bearer) const;
  Answered call_as_service(const ApiCall& call);
  Called<void> change_state(Question question, const std::string& id, std::string_view verb,
                            std::string_view already);

  /// The form with this client's own name and secret (RFC 6749 section 2.3.1) behind it.
  FormFields as_client(FormFields fields) const;
  Answered exchange(const std::string& id, const base::Secret& actor) const;

  const ZitadelOptions options_;
  const std::string base_;
  const http::OutgoingClient client_;
  ServiceToken service_token_;
  KeyCache keys_;
  IdTokenVerifier id_tokens_;
};

}  // namespace vestibule::remote
