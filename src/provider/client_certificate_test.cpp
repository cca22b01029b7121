#include "provider/client_certificate.h"

#include <gtest/gtest.h>

#include "oauth/client_certificate_example.h"

namespace vestibule::provider {
namespace {

using oauth::CertificateEncoding;

const CertificateSource source{.field = "Client-Cert",
                               .encoding = CertificateEncoding::structured,
                               .proxies = {http::Cidr::parse("10.0.0.1").value()}};

http::Request request_from(const char* peer, std::vector<std::string> values) {
  http::Request request;
  request.peer_address = http::IpAddress::parse(peer).value();
  for (auto& value : values) request.headers.add("client-cert", std::move(value));
  return request;
}

TEST(ReadCertificate, ATrustedProxyPassesItOn) {
  const auto read = read_certificate(source, request_from("10.0.0.1", {oauth::example_field()}));
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->thumbprint(), oauth::example_thumbprint);
  EXPECT_EQ(read_thumbprint(source, request_from("10.0.0.1", {oauth::example_field()})).value(),
            oauth::example_thumbprint);
}

TEST(ReadCertificate, NobodyElsesFieldMeansAnything) {
  for (const auto& value : {oauth::example_field(), std::string("junk")}) {
    const auto read = read_certificate(source, request_from("10.0.0.2", {value, value}));
    EXPECT_TRUE(read && !*read);
    const auto off = read_certificate({}, request_from("10.0.0.1", {value}));
    EXPECT_TRUE(off && !*off);
  }
  auto local = request_from("10.0.0.1", {oauth::example_field()});
  local.transport = http::Transport::local_socket;
  EXPECT_FALSE(read_certificate(source, local).value());
}

TEST(ReadCertificate, AClientWithoutOneHasNone) {
  EXPECT_FALSE(read_certificate(source, request_from("10.0.0.1", {})).value());
  EXPECT_FALSE(read_certificate(source, request_from("10.0.0.1", {""})).value());
}

TEST(ReadCertificate, AMalformedFieldOfAProxyIsAnError) {
  const auto refused = [&](std::vector<std::string> values) {
    const auto read = read_certificate(source, request_from("10.0.0.1", std::move(values)));
    return !read && read.error().code == "invalid_request" && read.error().status == 400;
  };
  EXPECT_TRUE(refused({"junk"}));
  EXPECT_TRUE(refused({":AAAA:"}));
  EXPECT_TRUE(refused({oauth::example_field(), oauth::example_field()}));
  EXPECT_TRUE(refused({oauth::example_field(), ""}));
  EXPECT_TRUE(refused({oauth::example_field() + ", " + oauth::example_field()}));
}

}  // namespace
}  // namespace vestibule::provider
