#include "http/origin.h"

namespace vestibule::http {

CsrfVerdict check_csrf(const HeaderList& headers, std::string_view public_origin) {
  const auto site_count = headers.count("Sec-Fetch-Site");
  const auto origin_count = headers.count("Origin");
  const auto verdict = [](bool good) { return good ? CsrfVerdict::allowed : CsrfVerdict::refused; };
  if (site_count > 1 || origin_count > 1) return CsrfVerdict::refused;
  if (site_count == 1) return verdict(headers.find("Sec-Fetch-Site") == "same-origin");
  if (origin_count == 1)
    return verdict(!public_origin.empty() && headers.find("Origin") == public_origin);
  return verdict(headers.count("X-Vestibule-CSRF") == 1 && headers.find("X-Vestibule-CSRF") == "1");
}

bool is_cross_site(const HeaderList& headers, std::string_view public_origin) {
  for (const auto site : headers.find_all("Sec-Fetch-Site")) {
    if (site != "same-origin") return true;
  }
  for (const auto origin : headers.find_all("Origin")) {
    if (origin != public_origin) return true;
  }
  return false;
}

}  // namespace vestibule::http
