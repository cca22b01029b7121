#include "oauth/logout.h"

#include "base/encoding.h"
#include "sessions/session_clients.h"

namespace vestibule::oauth {

bool wants_logout(const Client& client) {
  return !client.backchannel_logout.uri.empty() || !client.frontchannel_logout.uri.empty();
}

std::vector<std::string> frontchannel_logout_urls(store::Transaction& tx, const std::string& issuer,
                                                  const base::SessionId& session) {
  std::vector<std::string> urls;
  for (const auto id : sessions::list_session_clients(tx, session)) {
    const auto client = find_client(tx, id);
    if (!client || client->frontchannel_logout.uri.empty()) continue;
    auto& url = urls.emplace_back(client->frontchannel_logout.uri);
    // Section 2: the URI may have a query, which is kept.
    url += url.find('?') == std::string::npos ? '?' : '&';
    url += "iss=" + base::percent_encode(issuer) + "&sid=" + session.token();
  }
  return urls;
}

}  // namespace vestibule::oauth
