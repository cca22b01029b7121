"""The tables of README.md and the tests say the same."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent


def names_in(path):
    return {node.name for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_test_has_its_sentence_and_every_sentence_its_test():
    cited = set(re.findall(r"`(test_\w+?)(?:\[\w+\])?`", (HERE / "README.md").read_text()))
    there = {path.name: names_in(path) for path in HERE.glob("test_*.py")}
    by_sentence = set().union(*(names for name, names in there.items()
                                if name not in ("test_rfc8693_abuse.py", Path(__file__).name)))
    assert by_sentence <= cited, "a test without a sentence"
    assert cited <= set().union(*there.values()), "a sentence names a test that is not there"


def test_every_test_quotes_what_it_tests():
    for path in HERE.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and path != Path(__file__):
                assert ast.get_docstring(node), f"{path.name}: {node.name}"
