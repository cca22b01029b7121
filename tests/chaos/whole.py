"""Looks into the store of a server that is down: nothing in it may be half."""

import sqlite3


def ids(store, query):
    return {row[0] for row in store.execute(query)}


class Whole:
    """A snapshot of the users, after every rule about their rows has been checked."""

    def __init__(self, data):
        with sqlite3.connect(f"file:{data}/vestibule.db?mode=ro", uri=True) as store:
            assert store.execute("pragma integrity_check").fetchone() == ("ok",)
            self.guests = ids(store, "select id from users where kind = 1 and guest_day is not null")
            self.accounts = ids(store, "select id from users where kind = 1 and guest_day is null"
                                       " and username is not 'admin'")
            self.check(store)

    def check(self, store):
        everybody = ids(store, "select id from users")
        tagged = ids(store, "select user_id from user_metadata where key like 'GUEST\\_%' escape '\\'")
        assert tagged == self.guests, "a guest has its tag, and nobody else has one"

        with_password = ids(store, "select user_id from credentials where kind = 1")
        claimants = ids(store, "select user_id from email_claims")
        assert not self.guests & with_password, "a guest has no credential"
        assert not self.guests & claimants, "a guest claims no address"
        assert self.accounts <= with_password, "an account can sign in"
        assert self.accounts <= claimants, "an account has claimed its address"

        told = {kind: ids(store, f"select user_id from audit where type = '{kind}'")
                for kind in ("guest.provisioned", "guest.upgraded")}
        assert self.guests | self.accounts <= told["guest.provisioned"], "a guest has its event"
        assert self.accounts == told["guest.upgraded"] & everybody, "an upgrade has its event"

        for table in ("user_metadata", "credentials", "sessions", "email_claims"):
            assert ids(store, f"select user_id from {table}") <= everybody, f"{table} without a user"
        assert not ids(store, "select id from users where merge_id is not null")
