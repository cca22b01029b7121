// The first line chooses a message, the rest is its JSON: syntax agrees with another parser, and a
// message is either read as a typed request or refused with a reason that names a place inside it.
#include <array>
#include <boost/json/parse.hpp>
#include <functional>

#include "fuzz.h"
#include "zitadel/messages.h"
#include "zitadel/requests.h"

namespace vestibule::fuzz {
namespace {

using zitadel::Record;
namespace messages = zitadel::messages;

struct Call {
  const zitadel::Message* message;
  std::function<bool(const Record&)> read = [](const Record&) { return true; };
};

template <class Read>
std::function<bool(const Record&)> reader(Read read) {
  return [read](const Record& record) {
    const auto request = read(record);
    return request.has_value() || !request.error().message.empty();
  };
}

const std::vector<Call>& calls() {
  static const std::vector<Call> all{
      {&messages::create_user, reader(zitadel::read_create_user)},
      {&messages::add_human_user, reader(zitadel::read_add_human_user)},
      {&messages::update_user, reader(zitadel::read_update_user)},
      {&messages::update_human_user, reader(zitadel::read_update_human_user)},
      {&messages::set_password, reader(zitadel::read_set_password)},
      {&messages::set_user_metadata,
       [](const Record& record) {
         static_cast<void>(zitadel::read_metadata(record));
         return true;
       }},
      {&messages::list_users},
      {&messages::list_user_metadata},
      {&messages::delete_user_metadata},
      {&messages::set_security_settings},
      {&messages::set_email,
       [](const Record& record) { return zitadel::read_set_email(record).email.has_value(); }},
      {&messages::set_phone,
       [](const Record& record) { return zitadel::read_set_phone(record).phone.has_value(); }},
      {&messages::password_reset},
      {&messages::add_key},
      {&messages::list_keys},
      {&messages::add_member},
  };
  return all;
}

/// Whether Boost.JSON, as strict as it can be, reads it.
bool boost_reads(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = 64;
  boost::json::error_code error;
  boost::json::parse({text.data(), text.size()}, error, {}, options);
  return !error;
}

void check_places(const zitadel::JsonNode& node, std::string_view text) {
  require(node.offset < text.size(), "a value stands inside its text");
  for (const auto& item : node.items) check_places(item, text);
  for (const auto& member : node.members) {
    require(member.name_offset < member.value.offset, "a name stands before its value");
    check_places(member.value, text);
  }
}

}  // namespace

void run(std::string_view input) {
  const auto [choice, text] = split_line(input);
  const auto node = zitadel::read_json(text);
  if (!node) {
    require(node.error().offset <= text.size(), "a fault stands inside its text");
    const auto place = zitadel::position_of(text, node.error().offset);
    require(place.line >= 1 && place.column >= 1, "a fault has a line and a column");
    require(!boost_reads(text) || node.error().kind == zitadel::JsonFault::Kind::too_deep,
            "what another parser reads is JSON");
    return;
  }
  // Numbers beyond a double are JSON, and Boost refuses them.
  require(
      boost_reads(text) || text.size() > 300 || text.find_first_of("eE") != std::string_view::npos,
      "what another parser refuses is not JSON");
  check_places(*node, text);

  const auto index = choice.empty() ? 0 : static_cast<unsigned char>(choice[0]) - '0';
  const auto& call = calls()[static_cast<std::size_t>(index) % calls().size()];
  const auto record = zitadel::decode(*call.message, *node);
  if (!record) {
    require(!record.error().message.empty() && record.error().offset <= text.size(),
            "a refusal has a reason and a place");
    return;
  }
  if (const auto broken = zitadel::validate(*record)) {
    require(!broken->empty(), "a broken rule has a name");
    return;
  }
  require(call.read(*record), "a refused request has a reason");
}

}  // namespace vestibule::fuzz
