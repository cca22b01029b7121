#include "app/registration_config.h"

#include <fstream>
#include <stdexcept>

#include "app/config_check.h"
#include "base/crypto.h"
#include "base/text.h"

namespace vestibule::app {

base::Result<std::vector<std::string>> read_initial_tokens(const std::string& file) {
  const auto refuse = [&](const char* why) {
    return base::fail(base::ErrorKind::invalid, "initial_access_token_file", file + why);
  };
  std::ifstream input{file};
  if (!input) return refuse(": cannot be read");
  std::vector<std::string> hashes;
  for (std::string line; std::getline(input, line);) {
    const auto token = base::trim(line);
    if (!token.empty() && token.front() != '#') hashes.push_back(base::sha256(token));
  }
  if (hashes.empty()) return refuse(": there is no token in it");
  return hashes;
}

oauth::RegistrationPolicy registration_policy(const Config& config,
                                              base::OrganizationId organization) {
  oauth::RegistrationPolicy policy;
  policy.mode = config.registration.mode;
  policy.most_clients = config.registration.max_clients;
  policy.organization = organization;
  if (policy.mode == oauth::RegistrationMode::by_token) {
    auto hashes = read_initial_tokens(config.registration.initial_access_token_file);
    if (!hashes) throw std::invalid_argument(hashes.error().message);
    policy.initial_token_hashes = *std::move(hashes);
  }
  return policy;
}

void check_registration(const Config& config, ConfigCheck& check) {
  const auto& registration = config.registration;
  if (registration.mode != oauth::RegistrationMode::by_token) return;
  if (registration.initial_access_token_file.empty()) {
    check.wrong("registration.initial_access_token_file", "is needed for mode token");
  } else if (const auto read = read_initial_tokens(registration.initial_access_token_file); !read) {
    check.wrong("registration.initial_access_token_file", read.error().message);
  }
}

}  // namespace vestibule::app
