#include "oauth/client_certificate.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "oauth/client_certificate_example.h"
#include "oauth/client_certificate_field.h"
#include "oauth/distinguished_name.h"

namespace vestibule::oauth {
namespace {

using Kind = CertificateSubject::Kind;

std::string der() {
  return base::from_base64(example_certificate).value();
}
std::string pem() {
  std::string text = "-----BEGIN CERTIFICATE-----\n";
  for (std::size_t i = 0; i < example_certificate.size(); i += 64) {
    text.append(example_certificate.substr(i, 64)).append("\n");
  }
  return text + "-----END CERTIFICATE-----\n";
}
ClientCertificate certificate() {
  return ClientCertificate::from_der(der()).value();
}
bool has(Kind kind, std::string value) {
  return certificate().has_subject({kind, std::move(value)});
}

// RFC 8705 section 3.1; the hash is that of `openssl dgst`.
TEST(ClientCertificate, TheThumbprintIsThatOfTheDer) {
  EXPECT_EQ(certificate().thumbprint(), example_thumbprint);
  EXPECT_EQ(ClientCertificate::from_pem(pem())->thumbprint(), certificate().thumbprint());
}

TEST(ClientCertificate, OneWholeCertificateIsRead) {
  EXPECT_FALSE(ClientCertificate::from_der(""));
  EXPECT_FALSE(ClientCertificate::from_der(der() + "x"));
  EXPECT_FALSE(ClientCertificate::from_der(der() + der()));
  EXPECT_FALSE(ClientCertificate::from_der(der().substr(1)));
  EXPECT_FALSE(ClientCertificate::from_der(pem()));
  EXPECT_FALSE(ClientCertificate::from_pem(""));
  EXPECT_FALSE(ClientCertificate::from_pem(pem() + pem()));
  EXPECT_FALSE(ClientCertificate::from_pem("x" + pem()));
  EXPECT_FALSE(ClientCertificate::from_pem(pem() + "x"));
  EXPECT_FALSE(ClientCertificate::from_pem(der()));
  for (std::size_t length = 0; length < der().size(); length += 13) {
    EXPECT_FALSE(ClientCertificate::from_der(der().substr(0, length))) << length;
  }
}

// RFC 4514 sections 2 and 4.
TEST(ClientCertificate, ADistinguishedNameIsComparedAsX500Does) {
  const auto dn = [](std::string text) { return has(Kind::dn, std::move(text)); };
  EXPECT_TRUE(dn("CN=Client Ä,UID=42+OU=Dev,O=Example\\, Inc.,ST=Bavaria,C=DE"));
  EXPECT_TRUE(dn("CN=Client \\C3\\84,UID=42+OU=Dev,O=Example\\2C Inc.,ST=Bavaria,C=DE"));
  EXPECT_TRUE(dn("cn=CLIENT  Ä, OU=dev+uid=42, o=example\\, inc., st=bavaria, c=de"))
      << "case, inner spaces and the order within a level mean nothing";
  EXPECT_TRUE(dn("2.5.4.3=Client Ä,UID=42+OU=Dev,O=Example\\, Inc.,ST=Bavaria,2.5.4.6=DE"));
  EXPECT_TRUE(dn("CN=#0C09436C69656E7420C384,UID=42+OU=Dev,O=Example\\, Inc.,ST=Bavaria,C=DE"));
  EXPECT_TRUE(dn("CN=\\ Client Ä\\ ,UID=42+OU=Dev,O=Example\\, Inc.,ST=Bavaria,C=DE"))
      << "leading and trailing spaces mean nothing in X.500";

  EXPECT_FALSE(dn(""));
  EXPECT_FALSE(dn("CN=Client Ä"));
  EXPECT_FALSE(dn("CN=Client A,UID=42+OU=Dev,O=Example\\, Inc.,ST=Bavaria,C=DE"));
  EXPECT_FALSE(dn("C=DE,ST=Bavaria,O=Example\\, Inc.,UID=42+OU=Dev,CN=Client Ä")) << "backwards";
  EXPECT_FALSE(dn("CN=Client Ä,UID=42,OU=Dev,O=Example\\, Inc.,ST=Bavaria,C=DE")) << "two levels";
  EXPECT_FALSE(dn("CN=Client Ä,UID=42+OU=Dev,O=Example, Inc.,ST=Bavaria,C=DE"));
  EXPECT_FALSE(dn("CN=Client Ä,UID=42+OU=Dev,O=Example\\, Inc.,ST=Bavaria,C=DE,DC=test"));
}

TEST(ClientCertificate, AlternativeNamesAreComparedByTheirKind) {
  EXPECT_TRUE(has(Kind::san_dns, "client.example.com"));
  EXPECT_TRUE(has(Kind::san_dns, "Client.Example.COM"));
  EXPECT_FALSE(has(Kind::san_dns, "example.com"));
  EXPECT_FALSE(has(Kind::san_dns, "*.example.com"));
  EXPECT_TRUE(has(Kind::san_uri, "https://client.example.com/id"));
  EXPECT_FALSE(has(Kind::san_uri, "https://client.example.com/ID"));
  EXPECT_TRUE(has(Kind::san_ip, "192.0.2.7"));
  EXPECT_TRUE(has(Kind::san_ip, "2001:db8::7"));
  EXPECT_TRUE(has(Kind::san_ip, "2001:0DB8:0:0::0007"));
  EXPECT_FALSE(has(Kind::san_ip, "192.0.2.8"));
  EXPECT_FALSE(has(Kind::san_ip, "::ffff:192.0.2.7"));
  EXPECT_FALSE(has(Kind::san_ip, "x"));
  EXPECT_TRUE(has(Kind::san_email, "Ops@example.com"));
  EXPECT_FALSE(has(Kind::san_email, "ops@example.com")) << "the local part has case";
  for (const auto kind : {Kind::san_dns, Kind::san_uri, Kind::san_ip, Kind::san_email}) {
    EXPECT_FALSE(has(kind, ""));
  }
  EXPECT_FALSE(has(Kind::san_uri, "client.example.com")) << "a name of another kind";
  EXPECT_FALSE(has(Kind::san_email, "client.example.com"));
}

TEST(DistinguishedName, WhatRfc4514DoesNotAllowIsRefused) {
  EXPECT_TRUE(parse_distinguished_name("CN=a"));
  EXPECT_TRUE(parse_distinguished_name("CN=a\\=b=c"));
  EXPECT_TRUE(parse_distinguished_name("emailAddress=a@b.test,1.2.3.4=x"));
  for (const auto* text : {"",         "CN",           "CN=",        "=a",           "CN=a,",
                           "CN=a+",    ",CN=a",        "CN=a,,O=b",  "CN=a;O=b",     "CN=\"a\"",
                           "CN=<a",    "CN=a>",        "CN=a\\",     "CN=a\\x",      "CN=a\\4",
                           "C N=a",    "Nonsense=a",   "1.2.3.=a",   "CN=#",         "CN=#0",
                           "CN=#0C05", "CN=#0C0161ZZ", "CN=#020101", "CN=#0C016161", "C=Germany"}) {
    EXPECT_FALSE(parse_distinguished_name(text)) << text;
  }
  EXPECT_FALSE(parse_distinguished_name(std::string_view("CN=a\0b", 6)));
}

// RFC 9440 section 2.2.
TEST(ClientCertificateField, AByteSequenceIsRead) {
  const auto read = [](const std::string& value) {
    return parse_certificate_field(value, CertificateEncoding::structured).has_value();
  };
  const std::string bytes(example_certificate);
  EXPECT_TRUE(read(":" + bytes + ":"));
  EXPECT_TRUE(read(" :" + bytes + ": "));
  EXPECT_FALSE(read(""));
  EXPECT_FALSE(read(":"));
  EXPECT_FALSE(read("::"));
  EXPECT_FALSE(read(bytes));
  EXPECT_FALSE(read(":" + bytes));
  EXPECT_FALSE(read(":" + bytes + ":;p=1"));
  EXPECT_FALSE(read(":" + bytes + ":, :" + bytes + ":"));
  EXPECT_FALSE(read(":AAAA:"));
  EXPECT_FALSE(read(":" + base::to_base64url(der()) + "-_:"));
}

TEST(ClientCertificateField, AnEscapedPemIsRead) {
  const auto read = [](const std::string& value) {
    return parse_certificate_field(value, CertificateEncoding::escaped_pem).has_value();
  };
  const auto escaped = base::percent_encode(pem());
  EXPECT_TRUE(read(escaped));
  EXPECT_FALSE(read(""));
  EXPECT_FALSE(read("%zz"));
  EXPECT_FALSE(read(escaped + escaped));
  EXPECT_FALSE(read(":" + std::string(example_certificate) + ":"));
  EXPECT_FALSE(parse_certificate_field(escaped, CertificateEncoding::structured));
}

}  // namespace
}  // namespace vestibule::oauth
