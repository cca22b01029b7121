"""A program that uses a library, and the people it needs: told what it works with in one line of
JSON, it asks a question a line and is answered a line. It succeeds by its exit code alone."""

import json
import os
import subprocess
import threading

from advertised import pass_pages
from authorization import Answer
from device_pages import confirmation, decide
from visitor import NAVIGATION

SECONDS = 60


class Person:
    """Somebody with a browser. What they do is named as programs ask for it."""

    def __init__(self, provider):
        self.provider = provider
        self.browser = provider.browser()

    def visit(self, url):
        """Opens an address, signs in and agrees: where that ends."""
        answer = pass_pages(self.browser, self.browser.get(url, headers=NAVIGATION))
        if answer.status_code in (302, 303):
            return {"url": answer.headers["Location"]}
        form = Answer(answer)
        if form.carrier == "form_post":
            return {"url": form.action, "form": form.parameters}
        return {"status": answer.status_code}

    def confirm(self, code, decision):
        """Types a device's code and decides: `allow` or `deny`."""
        browser, page = confirmation(None, {"user_code": code}, self.browser)
        return {"status": decide(browser, page, decision).status_code}

    def guest(self):
        return {"sub": self.provider.guest()}

    def rotate(self):
        """The provider signs with its next keys from now on."""
        self.provider.server.command("keys", "rotate")
        return {}


def converse(command, world, person):
    """Runs the program to its end, which has to be a good one."""
    trust = ("NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
    environment = {**os.environ, **dict.fromkeys(trust, person.provider.ca)}
    process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1,
                               env=environment)
    complaints = []
    reader = threading.Thread(target=lambda: complaints.append(process.stderr.read()))
    reader.start()
    limit = threading.Timer(SECONDS, process.kill)
    limit.start()
    try:
        with process.stdin as questions_end, process.stdout as questions:
            _answer(questions_end, questions, world, person)
        process.wait()
    finally:
        limit.cancel()
        process.kill()
        process.wait()
        reader.join()
        process.stderr.close()
    assert process.returncode == 0, f"{command} ended with {process.returncode}:\n{complaints[0]}"


def _answer(program, questions, world, person):
    def tell(value):
        program.write(json.dumps(value) + "\n")

    try:
        tell(world)
        for line in questions:
            question = json.loads(line)
            tell(getattr(person, question.pop("do"))(**question))
    except BrokenPipeError:
        pass  # it ended early: its exit code and what it wrote say why
