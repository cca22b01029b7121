#include "zitadel/members.h"
#include "zitadel/messages.h"
#include "zitadel/operation_parts.h"

namespace vestibule::zitadel {

namespace json = boost::json;

namespace {

auto setting_member(MemberChange change, std::string_view date) {
  return [change, date](const Record& record) -> Result<Plan> {
    return operation_parts::plain(
        [change, date, id = record.text_or_empty("userId"),
         roles = record.texts("roles")](const Unit& unit) -> Result<std::string> {
          if (auto set = set_member(unit, id, roles, change); !set) return refuse(set.error());
          json::object details{{"sequence", "1"},
                               {"resourceOwner", base::to_string(unit.caller.user.organization)}};
          details[date] = answers::timestamp(unit.now);
          return operation_parts::write({{"details", std::move(details)}});
        });
  };
}

}  // namespace

std::vector<Operation> member_operations() {
  namespace m = messages;
  return {
      {"", "POST", "/admin/v1/members", &m::add_member, "admin.AddIAMMemberRequest", Work::write,
       setting_member(MemberChange::add, "creationDate")},
      {"", "PUT", "/admin/v1/members/{user_id}", &m::update_member, "admin.UpdateIAMMemberRequest",
       Work::write, setting_member(MemberChange::replace, "changeDate")},
  };
}

}  // namespace vestibule::zitadel
