from pathlib import Path

import pytest
import requests

from packages import npm_folder
from tls_provider import TlsProvider
from tokens import Provider
from vestibule_process import Vestibule

REDIRECT = "http://localhost:3100/callback"
LIMITS = {"guests_per_minute": 100000, "guests_burst": 100000, "sign_ins_per_minute": 100000}


def running(directory, **options):
    return Vestibule(directory, config={"limits": LIMITS}, redirect_uris=[REDIRECT],
                     **options).start()


@pytest.fixture(scope="session")
def provider(tmp_path_factory):
    """A server whose client has a secret."""
    vestibule = running(tmp_path_factory.mktemp("interop"))
    yield Provider(vestibule)
    assert vestibule.stop() == 0


@pytest.fixture(scope="session")
def public_provider(tmp_path_factory):
    """A server whose client is public."""
    vestibule = running(tmp_path_factory.mktemp("interop-public"), public_client=True)
    yield Provider(vestibule)
    assert vestibule.stop() == 0


@pytest.fixture(scope="session")
def tls_provider(tmp_path_factory):
    """A server over TLS, with a client for each kind of application."""
    running = TlsProvider(tmp_path_factory.mktemp("tls"))
    yield running
    assert running.server.stop() == 0


@pytest.fixture(scope="session")
def npm_clients():
    """The folder of the scripts in js/, beside their packages."""
    return npm_folder("npm-clients", Path(__file__).parent / "js")


@pytest.fixture(scope="session")
def account(provider):
    """The `sub` of somebody who has registered: a guest that the gateway upgraded."""
    browser = requests.Session()
    browser.headers["Sec-Fetch-Site"] = "same-origin"
    guest = browser.post(provider.issuer + "/guest/v1/session", timeout=10)
    assert guest.status_code == 201, guest.text
    answer = browser.post(provider.issuer + "/guest/v1/upgrade", timeout=30, json={
        "given_name": "Jane", "family_name": "Doe", "email": "jane@example.com",
        "password": "violet-harbour-antique-9",
    })
    assert answer.status_code == 200, answer.text
    assert answer.json()["sub"] == guest.json()["sub"]
    return answer.json()["sub"]
