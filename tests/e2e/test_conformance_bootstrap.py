"""`vestibule bootstrap --conformance`: what the OpenID Foundation's suite is given."""

import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt import PyJWK

from vestibule_process import Vestibule

SECRETS = {"client_secret", "jwks", "password", "mtls", "key", "pat", "secret"}


def secrets_in(value):
    if isinstance(value, dict):
        return {name for name in value if name in SECRETS}.union(*map(secrets_in, value.values()))
    return set()


@pytest.fixture(scope="module")
def vestibule(tmp_path_factory):
    return Vestibule(tmp_path_factory.mktemp("conformance"))


@pytest.fixture(scope="module")
def made(vestibule):
    return json.loads(vestibule.command("bootstrap", "--conformance", "--json").stdout)["conformance"]


@pytest.fixture(scope="module")
def again(vestibule, made):
    done = vestibule.command("bootstrap", "--conformance", "--json", "--conformance-url",
                             "https://suite.example/", "--conformance-alias", "other")
    return json.loads(done.stdout)


@pytest.mark.parametrize("flags", [
    ["--conformance-url", "localhost"],
    ["--conformance-url", "ftp://localhost"],
    ["--conformance-alias", "a/b"],
    ["--conformance-alias", "a b"],
])
def test_a_place_that_is_none_is_refused(tmp_path, flags):
    done = Vestibule(tmp_path).command("bootstrap", "--conformance", *flags, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


def test_without_the_flag_nothing_is_made_for_the_suite(tmp_path):
    vestibule = Vestibule(tmp_path)
    assert "conformance" not in json.loads(vestibule.command("bootstrap", "--json").stdout)
    assert len(json.loads(vestibule.command("clients", "list", "--json").stdout)["clients"]) == 2


def test_the_clients_of_every_plan_are_there(made):
    clients = made["clients"]
    assert {"client", "client2", "client_secret_post", "backchannel", "frontchannel"} < clients.keys()
    for profile in ("security", "message-signing"):
        for method in ("private_key_jwt", "tls_client_auth"):
            for constraint in ("dpop", "mtls"):
                for which in ("client", "client2"):
                    name = f"fapi2-{profile}-{method}-{constraint}-{which}"
                    assert "client_secret" not in clients[name]
                    assert clients[name].get("certificate") in (
                        [which] if "mtls" in constraint or "tls" in method else [None])
    assert len({client["client_id"] for client in clients.values()}) == len(clients) == 21


def test_each_private_key_is_usable_and_its_own(made):
    keys = [client["jwks"]["keys"] for client in made["clients"].values() if "jwks" in client]
    assert len(keys) == 16
    assert all(len(one) == 1 and one[0]["alg"] == "ES256" and one[0]["d"] for [*one] in keys)
    assert len({one[0]["kid"] for one in keys}) == 16
    for one in keys:
        PyJWK(one[0])


def test_the_certificates_are_of_their_authority(made):
    authority = x509.load_pem_x509_certificate(made["mtls"]["ca"].encode())
    for name in ("client", "client2"):
        issued = made["mtls"][name]
        certificate = x509.load_pem_x509_certificate(issued["cert"].encode())
        key = load_pem_private_key(issued["key"].encode(), None)
        assert certificate.public_key().public_numbers() == key.public_key().public_numbers()
        assert certificate.issuer == authority.subject
        assert certificate.subject.rfc4514_string() == f"CN=vestibule-conformance-{name}"
        authority.public_key().verify(certificate.signature, certificate.tbs_certificate_bytes,
                                      ec.ECDSA(certificate.signature_hash_algorithm))


def test_secrets_are_shown_once(made, again):
    assert {"client_secret", "jwks", "password", "mtls"} <= secrets_in(made)
    assert secrets_in(again) == set()
    ids = {name: client["client_id"] for name, client in made["clients"].items()}
    assert {name: client["client_id"] for name, client in again["conformance"]["clients"].items()} == ids
    assert again["conformance"]["user"]["sub"] == made["user"]["sub"]


def test_uris_follow_the_suite(vestibule, again):
    clients = {client["name"]: client for client in
               json.loads(vestibule.command("clients", "list", "--json").stdout)["clients"]}
    base = "https://suite.example/test/a/other/"
    assert clients["client"]["redirect_uris"] == [base + "callback"]
    assert clients["fapi2-security-tls_client_auth-mtls-client"]["redirect_uris"] == [
        base + "callback", base + "callback?dummy1=lorem&dummy2=ipsum"]


def test_people_read_it_too(vestibule, made):
    text = vestibule.command("bootstrap", "--conformance").stdout
    assert made["clients"]["client_secret_post"]["client_id"] in text
