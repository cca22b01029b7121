#include "gateway/input.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "base/text.h"
#include "http/forms.h"

namespace vestibule::gateway {

namespace json = boost::json;
using base::ErrorKind;
using base::fail;

namespace {

constexpr std::size_t longest_name = 200;

std::unexpected<base::Error> bad_body(std::string message) {
  return fail(ErrorKind::invalid, "body", std::move(message));
}

/// In well-formed JSON without inner objects each colon outside a text belongs to one member.
std::size_t members_written(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ':') ++count;
    if (text[i] != '"') continue;
    for (++i; i < text.size() && text[i] != '"'; ++i) {
      if (text[i] == '\\') ++i;
    }
  }
  return count;
}

base::Result<Input> read_json(const std::string& body) {
  boost::system::error_code error;
  const auto value = json::parse(body, error);
  if (error || !value.is_object()) return bad_body("the body is not a JSON object");
  Input input{BodyKind::json, {}};
  for (const auto& [name, member] : value.get_object()) {
    if (member.is_string()) {
      input.values.emplace(name, std::string_view(member.get_string()));
    } else if (member.is_bool()) {
      if (member.get_bool()) input.values.emplace(name, "1");
    } else if (!member.is_null()) {
      return bad_body("the member '" + std::string(name) + "' has to be a text");
    }
  }
  // The parser keeps the last of several members of one name.
  if (members_written(body) != value.get_object().size())
    return bad_body("a member is there twice");
  return input;
}

base::Result<Input> read_form(const std::string& body) {
  const auto form = http::Form::parse(body);
  // The body as a whole is at fault, not a field that a person could correct.
  if (!form) return fail(form.error().kind, "body", form.error().message);
  if (const auto name = form->first_duplicate())
    return bad_body("the field '" + std::string(*name) + "' is there twice");
  Input input{BodyKind::form, {}};
  for (const auto& [name, value] : form->fields()) input.values.emplace(name, value);
  return input;
}

std::string_view text_member(const json::object& object, std::string_view name) {
  const auto* const member = object.if_contains(name);
  return member != nullptr && member->is_string() ? std::string_view(member->get_string())
                                                  : std::string_view{};
}

void check_name(const std::string& field, const std::string& value, FieldErrors& errors) {
  const auto length = base::count_code_points(value);
  if (base::trim(value).empty()) {
    errors[field] = "is missing";
  } else if (!length || base::has_control_character(value)) {
    errors[field] = "has characters that no name has";
  } else if (*length > longest_name) {
    errors[field] = "is longer than 200 characters";
  }
}

}  // namespace

std::string read_work(const http::Request& request) {
  if (auto shown = shown_work(request.headers); !shown.empty()) return shown;
  boost::system::error_code error;
  const auto body = json::parse(request.body, error);
  const auto* const object = error ? nullptr : body.if_object();
  const auto* const work = object == nullptr ? nullptr : object->if_contains("proof_of_work");
  if (work == nullptr || !work->is_object()) return {};
  const auto challenge = text_member(work->get_object(), "challenge");
  const auto nonce = text_member(work->get_object(), "nonce");
  return challenge.empty() ? std::string() : std::string(challenge) + "." + std::string(nonce);
}

std::string Input::get(const std::string& name) const {
  const auto found = values.find(name);
  return found == values.end() ? std::string{} : found->second;
}

base::Result<Input> read_input(const http::Request& request) {
  const auto type = http::media_type(request.headers);
  if (type == "application/x-www-form-urlencoded") return read_form(request.body);
  if (request.body.empty()) return Input{};
  if (type == "application/json") return read_json(request.body);
  return fail(ErrorKind::invalid, "media_type",
              "the body has to be application/json or application/x-www-form-urlencoded");
}

CheckedUpgrade check_upgrade(const Input& input) {
  CheckedUpgrade checked;
  auto& form = checked.form;
  form.given_name = base::trim(input.get("given_name"));
  form.family_name = base::trim(input.get("family_name"));
  form.email = base::trim(input.get("email"));
  form.password = base::Secret(input.get("password"));
  check_name("given_name", form.given_name, checked.errors);
  check_name("family_name", form.family_name, checked.errors);
  if (form.email.empty()) {
    checked.errors["email"] = "is missing";
  } else if (!base::email_key(form.email)) {
    checked.errors["email"] = "is not an e-mail address";
  }
  if (form.password.empty()) checked.errors["password"] = "is missing";
  return checked;
}

}  // namespace vestibule::gateway
