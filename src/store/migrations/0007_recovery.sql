-- Restoring a backup (docs/decisions/0017).

-- Erasures on their way to the log outside of this store, which outlives a restored backup.
create table erasures (
  sequence integer primary key autoincrement,
  user_id integer not null,
  subject text,                                 -- set if the creator chose the id
  erased_at integer not null,
  reason text not null,
  merge_id integer,                             -- of those that were merged: which merge,
  target_id integer,                            -- into whom,
  target_subject text,
  applications text                             -- and who took part, separated by spaces
);
