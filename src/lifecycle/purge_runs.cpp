#include "lifecycle/purge_runs.h"

namespace vestibule::lifecycle {
namespace {

const store::Statement insert_sql{
    "purge_runs.insert",
    "insert into purge_runs (started_at, finished_at, cutoff, found, purged, outcome)"
    " values ($1, $2, $3, $4, $5, $6) returning id"};
const store::Statement count_sql{"purge_runs.count",
                                 "update purge_runs set purged = purged + $2 where id = $1"};
const store::Statement finish_sql{
    "purge_runs.finish", "update purge_runs set outcome = $2, finished_at = $3 where id = $1"};
const store::Statement list_sql{
    "purge_runs.list",
    "select id, started_at, finished_at, cutoff, found, purged, outcome from purge_runs"
    " order by started_at desc, id desc limit $1"};
const store::Statement running_sql{"purge_runs.running",
                                   "select 1 from purge_runs where outcome = $1"};
const store::Statement interrupted_sql{"purge_runs.interrupted",
                                       "update purge_runs set outcome = $1 where outcome = $2"};
const store::Statement forget_sql{
    "purge_runs.forget",
    "delete from purge_runs where id in (select id from purge_runs where started_at < $1"
    " order by started_at limit $2)"};

}  // namespace

std::int64_t insert_run(store::Transaction& tx, const PurgeRun& run) {
  auto rows = tx.query(insert_sql, run.started_at, run.finished_at, run.cutoff, run.found,
                       run.purged, run.outcome);
  rows.next();
  return rows.integer(0);
}

void count_purged(store::Transaction& tx, std::int64_t run, int purged) {
  if (purged > 0) tx.execute(count_sql, run, purged);
}

void finish_run(store::Transaction& tx, std::int64_t run, std::string_view outcome,
                base::Time now) {
  tx.execute(finish_sql, run, outcome, now);
}

std::vector<PurgeRun> list_runs(store::Transaction& tx, int limit) {
  std::vector<PurgeRun> runs;
  auto rows = tx.query(list_sql, limit);
  while (rows.next()) {
    runs.push_back({.id = rows.integer(0),
                    .started_at = rows.time(1),
                    .finished_at = rows.optional_time(2),
                    .cutoff = rows.time(3),
                    .found = rows.integer(4),
                    .purged = rows.integer(5),
                    .outcome = std::string(rows.text(6))});
  }
  return runs;
}

void close_interrupted_runs(store::Store& store) {
  const bool any = store.read(
      [](store::Transaction& tx) { return tx.query(running_sql, outcome::running).next(); });
  if (!any) return;
  store.write([](store::Transaction& tx) {
    tx.execute(interrupted_sql, outcome::interrupted, outcome::running);
  });
}

std::int64_t forget_runs(store::Transaction& tx, base::Time before, int limit) {
  return tx.execute(forget_sql, before, limit);
}

}  // namespace vestibule::lifecycle
