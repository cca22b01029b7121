#include "gateway/upstream_headers.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/text.h"
#include "http/proxy.h"

namespace vestibule::gateway {

namespace {

constexpr std::array<std::string_view, 11> only_ours{
    "host",      "cookie",     "authorization", "proxy-authorization",
    "forwarded", "x-real-ip",  "x-request-id",  "traceparent",
    "expect",    "connection", "content-length"};
constexpr std::array<std::string_view, 3> our_prefixes{"x-forwarded-", "x-original-",
                                                       "x-vestibule-"};

bool is_ours(std::string_view name) {
  // CGI and its descendants read `X_Forwarded_For` as `X-Forwarded-For`; no field of the standard
  // registry has an underscore.
  if (name.find('_') != std::string_view::npos) return true;
  const auto lower = base::to_lower_ascii(name);
  return std::ranges::find(only_ours, lower) != only_ours.end() ||
         std::ranges::any_of(our_prefixes,
                             [&](std::string_view prefix) { return lower.starts_with(prefix); });
}

std::string child_trace(const http::RequestHead& head, base::Random& random) {
  http::TraceParent trace;
  if (head.trace) {
    trace = *head.trace;
  } else {
    trace.trace_id = base::to_hex(base::random_bytes(random, 16));
  }
  trace.parent_id = base::to_hex(base::random_bytes(random, 8));
  return trace.to_string();
}

/// RFC 9111 5.2.2.1: max-age=delta-seconds, by some senders in quotes.
bool has_positive_max_age(std::string_view lower) {
  constexpr std::string_view directive = "max-age=";
  const auto at = lower.find(directive);
  if (at == std::string_view::npos) return false;
  auto digits = lower.substr(at + directive.size());
  digits = digits.substr(0, digits.find_first_of(", "));
  return digits.find_first_of("123456789") != std::string_view::npos;
}

}  // namespace

http::HeaderList upstream_headers(const http::RequestHead& head, const UpstreamContext& context,
                                  base::Random& random) {
  auto incoming = head.headers;
  http::remove_hop_by_hop(incoming);
  http::HeaderList fields;
  fields.reserve(incoming.size() + 8);
  fields.add("Host", std::string(authority_of(context.public_origin)));
  for (const auto& field : incoming) {
    if (is_ours(field.name)) continue;
    if (http::equal_names(field.name, "tracestate") && !head.trace) continue;
    fields.add(field.name, field.value);
  }
  if (auto cookies = http::without_cookies(head.headers, context.names.all()); !cookies.empty())
    fields.add("Cookie", std::move(cookies));
  if (!head.client_address.is_unspecified())
    fields.add("X-Forwarded-For", head.client_address.to_string());
  fields.add("X-Forwarded-Proto",
             std::string(context.public_origin.substr(0, context.public_origin.find(':'))));
  fields.add("X-Forwarded-Host", std::string(authority_of(context.public_origin)));
  fields.add("X-Request-Id", head.request_id);
  fields.add("traceparent", child_trace(head, random));
  if (!context.token.empty()) fields.add("Authorization", "Bearer " + std::string(context.token));
  return fields;
}

void drop_our_cookies(http::HeaderList& answer, const CookieNames& names) {
  if (!answer.contains("Set-Cookie")) return;
  const auto ours = names.all();
  http::HeaderList kept;
  kept.reserve(answer.size());
  for (const auto& field : answer) {
    if (http::equal_names(field.name, "Set-Cookie")) {
      // Browsers have kept `=name=value` as a cookie without a name and sent it back as
      // `name=value`.
      std::string_view text = field.value;
      text.remove_prefix(std::min(text.find_first_not_of(" \t="), text.size()));
      const auto name = base::trim(text.substr(0, text.find_first_of("=;")));
      if (std::ranges::find(ours, name) != ours.end()) continue;
    }
    kept.add(field.name, field.value);
  }
  answer = std::move(kept);
}

bool is_html_navigation(const http::RequestHead& head) {
  return head.method == "GET" && is_page_load(head);
}

bool is_page_load(const http::RequestHead& head) {
  if (const auto mode = head.header("Sec-Fetch-Mode")) {
    const auto destination = head.header("Sec-Fetch-Dest");
    return *mode == "navigate" && (!destination || *destination == "document");
  }
  const auto accept = head.header("Accept");
  return accept && accept->find("text/html") != std::string_view::npos;
}

bool may_be_cached(const http::HeaderList& answer) {
  const auto fields = answer.find_all("Cache-Control");
  if (fields.empty()) return answer.contains("Expires");
  for (const auto field : fields) {
    const auto lower = base::to_lower_ascii(field);
    for (const std::string_view word : {"no-store", "private"})
      if (http::list_contains(lower, word)) return false;
  }
  for (const auto field : fields) {
    const auto lower = base::to_lower_ascii(field);
    if (http::list_contains(lower, "public") || http::list_contains(lower, "immutable") ||
        lower.find("s-maxage") != std::string::npos)
      return true;
    if (has_positive_max_age(lower)) return true;
  }
  return false;
}

}  // namespace vestibule::gateway
