"""Spools: what a validator has not trimmed continues where the hub's position is, signed and chained as the hub will
want it; and every receipt it keeps is true."""

import contextlib
import os
import shutil
import signal
import sqlite3
import stat

from dpin_sign import Key, WireError, verify
from dpin_batch import Batch, Receipt
from process import Failure
from verify_store import expect


def state_of(arena, name):
    return os.path.join(arena.data, f"validator-{name}")


def sockets(folder, names):
    """Those that are none of the state: one answers how the validator is."""
    return [name for name in names if stat.S_ISSOCK(os.lstat(os.path.join(folder, name)).st_mode)]


def copy(arena, name, to=None):
    """The state of a validator as it is at one moment: it stands still while its files are copied. The path."""
    process, to = arena.validators.get(name), to or os.path.join(arena.run, f"copy-{name}")
    shutil.rmtree(to, ignore_errors=True)
    alive = process and process.running()
    if alive:
        process.popen.send_signal(signal.SIGSTOP)
    try:
        shutil.copytree(state_of(arena, name), to, ignore=sockets)
    finally:
        if alive:
            process.popen.send_signal(signal.SIGCONT)
    return to


def waiting(path):
    """How many batches."""
    with contextlib.closing(sqlite3.connect(os.path.join(path, "spool.sqlite"))) as db:
        return db.execute("SELECT count(*) FROM batch").fetchone()[0]


def check(store, streams, path):
    """How many batches wait in a spool that was copied before the database was read."""
    with open(os.path.join(path, "validator.key"), encoding="ascii") as f:
        key = Key.from_text(f.read())
    validator = next((i for i, k in store.keys.items() if k == key.public), None)
    with contextlib.closing(sqlite3.connect(os.path.join(path, "spool.sqlite"))) as db:
        try:
            return Spool(store, streams, validator, (store.network, key.public), db).check()
        except WireError as e:
            raise Failure(f"spool {os.path.basename(path)}: {e}") from None


class Spool:
    def __init__(self, store, streams, validator, scope, db):
        self.store, self.streams, self.validator, self.scope, self.db = store, streams, validator, scope, db

    def check(self):
        pinned = self.db.execute("SELECT key FROM network").fetchall()
        expect(pinned in ([], [(self.scope[0],)]), "it is pinned to another network")
        receipts = self.db.execute("SELECT incarnation, receipt FROM stream WHERE receipt IS NOT NULL").fetchall()
        for incarnation, receipt in receipts:
            self.receipt(incarnation, Receipt.parse(receipt))
        return sum(self.stream(i) for i, in self.db.execute("SELECT DISTINCT incarnation FROM batch").fetchall())

    def position(self, incarnation):
        return self.streams.positions.get((self.validator, incarnation), (0, bytes(32)))

    def receipt(self, incarnation, receipt):
        """The hub has what it said it has, or owns up to having lost it."""
        receipt.verify(self.scope[0], self.scope)
        expect(receipt.incarnation == incarnation, "a receipt is with another stream")
        if self.is_lost(incarnation, receipt.last):
            return
        if self.validator is None:
            return  # it had joined only after a backup that the hub came back from
        expect(receipt.last <= self.position(incarnation)[0],
               f"the hub is at {self.position(incarnation)[0]}, and gave a receipt up to {receipt.last}")
        self.same(incarnation, receipt.last, receipt.hash)

    def is_lost(self, incarnation, sequence):
        lost = self.streams.lost.get((self.validator, incarnation), ())
        return any(first <= sequence <= receipt.last for first, receipt in lost)

    def same(self, incarnation, sequence, hash_):
        """What the hub stored under this number, if anything but a gap, is this batch."""
        found = self.store.rows("""SELECT hash, count FROM tick_batch WHERE validator_id = %s AND incarnation = %s
            AND sequence = %s""", self.validator, incarnation, sequence)
        ticks = [h for h, count in found if count > 0]
        expect(not ticks or ticks == [hash_], f"the hub has another batch {sequence}")

    def stream(self, incarnation):
        last, previous = None, None
        at = self.position(incarnation)[0]
        rows = self.db.execute("""SELECT sequence, hash, gap, frame FROM batch WHERE incarnation = ?
            ORDER BY sequence, gap DESC""", (incarnation,)).fetchall()
        for sequence, hash_, gap, frame in rows:
            b = Batch.parse(frame)
            b.verify(self.scope)
            first = b.gap[0] if gap else sequence
            expect((b.incarnation, b.sequence, bool(b.gap)) == (incarnation, sequence, bool(gap)), "it is another")
            expect(first <= at + 1 if last is None else first == last + 1,
                   f"batch {first} comes after {at if last is None else last}")
            expect(gap or previous in (None, b.previous), f"batch {sequence} does not follow the one before it")
            expect(hash_ == (b.previous if gap else b.hash(self.scope)), f"batch {sequence} has another hash")
            if sequence <= at and not gap and not self.is_lost(incarnation, sequence):
                self.same(incarnation, sequence, hash_)
            last, previous = sequence, hash_
        return len(rows)
