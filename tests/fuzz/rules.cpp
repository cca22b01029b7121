// The first line is a rule's pattern, the rest a target: the same resource is matched by any of its
// spellings.
#include "gateway/rules.h"

#include "fuzz.h"

namespace vestibule::fuzz {

void run(std::string_view input) {
  const auto [pattern, target] = split_line(input);
  const auto parsed = gateway::PathPattern::parse(pattern);
  const auto rules = gateway::Rules::compile({{"GET", std::string(pattern), {}}});
  require(parsed.has_value() == rules.has_value(), "a rule is as good as its pattern");
  const auto path = gateway::decode_target_path(target);
  if (!parsed || !path) return;
  const bool matched = rules->matches("GET", *path);
  require(matched == parsed->matches(gateway::split_path(*path)), "one answer");
  require(matched == rules->matches("HEAD", *path), "HEAD counts as GET");
  require(!rules->matches("POST", *path), "another method is another rule");
  require(matched == rules->matches("GET", "/" + *path), "a doubled slash evades no rule");
  require(matched == rules->matches("GET", *path + "/"), "a slash at the end evades no rule");
  require(matched == rules->matches("GET", *path + ";a=b"), "a path parameter evades no rule");
}

}  // namespace vestibule::fuzz
