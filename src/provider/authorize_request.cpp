#include "provider/authorize_request.h"

#include <utility>

#include "base/ids.h"
#include "http/forms.h"

namespace vestibule::provider {
namespace {

constexpr std::string_view purpose = "authorize-request";

}  // namespace

std::string seal_pending(const keys::Sealer& sealer, const std::string& issuer,
                         const PendingAuthorization& pending, base::Time now) {
  const std::string plain = base::to_decimal(base::to_milliseconds(pending.started_at)) + "\n" +
                            http::encode_form(pending.parameters.fields());
  return sealer.seal(purpose, issuer, plain, now);
}

std::optional<PendingAuthorization> open_pending(const keys::Sealer& sealer,
                                                 const std::string& issuer, std::string_view token,
                                                 base::Time now) {
  const auto plain = sealer.open(purpose, issuer, token, now, sign_in_time);
  if (!plain) return std::nullopt;
  const auto end = plain->find('\n');
  if (end == std::string::npos) return std::nullopt;
  const auto started = base::from_decimal(std::string_view(*plain).substr(0, end));
  auto form = http::Form::parse(std::string_view(*plain).substr(end + 1));
  if (!started || !form) return std::nullopt;
  const auto started_at = base::from_milliseconds(*started);
  // The seal is exact to the day only.
  if (started_at + sign_in_time < now) return std::nullopt;
  return PendingAuthorization{oauth::Parameters(form->fields()), started_at};
}

}  // namespace vestibule::provider
