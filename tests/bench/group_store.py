"""What a tick takes on disk: signed in its batch, and as a row with its indexes. Read from what the hub stored of two
minutes of a load; maps of free space, of some fixed size, are left out."""

import time

from dpin_batch import Batch
from frame import Metric

WEBSITES, VALIDATORS = 5000, 5  # 4 seats every 10 s: 2,000 ticks/s
SECONDS = 120

METRICS = [
    Metric("store.tick_bytes", "bytes", "a tick of an IPv4 address in its batch, canonical", 72),
    Metric("store.archive_vs_canonical", "ratio", "heap of tick_batch, TOAST included, against the signed frames", 1.1),
    Metric("store.hot_bytes_per_tick", "bytes", "heap and indexes of website_tick", 110),
    Metric("store.index_bytes_per_tick", "bytes", "of it the indexes"),
    Metric("store.ticks", "1", "ticks of this measurement", better="higher"),
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
    frame = world.database.value("SELECT encode(frame, 'hex') FROM tick_batch ORDER BY count DESC LIMIT 1")
    ticks = Batch.parse(bytes.fromhex(frame)).ticks
    assert ticks and all(t.family == 4 for t in ticks), "the load's ticks are of IPv4 addresses"
    return sum(len(t.encode()) for t in ticks) / len(ticks)


def measure(bench):
    with bench.world() as world:
        load(bench, world)
        ticks = int(world.database.value("SELECT count(*) FROM website_tick"))
        frames = int(world.database.value("SELECT sum(length(frame)) FROM tick_batch"))
        heap, indexes = sizes(world, "website_tick")
        archive, _ = sizes(world, "tick_batch")
        return {"store.tick_bytes": tick_bytes(world), "store.archive_vs_canonical": archive / frames,
                "store.hot_bytes_per_tick": (heap + indexes) / ticks, "store.index_bytes_per_tick": indexes / ticks,
                "store.ticks": ticks}
