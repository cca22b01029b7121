"""The source tree as the lints see it."""

import functools
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
TOPS = ("src", "examples", "tests", "bench", "cmake", "packaging", "docs")
CODE = {".cpp", ".h", ".ipp"}
TEXT = CODE | {".py", ".sql", ".js", ".ts", ".tsx", ".css", ".html", ".mustache", ".md", ".cmake",
               ".txt", ".toml", ".yaml", ".yml", ".json", ""}


def relative(path):
    return str(path.relative_to(ROOT))


@functools.cache
def files():
    """Every text file of ours; corpora of the fuzzers are data."""
    found = [path for top in TOPS for path in (ROOT / top).rglob("*")]
    found += ROOT.iterdir()
    return sorted(
        path for path in found
        if path.is_file() and path.suffix in TEXT and not path.name.startswith(".")
        and "corpus" not in path.parts and "__pycache__" not in path.parts
    )


def code():
    return [path for path in files() if path.suffix in CODE]


def folders():
    return sorted(path.name for path in SOURCE.iterdir() if path.is_dir())


def folder_of(path):
    """The folder under src/ that a file belongs to, or None."""
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None


def is_test(path):
    return bool(re.search(r"_test\.(cpp|h)$", path.name)) or path.name in (
        "testing.h", "test_support.h", "test_schema.h", "world.h")


@functools.cache
def links():
    """For each folder the folders in its LINK list and in its TEST_LINK list."""
    found = {}
    for name in folders():
        recipe = SOURCE / name / "CMakeLists.txt"
        if not recipe.exists():
            continue
        call = re.search(r"vestibule_folder\((\w+)([^)]*)\)", recipe.read_text())
        assert call and call[1] == name, f"{relative(recipe)} does not call vestibule_folder({name})"
        plain, _, test = call[2].partition("TEST_LINK")
        found[name] = tuple(set(re.findall(r"\bvestibule_(\w+)", part)) for part in (plain, test))
    return found


STRINGS = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\((.*?)\)\1"|"((?:\\.|[^"\\\n])*)"', re.S)


def string_literals(text):
    """The string literals of C++ code with their lines; adjacent ones are one."""
    found = []
    end = None
    for match in STRINGS.finditer(text):
        content = match[2] if match[2] is not None else match[3]
        if content is None:  # a comment: nothing between two literals
            if end is not None and not text[end:match.start()].strip():
                end = match.end()
            continue
        if end is not None and not text[end:match.start()].strip():
            found[-1][1] += content
        else:
            found.append([text.count("\n", 0, match.start()) + 1, content])
        end = match.end()
    return [(line, content) for line, content in found]
