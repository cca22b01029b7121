#include <algorithm>
#include <memory>

#include "accounts/metadata.h"
#include "accounts/user_search.h"
#include "accounts/users.h"
#include "zitadel/caller.h"
#include "zitadel/text_match.h"
#include "zitadel/verbs.h"

namespace vestibule::zitadel {
namespace {

using accounts::User;
using Ids = std::vector<base::UserId>;

constexpr std::uint64_t default_limit = 100;
constexpr std::uint64_t highest_limit = 10'000;
constexpr int rows_at_once = 500;

/// One query, made ready for asking it of many users: metadata is looked up by its index once.
struct Filter {
  std::function<bool(const User&)> accepts;
  /// Sorted, nobody else can be accepted; nullopt: anybody may.
  std::optional<Ids> candidates = {};
};

Ids sorted(Ids ids) {
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  return ids;
}

Filter only(Ids ids) {
  auto shared = std::make_shared<const Ids>(sorted(std::move(ids)));
  return {[shared](const User& user) { return std::ranges::binary_search(*shared, user.id); },
          *shared};
}

Filter by_text(const Record& query, std::string_view field,
               std::optional<std::string> (*text_of)(const User&)) {
  return {[pattern = query.text_or_empty(field), method = query.number("method").value_or(0),
           text_of](const User& user) {
    const auto text = text_of(user);
    return text && matches(*text, pattern, method);
  }};
}

enum class KeyMatch { exact, prefix };

Ids find_tagged(const Unit& unit, const std::string& key, KeyMatch match) {
  constexpr int keys_at_once = 1'000;
  Ids ids;
  std::optional<accounts::Tagged> last;
  for (;;) {
    auto page = accounts::find_by_metadata_prefix(unit.tx, key, last, keys_at_once);
    for (const auto& tagged : page) {
      // They come by key, and the exact one is the first of those that begin with it.
      if (match == KeyMatch::exact && tagged.key != key) return ids;
      ids.push_back(tagged.user);
    }
    if (page.size() < keys_at_once) return ids;
    last = std::move(page.back());
  }
}

Result<Filter> by_metadata_key(const Unit& unit, const Record& query) {
  constexpr std::uint64_t equals = 0;
  constexpr std::uint64_t starts_with = 2;
  const auto key = query.text_or_empty("key");
  const auto method = query.number("method").value_or(equals);
  if (method == equals) return only(find_tagged(unit, key, KeyMatch::exact));
  if (method == starts_with) return only(find_tagged(unit, key, KeyMatch::prefix));
  return refuse({Code::unimplemented, "",
                 "metadataKeyFilter takes TEXT_FILTER_METHOD_EQUALS and _STARTS_WITH only"});
}

Filter by_ids(const Unit& unit, const Record& query) {
  Ids ids;
  for (const auto& subject : query.texts("userIds")) {
    if (const auto user = accounts::find_user_by_subject(unit.tx, subject)) ids.push_back(user->id);
  }
  return only(std::move(ids));
}

Filter by_emails(const Record& query) {
  return {[emails = query.texts("userEmails")](const User& user) {
    return user.email && std::ranges::find(emails, *user.email) != emails.end();
  }};
}

// zitadel.user.v2.UserState and accounts::UserState count differently.
std::uint64_t state_number(const User& user) {
  return user.state == accounts::UserState::locked ? 4 : static_cast<std::uint64_t>(user.state);
}

Result<Filter> make_filter(const Unit& unit, const Record& query);

Result<std::vector<Filter>> make_filters(const Unit& unit, const std::deque<Record>& queries) {
  std::vector<Filter> filters;
  for (const auto& query : queries) {
    auto filter = make_filter(unit, query);
    if (!filter) return std::unexpected(std::move(filter.error()));
    filters.push_back(std::move(*filter));
  }
  return filters;
}

Result<Filter> all_of(const Unit& unit, const std::deque<Record>& queries) {
  auto filters = make_filters(unit, queries);
  if (!filters) return std::unexpected(std::move(filters.error()));
  Filter all;
  for (const auto& filter : *filters) {
    if (!filter.candidates) continue;
    if (!all.candidates || filter.candidates->size() < all.candidates->size()) {
      all.candidates = filter.candidates;
    }
  }
  all.accepts = [filters = std::move(*filters)](const User& user) {
    return std::ranges::all_of(filters, [&](const Filter& f) { return f.accepts(user); });
  };
  return all;
}

Result<Filter> any_of(const Unit& unit, const std::deque<Record>& queries) {
  auto filters = make_filters(unit, queries);
  if (!filters) return std::unexpected(std::move(filters.error()));
  Filter any;
  Ids united;
  bool bounded = true;
  for (const auto& filter : *filters) {
    bounded = bounded && filter.candidates.has_value();
    if (bounded) united.insert(united.end(), filter.candidates->begin(), filter.candidates->end());
  }
  if (bounded) any.candidates = sorted(std::move(united));
  any.accepts = [filters = std::move(*filters)](const User& user) {
    return std::ranges::any_of(filters, [&](const Filter& f) { return f.accepts(user); });
  };
  return any;
}

Result<Filter> none_of(const Unit& unit, const Record& query) {
  const auto* const inner = query.child("query");
  if (inner == nullptr) return invalid("invalid NotQuery.Query: value is required");
  auto filter = make_filter(unit, *inner);
  if (!filter) return filter;
  return Filter{
      [accepts = std::move(filter->accepts)](const User& user) { return !accepts(user); }};
}

Result<Filter> make_filter(const Unit& unit, const Record& query) {
  if (const auto* const q = query.child("userNameQuery")) {
    return by_text(*q, "userName", [](const User& user) { return user.username; });
  }
  if (const auto* const q = query.child("loginNameQuery")) {
    return by_text(*q, "loginName", [](const User& user) { return user.username; });
  }
  if (const auto* const q = query.child("emailQuery")) {
    return by_text(*q, "emailAddress", [](const User& user) { return user.email; });
  }
  if (const auto* const q = query.child("firstNameQuery")) {
    return by_text(*q, "firstName", [](const User& user) { return user.given_name; });
  }
  if (const auto* const q = query.child("lastNameQuery")) {
    return by_text(*q, "lastName", [](const User& user) { return user.family_name; });
  }
  if (const auto* const q = query.child("nickNameQuery")) {
    return by_text(*q, "nickName", [](const User& user) { return user.nick_name; });
  }
  if (const auto* const q = query.child("displayNameQuery")) {
    return by_text(*q, "displayName",
                   [](const User& user) { return std::optional(user.full_name()); });
  }
  if (const auto* const q = query.child("phoneQuery")) {
    return by_text(*q, "number", [](const User& user) { return user.phone; });
  }
  if (const auto* const q = query.child("metadataKeyFilter")) return by_metadata_key(unit, *q);
  if (const auto* const q = query.child("inUserIdsQuery")) return by_ids(unit, *q);
  if (const auto* const q = query.child("inUserEmailsQuery")) return by_emails(*q);
  if (const auto* const q = query.child("organizationIdQuery")) {
    return Filter{[id = q->text_or_empty("organizationId")](const User& user) {
      return base::to_string(user.organization) == id;
    }};
  }
  if (const auto* const q = query.child("typeQuery")) {
    return Filter{[type = q->number("type").value_or(0)](const User& user) {
      return static_cast<std::uint64_t>(user.kind) == type;
    }};
  }
  if (const auto* const q = query.child("stateQuery")) {
    return Filter{[state = q->number("state").value_or(0)](const User& user) {
      return state_number(user) == state;
    }};
  }
  if (const auto* const q = query.child("andQuery")) return all_of(unit, q->children("queries"));
  if (const auto* const q = query.child("orQuery")) return any_of(unit, q->children("queries"));
  const auto* const q = query.child("notQuery");
  return q != nullptr ? none_of(unit, *q) : invalid("invalid SearchQuery.Query: value is required");
}

/// What a user is sorted by (USER_FIELD_NAME_…); equal ones by age.
std::string sort_text(const User& user, std::uint64_t column) {
  switch (column) {
    case 1:
      return base::to_lower_ascii(user.preferred_username());
    case 2:
      return base::to_lower_ascii(user.given_name.value_or(""));
    case 3:
      return base::to_lower_ascii(user.family_name.value_or(""));
    case 4:
      return base::to_lower_ascii(user.nick_name.value_or(""));
    case 5:
      return base::to_lower_ascii(user.full_name());
    case 6:
      return base::to_lower_ascii(user.email.value_or(""));
    case 7:
      return base::to_decimal(static_cast<std::int64_t>(state_number(user)));
    case 8:
      return base::to_decimal(static_cast<std::int64_t>(user.kind));
    default:
      return {};  // ids grow with time
  }
}

template <class Visit>
void walk(const Unit& unit, const Filter& filter, Visit visit) {
  if (filter.candidates) {
    for (const auto id : *filter.candidates) {
      if (const auto user = accounts::find_user(unit.tx, id)) visit(*user);
    }
    return;
  }
  base::UserId last;
  for (;;) {
    const auto page = accounts::list_users(unit.tx, last, rows_at_once);
    if (page.empty()) return;
    for (const auto& user : page) visit(user);
    last = page.back().id;
  }
}

}  // namespace

Result<UserPage> list_users(const Unit& unit, const Record& request) {
  const auto* const query = request.child("query");
  const auto number = [&](std::string_view name) {
    return query != nullptr ? query->number(name).value_or(0) : 0;
  };
  const auto limit = number("limit") == 0 ? default_limit : number("limit");
  if (limit > highest_limit) return invalid("invalid ListQuery.Limit: value must be at most 10000");
  const bool ascending = query != nullptr && query->flag("asc").value_or(false);
  const auto column = request.number("sortingColumn").value_or(0);
  const auto filter = all_of(unit, request.children("queries"));
  if (!filter) return std::unexpected(filter.error());

  std::vector<std::pair<std::string, base::UserId>> found;
  walk(unit, *filter, [&](const User& user) {
    if (!filter->accepts(user)) return;
    if (!check_permission(unit.caller, user, Action::read, unit.now)) return;
    found.emplace_back(sort_text(user, column), user.id);
  });
  std::ranges::sort(found);
  if (!ascending) std::ranges::reverse(found);

  UserPage page{.users = {}, .total = found.size()};
  const auto first = std::min<std::uint64_t>(number("offset"), found.size());
  const auto end = first + std::min<std::uint64_t>(limit, found.size() - first);
  for (auto i = first; i < end; ++i) {
    if (auto user = accounts::find_user(unit.tx, found[i].second)) {
      page.users.push_back(std::move(*user));
    }
  }
  return page;
}

}  // namespace vestibule::zitadel
