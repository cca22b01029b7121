#include "keys/master_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "base/encoding.h"
#include "store/testing.h"

namespace vestibule::keys {
namespace {

namespace fs = std::filesystem;

class MasterKeyTest : public testing::Test {
 protected:
  std::string content() const {
    std::ifstream in(file_);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& text, mode_t mode = 0600) const {
    fs::create_directories(file_.parent_path());
    std::ofstream(file_, std::ios::trunc) << text;
    ::chmod(file_.c_str(), mode);
  }
  std::string load_reason() const {
    const auto key = MasterKey::load(file_);
    return key ? "loaded" : std::string(key.error().reason);
  }

  store::TemporaryDirectory directory_;
  fs::path file_ = directory_.path() / "secrets" / "master.key";
  base::SystemRandom random_;
};

TEST_F(MasterKeyTest, IsMadeOnceWithTightPermissions) {
  const auto first = MasterKey::load_or_create(directory_.path(), random_);
  ASSERT_TRUE(first);
  const auto text = content();
  EXPECT_EQ(text.size(), 44U);
  struct stat info{};
  ASSERT_EQ(::stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  EXPECT_EQ(info.st_nlink, 1U);
  ASSERT_EQ(::stat(file_.parent_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700U);
  EXPECT_EQ(std::distance(fs::directory_iterator(file_.parent_path()), {}), 1) << "no draft stays";

  const auto second = MasterKey::load_or_create(directory_.path(), random_);
  ASSERT_TRUE(second);
  EXPECT_EQ(content(), text);
  EXPECT_EQ(first->derive("x").reveal(), second->derive("x").reveal());
}

TEST_F(MasterKeyTest, ARaceMakesOneKey) {
  std::vector<std::string> derived(8);
  std::vector<std::thread> threads;
  threads.reserve(derived.size());
  for (auto& out : derived) {
    threads.emplace_back([&] {
      out = MasterKey::load_or_create(directory_.path(), random_).value().derive("x").reveal();
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& one : derived) EXPECT_EQ(one, derived.front());
}

TEST_F(MasterKeyTest, RefusesAFileThatOthersCanReach) {
  const auto text = base::random_token(random_);
  for (const mode_t mode : {0640U, 0604U, 0660U, 0644U, 0610U}) {
    write(text, mode);
    EXPECT_EQ(load_reason(), "master_key_permissions") << mode;
  }
  const auto message = MasterKey::load(file_).error().message;
  EXPECT_NE(message.find("chmod 600 " + file_.string()), std::string::npos);
  EXPECT_EQ(message.find(text), std::string::npos);
  for (const mode_t mode : {0600U, 0400U}) {
    write(text, mode);
    EXPECT_EQ(load_reason(), "loaded") << mode;
    fs::remove(file_);
  }
}

TEST_F(MasterKeyTest, RefusesWhatIsNotAKey) {
  EXPECT_EQ(load_reason(), "master_key_missing");
  const auto good = base::random_token(random_);
  for (const auto& text : {std::string(), good.substr(1), good + "A", good + "=", good + good,
                           std::string(500, 'A'), base::random_token(random_, 31)}) {
    write(text);
    EXPECT_EQ(load_reason(), "master_key_malformed") << text.size();
  }
  write(good + "\n");
  EXPECT_EQ(load_reason(), "loaded");
  fs::remove(file_);
  fs::create_directory(file_);
  EXPECT_EQ(load_reason(), "master_key_permissions") << "a directory";
}

TEST_F(MasterKeyTest, ADamagedFileIsNeverReplaced) {
  write("damaged");
  EXPECT_EQ(MasterKey::load_or_create(directory_.path(), random_).error().reason,
            "master_key_malformed");
  EXPECT_EQ(content(), "damaged");
}

TEST_F(MasterKeyTest, RefusesADirectoryThatOthersCanWrite) {
  fs::create_directory(file_.parent_path());
  ::chmod(file_.parent_path().c_str(), 0770);
  EXPECT_EQ(MasterKey::load_or_create(directory_.path(), random_).error().reason,
            "master_key_permissions");
}

TEST_F(MasterKeyTest, SaysWhenItCannotWrite) {
  EXPECT_EQ(MasterKey::load_or_create(directory_.path() / "absent", random_).error().reason,
            "master_key_not_written");
}

TEST_F(MasterKeyTest, PurposesAreUnrelated) {
  const auto key = MasterKey::parse(base::Secret(std::string(43, 'A'))).value();
  EXPECT_EQ(key.derive("a").size(), 32U);
  EXPECT_NE(key.derive("a").reveal(), key.derive("b").reveal());
  EXPECT_EQ(key.derive("a").reveal(), key.derive("a").reveal());
}

}  // namespace
}  // namespace vestibule::keys
