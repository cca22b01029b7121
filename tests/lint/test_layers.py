"""A folder includes only headers of folders that it links, and links only folders before it."""

import re

from tree import ROOT, SOURCE, code, folder_of, folders, is_test, links, relative

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


def includes(path):
    """Line number, path and folder of each include of ours."""
    text = path.read_text()
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match[1], match[1].split("/")[0]


def test_every_folder_is_a_target_with_a_readme():
    missing = [f"src/{name}/{needed}" for name in folders() for needed in ("README.md", "CMakeLists.txt")
               if not (SOURCE / name / needed).exists()]
    assert not missing


def test_links_go_one_way():
    order = re.search(r"foreach\(folder IN ITEMS ([^)]+)\)", (ROOT / "CMakeLists.txt").read_text())[1]
    order = order.split()
    assert set(links()) <= set(order), "a folder that the root CMakeLists.txt does not add"
    wrong = [f"{name} links {other}, which stands after it" for name, (plain, _) in links().items()
             for other in plain if order.index(other) >= order.index(name)]
    assert not wrong


def test_includes_are_linked():
    wrong = []
    for path in code():
        folder = folder_of(path)
        if folder not in links():
            continue
        plain, test = links()[folder]
        allowed = {folder} | plain | (test if is_test(path) else set())
        wrong += [f"{relative(path)}:{line}: {name}" for line, name, other in includes(path)
                  if other not in allowed]
    assert not wrong, "not in the folder's link list:\n" + "\n".join(wrong)


def test_includes_exist():
    wrong = [f"{relative(path)}:{line}: {name}" for path in code() if folder_of(path)
             for line, name, _ in includes(path) if not (SOURCE / name).exists()]
    assert not wrong


def test_code_does_not_include_tests():
    wrong = [f"{relative(path)}:{line}: {name}" for path in code()
             if folder_of(path) and not is_test(path) and path.name != "testing.cpp"
             for line, name, _ in includes(path) if is_test(SOURCE / name)]
    assert not wrong


def test_the_shop_knows_only_the_shared_libraries():
    shared = {"base", "jose", "http"}
    wrong = [f"{relative(path)}:{line}: {name}" for path in code()
             if relative(path).startswith("examples/")
             for line, name, other in includes(path) if other in set(folders()) - shared]
    assert not wrong
