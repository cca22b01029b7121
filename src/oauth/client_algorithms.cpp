#include "oauth/client_algorithms.h"

namespace vestibule::oauth {

std::vector<jose::Algorithm> signing_algorithms(const Client& client) {
  std::vector<jose::Algorithm> algorithms = {client.access_token_algorithm,
                                             client.id_token_algorithm};
  for (const auto& chosen : {client.userinfo_algorithm, client.introspection_algorithm,
                             client.authorization_response_algorithm}) {
    if (chosen) algorithms.push_back(*chosen);
  }
  return algorithms;
}

}  // namespace vestibule::oauth
