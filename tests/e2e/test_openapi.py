"""docs/reference/openapi.yaml describes the running server: every call of it answers, nothing else
does, and answers have the described status and shape."""

import copy

import jsonschema
import pytest
import requests
import yaml

from vestibule_process import ROOT
from visitor import PASSWORD, Visitor, new_email

DOCUMENT = yaml.safe_load((ROOT / "docs/reference/openapi.yaml").read_text())
METHODS = ["get", "post", "put", "delete", "patch"]
CALLS = [(method, path) for path, item in DOCUMENT["paths"].items() for method in METHODS if method in item]


def resolve(node):
    while "$ref" in node:
        found = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def schema_of(method, path, status):
    operation = DOCUMENT["paths"][path][method]
    assert str(status) in operation["responses"], f"{method} {path} answered {status}"
    content = resolve(operation["responses"][str(status)]).get("content", {})
    return content.get("application/json", {}).get("schema")


def check(response, method, path):
    """The status is described, and the body has the described shape."""
    schema = schema_of(method, path, response.status_code)
    if schema is not None:
        whole = copy.deepcopy(schema)
        whole["components"] = DOCUMENT["components"]
        jsonschema.validate(response.json(), whole)
    return response


def concrete(path):
    return "/guest/v1" + path.replace("{id}", "1").replace("{sub}", "1")


@pytest.mark.parametrize("method,path", CALLS)
def test_every_call_is_there(gateway, method, path):
    response = requests.request(method, gateway.application + concrete(path), timeout=5,
                                allow_redirects=False)
    assert response.status_code != 405
    if response.status_code == 404 and "application/json" in response.headers.get("Content-Type", ""):
        assert response.json()["message"] != "there is no such call"


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_no_other_method_is(gateway, path):
    described = set(DOCUMENT["paths"][path])
    if path == "/forward-auth":  # a proxy passes the method of the request that it asks about
        return
    for method in set(METHODS) - described:
        response = requests.request(method, gateway.application + concrete(path), timeout=5)
        assert response.status_code == 405, method


def test_a_browsers_life_as_described(gateway):
    visitor = Visitor(gateway.application)
    check(visitor.get("/guest/v1/session"), "get", "/session")
    check(visitor.get("/guest/v1/timeline"), "get", "/timeline")
    check(visitor.post("/guest/v1/session"), "post", "/session")
    check(visitor.get("/guest/v1/session"), "get", "/session")
    check(visitor.post("/guest/v1/upgrade", json={}), "post", "/upgrade")
    form = {"given_name": "A", "family_name": "B", "email": new_email(), "password": PASSWORD}
    assert check(visitor.post("/guest/v1/upgrade", json=form), "post", "/upgrade").status_code == 200
    check(visitor.get("/guest/v1/timeline"), "get", "/timeline")
    check(visitor.request("DELETE", "/guest/v1/session"), "delete", "/session")
    check(visitor.post("/guest/v1/logout"), "post", "/logout")


def provision(gateway, key, body="{}"):
    return requests.post(gateway.application + "/guest/v1/provision", data=body, timeout=5,
                         headers={**gateway.service_headers(), "Idempotency-Key": key,
                                  "Content-Type": "application/json"})


def test_a_backends_calls_as_described(gateway):
    url = gateway.application + "/guest/v1"
    bearer = gateway.service_headers()
    made = check(provision(gateway, "openapi-1"), "post", "/provision")
    assert made.status_code == 201
    assert check(provision(gateway, "openapi-1"), "post", "/provision").status_code == 200
    assert check(provision(gateway, "openapi-1", '{"a":1}'), "post", "/provision").status_code == 422
    check(requests.post(url + "/provision", timeout=5), "post", "/provision")
    check(requests.get(url + "/merges?state=pending", headers=bearer, timeout=5), "get", "/merges")
    check(requests.post(url + "/merges/1/ack", headers=bearer, timeout=5), "post", "/merges/{id}/ack")
    check(requests.get(url + "/aliases/1", headers=bearer, timeout=5), "get", "/aliases/{sub}")


def test_a_key_never_gives_a_token_for_an_account(gateway):
    user = provision(gateway, "openapi-2").json()["user_id"]
    changed = requests.post(
        gateway.issuer + "/zitadel.user.v2.UserService/SetPassword", headers=gateway.service_headers(),
        json={"userId": user, "newPassword": {"password": "Password1!"}}, timeout=5)
    assert changed.status_code == 200, changed.text
    replayed = provision(gateway, "openapi-2")
    assert replayed.status_code == 409
    assert "access_token" not in replayed.json()
    check(replayed, "post", "/provision")
