"""Backlogs: a spool that overflows, and an hour of history that is delivered beside live ticks."""

import contextlib
import os
import signal
import sqlite3
import time

import check_spool
from arena import REAL
from dpin_batch import SCHEDULED, UP, Batch, Tick
from dpin_sign import Key
from fault import Fault
from process import Failure, wait_until

SECOND = 1_000_000
HOUR = 3600 * SECOND
WINDOW = 32  # batches that may be on their way to the hub: what was dropped of these may arrive all the same
SPACING = 5 * SECOND  # of the batches: five a second, as it makes them, would be delivered for minutes


class SpoolOverflow(Fault):
    """More than the spool may hold while the hub stands still: its oldest batches go, and a signed gap says so."""

    name = "spool-overflow"

    def break_(self):
        arena, self.detail = self.arena, self.rng.choice(REAL)
        arena.kill_validator(self.detail)
        arena.validator_conf[self.detail] = "SpoolMax=65536\n"
        arena.recover()
        mark = len(arena.validators[self.detail].log())
        arena.hub.popen.send_signal(signal.SIGSTOP)
        wait_until(lambda: arena.validators[self.detail].log()[mark:].count("its oldest batches were dropped") > WINDOW,
                   "the spool overflows", 120)
        arena.hub.popen.send_signal(signal.SIGCONT)
        del arena.validator_conf[self.detail]

    def prove(self, checker):
        gaps = self.arena.database.value(f"""SELECT count(*) FROM tick_batch
            JOIN validator v ON v.id = validator_id AND v.name = '{self.detail}' WHERE count = 0""")
        if gaps == "0":
            raise Failure(f"{self.detail} dropped batches, and no gap of it is stored")
        self.arena.kill_validator(self.detail)  # with room again
        self.arena.recover()


class HourOfBacklog(Fault):
    """A validator comes back with an hour of history in its spool: live ticks go first."""

    name = "backlog"

    def break_(self):
        arena, self.name_ = self.arena, self.rng.choice(REAL[1:])
        arena.kill_validator(self.name_)
        state = check_spool.state_of(arena, self.name_)
        with open(os.path.join(state, "validator.key"), encoding="ascii") as f:
            self.key = Key.from_text(f.read())
        network = bytes.fromhex(arena.database.value("SELECT encode(network_key, 'hex') FROM hub_state"))
        ticks = self.history()
        batches = self.seal(ticks, network)
        self.spool(os.path.join(state, "spool.sqlite"), batches)
        self.ticks = [(self.key.public.hex(), t.order.hex(), False, t.number, t.start) for t in ticks]
        self.detail = f"{len(ticks)} ticks in {len(batches)} batches of {self.name_}"

    def history(self):
        """The slots that nobody spoke for: the hub's clock was an hour slow when this world began."""
        end = int(self.arena.began * SECOND) - 60 * SECOND
        orders = self.arena.database.sql(f"""
            SELECT encode(public_id, 'hex'), usec(starts_at), interval_ms * 1000::bigint
            FROM work_order JOIN validator v ON v.id = validator_id AND v.name = '{self.name_}'
            WHERE type = 1 AND starts_at < to_timestamp({self.arena.began}) - interval '50 min'
              AND coalesce(removed_at, 'infinity') > to_timestamp({self.arena.began})""")
        found = []
        for name, start, interval in ((bytes.fromhex(n), int(s), int(i)) for n, s, i in orders):
            first = (end - HOUR + 600 * SECOND - start) // interval + 1
            found += [Tick(name, SCHEDULED, UP, number, start + number * interval, status=200,
                           phases=(0, 300, 0, 900, 100))
                      for number in range(max(0, first), (end - start) // interval)]
        return sorted(found, key=lambda tick: tick.start)

    def seal(self, ticks, network):
        """Frames of one incarnation, each with what fell into SPACING."""
        batches, scope = [], (network, self.key.public)
        incarnation, previous = self.rng.getrandbits(62) | 1, bytes(32)
        while ticks:
            end = next((i for i, t in enumerate(ticks) if t.start > ticks[0].start + SPACING), len(ticks))
            end = min(end, 700)
            b = Batch(incarnation, len(batches) + 1, previous, created=ticks[end - 1].end, ticks=ticks[:end])
            b.seal(self.key, network)
            previous, ticks = b.hash(scope), ticks[end:]
            batches.append((b, previous))
        return batches

    @staticmethod
    def spool(path, batches):
        with contextlib.closing(sqlite3.connect(path)) as db, db:
            first = batches[0][0]
            db.execute("INSERT INTO stream (incarnation, opened) VALUES (?, ?)", (first.incarnation, first.created))
            db.executemany("""INSERT INTO batch (incarnation, sequence, hash, created, ticks, gap, frame)
                VALUES (?, ?, ?, ?, ?, 0, ?)""", [(b.incarnation, b.sequence, hash_, b.created, len(b.ticks), b.frame)
                                                  for b, hash_ in batches])

    def mend(self):
        self.arena.heal()
        self.arena.wait_hub()  # what came on top may have killed it, or its database
        self.since = self.arena.hub_seconds()
        self.started = time.monotonic()

    def prove(self, checker):
        """Delivered as a whole, and nothing that was checked meanwhile had to wait for it."""
        checker.kept += self.ticks
        self.detail += f" in {time.monotonic() - self.started:.1f} s"
        self.arena.wait_pages()
        late, n = self.arena.database.sql(f"""SELECT count(*) FILTER (WHERE late), count(*) FROM website_tick
            JOIN validator v ON v.id = validator_id AND v.name = '{self.name_}'
            WHERE kind = 's' AND started_at > to_timestamp({self.since})""")[0]
        if late != "0" or n == "0":
            raise Failure(f"{late} of {n} live ticks of {self.name_} were late behind its history")


FAULTS = (HourOfBacklog, SpoolOverflow)
