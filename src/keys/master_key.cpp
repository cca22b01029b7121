#include "keys/master_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>

#include "base/crypto.h"
#include "base/encoding.h"
#include "base/text.h"

namespace vestibule::keys {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;
using base::fail;
using base::Result;
using base::Secret;

constexpr std::size_t key_size = 32;
constexpr std::size_t max_file_size = 128;

class File {
 public:
  File(const fs::path& path, int flags, mode_t mode = 0)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::string reason(int error) {
  return std::generic_category().message(error);
}

std::unexpected<base::Error> not_written(const fs::path& path, int error) {
  return fail(ErrorKind::unavailable, "master_key_not_written",
              "cannot write " + path.string() + ": " + reason(error));
}

std::unexpected<base::Error> bad_permissions(const fs::path& path, const std::string& what) {
  return fail(ErrorKind::forbidden, "master_key_permissions", path.string() + what);
}

std::string octal(mode_t mode) {
  std::string out = "0000";
  for (std::size_t i = 0; i < 4; ++i) {
    out[3 - i] = static_cast<char>('0' + ((mode >> (3 * i)) & 7));
  }
  return out;
}

bool sync_directory(const fs::path& directory) {
  const File handle(directory, O_RDONLY | O_DIRECTORY);
  return handle && ::fsync(handle.fd()) == 0;
}

// A file without a name that others could find half-written; removed on every way out.
class Draft {
 public:
  Draft(const fs::path& directory, base::Random& random)
      : path_(directory / (".master.key." + base::random_token(random, 12))),
        file_(path_, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600) {}
  ~Draft() {
    if (file_) ::unlink(path_.c_str());
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  const fs::path& path() const { return path_; }
  bool write(std::string_view text) {
    return file_ &&
           ::write(file_.fd(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
           ::fsync(file_.fd()) == 0;
  }

 private:
  fs::path path_;
  File file_;
};

// Writes the whole key under another name first, so that no crash leaves half a key, and gives it
// its name with link(), which fails if another process was first.
std::optional<base::Error> write_once(const fs::path& file, base::Random& random) {
  const Secret text(base::random_token(random, key_size) + '\n');
  Draft draft(file.parent_path(), random);
  if (!draft.write(text.reveal())) return not_written(draft.path(), errno).error();
  if (::link(draft.path().c_str(), file.c_str()) != 0 && errno != EEXIST) {
    return not_written(file, errno).error();
  }
  return std::nullopt;
}

std::optional<base::Error> create(const fs::path& file, base::Random& random) {
  const auto directory = file.parent_path();
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return not_written(directory, errno).error();
  }
  if (auto error = write_once(file, random)) return error;
  if (!sync_directory(directory) || !sync_directory(directory.parent_path())) {
    return not_written(directory, errno).error();
  }
  return std::nullopt;
}

}  // namespace

Result<MasterKey> MasterKey::parse(const Secret& text) {
  auto bytes = base::from_base64url(base::trim(text.reveal()));
  if (!bytes || bytes->size() != key_size) {
    return fail(ErrorKind::invalid, "master_key_malformed",
                "a master key is 43 characters of base64url, which are 32 bytes");
  }
  return MasterKey(Secret(std::move(*bytes)));
}

Result<MasterKey> MasterKey::load(const fs::path& path) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const File file(path, O_RDONLY | O_NONBLOCK);
  if (!file) {
    if (errno == EACCES) return bad_permissions(path, " cannot be read: " + reason(errno));
    return fail(ErrorKind::not_found, "master_key_missing",
                "cannot read the master key " + path.string() + ": " + reason(errno));
  }
  struct stat info{};
  if (::fstat(file.fd(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return bad_permissions(path, " is not a regular file");
  }
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    return bad_permissions(path, " belongs to another user (uid " + std::to_string(info.st_uid) +
                                     "); change its owner to the user that runs vestibule");
  }
  if ((info.st_mode & 077) != 0) {
    return bad_permissions(path, " is accessible to others (mode " + octal(info.st_mode & 07777) +
                                     "); run: chmod 600 " + path.string());
  }
  std::string buffer(max_file_size, '\0');
  const auto size = ::read(file.fd(), buffer.data(), buffer.size());
  buffer.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  auto key = parse(Secret(std::move(buffer)));
  if (!key) key.error().message = path.string() + ": " + key.error().message;
  return key;
}

Result<MasterKey> MasterKey::load_or_create(const fs::path& data, base::Random& random) {
  const auto file = data / "secrets" / "master.key";
  struct stat info{};
  if (::stat(file.parent_path().c_str(), &info) == 0 && (info.st_mode & 022) != 0) {
    return bad_permissions(file.parent_path(), " can be written by others; run: chmod 700 " +
                                                   file.parent_path().string());
  }
  if (::lstat(file.c_str(), &info) != 0 && errno == ENOENT) {
    if (auto error = create(file, random)) return std::unexpected(std::move(*error));
  }
  return load(file);
}

Secret MasterKey::derive(std::string_view purpose) const {
  return base::derive_key(bytes_, "vestibule " + std::string(purpose));
}

}  // namespace vestibule::keys
