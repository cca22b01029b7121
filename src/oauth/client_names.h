#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "oauth/client.h"

// The words for what a client may be, in the store and in metadata; for .cpp files of this folder.
namespace vestibule::oauth::names {

template <class E, std::size_t N>
using Names = std::array<std::pair<E, std::string_view>, N>;

inline constexpr Names<AuthMethod, 5> auth_methods{{
    {AuthMethod::none, "none"},
    {AuthMethod::client_secret_basic, "client_secret_basic"},
    {AuthMethod::client_secret_post, "client_secret_post"},
    {AuthMethod::private_key_jwt, "private_key_jwt"},
    {AuthMethod::tls_client_auth, "tls_client_auth"},
}};
inline constexpr Names<TokenFormat, 2> formats{
    {{TokenFormat::opaque, "opaque"}, {TokenFormat::jwt, "jwt"}}};
inline constexpr Names<Pkce, 2> pkces{{{Pkce::required, "required"}, {Pkce::optional, "optional"}}};
inline constexpr Names<Consent, 2> consents{
    {{Consent::implied, "implied"}, {Consent::asked, "asked"}}};
inline constexpr Names<SenderConstraint, 3> constraints{{{SenderConstraint::none, "none"},
                                                         {SenderConstraint::dpop, "dpop"},
                                                         {SenderConstraint::mtls, "mtls"}}};
inline constexpr Names<Profile, 3> profiles{
    {{Profile::standard, "standard"},
     {Profile::fapi2_security, "fapi2_security"},
     {Profile::fapi2_message_signing, "fapi2_message_signing"}}};
inline constexpr Names<Client::IdTokenClaims, 2> claim_places{
    {{Client::IdTokenClaims::minimal, "minimal"}, {Client::IdTokenClaims::userinfo, "userinfo"}}};
// The metadata names of RFC 8705 section 2.1.2, without their common prefix.
inline constexpr Names<CertificateSubject::Kind, 5> subject_kinds{
    {{CertificateSubject::Kind::dn, "dn"},
     {CertificateSubject::Kind::san_dns, "san_dns"},
     {CertificateSubject::Kind::san_uri, "san_uri"},
     {CertificateSubject::Kind::san_ip, "san_ip"},
     {CertificateSubject::Kind::san_email, "san_email"}}};

template <class E, std::size_t N>
constexpr std::string_view name_in(const Names<E, N>& names, E value) {
  return std::ranges::find(names, value, [](const auto& pair) { return pair.first; })->second;
}

template <class E, std::size_t N>
constexpr std::optional<E> find_in(const Names<E, N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name, [](const auto& pair) { return pair.second; });
  if (found == names.end()) return std::nullopt;
  return found->first;
}

}  // namespace vestibule::oauth::names
