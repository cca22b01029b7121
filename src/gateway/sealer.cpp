#include "gateway/sealer.h"

#include <stdexcept>

namespace vestibule::gateway {

namespace {

std::string_view purpose_name(Purpose purpose) {
  switch (purpose) {
    case Purpose::session:
      return "gateway-session";
    case Purpose::refresh:
      return "gateway-refresh";
    case Purpose::ticket:
      return "gateway-ticket";
    case Purpose::login:
      return "gateway-login";
    case Purpose::choice:
      return "gateway-choice";
    case Purpose::work:
      return "gateway-work";
  }
  throw std::logic_error("unknown purpose");
}

}  // namespace

std::string Sealer::associated_data(Purpose purpose, std::string_view cookie) const {
  std::string data(purpose_name(purpose));
  data += '\0';
  data += cookie;
  data += '\0';
  data += origin_;
  return data;
}

std::string Sealer::seal(Purpose purpose, std::string_view cookie, std::string_view plain,
                         base::Time now) const {
  return sealer_.seal(purpose_name(purpose), associated_data(purpose, cookie), plain, now);
}

std::optional<std::string> Sealer::open(Purpose purpose, std::string_view cookie,
                                        std::string_view value, base::Time now,
                                        base::Milliseconds max_age) const {
  return sealer_.open(purpose_name(purpose), associated_data(purpose, cookie), value, now, max_age);
}

}  // namespace vestibule::gateway
