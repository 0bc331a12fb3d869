"""Reads the database when the load has stopped, and holds it against what was promised. Each check goes on where that
of the last round ended."""

import contextlib
import os
import sys
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "run"))

import psycopg2  # noqa: E402

import check_committees  # noqa: E402
import check_ledger  # noqa: E402
import check_rollups  # noqa: E402
import check_spans  # noqa: E402
import check_spool  # noqa: E402
import check_streams  # noqa: E402
import check_ticks  # noqa: E402
from process import Failure, wait_until  # noqa: E402
from verify_store import Check  # noqa: E402


class Checker:
    """What it knows of the database so far is in plain members, so that it can follow a restored one back."""

    def __init__(self, arena):
        self.arena = arena
        self.forget()

    def forget(self):
        """Everything is read again: the database is another one."""
        self.orders = {}
        self.batch = 0
        self.streams = check_streams.Streams()
        self.lost, self.kept = [], []  # identities that a restored hub lost, and that it must have nevertheless

    def check(self, journals, allows=frozenset(), part=(0, 1)):
        """[(what, how many, seconds)]; raises Failure naming the first that is wrong. `allows`: dispositions that the
        faults of the round explain. `part`: of the batches, as Check has it."""
        spools = [check_spool.copy(self.arena, name) for name in (*self.arena.validators, *self.arena.retired)]
        with self.snapshot() as cursor:
            check_ticks.gather(cursor, self.batch)
            store = Check(cursor, self.orders, part, "fresh_tick")
            store.seen = self.streams.take
            self.streams.read_losses(store)
            done = timed((
                ("orders", store.all_orders), ("batches", lambda: store.all_batches(self.batch)),
                ("streams", lambda: self.streams.check(store)),
                ("acked", lambda: check_ticks.journals(cursor, journals, allows, self)),
                ("distinct", lambda: check_ticks.distinct(cursor)),
                ("committees", lambda: check_committees.committees(cursor)),
                ("spans", lambda: check_spans.spans(cursor)), ("incidents", lambda: check_spans.incidents(cursor)),
                ("spooled", lambda: sum(check_spool.check(store, self.streams, spool) for spool in spools))))
            self.batch = store.rows("SELECT coalesce(max(id), 0) FROM tick_batch")[0][0]
        self.lost, self.kept = [], []
        self.arena.retired.clear()
        return done

    def whole(self):
        """What goes over everything that was ever stored, at the end, when all hours are closed."""
        waiting = {name: check_spool.waiting(check_spool.copy(self.arena, name)) for name in self.arena.validators}
        if any(waiting.values()):
            raise Failure(f"batches are left in spools: {waiting}")
        with self.snapshot() as cursor:
            return timed((("distinct in all", lambda: check_ticks.distinct_in_all(cursor)),
                          ("paid", lambda: check_ledger.whole(cursor)),
                          ("rolled up", lambda: check_rollups.whole(cursor))))

    @contextlib.contextmanager
    def snapshot(self, paged=True):
        """One moment of the database, if `paged` one at which all ticks are on pages; nothing that a check writes
        stays."""
        with contextlib.closing(psycopg2.connect(self.arena.database.url("postgres"))) as connection:
            connection.set_session(isolation_level="REPEATABLE READ")
            with connection.cursor() as cursor:
                wait_until(lambda: self.begin(connection, cursor) or not paged, "all ticks are on pages", 90, 0.05)
                yield cursor
            connection.rollback()

    @staticmethod
    def begin(connection, cursor):
        """A transaction. Whether all ticks were on pages."""
        connection.rollback()
        cursor.execute("SET enable_nestloop = off; SET jit = off")  # tables this young have no statistics yet
        cursor.execute("SELECT paged_no = commit_no FROM hub_state")
        return cursor.fetchone()[0]


def timed(checks):
    """[(what, how many, seconds)] of [(what, check)], which are made one after the other."""
    done = []
    for what, check in checks:
        begun = time.monotonic()
        done.append((what, check(), time.monotonic() - begun))
    return done
