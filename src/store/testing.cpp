#include "store/testing.h"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include "store/sqlite.h"

namespace vestibule::store {
namespace {

class TemporaryStore final : public Store {
 public:
  TemporaryStore() : store_(open_sqlite({.path = directory_.path() / "vestibule.db"})) {}

  void submit(Unit unit) override { store_->submit(std::move(unit)); }
  Statistics statistics() const override { return store_->statistics(); }

 private:
  void read_snapshot(const std::function<void(Transaction&)>& unit) override {
    store_->read([&](Transaction& transaction) { unit(transaction); });
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  auto name = (std::filesystem::temp_directory_path() / "vestibule-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), "mkdtemp " + name);
  }
  path_ = std::move(name);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::unique_ptr<Store> open_temporary() {
  return std::make_unique<TemporaryStore>();
}

}  // namespace vestibule::store
