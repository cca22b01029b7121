"""Compilers of other languages: found on PATH, new enough, or the test says what is missing."""

import os
import re
import shutil
import subprocess

from vestibule_process import ROOT

HERE = ROOT / "tests/interop"


def need(program, version, words, pattern=r"(\d+(?:\.\d+)+|\d+)"):
    """Fails unless `program` is there and `program WORDS` tells at least that version."""
    assert shutil.which(program), f"{program} {version} or newer has to be on PATH"
    told = subprocess.run([program, *words], capture_output=True, text=True, timeout=60)
    found = re.search(pattern, told.stdout + told.stderr)
    assert found, told.stdout + told.stderr
    numbers = [tuple(int(part) for part in text.split(".")) for text in (found[1], version)]
    assert numbers[0] >= numbers[1], f"{program} is {found[1]}, which is older than {version}"


def run(arguments, directory, **environment):
    """Runs a compiler or a package client with little claim to the processors."""
    done = subprocess.run(["nice", *map(str, arguments)], cwd=directory, capture_output=True,
                          text=True, timeout=570, env={**os.environ, **environment})
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    return done.stdout
