"""What was answered, and so has to be true for ever. An answer that was cut off promises nothing."""

import threading
from collections import Counter
from itertools import combinations

from whole import DONE

MOST = 99  # of one product in the shop's cart


def sums(quantities):
    """What any of the quantities may add up to."""
    return {sum(some) for size in range(len(quantities) + 1)
            for some in combinations(quantities, size)}


class Cart:
    """What one sub put into its cart: what was answered, and what may or may not have arrived."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sure = Counter()
        self.unsure = []

    def add(self, product, quantity):
        """An answered one; browsers of one account do so at the same time."""
        with self.lock:
            self.sure[product] += quantity

    def merged_with(self, other):
        both = Cart()
        both.sure = self.sure + other.sure
        both.unsure = self.unsure + other.unsure
        return both

    def check(self, sub, found):
        for product in set(self.sure) | set(found) | {product for product, _ in self.unsure}:
            unsure = [quantity for name, quantity in self.unsure if name == product]
            allowed = {min(MOST, self.sure[product] + more) for more in sums(unsure)}
            assert found.get(product, 0) in allowed, \
                f"cart of {sub}: {found.get(product, 0)} {product}, not {sorted(allowed)}"


class Ledger:
    def __init__(self):
        self.lock = threading.Lock()
        self.answered = 0
        self.carts = {}          # sub: Cart
        self.guests = set()      # subs that were told to somebody
        self.accounts = set()    # upgrades that were answered, and users made as accounts
        self.deleted = set()     # "forget me" and deletions that were answered
        self.merged = {}         # source: target, as answered by the sign-in
        self.may_go = set()      # guests that a purge may have taken
        self.abandoned = set()   # sources of merges that an operator may have given up
        self.merges = {}         # source: target, of every merge that was ever in the store
        self.keys = {}           # Idempotency-Key: user id
        self.unanswered_keys = set()

    def cart(self, sub):
        with self.lock:
            return self.carts.setdefault(sub, Cart())

    def count(self):
        with self.lock:
            self.answered += 1

    def check(self, whole):
        """Against the server's store: nothing that was answered is missing."""
        there = whole.guests | whole.accounts
        sources = whole.sources
        self.merges.update({source: target for source, (target, _) in sources.items()})
        lost = self.accounts - self.deleted - whole.accounts
        assert not lost, f"accounts are gone: {lost}"
        assert not self.deleted & there, f"deletions were undone: {self.deleted & there}"
        for source, target in self.merged.items():
            if source in self.abandoned and source not in sources:
                self.merges.pop(source, None)
                continue
            assert source in self.merges, f"the merge of {source} is missing"
            assert self.merges[source] == target, f"{source} was merged into somebody else"
            assert source in sources or whole.tombstones.get(source) == "merged", \
                f"the merge of {source} was forgotten before it was done"
        for sub in self.guests - there - self.deleted:
            reason = whole.tombstones.get(sub)
            assert reason is not None, f"guest {sub} has vanished"
            if reason == "merged":
                assert sub not in sources or sources[sub][1] == DONE
            elif reason == "retention":
                assert sub in self.may_go, f"guest {sub} was purged by nobody"

    def check_carts(self, books, whole):
        """Once everything is delivered: each cart is exactly what was put into it, also by those
        who were merged into it."""
        final = {sub: cart for sub, cart in self.carts.items()}
        assert all(state == DONE for _, state in whole.sources.values())
        for source, target in self.merges.items():
            if source in final:
                final[target] = final.pop(source).merged_with(final.get(target, Cart()))
        for sub, cart in final.items():
            if sub in whole.tombstones:
                assert sub not in books.carts, f"the cart of {sub} was not dropped"
            else:
                cart.check(sub, books.carts.get(sub, {}))
