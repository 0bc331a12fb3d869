"""A validator in Python: joins, verifies everything the hub says, answers orders and probes on schedule, seals, sends,
verifies receipts. What it claims to have seen is decided by a function of the test, so it is as honest as the test
wants.
"""

import asyncio
import os
import time

import websockets

from dpin_line import join_of, loop, open_socket, run
from dpin_wire import Batch, Key, Tick, WireError, batch, frame
from process import wait_until

UP = {"outcome": batch.UP, "status": 200, "phases": (0, 300, 0, 900, 100)}
ABSTAINS = {"outcome": batch.ABSTAIN, "error": batch.ERROR["own_network"]}
REFUSED = {"outcome": batch.DOWN, "error": batch.ERROR["refused"], "phases": (0, 300, 0, 0, 0)}


def boottime():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000


class Stream:
    """One incarnation: what was sealed, and what of it is not acked yet."""

    def __init__(self, key, network, incarnation=None, flags=0):
        self.key, self.network, self.flags = key, network, flags
        self.incarnation = incarnation or int.from_bytes(os.urandom(8), "big") >> 1 or 1
        self.sequence, self.previous = 0, bytes(32)
        self.unacked, self.hashes = {}, {}
        self.receipt = b""

    def seal(self, ticks, now, **changes):
        """The next batch of this stream, as a frame."""
        b = Batch(self.incarnation, self.sequence + 1, self.previous, created=now, flags=self.flags, ticks=list(ticks))
        for name, value in changes.items():
            setattr(b, name, value)
        data = b.seal(self.key, self.network)
        self.sequence, self.previous = b.sequence, b.hash((self.network, self.key.public))
        self.unacked[self.sequence] = data
        self.hashes[self.sequence] = self.previous
        return data

    def trim(self, receipt, data):
        if self.hashes.get(receipt.last) != receipt.hash:
            raise WireError(f"a receipt for another batch {receipt.last}")
        self.receipt = data
        for sequence in [s for s in self.unacked if s <= receipt.last]:
            del self.unacked[sequence]


class Validator:
    """`sees(order, spec, kind, number)` returns the fields of a tick (UP, REFUSED), or None for silence."""

    def __init__(self, url, sees, key=None, tags=(), headers=None, capabilities=("http",)):
        self.url, self.sees, self.headers = url, sees, headers
        self.key, self.tags, self.capabilities = key or Key(), list(tags), list(capabilities)
        self.network = self.hub = self.scope = self.stream = self.socket = None
        self.offset = 0  # hub time - CLOCK_BOOTTIME
        self.revision, self.orders, self.timers, self.probed = 0, {}, {}, {}
        self.codes = {}  # (incarnation, sequence) -> disposition codes, by acks that verified
        self.receipts, self.notices, self.probes, self.rejects, self.errors, self.ticks = [], [], [], [], [], []
        self.joins, self.positions, self.ends, self.sending = 0, [], [], True
        self.joined = False  # batches are sent from the welcome on
        self.approved = self.last_sent = self.last_name = None
        self._task = None

    # For tests, from outside the loop ---------------------------------------------------------------------------------

    def start(self):
        self._task = asyncio.run_coroutine_threadsafe(self._live(), loop())
        return self

    def stop(self):
        if self._task:
            self._task.cancel()
            run(self._hang_up())

    def wait(self, condition, what, seconds=30.0):
        def checked():
            if self.errors:
                raise AssertionError(f"the hub said something wrong: {self.errors[0]}")
            return condition(self)
        return wait_until(checked, what, seconds)

    def wait_welcome(self, joins=1):
        self.wait(lambda v: v.joins >= joins, "welcome")
        return self

    def submit(self, *ticks, **changes):
        """Seals these ticks now, as they are, and returns their dispositions when they are acked."""
        name = run(self._send_ticks(ticks, changes))
        self.wait(lambda v: name in v.codes, "ack")
        return list(self.codes[name])

    def send_again(self, data):
        run(self._send(data))

    async def _send_ticks(self, ticks, changes):
        """The name of their batch, which one of the validator's own may follow at once."""
        self.last_sent = self.stream.seal(ticks, self.now(), **changes)
        name = self.last_name = (self.stream.incarnation, self.stream.sequence)
        await self._send(self.last_sent)
        return name

    def now(self):
        return boottime() + self.offset

    # The connection ---------------------------------------------------------------------------------------------------

    async def _hang_up(self):
        for timer in self.timers.values():
            timer.cancel()
        if self.socket:
            await self.socket.close()

    async def _live(self):
        """Connects for ever, as a validator does."""
        pause = 0.05
        while True:
            joins = self.joins
            try:
                self.joined = False
                self.socket = await open_socket(self.url, headers=self.headers)
                await self._talk()
            except (OSError, asyncio.TimeoutError, websockets.WebSocketException):
                pass
            except WireError as e:
                self.errors.append(str(e))
                return
            self.ends.append(self.socket.close_code if self.socket else None)
            pause = 0.05 if self.joins > joins else min(1.0, pause * 2)
            await asyncio.sleep(pause)

    async def _talk(self):
        kind, hello = frame.decode(await self.socket.recv(), "hub")
        if kind != "hello":
            raise WireError(f"{kind} instead of hello")
        frame.hello_verify(hello)
        if self.network not in (None, hello["networkKey"]):
            raise WireError("another network key")
        self.network, self.hub = hello["networkKey"], hello["hubKey"]
        self.offset, self.scope = hello["time"] - boottime(), (self.network, self.key.public)
        self.stream = self.stream or Stream(self.key, self.network)
        mine = []
        if self.stream.sequence:
            mine.append({"incarnation": self.stream.incarnation, "receipt": self.stream.receipt})
        self.hello, self.join = hello, join_of(hello, self.key, self.url, tags=self.tags, streams=mine,
                                                capabilities=self.capabilities)
        await self.socket.send(frame.encode("join", self.join))
        async for message in self.socket:
            kind, values = frame.decode(message, "hub")
            await getattr(self, "_on_" + kind)(values)

    async def _send(self, data):
        if self.sending and self.joined and self.socket.open:
            await self.socket.send(data)

    # Frames -----------------------------------------------------------------------------------------------------------

    async def _on_welcome(self, f):
        frame.welcome_verify(f, (self.hello["nonce"], self.join["nonce"]), self.scope, self.hub)
        if [s["incarnation"] for s in f["streams"]] != [s["incarnation"] for s in self.join["streams"]]:
            raise WireError("welcome: other streams than the join's")
        for s in f["streams"]:
            if s["receipt"]:
                receipt = batch.Receipt.parse(s["receipt"])
                receipt.verify(self.hub, self.scope)
                self.stream.trim(receipt, s["receipt"])
                self.positions.append(receipt.last)
        self.approved = f["approved"]
        await self._send_unacked()
        self.joins, self.joined = self.joins + 1, True

    async def _send_unacked(self):
        """In their order, and what is sealed meanwhile after them."""
        last = 0
        while self.sending and (rest := [n for n in self.stream.unacked if n > last]):
            last = rest[0]
            await self.socket.send(self.stream.unacked[last])

    async def _on_reject(self, f):
        self.rejects.append(f["code"])

    async def _on_notice(self, f):
        self.notices.append(f)

    async def _on_bye(self, f):
        self.notices.append({"bye": True, **f})

    async def _on_orders(self, f):
        if not f["reset"] and f["base"] != self.revision or f["revision"] <= f["base"]:
            raise WireError("orders: not the next revision")
        opened = frame.orders_verify(f, self.scope, self.hub)
        if f["reset"]:
            self._forget(list(self.orders))
        self._forget([r["order"] for r in f["remove"]])
        for name, order, spec in opened:
            self.orders[name] = (order, spec)
            self.timers[name] = asyncio.ensure_future(self._work(name, order, spec))
        self.revision = f["revision"]

    def _forget(self, names):
        for name in names:
            self.orders.pop(name, None)
            timer = self.timers.pop(name, None)
            if timer:
                timer.cancel()

    async def _on_probe(self, f):
        spare = frame.probe_verify(f, self.scope, self.hub)
        known = self.orders.get(f["order"]) or (spare and spare[1:])
        if not known:
            raise WireError("a probe of an unknown order")
        if f["number"] <= self.probed.get(f["order"], 0):
            return
        self.probed[f["order"]] = f["number"]
        self.probes.append(f)
        await self._check(f["order"], *known, frame.probe_kind(f), f["number"])

    async def _on_ack(self, f):
        receipt, batches = frame.ack_verify(f, self.scope, self.hub)
        if receipt.incarnation == self.stream.incarnation:
            self.stream.trim(receipt, f["receipt"])
        for sequence, _, codes in batches:
            self.codes[receipt.incarnation, sequence] = codes
        self.receipts.append(receipt)

    # Work -------------------------------------------------------------------------------------------------------------

    async def _work(self, name, order, spec):
        slot = max(0, order.slot_at(self.now()) + 1)
        while True:
            await asyncio.sleep(max(0, order.slot_time(slot) - self.now()) / 1e6)
            await self._check(name, order, spec, batch.SCHEDULED, slot)
            slot = max(slot, order.slot_at(self.now())) + 1  # the hub's clock may have gone on

    async def _check(self, name, order, spec, kind, number):
        seen = self.sees(order, spec, kind, number)
        if seen is not None:
            tick = Tick(name, kind, number=number, start=self.now(), **seen)
            self.ticks.append(tick)
            await self._send(self.stream.seal([tick], self.now()))
