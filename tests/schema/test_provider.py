"""Requests made from docs/reference/openapi-provider.yaml, well-formed and not: no answer is a 5xx,
and each has a status, type, headers and shape that the document describes."""

import os

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (content_type_conformance, response_headers_conformance,
                                               response_schema_conformance, status_code_conformance)

from vestibule_process import ROOT

EXAMPLES = int(os.environ.get("VESTIBULE_TEST_EXAMPLES", "100"))
GOOD_URI = "https://app.example/cb"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance,
          response_headers_conformance, response_schema_conformance]

schema = schemathesis.openapi.from_path(ROOT / "docs/reference/openapi-provider.yaml")


def become_registered(case, server):
    """The case then is about a client of its own, with its token."""
    made = requests.post(server.issuer + "/oauth/v2/register", timeout=20,
                         json={"redirect_uris": [GOOD_URI]}).json()
    case.path_parameters["client_id"] = made["client_id"]
    case.headers["Authorization"] = "Bearer " + made["registration_access_token"]
    if isinstance(case.body, dict):
        case.body.update(client_id=made["client_id"], redirect_uris=[GOOD_URI])


def authenticate(case, server):
    """Half of the requests come from a client that is known, and are right where most would fail at
    once: to get at what comes then."""
    if not isinstance(case.body, dict):
        return
    right = {"redirect_uris": [GOOD_URI], "redirect_uri": GOOD_URI, "response_type": "code",
             "scope": "openid", "code_challenge": "c" * 43, "code_challenge_method": "S256"}
    case.body.update({name: value for name, value in right.items() if name in case.body})
    if case.path == "/oauth/v2/register":
        return
    for name in ("client_assertion", "client_assertion_type"):
        case.body.pop(name, None)
    case.body.update(client_id=server.client["client_id"], client_secret=server.client["secret"])


@pytest.mark.parametrize("authenticated", [False, True])
@schema.parametrize()
@hypothesis.settings(max_examples=EXAMPLES, deadline=None, derandomize=True,
                     suppress_health_check=list(HealthCheck))
def test_as_described(case, server, authenticated):
    if authenticated and "client_id" in case.path_parameters:
        become_registered(case, server)
    elif authenticated:
        authenticate(case, server)
    response = case.call(base_url=server.issuer, timeout=20, allow_redirects=False)
    case.validate_response(response, checks=CHECKS)


def test_the_server_is_well_afterwards(server):
    assert server.running
    log = server.log.read_text()
    assert "[error]" not in log and "[critical]" not in log
