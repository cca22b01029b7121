"""A client of the provider in another language: a program that speaks JSON, a line a step."""

import json
import subprocess
import tempfile
import threading


class ClientProgram:
    """Runs `command FEATURE` and gives it `settings` as its first line.

    The program says a line `{"step": NAME, …}` for each step that succeeded, `refused` for each
    that had to fail, and waits for a line where it needs a browser. It ends with the step `done`,
    or with `failed` and the library's own words.
    """

    def __init__(self, command, feature, settings, seconds=60):
        self.words = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([*map(str, command), feature], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.words, text=True)
        self.deadline = threading.Timer(seconds, self.process.kill)
        self.deadline.start()
        self.tell(**settings)

    def __enter__(self):
        return self

    def __exit__(self, *raised):
        self.process.stdin.close()
        if raised[0]:
            self.process.kill()
        self.process.wait()
        self.deadline.cancel()
        self.process.stdout.close()
        self.words.close()

    def tell(self, **line):
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def step(self, name):
        """The next step, which has to be the one of that name."""
        line = self.process.stdout.readline()
        if not line:
            self.words.seek(0)
            raise AssertionError(f"ended before {name}: {self.words.read()[-4000:]}")
        step = json.loads(line)
        assert step["step"] == name, step
        return step

    def refused(self, what):
        """What the library said of an attempt that had to fail."""
        step = self.step("refused")
        assert step["what"] == what, step
        return step["error"]

    def done(self):
        self.step("done")
        assert self.process.wait() == 0
