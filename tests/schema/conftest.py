import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from vestibule_process import Vestibule  # noqa: E402

LIMITS = {"guests_per_minute": 100000, "guests_burst": 100000, "sign_ins_per_minute": 100000}
GRANTS = ["authorization_code", "refresh_token", "client_credentials",
          "urn:ietf:params:oauth:grant-type:token-exchange",
          "urn:ietf:params:oauth:grant-type:device_code"]


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    vestibule = Vestibule(tmp_path_factory.mktemp("schema"),
                          config={"limits": LIMITS, "registration": {
                              "mode": "open", "per_minute": 1000000, "max_clients": 1000000}})
    file = vestibule.directory / "client.json"
    file.write_text(json.dumps({
        "client_name": "every grant", "redirect_uris": ["https://app.example/cb"],
        "grant_types": GRANTS, "actors": [vestibule.bootstrap["service_account"]["id"]]}))
    vestibule.client = json.loads(
        vestibule.command("clients", "add", "--file", file, "--json").stdout)
    vestibule.start()
    yield vestibule
    assert vestibule.stop() == 0
