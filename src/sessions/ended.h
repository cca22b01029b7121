#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "base/clock.h"
#include "base/ids.h"
#include "store/store.h"

namespace vestibule::sessions {

/// Whether the browser of an ended session may hold a newer one: after a change of standing or a
/// sign-in.
enum class Ending { over, replaced };

/// The ids of sessions that ended lately, in memory: tokens that name one are refused at once and
/// without a read (design.md section 4, "Ended sessions"). Thread-safe; reads do not contend.
class EndedSessions {
 public:
  EndedSessions();
  ~EndedSessions();

  /// Loads what the store remembers; called at start before the first request.
  void load(store::Store& store);
  bool contains(const base::SessionId& id) const;
  /// When it was replaced; nullopt if it was not, or if this process does not know.
  std::optional<base::Time> replaced_at(const base::SessionId& id) const;
  void add(std::span<const base::SessionId> ids, base::Time ended_at, Ending ending = Ending::over);
  /// Forgets what ended before; the keeper calls it with what Sessions::forget_ended was given.
  void remove_before(base::Time ended_before);
  std::size_t size() const;

 private:
  struct Shards;
  std::unique_ptr<Shards> shards_;
};

}  // namespace vestibule::sessions
