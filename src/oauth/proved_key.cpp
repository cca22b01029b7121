#include "oauth/proved_key.h"

#include <utility>

namespace vestibule::oauth {

Result<Parameters> with_proved_key(Parameters parameters, const std::optional<std::string>& jkt) {
  if (!jkt) return parameters;
  if (const auto named = parameters.find("dpop_jkt")) {
    if (*named == *jkt) return parameters;
    return fail("invalid_request", "dpop_jkt is not the key of the DPoP proof");
  }
  auto fields = parameters.fields();
  std::erase_if(fields, [](const auto& field) { return field.first == "dpop_jkt"; });
  fields.emplace_back("dpop_jkt", *jkt);
  return Parameters(std::move(fields));
}

}  // namespace vestibule::oauth
