#include "events/audit_seal.h"

#include <limits>
#include <stdexcept>

#include "base/crypto.h"
#include "events/audit_commitment.h"
#include "events/audit_seal_sql.h"

namespace vestibule::events {
namespace {

constexpr std::size_t offset_size = 4;
constexpr std::size_t part_size = 8;
constexpr std::size_t mark_size = offset_size + part_size;

Seal read_seal(const store::Rows& rows) {
  return {.sequence = rows.integer(0),
          .first_id = rows.integer(1),
          .last_id = rows.integer(2),
          .lines = rows.integer(3),
          .sealed_at = rows.time(4),
          .marks = std::string(rows.blob(5)),
          .digest = std::string(rows.blob(6))};
}

}  // namespace

void SealBuilder::add(std::int64_t id, std::string_view commitment) {
  if (seal_.lines == 0) seal_.first_id = id;
  const auto offset = id - seal_.first_id;
  if (offset < 0 || offset > std::numeric_limits<std::uint32_t>::max()) {
    throw std::length_error("lines of one seal are too far apart");
  }
  for (int shift = 24; shift >= 0; shift -= 8) {
    seal_.marks.push_back(static_cast<char>(offset >> shift & 0xff));
  }
  seal_.marks.append(commitment.substr(0, part_size));
  commitments_.append(commitment);
  seal_.last_id = id;
  ++seal_.lines;
}

Seal SealBuilder::finish(const base::Secret& key, const std::optional<Seal>& former,
                         base::Time now) && {
  if (seal_.lines == 0) throw std::logic_error("a seal over nothing");
  seal_.sequence = former ? former->sequence + 1 : 1;
  seal_.sealed_at = now;
  seal_.digest =
      digest_of(key, seal_, former ? std::string_view(former->digest) : "", commitments_);
  return std::move(seal_);
}

std::string digest_of(const base::Secret& key, const Seal& seal, std::string_view former_digest,
                      std::string_view commitments) {
  CanonicalBytes bytes("vestibule audit seal 1");
  bytes.add(former_digest).add(seal.sequence).add(seal.first_id).add(seal.last_id).add(seal.lines);
  bytes.add(base::to_milliseconds(seal.sealed_at)).add(std::string_view(seal.marks));
  bytes.add(commitments);
  return base::hmac_sha256(key, bytes.bytes());
}

std::optional<std::vector<LineMark>> read_marks(const Seal& seal) {
  const std::string_view bytes = seal.marks;
  if (bytes.empty() || bytes.size() % mark_size != 0) return std::nullopt;
  std::vector<LineMark> marks;
  for (std::size_t at = 0; at < bytes.size(); at += mark_size) {
    std::int64_t offset = 0;
    for (const char byte : bytes.substr(at, offset_size)) {
      offset = offset << 8 | static_cast<unsigned char>(byte);
    }
    marks.push_back({seal.first_id + offset, bytes.substr(at + offset_size, part_size)});
    if (marks.size() > 1 && marks.back().id <= marks[marks.size() - 2].id) return std::nullopt;
  }
  const bool fits = marks.front().id == seal.first_id && marks.back().id == seal.last_id &&
                    static_cast<std::int64_t>(marks.size()) == seal.lines;
  return fits ? std::optional(std::move(marks)) : std::nullopt;
}

bool is_mark_of(const LineMark& mark, std::string_view commitment) {
  return mark.part == commitment.substr(0, part_size);
}

std::optional<Seal> find_last_seal(store::Transaction& tx) {
  auto rows = tx.query(sql::last_seal);
  return rows.next() ? std::optional(read_seal(rows)) : std::nullopt;
}

std::optional<Seal> find_seal(store::Transaction& tx, std::int64_t sequence) {
  auto rows = tx.query(sql::find_seal, sequence);
  return rows.next() ? std::optional(read_seal(rows)) : std::nullopt;
}

std::vector<Seal> list_seals(store::Transaction& tx, std::int64_t after, int limit) {
  std::vector<Seal> seals;
  auto rows = tx.query(sql::seals_after, after, limit);
  while (rows.next()) seals.push_back(read_seal(rows));
  return seals;
}

bool append_seal(store::Transaction& tx, const Seal& seal) {
  return tx.execute(sql::append_seal, seal.sequence, seal.first_id, seal.last_id, seal.lines,
                    seal.sealed_at, store::Blob{seal.marks}, store::Blob{seal.digest}) == 1;
}

}  // namespace vestibule::events
