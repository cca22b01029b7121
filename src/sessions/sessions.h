#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "sessions/ended.h"
#include "store/transaction.h"

namespace vestibule::sessions {

/// Where a browser is signed in.
enum class Kind { gateway = 1, provider = 2 };

/// A browser signed in as some user. The handle that the browser holds is (id, generation).
struct Session {
  base::SessionId id;
  base::UserId user;
  Kind kind = Kind::gateway;
  std::uint32_t generation = 1;
  base::Time created_at;
  base::Time rotated_at;
  base::Time expires_at;
  std::optional<base::Time> auth_time = {};    ///< when credentials were shown; none for a guest
  std::string amr = {};                        ///< RFC 8176 values, separated by spaces
  std::optional<base::UserId> actor = {};      ///< the service account that vouches for a guest
  std::optional<base::SessionId> parent = {};  ///< the provider session it came from
};

/// What presenting a handle led to.
enum class Rotation {
  rotated,    ///< the handle was the current one; its successor is in the session
  successor,  ///< it was replaced less than `grace` ago (another tab); the same successor
  reused,     ///< it was replaced longer ago: somebody holds an old copy; the session has ended
  unknown,    ///< no such session, or it has ended or expired
};
struct RotationResult {
  Rotation outcome = Rotation::unknown;
  std::optional<Session> session;
};

/// How long a replaced handle still leads to its successor (invariant 6).
inline constexpr base::Milliseconds rotation_grace{30'000};

/// Sessions in the store. Ending one also puts its id into the ended set once that is durable.
class Sessions {
 public:
  explicit Sessions(EndedSessions& ended) : ended_(ended) {}

  void insert(store::Transaction& tx, const Session& session) const;
  /// A session that has neither ended nor expired.
  std::optional<Session> find(store::Transaction& tx, base::SessionId id, base::Time now) const;
  /// Single use of a handle: rotates it, or tells why not. A reuse ends the session.
  RotationResult rotate(store::Transaction& tx, base::SessionId id, std::uint32_t generation,
                        base::Time now, base::Time new_expiry) const;
  void end(store::Transaction& tx, base::SessionId id, base::Time now) const;
  /// Ends every session, refresh family and code of the user: a change of standing (invariant 6).
  void end_all(store::Transaction& tx, base::UserId user, base::Time now) const;
  /// Forgets ended ids that no live token or cookie can name any more; true if more remain.
  enum class More { no, yes };
  More forget_ended(store::Transaction& tx, base::Time ended_before, int limit) const;
  /// Deletes expired sessions, families, codes and revocations; at most `limit` of each.
  More delete_expired(store::Transaction& tx, base::Time now, int limit) const;

 private:
  EndedSessions& ended_;
};

}  // namespace vestibule::sessions
