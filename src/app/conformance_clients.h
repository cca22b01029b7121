#pragma once

#include <string>
#include <vector>

#include "app/conformance.h"
#include "oauth/client.h"

namespace vestibule::app {

/// Which of the two certificates a client shows, if it shows one.
enum class CertificateHolder { none, client, client2 };

/// A client that a plan of the conformance suite needs, without id, keys and secret.
struct ConformanceClient {
  oauth::Client client;  ///< `name` is the key in the output
  CertificateHolder certificate = CertificateHolder::none;
};

/// All of them, in a fixed order. Each logout plan has a client of its own, because the suite fails
/// a module that is called at a logout URI which it did not ask for.
std::vector<ConformanceClient> conformance_clients(const Installation& installation,
                                                   const ConformanceOptions& options);

}  // namespace vestibule::app
