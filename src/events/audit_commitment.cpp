#include "events/audit_commitment.h"

#include "base/crypto.h"

namespace vestibule::events {
namespace {

constexpr std::string_view label_of(PersonalKind kind) {
  return kind == PersonalKind::address ? "address" : "detail";
}

PersonalText read_personal(const store::Rows& rows, int column) {
  return {.text = rows.optional_text(column),
          .salt = rows.optional_text(column + 1),
          .commitment = rows.optional_text(column + 2)};
}

/// A state of the three columns that no code of ours writes has an encoding of its own, so that it
/// fits no seal.
void add_personal(CanonicalBytes& line, PersonalKind kind, const PersonalText& personal) {
  enum : std::int64_t { none, committed, impossible };
  const auto& [text, salt, commitment] = personal;
  if (text && !commitment) {
    line.add(std::int64_t{committed})
        .add(std::string_view(commit_to(kind, salt.value_or(""), *text)));
  } else if (!text && !salt && commitment) {
    line.add(std::int64_t{committed}).add(std::string_view(*commitment));
  } else if (!text && !salt && !commitment) {
    line.add(std::int64_t{none});
  } else {
    line.add(std::int64_t{impossible});
  }
}

}  // namespace

CanonicalBytes& CanonicalBytes::add(std::int64_t value) {
  auto rest = static_cast<std::uint64_t>(value);
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes_.push_back(static_cast<char>(rest >> shift & 0xff));
  }
  return *this;
}

CanonicalBytes& CanonicalBytes::add(std::string_view text) {
  add(static_cast<std::int64_t>(text.size()));
  bytes_.append(text);
  return *this;
}

std::string commit_to(PersonalKind kind, std::string_view salt, std::string_view text) {
  const CanonicalBytes message = CanonicalBytes(label_of(kind)).add(text);
  return base::hmac_sha256(base::Secret(std::string(salt)), message.bytes());
}

AuditRow read_row(const store::Rows& rows) {
  return {.id = rows.integer(0),
          .at = rows.time(1),
          .type = std::string(rows.text(2)),
          .user = rows.id<base::UserId>(3),
          .actor = rows.optional_id<base::UserId>(4),
          .client = rows.optional_id<base::ClientId>(5),
          .outcome = rows.optional_text(6),
          .address = read_personal(rows, 7),
          .detail = read_personal(rows, 10)};
}

std::string commit_to(const base::Secret& key, const AuditRow& row) {
  CanonicalBytes line("vestibule audit line 1");
  line.add(row.id).add(base::to_milliseconds(row.at)).add(std::string_view(row.type)).add(row.user);
  line.add(row.actor).add(row.client).add(row.outcome);
  add_personal(line, PersonalKind::address, row.address);
  add_personal(line, PersonalKind::detail, row.detail);
  return base::hmac_sha256(key, line.bytes());
}

}  // namespace vestibule::events
