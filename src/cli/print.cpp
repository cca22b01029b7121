#include "cli/print.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/clock.h"

namespace vestibule::cli {
namespace {

namespace json = boost::json;

std::string spell(const json::value& value) {
  if (value.is_string()) return std::string(value.as_string());
  if (value.is_null()) return "";
  if (const auto* items = value.if_array()) {
    std::string out;
    for (const auto& item : *items) out += (out.empty() ? "" : " ") + spell(item);
    return out;
  }
  return json::serialize(value);
}

}  // namespace

std::string text(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value == nullptr ? std::string{} : spell(*value);
}

void print_table(const json::object& result, std::string_view list,
                 const std::vector<std::string>& columns) {
  std::vector<std::vector<std::string>> rows{columns};
  for (const auto& item : result.at(list).as_array()) {
    auto& row = rows.emplace_back();
    for (const auto& column : columns) row.push_back(text(item.as_object(), column));
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto width = std::ranges::max(rows, {}, [i](const auto& r) { return r[i].size(); });
      line += i + 1 == columns.size() ? row[i] : fmt::format("{:<{}}  ", row[i], width[i].size());
    }
    fmt::print("{}\n", line);
  }
}

ProgressBar::ProgressBar()
    : terminal_(isatty(STDERR_FILENO) != 0),
      started_ms_(base::to_milliseconds(base::SystemClock{}.now())) {}

void ProgressBar::show(const json::object& step) {
  if (!terminal_) return;
  const auto done = static_cast<double>(step.at("done").as_int64());
  const auto total = std::max(done, static_cast<double>(step.at("total").as_int64()));
  const auto elapsed =
      static_cast<double>(base::to_milliseconds(base::SystemClock{}.now()) - started_ms_) / 1000.0;
  const auto rate = elapsed > 0 ? done / elapsed : 0;
  const auto share = total > 0 ? done / total : 1;
  constexpr int width = 30;
  const auto filled = static_cast<std::size_t>(share * width);
  fmt::print(stderr, "\r[{:<{}}] {:3.0f} %  {:.0f} of {:.0f}  {:.0f}/s  {:.0f} s left \x1b[K",
             std::string(filled, '#'), width, share * 100, done, total, rate,
             rate > 0 ? (total - done) / rate : 0);
  std::fflush(stderr);
  shown_ = true;
}

void ProgressBar::clear() {
  if (shown_) fmt::print(stderr, "\r\x1b[K");
  shown_ = false;
}

}  // namespace vestibule::cli
