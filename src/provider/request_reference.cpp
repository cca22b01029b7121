#include "provider/request_reference.h"

#include <array>
#include <utility>

#include "base/text.h"
#include "http/request.h"

namespace vestibule::provider {
namespace {

/// RFC 9101 section 10.8.1, and what OpenID Connect's clients send.
constexpr std::array<std::string_view, 2> media_types{"application/oauth-authz-req+jwt",
                                                      "application/jwt"};

std::unexpected<oauth::Error> refuse(std::string detail) {
  return oauth::fail("invalid_request_uri", "the request object cannot be fetched", 400,
                     std::move(detail));
}

bool is_request_object(const http::OutgoingResponse& answer) {
  for (const auto type : media_types) {
    if (http::has_media_type(answer.headers, type)) return true;
  }
  return false;
}

}  // namespace

FetchRequestObject fetch_request_object_with(const http::OutgoingClient& client) {
  return [&client](const std::string& url) -> oauth::Result<std::string> {
    // OpenID Connect Core 6.2: a fragment tells versions apart; it is not part of the request.
    const http::OutgoingRequest request{
        .url = url.substr(0, url.find('#')),
        .headers = {{"Accept", "application/oauth-authz-req+jwt, application/jwt"}},
        .body = {}};
    auto answer = client.send(request);
    if (!answer) return refuse(std::move(answer.error().detail));
    if (answer->status != 200) return refuse("status " + std::to_string(answer->status));
    if (!is_request_object(*answer)) return refuse("another media type");
    return std::string(base::trim(answer->body));
  };
}

}  // namespace vestibule::provider
