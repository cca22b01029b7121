#pragma once

#include <memory>
#include <utility>

#include "base/clock.h"
#include "base/random.h"
#include "sessions/sessions.h"
#include "store/testing.h"

namespace vestibule::sessions {

/// For tests: sessions on a real SQLite store.
struct TestWorld {
  std::unique_ptr<store::Store> store = store::open_temporary();
  base::FakeClock clock;
  base::FakeRandom random;
  EndedSessions ended;
  Sessions sessions{ended};

  base::Time now() const { return clock.now(); }
  void pass(base::Milliseconds time) { clock.advance(time); }
  template <class F>
  auto write(F unit) {
    return store->write(std::move(unit));
  }
  base::SessionId new_id() { return {base::Uuid::make(now(), random)}; }

  Session add(base::UserId user, Kind kind = Kind::gateway,
              std::optional<base::SessionId> parent = {}) {
    const Session session{.id = new_id(),
                          .user = user,
                          .kind = kind,
                          .created_at = now(),
                          .rotated_at = now(),
                          .expires_at = now() + std::chrono::days(30),
                          .parent = parent};
    write([&](store::Transaction& tx) { sessions.insert(tx, session); });
    return session;
  }
  std::optional<Session> find(base::SessionId id) {
    return store->read([&](store::Transaction& tx) { return sessions.find(tx, id, now()); });
  }
  RotationResult rotate(base::SessionId id, std::uint32_t generation) {
    return write([&](store::Transaction& tx) {
      return sessions.rotate(tx, id, generation, now(), now() + std::chrono::days(30));
    });
  }
  void end(base::SessionId id) {
    write([&](store::Transaction& tx) { sessions.end(tx, id, now()); });
  }
  void end_all(base::UserId user) {
    write([&](store::Transaction& tx) { sessions.end_all(tx, user, now()); });
  }
};

}  // namespace vestibule::sessions
