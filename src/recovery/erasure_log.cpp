#include "recovery/erasure_log.h"

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "store/file.h"

namespace vestibule::recovery {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

constexpr int batch = 1000;

template <class IdType>
IdType id_in(const json::object& document, std::string_view name) {
  const auto id = base::parse_id<IdType>(document.at(name).as_string());
  if (!id) throw std::invalid_argument("no id");
  return *id;
}

guests::Erasure read(const json::object& document) {
  guests::Erasure erasure{
      .user = id_in<base::UserId>(document, "user_id"),
      .erased_at = base::from_milliseconds(document.at("erased_at").to_number<std::int64_t>()),
      .reason = std::string(document.at("reason").as_string())};
  if (const auto* subject = document.if_contains("subject")) {
    erasure.chosen_subject = std::string(subject->as_string());
  }
  if (!document.contains("merge_id")) return erasure;
  auto& merge = erasure.merge.emplace();
  merge.merge = id_in<base::MergeId>(document, "merge_id");
  merge.target = id_in<base::UserId>(document, "target_id");
  merge.target_subject = document.at("target_subject").as_string();
  for (const auto& name : document.at("applications").as_array()) {
    merge.applications.emplace_back(name.as_string());
  }
  return erasure;
}

/// A line that was cut off begins as one and does not end as one.
bool is_cut_off(std::string_view line) {
  return line.starts_with('{') && !line.ends_with('}');
}

std::unexpected<base::Error> malformed(const fs::path& log, std::size_t number) {
  return base::fail(base::ErrorKind::invalid, "erasures_malformed",
                    log.string() + ':' + std::to_string(number) + ": not an erasure");
}

}  // namespace

fs::path erasure_log_of(const fs::path& data) {
  return data / "erasures.jsonl";
}

std::string to_line(const guests::Erasure& erasure) {
  json::object line{{"user_id", base::to_string(erasure.user)},
                    {"erased_at", base::to_milliseconds(erasure.erased_at)},
                    {"reason", erasure.reason}};
  if (erasure.chosen_subject) line["subject"] = *erasure.chosen_subject;
  if (erasure.merge) {
    line["merge_id"] = base::to_string(erasure.merge->merge);
    line["target_id"] = base::to_string(erasure.merge->target);
    line["target_subject"] = erasure.merge->target_subject;
    line["applications"] =
        json::array(erasure.merge->applications.begin(), erasure.merge->applications.end());
  }
  return json::serialize(line) + '\n';
}

std::optional<guests::Erasure> parse_erasure(std::string_view line) {
  boost::system::error_code broken;
  const auto document = json::parse(line, broken);
  if (broken || !document.is_object()) return std::nullopt;
  try {
    return read(document.as_object());
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::int64_t export_erasures(store::Store& store, const fs::path& log,
                             const std::stop_token& stop) {
  std::int64_t count = 0;
  while (!stop.stop_requested()) {
    const auto waiting =
        store.read([](store::Transaction& tx) { return guests::list_erasures(tx, batch); });
    if (waiting.empty()) break;
    std::string lines;
    for (const auto& [number, erasure] : waiting) lines += to_line(erasure);
    store::append_lines(log, lines);
    store.write(
        [&](store::Transaction& tx) { guests::forget_erasures(tx, waiting.back().number); });
    count += static_cast<std::int64_t>(waiting.size());
  }
  return count;
}

base::Result<std::vector<guests::Erasure>> read_erasures(const fs::path& log) {
  std::vector<guests::Erasure> found;
  if (!fs::exists(log)) return found;
  std::ifstream file(log);
  std::size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || is_cut_off(line)) continue;
    auto erasure = parse_erasure(line);
    if (!erasure) return malformed(log, number);
    found.push_back(*std::move(erasure));
  }
  if (!file.eof() || file.bad()) {
    return base::fail(base::ErrorKind::unavailable, "erasures_unreadable",
                      log.string() + " cannot be read");
  }
  return found;
}

}  // namespace vestibule::recovery
