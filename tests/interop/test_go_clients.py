"""Go: golang.org/x/oauth2 with github.com/coreos/go-oidc, and github.com/zitadel/oidc. One test a
feature, which is a function of the library's folder in go/."""

import re
from pathlib import Path

import pytest

from conversation import Person, converse
from tls_provider import TlsProvider
from toolchain import need, run
from vestibule_process import ROOT

SOURCE = Path(__file__).parent / "go"
BUILT = ROOT / "build/interop-go"
FEATURE = re.compile(r"^func (\w+)\(w World\) {", re.M)


def features():
    return [(library, feature) for library in ("coreos", "zitadel")
            for file in sorted((SOURCE / library).glob("*.go"))
            for feature in FEATURE.findall(file.read_text())]


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    running = TlsProvider(tmp_path_factory.mktemp("go"))
    yield running
    assert running.server.stop() == 0


@pytest.fixture(scope="session")
def programs():
    """The folder of the compiled programs."""
    need("go", "1.26", "version")
    run(["go", "build", "-mod=readonly", "-buildvcs=false", "-ldflags=-s -w", "-o", f"{BUILT}/",
         "./..."], SOURCE, GOTOOLCHAIN="local")
    return BUILT


@pytest.mark.parametrize("library, feature", features())
def test_feature(provider, programs, library, feature):
    converse([programs / library, feature], provider.world(), Person(provider))
