#include "store/replacement.h"

#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "store/file.h"

namespace vestibule::store {
namespace {

namespace fs = std::filesystem;

fs::path with(const fs::path& file, std::string_view ending) {
  auto path = file;
  path += ending;
  return path;
}

fs::path marker_of(const fs::path& database) {
  return with(database, ".replacement");
}

void move_if_there(const fs::path& from, const fs::path& to) {
  if (fs::exists(from)) rename_file(from, to, Existing::replaced);
}

// Each step may have been done before: as long as the new file has its first name, what has the
// database's name is the old one. A WAL goes with the database that it belongs to.
void carry_out(const fs::path& database, const fs::path& fresh, const fs::path& aside) {
  if (!fs::exists(fresh)) return;
  move_if_there(with(database, "-wal"), with(aside, "-wal"));
  move_if_there(with(database, "-shm"), with(aside, "-shm"));
  move_if_there(database, aside);
  rename_file(fresh, database, Existing::refused);
}

void remove_marker(const fs::path& database) {
  fs::remove(marker_of(database));
  sync_directory(database.has_parent_path() ? database.parent_path() : fs::path("."));
}

}  // namespace

void replace_database(const fs::path& database, const fs::path& fresh, const fs::path& aside) {
  sync_file(fresh);
  sync_directory(fresh.parent_path());
  write_file(marker_of(database), fresh.string() + '\n' + aside.string() + '\n', Existing::refused);
  carry_out(database, fresh, aside);
  remove_marker(database);
}

void finish_replacement(const fs::path& database) {
  const auto marker = marker_of(database);
  if (!fs::exists(marker)) return;
  std::ifstream file(marker);
  std::string fresh;
  std::string aside;
  if (!std::getline(file, fresh) || !std::getline(file, aside)) {
    throw std::runtime_error(marker.string() + " cannot be read");
  }
  carry_out(database, fresh, aside);
  remove_marker(database);
}

}  // namespace vestibule::store
