"""A real SMTP server (aiosmtpd) that does to each recipient what a test says."""

import asyncio
import ssl

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from vestibule_process import free_port

USER = "vestibule"
PASSWORD = "correct horse"


class _Session(SMTP):
    async def smtp_DATA(self, arg):
        if self.event_handler.next_answer(self.envelope.rcpt_tos[0], "cut"):
            await self.push("354 go on")
            self.transport.close()
            return
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self):
        return _Session(self.handler, **self.SMTP_kwargs)


class MailServer:
    """`mails` are the envelopes that it took; `answers` is what it does first: for each recipient a
    list of ("rcpt", reply), ("data", reply), ("cut", …) and ("stall", …)."""

    def __init__(self, authority, starttls=True, implicit_tls=False):
        self.mails = []
        self.answers = {}
        self.logins = []
        self.sessions = set()
        self.stalled = []
        self.port = free_port()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate = authority.directory / f"mail-{self.port}.pem"
        key = authority.directory / f"mail-{self.port}.key"
        authority.issue(certificate, key, hosts=["localhost"])
        context.load_cert_chain(certificate, key)
        # aiosmtpd takes only a connection that STARTTLS upgraded for one over TLS.
        self.controller = _Controller(
            self, hostname="127.0.0.1", port=self.port, server_hostname="mail.example",
            authenticator=self._authenticate, auth_required=starttls,
            auth_require_tls=not implicit_tls, ssl_context=context if implicit_tls else None,
            tls_context=context if starttls else None, require_starttls=starttls)
        self.controller.start()

    @property
    def url(self):
        return f"smtp://localhost:{self.port}"

    def stop(self):
        if self.controller:
            self.controller.stop()
        self.controller = None

    def to(self, address):
        return [mail for mail in self.mails if mail.rcpt_tos == [address]]

    def next_answer(self, address, stage):
        planned = self.answers.get(address, [])
        if planned and planned[0][0] == stage:
            return planned.pop(0)[1]
        return None

    def _authenticate(self, server, session, envelope, mechanism, data):
        self.logins.append(data.login.decode())
        good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.sessions.add(session)
        reply = self.next_answer(address, "rcpt")
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        address = envelope.rcpt_tos[0]
        if self.next_answer(address, "stall"):
            self.stalled.append(address)
            await asyncio.sleep(3600)
        reply = self.next_answer(address, "data")
        if reply:
            return reply
        envelope.over_tls = session.ssl is not None
        envelope.authenticated = session.authenticated
        envelope.hello = session.host_name
        self.mails.append(envelope)
        return "250 taken"
