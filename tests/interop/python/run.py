"""python run.py LIBRARY FEATURE: one feature of one library. What it works with comes on standard
input; a person at the other end does what a program cannot (see ../conversation.py)."""

import importlib
import json
import sys


class Person:
    def _ask(self, **question):
        print(json.dumps(question), flush=True)
        return json.loads(sys.stdin.readline())

    def visit(self, url):
        """Opens an address, signs in and agrees: the address where that ends."""
        answer = self._ask(do="visit", url=url)
        assert "url" in answer, f"the person ended on a page with status {answer['status']}"
        return answer["url"]

    def confirm(self, code, decision):
        """Types a device's code and decides: `allow` or `deny`."""
        self._ask(do="confirm", code=code, decision=decision)

    def guest(self):
        """A new guest's `sub`."""
        return self._ask(do="guest")["sub"]


class World:
    """What the program is told, by name, and the person."""

    def __init__(self, told):
        vars(self).update(told)
        self.person = Person()


if __name__ == "__main__":
    library, feature = sys.argv[1:]
    getattr(importlib.import_module(library), feature)(World(json.loads(sys.stdin.readline())))
