#include "web/device_cookie.h"

#include <gtest/gtest.h>

namespace vestibule::web {
namespace {

class DeviceCookieTest : public testing::Test {
 protected:
  static keys::PurposeKeys keys_of(char letter) {
    return keys::PurposeKeys{
        keys::MasterKey::parse(base::Secret(std::string(42, letter) + "A")).value()};
  }
  static http::RequestHead request(const std::string& field) {
    http::RequestHead head;
    head.headers.add("Cookie", field);
    return head;
  }
  static http::RequestHead with(const http::SetCookie& cookie) {
    return request(cookie.name + "=" + cookie.value);
  }

  base::FakeClock clock;
  base::SystemRandom random;
  keys::PurposeKeys keys{keys_of('q')};
  DeviceCookie cookies{"https://id.example", keys, random};
};

TEST_F(DeviceCookieTest, KnowsWhoSignedInAndNobodyElse) {
  const auto first = cookies.write(std::nullopt, base::UserId{1}, clock.now());
  EXPECT_EQ(first.name, "__Host-vestibule-device");
  EXPECT_NE(first.to_string().find("HttpOnly"), std::string::npos);
  const auto device = cookies.read(with(first), clock.now());
  ASSERT_TRUE(device);
  EXPECT_TRUE(device->knows(base::UserId{1}));
  EXPECT_FALSE(device->knows(base::UserId{2}));
  const auto second = cookies.write(device, base::UserId{2}, clock.now());
  const auto both = cookies.read(with(second), clock.now());
  ASSERT_TRUE(both);
  EXPECT_EQ(both->id, device->id);
  EXPECT_EQ(both->users, (std::vector{base::UserId{2}, base::UserId{1}}));
}

TEST_F(DeviceCookieTest, HoldsTheLatestFew) {
  std::optional<KnownDevice> device;
  for (int i = 1; i <= 20; ++i) {
    const auto cookie = cookies.write(device, base::UserId{i}, clock.now());
    device = cookies.read(with(cookie), clock.now());
    ASSERT_TRUE(device);
  }
  EXPECT_EQ(device->users.size(), DeviceCookie::most_users);
  EXPECT_TRUE(device->knows(base::UserId{20}));
  EXPECT_FALSE(device->knows(base::UserId{12}));
  EXPECT_LT(cookies.write(device, base::UserId{20}, clock.now()).value.size(), 200U);
}

TEST_F(DeviceCookieTest, WhatIsNotOursIsNoDevice) {
  const auto good = cookies.write(std::nullopt, base::UserId{1}, clock.now());
  const auto read = [&](const http::RequestHead& head) { return cookies.read(head, clock.now()); };
  EXPECT_FALSE(read(http::RequestHead{}));
  EXPECT_FALSE(read(request(good.name + "=")));
  EXPECT_FALSE(read(request(good.name + "=AAAA")));
  EXPECT_FALSE(read(request(good.name + "=" + good.value + "; " + good.name + "=" + good.value)));
  for (std::size_t i = 0; i < good.value.size(); ++i) {
    auto changed = good.value;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(read(request(good.name + "=" + changed))) << i;
    EXPECT_FALSE(read(request(good.name + "=" + good.value.substr(0, i)))) << i;
  }
  auto foreign_keys = keys_of('r');
  const DeviceCookie foreign{"https://id.example", foreign_keys, random};
  EXPECT_FALSE(read(with(foreign.write(std::nullopt, base::UserId{1}, clock.now()))));
  const DeviceCookie elsewhere{"https://id.other", keys, random};
  EXPECT_FALSE(read(with(elsewhere.write(std::nullopt, base::UserId{1}, clock.now()))));
  clock.advance(std::chrono::hours(402 * 24));
  EXPECT_FALSE(read(with(good)));
}

TEST_F(DeviceCookieTest, OverPlainHttpItHasAPlainName) {
  const DeviceCookie plain{"http://127.0.0.1:8081", keys, random};
  EXPECT_EQ(plain.write(std::nullopt, base::UserId{1}, clock.now()).name, "vestibule-device");
}

}  // namespace
}  // namespace vestibule::web
