"""Java: the Nimbus OAuth 2.0 SDK as a client, Spring Security as an API. One test a feature, which is
a static method of a class in java/."""

import re
from pathlib import Path

import pytest

from conversation import Person, converse
from packages import maven_jars
from toolchain import need, run
from vestibule_process import ROOT

SOURCE = Path(__file__).parent / "java"
BUILT = ROOT / "build/java-clients"
CLASSES = ["SignIn", "Requests", "Grants", "Spring"]
FEATURE = re.compile(r"^    static void (\w+)\(World world\)", re.M)
QUICK_TO_START = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"]


def features(name):
    return FEATURE.findall((SOURCE / f"{name}.java").read_text())


@pytest.fixture(scope="session")
def program():
    """The command that runs a class with a feature."""
    need("javac", "17.0", "-version")
    jars = maven_jars("java-jars", SOURCE / "pom.xml")
    run(["javac", "-Xlint:all,-serial", "-Werror", "-cp", f"{jars}/*", "-d", BUILT,
         *sorted(SOURCE.glob("*.java"))], SOURCE)
    return ["java", *QUICK_TO_START, "-cp", f"{BUILT}:{jars}/*", "Main"]


@pytest.mark.parametrize("name, feature", [
    (name, feature) for name in CLASSES for feature in features(name)])
def test_feature(tls_provider, program, name, feature):
    converse([*program, name, feature], tls_provider.world(), Person(tls_provider))
