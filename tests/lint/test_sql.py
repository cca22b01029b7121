"""Queries are one text for SQLite and PostgreSQL: nothing that only one of them knows.

Migrations are left out: types and storage of tables are each engine's own."""

import re

from tree import code, folder_of, relative, string_literals

STATEMENT = re.compile(r"\s*(select|insert|update|delete|replace|create|with|alter)\s", re.I)
ONE_ENGINE = {
    "insert or": r"\binsert\s+or\b",
    "replace into": r"\breplace\s+into\b",
    "rowid": r"rowid",
    "autoincrement": r"\bautoincrement\b",
    "date functions": r"\b(datetime|date|time|strftime|julianday|unixepoch|now)\s*\(",
    "ifnull": r"\bifnull\s*\(",
    "iif": r"\biif\s*\(",
    "glob": r"\bglob\b",
    "collate nocase": r"\bcollate\s+nocase\b",
    "pragma": r"\bpragma\b",
    "indexed by": r"\bindexed\s+by\b",
    "placeholder other than $1": r"\?",
    "double equals": r"==",
}


def statements():
    """Every SQL text with its place; the engine's own (store/sqlite) speaks its own dialect."""
    for path in code():
        if not folder_of(path) or "sqlite" in path.parts:
            continue
        for line, text in string_literals(path.read_text()):
            if STATEMENT.match(text) and re.search(r"\b(from|into|set|table|index|select)\b", text, re.I):
                yield f"{relative(path)}:{line}", text


def without_quotes(sql):
    return re.sub(r"'(?:[^']|'')*'", "''", sql)


def without_parentheses(sql):
    while (shorter := re.sub(r"\([^()]*\)", "", sql)) != sql:
        sql = shorter
    return sql


def test_statements_are_found():
    assert len(list(statements())) > 100


def test_nothing_of_one_engine_only():
    wrong = [f"{place}: {what}: {sql}" for place, sql in statements()
             for what, pattern in ONE_ENGINE.items() if re.search(pattern, without_quotes(sql), re.I)]
    assert not wrong, "\n".join(wrong)


def test_deletes_and_updates_are_limited_by_a_subselect():
    wrong = [f"{place}: {sql}" for place, sql in statements()
             if re.match(r"\s*(delete|update)\b", sql, re.I)
             and re.search(r"\blimit\b", without_parentheses(without_quotes(sql)), re.I)]
    assert not wrong, "\n".join(wrong)


def test_scalar_max_and_min_are_not_used():
    """SQLite's max(a, b) is greatest(a, b) in PostgreSQL; `case` is both."""
    wrong = [f"{place}: {sql}" for place, sql in statements()
             if re.search(r"\b(max|min)\s*\([^()]*,", without_quotes(sql), re.I)]
    assert not wrong, "\n".join(wrong)
