"""What no file may contain, and how long it may be."""

import re

import pytest

from tree import ROOT, code, files, folder_of, is_test, relative

DOMAIN = {"base", "jose", "store", "keys", "events", "accounts", "sessions", "oauth", "guests",
          "lifecycle"}
# Spelled in two parts, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")


def hits(paths, pattern, allowed=()):
    return [f"{relative(path)}:{number}: {line.strip()}" for path in paths
            if relative(path) not in allowed
            for number, line in enumerate(path.read_text().splitlines(), 1)
            if re.search(pattern, line)]


def test_files_are_short():
    lengths = {relative(path): path.read_text().count("\n") for path in files()
               if path.suffix != ".json"}  # recorded data
    assert not {name: lines for name, lines in lengths.items() if lines > 600}


def test_nothing_is_left_unfinished():
    assert not hits(files(), UNFINISHED)


def test_the_wall_clock_is_read_in_one_place():
    assert not hits([path for path in code() if folder_of(path)], r"system_clock::now",
                    {"src/base/clock.cpp"})


def test_the_core_is_synchronous():
    """Domain code is plain functions over a transaction; only the edges wait."""
    assert not hits([path for path in code() if folder_of(path) in DOMAIN and not is_test(path)],
                    r"\bco_(await|return|yield)\b")


def test_headers_are_included_once():
    assert not [relative(path) for path in code()
                if path.suffix == ".h" and not path.read_text().startswith("#pragma once\n")]


@pytest.mark.parametrize("path", ["check", "demo", ".ci/run"])
def test_entry_points_can_be_run(path):
    assert (ROOT / path).stat().st_mode & 0o111
