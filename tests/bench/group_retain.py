"""What live ticks notice of the hub's upkeep: the longest delay from a batch to its receipt while the hub rolls up a
day of 10^7 ticks, hour by hour, and drops the day's partitions, of ticks and of signed batches; beside it the longest
when the hub had nothing to keep, for a minute before, in the same run.

The day before yesterday is made by big.py with all its hours open, and the verdicts of that day, by which the hub knows
of hours to close, are kept back at first: when they are put in their place the hub's next look, within a minute, begins
with that day, and a later one, the day closed, drops it (RetainRawDays=1). Its websites are removed ones, those of the
load are others. Every run makes its day anew; fsync is on from the hub's start."""

import time

from big import Big, retire
from frame import Metric
from load import add_websites
from process import Failure, say, wait_until

TICKS = 10**7
WEBSITES, VALIDATORS, STEP = 2500, 10, 1250  # 4 seats every 10 s: 1,000 ticks/s
WARM, QUIET = 15, 60
CLOSING_MOST, DROP_MOST = 1500, 180
DAY = "date_trunc('day', now(), 'UTC') - interval '2 days'"

METRICS = [
    Metric("retain.stall_ms", "ms", f"the longest delay of a receipt while a day of {TICKS:,} ticks is rolled up and "
           "dropped", 500),
    Metric("retain.quiet_ms", "ms", f"the longest within {QUIET} s before it"),
    Metric("retain.ack_p99_ms", "ms", "99 of 100 while it is"),
    Metric("retain.quiet_ack_p99_ms", "ms", "99 of 100 before"),
    Metric("retain.drop_ms", "ms", "the longest from the last hour closed until after the drop"),
    Metric("retain.hour_s", "s", "to close the longest hour of it, the first aside"),
    Metric("retain.close_s", "s", "to close the day's hours, the first aside"),
    Metric("retain.ticks", "1", "rolled up and dropped", better="higher"),
    Metric("retain.ticks_per_s", "1/s", "live ones acknowledged meanwhile", better="higher"),
]


def hide_past(world):
    """The hub is to know nothing of that day, not even of hours to close."""
    retire(world)
    world.database.sql("""
        CREATE TABLE bench.span AS SELECT * FROM verdict_span;
        DELETE FROM verdict_span""")


def show_past(world):
    world.database.sql("INSERT INTO verdict_span OVERRIDING SYSTEM VALUE SELECT * FROM bench.span")


def start(world):
    world.start_hub(conf="RetainRawDays=1\n")
    wait_until(lambda: world.database.value("SELECT network_key IS NOT NULL FROM hub_state") == "t",
               "the hub has its database")


def fill(world, load):
    load.wait_joined()
    for n in range(STEP, WEBSITES + 1, STEP):
        add_websites(world, STEP)
        load.wait(lambda line, orders=4 * n: line["orders"] >= orders, "the orders are out", 120)
    time.sleep(WARM)


def begin(load):
    """Delays are counted anew; the line that says so."""
    load.forget_latencies()
    before = load.last
    load.wait(lambda line: line["seconds"] > before["seconds"] + 1, "a line of what is counted anew", 10)
    return load.last


def end(load):
    before = load.last
    load.wait(lambda line: line["seconds"] > before["seconds"], "a line after it", 30)
    return load.last


def hours_closed(world):
    """How many of the day's 24."""
    return int(world.database.value(f"""SELECT count(*) FROM closed_hour WHERE hour >= {DAY}
        AND hour < {DAY} + interval '1 day'"""))


def partitions(world):
    """Those of the day that are there."""
    return int(world.database.value(f"""SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname IN
        ('tick_page' || to_char({DAY}, '_YYYYMMDD'), 'tick_batch' || to_char({DAY}, '_YYYYMMDD'))"""))


def closing(world, load):
    """The day is rolled up and dropped. Lines of the load: the first, that at which all was closed, the last."""
    first = begin(load)
    began = time.monotonic()
    show_past(world)
    wait_until(lambda: hours_closed(world) == 24, "the day's hours are closed", CLOSING_MOST, step=0.5)
    closed = end(load)
    say(f"bench retain: closed {time.monotonic() - began:.0f} s after its verdicts were there; {closed['ackMaxMs']:.0f}"
        " ms at most")
    begin(load)
    wait_until(lambda: partitions(world) == 0, "the day's partitions are dropped", DROP_MOST, step=0.5)
    return first, closed, end(load)


def closing_seconds(world):
    """(of the longest hour, of all, but both without the day's first): an hour's row has the time of its end."""
    longest, total = world.database.sql(f"""
        SELECT extract(epoch FROM max(closed_at - before)), extract(epoch FROM max(closed_at) - min(closed_at))
          FROM (SELECT hour, closed_at, lag(closed_at) OVER (ORDER BY hour) AS before FROM closed_hour
                 WHERE hour >= {DAY} AND hour < {DAY} + interval '1 day') AS x""")[0]
    return float(longest), float(total)


def measure(bench):
    world = Big(bench.build, TICKS, name="retain", days=1, ends=f"{DAY} + interval '1 day'")
    try:
        world.make().start_database()
        ticks = world.ticks()
        if partitions(world) != 2 or hours_closed(world) != 0:
            raise Failure("the day is not as it was made: tests/bench/big.py remove")
        hide_past(world)
        start(world)
        with bench.load(world.hub_url, validators=VALIDATORS) as load:
            fill(world, load)
            begin(load)
            time.sleep(QUIET)  # a measurement lasts as long as it lasts
            quiet = end(load)
            first, closed, last = closing(world, load)
            load.finish()
        hour, day = closing_seconds(world)
    finally:
        world.remove()
    return {"retain.stall_ms": max(closed["ackMaxMs"], last["ackMaxMs"]), "retain.quiet_ms": quiet["ackMaxMs"],
            "retain.ack_p99_ms": closed["ackP99Ms"], "retain.quiet_ack_p99_ms": quiet["ackP99Ms"],
            "retain.drop_ms": last["ackMaxMs"], "retain.hour_s": hour, "retain.close_s": day, "retain.ticks": ticks,
            "retain.ticks_per_s": (closed["accepted"] - first["accepted"]) / (closed["seconds"] - first["seconds"])}
