#include "http/connection_counts.h"

#include <gtest/gtest.h>

namespace vestibule::http {
namespace {

IpAddress address(const char* text) {
  return *IpAddress::parse(text);
}

TEST(ConnectionCounts, EachAddressHasItsOwn) {
  ConnectionCounts counts;
  const auto one = address("192.0.2.1");
  const auto two = address("192.0.2.2");
  EXPECT_TRUE(counts.enter(one, 2));
  EXPECT_TRUE(counts.enter(one, 2));
  EXPECT_FALSE(counts.enter(one, 2));
  EXPECT_TRUE(counts.enter(two, 2));
  counts.leave(one);
  EXPECT_TRUE(counts.enter(one, 2));
  EXPECT_FALSE(counts.enter(one, 2));
}

TEST(ConnectionCounts, AnIpv6SubscriberIsOneAddress) {
  ConnectionCounts counts;
  EXPECT_TRUE(counts.enter(address("2001:db8:0:1::1"), 1));
  EXPECT_FALSE(counts.enter(address("2001:db8:0:1:ffff::2"), 1));
  EXPECT_TRUE(counts.enter(address("2001:db8:0:2::1"), 1));
}

TEST(ConnectionCounts, WhatWasNotCountedIsNotTakenBack) {
  ConnectionCounts counts;
  const auto one = address("192.0.2.1");
  counts.leave(one);
  EXPECT_FALSE(counts.enter(one, 0));
  counts.leave(one);
  EXPECT_TRUE(counts.enter(one, 1));
  EXPECT_FALSE(counts.enter(one, 1));
}

}  // namespace
}  // namespace vestibule::http
