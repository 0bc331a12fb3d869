"""What a tick costs from the frame to the disk: CPU of hub and PostgreSQL for each one that was accepted live, stored
and acknowledged, fsync and synchronous_commit on. At 20,000 a second: with fewer, what a commit costs whatever is in it
counts for more. The reference is what PostgreSQL and a client take for the same ticks as rows of a table, found by span
and website as well: by COPY, ten thousand at a time, and random ones by an INSERT and a commit for each."""

import os
import resource
import subprocess
import tempfile
import time

import cost
import group_store
import stairs
from database import server_program
from frame import Metric
from process import Failure, command, wait_until

WEBSITES, VALIDATORS, STEP = 50000, 20, 5000  # 4 seats every 10 s: 20,000 ticks/s
WARM, SECONDS = 40, 25  # ticks wait for their page for half a minute: longer than that
LATE_MAX = 0.01
COLUMNS = """started_at, order_id, batch_id, website_id, validator_id, number, dns_us, connect_us, tls_us, wait_us,
    transfer_us, status, outcome, error_class, kind, late"""
RAW = """
    CREATE TABLE raw_tick (started_at timestamptz NOT NULL, order_id bigint NOT NULL, batch_id bigint NOT NULL,
        website_id integer NOT NULL, validator_id integer NOT NULL, number integer NOT NULL, dns_us integer NOT NULL,
        connect_us integer NOT NULL, tls_us integer NOT NULL, wait_us integer NOT NULL, transfer_us integer NOT NULL,
        status smallint NOT NULL, outcome smallint NOT NULL, error_class smallint NOT NULL, kind "char" NOT NULL,
        late boolean NOT NULL) PARTITION BY RANGE (tick_span(started_at));
    CREATE INDEX ON raw_tick (tick_span(started_at), website_id);
    CREATE TABLE raw_tick_all PARTITION OF raw_tick FOR VALUES FROM (MINVALUE) TO (MAXVALUE)"""
ROWS = 10000  # of a COPY of the reference
CLIENTS, INSERTS = 4, 2500  # of each

METRICS = [
    Metric("ingest.cpu_us_per_tick", "us", "CPU of hub and PostgreSQL per live tick, stored and acknowledged", 6.0),
    Metric("ingest.cpu_vs_copy", "ratio", "against COPY of the same ticks as rows, with client", 1.8),
    Metric("ingest.cpu_vs_insert", "ratio", "against an INSERT and a commit for each, with client", 1 / 15),
    Metric("ingest.hub_live_us_per_tick", "us", "of it the hub's"),
    Metric("ingest.pg_live_us_per_tick", "us", "of it PostgreSQL's, all processes"),
    Metric("ingest.hub_cpu_us_per_tick", "us", "the hub's, and what it takes to close the tick's hour, one with 720 "
           "ticks a website", 2.0),
    Metric("ingest.pg_cpu_us_per_tick", "us", "PostgreSQL's, and the same", 3.0),
    Metric("ingest.raw_us_per_row", "us", "the reference by COPY"),
    Metric("ingest.insert_us_per_row", "us", "the reference by INSERT"),
    Metric("ingest.ticks_per_s", "1/s", "at this rate, live", better="higher"),
    Metric("ingest.ticks_per_batch", "1", "in batches of this size"),
    Metric("ingest.ack_p99_ms", "ms", "from a batch sent to its receipt, 99 of 100"),
    Metric("ingest.full_ticks_per_s", "1/s", f"the most it carried, live, of {stairs.VALIDATORS:,} validators; in the "
           "first run only, as what follows", better="higher"),
    Metric("ingest.half_ack_p99_ms", "ms", "from a batch sent to its receipt, 99 of 100, at half of that", 300),
    Metric("ingest.hub_rss_mb", "MB", f"memory of the hub at its last step, of {stairs.STEPS[-1]:,} websites at best",
           512),
    Metric("ingest.hub_rss_websites", "1", "with so many", better="higher"),
]


def add_websites(world, load):
    """Step by step, as they come in life; each step's orders are out before the next."""
    for n in range(0, WEBSITES, STEP):
        world.add_websites(min(STEP, WEBSITES - n))
        load.wait(lambda line, orders=4 * min(n + STEP, WEBSITES): line["orders"] >= orders, "the orders are out", 120)
    world.database.sql("VACUUM (ANALYZE)")  # as autovacuum would, of all that is new here, while ticks are measured


class Costs:
    """CPU of hub and PostgreSQL, and where the database is."""

    def __init__(self, world):
        self.world, self.hub, self.postgres = world, world.hub.pid, world.database.process.pid

    def begin(self):
        self.first = self.commit_no()
        self.began, self.cpu = time.monotonic(), self.read()
        return self

    def end(self):
        """CPU first: the question after it is not the hub's work."""
        hub, postgres = (after - before for after, before in zip(self.read(), self.cpu))
        return hub, postgres, time.monotonic() - self.began, (self.first, self.commit_no())

    def read(self):
        return cost.cpu(self.hub), cost.family_cpu(self.postgres)

    def commit_no(self):
        return int(self.world.database.value("SELECT commit_no FROM hub_state"))


def stored(commits):
    """A condition on website_tick: stored by these commits."""
    return f"""batch_id IN (SELECT id FROM tick_batch WHERE commit_no > {commits[0]} AND commit_no <= {commits[1]})"""


def ticks_of(world, commits):
    """Live ones stored by these commits, and their batches."""
    ticks, live, batches = world.database.sql(f"""
        SELECT count(*), count(*) FILTER (WHERE NOT late), count(DISTINCT batch_id) FROM website_tick
        WHERE {stored(commits)}""")[0]
    ticks, live, batches = int(ticks), int(live), int(batches)
    if live < (1 - LATE_MAX) * ticks or not live:
        raise Failure(f"only {live} of {ticks} ticks were live: this machine is too busy to measure it")
    return live, batches


def ours(bench, world):
    with bench.load(world.hub_url, validators=VALIDATORS, ahead=min(WARM + SECONDS + 10, 120)) as load:
        load.wait_joined()
        add_websites(world, load)
        time.sleep(WARM)
        load.forget_latencies()
        costs = Costs(world).begin()
        time.sleep(SECONDS)  # a measurement lasts as long as it lasts
        hub, postgres, seconds, commits = costs.end()
        summary = load.finish()
    wait_until(lambda: world.database.value("SELECT paged_no = commit_no FROM hub_state") == "t", "all is on pages", 60)
    ticks, batches = ticks_of(world, commits)
    return commits, {
        "ingest.cpu_us_per_tick": (hub + postgres) / ticks * 1e6, "ingest.hub_live_us_per_tick": hub / ticks * 1e6,
        "ingest.pg_live_us_per_tick": postgres / ticks * 1e6, "ingest.ticks_per_s": ticks / seconds,
        "ingest.ticks_per_batch": ticks / batches, "ingest.ack_p99_ms": summary["ackP99Ms"]}


def chunks(world, commits, folder):
    """Files of ROWS rows or a few more, as COPY reads them, in the order in which they came."""
    world.database.sql(f"""
        CREATE TABLE raw_batch AS SELECT batch_id, (sum(count(*)) OVER (ORDER BY batch_id) / {ROWS})::integer AS chunk
          FROM website_tick WHERE {stored(commits)} GROUP BY batch_id""")
    paths = []
    for chunk, in world.database.sql("SELECT DISTINCT chunk FROM raw_batch ORDER BY chunk"):
        paths.append(os.path.join(folder, chunk))
        command(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", world.database.url("postgres"), "-c",
                 f"""\\copy (SELECT {COLUMNS} FROM website_tick WHERE batch_id IN (SELECT batch_id FROM raw_batch
                     WHERE chunk = {chunk})) TO '{paths[-1]}' (FORMAT binary)""".replace("\n", " ")])
    return paths, int(world.database.value("SELECT count(*) FROM website_tick JOIN raw_batch USING (batch_id)"))


def raw_us_per_row(world, commits):
    """A COPY and a commit for ROWS rows."""
    world.database.sql(RAW)
    with tempfile.TemporaryDirectory() as folder:
        paths, n = chunks(world, commits, folder)
        script = "".join(f"\\copy raw_tick from '{path}' (format binary)\n" for path in paths)
        argv = ["psql", "-Xq", "-v", "ON_ERROR_STOP=1", world.database.url("postgres")]
        return reference_us(world, argv, script) / n


def insert_us_per_row(world):
    """Random rows of the same websites into the same table, prepared statements, CLIENTS at once."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(f"""\\set site random(1, {WEBSITES})
\\set us random(100, 100000)
INSERT INTO raw_tick VALUES (now(), :site * 4, :us, :site, :site % {VALIDATORS}, :us, :us, :us, :us, :us, :us, 200, 1,
  0, 's', false);
""")
        script.flush()
        return reference_us(world, [server_program("pgbench"), "-n", "-M", "prepared", "-c", str(CLIENTS), "-t",
                                    str(INSERTS), "-f", script.name, world.database.url("postgres")]
                            ) / (CLIENTS * INSERTS)


def reference_us(world, argv, script=""):
    """CPU of PostgreSQL and of the client."""
    before = cost.family_cpu(world.database.process.pid), own_children()
    subprocess.run(argv, input=script, text=True, check=True, capture_output=True)
    after = cost.family_cpu(world.database.process.pid), own_children()
    return (after[0] - before[0] + after[1] - before[1]) * 1e6


def own_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(bench):
    with bench.world() as world:
        commits, values = ours(bench, world)
        world.hub.stop()
        values["ingest.raw_us_per_row"] = raw = raw_us_per_row(world, commits)
        values["ingest.insert_us_per_row"] = insert = insert_us_per_row(world)
    closing = group_store.closing(bench)
    close_pg = closing["store.close_pg_us_per_tick"]
    close_hub = closing["store.close_us_per_tick"] - close_pg
    values["ingest.hub_cpu_us_per_tick"] = values["ingest.hub_live_us_per_tick"] + close_hub
    values["ingest.pg_cpu_us_per_tick"] = values["ingest.pg_live_us_per_tick"] + close_pg
    values["ingest.cpu_vs_copy"] = values["ingest.cpu_us_per_tick"] / raw
    values["ingest.cpu_vs_insert"] = values["ingest.cpu_us_per_tick"] / insert
    if bench.run == 0:
        values.update(stairs.values(stairs.climb(bench)))
    return values
