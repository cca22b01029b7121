-- Purge by application, and what its runs did.

alter table users add column client_id integer; -- the client through which a guest was made

create table purge_runs (
  id integer primary key,
  started_at integer not null,
  finished_at integer,
  cutoff integer not null,
  found integer not null,
  purged integer not null,
  outcome text not null                         -- running, done, stopped, refused: …
);
create index purge_runs_by_start on purge_runs (started_at);
