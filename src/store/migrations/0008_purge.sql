-- Purge by application, and what its runs did.

-- The client through which a guest was made; 0: not known, or no guest.
alter table users add column client_id integer not null default 0;
drop index users_by_guest_day;
create index users_by_client_and_day on users (client_id, guest_day, id)
  where guest_day is not null;

create table purge_runs (
  id integer primary key,
  started_at integer not null,
  finished_at integer,                          -- null: under way
  cutoff integer not null,                      -- of guests without a retention of their own
  found integer not null,
  purged integer not null,                      -- so far, while it is under way
  outcome text not null                         -- lifecycle::PurgeOutcome, in words
);
create index purge_runs_by_start on purge_runs (started_at);
