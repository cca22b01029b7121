#pragma once

#include <string_view>

namespace vestibule::base {

/// A file whose text became part of the program (cmake/embed.cmake).
struct EmbeddedFile {
  std::string_view name;
  std::string_view content;
};

}  // namespace vestibule::base
