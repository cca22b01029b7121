#include "http/forms.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"

namespace vestibule::http {

namespace {

std::optional<std::string> decode(std::string_view text) {
  auto decoded = base::percent_decode(text, base::PlusMeaning::space);
  if (!decoded || decoded->find('\0') != std::string::npos || !base::count_code_points(*decoded))
    return std::nullopt;
  return decoded;
}

}  // namespace

base::Result<Form> Form::parse(std::string_view text, std::size_t limit) {
  Form form;
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto piece = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (piece.empty()) continue;
    if (form.fields_.size() == limit)
      return base::fail(base::ErrorKind::too_large, "form",
                        "more than " + std::to_string(limit) + " parameters");
    const auto equals = piece.find('=');
    auto name = decode(piece.substr(0, equals));
    auto value = equals == std::string_view::npos ? std::optional(std::string{})
                                                  : decode(piece.substr(equals + 1));
    if (!name || !value)
      return base::fail(base::ErrorKind::invalid, "form",
                        "a parameter is not percent-encoded UTF-8", name.value_or(""));
    form.fields_.emplace_back(std::move(*name), std::move(*value));
  }
  return form;
}

std::optional<std::string_view> Form::find(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

bool Form::duplicated(std::string_view name) const {
  return std::ranges::count(fields_, name, [](const auto& field) { return field.first; }) > 1;
}

std::optional<std::string_view> Form::first_duplicate() const {
  for (auto field = fields_.begin(); field != fields_.end(); ++field) {
    const auto same = [&](const auto& earlier) { return earlier.first == field->first; };
    if (std::any_of(fields_.begin(), field, same)) return field->first;
  }
  return std::nullopt;
}

std::vector<std::string_view> Form::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : fields_) {
    if (key == name) values.emplace_back(value);
  }
  return values;
}

std::string encode_form(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    if (!text.empty()) text += '&';
    text += base::percent_encode(name) + "=" + base::percent_encode(value);
  }
  return text;
}

}  // namespace vestibule::http
