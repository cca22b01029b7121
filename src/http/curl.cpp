#include "http/curl.h"

#include <openssl/ssl.h>

#include <mutex>
#include <new>

namespace vestibule::http {
namespace {

/// Adds the extra certificates to those that curl has loaded.
CURLcode add_certificates(CURL*, void* context, void* file) {
  const auto& path = *static_cast<const std::string*>(file);
  const auto loaded =
      SSL_CTX_load_verify_locations(static_cast<SSL_CTX*>(context), path.c_str(), nullptr);
  return loaded == 1 ? CURLE_OK : CURLE_SSL_CACERT_BADFILE;
}

}  // namespace

CurlHandle new_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  CurlHandle easy(curl_easy_init());
  if (!easy) throw std::bad_alloc();
  return easy;
}

void trust_also(CURL* easy, const std::string& ca_file) {
  if (ca_file.empty()) return;
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, add_certificates);
  // curl only carries the pointer.
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, const_cast<std::string*>(&ca_file));
}

}  // namespace vestibule::http
