#include "input.h"

#include <boost/json.hpp>
#include <utility>

#include "base/ids.h"
#include "http/forms.h"

namespace vestibule::shop {

bool is_form(const http::Request& request) {
  return http::has_media_type(request.headers, "application/x-www-form-urlencoded");
}

base::Result<Input> Input::parse(const http::Request& request) {
  Input input;
  if (is_form(request)) {
    input.encoding_ = Encoding::form;
    const auto form = http::Form::parse(request.body);
    if (!form) return std::unexpected(form.error());
    for (const auto& [name, value] : form->fields()) {
      input.present_.insert(name);
      input.texts_.emplace(name, value);
    }
    return input;
  }
  if (request.body.empty()) return input;
  if (!http::has_media_type(request.headers, "application/json"))
    return base::fail(base::ErrorKind::invalid, "bad_media_type", "Send JSON or a form.");
  boost::system::error_code error;
  auto value = boost::json::parse(request.body, error);
  if (error || !value.is_object())
    return base::fail(base::ErrorKind::invalid, "bad_json", "The body is not a JSON object.");
  for (const auto& member : value.get_object()) {
    input.present_.emplace(member.key());
    if (member.value().is_string())
      input.texts_.emplace(member.key(), member.value().get_string());
    else if (member.value().is_int64())
      input.integers_.emplace(member.key(), member.value().get_int64());
  }
  return input;
}

std::string Input::text(std::string_view name) const {
  const auto found = texts_.find(name);
  return found == texts_.end() ? std::string() : found->second;
}

std::optional<std::int64_t> Input::integer(std::string_view name) const {
  if (const auto found = integers_.find(name); found != integers_.end())
    return found->second < 0 ? std::nullopt : std::optional(found->second);
  if (encoding_ == Encoding::form) return base::from_decimal(text(name));
  return std::nullopt;
}

bool Input::has(std::string_view name) const {
  return present_.contains(name);
}

}  // namespace vestibule::shop
