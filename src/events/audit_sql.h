#pragma once

#include "store/statement.h"

namespace vestibule::events::sql {

inline constexpr store::Statement insert_audit{
    "audit.insert",
    "insert into audit (at, type, user_id, actor_id, client_id, address, detail)"
    " values ($1, $2, $3, $4, $5, $6, $7)"};

inline constexpr store::Statement audit_of_user{
    "audit.of_user",
    "select id, at, type, actor_id, client_id, detail from audit"
    " where user_id = $1 order by id desc limit $2"};

inline constexpr store::Statement erase_audit_details{
    "audit.erase_details",
    "update audit set address = null, detail = null"
    " where user_id = $1 and (address is not null or detail is not null)"};

inline constexpr store::Statement audit_after{
    "audit.after", "select id, at from audit where id > $1 order by id limit $2"};

inline constexpr store::Statement forget_audit_addresses{
    "audit.forget_addresses",
    "update audit set address = null where id > $1 and id <= $2 and address is not null"};

}  // namespace vestibule::events::sql
