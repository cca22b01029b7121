#include "accounts/refused_passwords.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <istream>
#include <stdexcept>

#include "base/text.h"

namespace vestibule::accounts {
namespace {

constexpr std::size_t longest = 512;

std::uint64_t fingerprint(std::string_view password) {
  static_assert(sizeof(std::size_t) == sizeof(std::uint64_t));
  return std::hash<std::string>{}(base::to_lower_ascii(password));
}

std::unexpected<base::Error> refuse(std::string message) {
  return base::fail(base::ErrorKind::invalid, "refused_file", std::move(message));
}

}  // namespace

RefusedPasswords::RefusedPasswords(std::istream& lines) {
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line.size() > longest) continue;
    if (fingerprints_.size() == most) throw std::length_error("more than 10,000,000 passwords");
    fingerprints_.push_back(fingerprint(line));
  }
  std::ranges::sort(fingerprints_);
  const auto repeated = std::ranges::unique(fingerprints_);
  fingerprints_.erase(repeated.begin(), repeated.end());
  fingerprints_.shrink_to_fit();
}

base::Result<RefusedPasswords> RefusedPasswords::load(const std::string& file) {
  std::error_code unreadable;
  if (!std::filesystem::is_regular_file(file, unreadable)) {
    return refuse("there is no file " + file + " with refused passwords");
  }
  std::ifstream lines{file};
  if (!lines) return refuse("cannot read the refused passwords in " + file);
  try {
    RefusedPasswords list{lines};
    if (lines.bad()) return refuse("cannot read the refused passwords in " + file);
    return list;
  } catch (const std::length_error& error) {
    return refuse(file + ": " + error.what());
  }
}

bool RefusedPasswords::contains(const base::Secret& password) const {
  return !fingerprints_.empty() &&
         std::ranges::binary_search(fingerprints_, fingerprint(password.reveal()));
}

}  // namespace vestibule::accounts
