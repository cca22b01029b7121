#include "recovery/file_hash.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "base/encoding.h"

namespace vestibule::recovery {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t piece = 1 << 20;

class File {
 public:
  File(const fs::path& path, int flags)
      : path_(path), descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {
    require(descriptor_ >= 0);
  }
  ~File() { ::close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  std::string_view read(std::vector<char>& into) const {
    ssize_t count = 0;
    do count = ::read(descriptor_, into.data(), into.size());
    while (count < 0 && errno == EINTR);
    require(count >= 0);
    return {into.data(), static_cast<std::size_t>(count)};
  }
  void write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto count = ::write(descriptor_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      require(count >= 0);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  void sync() const { require(::fsync(descriptor_) == 0); }

 private:
  void require(bool done) const {
    if (!done) throw std::system_error(errno, std::generic_category(), path_.string());
  }

  const fs::path path_;
  const int descriptor_;
};

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    require(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }
  void add(std::string_view bytes) {
    require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  }
  std::string hex() {
    std::array<unsigned char, 32> digest{};
    require(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
    return base::to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
  }

 private:
  static void require(bool done) {
    if (!done) throw std::runtime_error("SHA-256 is not available");
  }
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

FileHash read_through(const fs::path& path, const File* copy) {
  const File file(path, O_RDONLY);
  FileHash hash;
  Sha256 sha256;
  std::vector<char> buffer(piece);
  for (auto bytes = file.read(buffer); !bytes.empty(); bytes = file.read(buffer)) {
    sha256.add(bytes);
    if (copy != nullptr) copy->write(bytes);
    hash.bytes += static_cast<std::int64_t>(bytes.size());
  }
  hash.sha256 = sha256.hex();
  return hash;
}

}  // namespace

FileHash hash_file(const fs::path& file) {
  return read_through(file, nullptr);
}

FileHash copy_and_hash(const fs::path& from, const fs::path& to) {
  const File copy(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
  auto hash = read_through(from, &copy);
  copy.sync();
  return hash;
}

}  // namespace vestibule::recovery
