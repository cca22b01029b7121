-- Chained commitments of the audit log (events/audit_seal.h).

alter table audit add column outcome text;             -- null: done; else why it was refused
-- Salts and texts go together when they are forgotten; commitments take their place.
alter table audit add column address_salt blob;
alter table audit add column address_commitment blob;
alter table audit add column detail_salt blob;
alter table audit add column detail_commitment blob;

-- One seal covers the lines since the seal before it.
create table audit_seals (
  sequence integer primary key,                        -- from 1, without gaps
  first_id integer not null,
  last_id integer not null,
  lines integer not null,
  sealed_at integer not null,
  marks blob not null,                                 -- which line is which, for findings
  digest blob not null                                 -- keyed, over the former digest and the lines
);
