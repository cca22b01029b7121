#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gateway/answers.h"
#include "gateway/identity_provider.h"
#include "http/request.h"

namespace vestibule::gateway {

/// How the caller wrote its body, and so how it is answered: a page's script, or a form without
/// one.
enum class BodyKind { json, form };

/// The members of a flat body, all texts.
struct Input {
  BodyKind kind = BodyKind::json;
  std::map<std::string, std::string> values;

  std::string get(const std::string& name) const;
  bool has(const std::string& name) const { return values.contains(name); }
};

/// Reads a JSON object of texts, numbers and booleans (`true` is "1", `false` is left out), or a
/// form. An empty body is an empty input. Errors: `invalid`, reason `body` (malformed, a repeated
/// or nested member) or `media_type`.
base::Result<Input> read_input(const http::Request& request);

/// The work that a request shows: by `work_header`, or by its JSON body
/// `{"proof_of_work":{"challenge","nonce"}}`. Empty without any; whatever else the body holds is
/// passed over.
std::string read_work(const http::Request& request);

/// An upgrade's form with its fields checked, or the reasons per field; the password's strength is
/// the provider's to judge.
struct CheckedUpgrade {
  UpgradeForm form;
  FieldErrors errors;
};
CheckedUpgrade check_upgrade(const Input& input);

}  // namespace vestibule::gateway
