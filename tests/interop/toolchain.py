"""Compilers of other languages: those on PATH, if they are new enough."""

import os
import re
import shutil
import subprocess


def need(program, version, *words):
    """Fails unless `program` is there and `program WORDS` tells at least that version."""
    assert shutil.which(program), f"{program} {version} or newer has to be on PATH"
    told = subprocess.run([program, *words], capture_output=True, text=True, timeout=60)
    found = re.search(r"\d+(?:\.\d+)+", told.stdout + told.stderr)
    assert found, told.stdout + told.stderr
    present, needed = (tuple(map(int, text.split("."))) for text in (found[0], version))
    assert present >= needed, f"{program} is {found[0]}; {version} or newer has to be on PATH"


def run(arguments, directory, **environment):
    """Runs a compiler or a package client, with little claim to the processors."""
    done = subprocess.run(["nice", *map(str, arguments)], cwd=directory, capture_output=True,
                          text=True, timeout=570, env={**os.environ, **environment})
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
