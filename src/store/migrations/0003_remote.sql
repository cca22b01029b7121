-- The gateway before a remote ZITADEL (src/remote).

-- What has been begun with a remote user and is not finished. There is one row for a user at most,
-- and it is the lease: whoever drives it counts the fence up, and an older one's word is void.
create table remote_tasks (
  subject text primary key not null,         -- the remote user's id
  kind integer not null,                     -- remote::TaskKind: 1 provision, 2 upgrade, 3 removal
  step integer not null,                     -- the kind's own: what is to be done next
  user_id integer,                           -- the local user; null if it is not there, or no more
  document text not null,                    -- sealed JSON: what the steps need
  fence integer not null,
  attempts integer not null,                 -- failures since the step was begun
  created_at integer not null,
  due_at integer not null                    -- nobody else drives it before
) without rowid;
create index remote_tasks_by_due on remote_tasks (due_at);

-- The remote's tokens of a browser session, sealed.
create table remote_tokens (
  session_id blob primary key not null,
  access_token text not null,
  expires_at integer not null,               -- of the access token
  refresh_token text,
  id_token text                              -- for the sign-out
) without rowid;
