#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "jose/algorithm.h"
#include "oauth/client_names.h"
#include "oauth/client_uris.h"
#include "oauth/error.h"

namespace vestibule::oauth {

/// Reads typed members of a client's metadata (RFC 7591 section 2). A member that is absent or null
/// leaves its target as it is (RFC 7592 section 2.2); of several mistakes the first is told.
/// For .cpp files of this folder.
class MetadataReader {
 public:
  explicit MetadataReader(const boost::json::object& document) : document_(document) {}

  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// Human-readable: at most 200 bytes without control characters.
  void name(std::string_view name, std::string& out);
  void flag(std::string_view name, bool& out);
  void seconds(std::string_view name, std::int64_t least, std::int64_t most, base::Seconds& out);
  /// At most 20, of at most 2000 bytes.
  void strings(std::string_view name, std::vector<std::string>& out);
  /// One of `allowed`.
  void algorithm(std::string_view name, std::span<const jose::Algorithm> allowed,
                 std::optional<jose::Algorithm>& out);
  template <class E, std::size_t N>
  void choice(std::string_view name, const names::Names<E, N>& words, E& out) {
    const auto text = find_text(name);
    if (!text) return;
    if (const auto found = names::find_in(words, *text)) {
      out = *found;
    } else {
      refuse(name, "has a value that is not supported");
    }
  }
  /// An http or https URL without user information; `https_only` for whoever is not an operator.
  enum class Scheme { web, https_only };
  void url(std::string_view name, Scheme scheme, std::string& out);
  /// A JSON object, as text.
  void object(std::string_view name, std::string& out);
  /// The string `name`; a mistake for another type.
  std::optional<std::string> find_text(std::string_view name);

  /// Notes invalid_client_metadata, `NAME WHY`.
  void refuse(std::string_view name, std::string_view why);
  void refuse(Error error);
  Result<void> verdict() const;

 private:
  const boost::json::value* find(std::string_view name) const;

  const boost::json::object& document_;
  std::optional<Error> error_;
};

}  // namespace vestibule::oauth
