#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace vestibule::cli {

/// A member as text; empty if absent.
std::string text(const boost::json::object& object, std::string_view name);

/// Prints `result[list]`, an array of objects, as aligned columns on stdout.
void print_table(const boost::json::object& result, std::string_view list,
                 const std::vector<std::string>& columns);

/// A progress bar on stderr with rate and time left, if stderr is a terminal; else nothing.
class ProgressBar {
 public:
  ProgressBar();
  /// `{"done":…,"total":…}`.
  void show(const boost::json::object& step);
  void clear();

 private:
  bool shown_ = false;
  bool terminal_;
  long long started_ms_;
};

}  // namespace vestibule::cli
