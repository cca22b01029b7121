"""The guest shop of examples/nextjs: built once into build/nextjs, started like other programs."""

import hashlib
import json
import shutil

import requests

from toolchain import need, run
from vestibule_process import ROOT, Process, Vestibule, free_port, wait_for

SOURCE = ROOT / "examples/nextjs"
BUILT = ROOT / "build/nextjs"
# What a person who runs the example leaves in its folder.
LEFT_BEHIND = {"node_modules", ".next", "data", ".env.local", "next-env.d.ts",
               "tsconfig.tsbuildinfo"}
GUEST_COOKIE = "guest_session"


def sources():
    return sorted(path for path in SOURCE.rglob("*") if path.is_file()
                  and not LEFT_BEHIND & set(path.relative_to(SOURCE).parts))


def once(stamp, paths, work):
    """Works unless it was done from these very files."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(SOURCE)}\0".encode() + path.read_bytes() + b"\0")
    if not stamp.exists() or stamp.read_text() != digest.hexdigest():
        stamp.unlink(missing_ok=True)
        work()
        stamp.write_text(digest.hexdigest())


def install():
    """`npm ci`; the folder that then has the packages."""
    need("node", "18.18", "--version")
    need("npm", "9.0", "--version")
    BUILT.mkdir(parents=True, exist_ok=True)
    lock = [SOURCE / "package.json", SOURCE / "package-lock.json"]

    def clean_install():
        for path in lock:
            shutil.copy(path, BUILT)
        run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], BUILT)

    once(BUILT / "installed", lock, clean_install)
    return BUILT


def build():
    """`npm ci` and `next build`, as the example's README has it."""
    install()

    def compile_all():
        for old in BUILT.iterdir():
            if old.is_dir() and old.name != "node_modules":
                shutil.rmtree(old)
        for path in sources():
            target = BUILT / path.relative_to(SOURCE)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        run(["npm", "run", "build"], BUILT)

    once(BUILT / "built", sources(), compile_all)


class NextShop(Process):
    """A Vestibule, and before it the shop, which knows of it what stands in its environment."""

    def __init__(self, directory, public_client):
        super().__init__(directory / "shop.log")
        self.directory = directory
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.vestibule = Vestibule(
            directory / "vestibule", public_client=public_client,
            redirect_uris=[f"{self.url}/api/auth/callback/zitadel"],
            config={"limits": {"sign_ins_per_minute": 100000}})

    def environment(self):
        made = self.vestibule.bootstrap
        return {
            "ZITADEL_ISSUER": self.vestibule.issuer,
            "ZITADEL_CLIENT_ID": made["client"]["id"],
            "ZITADEL_CLIENT_SECRET": made["client"].get("secret", ""),
            "ZITADEL_MACHINE_USER_PAT": made["service_account"]["pat"],
            "ZITADEL_ORG_ID": made["organization_id"],
            "NEXTAUTH_URL": self.url,
            "NEXT_TELEMETRY_DISABLED": "1",
        }

    def start(self):
        self.vestibule.start()
        # It keeps its carts where it is started.
        self.spawn(["env", "-C", self.directory, "node", BUILT / "node_modules/next/dist/bin/next",
                    "start", BUILT, "--hostname", "127.0.0.1", "--port", self.port],
                   self.environment())
        wait_for(self.answers, "the shop", 60)
        return self

    def answers(self):
        assert self.running, self.log.read_text()[-4000:]
        return requests.get(self.url, timeout=20).status_code == 200

    def end(self):
        self.stop()
        assert self.vestibule.stop() == 0

    def carts(self):
        return json.loads((self.directory / "data/carts.json").read_text())

    # What the administrator sees.

    def call(self, method, path, body=None):
        return requests.request(method, self.vestibule.issuer + path, json=body, timeout=20,
                                headers=self.vestibule.admin_headers())

    def exists(self, sub):
        answer = self.call("GET", f"/v2/users/{sub}")
        assert answer.status_code in (200, 404), answer.text
        return answer.status_code == 200

    def user(self, sub):
        return self.call("GET", f"/v2/users/{sub}").json()["user"]

    def tags(self, sub):
        found = self.call("POST", f"/v2/users/{sub}/metadata/search", {}).json()
        return [entry["key"] for entry in found.get("metadata", [])]

    def humans(self):
        found = self.call("POST", "/v2/users", {"queries": [{"typeQuery": {"type": "TYPE_HUMAN"}}]})
        assert found.status_code == 200, found.text
        return {user["userId"] for user in found.json()["result"]}
