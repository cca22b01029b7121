"""The documents name what is there."""

import re

from tree import ROOT, SOURCE, files, folders, relative

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_links_lead_somewhere():
    broken = [f"{relative(path)}: {target}" for path in files() if path.suffix == ".md"
              for target in LINK.findall(path.read_text())
              if "://" not in target and not target.startswith("mailto:")
              and not (path.parent / target).exists()]
    assert not broken, "\n".join(broken)


def test_the_architecture_lists_every_folder():
    listed = re.findall(r"^\| \[(\w+)\]\(src/\w+\)", (ROOT / "ARCHITECTURE.md").read_text(), re.M)
    assert sorted(listed) == folders()


def test_every_setting_is_documented():
    """By its dotted key, as `gateway.upstream`."""
    keys = re.findall(r'table\.\w+\(\s*"([\w.]+)"', (SOURCE / "app/config.cpp").read_text())
    assert len(keys) > 20
    reference = (ROOT / "docs/reference/configuration.md").read_text()
    assert not [key for key in keys if f"`{key}`" not in reference]
