#include "store/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace vestibule::store {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path) {
  throw std::system_error(errno, std::generic_category(), path.string());
}

void write_all(int descriptor, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// A descriptor that is closed at the end.
class File {
 public:
  File(const fs::path& path, int flags)
      : path_(path), descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {
    if (descriptor_ < 0) fail(path_);
  }
  ~File() { ::close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void write(std::string_view bytes) const { write_all(descriptor_, bytes, path_); }
  void sync() const {
    if (::fsync(descriptor_) != 0) fail(path_);
  }
  bool ends_inside_a_line() const {
    struct stat info{};
    if (::fstat(descriptor_, &info) != 0) fail(path_);
    if (info.st_size == 0) return false;
    char last = '\n';
    if (::pread(descriptor_, &last, 1, info.st_size - 1) != 1) fail(path_);
    return last != '\n';
  }

 private:
  const fs::path path_;
  const int descriptor_;
};

fs::path directory_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

}  // namespace

NewFile::NewFile(const fs::path& path)
    : path_(path),
      descriptor_(
          ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) {
  if (descriptor_ < 0) fail(path_);
}

NewFile::~NewFile() {
  ::close(descriptor_);
}

void NewFile::write(std::string_view bytes) {
  write_all(descriptor_, bytes, path_);
}

void NewFile::sync() {
  if (::fsync(descriptor_) != 0) fail(path_);
}

void sync_file(const fs::path& file) {
  File(file, O_RDONLY).sync();
}

void sync_directory(const fs::path& directory) {
  File(directory, O_RDONLY | O_DIRECTORY).sync();
}

void rename_file(const fs::path& from, const fs::path& to, Existing existing) {
  const unsigned flags = existing == Existing::refused ? RENAME_NOREPLACE : 0;
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) != 0) fail(to);
  sync_directory(directory_of(to));
}

void write_file(const fs::path& file, std::string_view content, Existing existing) {
  auto draft = file;
  draft += ".draft";
  {
    const File out(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
    out.write(content);
    out.sync();
  }
  rename_file(draft, file, existing);
}

void append_lines(const fs::path& file, std::string_view lines) {
  const bool is_new = !fs::exists(file);
  {
    const File out(file, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW);
    if (out.ends_inside_a_line()) out.write("\n");
    out.write(lines);
    out.sync();
  }
  if (is_new) sync_directory(directory_of(file));
}

}  // namespace vestibule::store
