-- Merges that are seen step by step, and events that can be looked at and sent again.

alter table merges add column ended_by text;    -- abandoned: the operator's reason
create unique index merges_open_by_source on merges (source_id) where state < 3;

-- The applications that hold data, and how far each has come. Kept as long as the merge.
create table merge_parts (
  merge_id integer not null,
  application text not null,
  requested_at integer not null,
  delivered_at integer,                       -- seen, and not refused
  acknowledged_at integer,                    -- null: the merge waits for it
  primary key (merge_id, application)
) without rowid;
create index merge_parts_waiting on merge_parts (application) where acknowledged_at is null;
insert into merge_parts (merge_id, application, requested_at)
  select w.merge_id, w.application, m.requested_at
  from merge_waits w join merges m on m.id = w.merge_id;
drop table merge_waits;

-- Only those that took part may ask for it; of older merges that is not known, and null.
alter table aliases add column merge_id integer;

-- A row is sent by whoever leased it, until then. Delivered rows (state 2) stay for a while; their
-- due_at is when they were delivered.
alter table outbox add column leased_until integer not null default 0;
alter table outbox add column delivered_at integer;
alter table outbox add column replayed_at integer;  -- its attempts and its age count from then
