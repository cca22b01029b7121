"""The npm libraries that everybody uses, against the real server over TLS: one test a feature, which
is an exported function of a file in the library's folder."""

import re
from pathlib import Path

import pytest

from conversation import Person, converse

SCRIPTS = Path(__file__).parent / "js"
LIBRARIES = ["jose", "oauth4webapi", "openid_client"]
FEATURE = re.compile(r"^export async function (\w+)", re.M)


def features():
    for library in LIBRARIES:
        for file in sorted((SCRIPTS / library).glob("*.mjs")):
            if file.stem != "app":
                for feature in FEATURE.findall(file.read_text()):
                    yield pytest.param(f"{library}/{file.name}", feature, id=f"{library}-{feature}")


@pytest.mark.parametrize("file, feature", features())
def test_feature(tls_provider, npm_clients, file, feature):
    converse(["node", npm_clients / "run.mjs", file, feature], tls_provider.world(),
             Person(tls_provider))
