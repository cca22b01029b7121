#include "merging.h"

#include <string>

#include "belongings.h"
#include "orders.h"

namespace vestibule::shop {
namespace {

using base::ErrorKind;

/// Where the data of `sub` lives today: itself, or the end of the chain of merges it went through.
base::Result<std::string> resolve(Transaction& transaction, std::string_view sub) {
  std::string current(sub);
  while (true) {
    auto rows =
        transaction.query("select how, target_sub from ended_subs where sub = ?1", {current});
    if (!rows.next()) return current;
    if (rows.text(0) != "merged")
      return base::fail(ErrorKind::conflict, "sub_dropped",
                        "one of the two has been dropped; nothing was moved");
    current = rows.text(1);
  }
}

}  // namespace

base::Result<void> take_over(Transaction& transaction, const Merge& merge, MergeRule cart_rule,
                             base::Time now) {
  if (merge.source == merge.target)
    return base::fail(ErrorKind::invalid, "same_sub", "source and target are the same");
  {
    auto known = transaction.query("select source_sub, target_sub from merges where merge_id = ?1",
                                   {merge.merge_id});
    if (known.next()) {
      if (known.text(0) == merge.source && known.text(1) == merge.target) return {};
      return base::fail(ErrorKind::conflict, "merge_id_reused",
                        "this merge id stands for another merge");
    }
  }
  auto source = resolve(transaction, merge.source);
  if (!source) return std::unexpected(source.error());
  if (*source != merge.source)
    return base::fail(ErrorKind::conflict, "already_merged",
                      "the source has been merged under another id");
  const auto target = resolve(transaction, merge.target);
  if (!target) return std::unexpected(target.error());
  if (*target == merge.source)
    return base::fail(ErrorKind::conflict, "merge_cycle", "the target was merged into the source");

  merge_carts(transaction, merge.source, *target, cart_rule);
  merge_belongings(transaction, merge.source, *target);
  merge_orders(transaction, merge.source, *target);
  transaction.run(
      "insert into ended_subs (sub, how, target_sub, ended_at) values (?1, 'merged', ?2, ?3)",
      {merge.source, *target, base::to_milliseconds(now)});
  transaction.run(
      "insert into merges (merge_id, source_sub, target_sub, merged_at) values (?1, ?2, ?3, ?4)",
      {merge.merge_id, merge.source, merge.target, base::to_milliseconds(now)});
  return {};
}

void drop(Transaction& transaction, std::string_view sub, base::Time now) {
  transaction.run("delete from cart_items where sub = ?1", {sub});
  transaction.run("delete from wishes where sub = ?1", {sub});
  transaction.run("delete from views where sub = ?1", {sub});
  transaction.run("delete from notes where sub = ?1", {sub});
  transaction.run("delete from contacts where sub = ?1", {sub});
  transaction.run("delete from orders where sub = ?1", {sub});
  // A sub is never issued twice, so remembering its bare number for ever harms nobody. One that was
  // merged before its guest was deleted stays "merged": that is what its late requests must hear.
  transaction.run(
      "insert into ended_subs (sub, how, target_sub, ended_at) values (?1, 'purged', null, ?2) "
      "on conflict do nothing",
      {sub, base::to_milliseconds(now)});
}

}  // namespace vestibule::shop
