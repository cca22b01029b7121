"""The sources are as clang-format writes them. The tool is installed for ./check --all only."""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tree import ROOT, code, relative

FORMATTER = shutil.which("clang-format-19")


@pytest.mark.skipif(not FORMATTER, reason="clang-format-19 is not installed")
def test_sources_are_formatted():
    def differs(path):
        done = subprocess.run([FORMATTER, "--dry-run", "--Werror", str(path)], cwd=ROOT,
                              capture_output=True)
        return relative(path) if done.returncode else None

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        assert not [path for path in pool.map(differs, code()) if path]
