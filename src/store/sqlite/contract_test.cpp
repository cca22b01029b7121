#include "store/contract_test.h"

#include "store/sqlite.h"
#include "store/sqlite/test_schema.h"
#include "store/testing.h"

namespace vestibule::store {
namespace {

class SqliteSubject {
 public:
  std::unique_ptr<Store> open(const GroupCommitOptions& options) {
    return open_sqlite({.path = directory_.path() / "items.db",
                        .group_commit = options,
                        .migrations = items_schema});
  }

 private:
  TemporaryDirectory directory_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, StoreContract, SqliteSubject);

}  // namespace
}  // namespace vestibule::store
