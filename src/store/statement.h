#pragma once

#include <string_view>

namespace vestibule::store {

/// One SQL text with the name under which it is measured and reported. It can be made from string
/// literals only, so that no input ever becomes SQL, and it must have static storage: engines cache
/// the prepared form by its address. Parameters are $1, $2 …; the text is the common subset of
/// SQLite and PostgreSQL.
class Statement {
 public:
  template <std::size_t N, std::size_t M>
  consteval Statement(const char (&name)[N], const char (&sql)[M])
      : name_(name, N - 1), sql_(sql, M - 1) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  std::string_view name() const { return name_; }
  std::string_view sql() const { return sql_; }

 private:
  std::string_view name_;
  std::string_view sql_;
};

}  // namespace vestibule::store
