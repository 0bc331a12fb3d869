"""What a tick takes on disk: signed in its batch, and as a row with its indexes. Read from what the hub stored of two
minutes of a load; maps of free space, of some fixed size, are left out. And what PostgreSQL takes to close an hour, of
a history that is made by big.sql."""

import os
import time

import cost
from dpin_batch import Batch
from frame import Metric
from process import Failure

WEBSITES, VALIDATORS = 5000, 5  # 4 seats every 10 s: 2,000 ticks/s
SECONDS = 120
FOURS, LAMPORTS = 250, 10  # of websites: 720,000 ticks an hour

METRICS = [
    Metric("store.tick_bytes", "bytes", "a tick of an IPv4 address in its batch, canonical", 72),
    Metric("store.archive_vs_canonical", "ratio", "heap of tick_batch, TOAST included, against the signed frames", 1.1),
    Metric("store.hot_bytes_per_tick", "bytes", "heap and indexes of tick_page", 110),
    Metric("store.index_bytes_per_tick", "bytes", "of it the indexes"),
    Metric("store.ticks", "1", "ticks of this measurement", better="higher"),
    Metric("store.close_us_per_tick", "us", "CPU of PostgreSQL to close an hour, for each tick of it"),
]


def load(bench, world):
    with bench.load(world.hub_url, validators=VALIDATORS) as peers:
        peers.wait_joined()
        world.add_websites(WEBSITES)
        peers.wait(lambda line: line["orders"] >= 4 * WEBSITES, "the orders are out", 120)
        time.sleep(SECONDS)  # a load lasts as long as it lasts
        peers.finish()
    world.hub.stop()


def sizes(world, table):
    """Bytes of heap with TOAST, and of indexes, of all partitions."""
    heap, indexes = world.database.sql(f"""
        SELECT sum(pg_relation_size(inhrelid) + coalesce(pg_relation_size(nullif(reltoastrelid, 0)), 0)),
               sum(pg_indexes_size(inhrelid))
          FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = '{table}'::regclass""")[0]
    return int(heap), int(indexes)


def tick_bytes(world):
    """Of the ticks of one batch with IPv4 addresses."""
    frame = world.database.value("SELECT encode(frame || rest, 'hex') FROM tick_batch ORDER BY count DESC LIMIT 1")
    ticks = Batch.parse(bytes.fromhex(frame)).ticks
    assert ticks and all(t.family == 4 for t in ticks), "the load's ticks are of IPv4 addresses"
    return sum(len(t.encode()) for t in ticks) / len(ticks)


def close_us_per_tick(bench):
    """Of the hour before this one."""
    with bench.world() as world:
        world.hub.stop()
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "big.sql")) as f:
            world.database.sql(f"""BEGIN; {f.read()}
                SELECT bench.prepare({FOURS}, 20, at - interval '1 hour', at, false)
                  FROM date_trunc('hour', now(), 'UTC') AS at; COMMIT""")
        ticks = int(world.database.value("SELECT bench.step(0)"))
        before = cost.family_cpu(world.database.process.pid)
        closed = world.database.value(f"SELECT hours_close(ends_at, interval '0', {LAMPORTS}, 1) FROM bench.big")
        after = cost.family_cpu(world.database.process.pid)
        if closed != "1":
            raise Failure(f"{closed} hours were closed, not one")
        return (after - before) / ticks * 1e6


def measure(bench):
    with bench.world() as world:
        load(bench, world)
        ticks = int(world.database.value("SELECT count(*) FROM website_tick"))
        frames = int(world.database.value("SELECT sum(length(frame) + length(rest)) FROM tick_batch"))
        heap, indexes = sizes(world, "tick_page")
        archive, _ = sizes(world, "tick_batch")
        values = {"store.tick_bytes": tick_bytes(world), "store.archive_vs_canonical": archive / frames,
                  "store.hot_bytes_per_tick": (heap + indexes) / ticks, "store.index_bytes_per_tick": indexes / ticks,
                  "store.ticks": ticks}
    return {**values, "store.close_us_per_tick": close_us_per_tick(bench)}
