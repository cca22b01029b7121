#include "recovery/backup.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "events/audit_head.h"
#include "store/backup.h"
#include "store/file.h"
#include "store/store.h"

namespace vestibule::recovery {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;
using base::fail;

/// Removed on every way out but the last.
class Partial {
 public:
  Partial(const fs::path& file, base::Random& random)
      : path_(file.parent_path() /
              ('.' + file.filename().string() + '.' + base::random_token(random, 6) + ".partial")) {
  }
  ~Partial() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  Partial(const Partial&) = delete;
  Partial& operator=(const Partial&) = delete;
  const fs::path& path() const { return path_; }

 private:
  const fs::path path_;
};

fs::path name_file(const fs::path& to, base::Time now) {
  if (!fs::is_directory(to)) return fs::absolute(to);
  auto stamp = base::to_rfc3339(now);
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  return fs::absolute(to) / ("vestibule-" + stamp + ".db");
}

std::unexpected<base::Error> already_there(const fs::path& file) {
  return fail(ErrorKind::conflict, "backup_exists",
              file.string() + " is there already and is not overwritten");
}

base::Result<std::string> read_whole(const fs::path& file) {
  std::ifstream input(file, std::ios::binary);
  if (!input) {
    return fail(ErrorKind::not_found, "manifest_missing",
                file.string() + " cannot be read: a backup without its manifest is not complete");
  }
  return std::string(std::istreambuf_iterator<char>(input), {});
}

// The migration that made audit_seals; older copies have none.
constexpr int first_with_seals = 5;

/// What the manifest says of the copy itself. Error: `backup_damaged`.
base::Result<void> describe(const fs::path& copy, Manifest& manifest) {
  std::vector<std::string> damage;
  store::inspect_database(copy, [&](store::Transaction& tx) {
    damage = store::check_integrity(tx);
    if (!damage.empty()) return;
    manifest.schema = store::schema_version(tx);
    manifest.rows = count_rows(tx);
    if (manifest.schema < first_with_seals) return;
    if (const auto seal = events::find_last_seal(tx)) {
      manifest.audit_head = events::AuditHead::of(*seal).text();
    }
  });
  if (damage.empty()) return {};
  return fail(ErrorKind::conflict, "backup_damaged",
              "the copy is damaged, and so is the database: " + damage.front());
}

base::Result<Backup> write(const BackupRequest& request, const fs::path& file,
                           const fs::path& partial, const keys::MasterKey& master, base::Time now,
                           const BackupProgress& progress) {
  store::copy_database(request.database, partial, [&](std::int64_t done, std::int64_t total) {
    if (progress) progress(done, total);
    return true;
  });
  fs::permissions(partial, fs::perms::owner_read | fs::perms::owner_write);
  Backup made{
      .file = file,
      .manifest = {.program = request.program, .created_at = now, .master_key = key_id(master)}};
  if (auto described = describe(partial, made.manifest); !described) {
    return std::unexpected(described.error());
  }
  made.manifest.file = hash_file(partial);
  store::sync_file(partial);
  // The manifest last: a backup without one is not complete.
  store::rename_file(partial, file, store::Existing::refused);
  store::write_file(manifest_of(file), made.manifest.to_json(), store::Existing::replaced);
  return made;
}

}  // namespace

base::Result<Backup> write_backup(const BackupRequest& request, const keys::MasterKey& master,
                                  base::Random& random, base::Time now,
                                  const BackupProgress& progress) {
  const auto file = name_file(request.to, now);
  if (fs::exists(file)) return already_there(file);
  const Partial partial(file, random);
  try {
    return write(request, file, partial.path(), master, now, progress);
  } catch (const std::system_error& error) {
    if (error.code().value() == EEXIST) return already_there(file);
    return fail(ErrorKind::unavailable, "backup_failed", error.what());
  } catch (const store::Unavailable& error) {
    return fail(ErrorKind::unavailable, "backup_failed", error.what());
  }
}

base::Result<Manifest> read_manifest(const fs::path& file) {
  if (!fs::is_regular_file(file)) {
    return fail(ErrorKind::not_found, "backup_missing", file.string() + " is not a backup");
  }
  const auto text = read_whole(manifest_of(file));
  if (!text) return std::unexpected(text.error());
  return Manifest::parse(*text);
}

base::Result<void> check_copy(const fs::path& copy, const FileHash& hash,
                              const Manifest& manifest) {
  if (hash.bytes != manifest.file.bytes || hash.sha256 != manifest.file.sha256) {
    return fail(ErrorKind::conflict, "backup_edited",
                fmt::format("it is not the file that was written: {} bytes with SHA-256 {}, and "
                            "the manifest says {} bytes with {}",
                            hash.bytes, hash.sha256, manifest.file.bytes, manifest.file.sha256));
  }
  try {
    Manifest found;
    if (auto sound = describe(copy, found); !sound) return sound;
    if (found.schema == manifest.schema && found.rows == manifest.rows) return {};
    return fail(ErrorKind::conflict, "backup_damaged", "the manifest describes another store");
  } catch (const store::Unavailable& error) {
    return fail(ErrorKind::conflict, "backup_damaged", error.what());
  }
}

base::Result<Manifest> verify_backup(const fs::path& file) {
  auto manifest = read_manifest(file);
  if (!manifest) return manifest;
  try {
    if (auto sound = check_copy(file, hash_file(file), *manifest); !sound) {
      return std::unexpected(sound.error());
    }
  } catch (const std::system_error& error) {
    return fail(ErrorKind::unavailable, "backup_unreadable", error.what());
  }
  return manifest;
}

}  // namespace vestibule::recovery
