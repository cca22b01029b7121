#include "events/audit_head.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

#include "base/encoding.h"
#include "base/ids.h"
#include "base/text.h"

namespace vestibule::events {
namespace {

/// Takes what stands before the next dot.
std::string_view take_part(std::string_view& text) {
  const auto dot = text.find('.');
  const auto part = text.substr(0, dot);
  text.remove_prefix(dot == std::string_view::npos ? text.size() : dot + 1);
  return part;
}

/// A descriptor that is closed at the end.
class File {
 public:
  File(const std::filesystem::path& path, int flags)
      : path_(path), descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {
    require(descriptor_ >= 0);
  }
  ~File() { ::close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      require(written >= 0);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void sync() { require(::fsync(descriptor_) == 0); }

 private:
  void require(bool done) const {
    if (!done) throw std::system_error(errno, std::generic_category(), path_.string());
  }

  const std::filesystem::path path_;
  const int descriptor_;
};

}  // namespace

AuditHead AuditHead::of(const Seal& seal) {
  return {.sequence = seal.sequence,
          .last_id = seal.last_id,
          .sealed_at = seal.sealed_at,
          .digest = seal.digest};
}

std::optional<AuditHead> AuditHead::parse(std::string_view text) {
  const auto sequence = base::from_decimal(take_part(text));
  const auto last_id = base::from_decimal(take_part(text));
  const auto sealed_at = base::from_decimal(take_part(text));
  auto digest = base::from_base64url(text);
  if (!sequence || !last_id || !sealed_at || !digest || digest->size() != 32) return std::nullopt;
  return AuditHead{*sequence, *last_id, base::from_milliseconds(*sealed_at), *std::move(digest)};
}

std::string AuditHead::text() const {
  return base::to_decimal(sequence) + '.' + base::to_decimal(last_id) + '.' +
         base::to_decimal(base::to_milliseconds(sealed_at)) + '.' + base::to_base64url(digest);
}

bool has_head(store::Transaction& tx, const AuditHead& head) {
  const auto seal = find_seal(tx, head.sequence);
  return seal && AuditHead::of(*seal) == head;
}

base::Result<std::optional<AuditHead>> read_head(const std::filesystem::path& file) {
  std::error_code unknown;
  if (!std::filesystem::exists(file, unknown) && !unknown) return std::nullopt;
  std::ifstream in{file};
  std::string line;
  std::getline(in, line);
  auto head = AuditHead::parse(base::trim(line));
  if (!head) {
    return base::fail(base::ErrorKind::invalid, "audit_head_malformed",
                      file.string() + " holds no head of an audit log");
  }
  return head;
}

void write_head(const std::filesystem::path& file, const AuditHead& head) {
  auto fresh = file;
  fresh += ".new";
  {
    File out{fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW};
    out.write(head.text() + '\n');
    out.sync();
  }
  std::filesystem::rename(fresh, file);
  const auto directory = file.parent_path();
  File{directory.empty() ? "." : directory, O_RDONLY | O_DIRECTORY}.sync();
}

}  // namespace vestibule::events
