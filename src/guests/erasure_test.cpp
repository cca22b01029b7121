#include <gtest/gtest.h>
#include <sqlite3.h>

#include <map>
#include <set>

#include "guests/testing.h"

namespace vestibule::guests {
namespace {

using namespace std::chrono_literals;

/// Where something of an erased guest may still be read, and why. Everything else is a defect, also
/// in a table that is made tomorrow: the test plants a row in every table that could name a guest.
const std::map<std::string, std::string_view> stays{
    {"tombstones.id", "an id is never issued twice"},
    {"audit.user_id", "the log is append only; what is personal in its lines goes"},
    {"outbox.user_id", "the event that tells of the erasure"},
    {"outbox.payload", "the event that tells of the erasure"},
    {"idempotency.user_id", "a replayed key must not make another guest; a day"},
    {"logout_notices.subject", "clients that are being told of the session's end; until told"},
    {"remote_tasks.user_id", "what is still to be deleted at a remote provider; until done"},
    {"remote_tasks.subject", "what is still to be deleted at a remote provider; until done"},
    {"erasures.user_id", "the log that outlives a restored backup"},
    {"erasures.subject", "the log that outlives a restored backup"},
    {"mail_log.address_key", "the limit per recipient, which nobody lifts by leaving; a day"},
    {"mailbox.address", "mail that has left, where no mail server is (development)"},
    {"mailbox.body", "mail that has left, where no mail server is (development)"},
};

/// Tables of service accounts, which are nobody's guests.
const std::set<std::string> of_machines{"client_actors", "machine_keys", "machine_descriptions"};

const std::string address = "ada.lovelace@example.org";
const std::string name = "Lovelace";

struct Column {
  std::string table;
  std::string name;
  std::string type;
};

/// A connection of its own to the file, for SQL that only a test puts together at run time.
class Database {
 public:
  explicit Database(const std::filesystem::path& path) {
    if (sqlite3_open(path.c_str(), &handle_) != SQLITE_OK) throw std::runtime_error("open");
    sqlite3_busy_timeout(handle_, 5'000);
  }
  ~Database() { sqlite3_close(handle_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Every row as text; blobs in hexadecimal.
  std::vector<std::vector<std::string>> query(const std::string& sql) const {
    std::vector<std::vector<std::string>> rows;
    const auto add = [](void* into, int count, char** values, char**) {
      auto& row = static_cast<decltype(rows)*>(into)->emplace_back();
      for (int i = 0; i < count; ++i) row.emplace_back(values[i] == nullptr ? "" : values[i]);
      return 0;
    };
    char* error = nullptr;
    if (sqlite3_exec(handle_, sql.c_str(), add, &rows, &error) != SQLITE_OK) {
      throw std::runtime_error(sql + ": " + error);
    }
    return rows;
  }
  std::vector<Column> columns() const {
    std::vector<Column> out;
    for (auto& row : query("select m.name, c.name, lower(c.type) from sqlite_master m, "
                           "pragma_table_info(m.name) c where m.type = 'table' and "
                           "m.name not like 'sqlite_%' order by m.name, c.cid")) {
      out.push_back({std::move(row[0]), std::move(row[1]), std::move(row[2])});
    }
    return out;
  }

 private:
  sqlite3* handle_ = nullptr;
};

/// Fills a store with rows that name a guest, and looks what is left of them.
class Planter {
 public:
  Planter(const Database& database, const accounts::User& guest)
      : database_(database), id_(base::to_string(guest.id)), subject_(guest.subject()) {
    for (auto& column : database.columns()) tables_[column.table].push_back(column);
  }

  /// A row in every table that could name a guest, in a state in which it may be erased.
  void plant() {
    database_.query("update outbox set state = 2");
    database_.query("update users set given_name = 'Ada', family_name = '" + name + "', email = '" +
                    address + "', username = 'ada', phone = '+49 30 1234567' where id = " + id_);
    for (const auto& [table, columns] : tables_) {
      const bool names = std::ranges::any_of(columns, [](const Column& column) {
        static const std::set<std::string> naming{"user_id", "source_id",   "subject",
                                                  "address", "address_key", "session_id"};
        return naming.contains(column.name);
      });
      if (!names || table == "users" || of_machines.contains(table)) continue;
      std::string keys;
      std::string values;
      for (const auto& column : columns) {
        keys += (keys.empty() ? "" : ", ") + column.name;
        values += (values.empty() ? "" : ", ") + value_of(column);
      }
      database_.query("insert into " + table + " (" + keys + ") values (" + values + ")");
      planted_.insert(table);
    }
  }
  const std::set<std::string>& planted() const { return planted_; }

  /// `table.column` of everything that names the guest.
  std::set<std::string> found() const {
    std::set<std::string> out;
    for (const auto& [table, columns] : tables_) {
      for (const auto& column : columns) {
        const auto text = "cast(" + column.name + " as text)";
        auto condition = text + " = '" + id_ + "'";
        for (const auto& word : {subject_, address, name}) {
          condition += " or instr(" + text + ", '" + word + "') > 0";
        }
        if (!database_.query("select 1 from " + table + " where " + condition).empty()) {
          out.insert(table + "." + column.name);
        }
      }
    }
    return out;
  }

 private:
  std::string value_of(const Column& column) {
    const auto quoted = [](const std::string& text) { return "'" + text + "'"; };
    if (column.name == "user_id" || column.name == "source_id") return id_;
    if (column.name == "subject" && column.table == "mailbox") return quoted("Your account");
    if (column.name == "subject" || column.name == "source_subject") return quoted(subject_);
    if (column.name == "application") return quoted("shop");
    if (column.name == "address" || column.name == "address_key") return quoted(address);
    if (column.name == "session_id" || (column.table == "sessions" && column.name == "id")) {
      return "x'00112233445566778899aabbccddeeff'";
    }
    if (column.name == "state") return column.table == "merges" ? "4" : "1";
    if (column.name == "kind") return column.table == "sessions" ? "2" : "1";
    ++counter_;
    if (column.type == "integer") return std::to_string(counter_);
    if (column.type == "blob") return "x'" + std::to_string(1'000'000 + counter_) + "0'";
    // Free text may say anything of the guest, except where it is a name of something.
    static const std::set<std::string> free{"detail", "details", "body",      "payload",
                                            "claims", "data",    "last_error"};
    const auto number = std::to_string(counter_);
    if (free.contains(column.name)) return quoted(number + " " + name + " " + address);
    return quoted("word" + number);
  }

  const Database& database_;
  const std::string id_;
  const std::string subject_;
  std::map<std::string, std::vector<Column>> tables_;
  std::set<std::string> planted_;
  int counter_ = 1'000;
};

void expect_nothing_but_what_stays(const Planter& planter) {
  for (const auto& place : planter.found()) {
    EXPECT_TRUE(stays.contains(place)) << place << " still names an erased guest";
  }
}

class Erasure : public testing::Test {
 protected:
  std::int64_t events() {
    return std::stoll(database.query("select count(*) from outbox").at(0).at(0));
  }

  World world{{holder("shop")}};
  Database database{world.directory.path() / "vestibule.db"};
  accounts::User guest = world.guest().user;
  Planter planter{database, guest};
};

TEST_F(Erasure, begins_with_a_guest_that_is_everywhere) {
  planter.plant();
  for (const auto* table : {"audit",           "authorization_codes",
                            "consents",        "credentials",
                            "device_codes",    "directory",
                            "email_claims",    "idempotency",
                            "logout_notices",  "mail_jobs",
                            "mail_links",      "mail_log",
                            "merges",          "outbox",
                            "personal_tokens", "refresh_families",
                            "remote_tasks",    "remote_tokens",
                            "service_grants",  "session_clients",
                            "sessions",        "user_metadata",
                            "user_profiles"}) {
    EXPECT_TRUE(planter.planted().contains(table)) << table;
  }
  const auto found = planter.found();
  EXPECT_GT(found.size(), 40u);
  for (const auto& [place, reason] : stays) {
    if (place.starts_with("tombstones")) continue;
    EXPECT_TRUE(found.contains(place)) << place << " is not there and needs no reason";
  }
}

TEST_F(Erasure, by_the_purge_leaves_nothing_but_what_has_a_reason) {
  planter.plant();
  world.clock.advance(24h * 40);
  ASSERT_EQ(world.purge(), 1);
  expect_nothing_but_what_stays(planter);
  EXPECT_EQ(events(), 1) << "guest.purged; what was delivered or given up is forgotten";
}

TEST_F(Erasure, by_the_guest_itself_leaves_nothing_but_what_has_a_reason) {
  planter.plant();
  ASSERT_TRUE(world.erase(guest.id, EraseReason::self));
  expect_nothing_but_what_stays(planter);
  EXPECT_EQ(events(), 1);
}

TEST_F(Erasure, leaves_to_the_others_what_is_theirs) {
  planter.plant();
  const auto other = world.guest().user;
  const Planter others(database, other);
  ASSERT_TRUE(world.erase(guest.id, EraseReason::deleted));
  const auto after = others.found();
  EXPECT_TRUE(after.contains("users.id"));
  EXPECT_TRUE(after.contains("sessions.user_id"));
  EXPECT_TRUE(after.contains("user_metadata.user_id"));
  EXPECT_TRUE(after.contains("outbox.payload"));
}

TEST_F(Erasure, keeps_what_still_waits_to_be_told) {
  planter.plant();
  database.query("update outbox set state = 0");
  const auto before = events();
  ASSERT_TRUE(world.erase(guest.id, EraseReason::self));
  EXPECT_EQ(events(), before + 1);
}

TEST(ErasureOfAChosenId, remembers_that_it_was_used) {
  World world;
  world.authority.subject = "cart-4711";
  const auto guest = world.guest().user;
  ASSERT_TRUE(world.erase(guest.id, EraseReason::self));
  const Database database(world.directory.path() / "vestibule.db");
  auto found = Planter(database, guest).found();
  std::erase_if(found, [](const std::string& place) { return stays.contains(place); });
  EXPECT_EQ(found, (std::set<std::string>{"directory.name", "directory.user_id"}));
}

}  // namespace
}  // namespace vestibule::guests
