"""Packages of other ecosystems: installed into build/ once a lock file, as it pins them."""

import hashlib
import shutil
import subprocess
import sys

from vestibule_process import ROOT


def _once(target, lock, install):
    """Calls `install` unless the target was installed from this very lock file."""
    stamp = target / "installed"
    pinned = hashlib.sha256(lock.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != pinned:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        install()
        stamp.write_text(pinned)


def _run(*command, **more):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300, **more)
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"


def npm_folder(name, source):
    """A copy of the scripts in `source` beside the packages of its package-lock.json. Scripts look
    for packages beside and above themselves only, so they cannot stay where they are."""
    target = ROOT / "build" / name

    def install():
        for file in ("package.json", "package-lock.json"):
            shutil.copy(source / file, target)
        _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=target)

    _once(target, source / "package-lock.json", install)
    for script in source.glob("*.mjs"):
        shutil.copy(script, target)
    return target


def python_environment(name, requirements):
    """The interpreter of a virtual environment with these requirements."""
    target = ROOT / "build" / name
    python = target / "bin/python"

    def install():
        _run(sys.executable, "-m", "venv", target)
        _run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps",
             "-r", requirements)

    _once(target, requirements, install)
    return python
