"""The load: dpin-load, and the journal of what the hub acknowledged to it."""

import json
import os
import signal

from process import Failure, Process

FIELDS = "VALIDATOR ORDER PROBE NUMBER DISPOSITION START"


class Load:
    """One run of dpin-load. Lines of its journal are written before it forgets a tick: they are what must be stored."""

    def __init__(self, arena, number, down=0.0):
        self.name = f"load-{number}"
        self.journal = os.path.join(arena.run, self.name + ".journal")
        open(self.journal, "wb").close()
        self.size = self.lines = 0  # counted so far
        self.ended = False
        o = arena.options
        self.process = Process(self.name, [
            program(arena.build), f"--hub={arena.hub_url}", f"--validators={o.peers}", f"--seed={o.seed}",
            f"--down={down}", "--seconds=0", "--drain=90", f"--journal={self.journal}", "--json",
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
        """Stops it when everything it sent is acknowledged, and returns its summary."""
        self.ended = True
        status = self.process.stop(seconds, signal.SIGTERM)
        if status != 0:
            raise Failure(f"{self.name} ended with {status}; {self.process.tail()}")
        summary = json.loads(self.process.log().strip().splitlines()[-1])
        left = summary["ticksSent"] - sum(summary["acked"].values()) - summary["ticksAckedByPosition"]
        if left:
            raise Failure(f"{left:g} ticks of the load are never acknowledged: {summary}")
        return summary


def program(build):
    return os.path.join(build, "tests", "dpin-load")
