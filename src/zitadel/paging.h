#pragma once

#include <algorithm>
#include <cstdint>

#include "zitadel/message.h"

namespace vestibule::zitadel {

/// filter.v2.PaginationRequest: as the request says, within what we give at once.
struct Paging {
  std::uint64_t offset = 0;
  std::uint64_t limit = 0;
  bool ascending = false;
};

inline Paging read_paging(const Record& request) {
  constexpr std::uint64_t default_limit = 100;
  constexpr std::uint64_t highest_limit = 1'000;
  const auto* const page = request.child("pagination");
  if (page == nullptr) return {.limit = default_limit};
  const auto limit = page->number("limit").value_or(0);
  return {.offset = page->number("offset").value_or(0),
          .limit = limit == 0 ? default_limit : std::min(limit, highest_limit),
          .ascending = page->flag("asc").value_or(false)};
}

/// Keeps the page of a sorted list.
template <class T>
void cut_page(std::vector<T>& all, const Paging& paging) {
  const auto first = std::min<std::uint64_t>(paging.offset, all.size());
  const auto end = first + std::min<std::uint64_t>(paging.limit, all.size() - first);
  all.erase(all.begin() + static_cast<std::ptrdiff_t>(end), all.end());
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first));
}

}  // namespace vestibule::zitadel
