#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "base/secret.h"
#include "store/transaction.h"

namespace vestibule::events {

/// Bytes of the random salt beside a text that may name a person.
inline constexpr std::size_t audit_salt_size = 16;

enum class PersonalKind { address, detail };

/// The commitment to a text under its salt: 32 bytes. Without the salt it says nothing of the text,
/// even to who holds the audit key: an IPv4 address would be found by trying all of them.
std::string commit_to(PersonalKind kind, std::string_view salt, std::string_view text);

/// A text that may be forgotten: with its salt, or what its commitment was.
struct PersonalText {
  std::optional<std::string> text = {};
  std::optional<std::string> salt = {};
  std::optional<std::string> commitment = {};

  bool is_forgotten() const { return !text && commitment; }
};

/// A line of the audit log with all of its columns.
struct AuditRow {
  std::int64_t id = 0;
  base::Time at;
  std::string type;
  base::UserId user;
  std::optional<base::UserId> actor;
  std::optional<base::ClientId> client;
  std::optional<std::string> outcome;
  PersonalText address;
  PersonalText detail;
};

/// The columns that read_row reads, in its order, for statements.
#define VESTIBULE_AUDIT_COLUMNS                                                  \
  "id, at, type, user_id, actor_id, client_id, outcome, address, address_salt, " \
  "address_commitment, detail, detail_salt, detail_commitment"

AuditRow read_row(const store::Rows& rows);

/// The keyed commitment to a line: HMAC-SHA-256 over a canonical encoding of every column, with
/// commitments in the place of address and detail, so that it is the same before and after these
/// are forgotten. 32 bytes.
std::string commit_to(const base::Secret& key, const AuditRow& row);

/// The bytes of values one after the other, each with its length or a fixed one, so that different
/// values never have the same bytes. The label says what is encoded, and in which version.
class CanonicalBytes {
 public:
  explicit CanonicalBytes(std::string_view label) { add(label); }
  CanonicalBytes& add(std::int64_t value);
  CanonicalBytes& add(std::string_view text);
  template <class T>
  CanonicalBytes& add(const std::optional<T>& value) {
    bytes_.push_back(value ? '\1' : '\0');
    return value ? add(*value) : *this;
  }
  template <class Tag>
  CanonicalBytes& add(base::Id<Tag> id) {
    return add(id.value);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace vestibule::events
