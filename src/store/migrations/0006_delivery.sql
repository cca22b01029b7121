-- Merges that are seen step by step, and events that can be looked at and sent again.

alter table merges add column ended_by text;    -- abandoned: the operator's reason

-- A row is sent by whoever leased it, until then.
alter table outbox add column leased_until integer not null default 0;
alter table outbox add column delivered_at integer;
