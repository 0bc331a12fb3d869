"""Attacks on a real hub. All the while an honest validator is joined: its batches are acked, and soon. Afterwards the
hub is the same process, serves on, and has the memory it had before."""

import asyncio
import os
import time

from dpin_line import Line, loop, run
from dpin_raw import Raw
from dpin_validator import UP, Stream, Validator
from dpin_wire import Key, Tick, batch
from hub_case import BUILD, HubCase
from process import Failure, wait_until

SANITIZED = os.path.basename(os.path.normpath(BUILD)) == "sanitize"
MEMORY_MORE_MAX = 10 << 20  # bytes; sanitizers keep what was freed
HAS_WORK = 30.0  # seconds after which the honest validator surely got an order and came to its slot
ACK_MAX = 15.0 if SANITIZED else 5.0  # seconds, this program's own slowness included

PROTOCOL, REJECTED, REPLACED, TIMEOUT, SLOW, BAD_SIGNATURE = 4000, 4001, 4002, 4003, 4004, 4005
POLICY, TOO_LARGE = 1008, 1009


def scaled(n):
    """So many of something: under sanitizers a tenth."""
    return n // 10 if SANITIZED else n


class Honest(Validator):
    """Besides what it is ordered to do it sends a batch ten times a second, and notes how long acks take."""

    def __init__(self, url, **options):
        super().__init__(url, lambda *_: UP, **options)
        self.sent, self.waits, self.ordered = {}, [], []
        self._pulse = None

    def start(self):
        super().start()
        self._pulse = asyncio.run_coroutine_threadsafe(self._beat(), loop())
        return self

    def stop(self):
        self._pulse.cancel()
        super().stop()

    async def _beat(self):
        while True:
            await asyncio.sleep(0.1)
            if self.approved and self.socket.open:
                tick = Tick(os.urandom(16), batch.SCHEDULED, batch.UP, 1, self.now())
                await self._send(self.stream.seal([tick], self.now()))

    async def _check(self, *args):
        await super()._check(*args)
        self.ordered.append((self.stream.incarnation, self.stream.sequence))

    async def _send(self, data):
        if isinstance(data, bytes):
            self.sent.setdefault((self.stream.incarnation, self.stream.sequence), time.monotonic())
        await super()._send(data)

    async def _on_ack(self, f):
        known = set(self.codes)
        await super()._on_ack(f)
        for name in set(self.codes) - known:
            self.waits.append(time.monotonic() - self.sent.pop(name))


class AttackCase(HubCase):
    conf = "TrustedProxies=127.0.0.1\n"
    bus = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.address = cls.world.hub_socket.getsockname()
        cls.add_website("http://honest.example/", seats=8)
        cls.honest = Honest(cls.world.hub_url, key=Key(b"h" * 32), tags=["name=honest"]).start()
        cls.addClassCleanup(cls.honest.stop)
        cls.honest.wait_welcome()
        cls.take_measure()

    @classmethod
    def restart_hub(cls, meanwhile=lambda: None, **options):
        """As after a power cut; what is looked at afterwards is measured anew."""
        cls.world.hub.kill()
        meanwhile()
        joins = cls.honest.joins
        cls.world.start_hub(conf=cls.conf, **options)
        cls.honest.wait_welcome(joins + 1)
        cls.honest.joins, cls.honest.ends = 1, []
        cls.take_measure()

    @classmethod
    def take_measure(cls):
        cls.warm_up()
        cls.pid, cls.before, cls.begun = cls.world.hub.pid, cls.memory(), time.monotonic()

    @classmethod
    def warm_up(cls):
        """What a hub has used once it keeps at hand."""
        for _ in range(20):
            with Line(cls.world.hub_url) as line:
                line.welcome()
                line.send(os.urandom(300))
                line.expect("notice")
            with Raw(cls.address) as raw:
                raw.open().frame(1, b"{")
                raw.close_code()

    @classmethod
    def tearDownClass(cls):
        cls.assert_memory()
        codes = {cls.honest.codes[name] for name in cls.honest.ordered if name in cls.honest.codes}
        if codes - {bytes([batch.ACCEPTED])} or time.monotonic() - cls.begun > HAS_WORK and not codes:
            raise AssertionError(f"what the honest validator was ordered to say was not accepted: {codes}")

    @classmethod
    def memory(cls):
        """Resident bytes of the hub."""
        with open(f"/proc/{cls.world.hub.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) << 10 for line in f if line.startswith("VmRSS"))

    @classmethod
    def assert_memory(cls):
        try:
            wait_until(lambda: SANITIZED or cls.memory() < cls.before + MEMORY_MORE_MAX, "memory", 30, 0.5)
        except Failure:
            raise AssertionError(f"the hub had {cls.before >> 10} KiB and has {cls.memory() >> 10} KiB") from None
        print(f"     {cls.__name__}: the hub had {cls.before >> 10} KiB before and has {cls.memory() >> 10} KiB, "
              f"acks took {max(cls.honest.waits, default=0):.2f} s at most", flush=True)

    def setUp(self):
        self.acked = len(self.honest.waits)

    def tearDown(self):
        self.assertEqual(self.world.hub.pid, self.pid)
        self.assert_serves()
        self.assert_honest_served()

    def assert_honest_served(self):
        """Batches sent from now on are acked as those before were: soon, over the same connection."""
        v, last = self.honest, self.honest.stream.sequence
        v.wait(lambda v: (v.stream.incarnation, last + 1) in v.codes, "the honest validator's ack", ACK_MAX)
        self.assertEqual((v.errors, v.joins, v.ends), ([], 1, []))
        self.assertLess(max(v.waits[self.acked:]), ACK_MAX)

    def assert_closed(self, line, code):
        self.assertEqual(line.expect("closed", 10), code)

    def assert_rejected(self, line, code):
        self.assertEqual(line.expect("reject")["code"], code)
        self.assert_closed(line, REJECTED)

    def raw(self, **options):
        raw = Raw(self.address, **options)
        self.addCleanup(raw.close)
        return raw

    def joined(self, key=None, **options):
        """A line that was welcomed, with a stream of its own and a tick nobody ordered."""
        line = self.line(**options)
        line.welcome(key)
        line.stream = Stream(line.key, line.greeting["networkKey"])
        line.tick = Tick(os.urandom(16), batch.SCHEDULED, batch.UP, 1, line.greeting["time"])
        return line

    def from_address(self, address):
        """A line that the trusted proxy says to come from there."""
        return self.line(headers={"X-Forwarded-For": address})

    def assert_acked(self, line):
        """The line's stream goes on."""
        line.send(line.stream.seal([line.tick], line.greeting["time"]))
        self.assertEqual(line.ack()[0].last, line.stream.sequence)


def gather(*coroutines, seconds=60.0):
    """Their results; they run at the same time, and the first failure is raised."""
    async def together():
        return await asyncio.gather(*coroutines)
    return run(together(), seconds)
