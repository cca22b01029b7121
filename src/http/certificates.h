#pragma once

#include <string>

#include "base/result.h"

namespace vestibule::http {

/// Reads a file of PEM certificates. Errors (`invalid`, reason `certificate`) name the file and
/// what is wrong with it: it cannot be read, has no certificate, or has one that is broken.
base::Result<void> check_certificates(const std::string& path);

/// Why `path` is no file that this process may read; empty if it is one.
std::string why_unreadable(const std::string& path);

}  // namespace vestibule::http
