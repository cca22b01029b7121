#include "web/scope_words.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace vestibule::web {
namespace {

using Meaning = std::pair<std::string_view, std::string_view>;
constexpr std::array meanings = {
    Meaning{oauth::scope_profile,
            "See your profile: name, picture, birthday, language and what else is there"},
    Meaning{oauth::scope_email, "See your e-mail address"},
    Meaning{oauth::scope_address, "See your postal address"},
    Meaning{oauth::scope_phone, "See your phone number"},
    Meaning{oauth::scope_offline_access, "Keep this access while you are away"},
    Meaning{oauth::scope_metadata, "See what other applications have noted about you"},
    Meaning{oauth::scope_resourceowner, "See which organization you belong to"},
    Meaning{"claim:name", "See your name"},
    Meaning{"claim:given_name", "See your given name"},
    Meaning{"claim:family_name", "See your family name"},
    Meaning{"claim:middle_name", "See your middle name"},
    Meaning{"claim:nickname", "See your nickname"},
    Meaning{"claim:preferred_username", "See your user name"},
    Meaning{"claim:profile", "See the address of your profile page"},
    Meaning{"claim:picture", "See your picture"},
    Meaning{"claim:website", "See your website"},
    Meaning{"claim:gender", "See your gender"},
    Meaning{"claim:birthdate", "See your date of birth"},
    Meaning{"claim:zoneinfo", "See your time zone"},
    Meaning{"claim:locale", "See your language"},
    Meaning{"claim:updated_at", "See when your profile was last changed"},
    Meaning{"claim:email", "See your e-mail address"},
    Meaning{"claim:email_verified", "See whether your e-mail address is confirmed"},
    Meaning{"claim:address", "See your postal address"},
    Meaning{"claim:phone_number", "See your phone number"},
    Meaning{"claim:phone_number_verified", "See whether your phone number is confirmed"},
};

}  // namespace

std::vector<pages::View> describe_words(const oauth::Scope& words) {
  std::vector<pages::View> sentences;
  for (const auto& word : words.values()) {
    const auto found = std::ranges::find(meanings, std::string_view(word), &Meaning::first);
    if (found != meanings.end()) sentences.push_back(pages::View{}.set("word", found->second));
  }
  return sentences;
}

}  // namespace vestibule::web
