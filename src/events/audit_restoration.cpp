#include "events/audit_restoration.h"

#include "base/crypto.h"
#include "base/encoding.h"
#include "base/ids.h"
#include "base/text.h"
#include "events/audit.h"
#include "events/audit_seal_sql.h"

namespace vestibule::events {
namespace {

constexpr std::string_view line_type = "store.restored";

std::string mac_of(const base::Secret& key, base::Time at, std::string_view restored_sequence,
                   std::string_view lost) {
  CanonicalBytes bytes("vestibule audit restoration 1");
  bytes.add(base::to_milliseconds(at)).add(restored_sequence).add(lost);
  return base::to_base64url(base::hmac_sha256(key, bytes.bytes()));
}

}  // namespace

bool Restoration::explains(const AuditHead& head) const {
  return head.sequence > restored_sequence && head.sequence <= lost.sequence;
}

void record_restoration(store::Transaction& tx, const base::Secret& key, const AuditHead& lost,
                        base::Time now) {
  const auto last = find_last_seal(tx);
  const auto restored = base::to_decimal(last ? last->sequence : 0);
  const auto text = lost.text();
  const auto detail = restored + ' ' + text + ' ' + mac_of(key, now, restored, text);
  record(tx, {.type = line_type, .user = nobody, .detail = detail}, now);
}

std::optional<Restoration> read_restoration(const base::Secret& key, const AuditRow& row) {
  if (row.type != line_type || !row.detail.text) return std::nullopt;
  const auto words = base::split_words(*row.detail.text);
  if (words.size() != 3) return std::nullopt;
  const auto sequence = base::from_decimal(words[0]);
  auto lost = AuditHead::parse(words[1]);
  if (!sequence || !lost ||
      !base::equal_in_constant_time(words[2], mac_of(key, row.at, words[0], words[1]))) {
    return std::nullopt;
  }
  return Restoration{row.id, row.at, *sequence, *std::move(lost)};
}

std::vector<Restoration> list_restorations(store::Transaction& tx, const base::Secret& key) {
  std::vector<Restoration> found;
  auto rows = tx.query(sql::restorations);
  while (rows.next()) {
    if (auto restoration = read_restoration(key, read_row(rows))) {
      found.push_back(*std::move(restoration));
    }
  }
  return found;
}

}  // namespace vestibule::events
