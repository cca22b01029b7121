#include "store/sqlite/faulty_vfs.h"

#include <sqlite3.h>

#include <new>

namespace vestibule::store::sqlite {

std::atomic<bool> FaultyVfs::fail_wal_sync = false;
std::atomic<bool> FaultyVfs::fail_next_wal_sync = false;
std::atomic<bool> FaultyVfs::wal_is_full = false;
std::atomic<bool> FaultyVfs::fail_database_sync = false;

namespace {

struct File {
  sqlite3_file base;
  bool is_wal;
  bool is_database;
};

// The real file lives behind ours in the memory that SQLite gives.
sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
}

bool is_wal(sqlite3_file* file) {
  return reinterpret_cast<File*>(file)->is_wal;
}

bool is_database(sqlite3_file* file) {
  return reinterpret_cast<File*>(file)->is_database;
}

template <auto Member, class... Arguments>
int forward(sqlite3_file* file, Arguments... arguments) {
  return (real(file)->pMethods->*Member)(real(file), arguments...);
}

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  if (is_wal(file) && FaultyVfs::wal_is_full) return SQLITE_FULL;
  return forward<&sqlite3_io_methods::xWrite>(file, data, size, offset);
}

int sync(sqlite3_file* file, int flags) {
  if (is_wal(file) && (FaultyVfs::fail_wal_sync || FaultyVfs::fail_next_wal_sync.exchange(false))) {
    return SQLITE_IOERR_FSYNC;
  }
  if (is_database(file) && FaultyVfs::fail_database_sync) return SQLITE_IOERR_FSYNC;
  return forward<&sqlite3_io_methods::xSync>(file, flags);
}

using Methods = sqlite3_io_methods;
constexpr Methods methods{
    .iVersion = 2,
    .xClose = forward<&Methods::xClose>,
    .xRead = forward<&Methods::xRead, void*, int, sqlite3_int64>,
    .xWrite = write,
    .xTruncate = forward<&Methods::xTruncate, sqlite3_int64>,
    .xSync = sync,
    .xFileSize = forward<&Methods::xFileSize, sqlite3_int64*>,
    .xLock = forward<&Methods::xLock, int>,
    .xUnlock = forward<&Methods::xUnlock, int>,
    .xCheckReservedLock = forward<&Methods::xCheckReservedLock, int*>,
    .xFileControl = forward<&Methods::xFileControl, int, void*>,
    .xSectorSize = forward<&Methods::xSectorSize>,
    .xDeviceCharacteristics = forward<&Methods::xDeviceCharacteristics>,
    .xShmMap = forward<&Methods::xShmMap, int, int, int, void volatile**>,
    .xShmLock = forward<&Methods::xShmLock, int, int, int>,
    .xShmBarrier = [](sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); },
    .xShmUnmap = forward<&Methods::xShmUnmap, int>,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open(sqlite3_vfs* vfs, sqlite3_filename path, sqlite3_file* file, int flags, int* out) {
  auto* below = static_cast<sqlite3_vfs*>(vfs->pAppData);
  auto* ours = new (file) File{};
  ours->is_wal = (flags & SQLITE_OPEN_WAL) != 0;
  ours->is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
  const int code = below->xOpen(below, path, real(file), flags, out);
  ours->base.pMethods = real(file)->pMethods != nullptr ? &methods : nullptr;
  return code;
}

sqlite3_vfs make() {
  auto* below = sqlite3_vfs_find(nullptr);
  sqlite3_vfs vfs = *below;
  vfs.zName = "faulty";
  vfs.pNext = nullptr;
  vfs.pAppData = below;
  vfs.szOsFile = static_cast<int>(sizeof(File)) + below->szOsFile;
  vfs.xOpen = open;
  return vfs;
}

}  // namespace

const std::string& FaultyVfs::name() {
  static const std::string registered = [] {
    static sqlite3_vfs vfs = make();
    sqlite3_vfs_register(&vfs, 0);
    return std::string(vfs.zName);
  }();
  return registered;
}

}  // namespace vestibule::store::sqlite
