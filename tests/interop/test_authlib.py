"""PyPI's Authlib, against the real server over TLS: one test a feature, which is a public function of
a file in python/."""

import re
from pathlib import Path

import pytest

from conversation import Person, converse
from packages import python_environment

SCRIPTS = Path(__file__).parent / "python"
LIBRARIES = ["authlib_sessions", "authlib_flask"]
FEATURE = re.compile(r"^def ([a-z]\w*)\(world\)", re.M)


def features(library):
    return FEATURE.findall((SCRIPTS / f"{library}.py").read_text())


@pytest.fixture(scope="session")
def python():
    return python_environment("python-clients", SCRIPTS / "requirements.txt")


@pytest.mark.parametrize("library, feature", [
    (library, feature) for library in LIBRARIES for feature in features(library)])
def test_feature(tls_provider, python, library, feature):
    converse([python, SCRIPTS / "run.py", library, feature], tls_provider.world(),
             Person(tls_provider))
