#include "accounts/refused_passwords.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <sstream>

namespace vestibule::accounts {
namespace {

RefusedPasswords list_of(const std::string& text) {
  std::istringstream lines{text};
  return RefusedPasswords{lines};
}

bool refuses(const RefusedPasswords& list, std::string password) {
  return list.contains(base::Secret{std::move(password)});
}

TEST(RefusedPasswords, KnowsItsLinesWhateverTheirCase) {
  const auto list = list_of("Correct-Horse-1\nviolet harbour\r\n\n#no comment\nlast");
  EXPECT_EQ(list.size(), 4U);
  for (const auto* const each :
       {"correct-horse-1", "CORRECT-HORSE-1", "Violet Harbour", "#no comment", "last"})
    EXPECT_TRUE(refuses(list, each)) << each;
  for (const auto* const each : {"", " violet harbour", "violet harbour\r", "correct-horse", "no"})
    EXPECT_FALSE(refuses(list, each)) << each;
}

TEST(RefusedPasswords, RepeatedAndOverlongLinesAreNotKept) {
  const auto list = list_of("same\nSAME\n" + std::string(513, 'x') + "\n" + std::string(512, 'y'));
  EXPECT_EQ(list.size(), 2U);
  EXPECT_TRUE(refuses(list, std::string(512, 'y')));
  EXPECT_FALSE(refuses(list, std::string(513, 'x')));
}

TEST(RefusedPasswords, AnEmptyListRefusesNothing) {
  EXPECT_FALSE(refuses(RefusedPasswords{}, ""));
  EXPECT_FALSE(refuses(list_of(""), ""));
  EXPECT_FALSE(refuses(list_of("\n\r\n"), ""));
}

TEST(RefusedPasswords, AFileThatCannotBeReadIsTheOperatorsMistake) {
  for (const auto& file : {testing::TempDir() + "/no-such-list", testing::TempDir()}) {
    const auto list = RefusedPasswords::load(file);
    ASSERT_FALSE(list);
    EXPECT_EQ(list.error().reason, "refused_file");
    EXPECT_NE(list.error().message.find(file), std::string::npos);
  }
  const auto file = testing::TempDir() + "/refused-passwords-test";
  std::ofstream{file} << "one\ntwo\n";
  const auto list = RefusedPasswords::load(file);
  std::remove(file.c_str());
  ASSERT_TRUE(list);
  EXPECT_EQ(list->size(), 2U);
}

TEST(RefusedList, IsReplacedAsAWhole) {
  RefusedList list;
  const auto before = list.current();
  list.replace(list_of("one"));
  EXPECT_EQ(before->size(), 0U);
  EXPECT_TRUE(refuses(*list.current(), "ONE"));
}

}  // namespace
}  // namespace vestibule::accounts
