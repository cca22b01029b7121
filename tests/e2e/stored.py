"""What the store holds, as tests that look for effects see it: from outside, in one reading."""

import sqlite3

# What requests change, and no job of the keeper's within a test.
TABLES = ["users", "user_metadata", "user_profiles", "credentials", "email_claims", "directory",
          "sessions", "ended_sessions", "merges", "aliases", "tombstones", "outbox", "audit",
          "consents", "authorization_codes", "refresh_families", "device_codes", "idempotency",
          "clients", "personal_tokens"]


def image(server, tables=TABLES):
    """Every row of these tables."""
    with sqlite3.connect(f"file:{server.data}/vestibule.db?mode=ro", uri=True) as store:
        store.execute("begin")
        return {table: sorted(store.execute(f"select * from {table}").fetchall(), key=repr)
                for table in tables}


def difference(before, after):
    """Names of the tables that are not as they were."""
    return [table for table in before if before[table] != after[table]]
