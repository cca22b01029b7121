#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "store/store.h"

namespace vestibule::events {

/// Refused attempts to sign in, on their way to the audit log. Strangers make as many as they like,
/// so they are gathered here and told in few lines: for each user the first at once and what else
/// comes within a minute in one line at its end, for at most 200 users a minute; the rest, and
/// attempts with names that lead to nobody, are told together, under nobody. Nothing is written on
/// the answering path, so that a failure takes the same time whether the account exists. What is
/// gathered when the process is killed is lost. Thread-safe.
class RefusedAttempts {
 public:
  static constexpr std::size_t most_users = 200;
  static constexpr base::Milliseconds window{60'000};

  /// Gathers one attempt, of `user` or of nobody. `outcome` is a stable word, of static storage.
  void note(base::UserId user, std::string_view outcome, std::string_view address, base::Time now);

  enum class Which { due, all };
  /// Writes the lines that are due, or at the end all that there are; in one unit.
  void write(store::Store& store, base::Time now, Which which = Which::due);

 private:
  struct Gathered {
    base::Time since;
    std::int64_t untold = 0;
    bool told = false;  ///< its first line
    std::string_view outcome = {};
    std::string address = {};  ///< of the last one
  };

  std::mutex mutex_;
  std::map<base::UserId, Gathered> users_;
};

}  // namespace vestibule::events
