#include "app/mtls.h"

#include "app/sites.h"
#include "app/testing.h"

namespace vestibule::app {
namespace {

using testing_support::ConfigFile;
using testing_support::mistakes_in;

constexpr const char* good =
    "public_url = \"https://id.test\"\n"
    "trusted_proxies = [\"10.0.0.1\"]\n"
    "[mtls]\n"
    "header = \"X-SSL-Client-Cert\"\n"
    "encoding = \"escaped_pem\"\n"
    "public_url = \"https://mtls.id.test/\"\n";

TEST(Mtls, TheSourceIsTheConfigurations) {
  const ConfigFile file{good};
  const auto loaded = load_config(file.path(), {});
  ASSERT_TRUE(loaded.mistakes.empty());
  const auto source = certificate_source(loaded.config);
  EXPECT_EQ(source.field, "X-SSL-Client-Cert");
  EXPECT_EQ(source.encoding, oauth::CertificateEncoding::escaped_pem);
  EXPECT_TRUE(http::contains(source.proxies, http::IpAddress::parse("10.0.0.1").value()));
  oauth::Capabilities capabilities;
  add_mtls(loaded.config, capabilities);
  EXPECT_TRUE(capabilities.mtls);
  EXPECT_EQ(capabilities.mtls_origin, "https://mtls.id.test");
  capabilities = {};
  add_mtls({}, capabilities);
  EXPECT_FALSE(capabilities.mtls);
}

TEST(Mtls, MistakesHaveTheirLine) {
  EXPECT_EQ(mistakes_in("[mtls]\nheader = \"Client-Cert\"\n"),
            ":2: mtls.header: nobody may send it: trusted_proxies is empty\n");
  const std::string trusted = "trusted_proxies = [\"10.0.0.1\"]\n[mtls]\n";
  EXPECT_EQ(mistakes_in(trusted + "header = \"Client Cert\"\n"),
            ":3: mtls.header: is not the name of a field\n");
  EXPECT_EQ(mistakes_in(trusted + "encoding = \"der\"\n"),
            ":3: mtls.encoding: has to be one of rfc9440, escaped_pem\n");
  EXPECT_EQ(mistakes_in(trusted + "public_url = \"https://mtls.id.test\"\n"),
            ":3: mtls.public_url: needs mtls.header\n");
  EXPECT_EQ(mistakes_in(trusted + "header = \"Client-Cert\"\npublic_url = \"http://mtls.test\"\n"),
            ":4: mtls.public_url: has to be https://HOST without a path\n");
}

TEST(Mtls, ItsOriginIsTheProviders) {
  const ConfigFile file{good};
  const auto config = load_config(file.path(), {}).config;
  Sites sites{config};
  http::RequestHead head;
  head.path = "/oauth/v2/token";
  head.host = "mtls.id.test";
  EXPECT_EQ(sites.select(head), &sites.provider());
  head.host = "other.id.test";
  EXPECT_EQ(sites.select(head), nullptr);
}

}  // namespace
}  // namespace vestibule::app
