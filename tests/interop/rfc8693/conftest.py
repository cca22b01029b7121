"""Points the suite at the issuer that RFC8693_CONFIGURATION describes; without it, at a Vestibule
that it starts itself (vestibule_configuration.py is all that knows about that)."""

import os

import pytest

from exchange_target import Target, read_configuration


def given_configuration():
    path = os.environ.get("RFC8693_CONFIGURATION")
    return read_configuration(path) if path else None


def deviations():
    given = given_configuration()
    if given is None:
        from vestibule_configuration import DEVIATIONS
        return DEVIATIONS
    return given.get("deviations", {})


def pytest_collection_modifyitems(items):
    """A stated deviation must be one: its test has to fail."""
    stated = deviations()
    for item in items:
        reason = stated.get(item.name) or stated.get(getattr(item, "originalname", item.name))
        if reason and item.path.parent.name == "rfc8693":
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


@pytest.fixture(scope="session")
def target(tmp_path_factory):
    given = given_configuration()
    if given is not None:
        yield Target(given)
        return
    from vestibule_configuration import running_vestibule
    with running_vestibule(tmp_path_factory.mktemp("rfc8693")) as path:
        yield Target(read_configuration(path))
