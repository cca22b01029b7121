#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "app/config.h"

namespace vestibule::app {

/// A TOML document that is read key by key. It remembers which keys were asked for, so that what
/// nobody asked for can be told as a mistake with its line.
class ConfigTable {
 public:
  /// Reads and parses `file`; none if empty. A file that cannot be read or parsed is a mistake.
  ConfigTable(const std::string& file, std::vector<ConfigMistake>& mistakes);
  ~ConfigTable();
  ConfigTable(ConfigTable&&) noexcept;

  /// Puts a value over the file's. A list is given as `a,b,c`.
  void put(const Override& value);

  void text(std::string_view key, std::string& out);
  void required_text(std::string_view key, std::string& out);
  void boolean(std::string_view key, bool& out);
  void duration(std::string_view key, base::Seconds& out);
  void number(std::string_view key, double& out, double least, double most);
  void strings(std::string_view key, std::vector<std::string>& out);
  template <class Integer>
  void integer(std::string_view key, Integer& out, std::int64_t least, std::int64_t most) {
    static_assert(std::is_integral_v<Integer>);
    auto value = static_cast<std::int64_t>(out);
    read_integer(key, value, least, most);
    out = static_cast<Integer>(value);
  }
  /// `out` is an enumeration, or an optional one that stays empty if the key is not there.
  template <class Out>
  void choice(std::string_view key, Out& out,
              std::initializer_list<std::pair<std::string_view, Out>> names) {
    std::string word;
    text(key, word);
    if (word.empty()) return;
    std::string known;
    for (const auto& [name, value] : names) {
      if (word == name) {
        out = value;
        return;
      }
      known += known.empty() ? "" : ", ";
      known += name;
    }
    wrong(key, "has to be one of " + known);
  }
  /// Calls `read` for each table of an array of tables.
  void each(std::string_view key, const std::function<void(ConfigTable&)>& read);

  /// Tells each key that was never asked for.
  void report_unknown();
  /// Where the key's value stands, or the file.
  std::string where(std::string_view key) const;

 private:
  struct Document;
  ConfigTable(std::unique_ptr<Document> document, std::vector<ConfigMistake>& mistakes);
  void read_integer(std::string_view key, std::int64_t& out, std::int64_t least, std::int64_t most);
  void wrong(std::string_view key, std::string what);
  const Override* find_override(std::string_view key);

  std::unique_ptr<Document> document_;
  std::vector<ConfigMistake>* mistakes_;
};

}  // namespace vestibule::app
