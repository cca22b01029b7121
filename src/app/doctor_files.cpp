#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "app/control.h"
#include "app/doctor.h"

namespace vestibule::app {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t mebi = 1024 * 1024;
constexpr std::uintmax_t large_wal = 256 * mebi;
constexpr std::uintmax_t little_space = 1024 * mebi;
constexpr std::uintmax_t no_space = 100 * mebi;

fs::path database_of(const Config& config) {
  return config.store.substr(std::string_view("sqlite:").size());
}

/// Nobody but the owner may do what `forbidden` says.
void require_private(const fs::path& path, mode_t forbidden, Severity severity,
                     Findings& findings) {
  struct stat info{};
  if (path.empty() || ::stat(path.c_str(), &info) != 0) return;
  const auto mend =
      fmt::format("chmod go-{} {}", (forbidden & 044) != 0 ? "rwx" : "w", path.string());
  if ((info.st_mode & forbidden) != 0) {
    findings.push_back(
        {severity, "permissions",
         fmt::format("{} is open to others (mode {:o})", path.string(), info.st_mode & 07777),
         mend});
  }
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    findings.push_back({Severity::warning, "owner",
                        fmt::format("{} belongs to uid {}", path.string(), info.st_uid),
                        "chown it to the user that runs vestibule"});
  }
}

std::vector<fs::path> secret_files(const Config& config) {
  std::vector<fs::path> files{config.master_key_file,
                              config.tls.key,
                              config.gateway.forward_auth_secret_file,
                              config.zitadel.client_secret_file,
                              config.zitadel.service_token_file,
                              config.zitadel.service_key_file,
                              config.mail.password_file,
                              config.registration.initial_access_token_file};
  for (const auto& application : config.applications) {
    files.emplace_back(application.webhook_secret_file);
  }
  return files;
}

std::uintmax_t size_of(const fs::path& file) {
  std::error_code absent;
  const auto size = fs::file_size(file, absent);
  return absent ? 0 : size;
}

}  // namespace

void check_permissions(const Patient& patient, Findings& findings) {
  const auto& config = patient.config;
  const fs::path data = config.data;
  require_private(data, 022, Severity::error, findings);
  require_private(data, 055, Severity::note, findings);
  require_private(data / "secrets", 022, Severity::error, findings);
  require_private(control_socket(config), 077, Severity::error, findings);
  require_private(database_of(config), 077, Severity::error, findings);
  for (const auto& file : secret_files(config)) {
    require_private(file, 077, Severity::error, findings);
  }
}

void check_space(const Patient& patient, Findings& findings) {
  struct statvfs info{};
  if (::statvfs(patient.config.data.c_str(), &info) != 0) return;
  const auto free = static_cast<std::uintmax_t>(info.f_bavail) * info.f_frsize;
  const auto needed = std::max(little_space, 2 * size_of(database_of(patient.config)));
  if (free >= needed) return;
  findings.push_back({free < no_space ? Severity::error : Severity::warning, "disk_space",
                      fmt::format("{} MiB are free for {}; a backup and a busy day want {}",
                                  free / mebi, patient.config.data, needed / mebi),
                      "make room, or move the data directory"});
}

void check_wal(const Patient& patient, Findings& findings) {
  auto wal = database_of(patient.config);
  wal += "-wal";
  const auto size = size_of(wal);
  if (size < large_wal) return;
  findings.push_back({Severity::warning, "wal_large",
                      fmt::format("{} has {} MiB", wal.string(), size / mebi),
                      "somebody reads one snapshot for very long (a backup, sqlite3); it shrinks "
                      "when that ends"});
}

}  // namespace vestibule::app
