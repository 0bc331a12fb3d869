"""Full disks: nothing is lost that was acknowledged, and everything goes on by itself when there is room again."""

import contextlib
import os
import signal
import sqlite3

import check_spool
from arena import REAL
from fault import Fault
from process import wait_until


class PostgresDiskFull(Fault):
    """Commits fail, or PostgreSQL gives up: then it is started again, as systemd would."""

    name = "postgres-disk-full"
    needs = "disk"

    def break_(self):
        arena = self.arena
        arena.down.add("postgres")
        mark = len(arena.hub.log())
        arena.disk.fill()
        wait_until(lambda: "a commit failed" in arena.hub.log()[mark:] or not arena.database.process.running(),
                   "the hub cannot commit", 60)
        self.detail = "and stayed" if arena.database.process.running() else "and ended"
        arena.pass_time(self.rng.uniform(0.5, 4.0))

    def mend(self):
        self.arena.disk.free()


class SpoolDiskFull(Fault):
    """A validator keeps its ticks in memory, as many as fit; receipts that come meanwhile are not the last word."""

    name = "spool-disk-full"
    needs = "small"

    def break_(self):
        arena = self.arena
        arena.kill_validator(REAL[0])
        self.compact(os.path.join(check_spool.state_of(arena, REAL[0]), "spool.sqlite"))
        arena.start_validator(REAL[0])
        arena.wait_validators()
        validator = arena.validators[REAL[0]]
        mark = len(validator.log())
        arena.hub.popen.send_signal(signal.SIGSTOP)  # while it acknowledges, the spool has room by itself
        arena.small.fill()
        wait_until(lambda: "ticks cannot be stored" in validator.log()[mark:], "the spool is full", 30)
        arena.hub.popen.send_signal(signal.SIGCONT)
        arena.pass_time(self.rng.uniform(0.5, 8.0))

    @staticmethod
    def compact(path):
        """So that it needs the disk for its next batch, and does not have room of before."""
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute("VACUUM")

    def mend(self):
        self.arena.small.free()


FAULTS = (PostgresDiskFull, SpoolDiskFull)
