#include "oauth/grant_details.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace vestibule::oauth {
namespace {

namespace json = boost::json;

void put(json::object& document, std::string_view name, const std::string& value) {
  if (!value.empty()) document[name] = value;
}

void take(const json::object& document, std::string_view name, std::string& out) {
  if (const auto* value = document.if_contains(name)) out = value->as_string();
}

}  // namespace

std::string GrantDetails::to_json() const {
  json::object document;
  put(document, "jkt", confirmation.jkt);
  put(document, "x5t#S256", confirmation.x5t_s256);
  put(document, "claims", claims);
  put(document, "acr", acr);
  if (!resource.empty()) document["resource"] = json::array(resource.begin(), resource.end());
  return document.empty() ? std::string() : json::serialize(document);
}

GrantDetails GrantDetails::parse(std::string_view text) {
  GrantDetails details;
  if (text.empty()) return details;
  const json::object document = json::parse(text).as_object();
  take(document, "jkt", details.confirmation.jkt);
  take(document, "x5t#S256", details.confirmation.x5t_s256);
  take(document, "claims", details.claims);
  take(document, "acr", details.acr);
  if (const auto* resource = document.if_contains("resource")) {
    for (const auto& item : resource->as_array()) {
      details.resource.emplace_back(item.as_string());
    }
  }
  return details;
}

}  // namespace vestibule::oauth
