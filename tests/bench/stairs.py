"""Up to the most that this machine carries: twice the websites at each step, and each is measured, until their ticks
are late or all websites are there. A step beyond the most is the last one: from there on it only gets worse. With a
thousand validators a website costs the hub a list of them in each epoch, so steps are filled by portions."""

import dataclasses
import time

import cost
from process import Failure, say

STEPS = [2500, 5000, 10_000, 20_000, 40_000, 80_000, 100_000]  # websites; every 10 s: 40,000 ticks/s in the end
PORTION, VALIDATORS, SEATS = 1250, 1000, 4
SETTLE, SECONDS = 15, 15
ORDERS_OUT = 120  # seconds for a portion
LIVE_LEAST = 0.99


@dataclasses.dataclass
class Step:
    websites: int
    ticks_per_s: float  # live ones, acknowledged
    asked_per_s: float
    ack_p99_ms: float
    hub_rss_mb: float

    def carried(self):
        return self.ticks_per_s >= LIVE_LEAST * self.asked_per_s


def climb(bench):
    """The steps that were measured; none, where not even the first one's orders went out."""
    steps = []
    with bench.world() as world, bench.load(world.hub_url, validators=VALIDATORS) as load:
        load.wait_joined()
        for before, n in zip([0] + STEPS, STEPS):
            if not fill(world, load, before, n):
                break
            time.sleep(SETTLE)
            steps.append(measure(world, load, n))
            say(f"bench ingest: {steps[-1]}")
            if not steps[-1].carried():
                break
    return steps


def fill(world, load, before, n):
    """Whether the orders of n websites went out."""
    try:
        for there in range(before, n, PORTION):
            more = min(PORTION, n - there)
            world.add_websites(more, seats=SEATS)
            load.wait(lambda line, orders=SEATS * (there + more): line["orders"] >= orders,
                      f"the orders of {there + more} websites are out", ORDERS_OUT)
    except Failure as e:
        say(f"bench ingest: {e}")
        return False
    return True


def measure(world, load, n):
    load.forget_latencies()
    taken = load.sample(lambda: cost.rss(world.hub.pid), SECONDS)
    (first, _), (last, _) = taken[0], taken[-1]
    seconds = last["seconds"] - first["seconds"]
    return Step(websites=n, ticks_per_s=(last["accepted"] - first["accepted"]) / seconds, asked_per_s=SEATS * n / 10,
                ack_p99_ms=last["ackP99Ms"], hub_rss_mb=max(rss for _, rss in taken) / 1e6)


def values(steps):
    """The most it carried, the delay where it carries half of that, the memory where it ended."""
    if not steps:
        return {}
    most = max(steps, key=lambda step: step.ticks_per_s)
    half = next(step for step in steps if step.asked_per_s >= most.asked_per_s / 2)
    return {"ingest.full_ticks_per_s": most.ticks_per_s, "ingest.half_ack_p99_ms": half.ack_p99_ms,
            "ingest.hub_rss_mb": steps[-1].hub_rss_mb, "ingest.hub_rss_websites": steps[-1].websites}
