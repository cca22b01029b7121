// A form that is accepted and written again reads the same; so does any percent-encoded text.
#include "http/forms.h"

#include "base/encoding.h"
#include "base/text.h"
#include "fuzz.h"

namespace vestibule::fuzz {

void run(std::string_view input) {
  if (const auto form = http::Form::parse(input)) {
    for (const auto& [name, value] : form->fields()) {
      require(base::count_code_points(name) && base::count_code_points(value), "fields are UTF-8");
      require(form->find(name).has_value(), "a field is found by its name");
      require(form->duplicated(name) == (form->all(name).size() > 1), "duplicates are counted");
    }
    require(form->fields().size() <= http::Form::default_limit, "the limit holds");
    const auto again = http::Form::parse(http::encode_form(form->fields()));
    require(again && again->fields() == form->fields(), "a form written again is the same form");
  }
  for (const auto plus : {base::PlusMeaning::literal, base::PlusMeaning::space}) {
    require(base::percent_decode(base::percent_encode(input), plus) == input,
            "percent-encoding comes back");
  }
  if (const auto bytes = base::from_base64url(input))
    require(base::to_base64url(*bytes) == input, "each value has one base64url spelling");
  require(base::from_base64url(base::to_base64url(input)) == input, "base64url comes back");
  require(base::from_base64(base::to_base64(input)) == input, "base64 comes back");
  require(base::from_hex(base::to_hex(input)) == input, "hexadecimal comes back");
  if (const auto key = base::email_key(input)) {
    require(key->size() <= 254 && base::email_key(*key) == key, "an address's key is its own key");
  }
}

}  // namespace vestibule::fuzz
