#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "oauth/client.h"
#include "oauth/error.h"

namespace vestibule::oauth {

/// A set of scope values in the order in which they were named (RFC 6749 section 3.3).
class Scope {
 public:
  Scope() = default;
  /// Splits at spaces; a repeated value counts once.
  static Scope parse(std::string_view text);

  bool contains(std::string_view value) const;
  bool empty() const { return values_.empty(); }
  const std::vector<std::string>& values() const { return values_; }
  std::string text() const;

  /// What is in both, in this one's order.
  Scope intersect(const Scope& other) const;
  /// The first value that `other` lacks; empty if there is none.
  std::string_view first_missing_in(const Scope& other) const;
  /// Without one value.
  Scope without(std::string_view value) const;

 private:
  friend Scope known_scopes(const Scope&, const Client&, std::string_view);
  std::vector<std::string> values_;
};

inline constexpr std::string_view scope_openid = "openid";
inline constexpr std::string_view scope_profile = "profile";
inline constexpr std::string_view scope_email = "email";
inline constexpr std::string_view scope_phone = "phone";
inline constexpr std::string_view scope_address = "address";
inline constexpr std::string_view scope_offline_access = "offline_access";
inline constexpr std::string_view scope_metadata = "urn:zitadel:iam:user:metadata";
inline constexpr std::string_view scope_resourceowner = "urn:zitadel:iam:user:resourceowner";
/// Nobody has a role in a project here, so there is nothing to tell.
inline constexpr std::string_view scope_project_roles = "urn:zitadel:iam:org:projects:roles";

/// What ZITADEL's two scopes begin with that say of which organization the user must be: its id or
/// its primary domain follows.
inline constexpr std::string_view scope_organization_id = "urn:zitadel:iam:org:id:";
inline constexpr std::string_view scope_organization_domain = "urn:zitadel:iam:org:domain:primary:";
/// Whether it is one of them, of whichever organization.
bool names_organization(std::string_view scope);

/// The requested values that mean something here for this client; the others are dropped, and the
/// answer's `scope` says so (RFC 6749 section 3.3). Beside OpenID Connect's: ZITADEL's metadata and
/// resource owner, `urn:zitadel:iam:org:id:ORG` for the client's own organization,
/// `urn:zitadel:iam:org:domain:primary:DOMAIN` if its domain is given, and
/// `urn:zitadel:iam:org:project:id:PROJECT:aud` for its own project.
Scope known_scopes(const Scope& requested, const Client& client,
                   std::string_view primary_domain = {});

/// The error of a request that names no scope at all, in ZITADEL's words.
std::unexpected<Error> missing_scope();

}  // namespace vestibule::oauth
