#pragma once

#include "store/id_group.h"
#include "store/statement.h"

namespace vestibule::events::sql {

inline constexpr store::Statement insert_audit{
    "audit.insert",
    "insert into audit (at, type, user_id, actor_id, client_id, address, detail, outcome,"
    " address_salt, detail_salt) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"};

// A refused attempt is no part of what happened to the user.
inline constexpr store::Statement audit_of_user{
    "audit.of_user",
    "select id, at, type, actor_id, client_id, detail from audit"
    " where user_id = $1 and outcome is null order by id desc limit $2"};

inline constexpr store::Statement personal_of_users{
    "audit.personal_of_users",
    "select id, address, address_salt, detail, detail_salt from audit"
    " where user_id in " VESTIBULE_ID_GROUP " and (address is not null or detail is not null)"};

inline constexpr store::Statement addresses_between{
    "audit.addresses_between",
    "select id, address, address_salt, null, null from audit"
    " where id > $1 and id <= $2 and address is not null"};

inline constexpr store::Statement forget_audit_address{
    "audit.forget_address",
    "update audit set address = null, address_salt = null, address_commitment = $2 where id = $1"};

inline constexpr store::Statement forget_audit_detail{
    "audit.forget_detail",
    "update audit set detail = null, detail_salt = null, detail_commitment = $2 where id = $1"};

inline constexpr store::Statement audit_after{
    "audit.after", "select id, at from audit where id > $1 order by id limit $2"};

}  // namespace vestibule::events::sql
