#include "gateway/proof_of_work.h"

#include <algorithm>
#include <bit>

#include "base/crypto.h"
#include "gateway/pack.h"

namespace vestibule::gateway {

namespace {

constexpr std::uint8_t format_version = 1;
constexpr std::size_t longest_nonce = 16;
// A clock of another node may be ahead.
constexpr base::Milliseconds clock_difference{60 * 1000};

bool is_nonce(std::string_view text) {
  return !text.empty() && text.size() <= longest_nonce &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

unsigned leading_zero_bits(std::string_view bytes) {
  unsigned zeros = 0;
  for (const char byte : bytes) {
    zeros += static_cast<unsigned>(std::countl_zero(static_cast<unsigned char>(byte)));
    if (byte != 0) break;
  }
  return zeros;
}

}  // namespace

WorkChallenge ProofOfWork::issue(const Ticket& ticket, base::Time now) const {
  auto plain = Packer(format_version).time(now).u32(bits_).take();
  return {sealer_.seal(Purpose::work, ticket.session.token(), plain, now), bits_};
}

WorkVerdict ProofOfWork::check(const Ticket& ticket, std::string_view proof, base::Time now) const {
  const auto dot = proof.find('.');
  if (dot == std::string_view::npos || dot == 0 || !is_nonce(proof.substr(dot + 1)))
    return WorkVerdict::malformed;
  const auto plain =
      sealer_.open(Purpose::work, ticket.session.token(), proof.substr(0, dot), now, work_lifetime);
  if (!plain) return WorkVerdict::foreign;
  Unpacker unpacker(*plain, format_version);
  const auto issued_at = unpacker.time();
  const auto bits = unpacker.u32();
  if (!unpacker.complete()) return WorkVerdict::foreign;
  if (now - issued_at >= work_lifetime || issued_at - now >= clock_difference)
    return WorkVerdict::stale;
  return leading_zero_bits(base::sha256(proof)) >= bits ? WorkVerdict::good
                                                        : WorkVerdict::too_little;
}

std::string shown_work(const http::HeaderList& headers) {
  const auto fields = headers.find_all(work_header);
  return fields.size() == 1 ? std::string(fields.front()) : std::string();
}

}  // namespace vestibule::gateway
