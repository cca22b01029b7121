"""Apache with mod_auth_openidc, in a directory of the test's own."""

import secrets
import shutil
import string
import tempfile
from pathlib import Path

import requests
from cryptography.hazmat.primitives.serialization import (
    Encoding, PublicFormat, load_pem_private_key)

from conversation import Person
from vestibule_process import Process, free_port, wait_for

SOURCE = Path(__file__).parent / "apache"
MODULES = "/usr/lib/apache2/modules"
SHOP = "/shop/person.shtml"
API = "/api/person.shtml"


class Apache(Process):
    """One server, in front of the pages /shop and /admin and of /api, for one client of a provider.
    `directives` are more lines of its configuration."""

    def __init__(self, provider):
        # Its workers are another user, who may not look into pytest's directories.
        self.root = Path(tempfile.mkdtemp(prefix="vestibule-apache-"))
        self.root.chmod(0o755)
        super().__init__(self.root / "output.log")
        self.provider = provider
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self, client, *directives):
        for place in ("shop", "admin", "api"):
            pages = self.root / "pages" / place
            pages.mkdir(parents=True)
            shutil.copy(SOURCE / "person.shtml", pages)
        ca = self.root / "ca.pem"
        shutil.copy(self.provider.ca, ca)
        ca.chmod(0o644)
        lines = list(directives)
        if "key" in client:
            lines += self._key(client["key"])
        elif client["secret"]:
            lines.append(f"OIDCClientSecret {client['secret']}")
        template = string.Template((SOURCE / "httpd.conf").read_text())
        config = self.root / "httpd.conf"
        config.write_text(template.substitute(
            root=self.root, port=self.port, url=self.url, ca=ca, modules=MODULES, id=client["id"],
            issuer=self.provider.issuer, passphrase=secrets.token_hex(16),
            settings="\n".join(lines)))
        self.spawn(["/usr/sbin/apache2", "-DFOREGROUND", "-f", config])

        def ready():
            assert self.running, f"Apache ended: {self.words()}"
            return requests.get(self.url + "/", timeout=5).status_code

        wait_for(ready, "Apache")
        return self

    def _key(self, key):
        private, public = self.root / "private.pem", self.root / "public.pem"
        private.write_text(key["pem"])
        public.write_bytes(load_pem_private_key(key["pem"].encode(), None).public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        # Version 2.4.12 looks for a certificate among the public keys, and crashes where there are
        # none. The method has to come last: it is known only where there is a key.
        return [f"OIDCPublicKeyFiles {key['kid']}#{public}",
                f"OIDCPrivateKeyFiles {key['kid']}#{private}",
                "OIDCProviderTokenEndpointAuth private_key_jwt"]

    def words(self):
        logs = [self.log, self.root / "error.log"]
        return "\n".join(log.read_text() for log in logs if log.exists())[-4000:]

    def stop(self):
        super().stop()
        shutil.rmtree(self.root)


class Customer(Person):
    """Somebody at a page behind it."""

    def __init__(self, apache):
        super().__init__(apache.provider)
        self.apache = apache
        self.session = requests.Session()

    def get(self, path, **more):
        return self.session.get(self.apache.url + path, timeout=20, allow_redirects=False, **more)

    def begin(self, path=SHOP):
        """The authorization request that the page answers with."""
        leaving = self.get(path)
        assert leaving.status_code == 302, leaving.text + self.apache.words()
        return leaving.headers["Location"]

    def come_back(self, led):
        """Follows what the provider led to, by a redirect or by a form."""
        if "form" in led:
            return self.session.post(led["url"], data=led["form"], timeout=20, allow_redirects=False)
        return self.session.get(led["url"], timeout=20, allow_redirects=False)

    def sign_in(self, path=SHOP):
        answer = self.come_back(self.visit(self.begin(path)))
        assert answer.status_code == 302, answer.text + self.apache.words()
        assert answer.headers["Location"] == self.apache.url + path
        return self.get(path)

    def info(self):
        """What the module has of the person: tokens, claims, session."""
        answer = self.get("/callback", params={"info": "json"})
        assert answer.status_code == 200, self.apache.words()
        return answer.json()

    @property
    def is_signed_in(self):
        return self.get(SHOP).status_code == 200
