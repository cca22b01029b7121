-- Restoring a backup (docs/decisions: recovery).

-- Erasures on their way to the log outside of this store, which outlives a restored backup.
create table erasures (
  sequence integer primary key autoincrement,
  user_id integer not null,
  subject text,                                 -- set if the creator chose the id
  erased_at integer not null,
  reason text not null
);
