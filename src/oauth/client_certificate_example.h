#pragma once

#include <string>
#include <string_view>

namespace vestibule::oauth {

/// A certificate for tests, in base64. Made with `openssl req`: C=DE, ST=Bavaria, O="Example,
/// Inc.", OU=Dev+UID=42, CN="Client Ä", and one alternative name of each kind.
inline constexpr std::string_view example_certificate =
    "MIICZDCCAgqgAwIBAgIUS1PMvnFcEcaBnPHRfbpCRBEuqmowCgYIKoZIzj0EAwIwazELMAkGA1UEBhMC"
    "REUxEDAOBgNVBAgMB0JhdmFyaWExFjAUBgNVBAoMDUV4YW1wbGUsIEluYy4xHjAKBgNVBAsMA0RldjAQ"
    "BgoJkiaJk/IsZAEBDAI0MjESMBAGA1UEAwwJQ2xpZW50IMOEMCAXDTI2MTEyNDIzNDc1NVoYDzIxMjYx"
    "MDMxMjM0NzU1WjBrMQswCQYDVQQGEwJERTEQMA4GA1UECAwHQmF2YXJpYTEWMBQGA1UECgwNRXhhbXBs"
    "ZSwgSW5jLjEeMAoGA1UECwwDRGV2MBAGCgmSJomT8ixkAQEMAjQyMRIwEAYDVQQDDAlDbGllbnQgw4Qw"
    "WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATch5mKNE5NLW5U9i1PhVHB1cjptgvE0DQpbTtnH7Z3S3jw"
    "TLfzv5U/UVh+Qba/TKgdw9huZV5vk5d//pwv0rgpo4GJMIGGMGUGA1UdEQReMFyCEmNsaWVudC5leGFt"
    "cGxlLmNvbYYdaHR0cHM6Ly9jbGllbnQuZXhhbXBsZS5jb20vaWSHBMAAAgeHECABDbgAAAAAAAAAAAAA"
    "AAeBD09wc0BFeGFtcGxlLmNvbTAdBgNVHQ4EFgQUTimleb4j1rEQ0RuDtA7xWWQFWO4wCgYIKoZIzj0E"
    "AwIDSAAwRQIhAKC8DrHaKb4qm3lGtgpQtIPQIbYFBmfspgzNqPiB57O/AiB0LJpTo/lNKV7Ie+W6YyIE"
    "o2sdKnhOdoWSk6L/+3lJaQ==";

/// Its x5t#S256, by `openssl dgst`.
inline constexpr const char* example_thumbprint = "pKl6CjSPbIWLyxCBwT05ifre42D_UecIGJSTNSXu7ds";

/// As RFC 9440 section 2.2 has it.
inline std::string example_field() {
  return ":" + std::string(example_certificate) + ":";
}

}  // namespace vestibule::oauth
