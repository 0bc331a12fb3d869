"""The load: dpin-load, and the journal of what the hub acknowledged to it."""

import json
import os
import signal

from process import Failure, Process, wait_until

FIELDS = "VALIDATOR ORDER PROBE NUMBER DISPOSITION START"


class Load:
    """One run of dpin-load. Lines of its journal are written before it forgets a tick: they are what must be stored."""

    def __init__(self, arena, number, down=0.0):
        self.name = f"load-{number}"
        self.journal = os.path.join(arena.run, self.name + ".journal")
        open(self.journal, "wb").close()
        self.size = self.lines = 0  # counted so far
        self.left = False
        o = arena.options
        self.process = Process(self.name, [
            program(arena.build), f"--hub={arena.hub_url}", f"--validators={o.peers}", f"--seed={o.seed}",
            f"--down={down}", "--seconds=0", "--drain=90", "--stay", f"--journal={self.journal}", "--json",
        ], arena.run, ready=False)

    def start(self):
        self.process.start()
        return self

    def count(self):
        """Acknowledged ticks so far."""
        with open(self.journal, "rb") as f:
            f.seek(self.size)
            more = f.read()
        self.size += len(more)
        self.lines += more.count(b"\n")
        return self.lines

    def finish(self, seconds=100.0):
        """Ends its ticks, and returns its summary when everything it sent is acknowledged. Its validators stay."""
        self.process.popen.send_signal(signal.SIGTERM)
        wait_until(lambda: self.summary() or not self.process.running(), f"{self.name} has all its receipts", seconds)
        summary = self.summary()
        if not summary or summary["errors"]:
            raise Failure(f"{self.name} ended with {self.process.popen.poll()}; {self.process.tail()}")
        left = summary["ticksSent"] - sum(summary["acked"].values()) - summary["ticksAckedByPosition"]
        if left:
            raise Failure(f"{left:g} ticks of the load are never acknowledged: {summary}")
        return summary

    def summary(self):
        """What it says when it has finished, or nothing."""
        last = self.process.log().rpartition("\n{")[2].rpartition("}\n")
        return json.loads("{" + last[0] + "}") if last[1] and not last[2] else None

    def leave(self):
        """Its validators say goodbye."""
        self.left = True
        status = self.process.stop(30, signal.SIGTERM)
        if status != 0:
            raise Failure(f"{self.name} ended with {status}; {self.process.tail()}")


def program(build):
    return os.path.join(build, "tests", "dpin-load")
