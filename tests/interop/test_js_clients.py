"""The npm libraries that everybody uses, against the real server over TLS: one test a feature, which
is an exported function of the library's file in js/."""

import re
from pathlib import Path

import pytest

from conversation import Person, converse

SCRIPTS = Path(__file__).parent / "js"
LIBRARIES = ["jose", "oauth4webapi", "openid_client"]
FEATURE = re.compile(r"^export async function (\w+)", re.M)


def features(library):
    return FEATURE.findall((SCRIPTS / f"{library}.mjs").read_text())


@pytest.mark.parametrize("library, feature", [
    (library, feature) for library in LIBRARIES for feature in features(library)])
def test_feature(tls_provider, npm_clients, library, feature):
    converse(["node", npm_clients / "run.mjs", library, feature], tls_provider.world(),
             Person(tls_provider))
