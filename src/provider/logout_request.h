#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "provider/context.h"

namespace vestibule::provider {

/// A sign-out that has been checked (oauth::validate_end_session): whom a hint allows to end
/// unasked, and where the browser goes afterwards.
struct LogoutRequest {
  std::optional<base::SessionId> session = {};
  std::optional<base::UserId> user = {};
  std::string location = {};
};

/// For the round through the browser that brings the cookie with it; good for a day, and only ever
/// about the session that it names or one that its user is asked about.
std::string seal_logout_request(ProviderContext& context, const LogoutRequest& request,
                                base::Time now);
std::optional<LogoutRequest> open_logout_request(ProviderContext& context, std::string_view sealed,
                                                 base::Time now);

/// What a confirmation carries: the session that was asked about, and where to go afterwards; good
/// for a day.
std::string seal_confirmation(ProviderContext& context, const base::SessionId& session,
                              const std::string& location, base::Time now);
/// Where to go afterwards, if the confirmation is about this session.
std::optional<std::string> open_confirmation(ProviderContext& context,
                                             const base::SessionId& session,
                                             std::string_view sealed, base::Time now);

}  // namespace vestibule::provider
