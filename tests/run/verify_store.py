"""Every signature the hub stored is verified by the second implementation: evidence is worth what others can check."""

import contextlib
import dataclasses
import os
import sys

sys.path.insert(1, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "integration"))

import psycopg2  # noqa: E402

from dpin_order import Order, order_id, order_leaf, spec_parse  # noqa: E402
from dpin_sign import WireError, merkle_any, sha256, statement  # noqa: E402
from dpin_sign import verify as verify_signature  # noqa: E402
from dpin_batch import HEADER, Batch  # noqa: E402
from parallel import mapped  # noqa: E402
from process import Failure  # noqa: E402


def verify(world):
    """How many signatures of batches and orders were checked; raises Failure naming the first that is wrong."""
    with contextlib.closing(psycopg2.connect(world.database.url("postgres"))) as connection:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as cursor:
            return Check(cursor).all()


class Check:
    """`orders`, of an earlier check of the same database, maps ids to public ones: what came since is enough then.
    `part` (k, n): of n batches with ticks one whole, of the others the place in their stream and how many ticks.
    `table`: where the ticks are."""

    def __init__(self, cursor, orders=None, part=(0, 1), table="website_tick"):
        self.cursor, self.part, self.table = cursor, part, table
        self.network = self.rows("SELECT network_key FROM hub_state")[0][0]
        self.keys = dict(self.rows("SELECT id, key FROM validator"))
        self.orders = {} if orders is None else orders
        self.ticks = {}  # batch -> rows
        self.counts = {}  # batch -> how many rows, of those that are not looked at whole
        self.roots = set()  # (scope, root, signature) of frames of orders that this process verified
        self.seen = lambda validator, batch, hash_: None  # called with every batch, by id, without its ticks

    def rows(self, sql, *values):
        """bytea comes as bytes."""
        self.cursor.execute(sql, values)
        return [tuple(bytes(x) if isinstance(x, memoryview) else x for x in row) for row in self.cursor.fetchall()]

    def all(self):
        """Of everything that is not in `orders` yet, and all batches."""
        return self.all_orders() + self.all_batches()

    def all_orders(self):
        rows = self.rows("""
            SELECT o.id, public_id, validator_id, o.bytes, root, signature, path, epoch, spec_hash, s.bytes,
                   e.secret, e.eligible_root, sent_at IS NULL OR type = 2
            FROM work_order o
            JOIN specification s ON s.hash = spec_hash JOIN epoch e ON e.website_id = o.website_id AND number = epoch
            WHERE o.id > %s ORDER BY o.id""", max(self.orders, default=0))
        self.orders.update((row[0], row[1]) for row in rows)
        return sum(self.each("order", rows, self.order))

    def all_batches(self, after=0):
        """Those whose id is above `after`, and all ticks in the table, which are of them."""
        k, n = self.part
        self.ticks = self.ticks_whole()
        self.counts = dict(self.rows(f"""SELECT batch_id, count(*) FROM {self.table} WHERE batch_id %% %s <> %s
            GROUP BY 1""", n, k))
        rows = self.rows("""SELECT id, validator_id, incarnation, sequence, hash,
                CASE WHEN count = 0 OR id %% %s = %s THEN frame || rest ELSE substr(frame, 1, %s) END, count, codes
            FROM tick_batch WHERE id > %s ORDER BY id""", n, k, HEADER.size, after)
        if len({row[0] for row in rows}) != len(rows):
            raise Failure("two batches are stored with one id")
        stray = (self.ticks.keys() | self.counts.keys()) - {row[0] for row in rows}
        if stray:
            raise Failure(f"stored ticks name batch {min(stray)}, and there is none")
        for row, seen in zip(rows, self.each("batch", rows, self.batch)):
            with named("batch", row[0]):
                self.seen(*seen)
        return len(rows)

    def ticks_whole(self):
        """{batch: its ticks} of those that are verified whole."""
        found = {}
        for row in self.rows(f"""SELECT batch_id, order_id, strpos('scmr', kind::text) - 1, number, outcome,
                error_class, status, dns_us, connect_us, tls_us, wait_us, transfer_us,
                (extract(epoch FROM started_at) * 1000000)::bigint, late FROM {self.table}
                WHERE batch_id %% %s = %s""", self.part[1], self.part[0]):
            found.setdefault(row[0], []).append(row[1:])
        return found

    @staticmethod
    def each(what, rows, check):
        """What `check` made of each."""
        def checked(row):
            with named(what, row[0]):
                return check(*row)
        return mapped(checked, rows)

    def scope(self, validator):
        return self.network, self.keys[validator]

    def order(self, row, name, validator, data, root, signature, path, epoch, spec_hash, spec, secret, eligible,
              unsent):
        scope, order = self.scope(validator), Order.decode(data)
        expect(order_id(data, scope) == name, "its id is not the hash of its content")
        expect(order.spec == spec_hash == sha256(spec), "its specification is another one")
        expect(order.epoch == epoch and order.commitment == sha256(secret), "it commits to another secret")
        expect(order.eligible == eligible, "it commits to another eligible list")
        spec_parse(spec)
        if signature is None:
            expect(unsent, "it was sent and has no signature")
            return 0
        merkle_any(order_leaf(data, scope), split(path or b""), root)
        if (scope, root, signature) not in self.roots:
            verify_signature(self.network, statement("orders", scope, root), signature, "orders")
            self.roots.add((scope, root, signature))
        return 1

    def batch(self, row, validator, incarnation, sequence, hash_, frame, count, codes):
        if count and row % self.part[1] != self.part[0]:
            accepted, stored = codes.count(0) + codes.count(1), self.counts.get(row, 0)
            expect(stored == accepted, f"{stored} ticks are stored of the {accepted} that were accepted")
            return validator, Batch.head(frame), hash_
        scope, b = self.scope(validator), Batch.parse(frame)
        expect(b.verify(scope) == hash_, "its hash is not the stored one")
        expect((b.incarnation, b.sequence, len(b.ticks)) == (incarnation, sequence, count),
               "its header is not the row's")
        expect(len(codes) == count, "it has not one disposition per tick")
        ticks = self.ticks.get(row, [])
        accepted = {(tick.order, tick.kind, tick.number): (tick, code)
                    for tick, code in zip(b.ticks, codes) if code in (0, 1)}
        stored = sorted((self.orders.get(t[0], b""), *t[1:3]) for t in ticks)
        expect(stored == sorted(accepted), f"{len(stored)} ticks are stored, {len({*stored} & {*accepted})} of them of"
               f" the {len(accepted)} that were accepted")
        for t in ticks:
            self.tick(t, *accepted[self.orders[t[0]], t[1], t[2]])
        return validator, dataclasses.replace(b, ticks=[]), hash_

    @staticmethod
    def tick(t, tick, code):
        said = (tick.outcome, tick.error, tick.status, *tick.phases, tick.start, code == 1)
        expect(t[3:] == said, f"tick {t[2]} is stored as {t[3:]}, signed as {said}")


@contextlib.contextmanager
def named(what, row):
    try:
        yield
    except WireError as e:
        raise Failure(f"stored {what} {row}: {e}") from None


def split(path):
    expect(len(path) % 32 == 0, "its path is cut")
    return [path[i:i + 32] for i in range(0, len(path), 32)]


def expect(condition, what):
    if not condition:
        raise WireError(what)
