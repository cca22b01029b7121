#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"
#include "http/router.h"
#include "keys/sealer.h"
#include "oauth/client.h"
#include "oauth/user_code.h"
#include "store/store.h"
#include "web/web.h"

namespace vestibule::web {

/// The pages on which a person signs a device in (RFC 8628 section 3.3): type the code, see which
/// application asks for what, allow it or not. Opening a link decides nothing, a code in a link is
/// only typed already, and nothing here ever begins a merge.
class DevicePages {
 public:
  /// The references outlive it. `user_code_key`: see oauth::UserCode::key.
  DevicePages(Web& web, std::string public_origin, store::Store& store,
              const sessions::Sessions& sessions, keys::PurposeKeys& keys,
              const base::Secret& user_code_key, const base::Clock& clock, base::Random& random);

  void add_routes(http::Router& router);

 private:
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;

  /// A device that waits, with the application on it.
  struct Waiting {
    oauth::UserCode code;
    oauth::Client client;
    oauth::Scope scope;
  };
  std::optional<Waiting> find(store::Transaction& tx, const oauth::UserCode& code) const;
  http::Response ask_code(int status, std::string_view typed, std::string_view error) const;
  http::Response gone() const;

  Awaitable<http::Response> get_code(http::Request& request);
  Awaitable<http::Response> post_code(http::Request& request);
  Awaitable<http::Response> confirm(http::Request& request);
  Awaitable<http::Response> decide(http::Request& request);

  Web& web_;
  std::string origin_;
  store::Store& store_;
  const sessions::Sessions& sessions_;
  keys::Sealer sealer_;
  const base::Secret& user_code_key_;
  const base::Clock& clock_;
};

}  // namespace vestibule::web
