#pragma once

#include <filesystem>
#include <functional>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "keys/master_key.h"
#include "recovery/manifest.h"

namespace vestibule::recovery {

/// Told while the database is copied.
using BackupProgress = std::function<void(std::int64_t done_pages, std::int64_t total_pages)>;

struct BackupRequest {
  std::filesystem::path database;  ///< of this installation; a server may be writing to it
  std::filesystem::path to;        ///< a file that is not there, or a directory to make one in
  std::string program;             ///< version, for the manifest
};

struct Backup {
  std::filesystem::path file;
  Manifest manifest;
};

/// Copies the database as it is when the copy begins, checks the copy, and gives it its name when
/// it and its manifest are on disk: both 0600. The copy has no master key, which is in no database.
/// Errors: conflict `backup_exists` (nothing is overwritten); unavailable `backup_failed` (disk
/// full, no such directory), `backup_damaged` (the copy is not sound: neither is the database).
/// What a crash leaves is named `.FILE.….partial`.
base::Result<Backup> write_backup(const BackupRequest& request, const keys::MasterKey& master,
                                  base::Random& random, base::Time now,
                                  const BackupProgress& progress);

/// Reads the manifest and checks everything that can be checked without the master key: size,
/// SHA-256, SQLite's own check, the schema. Errors: not_found `backup_missing`, `manifest_missing`;
/// as Manifest::parse; conflict `backup_edited` (not the bytes that were written),
/// `backup_damaged`.
base::Result<Manifest> verify_backup(const std::filesystem::path& file);

/// The manifest of a backup, unchecked against it. Errors: not_found `backup_missing`,
/// `manifest_missing`; as Manifest::parse.
base::Result<Manifest> read_manifest(const std::filesystem::path& file);

/// Checks a copy of the backup that nobody else has: its hash as told, its integrity, its schema.
/// Errors: conflict `backup_edited`, `backup_damaged`.
base::Result<void> check_copy(const std::filesystem::path& copy, const FileHash& hash,
                              const Manifest& manifest);

}  // namespace vestibule::recovery
