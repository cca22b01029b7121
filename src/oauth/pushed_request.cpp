#include "oauth/pushed_request.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <optional>
#include <utility>

#include "sessions/pushed_requests.h"

namespace vestibule::oauth {
namespace {

namespace json = boost::json;

/// What a client shows to be let in; it is not part of what it asks for.
constexpr std::array<std::string_view, 4> credentials{"client_id", "client_secret",
                                                      "client_assertion", "client_assertion_type"};

std::string to_document(const AuthorizationRequest& request) {
  json::array fields;
  for (const auto& [name, value] : request.parameters.fields()) {
    fields.push_back(json::array{name, value});
  }
  return json::serialize(
      json::object{{"signed", request.arrival.signed_object}, {"parameters", std::move(fields)}});
}

AuthorizationRequest from_document(std::string_view text) {
  const json::object document = json::parse(text).as_object();
  std::vector<Parameters::Field> fields;
  for (const auto& field : document.at("parameters").as_array()) {
    fields.emplace_back(field.at(0).as_string(), field.at(1).as_string());
  }
  return {Parameters(std::move(fields)),
          {.pushed = true, .signed_object = document.at("signed").as_bool()}};
}

/// One text for every reason: whoever guesses learns nothing.
std::unexpected<Error> unknown(std::string detail) {
  return fail("invalid_request_uri", "the request_uri is unknown, expired or already used", 400,
              std::move(detail));
}

}  // namespace

Result<Parameters> read_pushed_parameters(const Parameters& form, const Client& client) {
  if (form.find("request_uri")) return fail("invalid_request", "request_uri cannot be pushed");
  if (form.find("client_id").value_or(client.client_id()) != client.client_id()) {
    return fail("invalid_request", "client_id is not the client that authenticated");
  }
  std::vector<Parameters::Field> fields{{"client_id", client.client_id()}};
  for (const auto& field : form.fields()) {
    if (std::ranges::find(credentials, field.first) == credentials.end()) fields.push_back(field);
  }
  return Parameters(std::move(fields));
}

std::string keep_pushed_request(store::Transaction& tx, const Client& client,
                                const AuthorizationRequest& request, base::Random& random,
                                base::Milliseconds sign_in_time, base::Time now) {
  auto uri = std::string(pushed_request_prefix) + base::random_token(random);
  const auto expires_at = now + pushed_request_lifetime;
  sessions::insert_pushed_request(tx, uri,
                                  {.client = client.id,
                                   .document = to_document(request),
                                   .expires_at = expires_at,
                                   .kept_until = expires_at + sign_in_time});
  return uri;
}

Result<AuthorizationRequest> begin_pushed_request(store::Transaction& tx,
                                                  std::string_view request_uri,
                                                  std::string_view client_id, base::Time now) {
  const auto found = sessions::find_pushed_request(tx, request_uri, now);
  if (!found) return unknown("unknown or used");
  // RFC 9126 2.2: bound to the client that pushed it.
  if (base::to_string(found->client) != client_id) return unknown("of another client");
  if (found->expires_at <= now) return unknown("expired");
  return from_document(found->document);
}

Result<AuthorizationRequest> resume_pushed_request(store::Transaction& tx,
                                                   std::string_view request_uri, base::Time now) {
  const auto found = sessions::find_pushed_request(tx, request_uri, now);
  if (!found) return unknown("used");
  return from_document(found->document);
}

Result<void> consume_pushed_request(store::Transaction& tx, std::string_view request_uri) {
  if (!sessions::consume_pushed_request(tx, request_uri)) return unknown("used meanwhile");
  return {};
}

}  // namespace vestibule::oauth
