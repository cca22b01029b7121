-- The rest of OpenID Connect and OAuth.

-- What a grant remembers beside its columns (JSON: oauth/grant_details.h); empty for most.
alter table authorization_codes add column details text not null default '';
alter table refresh_families add column details text not null default '';

-- Standard claims that users have no column for (JSON: accounts/profile.h).
create table user_profiles (
  user_id integer primary key,
  claims text not null
);
