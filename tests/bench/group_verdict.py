"""What verdicts cost: votes a second on one core, from the tick to the machine and its waking, memory of a website, and
10^5 websites turning DOWN within one interval. dpin-verdict is the hub's own registry, order book and board, without
network and database; ticks come in the batches that a hundred validators seal every second."""

import json
import subprocess

from frame import HIGHER, Metric
from process import Failure, die_with_parent

WEBSITES, SEATS = 10**5, 4

METRICS = [
    Metric("verdict.votes_per_s", "1/s", f"votes of {WEBSITES:,} websites that say what they said before, on one core: "
           "order found, disposed of, counted", 1e6, HIGHER),
    Metric("verdict.bytes_per_website", "bytes", f"memory of a website and all that is known of its {SEATS} seats and "
           "their votes, without their orders", 2048),
    Metric("verdict.order_bytes_per_website", "bytes", f"memory of its {SEATS} orders"),
    Metric("verdict.flip_us", "us", "CPU of a website's way to DOWN, beyond its votes: round, probes, verdict, "
           "incident, and the rows that tell of it"),
    Metric("verdict.all_down_s", "s", f"CPU of {WEBSITES:,} websites turning DOWN, with their votes, in one interval"),
]


def measure(bench):
    ran = subprocess.run([bench.program("dpin-verdict"), str(WEBSITES)], capture_output=True, text=True, timeout=600,
                         stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
    if ran.returncode != 0:
        raise Failure(f"dpin-verdict: {ran.stderr.strip() or ran.returncode}")
    found = json.loads(ran.stdout)
    return {"verdict.votes_per_s": found["votes_per_s"], "verdict.bytes_per_website": found["bytes_per_website"],
            "verdict.order_bytes_per_website": found["order_bytes"], "verdict.flip_us": found["flip_us"],
            "verdict.all_down_s": found["down_s"]}
