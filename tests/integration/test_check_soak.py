"""Half an hour of three hundred checks a second, good targets and hostile ones: nothing of them stays in the validator.
What it took is printed."""

import os
import random
import statistics
import sys
import time
import unittest

from hub_case import BUILD, build_has
from dpin_hub import Hub, now
from dpin_line import run
from dpin_order import Order, spec_encode
from dpin_wire import batch, sign
from hostile_site import Authority, Server
from test_check_hostile import BEFORE_TLS, OVER_TLS, PLAIN
from process import wait_until
from world import World

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bench"))

import checks  # noqa: E402
import cost  # noqa: E402

SECONDS = int(os.environ.get("DPIN_SOAK_SECONDS", "1800"))
WARM, RATE, HOSTILE = SECONDS // 3, 300, 45
CROWD = 150  # the most under way at once; so many are from the beginning, so that the heap has seen them
INTERVAL = 10  # seconds, of every order
FRAME = 60  # orders in one frame
GROWTH = 2e6  # bytes of memory that may be chance
DESCRIPTORS = 8  # files of the spool that come and go, connections that happen to be open


@unittest.skipUnless(build_has("dpin-validator") and build_has("../tests/target"), "dpin-validator is not built")
class Soak(unittest.TestCase):
    long = alone = True

    def setUp(self):
        self.world, self.hub = World(BUILD), Hub().start()
        self.addCleanup(self.world.stop)
        self.addCleanup(self.hub.stop)
        self.target = self.enterContext(checks.Target(os.path.join(BUILD, "tests", "target")))
        self.wanted = {}  # order: what its ticks may say
        self.counts = {"ticks": 0, "up": 0}
        authority = Authority(self.world.run)
        self.hostile = [self.serve(authority, *row) for table in (PLAIN, OVER_TLS, BEFORE_TLS)
                        for row in self.rows(table)]
        trusted = os.path.join(self.world.run, "trusted.pem")
        with open(trusted, "wb") as f:
            for path in (authority.file, self.target.ca):
                with open(path, "rb") as ca:
                    f.write(ca.read())
        self.process = self.world.start_validator("v", url=self.hub.url, conf=f"Allow=127.0.0.0/8\nBodyMax=262144\n"
                                                  f"CaFile={trusted}\nConcurrency={CROWD}\n")
        self.hub.wait_joined()

    @staticmethod
    def rows(table):
        """(scheme, what the server does, the class, members, its TLS)"""
        for behave, wanted, *more in table.values():
            scheme = "http" if table is PLAIN else "https"
            yield scheme, behave, wanted, more[0] if more else {}, more[1] if len(more) > 1 else None

    def serve(self, authority, scheme, behave, wanted, members, tls):
        """(URL, classes, members)"""
        server = Server(behave) if tls is None else authority.server(behave, **tls)
        self.addCleanup(server.close)
        return f"{scheme}://127.0.0.1:{server.port}/", wanted.split(), members

    def order(self, url, wanted, members, after=0.0):
        """Its first start is so many seconds after the next three."""
        spec = spec_encode(url, **members)
        start = now() + 3_000_000 + int(after * 1e6)
        data = Order(1, 0, 0, 1, os.urandom(16), sign.sha256(spec), INTERVAL * 1000, 2000, start, 1, os.urandom(32),
                     os.urandom(32), os.urandom(16)).encode()
        name = self.hub.put_order(data, spec)
        self.wanted[name] = wanted
        return name

    def crowd(self):
        """As many as may be at once wait for an answer, half of them over TLS, and give up."""
        hanging = [(url + "/hold", ["timeout_wait"], {}) for url in (self.target.http, self.target.https)]
        names = [self.order(*hanging[i % 2]) for i in range(CROWD)]
        for i in range(0, CROWD, FRAME):
            self.hub.send("orders", self.hub._orders(names[i:i + FRAME]))
        wait_until(lambda: self.target.open() >= CROWD, "all of them wait", 15)
        self.hub.send("orders", self.hub._orders([], reset=True))
        wait_until(lambda: self.target.open() == 0, "all of them gave up", 15)
        self.hub.orders.clear()

    def give_orders(self):
        """Starts are spread over the interval."""
        good = [(url + "/", ["none"], {}) for url in (self.target.http, self.target.https)]
        n = RATE * INTERVAL
        targets = [self.hostile[i % len(self.hostile)] for i in range(HOSTILE * INTERVAL)]
        targets += [good[i % 2] for i in range(n - len(targets))]
        random.Random(1).shuffle(targets)
        names = [self.order(*target, after=i * INTERVAL / n) for i, target in enumerate(targets)]
        for i in range(0, n, FRAME):
            self.hub.send("orders", self.hub._orders(names[i:i + FRAME]))
        self.hub.orders.clear()  # the validator keeps them: they would not fit into the one frame of another greeting

    def take(self):
        """Judges and forgets what has come."""
        async def taken():
            batches, self.hub.batches = self.hub.batches, []
            self.hub.suspects.clear()
            return batches

        for _, b, _ in run(taken()):
            for tick in b.ticks:
                self.counts["ticks"] += 1
                self.counts["up"] += tick.outcome == batch.UP
                self.assertIn(batch.ERRORS[tick.error], self.wanted[tick.order])
        self.assertEqual((self.hub.errors, self.process.running()), ([], True))

    def sample(self):
        return cost.rss(self.process.pid), len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def watch(self):
        """[(memory, descriptors)], one a second, from when it is warm."""
        samples, begun = [], time.monotonic()
        while time.monotonic() - begun < SECONDS:
            time.sleep(1)
            self.take()
            if time.monotonic() - begun > WARM:
                samples.append(self.sample())
        return samples

    def test_nothing_stays(self):
        before = self.sample()[1]
        self.crowd()
        self.give_orders()
        wait_until(lambda: self.hub.batches, "the first ticks")
        cpu, begun = cost.cpu(self.process.pid), time.monotonic()
        samples = self.watch()
        seconds = time.monotonic() - begun
        cpu = cost.cpu(self.process.pid) - cpu
        quarter = len(samples) // 4
        first, last = ([statistics.median(s[i] for s in part) for i in (0, 1)]
                       for part in (samples[:quarter], samples[-quarter:]))
        print(f"soak: {self.counts['ticks']:,} checks in {seconds:.0f} s, {self.counts['up']:,} up, "
              f"{cpu / self.counts['ticks'] * 1e6:.0f} us of CPU each; memory {first[0] / 1e6:.1f} to "
              f"{last[0] / 1e6:.1f} MB, most {max(s[0] for s in samples) / 1e6:.1f}; descriptors {first[1]:.0f} to "
              f"{last[1]:.0f}, most {max(s[1] for s in samples)}; {self.hub.connects} connections to the hub",
              flush=True)
        self.assertGreater(self.counts["ticks"], 0.97 * RATE * (seconds - 2))
        self.assertLess(last[0] - first[0], GROWTH)
        self.assertLessEqual(last[1], first[1] + DESCRIPTORS)
        self.hub.send("orders", self.hub._orders([], reset=True))
        wait_until(lambda: self.sample()[1] <= before + DESCRIPTORS, "all descriptors are given back", 15)
        self.take()


if __name__ == "__main__":
    unittest.main()
