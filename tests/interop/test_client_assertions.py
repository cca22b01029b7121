"""private_key_jwt and the JWT-profile grant as Authlib speaks them."""

import pytest
import requests
from authlib.integrations.requests_client import AssertionSession, OAuth2Session
from authlib.jose import JsonWebKey
from authlib.oauth2.rfc7523 import PrivateKeyJWT

from client_keys import Key, add_client, key_set
from vestibule_process import Vestibule

KEY = Key("RS256")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """(a running server, a client of it with KEY)"""
    vestibule = Vestibule(tmp_path_factory.mktemp("assertions"))
    client = add_client(vestibule, "private_key_jwt", jwks=key_set(KEY))
    vestibule.start()
    yield vestibule, client
    assert vestibule.stop() == 0


def test_private_key_jwt(lab):
    vestibule, client = lab
    endpoint = vestibule.issuer + "/oauth/v2/token"
    session = OAuth2Session(client, JsonWebKey.import_key(KEY.private_pem()),
                            token_endpoint_auth_method="private_key_jwt")
    session.register_client_auth_method(PrivateKeyJWT(endpoint))
    for _ in range(2):  # a new jti each time
        token = session.fetch_token(endpoint, grant_type="client_credentials")
        assert token["token_type"] == "Bearer" and token["access_token"]


def test_a_service_account_renews_its_token_itself(lab):
    vestibule, _ = lab
    account = vestibule.bootstrap["service_account"]
    key = account["key"]
    session = AssertionSession(
        token_endpoint=vestibule.issuer + "/oauth/v2/token", issuer=key["userId"],
        subject=key["userId"], audience=vestibule.issuer, key=key["key"],
        header={"alg": "RS256", "kid": key["keyId"]}, scope="openid profile")
    info = session.get(vestibule.issuer + "/oidc/v1/userinfo")
    assert info.status_code == 200 and info.json()["sub"] == account["id"]
    told = requests.get(vestibule.issuer + "/.well-known/openid-configuration", timeout=10).json()
    assert AssertionSession.JWT_BEARER_GRANT_TYPE in told["grant_types_supported"]
