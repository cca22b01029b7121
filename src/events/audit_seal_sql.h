#pragma once

#include "events/audit_commitment.h"
#include "store/statement.h"

namespace vestibule::events::sql {

#define VESTIBULE_SEAL_COLUMNS "sequence, first_id, last_id, lines, sealed_at, marks, digest"

inline constexpr store::Statement last_seal{"audit_seals.last",
                                            "select " VESTIBULE_SEAL_COLUMNS
                                            " from audit_seals order by sequence desc limit 1"};

inline constexpr store::Statement find_seal{
    "audit_seals.find", "select " VESTIBULE_SEAL_COLUMNS " from audit_seals where sequence = $1"};

inline constexpr store::Statement seals_after{
    "audit_seals.after", "select " VESTIBULE_SEAL_COLUMNS
                         " from audit_seals where sequence > $1 order by sequence limit $2"};

// The test that it follows the last one stands in the statement that writes.
inline constexpr store::Statement append_seal{
    "audit_seals.append", "insert into audit_seals (" VESTIBULE_SEAL_COLUMNS
                          ") select $1, $2, $3, $4, $5, $6, $7"
                          " where $1 = 1 + (select coalesce(max(sequence), 0) from audit_seals)"};

inline constexpr store::Statement lines_after{"audit.lines_after",
                                              "select " VESTIBULE_AUDIT_COLUMNS
                                              " from audit where id > $1 order by id limit $2"};

inline constexpr store::Statement lines_between{
    "audit.lines_between",
    "select " VESTIBULE_AUDIT_COLUMNS " from audit where id > $1 and id <= $2 order by id"};

inline constexpr store::Statement count_after{"audit.count_after",
                                              "select count(*), min(at) from audit where id > $1"};

inline constexpr store::Statement restorations{
    "audit.restorations", "select " VESTIBULE_AUDIT_COLUMNS
                          " from audit where type = 'store.restored' order by id desc limit 100"};

// Lines from before there were salts.
inline constexpr store::Statement unsalted{
    "audit.unsalted",
    "select id, address is not null and address_salt is null,"
    " detail is not null and detail_salt is null from audit where id > $1 order by id limit $2"};

inline constexpr store::Statement salt_address{
    "audit.salt_address",
    "update audit set address_salt = $2"
    " where id = $1 and address is not null and address_salt is null"};

inline constexpr store::Statement salt_detail{
    "audit.salt_detail",
    "update audit set detail_salt = $2"
    " where id = $1 and detail is not null and detail_salt is null"};

}  // namespace vestibule::events::sql
