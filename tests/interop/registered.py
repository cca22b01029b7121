"""Clients that a test registers for itself, as an operator would."""

import json
import secrets

from conftest import REDIRECT

LOGGED_OUT = REDIRECT.replace("callback", "signed-out")
SIGN_IN = ["authorization_code", "refresh_token"]


def register(provider, **metadata):
    """A client's settings for a ClientProgram; `metadata` comes before what is usual."""
    document = {
        "client_name": "interop", "redirect_uris": [REDIRECT], "grant_types": SIGN_IN,
        "post_logout_redirect_uris": [LOGGED_OUT], "access_token_format": "jwt", **metadata}
    file = provider.vestibule.directory / f"client-{secrets.token_hex(6)}.json"
    file.write_text(json.dumps(document))
    added = json.loads(provider.vestibule.command("clients", "add", "--json", "--file", file).stdout)
    return {"issuer": provider.issuer, "client_id": added["client_id"],
            "client_secret": added.get("secret", ""), "redirect_uri": REDIRECT,
            "signed_out_uri": LOGGED_OUT}
