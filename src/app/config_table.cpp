#include "app/config_table.h"

#include <fmt/core.h>
#include <toml++/toml.h>

#include <charconv>
#include <optional>
#include <set>

namespace vestibule::app {

struct ConfigTable::Document {
  std::string file;
  toml::table owned;
  const toml::table* table = &owned;  // part of another document for the tables of an array
  std::vector<Override> overrides;
  std::set<std::string, std::less<>> asked;

  const toml::node* find(std::string_view key) {
    asked.insert(std::string(key));
    return table->at_path(key).node();
  }
  std::string place(const toml::node& node) const {
    return fmt::format("{}:{}", file, node.source().begin.line);
  }
};

ConfigTable::ConfigTable(const std::string& file, std::vector<ConfigMistake>& mistakes)
    : document_(std::make_unique<Document>()), mistakes_(&mistakes) {
  document_->file = file;
  if (file.empty()) return;
  try {
    document_->owned = toml::parse_file(file);
  } catch (const toml::parse_error& error) {
    const auto line = error.source().begin.line;
    mistakes.push_back(
        {line > 0 ? fmt::format("{}:{}", file, line) : file, std::string(error.description())});
  }
}
ConfigTable::ConfigTable(std::unique_ptr<Document> document, std::vector<ConfigMistake>& mistakes)
    : document_(std::move(document)), mistakes_(&mistakes) {}
ConfigTable::~ConfigTable() = default;
ConfigTable::ConfigTable(ConfigTable&&) noexcept = default;

void ConfigTable::put(const Override& value) {
  document_->overrides.push_back(value);
}

const Override* ConfigTable::find_override(std::string_view key) {
  document_->asked.insert(std::string(key));
  const Override* last = nullptr;
  for (const auto& value : document_->overrides) {
    if (value.key == key) last = &value;
  }
  return last;
}

std::string ConfigTable::where(std::string_view key) const {
  for (auto it = document_->overrides.rbegin(); it != document_->overrides.rend(); ++it) {
    if (it->key == key) return it->where;
  }
  if (const auto* node = document_->table->at_path(key).node()) return document_->place(*node);
  return document_->file.empty() ? "configuration" : document_->file;
}

void ConfigTable::wrong(std::string_view key, std::string what) {
  mistakes_->push_back({where(key), fmt::format("{}: {}", key, what)});
}

void ConfigTable::text(std::string_view key, std::string& out) {
  if (const auto* given = find_override(key)) {
    out = given->value;
  } else if (const auto* node = document_->find(key)) {
    if (const auto* value = node->as_string()) {
      out = value->get();
    } else {
      wrong(key, "has to be a string");
    }
  }
}

void ConfigTable::required_text(std::string_view key, std::string& out) {
  text(key, out);
  if (out.empty()) {
    const auto line = document_->table->source().begin.line;
    mistakes_->push_back(
        {fmt::format("{}:{}", document_->file, line), fmt::format("{} is missing", key)});
  }
}

void ConfigTable::boolean(std::string_view key, bool& out) {
  if (const auto* given = find_override(key)) {
    if (given->value != "true" && given->value != "false") {
      wrong(key, "has to be true or false");
    } else {
      out = given->value == "true";
    }
  } else if (const auto* node = document_->find(key)) {
    if (const auto* value = node->as_boolean()) {
      out = value->get();
    } else {
      wrong(key, "has to be true or false");
    }
  }
}

void ConfigTable::duration(std::string_view key, base::Seconds& out) {
  std::string spelled;
  if (const auto* given = find_override(key)) {
    spelled = given->value;
  } else if (const auto* node = document_->find(key)) {
    if (const auto* number = node->as_integer()) {
      spelled = std::to_string(number->get());
    } else if (const auto* value = node->as_string()) {
      spelled = value->get();
    } else {
      spelled = "?";
    }
  } else {
    return;
  }
  if (const auto value = parse_duration(spelled)) {
    out = *value;
  } else {
    wrong(key, "has to be a duration such as 30d, 12h, 10m or 45s");
  }
}

void ConfigTable::read_integer(std::string_view key, std::int64_t& out, std::int64_t least,
                               std::int64_t most) {
  std::optional<std::int64_t> value;
  if (const auto* given = find_override(key)) {
    std::int64_t parsed = 0;
    const auto* const end = given->value.data() + given->value.size();
    const auto [stop, error] = std::from_chars(given->value.data(), end, parsed);
    if (error == std::errc{} && stop == end) value = parsed;
  } else if (const auto* node = document_->find(key)) {
    if (const auto* number = node->as_integer()) value = number->get();
  } else {
    return;
  }
  if (!value || *value < least || *value > most) {
    wrong(key, fmt::format("has to be an integer between {} and {}", least, most));
  } else {
    out = *value;
  }
}

void ConfigTable::number(std::string_view key, double& out, double least, double most) {
  std::optional<double> value;
  if (const auto* given = find_override(key)) {
    char* end = nullptr;
    const double parsed = std::strtod(given->value.c_str(), &end);
    if (!given->value.empty() && *end == '\0') value = parsed;
  } else if (const auto* node = document_->find(key)) {
    value = node->value<double>();
  } else {
    return;
  }
  if (!value || *value < least || *value > most) {
    wrong(key, fmt::format("has to be a number between {} and {}", least, most));
  } else {
    out = *value;
  }
}

void ConfigTable::strings(std::string_view key, std::vector<std::string>& out) {
  if (const auto* given = find_override(key)) {
    out.clear();
    std::string_view rest = given->value;
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(','), rest.size());
      if (comma > 0) out.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return;
  }
  const auto* node = document_->find(key);
  if (node == nullptr) return;
  const auto* array = node->as_array();
  if (array == nullptr || !(array->empty() || array->is_homogeneous<std::string>())) {
    wrong(key, "has to be a list of strings");
    return;
  }
  out.clear();
  for (const auto& element : *array) out.push_back(element.as_string()->get());
}

void ConfigTable::each(std::string_view key, const std::function<void(ConfigTable&)>& read) {
  if (find_override(key) != nullptr) {
    wrong(key, "stands in the file only");
    return;
  }
  const auto* node = document_->find(key);
  if (node == nullptr) return;
  const auto* array = node->as_array();
  if (array == nullptr || !(array->empty() || array->is_array_of_tables())) {
    wrong(key, "has to be an array of tables");
    return;
  }
  for (const auto& element : *array) {
    auto part = std::make_unique<Document>();
    part->file = document_->file;
    part->table = element.as_table();
    ConfigTable table{std::move(part), *mistakes_};
    read(table);
    table.report_unknown();
  }
}

void ConfigTable::report_unknown() {
  const auto walk = [&](const auto& self, const toml::table& table,
                        const std::string& prefix) -> void {
    for (const auto& [name, node] : table) {
      const auto key = prefix + std::string(name.str());
      if (document_->asked.contains(key)) continue;
      const auto* inner = node.as_table();
      const auto begins = document_->asked.lower_bound(key + ".");
      const bool is_section = begins != document_->asked.end() && begins->starts_with(key + ".");
      if (inner != nullptr && is_section) {
        self(self, *inner, key + ".");
      } else {
        mistakes_->push_back({document_->place(node), fmt::format("{} is not a setting", key)});
      }
    }
  };
  walk(walk, *document_->table, "");
  for (const auto& value : document_->overrides) {
    if (!document_->asked.contains(value.key)) {
      mistakes_->push_back({value.where, fmt::format("{} is not a setting", value.key)});
    }
  }
}

}  // namespace vestibule::app
