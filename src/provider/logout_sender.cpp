#include "provider/logout_sender.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "http/forms.h"
#include "oauth/client.h"
#include "oauth/logout_token.h"
#include "sessions/logout_notices.h"

namespace vestibule::provider {
namespace {

struct Work {
  sessions::LogoutNotice notice;
  std::optional<oauth::Client> client;  ///< none: deleted, or it no longer wants to be told
};

/// Looked at again right before it is sent: the row may have been sent or delayed since it was
/// read, and the client changed.
std::optional<Work> find_work(store::Transaction& tx, std::int64_t id, base::Time now) {
  auto notice = sessions::find_notice(tx, id);
  if (!notice || notice->due_at > now) return std::nullopt;
  auto client = oauth::find_client(tx, notice->client);
  if (client && client->backchannel_logout.uri.empty()) client.reset();
  return Work{*std::move(notice), std::move(client)};
}

/// Empty if the client took it. Section 2.8: 200, and 204 where a framework turns it into that.
std::string failure_of(const std::expected<http::OutgoingResponse, http::OutgoingError>& answer) {
  if (!answer) {
    return fmt::format("{}: {}", http::to_string(answer.error().kind), answer.error().detail);
  }
  if (answer->status >= 200 && answer->status < 300) return {};
  return fmt::format("status {}", answer->status);
}

}  // namespace

std::string_view to_string(LogoutOutcome outcome) {
  switch (outcome) {
    case LogoutOutcome::nothing_to_do:
      return "nothing_to_do";
    case LogoutOutcome::delivered:
      return "delivered";
    case LogoutOutcome::delayed:
      return "delayed";
    case LogoutOutcome::dropped:
      break;
  }
  return "dropped";
}

LogoutOutcome LogoutSender::attempt(std::int64_t id) const {
  const auto started = clock.now();
  const auto work = store.read([&](store::Transaction& tx) { return find_work(tx, id, started); });
  if (!work) return LogoutOutcome::nothing_to_do;
  const auto& [notice, wanted] = *work;
  if (!wanted) {
    store.write([&](store::Transaction& tx) { sessions::delete_notice(tx, id); });
    return LogoutOutcome::nothing_to_do;
  }
  const auto& client = *wanted;
  const oauth::LogoutToken token{.subject = notice.subject,
                                 .client = client.id,
                                 .session = notice.session,
                                 .issued_at = started,
                                 .jti = base::Uuid::make(started, random).token()};
  http::OutgoingRequest request;
  request.method = "POST";
  request.url = client.backchannel_logout.uri;
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.body = http::encode_form(
      {{"logout_token", oauth::sign_logout_token(issuer, keys, token, client.id_token_algorithm)}});
  const auto failure = failure_of(send(request));
  const auto now = clock.now();
  if (failure.empty()) {
    store.write([&](store::Transaction& tx) { sessions::delete_notice(tx, id); });
    return LogoutOutcome::delivered;
  }
  const auto due = now + events::retry_delay(retry, notice.attempts + 1, random);
  const bool last = due - notice.created_at > retry.give_up_after;
  store.write([&](store::Transaction& tx) {
    last ? sessions::delete_notice(tx, id) : sessions::delay_notice(tx, id, due);
  });
  spdlog::log(last ? spdlog::level::err : spdlog::level::warn,
              "logout of a session at client {}: attempt {} failed{}: {}", client.client_id(),
              notice.attempts + 1, last ? " and is the last" : "", failure);
  return last ? LogoutOutcome::dropped : LogoutOutcome::delayed;
}

}  // namespace vestibule::provider
