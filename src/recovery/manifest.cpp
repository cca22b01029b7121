#include "recovery/manifest.h"

#include <boost/json.hpp>

#include "base/encoding.h"
#include "base/secret.h"

namespace vestibule::recovery {
namespace {

namespace json = boost::json;

struct Table {
  std::string_view name;
  const store::Statement& count;
};

const store::Statement count_users{"backup.users", "select count(*) from users"};
const store::Statement count_guests{"backup.guests",
                                    "select count(*) from users where guest_day is not null"};
const store::Statement count_sessions{"backup.sessions", "select count(*) from sessions"};
const store::Statement count_tombstones{"backup.tombstones", "select count(*) from tombstones"};
const store::Statement count_merges{"backup.merges", "select count(*) from merges"};
const store::Statement count_clients{"backup.clients", "select count(*) from clients"};
const store::Statement count_outbox{"backup.outbox", "select count(*) from outbox"};
const store::Statement count_audit{"backup.audit", "select count(*) from audit"};

const Table tables[] = {{"users", count_users},       {"guests", count_guests},
                        {"sessions", count_sessions}, {"tombstones", count_tombstones},
                        {"merges", count_merges},     {"clients", count_clients},
                        {"outbox", count_outbox},     {"audit", count_audit}};

std::unexpected<base::Error> malformed(std::string what) {
  return base::fail(base::ErrorKind::invalid, "manifest_malformed", std::move(what));
}

Manifest read(const json::object& document) {
  Manifest manifest;
  manifest.program = document.at("vestibule").as_string();
  manifest.schema = document.at("schema").to_number<int>();
  manifest.created_at =
      base::from_milliseconds(document.at("created_at_ms").to_number<std::int64_t>());
  manifest.file = {.bytes = document.at("bytes").to_number<std::int64_t>(),
                   .sha256 = std::string(document.at("sha256").as_string())};
  for (const auto& [name, count] : document.at("rows").as_object()) {
    manifest.rows[std::string(name)] = count.to_number<std::int64_t>();
  }
  manifest.audit_head = document.at("audit_head").as_string();
  manifest.master_key = document.at("master_key").as_string();
  return manifest;
}

}  // namespace

std::string Manifest::to_json() const {
  json::object counts;
  for (const auto& [name, count] : rows) counts[name] = count;
  return json::serialize(json::object{{"format", format},
                                      {"vestibule", program},
                                      {"schema", schema},
                                      {"created_at", base::to_rfc3339(created_at)},
                                      {"created_at_ms", base::to_milliseconds(created_at)},
                                      {"bytes", file.bytes},
                                      {"sha256", file.sha256},
                                      {"rows", std::move(counts)},
                                      {"audit_head", audit_head},
                                      {"master_key", master_key}}) +
         '\n';
}

base::Result<Manifest> Manifest::parse(std::string_view text) {
  boost::system::error_code broken;
  const auto document = json::parse(text, broken);
  if (broken || !document.is_object()) return malformed("the manifest is not a JSON object");
  const auto* const format = document.as_object().if_contains("format");
  if (format == nullptr || !format->is_int64()) return malformed("the manifest has no format");
  if (format->as_int64() != current_format) {
    return base::fail(base::ErrorKind::conflict, "manifest_newer",
                      "the backup has format " + std::to_string(format->as_int64()) +
                          " and this program knows " + std::to_string(current_format));
  }
  try {
    return read(document.as_object());
  } catch (const std::exception&) {
    return malformed("the manifest is not complete");
  }
}

std::filesystem::path manifest_of(const std::filesystem::path& backup) {
  auto path = backup;
  path += ".manifest";
  return path;
}

std::string key_id(const keys::MasterKey& master) {
  return base::to_hex(master.derive("key id").reveal().substr(0, 8));
}

std::map<std::string, std::int64_t> count_rows(store::Transaction& tx) {
  std::map<std::string, std::int64_t> counts;
  for (const auto& table : tables) {
    auto rows = tx.query(table.count);
    rows.next();
    counts[std::string(table.name)] = rows.integer(0);
  }
  return counts;
}

}  // namespace vestibule::recovery
