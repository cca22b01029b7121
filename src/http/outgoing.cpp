#include "http/outgoing.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <stdexcept>

#include "base/text.h"
#include "http/curl.h"

namespace vestibule::http {

namespace {

using Kind = OutgoingError::Kind;

constexpr std::size_t max_head = 64 * 1024;

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

/// What the callbacks of one transfer write to.
struct Transfer {
  const OutgoingOptions& options;
  OutgoingResponse response = {};
  std::size_t head_bytes = 0;
  bool head_complete = false;
  bool too_large = false;
  std::optional<std::string> refused = {};  ///< the address
};

/// Called with the very address that curl is about to connect to, after it resolved the name.
curl_socket_t open_socket(void* context, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(context);
  const auto target = IpAddress::from_sockaddr(address->addr);
  // An IPv4 address in IPv6 clothing is reached past every list that names the IPv4 one.
  const bool mapped = target && target->is_v4() && address->family == AF_INET6;
  const bool permitted =
      target && !mapped &&
      (is_globally_reachable(*target) || contains(transfer.options.allowed, *target));
  if (!permitted) {
    transfer.refused = target ? target->to_string() : "of a foreign family";
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t take_header(char* bytes, std::size_t, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  transfer.head_bytes += count;
  if (transfer.head_bytes > max_head) {
    transfer.too_large = true;
    return 0;
  }
  const std::string_view line(bytes, count);
  if (line.starts_with("HTTP/")) {
    transfer.response.headers.clear();  // an interim answer came before this one
    transfer.head_complete = false;
    return count;
  }
  if (base::trim(line).empty()) transfer.head_complete = true;
  if (const auto colon = line.find(':'); colon != std::string_view::npos)
    transfer.response.headers.add(std::string(base::trim(line.substr(0, colon))),
                                  std::string(base::trim(line.substr(colon + 1))));
  return count;
}

std::size_t take_body(char* bytes, std::size_t, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  if (transfer.response.body.size() + count > transfer.options.max_response) {
    transfer.too_large = true;
    return 0;
  }
  transfer.response.body.append(bytes, count);
  return count;
}

std::optional<std::string> url_part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return std::nullopt;
  std::string copy(text);
  curl_free(text);
  return copy;
}

/// The host, for errors and logs, of a URL that may be called at all.
std::expected<std::string, OutgoingError> check_url(const std::string& text) {
  const auto invalid = [](std::string why) {
    return std::unexpected(OutgoingError{Kind::invalid_url, std::move(why)});
  };
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  if (!url || base::has_control_character(text) ||
      curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_NO_DEFAULT_PORT) != CURLUE_OK)
    return invalid("not a URL");
  const auto scheme = url_part(url.get(), CURLUPART_SCHEME);
  if (scheme != "https" && scheme != "http") return invalid("neither https nor http");
  if (url_part(url.get(), CURLUPART_USER) || url_part(url.get(), CURLUPART_PASSWORD))
    return invalid("credentials in a URL");
  return url_part(url.get(), CURLUPART_HOST).value_or("");
}

OutgoingError error_of(CURLcode code, const Transfer& transfer, const std::string& host) {
  const auto made = [&](Kind kind, std::string why) {
    return OutgoingError{kind, host + ": " + std::move(why)};
  };
  if (transfer.too_large) return made(Kind::too_large, "the answer is too large");
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return made(Kind::timeout, curl_easy_strerror(code));
    case CURLE_COULDNT_RESOLVE_HOST:
      return made(Kind::resolve_failed, curl_easy_strerror(code));
    case CURLE_COULDNT_CONNECT:
      if (transfer.refused) return made(Kind::address_refused, "address " + *transfer.refused);
      return made(Kind::connect_failed, curl_easy_strerror(code));
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
      return made(Kind::tls_failed, curl_easy_strerror(code));
    default:
      return made(Kind::protocol, curl_easy_strerror(code));
  }
}

}  // namespace

std::string_view to_string(OutgoingError::Kind kind) {
  switch (kind) {
    case Kind::invalid_url:
      return "invalid_url";
    case Kind::address_refused:
      return "address_refused";
    case Kind::resolve_failed:
      return "resolve_failed";
    case Kind::connect_failed:
      return "connect_failed";
    case Kind::tls_failed:
      return "tls_failed";
    case Kind::timeout:
      return "timeout";
    case Kind::too_large:
      return "too_large";
    case Kind::protocol:
      return "protocol";
  }
  return "protocol";
}

OutgoingClient::OutgoingClient(OutgoingOptions options) : options_(std::move(options)) {}

std::expected<OutgoingResponse, OutgoingError> OutgoingClient::send(
    const OutgoingRequest& request) const {
  const auto host = check_url(request.url);
  if (!host) return std::unexpected(host.error());
  const auto easy = new_curl();
  auto* const curl = easy.get();
  Transfer transfer{.options = options_};

  std::unique_ptr<curl_slist, FreeList> fields;
  const auto append = [&](const std::string& line) {
    auto* const longer = curl_slist_append(fields.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    [[maybe_unused]] const auto* const grown = fields.release();
    fields.reset(longer);
  };
  for (const auto& [name, value] : request.headers) {
    if (!valid_field_name(name) || !valid_field_value(value))
      throw std::invalid_argument("a malformed field in an outgoing request");
    // curl's spelling of a field without a value is a semicolon.
    append(value.empty() ? name + ";" : name + ": " + value);
  }
  append("Expect:");
  if (!valid_field_name(request.method))
    throw std::invalid_argument("a malformed method in an outgoing request");

  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(curl, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, options_.user_agent.c_str());
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options_.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.total_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields.get());
  trust_also(curl, options_.ca_file);
  if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (!request.body.empty() || request.method == "POST") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  if (request.method != "HEAD")
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());

  const auto code = curl_easy_perform(curl);
  if (code != CURLE_OK) return std::unexpected(error_of(code, transfer, *host));
  // curl takes a head that ends with the connection for a whole one.
  if (!transfer.head_complete) {
    return std::unexpected(OutgoingError{Kind::protocol, *host + ": the answer's head was cut"});
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  transfer.response.status = static_cast<int>(status);
  return std::move(transfer.response);
}

}  // namespace vestibule::http
