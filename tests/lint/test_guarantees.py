"""docs/reference/guarantees.md names tests that exist."""

import functools
import re

from tree import ROOT

TEXT = (ROOT / "docs/reference/guarantees.md").read_text()
NAMED = re.compile(r"`((?:tests|src|examples)/[\w./-]+\.(?:py|cpp))::([\w.]+)`")
CPP = re.compile(r"^\w*(?:TEST|PROP)\w*\(\s*(\w+)\s*,\s*(\w+)", re.M)


@functools.cache
def names_in(file):
    path = ROOT / file
    if not path.exists():
        return frozenset()
    text = path.read_text()
    if file.endswith(".py"):
        return frozenset(re.findall(r"^def (test_\w+)\(", text, re.M))
    return frozenset(f"{suite}.{name}" for suite, name in CPP.findall(text))


def test_every_test_that_is_named_exists():
    named = NAMED.findall(TEXT)
    assert len(named) > 100
    missing = sorted({f"{file}::{name}" for file, name in named if name not in names_in(file)})
    assert not missing, "\n".join(missing)


def test_nothing_looks_like_a_test_and_is_not_read():
    assert TEXT.count("::") == len(NAMED.findall(TEXT)) + len(re.findall(r"`FILE::[A-Z.]+`", TEXT))


def test_every_attack_is_in_the_table():
    attacks = sorted((ROOT / "tests/e2e").glob("test_attacks_*.py"))
    assert len(attacks) >= 7
    controls = ("control", "the_shop_takes_the_right_token", "ordinary_framing")
    missing = [f"{path.name}::{name}" for path in attacks
               for name in sorted(names_in(f"tests/e2e/{path.name}"))
               if f"tests/e2e/{path.name}::{name}`" not in TEXT
               and not any(word in name for word in controls)]
    assert not missing, "\n".join(missing)
