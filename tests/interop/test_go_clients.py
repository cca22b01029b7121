"""Go: golang.org/x/oauth2 with github.com/coreos/go-oidc, and github.com/zitadel/oidc. One test a
feature, which is a function of the library's folder in go/."""

import re
from pathlib import Path

import pytest

from conversation import Person, converse
from toolchain import need, run
from vestibule_process import ROOT

SOURCE = Path(__file__).parent / "go"
BUILT = ROOT / "build/go-clients"
FEATURE = re.compile(r"^func (\w+)\(w World\) {", re.M)


def features(library):
    return [feature for file in sorted((SOURCE / library).glob("*.go"))
            for feature in FEATURE.findall(file.read_text())]


@pytest.fixture(scope="session")
def programs():
    """The folder of the compiled programs."""
    need("go", "1.26", "version")
    run(["go", "build", "-mod=readonly", "-buildvcs=false", "-ldflags=-s -w", "-o", f"{BUILT}/",
         "./..."], SOURCE, GOTOOLCHAIN="local")
    return BUILT


@pytest.mark.parametrize("library, feature", [
    (library, feature) for library in ("coreos", "zitadel") for feature in features(library)])
def test_feature(tls_provider, programs, library, feature):
    converse([programs / library, feature], tls_provider.world(), Person(tls_provider))
