#include "provider/authorize_request.h"

#include <utility>
#include <vector>

#include "base/ids.h"
#include "http/forms.h"

namespace vestibule::provider {
namespace {

using Fields = std::vector<oauth::Parameters::Field>;

constexpr std::string_view purpose = "authorize-request";

}  // namespace

std::string seal_pending(const keys::Sealer& sealer, const std::string& issuer,
                         const PendingAuthorization& pending, base::Time now) {
  const Fields head = {{"started_at", base::to_decimal(base::to_milliseconds(pending.started_at))},
                       {"signed", pending.request.arrival.signed_object ? "1" : ""},
                       {"request_uri", pending.request_uri}};
  const auto& body = pending.request_uri.empty() ? pending.request.parameters.fields() : Fields();
  return sealer.seal(purpose, issuer, http::encode_form(head) + "\n" + http::encode_form(body),
                     now);
}

std::optional<PendingAuthorization> open_pending(const keys::Sealer& sealer,
                                                 const std::string& issuer, std::string_view token,
                                                 base::Time now) {
  const auto plain = sealer.open(purpose, issuer, token, now, sign_in_time);
  if (!plain) return std::nullopt;
  const auto end = plain->find('\n');
  if (end == std::string::npos) return std::nullopt;
  const auto head = http::Form::parse(std::string_view(*plain).substr(0, end));
  auto body = http::Form::parse(std::string_view(*plain).substr(end + 1));
  if (!head || !body) return std::nullopt;
  const auto started = base::from_decimal(head->get("started_at"));
  if (!started) return std::nullopt;
  const auto started_at = base::from_milliseconds(*started);
  // The seal is exact to the day only.
  if (started_at + sign_in_time < now) return std::nullopt;
  return PendingAuthorization{
      {oauth::Parameters(body->fields()), {.signed_object = !head->get("signed").empty()}},
      started_at,
      head->get("request_uri")};
}

}  // namespace vestibule::provider
