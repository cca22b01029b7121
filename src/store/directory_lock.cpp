#include "store/directory_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace vestibule::store {
namespace {

std::string error_text(int number) {
  return std::generic_category().message(number);
}

std::string holder(int file) {
  std::array<char, 32> text{};
  const auto length = ::pread(file, text.data(), text.size(), 0);
  if (length <= 0) return "unknown";
  return std::string(base::trim({text.data(), static_cast<std::size_t>(length)}));
}

}  // namespace

base::Result<DirectoryLock> DirectoryLock::take(const std::filesystem::path& directory) {
  const auto path = (directory / "lock").string();
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    return base::fail(base::ErrorKind::unavailable, "directory_unusable",
                      fmt::format("cannot open {}: {}", path, error_text(errno)));
  }
  DirectoryLock lock(file);
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    const int number = errno;
    if (number == EWOULDBLOCK) {
      return base::fail(
          base::ErrorKind::conflict, "directory_in_use",
          fmt::format("{} is in use by process {}", directory.string(), holder(file)));
    }
    return base::fail(base::ErrorKind::unavailable, "directory_unusable",
                      fmt::format("cannot lock {}: {}", path, error_text(number)));
  }
  const auto pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(file, 0) != 0 ||
      ::pwrite(file, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return base::fail(base::ErrorKind::unavailable, "directory_unusable",
                      fmt::format("cannot write {}: {}", path, error_text(errno)));
  }
  return lock;
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept
    : file_(std::exchange(other.file_, -1)) {}

DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

DirectoryLock::~DirectoryLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace vestibule::store
