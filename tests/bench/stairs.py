"""Up to the most that this machine carries: websites come by steps, and each step is measured, until their ticks are
late or all websites are there. A step beyond the most is the last one: from there on it only gets worse."""

import dataclasses
import time

import cost
from process import Failure, say

WEBSITES, STEP, VALIDATORS, SEATS = 100_000, 10_000, 1000, 4  # every 10 s: 40,000 ticks/s in the end
SETTLE, SECONDS = 15, 15
ORDERS_OUT = 300
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
    """The steps that were measured."""
    steps = []
    with bench.world() as world, bench.load(world.hub_url, validators=VALIDATORS) as load:
        load.wait_joined()
        for n in range(STEP, WEBSITES + 1, STEP):
            if not take(world, load, n):
                break
            steps.append(measure(world, load, n))
            say(f"bench ingest: {steps[-1]}")
            if not steps[-1].carried():
                break
    if not steps:
        raise Failure(f"the orders of {STEP} websites were not out in {ORDERS_OUT} s: this machine is too busy")
    return steps


def take(world, load, n):
    """Whether the orders of n websites went out."""
    world.add_websites(STEP, seats=SEATS)
    try:
        load.wait(lambda line: line["orders"] >= SEATS * n, f"the orders of {n} websites are out", ORDERS_OUT)
    except Failure as e:
        say(f"bench ingest: {e}")
        return False
    time.sleep(SETTLE)
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
    most = max(steps, key=lambda step: step.ticks_per_s)
    half = next(step for step in steps if step.ticks_per_s >= most.ticks_per_s / 2)
    return {"ingest.full_ticks_per_s": most.ticks_per_s, "ingest.half_ack_p99_ms": half.ack_p99_ms,
            "ingest.hub_rss_mb": steps[-1].hub_rss_mb, "ingest.hub_rss_websites": steps[-1].websites}
