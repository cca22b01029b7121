#include "belongings.h"

#include <algorithm>

#include "base/text.h"
#include "catalogue.h"

namespace vestibule::shop {
namespace {

constexpr std::size_t max_note_length = 280;

std::vector<std::string> ids(Rows&& rows) {
  std::vector<std::string> found;
  while (rows.next()) found.push_back(rows.text(0));
  return found;
}

}  // namespace

std::vector<std::string> load_wishes(Transaction& transaction, std::string_view sub) {
  return ids(
      transaction.query("select product_id from wishes where sub = ?1 order by product_id", {sub}));
}

base::Result<void> add_wish(Transaction& transaction, std::string_view sub,
                            std::string_view product_id) {
  if (!find_product(product_id))
    return base::fail(base::ErrorKind::not_found, "no_such_product", "We do not sell that.");
  transaction.run("insert into wishes (sub, product_id) values (?1, ?2) on conflict do nothing",
                  {sub, product_id});
  return {};
}

void remove_wish(Transaction& transaction, std::string_view sub, std::string_view product_id) {
  transaction.run("delete from wishes where sub = ?1 and product_id = ?2", {sub, product_id});
}

std::vector<std::string> load_views(Transaction& transaction, std::string_view sub) {
  return ids(transaction.query(
      "select product_id from views where sub = ?1 order by viewed_at desc, product_id limit 6",
      {sub}));
}

void record_view(Transaction& transaction, std::string_view sub, std::string_view product_id,
                 base::Time now) {
  transaction.run(
      "insert into views (sub, product_id, viewed_at) values (?1, ?2, ?3) "
      "on conflict (sub, product_id) do update set viewed_at = max(viewed_at, ?3)",
      {sub, product_id, base::to_milliseconds(now)});
}

std::string load_note(Transaction& transaction, std::string_view sub) {
  return transaction.find_text("select text from notes where sub = ?1", {sub}).value_or("");
}

base::Result<void> save_note(Transaction& transaction, std::string_view sub, std::string_view text,
                             base::Time now) {
  std::string visible(text);
  std::erase_if(visible, [](char c) { return c == '\n' || c == '\r'; });
  const auto length = base::count_code_points(text);
  if (!length || *length > max_note_length || base::has_control_character(visible))
    return base::fail(base::ErrorKind::invalid, "bad_note",
                      "A note has at most 280 characters of plain text.", "text");
  if (base::trim(text).empty()) {
    transaction.run("delete from notes where sub = ?1", {sub});
    return {};
  }
  transaction.run(
      "insert into notes (sub, text, updated_at) values (?1, ?2, ?3) "
      "on conflict (sub) do update set text = ?2, updated_at = ?3",
      {sub, text, base::to_milliseconds(now)});
  return {};
}

std::optional<Contact> find_contact(Transaction& transaction, std::string_view sub) {
  auto rows = transaction.query("select name, address from contacts where sub = ?1", {sub});
  if (!rows.next()) return std::nullopt;
  return Contact{rows.text(0), rows.text(1)};
}

void save_contact(Transaction& transaction, std::string_view sub, const Contact& contact) {
  transaction.run(
      "insert into contacts (sub, name, address) values (?1, ?2, ?3) "
      "on conflict (sub) do update set name = ?2, address = ?3",
      {sub, contact.name, contact.address});
}

void merge_belongings(Transaction& transaction, std::string_view source, std::string_view target) {
  // The union of both wish lists.
  transaction.run(
      "insert into wishes (sub, product_id) select ?2, product_id from wishes where sub = ?1 "
      "on conflict do nothing",
      {source, target});
  transaction.run(
      "insert into views (sub, product_id, viewed_at) "
      "select ?2, product_id, viewed_at from views where sub = ?1 "
      "on conflict (sub, product_id) do update set viewed_at = max(viewed_at, excluded.viewed_at)",
      {source, target});
  // The account's note wins; the guest's is taken over where the account has none.
  transaction.run(
      "insert into notes (sub, text, updated_at) select ?2, text, updated_at from notes "
      "where sub = ?1 on conflict do nothing",
      {source, target});
  transaction.run("delete from wishes where sub = ?1", {source});
  transaction.run("delete from views where sub = ?1", {source});
  transaction.run("delete from notes where sub = ?1", {source});
  // Whoever typed a name and an address as a guest has not shown that they are the account's owner,
  // so these never reach the account, not even where it has none. Orders keep their own copy.
  transaction.run("delete from contacts where sub = ?1", {source});
}

}  // namespace vestibule::shop
