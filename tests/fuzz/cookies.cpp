// The first line is a cookie's name, the rest the Cookie field: lookups agree with the list, and
// what is taken out is gone by any spelling.
#include "http/cookies.h"

#include <algorithm>
#include <stdexcept>

#include "fuzz.h"

namespace vestibule::fuzz {

void run(std::string_view input) {
  const auto [name, field] = split_line(input);
  const http::HeaderList headers{{"Cookie", std::string(field)}};
  const http::Cookies cookies(headers);
  const auto found = cookies.find(name);
  const auto count =
      std::ranges::count(cookies.all(), name, [](const auto& cookie) { return cookie.first; });
  require(found.single() == (count == 1) && found.duplicated() == (count > 1),
          "a lookup counts what is there");

  if (!name.empty() && http::valid_field_name(name)) {
    const http::HeaderList kept{{"Cookie", http::without_cookies(headers, {std::string(name)})}};
    require(http::Cookies(kept).find(name).state == http::CookieLookup::State::absent,
            "a cookie that was taken out is gone");
    require(http::without_cookies(kept, {std::string(name)}) == kept.begin()->value,
            "taking out twice is taking out once");
  }

  http::SetCookie cookie;
  cookie.name = name;
  cookie.value = field;
  try {
    const auto text = cookie.to_string();
    require(text.find_first_of("\r\n") == std::string::npos, "no answer is split");
    const auto pair = text.substr(0, text.find(';'));
    const http::Cookies back(http::HeaderList{{"Cookie", pair}});
    require(back.all().size() == 1 && back.find(name).value == field,
            "a cookie that is set comes back as it was");
  } catch (const std::invalid_argument&) {  // the contract for what no cookie can carry
  }
}

}  // namespace vestibule::fuzz
