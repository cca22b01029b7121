#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace vestibule::shop {

/// `text` with the five characters that mean something to HTML replaced, in text and attributes.
std::string escape_html(std::string_view text);

using Field = std::pair<std::string_view, std::string_view>;

/// Fills the page template `pages/NAME.html`: `{{field}}` is replaced by the escaped value and
/// `{{{field}}}` by the value as it is (markup that came from another template). A name without a
/// value, or a template that is not there, is a bug: std::logic_error.
std::string fill_template(std::string_view name, std::initializer_list<Field> fields);

}  // namespace vestibule::shop
