"""What a tick takes on disk: signed in its batch, and as a row with its indexes. Read from what the hub stored of two
minutes of a load; maps of free space, of some fixed size, are left out. And what it takes to close an hour
of a history that is made by big.sql: the hub, and beside it the SQL that it is held against."""

import os
import time

import cost
from big import retire
from dpin_batch import Batch
from frame import Metric
from process import Failure, wait_until

WEBSITES, VALIDATORS = 5000, 5  # 4 seats every 10 s: 2,000 ticks/s
SECONDS = 120
FOURS, LAMPORTS = 250, 10  # of websites: 720,000 ticks an hour

METRICS = [
    Metric("store.tick_bytes", "bytes", "a tick of an IPv4 address in its batch, canonical", 72),
    Metric("store.archive_vs_canonical", "ratio", "heap of tick_batch, TOAST included, against the signed frames", 1.1),
    Metric("store.hot_bytes_per_tick", "bytes", "heap and indexes of tick_page", 110),
    Metric("store.index_bytes_per_tick", "bytes", "of it the indexes"),
    Metric("store.ticks", "1", "ticks of this measurement", better="higher"),
    Metric("store.close_us_per_tick", "us", "CPU of hub and PostgreSQL to close an hour, for each tick of it"),
    Metric("store.close_pg_us_per_tick", "us", "of it PostgreSQL's"),
    Metric("store.close_sql_us_per_tick", "us", "CPU of PostgreSQL for the same by SQL alone"),
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


def make_hour(world):
    """One that is due. How many ticks it has."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "big.sql")) as f:
        world.database.sql(f"""BEGIN; {f.read()}
            SELECT bench.prepare({FOURS}, 20, at - interval '1 hour', at, false)
              FROM date_trunc('hour', now() - interval '10 minutes', 'UTC') AS at; COMMIT""")
    ticks = int(world.database.value("SELECT bench.step(0)"))
    retire(world)
    return ticks


def close_by_sql(world):
    """CPU of PostgreSQL, s; nothing of it stays."""
    before = cost.family_cpu(world.database.process.pid)
    closed = world.database.value(f"BEGIN; SELECT hours_close(ends_at, interval '0', {LAMPORTS}, 1) FROM bench.big")
    if closed != "1":
        raise Failure(f"{closed} hours were closed, not one")
    return cost.family_cpu(world.database.process.pid) - before


def close_by_hub(world):
    """CPU of PostgreSQL and of the hub, s, from its start."""
    before = cost.family_cpu(world.database.process.pid)
    world.start_hub()
    wait_until(lambda: world.database.value("SELECT count(*) FROM closed_hour") == "1", "the hour is closed", 300)
    return cost.family_cpu(world.database.process.pid) - before, cost.cpu(world.hub.pid)


def closing(bench):
    """Of the last hour that was over ten minutes ago."""
    with bench.world() as world:
        world.hub.stop()
        ticks = make_hour(world)
        sql = close_by_sql(world)
        pg, hub = close_by_hub(world)
    return {"store.close_us_per_tick": (pg + hub) / ticks * 1e6, "store.close_pg_us_per_tick": pg / ticks * 1e6,
            "store.close_sql_us_per_tick": sql / ticks * 1e6}


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
    return {**values, **closing(bench)}
