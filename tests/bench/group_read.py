"""What a user waits for who looks at one website of a large network: whether it grows with the network, and what it is
against the least that PostgreSQL can be asked.

Two databases beside each other, as big.py makes them, each with an API of its own: of 10^4 ticks, some hours of four
websites, and of 10^7, a week of eighty-four (--long: 10^8). The websites asked for have the default interval of a
minute, as many ticks a day here as there; in the large one all of them are asked for in turn, so that what is read is
not always what was read last. The small one has less history, too: fewer closed hours to add up, which is to our
disadvantage.

The page of 24 hours is GET /api/v1/website/latency, what the dashboard draws of a website's day, beside a `select 1` on
the socket of the same PostgreSQL. Ours goes through HTTP, the check of the token, the loop of the API, PostgreSQL, and
JSON of 24 hours in fifteen minutes by phase and by validator; theirs goes from libpq to PostgreSQL and back. Both are
asked by the same program in Python on connections that stay, one question at a time, in a random order.

Both servers have 512 MB of shared buffers, as a small one of its own would. A database is made first (minutes) and
removed in the end, unless it was there before: big.py makes it to stay."""

import contextlib
import random
import time

import psycopg2

from big import Big, remove, there
from frame import Metric
from plans import Plans
from process import Failure, wait_until
from raw_http import RawHttp

FEW, MANY, LONG = 10**4, 10**7, 10**8
ROUNDS, WARM = 3000, 100
INTERVAL_MS = 60000
BUFFERS = "512MB"
TOKEN = "dpin_bench_0123456789"

METRICS = [
    Metric("read.status_ratio", "ratio", f"99 of 100 answers for a website's status with {MANY:,} ticks (--long: "
           f"{LONG:,}), against {FEW:,}", 1.2),
    Metric("read.day_page_vs_select1", "ratio", "99 of 100 pages of 24 hours against a `select 1` round trip", 4),
    Metric("read.status_p50_ms", "ms", "the status with many ticks, half of the answers"),
    Metric("read.status_p99_ms", "ms", "99 of 100"),
    Metric("read.few_status_p50_ms", "ms", "the status with few"),
    Metric("read.few_status_p99_ms", "ms", "99 of 100"),
    Metric("read.day_page_p50_ms", "ms", "the page of 24 hours with many ticks"),
    Metric("read.day_page_p99_ms", "ms", "99 of 100"),
    Metric("read.select1_p50_ms", "ms", "the reference, by libpq"),
    Metric("read.select1_p99_ms", "ms", "99 of 100"),
    Metric("read.whole_scans", "1", "statements that read a large table from end to end", 0),
    Metric("read.ticks", "1", "ticks in the large database", better="higher"),
]
MADE = []  # by this group: they go when it is done


class Api:
    """A database of big.py that is served."""

    def __init__(self, bench, ticks):
        if ticks == FEW and str(FEW) in there():
            remove(str(FEW))  # it is soon made, and soon of yesterday
        new = str(ticks) not in there()
        self.world = Big(bench.build, ticks)
        if new:
            MADE.append(self.world)
        self.world.make()

    def __enter__(self):
        try:
            self.world.database.extra = ["-c", f"shared_buffers={BUFFERS}"]
            self.world.start_database()
            self.world.database.sql(f"""
                INSERT INTO api_token (public_id, organisation_id, name, prefix, secret_sha256, scopes)
                SELECT gen_random_uuid(), id, 'bench', 'dpin_bench', sha256('{TOKEN}'), '{{read}}' FROM organisation
                 WHERE name = 'big' ON CONFLICT DO NOTHING""")
            self.world.start_api()
            wait_until(lambda: self.world.request("GET", "/readyz")[0] == 200, "the API is ready")
            self.sites = self.world.websites(INTERVAL_MS)
            self.line = RawHttp(self.world.api_socket.getsockname(), seconds=60)
        except BaseException:
            self.world.stop()
            raise
        return self

    def __exit__(self, *_):
        self.line.close()
        self.world.stop()

    def get(self, path, i):
        """A question as one that calls it with a number asks it: another website each time."""
        site = self.sites[i % len(self.sites)]
        self.line.say(f"GET /api/v1/website/{path}websiteId={site} HTTP/1.1\r\nHost: bench\r\n"
                      f"Authorization: Bearer {TOKEN}\r\n\r\n".encode())
        answer = self.line.answer()
        if answer.status != 200:
            raise Failure(f"{path}: {answer.status} {answer.body[:200]}")
        return answer.body


def select_1(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()


def times(questions, rounds):
    """{name: sorted milliseconds}, all questions once a round in an order of its own."""
    taken, names = {name: [] for name in questions}, list(questions)
    for i in range(WARM + rounds):
        random.shuffle(names)
        for name in names:
            begun = time.perf_counter()
            questions[name](i)
            if i >= WARM:
                taken[name].append(1e3 * (time.perf_counter() - begun))
    return {name: sorted(values) for name, values in taken.items()}


def quantile(values, share):
    return values[min(len(values) - 1, int(len(values) * share))]


def measure(bench):
    made = Api(bench, FEW), Api(bench, LONG if bench.long else MANY)  # before one waits for the other
    with made[0] as few, made[1] as many, \
            contextlib.closing(psycopg2.connect(many.world.database.url("postgres"))) as connection:
        connection.autocommit = True
        taken = times({"few_status": lambda i: few.get("status?", i), "status": lambda i: many.get("status?", i),
                       "day_page": lambda i: many.get("latency?window=24h&", i),
                       "select1": lambda i: select_1(connection)}, ROUNDS)
        faults = Plans(many.world.database.url("postgres"), bench.program("dpin-statements")).faults()
        ticks = many.world.ticks()
    for fault in faults:
        print(f"bench read: {fault}", flush=True)
    values = {f"read.{name}_p{percent}_ms": quantile(values, percent / 100)
              for name, values in taken.items() for percent in (50, 99)}
    values.update({"read.status_ratio": values["read.status_p99_ms"] / values["read.few_status_p99_ms"],
                   "read.day_page_vs_select1": values["read.day_page_p99_ms"] / values["read.select1_p99_ms"],
                   "read.whole_scans": len(faults), "read.ticks": ticks})
    return values


def done():
    for world in MADE:
        world.remove()
    MADE.clear()
