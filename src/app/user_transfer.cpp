#include "app/user_transfer.h"

#include <boost/json.hpp>
#include <exception>
#include <filesystem>
#include <fstream>
#include <latch>
#include <system_error>
#include <utility>

#include "accounts/directory.h"
#include "accounts/emails.h"
#include "accounts/metadata.h"
#include "accounts/passwords.h"
#include "accounts/user_search.h"
#include "app/user_lines.h"
#include "base/text.h"
#include "store/file.h"

namespace vestibule::app {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;
using Result = base::Result<json::object>;
using base::ErrorKind;
using base::fail;

constexpr int users_a_page = 256;
constexpr std::size_t units_at_once = 64;
constexpr std::size_t refusals_told = 1000;

base::Result<std::string> path_in(const json::object& arguments, std::string_view name) {
  const auto* value = arguments.if_contains(name);
  if (value == nullptr || !value->is_string() || value->as_string().empty()) {
    return fail(ErrorKind::invalid, "arguments", std::string(name) + " has to be a file",
                std::string(name));
  }
  return std::string(value->as_string());
}

std::int64_t count_users(store::Transaction& tx) {
  static const store::Statement count{"export.count", "select count(*) from users"};
  auto rows = tx.query(count);
  rows.next();
  return rows.integer(0);
}

/// Members that the same user may have otherwise: they change without anybody's doing.
bool is_same(json::object there, json::object given) {
  for (auto* object : {&there, &given}) {
    object->erase("active_at");
    object->erase("changed_at");
  }
  return there == given;
}

enum class Fate { imported, skipped, refused };
struct Line {
  std::int64_t number = 0;
  std::string text;
  Fate fate = Fate::refused;
  std::optional<base::Error> error = {};
  std::exception_ptr lost = {};
};

const store::Statement id_was_used{"import.id_was_used", "select 1 from tombstones where id = $1"};

base::Result<void> insert(store::Transaction& tx, const Core& core, UserLine& line,
                          base::Time now) {
  auto& user = line.user;
  user.organization = core.installation.organization;
  user.valid_after = now;
  if (tx.query(id_was_used, user.id).next()) {
    return fail(ErrorKind::already_exists, "id_taken", "the id was a deleted user's", "id");
  }
  const auto holder = accounts::resolve_subject(tx, user.subject());
  if (holder && *holder != user.id) {
    return fail(ErrorKind::already_exists, "id_taken", "the sub is another user's", "sub");
  }
  if (user.chosen_subject) {
    // It was chosen elsewhere, where its rule was kept.
    if (auto done = accounts::insert_user_from_elsewhere(tx, user); !done) return done;
  } else if (auto done = accounts::insert_user(tx, user); !done) {
    return done;
  }
  accounts::set_profile(tx, user.id, line.profile);
  for (const auto& [key, value] : line.metadata) {
    accounts::set_metadata(tx, user.id, key, value, now);
  }
  if (line.password) {
    accounts::set_password_hash(
        tx, user.id, line.password->phc, line.password->changed_at,
        line.password->renewal_due ? accounts::Renewal::due : accounts::Renewal::none);
  }
  return {};
}

void take_unproved(store::Transaction& tx, accounts::User& user, base::Time now) {
  const auto address = *std::exchange(user.email, std::nullopt);
  const auto state = std::exchange(user.email_state, accounts::EmailState::none);
  accounts::assert_email(tx, user, address, state, now);
}

/// The addresses with what belongs to their state: login names if they are proved, else a claim.
base::Result<void> take_addresses(store::Transaction& tx, UserLine& line, base::Time now) {
  using accounts::EmailState;
  auto& user = line.user;
  if (user.email && user.email_state != EmailState::proved) take_unproved(tx, user, now);
  for (const auto& address : line.proved_emails) {
    auto done = accounts::claim_name(tx, accounts::NameKind::proved_email, address, user.id);
    if (!done) {
      return fail(ErrorKind::already_exists, "email_taken", "the address is another user's",
                  "proved_emails");
    }
  }
  return {};
}

store::Outcome take(store::Transaction& tx, const Core& core, Line& line, bool dry_run,
                    base::Time now) {
  auto parsed = parse_line(line.text);
  if (!parsed) {
    line.error = parsed.error();
    return store::Outcome::roll_back;
  }
  if (const auto there = accounts::find_user(tx, parsed->user.id)) {
    const bool same = is_same(to_json(read_line(tx, *there)), to_json(*parsed));
    line.fate = same ? Fate::skipped : Fate::refused;
    if (!same) {
      line.error = base::Error{ErrorKind::conflict,
                               "different",
                               "a user with this id is there and is not the same",
                               {},
                               {}};
    }
    return store::Outcome::roll_back;
  }
  auto done = take_addresses(tx, *parsed, now);
  if (done) done = insert(tx, core, *parsed, now);
  if (!done) {
    line.error = done.error();
    return store::Outcome::roll_back;
  }
  line.fate = Fate::imported;
  return dry_run ? store::Outcome::roll_back : store::Outcome::keep;
}

/// Takes lines through the writer, each in its savepoint, many in one commit.
void take_all(Core& core, std::vector<Line>& lines, bool dry_run) {
  const auto now = core.clock.now();
  std::latch finished(static_cast<std::ptrdiff_t>(lines.size()));
  for (auto& line : lines) {
    core.store->submit(
        {[&, now](store::Transaction& tx) { return take(tx, core, line, dry_run, now); },
         [&](std::exception_ptr lost) {
           line.lost = std::move(lost);
           finished.count_down();
         }});
  }
  finished.wait();
  for (const auto& line : lines) {
    if (line.lost) std::rethrow_exception(line.lost);
  }
}

class Import {
 public:
  Import(Core& core, bool dry_run, const Progress& progress)
      : core_(core), dry_run_(dry_run), progress_(progress) {}

  Result run(const std::string& path) {
    std::ifstream file(path);
    if (!file) return fail(ErrorKind::not_found, "file_missing", path + " cannot be read");
    total_ = static_cast<std::int64_t>(fs::file_size(path));
    for (std::string text; std::getline(file, text);) {
      ++number_;
      done_ += static_cast<std::int64_t>(text.size()) + 1;
      if (base::trim(text).empty()) continue;
      waiting_.push_back({.number = number_, .text = std::move(text)});
      if (waiting_.size() == units_at_once) flush();
    }
    flush();
    core_.ids.load(*core_.store);
    return json::object{{"dry_run", dry_run_}, {"lines", number_},   {"imported", imported_},
                        {"skipped", skipped_}, {"errors", refused_}, {"refused", refusals_}};
  }

 private:
  void flush() {
    if (waiting_.empty()) return;
    take_all(core_, waiting_, dry_run_);
    for (auto& line : waiting_) tell(line);
    waiting_.clear();
    progress_({{"done", std::min(done_, total_)}, {"total", total_}});
  }

  void tell(const Line& line) {
    if (line.fate == Fate::imported) ++imported_;
    if (line.fate == Fate::skipped) ++skipped_;
    if (line.fate != Fate::refused) return;
    ++refused_;
    if (refusals_.size() == refusals_told) return;
    refusals_.push_back(json::object{
        {"line", line.number}, {"reason", line.error->reason}, {"message", line.error->message}});
  }

  Core& core_;
  const bool dry_run_;
  const Progress& progress_;
  std::vector<Line> waiting_;
  json::array refusals_;
  std::int64_t number_ = 0;
  std::int64_t done_ = 0;
  std::int64_t total_ = 0;
  std::int64_t imported_ = 0;
  std::int64_t skipped_ = 0;
  std::int64_t refused_ = 0;
};

std::int64_t write_users(Core& core, store::NewFile& file, const Progress& progress) {
  std::int64_t count = 0;
  const auto total = core.store->read([](store::Transaction& tx) { return count_users(tx); });
  base::UserId last{};
  while (true) {
    std::string lines;
    bool more = false;
    core.store->read([&](store::Transaction& tx) {
      for (const auto& user : accounts::list_users(tx, last, users_a_page)) {
        more = true;
        last = user.id;
        if (user.kind != accounts::UserKind::human) continue;
        lines += json::serialize(to_json(read_line(tx, user))) + '\n';
        ++count;
      }
    });
    if (!more) return count;
    file.write(lines);
    progress({{"done", std::min(count, total)}, {"total", total}});
  }
}

}  // namespace

Result export_users(Core& core, const json::object& arguments, const Progress& progress) {
  const auto path = path_in(arguments, "to");
  if (!path) return std::unexpected(path.error());
  if (fs::exists(*path)) {
    return fail(ErrorKind::conflict, "file_exists",
                *path + " is there already and is not overwritten");
  }
  const auto draft = *path + '.' + base::random_token(core.random, 6) + ".partial";
  try {
    std::int64_t count = 0;
    {
      store::NewFile file(draft);
      count = write_users(core, file, progress);
      file.sync();
    }
    store::rename_file(draft, *path, store::Existing::refused);
    return json::object{{"file", *path}, {"users", count}};
  } catch (const std::system_error& error) {
    std::error_code ignored;
    fs::remove(draft, ignored);
    return fail(ErrorKind::unavailable, "export_failed", error.what());
  }
}

Result import_users(Core& core, const json::object& arguments, const Progress& progress) {
  const auto path = path_in(arguments, "from");
  if (!path) return std::unexpected(path.error());
  const auto* dry = arguments.if_contains("dry_run");
  try {
    return Import(core, dry != nullptr && dry->is_bool() && dry->as_bool(), progress).run(*path);
  } catch (const std::system_error& error) {
    return fail(ErrorKind::unavailable, "import_failed", error.what());
  }
}

}  // namespace vestibule::app
