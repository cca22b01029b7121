#include "app/config.h"

#include <gtest/gtest.h>

#include "app/testing.h"

namespace vestibule::app {
namespace {

using testing_support::ConfigFile;

TEST(Config, DefaultsNeedNoFile) {
  const auto loaded = load_config("", {});
  EXPECT_TRUE(loaded.mistakes.empty()) << loaded.mistakes.front().to_string();
  EXPECT_EQ(loaded.config.public_url, "http://127.0.0.1:8081");
  EXPECT_EQ(loaded.config.gateway.public_url, "http://127.0.0.1:8081");
  EXPECT_EQ(loaded.config.store, "sqlite:vestibule-data/vestibule.db");
}

TEST(Config, ReadsEverySection) {
  const ConfigFile file{R"(
listen = "127.0.0.1:9001"
public_url = "https://id.example.com/"
trusted_proxies = ["10.0.0.0/8"]
[gateway]
listen = "127.0.0.1:9002"
public_url = "https://shop.example.com"
upstream = "http://127.0.0.1:9003"
cookie_format = "jwt"
retention = "90d"
rules = [{method = "POST", path = "/cart/**"}]
[limits]
guests_burst = 5
[[applications]]
name = "shop"
webhook_url = "http://127.0.0.1:9003/webhooks"
webhook_secret_file = "secret"
allowed_networks = ["127.0.0.0/8"]
)"};
  const auto loaded = load_config(file.path(), {{"listen", "127.0.0.1:7", "--listen"}});
  ASSERT_TRUE(loaded.mistakes.empty()) << loaded.mistakes.front().to_string();
  const auto& config = loaded.config;
  EXPECT_EQ(config.listen, "127.0.0.1:7");
  EXPECT_EQ(config.public_url, "https://id.example.com");
  EXPECT_EQ(config.gateway.cookie_format, CookieFormat::jwt);
  EXPECT_EQ(config.gateway.retention, base::Seconds{90 * 24 * 3600});
  ASSERT_EQ(config.gateway.rules.size(), 1U);
  EXPECT_EQ(config.gateway.rules[0].path, "/cart/**");
  EXPECT_EQ(config.limits.guests_burst, 5);
  ASSERT_EQ(config.applications.size(), 1U);
  EXPECT_EQ(config.applications[0].name, "shop");
}

TEST(Config, LimitsFollowTheirNeighbours) {
  const auto defaults = load_config("", {}).config.limits;
  EXPECT_EQ(defaults.guests_in_all_per_minute, 60'000);
  EXPECT_EQ(defaults.failures_per_account_per_hour, 90);
  EXPECT_EQ(defaults.proof_of_work, ProofOfWork::pressure);
  const ConfigFile file{R"([limits]
guests_per_minute = 7
sign_ins_per_minute = 5
proof_of_work = "always"
proof_of_work_bits = 20
connections_per_address = 0
[passwords]
refused_file = "list"
)"};
  const auto loaded = load_config(file.path(), {});
  ASSERT_TRUE(loaded.mistakes.empty()) << loaded.mistakes.front().to_string();
  const auto& limits = loaded.config.limits;
  EXPECT_EQ(limits.guests_in_all_per_minute, 7'000);
  EXPECT_EQ(limits.failures_per_account_per_hour, 15);
  EXPECT_EQ(limits.proof_of_work, ProofOfWork::always);
  EXPECT_EQ(limits.proof_of_work_bits, 20U);
  EXPECT_EQ(limits.connections_per_address, 0U);
  EXPECT_EQ(loaded.config.passwords.refused_file, "list");
}

TEST(Config, LimitsThatMakeNoSenseAreMistakes) {
  const auto mistakes = testing_support::mistakes_in(R"([limits]
proof_of_work = "sometimes"
proof_of_work_bits = 31
guests_in_all_per_minute = 0
failures_per_account_per_hour = 0
connections_per_address = -1
)");
  for (const auto* const line : {":2: ", ":3: ", ":4: ", ":5: ", ":6: "})
    EXPECT_NE(mistakes.find(line), std::string::npos) << line << mistakes;
  EXPECT_NE(mistakes.find("off, pressure, always"), std::string::npos) << mistakes;
}

TEST(Config, TellsEveryMistakeWithItsLine) {
  const ConfigFile file{R"(listn = "x"
listen = "0.0.0.0:80"
threads = -1
[gateway]
retention = "401d"
cookie_format = "plain"
[purge]
retention = 5.5
[[applications]]
webhook_url = "ftp://x"
colour = 1
)"};
  const auto loaded = load_config(file.path(), {});
  std::string all;
  for (const auto& mistake : loaded.mistakes) all += mistake.to_string() + "\n";
  for (const auto* expected :
       {":1: listn is not a setting", "public_url: is needed to listen beyond loopback",
        ":3: threads: has to be an integer between 0 and 1024", ":5: gateway.retention",
        ":6: gateway.cookie_format: has to be one of sealed, jwt", ":8: purge.retention",
        "name is missing", ":11: colour is not a setting"}) {
    EXPECT_NE(all.find(expected), std::string::npos) << expected << "\nin\n" << all;
  }
}

TEST(Config, KeepsDeliveredEventsForAYearAtMost) {
  EXPECT_EQ(testing_support::mistakes_in("[events]\nkeep_delivered = \"0s\"\n"), "");
  EXPECT_EQ(testing_support::mistakes_in("[events]\nkeep_delivered = \"400d\"\n"), "");
  EXPECT_EQ(testing_support::mistakes_in("[events]\nkeep_delivered = \"401d\"\n"),
            ":2: events.keep_delivered: has to be at most 400d\n");
  EXPECT_NE(testing_support::mistakes_in("[events]\nkeep_delivered = \"-1s\"\n"), "");
  EXPECT_NE(testing_support::mistakes_in("[events]\nkeep = \"1d\"\n"), "");
}

TEST(Config, KeepsAliasesForADayAtLeast) {
  const ConfigFile good{"[merge]\nalias_retention = \"1d\"\n"};
  EXPECT_EQ(load_config(good.path(), {}).config.merge.alias_retention, base::Seconds{24 * 3600});
  const ConfigFile bad{"[merge]\nalias_retention = \"23h\"\n"};
  const auto loaded = load_config(bad.path(), {});
  ASSERT_EQ(loaded.mistakes.size(), 1U);
  EXPECT_NE(loaded.mistakes[0].to_string().find(":2: merge.alias_retention"), std::string::npos);
}

TEST(Config, KeepsGuestsByApplication) {
  const ConfigFile file{R"([purge]
retention = "30d"
[[purge.applications]]
client = "13"
retention = "7d"
[[purge.applications]]
client = "14"
retention = "400d"
)"};
  const auto loaded = load_config(file.path(), {});
  ASSERT_TRUE(loaded.mistakes.empty()) << loaded.mistakes.front().to_string();
  ASSERT_EQ(loaded.config.purge.applications.size(), 2U);
  EXPECT_EQ(loaded.config.purge.applications[0].client, "13");
  EXPECT_EQ(loaded.config.purge.applications[0].retention, base::Seconds{7 * 24 * 3600});
}

TEST(Config, RefusesApplicationsOfThePurgeThatSayNothing) {
  const ConfigFile file{R"([[purge.applications]]
client = "13"
retention = "59s"
[[purge.applications]]
client = "13"
retention = "7d"
[[purge.applications]]
client = "shop"
[[purge.applications]]
retention = "7d"
colour = 1
)"};
  const auto loaded = load_config(file.path(), {});
  std::string all;
  for (const auto& mistake : loaded.mistakes) all += mistake.to_string() + "\n";
  for (const auto* expected :
       {"the retention for client '13' has to be at least 1m", "two are for client 13",
        "'shop' is not the id of a client", "the retention for client 'shop'", "client is missing",
        ":11: colour is not a setting"}) {
    EXPECT_NE(all.find(expected), std::string::npos) << expected << "\nin\n" << all;
  }
}

TEST(Config, ForwardAuthCannotSetTheTwoCookiesOfTheJwtFormat) {
  const ConfigFile file{R"([gateway]
cookie_format = "jwt"
forward_auth_listen = "127.0.0.1:9003"
)"};
  const auto loaded = load_config(file.path(), {});
  ASSERT_EQ(loaded.mistakes.size(), 1U);
  EXPECT_EQ(loaded.mistakes[0].where, file.path() + ":2");
}

TEST(Config, SyntaxErrorsHaveALine) {
  const ConfigFile file{"listen = \"a:1\"\nlisten = = 2\n"};
  const auto loaded = load_config(file.path(), {});
  ASSERT_FALSE(loaded.mistakes.empty());
  EXPECT_EQ(loaded.mistakes.front().where, file.path() + ":2");
}

TEST(Config, EnvironmentOverridesTheFile) {
  const char* const environment[] = {"VESTIBULE_PUBLIC_URL=http://127.0.0.1:1",
                                     "VESTIBULE_GATEWAY__RETENTION=1h", "PATH=/bin",
                                     "VESTIBULE_NOPE=1", nullptr};
  const auto loaded = load_config("", overrides_from_environment(environment));
  EXPECT_EQ(loaded.config.public_url, "http://127.0.0.1:1");
  EXPECT_EQ(loaded.config.gateway.retention, base::Seconds{3600});
  ASSERT_EQ(loaded.mistakes.size(), 1U);
  EXPECT_EQ(loaded.mistakes[0].to_string(), "VESTIBULE_NOPE: nope is not a setting");
}

TEST(Config, TheMailboxIsForLoopbackOnly) {
  EXPECT_EQ(load_config("", {}).config.mail.transport, MailTransport::mailbox);
  const Override url{"public_url", "https://id.example.com", "--public-url"};
  EXPECT_EQ(load_config("", {url}).config.mail.transport, MailTransport::none);
  const auto loaded =
      load_config("", {url, {"mail.transport", "mailbox", "VESTIBULE_MAIL__TRANSPORT"}});
  ASSERT_EQ(loaded.mistakes.size(), 1U);
  EXPECT_EQ(loaded.mistakes[0].where, "VESTIBULE_MAIL__TRANSPORT");
}

TEST(Config, ListsOfTablesStandInTheFileOnly) {
  const auto loaded = load_config("", {{"gateway.rules", "x", "VESTIBULE_GATEWAY__RULES"}});
  ASSERT_EQ(loaded.mistakes.size(), 1U);
  EXPECT_EQ(loaded.mistakes[0].to_string(),
            "VESTIBULE_GATEWAY__RULES: gateway.rules: stands in the file only");
}

TEST(Config, RangesAreChecked) {
  const auto loaded = load_config("", {{"trusted_proxies", "10.0.0.0/8,10.0.0.1/8", "X"}});
  ASSERT_EQ(loaded.mistakes.size(), 1U);
}

TEST(Config, Urls) {
  const auto url = parse_url("HTTPS://Shop.Example.com:443/a/");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->origin(), "https://shop.example.com");
  EXPECT_EQ(url->path, "/a");
  EXPECT_EQ(parse_url("http://[::1]:8080")->authority, "[::1]:8080");
  for (const auto* bad : {"", "shop", "ftp://a", "http://", "http://u@a", "http://a?b",
                          "http://a#b", "http://a:0", "//a", "http://a.%ad", "http://a:443b"}) {
    EXPECT_FALSE(parse_url(bad)) << bad;
  }
  EXPECT_EQ(parse_host_port("[::1]:80")->host, "::1");
  for (const auto* bad : {"", ":80", "a", "a:", "a:x", "a:70000", "::1:80"}) {
    EXPECT_FALSE(parse_host_port(bad)) << bad;
  }
}

TEST(Config, LoopbackIsAnAddress) {
  for (const auto* host : {"localhost", "127.0.0.1", "127.8.9.10", "::1"})
    EXPECT_TRUE(is_loopback(host)) << host;
  for (const auto* host : {"127.example.com", "128.0.0.1", "::", "localhost.example.com", ""})
    EXPECT_FALSE(is_loopback(host)) << host;
}

TEST(Config, Durations) {
  EXPECT_EQ(parse_duration("30d"), base::Seconds{2592000});
  EXPECT_EQ(parse_duration("45"), base::Seconds{45});
  for (const auto* bad : {"", "d", "-1s", "1w", "1.5h", "9999999999999"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
}

}  // namespace
}  // namespace vestibule::app
