"""Real proxies with the files of examples/ before an application; only the ports are others."""

import re
import shutil

import requests

from conftest import RULES
from strict_upstream import StrictUpstream
from vestibule_process import ROOT, Process, Vestibule, free_port, wait_for

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
FILES = {"nginx": "nginx/nginx.conf", "caddy": "caddy/Caddyfile", "haproxy": "haproxy/haproxy.cfg"}
LIMITS = {"guests_per_minute": 100000, "guests_burst": 100000, "sign_ins_per_minute": 100000}


def program(kind):
    return shutil.which(kind, path=PATH)


class Proxy(Process):
    def __init__(self, kind, directory, ports):
        self.kind, self.directory = kind, directory
        super().__init__(directory / f"{kind}.log")
        text = (ROOT / "examples" / FILES[kind]).read_text()
        self.file = directory / FILES[kind].rpartition("/")[2]
        self.file.write_text(re.sub(r"(?<=:)808[0-3]\b", lambda port: str(ports[port[0]]), text))

    def start(self, url):
        arguments = {
            "nginx": ["-p", self.directory, "-c", self.file],
            "caddy": ["run", "--config", self.file, "--adapter", "caddyfile"],
            "haproxy": ["-db", "-f", self.file],
        }[self.kind]
        self.spawn([program(self.kind), *arguments], {
            "XDG_DATA_HOME": str(self.directory), "XDG_CONFIG_HOME": str(self.directory)})

        def answers():
            assert self.running, f"{self.kind} ended:\n{self.log.read_text()}"
            return requests.get(url, timeout=30)

        wait_for(answers, self.kind)


class Front:
    """What browsers see of it is `application`; the gateway's own listener is `vestibule`'s.

    `kind`: nginx and caddy ask by forward-auth, haproxy stands before the gateway, and with
    "gateway" nothing does."""

    def __init__(self, kind, directory, limits=None):
        self.kind = kind
        self.upstream = StrictUpstream()
        port, forward_auth = free_port(), free_port()
        by_question = kind in ("nginx", "caddy")
        gateway = {"rules": RULES}
        if kind != "gateway":
            gateway["public_url"] = f"http://localhost:{port}"
        if by_question:
            gateway["forward_auth_listen"] = f"127.0.0.1:{forward_auth}"
            gateway["forwarded_headers"] = "x_original" if kind == "nginx" else "x_forwarded"
        self.vestibule = Vestibule(
            directory / "vestibule", application=not by_question,
            upstream=None if by_question else self.upstream.url,
            config={"trusted_proxies": [] if kind == "gateway" else ["127.0.0.1"],
                    "gateway": gateway, "limits": limits or LIMITS})
        self.vestibule.start()
        self.application = self.vestibule.config["gateway"]["public_url"]
        self.issuer, self.data = self.vestibule.issuer, self.vestibule.data
        self.proxy = None
        if kind != "gateway":
            self.proxy = Proxy(kind, directory, {
                "8080": port, "8081": self.vestibule.port,
                "8082": self.upstream.url.rpartition(":")[2],
                "8083": forward_auth if by_question else self.vestibule.gateway_port})
            self.proxy.start(self.application)

    def stop(self):
        if self.proxy:
            self.proxy.stop()
        code = self.vestibule.stop()
        self.upstream.stop()
        assert code == 0
