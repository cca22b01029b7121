-- Chained commitments of the audit log (events/audit_chain.h).

alter table audit add column outcome text;      -- null: done; else why it was refused
alter table audit add column salt blob;         -- of the personal details; goes when they are erased
alter table audit add column commitment blob;   -- to the details, kept from their erasure on

-- One seal covers the lines since the seal before it.
create table audit_seals (
  sequence integer primary key,                 -- without gaps
  first_id integer not null,
  last_id integer not null,
  lines integer not null,
  sealed_at integer not null,
  digest blob not null                          -- keyed, over the former digest and the lines
);
