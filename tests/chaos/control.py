"""The library of preload/, and the file through which it is told what to do to a process."""

import mmap
import os
import struct
import subprocess
from pathlib import Path

SOURCES = Path(__file__).parent / "preload"
SIZE = 8192
KILLS = {"before": 1, "after": 2, "within": 3, "torn": 4}
FAULTS = ["no_space", "sync", "read_only", "busy", "short_write", "write", "read"]
# As struct control has it.
KILL, SKIP, STRUCK, FAULT, EVERY, INJECTED, COMMITS, CLOCK, TARGET = (
    0, 4, 8, 12, 16, 24, 88, 96, 104)


def build_library(folder):
    """Compiles it, which takes a second; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / "chaos.so"
    made = library.with_suffix(f".{os.getpid()}")
    subprocess.run(["clang-19", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE",
                    "-pthread", "-o", made, *sorted(SOURCES.glob("*.c")), "-ldl"], check=True)
    made.replace(library)
    return library


class Control:
    """What befalls one program: the instant of its death, the faults of its disk, and its clock."""

    def __init__(self, library, folder, directory):
        folder.mkdir(parents=True, exist_ok=True)
        self.library = library
        self.directory = directory
        self.file = folder / "control"
        self.reached_file = folder / "reached"
        self.file.write_bytes(bytes(SIZE))
        with self.file.open("r+b") as file:
            self.memory = mmap.mmap(file.fileno(), SIZE)

    @property
    def environment(self):
        return {"LD_PRELOAD": str(self.library), "CHAOS_CONTROL": str(self.file),
                "CHAOS_REACHED": str(self.reached_file), "CHAOS_DIRECTORY": str(self.directory)}

    def put(self, offset, value):
        struct.pack_into("I", self.memory, offset, value)

    def get(self, offset, form="I"):
        return struct.unpack_from(form, self.memory, offset)[0]

    def arm(self, sql, when, skip=0):
        """The process dies at the next commit but `skip` that this statement has a part in."""
        text = sql.encode() + b"\0"
        assert len(text) <= 8000
        self.memory[TARGET:TARGET + len(text)] = text
        self.put(SKIP, skip)
        self.put(STRUCK, 0)
        self.put(KILL, KILLS[when])

    def disarm(self):
        self.put(KILL, 0)

    @property
    def struck(self):
        return self.get(STRUCK) == 1

    @property
    def commits(self):
        return self.get(COMMITS, "Q")

    def fault(self, *names, every=1):
        """From now on each `every`-th call that can meets one of these; none: the disk is sound."""
        self.put(EVERY, every)
        self.put(FAULT, sum(1 << FAULTS.index(name) for name in names))

    def set_clock(self, ahead):
        """The wall clock is so many seconds ahead of ours."""
        struct.pack_into("q", self.memory, CLOCK, ahead)

    def injected(self, name):
        return self.get(INJECTED + 8 * FAULTS.index(name), "Q")

    def reached(self):
        """The texts of the statements that changed something in a commit."""
        if not self.reached_file.exists():
            return set()
        return set(self.reached_file.read_text().split("\x1e")) - {""}
