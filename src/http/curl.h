#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

namespace vestibule::http {

struct FreeCurl {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using CurlHandle = std::unique_ptr<CURL, FreeCurl>;

/// A new handle of a libcurl that is set up. Throws std::bad_alloc.
CurlHandle new_curl();

/// Makes `easy` trust the PEM certificates in `ca_file` besides the system's; nothing if it is
/// empty. The string outlives the transfer.
void trust_also(CURL* easy, const std::string& ca_file);

}  // namespace vestibule::http
