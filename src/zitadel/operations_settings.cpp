#include "accounts/organizations.h"
#include "oauth/impersonation.h"
#include "zitadel/caller.h"
#include "zitadel/messages.h"
#include "zitadel/operation_parts.h"

namespace vestibule::zitadel {

namespace json = boost::json;

namespace {

using operation_parts::plain;
using operation_parts::write;

Result<Plan> reading_security(const Record&) {
  return plain([](const Unit& unit) -> Result<std::string> {
    if (auto allowed = check_administrator(unit.caller); !allowed) return refuse(allowed.error());
    json::object settings{{"embeddedIframe", json::object{}}};
    if (oauth::impersonation_policy(unit.tx) == oauth::Impersonation::enabled) {
      settings["enableImpersonation"] = true;
    }
    return write({{"settings", std::move(settings)}});
  });
}

Result<Plan> setting_security(const Record& record) {
  const auto policy = record.flag("enableImpersonation").value_or(false)
                          ? oauth::Impersonation::enabled
                          : oauth::Impersonation::disabled;
  return plain([policy](const Unit& unit) -> Result<std::string> {
    if (auto allowed = check_administrator(unit.caller); !allowed) return refuse(allowed.error());
    oauth::set_impersonation_policy(unit.tx, policy);
    const bool on = policy == oauth::Impersonation::enabled;
    note(unit, on ? "impersonation.enabled" : "impersonation.disabled", unit.caller.user.id);
    return write({{"details",
                   {{"sequence", "1"},
                    {"changeDate", answers::timestamp(unit.now)},
                    {"resourceOwner", base::to_string(unit.caller.user.organization)}}}});
  });
}

/// What check_password_zitadel asks of a password, in ZITADEL's words.
Result<Plan> reading_password_complexity(const Record&) {
  return plain([](const Unit& unit) -> Result<std::string> {
    if (unit.caller.roles.empty()) return refuse(refusals::no_membership);
    const auto own = accounts::find_organization(unit.tx, unit.caller.user.organization);
    if (!own) return refuse(refusals::organization_unknown);
    const auto made = answers::timestamp(own->created_at);
    const json::object details{{"sequence", "1"},
                               {"changeDate", made},
                               {"resourceOwner", base::to_string(own->id)},
                               {"creationDate", made}};
    const json::object settings{
        {"minLength", "8"},          {"requiresUppercase", true},
        {"requiresLowercase", true}, {"requiresNumber", true},
        {"requiresSymbol", true},    {"resourceOwnerType", "RESOURCE_OWNER_TYPE_INSTANCE"}};
    return write({{"details", details}, {"settings", settings}});
  });
}

}  // namespace

std::vector<Operation> settings_operations() {
  namespace m = messages;
  return {
      {"GetSecuritySettings", "GET", "/v2/settings/security", &m::empty,
       "settings.GetSecuritySettingsRequest", Work::point_read, reading_security, settings_service},
      {"SetSecuritySettings", "PUT", "/v2/policies/security", &m::set_security_settings,
       "settings.SetSecuritySettingsRequest", Work::write, setting_security, settings_service},
      {"GetPasswordComplexitySettings", "GET", "/v2/settings/password/complexity", &m::empty,
       "settings.GetPasswordComplexitySettingsRequest", Work::point_read,
       reading_password_complexity, settings_service},
  };
}

}  // namespace vestibule::zitadel
