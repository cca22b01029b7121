#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store.h"

namespace vestibule::shop {

/// What a sub has besides a cart and orders, each with its own rule for a merge:
/// wish list: union; recently viewed: the newest time of each product; gift note: the account's, if
/// it has one; contact (name and address): only ever the account's own.
struct Contact {
  std::string name;
  std::string address;
};

/// The ids on the wish list, in the order of the catalogue's ids.
std::vector<std::string> load_wishes(Transaction& transaction, std::string_view sub);
/// `not_found` if the shop sells no such product. Wishing twice is wishing once.
base::Result<void> add_wish(Transaction& transaction, std::string_view sub,
                            std::string_view product_id);
void remove_wish(Transaction& transaction, std::string_view sub, std::string_view product_id);

/// At most the six products looked at last, newest first.
std::vector<std::string> load_views(Transaction& transaction, std::string_view sub);
void record_view(Transaction& transaction, std::string_view sub, std::string_view product_id,
                 base::Time now);

/// The message that goes into the parcel; empty if there is none.
std::string load_note(Transaction& transaction, std::string_view sub);
/// `invalid` above 280 characters or with control characters other than line breaks; an empty text
/// takes the note away.
base::Result<void> save_note(Transaction& transaction, std::string_view sub, std::string_view text,
                             base::Time now);

/// Where the last order went, to fill in the form next time.
std::optional<Contact> find_contact(Transaction& transaction, std::string_view sub);
void save_contact(Transaction& transaction, std::string_view sub, const Contact& contact);

/// Moves the source's belongings into the target's by the rules above; the source has none after.
void merge_belongings(Transaction& transaction, std::string_view source, std::string_view target);

}  // namespace vestibule::shop
