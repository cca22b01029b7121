#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vestibule::http {

/// Compares field names: ASCII case-insensitive (RFC 9110 section 5.1).
bool equal_names(std::string_view a, std::string_view b);

struct Header {
  std::string name;
  std::string value;
  bool operator==(const Header&) const = default;
};

/// Fields in the order in which they came, duplicates included. Names are compared without regard
/// to case and kept as written.
class HeaderList {
 public:
  HeaderList() = default;
  HeaderList(std::initializer_list<Header> fields) : fields_(fields) {}

  void add(std::string name, std::string value) {
    fields_.push_back({std::move(name), std::move(value)});
  }
  /// Replaces every field of that name by one.
  void set(std::string name, std::string value);
  /// Removes every field of that name and says how many there were.
  std::size_t remove(std::string_view name);

  /// The first value. Where a second one would be an attack, ask count() as well.
  std::optional<std::string_view> find(std::string_view name) const;
  std::vector<std::string_view> find_all(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  bool contains(std::string_view name) const { return find(name).has_value(); }

  bool empty() const { return fields_.empty(); }
  std::size_t size() const { return fields_.size(); }
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  void reserve(std::size_t count) { fields_.reserve(count); }
  void clear() { fields_.clear(); }
  bool operator==(const HeaderList&) const = default;

 private:
  std::vector<Header> fields_;
};

/// True if a comma-separated list field (RFC 9110 section 5.6.1) has `token` as an element.
bool list_contains(std::string_view list, std::string_view token);

/// A field name is a token; a value has no control character but tab (RFC 9110 section 5.5).
bool valid_field_name(std::string_view name);
bool valid_field_value(std::string_view value);

}  // namespace vestibule::http
