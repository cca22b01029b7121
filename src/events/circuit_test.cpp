#include "events/circuit.h"

#include <gtest/gtest.h>

namespace vestibule::events {
namespace {

using namespace std::chrono_literals;

class CircuitTest : public testing::Test {
 protected:
  bool fail(std::int64_t row) { return circuit.failed(base::EventId{row}, clock.now(), random); }
  void open() {
    for (int row = 1; row <= 8; ++row) fail(row);
    ASSERT_TRUE(circuit.is_open());
  }

  base::FakeClock clock;
  base::SystemRandom random;
  Circuit circuit;
};

TEST_F(CircuitTest, opens_when_eight_rows_have_failed) {
  for (int row = 1; row < 8; ++row) EXPECT_FALSE(fail(row)) << row;
  EXPECT_FALSE(circuit.is_open());
  EXPECT_FALSE(circuit.next_probe());
  EXPECT_TRUE(fail(8));
  EXPECT_TRUE(circuit.is_open());
  EXPECT_FALSE(fail(9)) << "it is open already";
}

TEST_F(CircuitTest, one_row_that_always_fails_opens_nothing) {
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(fail(1));
}

TEST_F(CircuitTest, a_success_between_them_makes_failures_count_from_the_start) {
  for (int round = 0; round < 10; ++round) {
    for (int row = 1; row < 8; ++row) EXPECT_FALSE(fail(round * 100 + row));
    EXPECT_FALSE(circuit.succeeded()) << "it was closed";
  }
}

TEST_F(CircuitTest, the_first_success_closes_it) {
  open();
  EXPECT_TRUE(circuit.succeeded());
  EXPECT_FALSE(circuit.is_open());
  EXPECT_FALSE(circuit.succeeded());
  for (int row = 1; row < 8; ++row) EXPECT_FALSE(fail(row));
  EXPECT_TRUE(fail(8));
}

TEST_F(CircuitTest, probes_are_five_seconds_to_five_minutes_apart_with_jitter_below) {
  open();
  base::Milliseconds full = 5s;
  for (int probe = 0; probe < 20; ++probe) {
    const auto wait = *circuit.next_probe() - clock.now();
    EXPECT_LE(wait, full);
    EXPECT_GE(wait, full / 2);
    clock.set(*circuit.next_probe());
    fail(probe);
    full = std::min<base::Milliseconds>(full * 2, 5min);
  }
}

TEST_F(CircuitTest, a_clock_that_is_set_back_puts_no_probe_off) {
  EXPECT_EQ(circuit.wait(clock.now()), 0ms);
  open();
  EXPECT_GT(circuit.wait(clock.now()), 0ms);
  EXPECT_LE(circuit.wait(clock.now()), 5s);
  clock.advance(-24h);
  EXPECT_EQ(circuit.wait(clock.now()), 0ms);
  fail(9);
  EXPECT_GT(circuit.wait(clock.now()), 0ms) << "and not all the time either";
  clock.set(*circuit.next_probe());
  EXPECT_EQ(circuit.wait(clock.now()), 0ms);
}

TEST_F(CircuitTest, what_was_under_way_when_it_opened_is_no_probe) {
  open();
  const auto first = circuit.next_probe();
  for (int row = 10; row < 20; ++row) fail(row);
  EXPECT_EQ(circuit.next_probe(), first);
}

}  // namespace
}  // namespace vestibule::events
