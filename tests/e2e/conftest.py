import os
from pathlib import Path

import pytest

from remote import Lanes
from vestibule_process import ROOT, Shop, Upstream, Vestibule

RULES = [
    {"method": "POST", "path": "/api/cart/**"},
    {"method": "POST", "path": "/api/orders"},
]


def pytest_configure(config):
    config.addinivalue_line("markers", "browser: needs Chromium")
    config.addinivalue_line("markers", "faketime: preloads a library, or is traced: sanitizers refuse both")
    config.addinivalue_line("markers", "faults: hundreds of lost calls, minutes of waiting")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server alone, everything on one origin."""
    vestibule = Vestibule(
        tmp_path_factory.mktemp("server"),
        config={"limits": {"guests_per_minute": 100000, "guests_burst": 100000,
                           "sign_ins_per_minute": 100000}},
        redirect_uris=["http://localhost:3100/api/auth/callback/zitadel"],
    ).start()
    yield vestibule
    assert vestibule.stop() == 0


@pytest.fixture(scope="module")
def upstream():
    running = Upstream()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    """A server whose gateway stands before a recording upstream, on an origin of its own."""
    vestibule = Vestibule(
        tmp_path_factory.mktemp("gateway"),
        config={
            "gateway": {"rules": RULES},
            "limits": {"guests_per_minute": 100000, "guests_burst": 100000,
                       "sign_ins_per_minute": 100000},
        },
        application=True,
        upstream=upstream.url,
    )
    vestibule.start()
    yield vestibule
    assert vestibule.stop() == 0


class Demo:
    """Server and shop, as ./demo starts them."""

    def __init__(self, directory):
        self.shop = Shop(directory / "shop")
        self.vestibule = Vestibule(
            directory / "vestibule",
            config={
                "gateway": {"rules": RULES},
                "mail": {"transport": "mailbox"},
                "applications": [self.shop.application()],
            },
            application=True,
            upstream=self.shop.url,
        )

    def start(self):
        self.vestibule.start()
        self.shop.start(self.vestibule.issuer, self.vestibule.application)
        return self

    def stop(self):
        self.vestibule.stop()
        self.shop.stop()

    @property
    def url(self):
        return self.vestibule.application


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    running = Demo(tmp_path_factory.mktemp("demo")).start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def lanes(tmp_path_factory):
    """Gateways before remote ZITADELs, each behind a proxy that lets calls go wrong."""
    running = Lanes(tmp_path_factory.mktemp("lanes"), 12)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def screenshots():
    """Kept as build artefacts."""
    folder = ROOT / os.environ.get("VESTIBULE_TEST_BUILD", "build/release") / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return Path(folder)
