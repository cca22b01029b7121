// The plain text of a sealed cookie, as an unpacker reads whatever was under a good seal.
#include "gateway/pack.h"

#include "fuzz.h"

namespace vestibule::fuzz {

void run(std::string_view input) {
  gateway::Unpacker unpacker(input, 1);
  const auto session = unpacker.session();
  const auto number = unpacker.u32();
  const auto time = unpacker.time();
  const auto text = unpacker.text();
  if (!unpacker.complete()) return;
  gateway::Packer packer(1);
  packer.session(session).u32(number).time(time).text(text);
  require(packer.take() == input, "what was read whole is written again as it was");
}

}  // namespace vestibule::fuzz
