#include "recovery/erasure_log.h"

#include <gtest/gtest.h>

#include <fstream>

#include "store/sqlite.h"
#include "store/testing.h"

namespace vestibule::recovery {
namespace {

const guests::Erasure plain{
    .user = base::UserId{5}, .erased_at = base::from_milliseconds(1000), .reason = "retention"};
const guests::Erasure merged{
    .user = base::UserId{6},
    .chosen_subject = "a \"b\"",
    .erased_at = base::from_milliseconds(2000),
    .reason = "merged",
    .merge = guests::ErasedByMerge{base::MergeId{7}, base::UserId{8}, "eight", {"shop", "crm"}}};

class ErasureLog : public testing::Test {
 protected:
  void write(std::string_view text) { std::ofstream(log_, std::ios::app) << text; }

  store::TemporaryDirectory directory_;
  const std::filesystem::path log_ = erasure_log_of(directory_.path());
};

TEST_F(ErasureLog, ALineSaysAllOfIt) {
  write(to_line(plain) + to_line(merged));
  const auto read = read_erasures(log_).value();
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].user, plain.user);
  EXPECT_EQ(read[0].erased_at, plain.erased_at);
  EXPECT_EQ(read[0].reason, "retention");
  EXPECT_FALSE(read[0].merge);
  EXPECT_EQ(read[1].chosen_subject, merged.chosen_subject);
  EXPECT_EQ(read[1].merge->merge, merged.merge->merge);
  EXPECT_EQ(read[1].merge->applications, merged.merge->applications);
}

TEST_F(ErasureLog, NoFileIsNoErasure) {
  EXPECT_TRUE(read_erasures(log_).value().empty());
}

TEST_F(ErasureLog, EveryLineThatWasCutOffIsPassedOver) {
  const auto line = to_line(merged);
  for (std::size_t length = 1; length + 1 < line.size(); ++length) {
    std::filesystem::remove(log_);
    write(line.substr(0, length) + '\n' + to_line(plain));
    const auto read = read_erasures(log_);
    ASSERT_TRUE(read) << line.substr(0, length);
    EXPECT_EQ(read->size(), 1U) << line.substr(0, length);
  }
}

TEST_F(ErasureLog, AnythingElseIsNamed) {
  for (const auto* line :
       {"x", "[]", "{}", R"({"user_id":5,"erased_at":1,"reason":"self"})",
        R"({"user_id":"-5","erased_at":1,"reason":"self"})",
        R"({"user_id":"5","erased_at":"1","reason":"self"})", R"({"user_id":"5","erased_at":1})",
        R"({"user_id":"5","erased_at":1,"reason":"merged","merge_id":"7"})"}) {
    std::filesystem::remove(log_);
    write(to_line(plain) + line + "\n");
    const auto read = read_erasures(log_);
    ASSERT_FALSE(read) << line;
    EXPECT_EQ(read.error().reason, "erasures_malformed");
    EXPECT_NE(read.error().message.find(":2:"), std::string::npos) << read.error().message;
  }
}

TEST_F(ErasureLog, TakesWhatWaitsAndNothingTwice) {
  const auto store = store::open_sqlite({.path = directory_.path() / "vestibule.db"});
  accounts::User user;
  const auto note = [&](int first, int last) {
    store->write([&](store::Transaction& tx) {
      for (int id = first; id <= last; ++id) {
        user.id.value = id;
        guests::note_erasures(tx, {&user, 1}, "retention", base::from_milliseconds(id));
      }
    });
  };
  note(1, 2500);
  EXPECT_EQ(export_erasures(*store, log_), 2500);
  EXPECT_EQ(export_erasures(*store, log_), 0);
  note(2501, 2501);
  EXPECT_EQ(export_erasures(*store, log_), 1);
  const auto read = read_erasures(log_).value();
  ASSERT_EQ(read.size(), 2501U);
  EXPECT_EQ(read.front().user.value, 1);
  EXPECT_EQ(read.back().user.value, 2501);
}

TEST_F(ErasureLog, WhatCannotBeWrittenWaitsOn) {
  const auto store = store::open_sqlite({.path = directory_.path() / "vestibule.db"});
  accounts::User user;
  user.id.value = 1;
  store->write([&](store::Transaction& tx) {
    guests::note_erasures(tx, {&user, 1}, "self", base::from_milliseconds(1));
  });
  EXPECT_THROW(export_erasures(*store, directory_.path() / "none" / "log"), std::system_error);
  EXPECT_EQ(store->read([](store::Transaction& tx) { return guests::count_erasures(tx).count; }),
            1);
}

}  // namespace
}  // namespace vestibule::recovery
