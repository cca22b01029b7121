-- The rest of OpenID Connect and OAuth.

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
