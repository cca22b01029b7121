import json

import pytest

from control import build_library
from house import House
from vestibule_process import BUILD


class Summary(dict):
    """What was done to the programs, for the documents: build/release/chaos.json."""

    def add(self, **figures):
        for name, figure in figures.items():
            self[name] = self.get(name, 0) + figure


SUMMARY = Summary()


def pytest_configure(config):
    config.addinivalue_line("markers", "long: commit points and clocks, in ./check --long only")


def pytest_sessionfinish(session, exitstatus):
    if SUMMARY:
        SUMMARY["passed"] = exitstatus == 0
        (BUILD / "chaos.json").write_text(json.dumps(SUMMARY, indent=1) + "\n")


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line("chaos: " + json.dumps(SUMMARY))


@pytest.fixture(scope="session")
def summary():
    return SUMMARY


@pytest.fixture(scope="session")
def library():
    return build_library(BUILD / "chaos")


def note(summary, house):
    summary.add(kills=house.kills, answered=house.ledger.answered,
                merges=len(house.ledger.merges), guests=len(house.ledger.guests),
                accounts=len(house.ledger.accounts), deletions=len(house.ledger.deleted))


@pytest.fixture(scope="module")
def house(tmp_path_factory, library, summary):
    house = House(tmp_path_factory.mktemp("house"), library).start()
    yield house
    note(summary, house)
    house.stop()
