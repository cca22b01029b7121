#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "gateway/sealer.h"
#include "gateway/ticket.h"
#include "http/headers.h"

namespace vestibule::gateway {

/// How long a challenge may be answered.
inline constexpr base::Milliseconds work_lifetime{5 * 60 * 1000};
/// By this field a browser shows its work: the challenge, a dot, and the nonce that it found.
inline constexpr std::string_view work_header = "X-Vestibule-Proof";

/// What a browser is asked to solve: a nonce of 1 to 16 decimal digits so that SHA-256 of
/// `text.nonce` begins with `bits` zero bits, which takes 2^bits attempts on average.
struct WorkChallenge {
  std::string text;  ///< base64url
  unsigned bits = 0;
};

/// Why work was not taken.
enum class WorkVerdict {
  good,
  malformed,  ///< no challenge, dot and nonce
  foreign,    ///< a challenge that we did not make, or made for another ticket
  stale,
  too_little  ///< the hash has fewer zero bits than the challenge asks for
};

/// Proof of work before a guest is made (decision 0018). Nothing is stored: a challenge is sealed
/// for one ticket, and a ticket makes one guest, so that one work is good for one guest.
/// Thread-safe.
class ProofOfWork {
 public:
  /// `bits` is 1 to 30.
  ProofOfWork(const Sealer& sealer, unsigned bits) : sealer_(sealer), bits_(bits) {}

  WorkChallenge issue(const Ticket& ticket, base::Time now) const;
  /// `proof` is what `work_header` holds. The difficulty is the challenge's own.
  WorkVerdict check(const Ticket& ticket, std::string_view proof, base::Time now) const;

 private:
  const Sealer& sealer_;
  unsigned bits_;
};

/// The work that a request shows; empty without any, and with two.
std::string shown_work(const http::HeaderList& headers);

}  // namespace vestibule::gateway
