-- The rest of OpenID Connect and OAuth.

-- Clients that know a provider session and want to be told of its end.
create table session_clients (
  session_id blob not null,
  client_id integer not null,
  subject text not null,                     -- what the client calls the user; the user may go first
  primary key (session_id, client_id)
) without rowid;

-- Who has to be told that a session has ended (OpenID Connect Back-Channel Logout).
create table logout_notices (
  id integer primary key,
  client_id integer not null,
  session_id blob not null,
  subject text not null,
  created_at integer not null,
  due_at integer not null,
  attempts integer not null default 0
);
create index logout_notices_by_due on logout_notices (due_at);
create index logout_notices_by_session on logout_notices (session_id);

-- What a grant remembers beside its columns (JSON: oauth/grant_details.h); empty for most.
alter table authorization_codes add column details text not null default '';
alter table refresh_families add column details text not null default '';

-- Standard claims that users have no column for (JSON: accounts/profile.h).
create table user_profiles (
  user_id integer primary key,
  claims text not null
);

-- Authorization requests that clients have pushed (RFC 9126), until one answer consumes each.
create table pushed_requests (
  uri_hash blob primary key not null,        -- SHA-256 of the request_uri
  client_id integer not null,
  document text not null,                    -- JSON: oauth/pushed_request.h
  expires_at integer not null,               -- a sign-in may begin until then
  kept_until integer not null                -- and end until then
);
create index pushed_requests_by_end on pushed_requests (kept_until);

-- Client assertions that have been used and are still unexpired (RFC 7523: `jti` works once).
create table used_assertions (
  client_id integer not null,
  id_hash blob not null,                     -- SHA-256 of jti
  expires_at integer not null,
  primary key (client_id, id_hash)
) without rowid;
create index used_assertions_by_expiry on used_assertions (expires_at);

-- Devices that wait to be signed in (RFC 8628).
create table device_codes (
  code_hash blob primary key not null,
  user_code_key blob not null unique,        -- keyed hash: the code itself is short
  client_id integer not null,
  scope text not null,
  state integer not null,                    -- sessions::DeviceState: 0 pending, 1 approved, 2 denied
  poll_interval integer not null,            -- seconds
  polled_at integer,
  created_at integer not null,
  expires_at integer not null,
  user_id integer,                           -- who decided
  auth_time integer,
  amr text,
  decided_at integer
) without rowid;
create index device_codes_by_user on device_codes (user_id) where user_id is not null;
create index device_codes_by_expiry on device_codes (expires_at);

-- What people have allowed the clients that ask: scope values, and claim:NAME.
create table consents (
  user_id integer not null,
  client_id integer not null,
  words text not null,
  given_at integer not null,
  primary key (user_id, client_id)
) without rowid;
create index consents_by_client on consents (client_id);
