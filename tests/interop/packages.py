"""Packages of other ecosystems: installed into build/ once a lock file, as it pins them."""

import hashlib
import shutil
import sys

from toolchain import need, run
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


def npm_folder(name, source):
    """A copy of the scripts in `source` beside the packages of its package-lock.json. Scripts look
    for packages beside and above themselves only, so they cannot stay where they are."""
    need("node", "20.0", "--version")
    target = ROOT / "build" / name

    def install():
        need("npm", "9.0", "--version")
        for file in ("package.json", "package-lock.json"):
            shutil.copy(source / file, target)
        run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], target)

    _once(target, source / "package-lock.json", install)
    for script in source.rglob("*.mjs"):
        copy = target / script.relative_to(source)
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(script, copy)
    return target


def python_environment(name, requirements):
    """The interpreter of a virtual environment with these requirements."""
    target = ROOT / "build" / name
    python = target / "bin/python"

    def install():
        run([sys.executable, "-m", "venv", target], ROOT)
        run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "-r",
             requirements], ROOT)

    _once(target, requirements, install)
    return python


def maven_jars(name, pom):
    """The folder of the jars that a pom.xml names, and of what they need in turn."""
    need("mvn", "3.8", "--version")
    target = ROOT / "build" / name

    def install():
        run(["mvn", "-B", "-q", "-f", pom, "dependency:copy-dependencies",
             f"-DoutputDirectory={target}"], ROOT)

    _once(target, pom, install)
    return target
