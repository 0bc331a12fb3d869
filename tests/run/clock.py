"""A wall clock of its own for one program, by libfaketime: it can be stepped while the program runs. What never jumps
(CLOCK_MONOTONIC, CLOCK_BOOTTIME) is left alone, as it is by an administrator or by NTP."""

import glob
import os

from process import Failure

LIBRARIES = "/usr/lib/*/faketime/libfaketimeMT.so.1"


class Clock:
    def __init__(self, path, offset=0):
        self.path = path
        self.set(offset)

    def set(self, offset):
        """So many seconds before (below zero) or after what it really is; whole when it is read."""
        with open(self.path + ".new", "w", encoding="ascii") as f:
            f.write(f"{offset:+d}\n")
        os.rename(self.path + ".new", self.path)

    def env(self):
        found = glob.glob(LIBRARIES)
        if not found:
            raise Failure("libfaketime is not installed; `./dev deps` installs it")
        return {"LD_PRELOAD": found[0], "FAKETIME_TIMESTAMP_FILE": self.path, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_NO_CACHE": "1", "NO_FAKE_STAT": "1",
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
