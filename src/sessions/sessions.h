#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "sessions/ended.h"
#include "store/id_group.h"
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

/// The longest life of a token that names a session. A token that names a gateway session is made
/// only when that session is made or rotated, so nothing living can name one left alone for longer.
inline constexpr base::Milliseconds longest_token_life{24 * 3600 * 1000};

/// Decides about a handle that was not the current one: the state machine of rotation, shared by
/// sessions and refresh families. A clock that jumped back does not lengthen the grace. A
/// generation that the store has not reached yet was given out before a restored backup: unknown.
/// The first generation is 1.
Rotation judge_replaced(std::uint32_t presented, std::uint32_t current, base::Time rotated_at,
                        base::Time now);

/// Sessions in the store. Ending one also puts its id into the ended set once that is durable, and
/// queues a notice for every client that knows it (session_clients.h).
class Sessions {
 public:
  /// `on_notices` is called after the commit that queued notices; it must not block.
  explicit Sessions(EndedSessions& ended, std::function<void()> on_notices = {})
      : ended_(ended), on_notices_(std::move(on_notices)) {}

  void insert(store::Transaction& tx, const Session& session) const;
  /// A session that has neither ended nor expired.
  std::optional<Session> find(store::Transaction& tx, base::SessionId id, base::Time now) const;
  /// Single use of a handle: rotates it, or tells why not. A reuse ends the session.
  RotationResult rotate(store::Transaction& tx, base::SessionId id, std::uint32_t generation,
                        base::Time now, base::Time new_expiry) const;
  /// Ends a session with the gateway sessions, refresh families and codes that came from it. No
  /// error if it has ended already.
  void end(store::Transaction& tx, base::SessionId id, base::Time now,
           Ending ending = Ending::over) const;
  /// True if the session ended lately: its id must not be taken into use again (a ticket that
  /// names it is replayed).
  bool has_ended(store::Transaction& tx, base::SessionId id) const;
  /// Ends every session, refresh family and code of the user, and what it has approved for devices:
  /// a change of standing (invariant 6).
  void end_all(store::Transaction& tx, base::UserId user, base::Time now) const;
  /// The same for a group of users, a statement a table.
  void end_all(store::Transaction& tx, const store::IdGroup<base::UserId>& users,
               base::Time now) const;
  /// Forgets ended ids that no live token or cookie can name any more; true if more remain.
  enum class More { no, yes };
  More forget_ended(store::Transaction& tx, base::Time ended_before, int limit) const;
  /// Deletes expired sessions, families, codes, device codes and revocations; at most `limit` of
  /// each.
  More delete_expired(store::Transaction& tx, base::Time now, int limit) const;

 private:
  void note_all_ended(store::Transaction& tx, std::vector<base::SessionId> ended,
                      const std::vector<base::SessionId>& known_to_clients, base::Time now) const;
  void note_ended(store::Transaction& tx, std::vector<base::SessionId> ids, base::Time now,
                  Ending ending) const;
  void queue_notices(store::Transaction& tx, const base::SessionId& session, base::Time now) const;

  EndedSessions& ended_;
  std::function<void()> on_notices_;
};

}  // namespace vestibule::sessions
