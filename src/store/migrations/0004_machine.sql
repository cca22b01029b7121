-- What ZITADEL's API says of users beside what is there already.

-- A password that its owner has to replace at the next sign-in (ZITADEL's changeRequired).
alter table credentials add column renewal_due integer not null default 0;

-- What a service account is for, in words.
create table machine_descriptions (
  user_id integer primary key,
  description text not null
);
