#pragma once

#include <boost/json/object.hpp>
#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

namespace vestibule::app {

/// Told while a command runs: `{"done":…,"total":…}`, or a line of what is asked for as it comes.
/// Called on the command's thread.
class Progress {
 public:
  /// `tell` takes each line; `wanted` says whether anybody is still there to read them.
  template <class Tell>
    requires std::invocable<Tell&, const boost::json::object&> &&
                 (!std::same_as<std::remove_cvref_t<Tell>, Progress>)
  // NOLINTNEXTLINE(google-explicit-constructor): a lambda is a Progress
  Progress(
      Tell&& tell, std::function<bool()> wanted = [] { return true; })
      : tell_(std::forward<Tell>(tell)), wanted_(std::move(wanted)) {}

  void operator()(const boost::json::object& line) const { tell_(line); }
  /// False when the caller has gone away or takes no more: a command that only tells may end then.
  /// One that changes something goes on.
  bool wanted() const { return wanted_(); }

 private:
  std::function<void(const boost::json::object&)> tell_;
  std::function<bool()> wanted_;
};

}  // namespace vestibule::app
