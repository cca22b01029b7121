"""Looks into the stores of server and shop, dead or alive; nothing in them may be half."""

import contextlib
import sqlite3

REQUESTED, STALLED, DONE, ABANDONED = 1, 2, 3, 4
WAITING, DEAD, DELIVERED = 0, 1, 2


@contextlib.contextmanager
def opened(path):
    """A snapshot for reading; a server that is at work is not disturbed."""
    store = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)
    try:
        store.execute("begin")
        yield store
    finally:
        store.close()


def ids(store, query):
    return {row[0] for row in store.execute(query)}


class Whole:
    """A snapshot of the server's users and merges, after every rule about the rows was checked."""

    def __init__(self, data, now):
        """`now` is the server's clock, in seconds."""
        self.now = now
        with opened(f"{data}/vestibule.db") as store:
            assert store.execute("pragma integrity_check").fetchone() == ("ok",)
            self.guests = ids(store, "select id from users where kind = 1 and guest_day is not null")
            self.accounts = ids(store, "select id from users where kind = 1 and guest_day is null"
                                       " and username is not 'admin'")
            self.merging = ids(store, "select id from users where merge_id is not null")
            self.tombstones = dict(store.execute("select id, reason from tombstones"))
            self.merges = {row[0]: row[1:] for row in store.execute(
                "select id, source_id, target_id, state from merges")}
            self.outbox = store.execute(
                "select id, user_id, type, state, delivered_at from outbox order by id").fetchall()
            self.check_users(store)
            self.check_merges(store)
            self.check_events(store)

    @property
    def sources(self):
        """Source: (target, state), of the merges that were not abandoned."""
        return {source: (target, state) for source, target, state in self.merges.values()
                if state != ABANDONED}

    @property
    def waiting(self):
        return [row for row in self.outbox if row[3] == WAITING]

    def check_users(self, store):
        everybody = ids(store, "select id from users")
        tagged = ids(store, "select user_id from user_metadata where key like 'GUEST\\_%' escape '\\'")
        # Whoever upgrades by ZITADEL's separate calls deletes the tag last.
        by_api = ids(store, "select id from users where upgraded_by is not null")
        assert self.guests <= tagged, "a guest has its tag"
        assert tagged <= self.guests | by_api, "nobody else has a guest's tag"

        with_password = ids(store, "select user_id from credentials where kind = 1")
        claimants = ids(store, "select user_id from email_claims")
        named = ids(store, "select user_id from directory where kind in (1, 2)")
        assert not self.guests & with_password, "a guest has no credential"
        assert not self.guests & claimants, "a guest claims no address"
        assert not self.guests & named, "a guest has no name to sign in with"
        assert self.accounts <= with_password, "an account can sign in"
        asserted = ids(store, "select id from users where email_state = 2")
        # An address that nobody proved is forgotten after 30 days.
        forgotten = ids(store, "select id from users where email is null and created_at < "
                               f"{(self.now - 29 * 86400) * 1000}")
        addressed = claimants | named | asserted | forgotten
        assert self.accounts <= addressed, f"accounts without address {self.accounts - addressed}"
        assert not everybody & set(self.tombstones), "who is gone is not there"

        told = {kind: ids(store, f"select user_id from audit where type = '{kind}'")
                for kind in ("guest.provisioned", "guest.upgraded", "user.created")}
        upgraded = told["guest.upgraded"] & everybody
        assert self.guests <= told["guest.provisioned"], "a guest has its event"
        assert self.accounts <= upgraded | told["user.created"], "an account has its event"
        assert not upgraded & self.guests, "who was upgraded is a guest no more"
        assert not [user for user in told["guest.upgraded"]
                    if self.tombstones.get(user) == "retention"], "a customer was purged"

        for table in ("user_metadata", "credentials", "sessions", "email_claims", "mail_links",
                      "refresh_families", "authorization_codes", "directory where kind in (1, 2)"):
            left = ids(store, f"select user_id from {table}") - everybody
            assert not left, f"{table} without a user: {left}"
        assert not ids(store, "select id from sessions intersect select id from ended_sessions"), \
            "an ended session is there"

    def check_merges(self, store):
        everybody = ids(store, "select id from users")
        still_open = {source for source, _, state in self.merges.values()
                      if state in (REQUESTED, STALLED)}
        assert self.merging == still_open, "a user is merging while its merge is open, and only then"
        for merge, (source, target, state) in self.merges.items():
            if state == DONE:
                assert source not in everybody, f"merge {merge} is done and its source is there"
                assert self.tombstones.get(source) == "merged", f"merge {merge} without a tombstone"
                assert ids(store, f"select 1 from aliases where old_subject = '{source}'"), \
                    f"merge {merge} without an alias"
        signed_in = ids(store, "select user_id from sessions")
        assert not still_open & signed_in, "a source's sessions die when its merge is requested"
        merged = {user for user, reason in self.tombstones.items() if reason == "merged"}
        done = {source for source, _, state in self.merges.values() if state == DONE}
        assert done <= merged, "a merge is done and its source has no tombstone"

    def check_events(self, store):
        """In order for each user: nothing was delivered before what stands before it."""
        latest = {}
        for event, user, kind, state, delivered_at in self.outbox:
            before = latest.get(user)
            if state == DELIVERED:
                assert before is None or before[1] is not None, \
                    f"{kind} {event} of {user} has overtaken {before[0]}"
            if state != DEAD:
                latest[user] = (event, delivered_at)
        requested = ids(store, "select user_id from outbox"
                               " where type = 'guest.merge_requested' and state = 0")
        assert all(state != DONE or source not in requested
                   for source, _, state in self.merges.values()), \
            "a merge is done and still asks for its acknowledgement"


class ShopBooks:
    """What the shop has, by its own account."""

    def __init__(self, data):
        with opened(f"{data}/shop.sqlite") as store:
            assert store.execute("pragma integrity_check").fetchone() == ("ok",)
            self.merges = {int(row[0]): (int(row[1]), int(row[2])) for row in store.execute(
                "select merge_id, source_sub, target_sub from merges")}
            self.ended = {int(row[0]): row[1] for row in store.execute(
                "select sub, how from ended_subs")}
            self.webhooks = {int(row[0].removeprefix("evt_")) for row in store.execute(
                "select id from webhooks")}
            self.carts = {}
            for sub, product, quantity in store.execute(
                    "select sub, product_id, quantity from cart_items"):
                self.carts.setdefault(int(sub), {})[product] = quantity

    def check_against(self, whole):
        """Whatever the server takes for done, the shop has done; an ended sub owns nothing."""
        for merge, (source, target, state) in whole.merges.items():
            if state == DONE:
                assert self.merges.get(merge) == (source, target), \
                    f"guest {source} was deleted, and the shop has not taken merge {merge}"
        for user, reason in whole.tombstones.items():
            assert reason != "merged" or self.ended.get(user) == "merged", \
                f"guest {user} was deleted for a merge that the shop has not taken"
        assert not set(self.ended) & set(self.carts), "somebody who has ended owns a cart"
        # The shop forgets after 30 days.
        lately = (whole.now - 29 * 86400) * 1000
        delivered = {row[0] for row in whole.outbox if row[3] == DELIVERED and row[4] > lately}
        assert delivered <= self.webhooks, "an event was marked as delivered and has not arrived"

    def check_before(self, whole):
        """The server's store was looked at after these: what the shop was told is so."""
        for user, how in self.ended.items():
            assert user in whole.tombstones or (how == "merged" and user in whole.merging), \
                f"the shop has {how} {user}, who is there"
