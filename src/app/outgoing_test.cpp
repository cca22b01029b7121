#include "app/outgoing.h"

#include <fmt/format.h>

#include "app/testing.h"

namespace vestibule::app {
namespace {

using testing_support::ConfigFile;
using testing_support::mistakes_in;

std::string with_ca(const std::string& path) {
  return fmt::format("[outgoing]\nca_file = \"{}\"\n", path);
}

TEST(Outgoing, TheOptionsAreTheConfigurations) {
  Config config;
  config.outgoing.ca_file = "/etc/ca.pem";
  config.outgoing.allowed_networks = {"127.0.0.0/8", "::1"};
  const auto options = outgoing_options(config);
  EXPECT_EQ(options.ca_file, "/etc/ca.pem");
  EXPECT_TRUE(http::contains(options.allowed, *http::IpAddress::parse("127.0.0.1")));
  EXPECT_TRUE(http::contains(options.allowed, *http::IpAddress::parse("::1")));
  EXPECT_FALSE(http::contains(options.allowed, *http::IpAddress::parse("10.0.0.1")));
  EXPECT_TRUE(outgoing_options({}).allowed.empty());
}

TEST(Outgoing, ABadNetworkIsAMistakeWithItsLine) {
  EXPECT_EQ(mistakes_in("[outgoing]\nallowed_networks = [\"10.0.0.1/8\"]\n"),
            ":2: outgoing.allowed_networks: '10.0.0.1/8': \"10.0.0.1/8\" has bits set beyond its "
            "prefix\n");
}

TEST(Outgoing, ACaFileThatIsNoneIsAMistakeWithItsLine) {
  EXPECT_EQ(mistakes_in(with_ca("/nonexistent/ca.pem")),
            ":2: outgoing.ca_file: /nonexistent/ca.pem: No such file or directory\n");
  const ConfigFile empty{"", "empty.pem"};
  EXPECT_NE(mistakes_in(with_ca(empty.path())).find("there is no certificate in it"),
            std::string::npos);
  const ConfigFile broken{"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                          "broken.pem"};
  EXPECT_NE(mistakes_in(with_ca(broken.path())).find("a certificate in it is broken"),
            std::string::npos);
}

}  // namespace
}  // namespace vestibule::app
