#pragma once

// The contract of Store, to be instantiated for each engine:
//   INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, StoreContract, SqliteSubject);
// A subject owns one empty database with the table
//   items (id: 64-bit integer key, word: text, bytes: blob; both may be null)
// and opens it as often as it is asked to: std::unique_ptr<Store> open(const GroupCommitOptions&).

#include <gtest/gtest.h>

#include <cstdint>
#include <exception>
#include <expected>
#include <future>
#include <latch>
#include <limits>
#include <memory>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "store/group_commit.h"
#include "store/store.h"

namespace vestibule::store {

inline constexpr Statement insert_item("items.insert",
                                       "insert into items (id, word, bytes) values ($1, $2, $3)");
inline constexpr Statement find_item("items.find", "select word, bytes from items where id = $1");
inline constexpr Statement list_items("items.list", "select id from items order by id");
inline constexpr Statement count_items("items.count", "select count(*) from items");

inline std::int64_t count_in(Transaction& tx) {
  auto rows = tx.query(count_items);
  rows.next();
  return rows.integer(0);
}

inline std::int64_t count(Store& store) {
  return store.read([](Transaction& tx) { return count_in(tx); });
}

inline void insert(Store& store, std::int64_t id) {
  store.write([&](Transaction& tx) { tx.execute(insert_item, id, "word", nullptr); });
}

/// Keeps the writer inside a unit until it is opened, so that what is submitted meanwhile makes
/// one group.
class Gate {
 public:
  explicit Gate(Store& store) {
    store.submit({[this](Transaction&) {
                    entered_.count_down();
                    open_.wait();
                    return Outcome::keep;
                  },
                  [this](std::exception_ptr) { left_.count_down(); }});
    entered_.wait();
  }
  ~Gate() { left_.wait(); }
  void open() { open_.count_down(); }

 private:
  std::latch entered_{1};
  std::latch open_{1};
  std::latch left_{1};
};

/// Submits a unit and hands back how it ended.
template <class F>
std::future<void> submit(Store& store, F run) {
  auto promise = std::make_shared<std::promise<void>>();
  auto future = promise->get_future();
  store.submit({std::move(run), [promise](std::exception_ptr error) {
                  if (error) {
                    promise->set_exception(std::move(error));
                  } else {
                    promise->set_value();
                  }
                }});
  return future;
}

inline auto inserting(std::int64_t id) {
  return [id](Transaction& tx) {
    tx.execute(insert_item, id, "word", nullptr);
    return Outcome::keep;
  };
}

template <class Subject>
class StoreContract : public testing::Test {
 protected:
  void reopen(const GroupCommitOptions& options = {}) {
    store_.reset();
    store_ = subject_.open(options);
  }

  Subject subject_;
  std::unique_ptr<Store> store_ = subject_.open({});
};
TYPED_TEST_SUITE_P(StoreContract);

TYPED_TEST_P(StoreContract, ValuesComeBackAsTheyWere) {
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte.push_back(static_cast<char>(i));
  const std::vector<std::int64_t> ids{std::numeric_limits<std::int64_t>::min(), -1, 0,
                                      std::numeric_limits<std::int64_t>::max()};
  const std::vector<std::optional<std::string>> words{std::nullopt, "", "it's \"quoted\" \\",
                                                      "Zoë 🚪"};
  this->store_->write([&](Transaction& tx) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      tx.execute(insert_item, ids[i], words[i], i == 0 ? Value(nullptr) : Value(Blob{every_byte}));
    }
    tx.execute(insert_item, 5, std::string_view{}, Blob{});
  });
  this->store_->read([&](Transaction& tx) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      auto rows = tx.query(find_item, ids[i]);
      ASSERT_TRUE(rows.next());
      EXPECT_EQ(rows.optional_text(0), words[i]);
      EXPECT_EQ(rows.is_null(1), i == 0);
      if (i > 0) EXPECT_EQ(rows.blob(1), every_byte);
      EXPECT_FALSE(rows.next());
    }
    auto rows = tx.query(find_item, 5);
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.optional_text(0), "") << "an empty text is not null";
    EXPECT_FALSE(rows.is_null(1)) << "an empty blob is not null";
    EXPECT_EQ(rows.blob(1), "");
  });
}

TYPED_TEST_P(StoreContract, ParametersGoByTheirNumber) {
  static constexpr Statement echo(
      "echo", "select id, word from items where word = $2 and id = $1 and $2 <> 'never'");
  insert(*this->store_, 3);
  this->store_->read([](Transaction& tx) {
    auto rows = tx.query(echo, 3, "word");
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.integer(0), 3);
  });
}

TYPED_TEST_P(StoreContract, ParametersMayEndBeforeTheRows) {
  static constexpr Statement by_word("by_word", "select id from items where word = $1 order by id");
  for (int i = 0; i < 3; ++i) insert(*this->store_, i);
  this->store_->read([](Transaction& tx) {
    auto rows = [&] {
      std::string word = "word";
      auto started = tx.query(by_word, word);
      word = "gone";
      return started;
    }();
    int found = 0;
    while (rows.next()) ++found;
    EXPECT_EQ(found, 3);
  });
}

TYPED_TEST_P(StoreContract, CountsTheRowsThatItChanged) {
  static constexpr Statement rename("rename", "update items set word = $1 where id < $2");
  for (int i = 0; i < 5; ++i) insert(*this->store_, i);
  const auto changed =
      this->store_->write([](Transaction& tx) { return tx.execute(rename, "new", 3); });
  EXPECT_EQ(changed, 3);
  EXPECT_EQ(this->store_->write([](Transaction& tx) { return tx.execute(rename, "new", -1); }), 0);
}

TYPED_TEST_P(StoreContract, ReturningHappensWithoutBeingRead) {
  static constexpr Statement take("take", "delete from items returning id");
  for (int i = 0; i < 3; ++i) insert(*this->store_, i);
  this->store_->write([](Transaction& tx) { tx.query(take).next(); });
  EXPECT_EQ(count(*this->store_), 0);
}

TYPED_TEST_P(StoreContract, AStatementRunsInsideItsOwnRows) {
  for (int i = 0; i < 4; ++i) insert(*this->store_, i);
  const auto pairs = [](Transaction& tx) {
    int pairs_found = 0;
    auto outer = tx.query(list_items);
    while (outer.next()) {
      auto inner = tx.query(list_items);
      while (inner.next() && inner.integer(0) <= outer.integer(0)) ++pairs_found;
    }
    return pairs_found;
  };
  EXPECT_EQ(this->store_->read(pairs), 10);
  EXPECT_EQ(this->store_->write(pairs), 10);
  EXPECT_EQ(this->store_->read(pairs), 10);
}

TYPED_TEST_P(StoreContract, ARefusalLeavesNothing) {
  const auto result = this->store_->write([](Transaction& tx) -> std::expected<int, std::string> {
    tx.execute(insert_item, 1, "word", nullptr);
    return std::unexpected("no");
  });
  EXPECT_EQ(result, std::unexpected<std::string>("no"));
  EXPECT_EQ(count(*this->store_), 0);
}

TYPED_TEST_P(StoreContract, AnExceptionLeavesNothingAndReachesTheCaller) {
  const auto unit = [](Transaction& tx) {
    tx.execute(insert_item, 1, "word", nullptr);
    throw std::out_of_range("bug");
  };
  EXPECT_THROW(this->store_->write(unit), std::out_of_range);
  EXPECT_EQ(count(*this->store_), 0);
}

TYPED_TEST_P(StoreContract, AConstraintThatRefusesHarmsNobodyElse) {
  auto& store = *this->store_;
  insert(store, 1);
  std::vector<std::future<void>> others;
  {
    Gate gate(store);
    others.push_back(submit(store, inserting(2)));
    auto twice = submit(store, [](Transaction& tx) {
      tx.execute(insert_item, 10, "word", nullptr);
      tx.execute(insert_item, 1, "word", nullptr);
      return Outcome::keep;
    });
    others.push_back(submit(store, inserting(3)));
    gate.open();
    EXPECT_THROW(twice.get(), ConstraintViolation);
  }
  for (auto& other : others) other.get();
  EXPECT_EQ(count(store), 3);
}

TYPED_TEST_P(StoreContract, AUnitSeesItsNeighboursOnlyIfTheyWereKept) {
  auto& store = *this->store_;
  std::vector<std::int64_t> seen;
  const auto look = [&](Transaction& tx) {
    seen.push_back(count_in(tx));
    return Outcome::keep;
  };
  {
    Gate gate(store);
    submit(store, inserting(1));
    submit(store, look);
    submit(store, [](Transaction& tx) {
      tx.execute(insert_item, 2, "word", nullptr);
      return Outcome::roll_back;
    });
    auto last = submit(store, look);
    gate.open();
    last.get();
  }
  EXPECT_EQ(seen, (std::vector<std::int64_t>{1, 1}));
}

TYPED_TEST_P(StoreContract, WrongSqlIsALogicError) {
  static constexpr Statement unknown("unknown", "select 1 from nowhere");
  const auto wrong_sql = [](Transaction& tx) { tx.execute(unknown); };
  EXPECT_THROW(this->store_->write(wrong_sql), std::logic_error);
  EXPECT_THROW(this->store_->read(wrong_sql), std::logic_error);
  const auto wrong_count = [](Transaction& tx) { tx.query(find_item); };
  EXPECT_THROW(this->store_->read(wrong_count), std::logic_error);
  insert(*this->store_, 1);
  const auto wrong_type = [](Transaction& tx) {
    auto rows = tx.query(find_item, 1);
    rows.next();
    return rows.integer(0);
  };
  EXPECT_THROW(this->store_->read(wrong_type), std::logic_error);
}

TYPED_TEST_P(StoreContract, ReadsRefuseToWrite) {
  const auto write = [](Transaction& tx) { tx.execute(insert_item, 1, "word", nullptr); };
  EXPECT_THROW(this->store_->read(write), std::logic_error);
  const auto act = [](Transaction& tx) { tx.after_commit([] {}); };
  EXPECT_THROW(this->store_->read(act), std::logic_error);
  EXPECT_EQ(count(*this->store_), 0);
}

TYPED_TEST_P(StoreContract, ReadsSeeNothingThatIsNotCommitted) {
  auto& store = *this->store_;
  std::latch inserted(1);
  std::latch looked(1);
  auto unit = submit(store, [&](Transaction& tx) {
    tx.execute(insert_item, 1, "word", nullptr);
    inserted.count_down();
    looked.wait();
    return Outcome::keep;
  });
  inserted.wait();
  EXPECT_EQ(count(store), 0);
  looked.count_down();
  unit.get();
  EXPECT_EQ(count(store), 1);
}

TYPED_TEST_P(StoreContract, AReadIsOneSnapshot) {
  auto& store = *this->store_;
  store.read([&](Transaction& tx) {
    EXPECT_EQ(count_in(tx), 0);
    insert(store, 1);
    EXPECT_EQ(count_in(tx), 0);
  });
  EXPECT_EQ(count(store), 1);
}

TYPED_TEST_P(StoreContract, ActionsFollowTheCommitInOrderAndPrecedeTheAnswers) {
  std::vector<std::string> events;
  struct Note final : CommitObserver {
    explicit Note(std::vector<std::string>& list) : notes(list) {}
    void before_commit(std::size_t) override {}
    void after_commit(std::size_t units) override {
      notes.push_back("committed " + std::to_string(units));
    }
    std::vector<std::string>& notes;
  } observer(events);
  this->reopen({.observer = &observer});
  auto& store = *this->store_;
  const auto note = [&](std::string what) { return [&, what] { events.push_back(what); }; };
  std::promise<void> finished;
  {
    Gate gate(store);
    store.submit({[&](Transaction& tx) {
                    inserting(1)(tx);
                    tx.after_commit(note("first"));
                    tx.after_commit(note("second"));
                    return Outcome::keep;
                  },
                  [&](std::exception_ptr) { events.emplace_back("answer one"); }});
    store.submit({[&](Transaction& tx) {
                    tx.after_commit(note("never"));
                    return Outcome::roll_back;
                  },
                  [&](std::exception_ptr) { events.emplace_back("answer two"); }});
    store.submit({[&](Transaction& tx) -> Outcome {
                    tx.after_commit(note("never"));
                    throw std::out_of_range("bug");
                  },
                  [&](std::exception_ptr) { events.emplace_back("answer three"); }});
    store.submit({[&](Transaction& tx) {
                    tx.after_commit(note("third"));
                    return Outcome::keep;
                  },
                  [&](std::exception_ptr) { finished.set_value(); }});
    gate.open();
    finished.get_future().get();
  }
  EXPECT_EQ(events,
            (std::vector<std::string>{"committed 1", "committed 4", "first", "second", "third",
                                      "answer one", "answer two", "answer three"}));
  this->store_.reset();
}

TYPED_TEST_P(StoreContract, ManyThreadsLoseNothing) {
  static constexpr Statement add("add", "update items set id = id + 1");
  constexpr int threads = 16;
  constexpr int each = 50;
  auto& store = *this->store_;
  insert(store, 0);
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < threads; ++i) {
      workers.emplace_back([&] {
        for (int j = 0; j < each; ++j) {
          store.write([](Transaction& tx) { tx.execute(add); });
          EXPECT_EQ(count(store), 1);
        }
      });
    }
  }
  const auto sum = store.read([](Transaction& tx) {
    auto rows = tx.query(list_items);
    rows.next();
    return rows.integer(0);
  });
  EXPECT_EQ(sum, threads * each);
  EXPECT_EQ(store.statistics().units_kept, static_cast<std::uint64_t>(threads * each + 1));
}

TYPED_TEST_P(StoreContract, WaitingUnitsShareOneCommit) {
  auto& store = *this->store_;
  std::vector<std::future<void>> units;
  {
    Gate gate(store);
    for (int i = 0; i < 100; ++i) units.push_back(submit(store, inserting(i)));
    gate.open();
  }
  for (auto& unit : units) unit.get();
  const auto statistics = store.statistics();
  EXPECT_EQ(statistics.group_size.sum, 101U);
  EXPECT_EQ(statistics.group_size.count, 2U) << "the gate, then all that waited";
}

TYPED_TEST_P(StoreContract, ASlowUnitDoesNotHoldUpAllOthers) {
  this->reopen({.max_run = std::chrono::milliseconds(1)});
  auto& store = *this->store_;
  std::vector<std::future<void>> units;
  {
    Gate gate(store);
    for (int i = 0; i < 3; ++i) {
      units.push_back(submit(store, [i](Transaction& tx) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        return inserting(i)(tx);
      }));
    }
    gate.open();
  }
  for (auto& unit : units) unit.get();
  EXPECT_EQ(store.statistics().group_size.count, 4U);
  EXPECT_EQ(count(store), 3);
}

TYPED_TEST_P(StoreContract, AFullQueueRefuses) {
  this->reopen({.max_waiting = 2});
  auto& store = *this->store_;
  std::vector<std::future<void>> units;
  {
    Gate gate(store);
    for (int i = 0; i < 2; ++i) units.push_back(submit(store, inserting(i)));
    EXPECT_THROW(submit(store, inserting(9)).get(), Unavailable);
    gate.open();
  }
  for (auto& unit : units) unit.get();
  EXPECT_EQ(count(store), 2);
  EXPECT_EQ(store.statistics().units_refused, 1U);
}

TYPED_TEST_P(StoreContract, ClosingFinishesWhatWaits) {
  std::vector<std::future<void>> units;
  for (int i = 0; i < 200; ++i) units.push_back(submit(*this->store_, inserting(i)));
  this->reopen();
  for (auto& unit : units) unit.get();
  EXPECT_EQ(count(*this->store_), 200);
}

TYPED_TEST_P(StoreContract, AUnitThatSubmitsAnotherIsABug) {
  auto& store = *this->store_;
  const auto unit = [&](Transaction&) { insert(store, 1); };
  EXPECT_THROW(store.write(unit), std::logic_error);
  EXPECT_EQ(count(store), 0);
}

TYPED_TEST_P(StoreContract, WhatWasAnsweredIsThereAfterReopening) {
  for (int i = 0; i < 3; ++i) {
    insert(*this->store_, i);
    this->reopen();
    EXPECT_EQ(count(*this->store_), i + 1);
  }
}

TYPED_TEST_P(StoreContract, ATestCanFailAGroupAtItsCommit) {
  struct Refuse final : CommitObserver {
    void before_commit(std::size_t) override {
      if (on) throw std::runtime_error("stopped by the test");
    }
    void after_commit(std::size_t units) override { committed += units; }
    std::atomic<bool> on = true;
    std::atomic<std::size_t> committed = 0;
  } refuse;
  this->reopen({.observer = &refuse});
  auto& store = *this->store_;
  const auto unit = [](Transaction& tx) -> std::expected<int, std::string> {
    tx.execute(insert_item, 1, "word", nullptr);
    tx.after_commit([] { ADD_FAILURE() << "nothing was committed"; });
    return 1;
  };
  EXPECT_THROW(static_cast<void>(store.write(unit)), Unavailable);
  EXPECT_EQ(count(store), 0);
  refuse.on = false;
  insert(store, 1);
  EXPECT_EQ(count(store), 1);
  EXPECT_EQ(refuse.committed, 1U);
  this->store_.reset();
}

REGISTER_TYPED_TEST_SUITE_P(StoreContract, ValuesComeBackAsTheyWere, ParametersGoByTheirNumber,
                            ParametersMayEndBeforeTheRows, CountsTheRowsThatItChanged,
                            ReturningHappensWithoutBeingRead, AStatementRunsInsideItsOwnRows,
                            ARefusalLeavesNothing, AnExceptionLeavesNothingAndReachesTheCaller,
                            AConstraintThatRefusesHarmsNobodyElse,
                            AUnitSeesItsNeighboursOnlyIfTheyWereKept, WrongSqlIsALogicError,
                            ReadsRefuseToWrite, ReadsSeeNothingThatIsNotCommitted,
                            AReadIsOneSnapshot, ActionsFollowTheCommitInOrderAndPrecedeTheAnswers,
                            ManyThreadsLoseNothing, WaitingUnitsShareOneCommit,
                            ASlowUnitDoesNotHoldUpAllOthers, AFullQueueRefuses,
                            ClosingFinishesWhatWaits, AUnitThatSubmitsAnotherIsABug,
                            WhatWasAnsweredIsThereAfterReopening, ATestCanFailAGroupAtItsCommit);

}  // namespace vestibule::store
