#include "jose/typ.h"

#include <string>

#include "base/text.h"

namespace vestibule::jose {

bool is_type(std::string_view typ, std::string_view accepted) {
  constexpr std::string_view prefix = "application/";
  std::string name = base::to_lower_ascii(typ);
  if (name.starts_with(prefix)) name.erase(0, prefix.size());
  return base::to_lower_ascii(accepted) == name;
}

}  // namespace vestibule::jose
