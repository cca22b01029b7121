"""Rust: the crate openidconnect. One test a feature, which is a function of rust/src/features.rs."""

import re
from pathlib import Path

import pytest

from conversation import Person, converse
from toolchain import need, run
from vestibule_process import ROOT

SOURCE = Path(__file__).parent / "rust"
BUILT = ROOT / "build/rust-clients"
FEATURES = re.findall(r"^pub fn (\w+)\(world: &World\)", (SOURCE / "src/features.rs").read_text(), re.M)


@pytest.fixture(scope="session")
def program():
    """The compiled program."""
    need("cargo", "1.88", "--version")
    run(["cargo", "build", "--locked", "--quiet"], SOURCE, CARGO_TARGET_DIR=str(BUILT))
    return BUILT / "debug/interop"


@pytest.mark.parametrize("feature", FEATURES)
def test_openidconnect(tls_provider, program, feature):
    converse([program, feature], tls_provider.world(), Person(tls_provider))
