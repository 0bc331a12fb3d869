"""What a connection costs: memory of an idle joined validator against a bare WebSocket server, CPU of a message with
thousands of them beside it, and how fast they join."""

import contextlib
import subprocess
import time

import cost
from frame import Metric
from process import die_with_parent

MANY, FEW, SECONDS = 8000, 8, 10
TALKERS, RATE = 100, 8000  # a session may send 100 hints a second for long
SETTLE = 3.0

METRICS = [
    Metric("conn.idle_rss_vs_bare", "ratio", f"RSS per joined idle validator at {MANY:,}, against a bare libwebsockets "
           "server's connection", 1.3),
    Metric("conn.cpu_8000_vs_8", "ratio", f"hub CPU per message with {MANY:,} idle validators, against {FEW}", 1.2),
    Metric("conn.idle_rss", "bytes", "RSS per joined idle validator"),
    Metric("conn.bare_rss", "bytes", "RSS per connection of the bare server"),
    Metric("conn.cpu_us_per_message", "us", f"hub CPU per suspect frame with {MANY:,} idle validators"),
    Metric("conn.join_per_s", "1/s", f"{MANY:,} validators join: signatures, database, welcome", better="higher"),
]


@contextlib.contextmanager
def bare_server(program):
    """(process id, URL)"""
    server = subprocess.Popen([program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                              preexec_fn=die_with_parent)
    try:
        yield server.pid, f"ws://127.0.0.1:{int(server.stdout.readline())}/ws"
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def settled_rss(pid):
    """Resident bytes when nothing is under way any more."""
    last, end = None, time.monotonic() + 30
    while time.monotonic() < end:
        now = cost.rss(pid)
        if now == last:
            break
        last = now
        time.sleep(SETTLE)
    return now


def rss_per_connection(bench, pid, url, **options):
    """Bytes that each of many more adds to one that was there and went, so that what is made once is made."""
    with bench.load(url, validators=1, first=MANY, **options) as load:
        load.wait_joined()
        load.finish()
    before = settled_rss(pid)
    with bench.load(url, validators=MANY, **options) as load:
        load.wait_joined()
        per_connection = (settled_rss(pid) - before) / MANY
        return per_connection, load.finish()


def cpu_per_message(bench, world, idle):
    """Microseconds of the hub, of all it does meanwhile."""
    with bench.load(world.hub_url, validators=idle, idle=True, seed=2) as crowd:
        crowd.wait_joined()
        with bench.load(world.hub_url, validators=TALKERS, idle=True, suspects=RATE, seed=3) as talkers:
            talkers.wait(lambda line: line["suspects"] > RATE, "the talkers talk")
            taken = talkers.sample(lambda: cost.cpu(world.hub.pid), SECONDS)
            talkers.finish()
        crowd.finish()
    (first, cpu_first), (last, cpu_last) = taken[0], taken[-1]
    return (cpu_last - cpu_first) / (last["suspects"] - first["suspects"]) * 1e6


def measure(bench):
    with bare_server(bench.program("bare-ws")) as (pid, url):
        bare, _ = rss_per_connection(bench, pid, url, bare=True)
    with bench.world() as world:
        ours, summary = rss_per_connection(bench, world.hub.pid, world.hub_url, idle=True)
        order = [FEW, MANY] if bench.run % 2 == 0 else [MANY, FEW]
        cpu = {n: cpu_per_message(bench, world, n) for n in order}
    return {"conn.idle_rss_vs_bare": ours / bare, "conn.cpu_8000_vs_8": cpu[MANY] / cpu[FEW],
            "conn.idle_rss": ours, "conn.bare_rss": bare, "conn.cpu_us_per_message": cpu[MANY],
            "conn.join_per_s": MANY / summary["joinSeconds"]}
