#include <algorithm>
#include <tuple>

#include "accounts/users.h"
#include "zitadel/machine.h"
#include "zitadel/paging.h"

namespace vestibule::zitadel {
namespace {

using accounts::MachineCredential;

/// Numbers of TimestampFilterMethod.
bool compares(base::Time time, const Record& filter) {
  const auto to = filter.time("timestamp").value_or(base::Time{});
  switch (filter.number("method").value_or(0)) {
    case 1:
      return time > to;
    case 2:
      return time >= to;
    case 3:
      return time < to;
    case 4:
      return time <= to;
    default:
      return time == to;
  }
}

bool passes(const ListedCredential& listed, const Record& filter) {
  const auto& credential = listed.credential;
  for (const auto* name : {"keyIdFilter", "tokenIdFilter"}) {
    if (const auto* const id = filter.child(name)) return credential.id == id->text_or_empty("id");
  }
  if (const auto* const id = filter.child("userIdFilter")) {
    return listed.subject == id->text_or_empty("id");
  }
  if (const auto* const id = filter.child("organizationIdFilter")) {
    return base::to_string(credential.organization) == id->text_or_empty("id");
  }
  if (const auto* const date = filter.child("createdDateFilter")) {
    return compares(credential.created_at, *date);
  }
  const auto* const date = filter.child("expirationDateFilter");
  return date != nullptr && compares(credential.expires_at, *date);
}

/// Numbers of KeyFieldName and PersonalAccessTokenFieldName; equal ones by id.
bool comes_before(const ListedCredential& a, const ListedCredential& b, std::uint64_t column) {
  const auto order = [&](const ListedCredential& listed) {
    const auto& c = listed.credential;
    const auto time = column == 5 ? c.expires_at : c.created_at;
    const std::string text = column == 3   ? listed.subject
                             : column == 4 ? base::to_string(c.organization)
                                           : std::string{};
    const bool by_text = column == 2 || column == 3 || column == 4;
    return std::tuple(text, by_text ? base::Time{} : time, c.id.size(), c.id);
  };
  return order(a) < order(b);
}

bool may_see(const Unit& unit, const MachineCredential& credential) {
  return unit.caller.has(accounts::Role::administrator) || credential.user == unit.caller.user.id;
}

Result<CredentialPage> list(const Unit& unit, const Record& request,
                            std::vector<MachineCredential> all) {
  std::vector<ListedCredential> found;
  for (auto& credential : all) {
    if (!may_see(unit, credential)) continue;
    const auto user = accounts::find_user(unit.tx, credential.user);
    ListedCredential listed{std::move(credential), user ? user->subject() : std::string{}};
    const auto& filters = request.children("filters");
    if (std::ranges::all_of(filters, [&](const Record& f) { return passes(listed, f); })) {
      found.push_back(std::move(listed));
    }
  }
  const auto paging = read_paging(request);
  const auto column = request.number("sortingColumn").value_or(0);
  std::ranges::sort(found, [&](const ListedCredential& a, const ListedCredential& b) {
    return paging.ascending ? comes_before(a, b, column) : comes_before(b, a, column);
  });
  CredentialPage page{.total = found.size(), .applied_limit = paging.limit};
  cut_page(found, paging);
  page.entries = std::move(found);
  return page;
}

}  // namespace

Result<CredentialPage> list_personal_tokens(const Unit& unit, const Record& request) {
  return list(unit, request, accounts::list_personal_tokens(unit.tx));
}

Result<CredentialPage> list_keys(const Unit& unit, const Record& request) {
  return list(unit, request, accounts::list_machine_keys(unit.tx));
}

}  // namespace vestibule::zitadel
