#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/audit.h"
#include "events/audit_sealer.h"
#include "events/audit_verify.h"
#include "store/testing.h"

namespace vestibule::events {

/// For tests: a store with an audit log, its sealer, and a directory for the head.
class AuditWorld {
 public:
  AuditWorld() : directory_(make_directory()) { reopen_sealer(); }
  ~AuditWorld() { std::filesystem::remove_all(directory_); }
  AuditWorld(const AuditWorld&) = delete;
  AuditWorld& operator=(const AuditWorld&) = delete;

  void add(const AuditEntry& entry) {
    store->write([&](store::Transaction& tx) { record(tx, entry, clock.now()); });
  }
  /// `count` lines of users 1, 2, 3, all with address and detail.
  void add_lines(int count) {
    store->write([&](store::Transaction& tx) {
      for (int i = 0; i < count; ++i) {
        record(tx,
               {.type = "token.exchanged",
                .user = base::UserId{i % 3 + 1},
                .actor = base::UserId{77},
                .client = base::ClientId{88},
                .address = "192.0.2.7",
                .detail = "scope openid",
                .outcome = i % 5 == 4 ? "refused" : ""},
               clock.now());
      }
    });
  }
  std::int64_t seal() { return sealer->seal(clock.now()); }
  Sealer::Exported export_head(Sealer::Export when = Sealer::Export::now) {
    return sealer->export_head(clock.now(), when);
  }
  /// As after a restart.
  void reopen_sealer() { sealer.emplace(*store, random, key, directory_ / "audit-head"); }
  std::optional<AuditHead> exported() const {
    return read_head(directory_ / "audit-head").value_or(std::nullopt);
  }
  Verification verify() { return verify(exported()); }
  Verification verify(const std::optional<AuditHead>& head) {
    return verify_audit(*store, key, head, clock.now());
  }
  /// What is wrong, as `FLAW LINE` or `FLAW` where no line is named.
  std::vector<std::string> flaws() {
    std::vector<std::string> out;
    for (const auto& finding : verify().findings) {
      auto text = std::string(to_string(finding.flaw));
      if (finding.line) text += ' ' + std::to_string(*finding.line);
      out.push_back(std::move(text));
    }
    return out;
  }
  template <class... Parameters>
  std::int64_t tamper(const store::Statement& statement, const Parameters&... parameters) {
    return store->write(
        [&](store::Transaction& tx) { return tx.execute(statement, parameters...); });
  }
  std::int64_t count(const store::Statement& statement) {
    return store->read([&](store::Transaction& tx) {
      auto rows = tx.query(statement);
      rows.next();
      return rows.integer(0);
    });
  }

  std::unique_ptr<store::Store> store = store::open_temporary();
  base::FakeClock clock;
  base::SystemRandom random;
  base::Secret key{std::string(32, 'k')};
  std::optional<Sealer> sealer;

 private:
  std::filesystem::path make_directory() {
    auto name = std::filesystem::temp_directory_path() / ("audit-" + base::random_token(random, 9));
    std::filesystem::create_directory(name);
    return name;
  }
  std::filesystem::path directory_;
};

}  // namespace vestibule::events
