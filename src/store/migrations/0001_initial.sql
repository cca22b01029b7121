-- The first schema. Times are milliseconds since 1970, ids are 63-bit integers, *_id blobs are 16
-- bytes. Tables whose key is not one integer are WITHOUT ROWID, so that a row lives in its key.

create table meta (
  key text primary key not null,
  value text not null
) without rowid;

create table organizations (
  id integer primary key,
  name text not null,
  primary_domain text not null,
  created_at integer not null
);

create table users (
  id integer primary key,
  organization_id integer not null,
  kind integer not null,                     -- accounts::UserKind: 1 human, 2 machine
  state integer not null,                    -- accounts::UserState: 1 active, 2 inactive, 3 locked
  guest_day integer,                         -- days since 1970 in UTC; set: a guest
  merge_id integer,                          -- the open merge whose source this user is
  subject text,                              -- set if the creator chose the id
  username text,
  given_name text,
  family_name text,
  display_name text,
  nick_name text,
  preferred_language text,
  gender integer not null default 0,
  email text,
  email_state integer not null default 0,    -- accounts::EmailState: 0 none, 1 unproved, 2 asserted, 3 proved
  phone text,
  phone_verified integer not null default 0,
  sequence integer not null default 1,       -- counts changes, as ZITADEL's details.sequence does
  created_at integer not null,
  changed_at integer not null,
  active_at integer not null,                -- last activity, exact to one token lifetime
  valid_after integer not null default 0,    -- tokens issued before are dead
  upgraded_at integer,                       -- when a guest became an account
  upgraded_by integer,                       -- the service account that did it, if one did
  password_changed_at integer
);
create index users_by_guest_day on users (guest_day) where guest_day is not null;
create index users_by_email on users (lower(email)) where email is not null;

create table user_metadata (
  user_id integer not null,
  key text not null,
  value blob not null,
  created_at integer not null,
  changed_at integer not null,
  primary key (user_id, key)
) without rowid;
create index user_metadata_by_key on user_metadata (key);

create table credentials (
  user_id integer not null,
  kind integer not null,                     -- accounts::CredentialKind: 1 password
  name text not null,                        -- '' for the password
  data text not null,                        -- password: Argon2id in PHC form
  created_at integer not null,
  changed_at integer not null,
  primary key (user_id, kind, name)
) without rowid;

-- Names that lead to a user: what they sign in with, and ids that a creator chose.
create table directory (
  kind integer not null,                     -- accounts::NameKind: 1 user name, 2 proved e-mail, 3 chosen id
  name text not null,                        -- folded key
  user_id integer not null,
  primary key (kind, name)
) without rowid;
create index directory_by_user on directory (user_id);

create table email_claims (
  address_key text not null,
  user_id integer not null,
  address text not null,
  claimed_at integer not null,
  session_id blob,                           -- the browser session that claimed it
  primary key (address_key, user_id)
) without rowid;
create index email_claims_by_user on email_claims (user_id);
create index email_claims_by_age on email_claims (claimed_at);

-- Links in mails. The token itself is in the mail only.
create table mail_links (
  token_hash blob primary key not null,
  purpose integer not null,                  -- accounts::LinkPurpose: 1 proof, 2 reset
  user_id integer not null,
  address_key text not null,
  session_id blob,
  created_at integer not null,
  expires_at integer not null
) without rowid;
create index mail_links_by_user on mail_links (user_id);

-- What the mailer will look at; it decides then what to send.
create table mail_jobs (
  id integer primary key,
  kind integer not null,                     -- accounts::MailKind
  user_id integer,
  address text not null,
  address_key text not null,
  session_id blob,
  created_at integer not null,
  due_at integer not null,
  attempts integer not null default 0
);
create index mail_jobs_by_due on mail_jobs (due_at);
create index mail_jobs_by_user on mail_jobs (user_id);

-- Sent mail where the transport is the built-in mailbox (development and the demo), and, per
-- address, when mail went out, for the limit per recipient.
create table mailbox (
  id integer primary key,
  address text not null,
  subject text not null,
  body text not null,
  sent_at integer not null
);
create table mail_log (
  address_key text not null,
  sent_at integer not null,
  id integer not null,
  primary key (address_key, sent_at, id)
) without rowid;

create table tombstones (
  id integer primary key,
  deleted_at integer not null,
  reason text not null
);

create table service_grants (
  user_id integer not null,
  role text not null,
  primary key (user_id, role)
) without rowid;

create table personal_tokens (
  token_hash blob primary key not null,
  token_id integer not null,
  user_id integer not null,
  created_at integer not null,
  expires_at integer not null
) without rowid;
create index personal_tokens_by_user on personal_tokens (user_id);

create table machine_keys (
  id text primary key not null,
  user_id integer not null,
  public_jwk text not null,
  created_at integer not null,
  expires_at integer not null
) without rowid;
create index machine_keys_by_user on machine_keys (user_id);

create table clients (
  id integer primary key,
  organization_id integer not null,
  project_id integer not null,
  name text not null,
  auth_method text not null,                 -- none, client_secret_basic, client_secret_post …
  secret_hash blob,
  settings text not null,                    -- JSON: oauth/client.h
  created_at integer not null,
  changed_at integer not null
);

-- Service accounts whose actor tokens a client may present.
create table client_actors (
  client_id integer not null,
  user_id integer not null,
  primary key (client_id, user_id)
) without rowid;

create table sessions (
  id blob primary key not null,
  user_id integer not null,
  kind integer not null,                     -- sessions::Kind: 1 gateway, 2 provider
  generation integer not null,
  created_at integer not null,
  rotated_at integer not null,
  expires_at integer not null,
  auth_time integer,                         -- null: nobody signed in (a guest)
  amr text,                                  -- space-separated RFC 8176 values
  actor_id integer,                          -- the service account on whose authority its tokens are
  parent_id blob                             -- the provider session that a gateway session came from
) without rowid;
create index sessions_by_user on sessions (user_id);
create index sessions_by_expiry on sessions (expires_at);

create table ended_sessions (
  id blob primary key not null,
  ended_at integer not null
) without rowid;
create index ended_sessions_by_age on ended_sessions (ended_at);

create table authorization_codes (
  code_hash blob primary key not null,
  client_id integer not null,
  user_id integer not null,
  session_id blob not null,
  redirect_uri text not null,
  scope text not null,
  nonce text,
  code_challenge text,
  auth_time integer not null,
  amr text not null,
  created_at integer not null,
  expires_at integer not null,
  redeemed_at integer,
  family_id blob                             -- what its redemption issued, to revoke on replay
) without rowid;
create index authorization_codes_by_user on authorization_codes (user_id);

create table refresh_families (
  id blob primary key not null,
  client_id integer not null,
  user_id integer not null,
  session_id blob,
  scope text not null,
  audience text not null default '',
  generation integer not null,
  rotated_at integer not null,
  auth_time integer,
  amr text,
  actor_id integer,
  created_at integer not null,
  expires_at integer not null
) without rowid;
create index refresh_families_by_user on refresh_families (user_id);
create index refresh_families_by_expiry on refresh_families (expires_at);

create table revoked_tokens (
  jti text primary key not null,
  expires_at integer not null
) without rowid;

create table idempotency (
  caller_id integer not null,
  key_hash blob not null,
  body_hash blob not null,
  user_id integer not null,
  created_at integer not null,
  primary key (caller_id, key_hash)
) without rowid;
create index idempotency_by_age on idempotency (created_at);

create table merges (
  id integer primary key,
  source_id integer not null,
  target_id integer not null,
  source_subject text not null,
  target_subject text not null,
  state integer not null,                    -- guests::MergeState: 1 requested, 2 stalled, 3 done, 4 abandoned
  requested_at integer not null,
  deadline_at integer not null,
  finished_at integer
);
create index merges_by_source on merges (source_id);
create index merges_by_target on merges (target_id);
create index merges_open on merges (state) where state < 3;

-- The applications that have to acknowledge a merge; a row goes when its application has.
create table merge_waits (
  merge_id integer not null,
  application text not null,
  primary key (merge_id, application)
) without rowid;

create table aliases (
  old_subject text primary key not null,
  new_subject text not null,
  merged_at integer not null
) without rowid;

create table outbox (
  id integer primary key autoincrement,      -- never given twice: receivers tell events apart by it
  application text not null,
  user_id integer not null,
  type text not null,
  payload text not null,
  created_at integer not null,
  due_at integer not null,
  attempts integer not null default 0,
  state integer not null default 0,          -- events::DeliveryState: 0 waiting, 1 dead
  last_error text
);
create index outbox_by_due on outbox (application, state, due_at);
create index outbox_by_user on outbox (application, user_id);

create table audit (
  id integer primary key,
  at integer not null,
  type text not null,
  user_id integer not null,
  actor_id integer,
  client_id integer,
  address text,
  detail text
);
create index audit_by_user on audit (user_id);

create table signing_keys (
  kid text primary key not null,
  algorithm text not null,
  use_state integer not null,                -- keys::UseState: 0 next, 1 current, 2 previous
  private_sealed blob not null,
  public_jwk text not null,
  created_at integer not null,
  activated_at integer,
  retire_after integer
) without rowid;
