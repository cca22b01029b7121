#include "store/replacement.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <system_error>

#include "store/file.h"
#include "store/testing.h"

namespace vestibule::store {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  std::ifstream input(file);
  return {std::istreambuf_iterator<char>(input), {}};
}

class Replacement : public testing::Test {
 protected:
  Replacement() {
    fs::create_directory(directory_.path() / "restoring");
    write(database_, "old");
    write(database_.string() + "-wal", "old wal");
    write(database_.string() + "-shm", "old shm");
    write(fresh_, "new");
  }
  static void write(const fs::path& file, std::string_view text) { std::ofstream(file) << text; }
  void mark() {
    write(database_.string() + ".replacement", fresh_.string() + '\n' + aside_.string() + '\n');
  }
  void expect_new() {
    EXPECT_EQ(content(database_), "new");
    EXPECT_FALSE(fs::exists(database_.string() + "-wal"));
    EXPECT_FALSE(fs::exists(database_.string() + "-shm"));
    EXPECT_FALSE(fs::exists(database_.string() + ".replacement"));
    EXPECT_FALSE(fs::exists(fresh_));
    EXPECT_EQ(content(aside_), "old");
    EXPECT_EQ(content(aside_.string() + "-wal"), "old wal");
  }

  TemporaryDirectory directory_;
  const fs::path database_ = directory_.path() / "x.db";
  const fs::path fresh_ = directory_.path() / "restoring" / "x.db";
  const fs::path aside_ = directory_.path() / "x.db.before";
};

TEST_F(Replacement, KeepsTheOldOneAside) {
  replace_database(database_, fresh_, aside_);
  expect_new();
}

TEST_F(Replacement, NeedsNoOldOne) {
  for (const auto* ending : {"", "-wal", "-shm"}) fs::remove(database_.string() + ending);
  replace_database(database_, fresh_, aside_);
  EXPECT_EQ(content(database_), "new");
  EXPECT_FALSE(fs::exists(aside_));
}

TEST_F(Replacement, WithoutAMarkerTheOldOneStays) {
  finish_replacement(database_);
  EXPECT_EQ(content(database_), "old");
  EXPECT_EQ(content(database_.string() + "-wal"), "old wal");
}

TEST_F(Replacement, IsCompletedFromWhereverItStopped) {
  // The moves in their order; a crash may come before each and after the last.
  const std::pair<std::string, std::string> moves[] = {
      {database_.string() + "-wal", aside_.string() + "-wal"},
      {database_.string() + "-shm", aside_.string() + "-shm"},
      {database_.string(), aside_.string()},
      {fresh_.string(), database_.string()}};
  for (std::size_t done = 0; done <= std::size(moves); ++done) {
    fs::remove_all(directory_.path());
    fs::create_directories(fresh_.parent_path());
    write(database_, "old");
    write(database_.string() + "-wal", "old wal");
    write(database_.string() + "-shm", "old shm");
    write(fresh_, "new");
    mark();
    for (std::size_t i = 0; i < done; ++i) fs::rename(moves[i].first, moves[i].second);
    finish_replacement(database_);
    expect_new();
    finish_replacement(database_);
    expect_new();
  }
}

TEST_F(Replacement, AMarkerThatCannotBeReadIsNotGuessed) {
  write(database_.string() + ".replacement", "only one line");
  EXPECT_THROW(finish_replacement(database_), std::runtime_error);
  EXPECT_EQ(content(database_), "old");
}

TEST_F(Replacement, NothingHappensWithoutAFreshOne) {
  fs::remove(fresh_);
  EXPECT_THROW(replace_database(database_, fresh_, aside_), std::system_error);
  EXPECT_EQ(content(database_), "old");
}

TEST(Files, LinesAreAddedAfterOneThatWasCutOff) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "log";
  append_lines(file, "one\n");
  std::ofstream(file, std::ios::app) << "tw";
  append_lines(file, "two\n");
  EXPECT_EQ(content(file), "one\ntw\ntwo\n");
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST(Files, ANewOneIsNobodyElses) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "new";
  {
    NewFile out(file);
    out.write("secret");
    out.sync();
  }
  EXPECT_EQ(content(file), "secret");
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_THROW(NewFile{file}, std::system_error);
  fs::create_symlink(directory.path() / "elsewhere", directory.path() / "link");
  EXPECT_THROW(NewFile{directory.path() / "link"}, std::system_error);
}

TEST(Files, ANameThatIsTakenIsRefused) {
  const TemporaryDirectory directory;
  write_file(directory.path() / "a", "a", Existing::refused);
  EXPECT_THROW(write_file(directory.path() / "a", "b", Existing::refused), std::system_error);
  EXPECT_EQ(content(directory.path() / "a"), "a");
  write_file(directory.path() / "a", "b", Existing::replaced);
  EXPECT_EQ(content(directory.path() / "a"), "b");
}

}  // namespace
}  // namespace vestibule::store
