"""A hub in Python, as small as one can be: greets, gives orders a test makes up, probes, takes batches, signs receipts.
What it signs, withholds or forges is the test's choice."""

import os
import time

import websockets

from dpin_line import run
from dpin_wire import Batch, Key, Order, Receipt, WireError, batch, disposition_hash, frame, order_id, sign, spec_encode
from process import wait_until


def now():
    return time.time_ns() // 1000


class Hub:
    def __init__(self, key=None, port=0, window=(16, 4)):
        self.key, self.port, self.window = key or Key(), port, window
        self.orders, self.revision = {}, 0  # id -> (bytes, specification), of all validators
        self.joins, self.notices, self.suspects, self.errors = [], [], [], []
        self.batches = []  # every binary message that verified, in order of arrival: (seconds, Batch, bytes)
        self.streams = {}  # incarnation -> (last sequence, hash)
        self.closed = []  # how validators closed
        self.acks = lambda b: True  # which batches are acked
        self.alter = lambda kind, values: values  # a last look at what is sent; None: not sent
        self.connects = 0
        self.peer = self._server = self.validator = None

    # For tests, from outside the loop ---------------------------------------------------------------------------------

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self, listening=None):
        """On a socket that listens already, or on its port."""
        where = {"sock": listening} if listening else {"host": "127.0.0.1", "port": self.port}
        self._server = run(self._listen(where))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def _listen(self, where):
        return await websockets.serve(self._serve, **where, subprotocols=["dpin.v1"], compression=None,
                                      max_size=1 << 16, ping_interval=None, close_timeout=1)

    def stop(self):
        if self._server:
            run(self._close())
            self._server = None

    async def _close(self):
        self._server.close()
        await self._server.wait_closed()

    def hang_up(self):
        run(self.peer.close())

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def scope(self):
        return self.key.public, self.validator

    def wait(self, condition, what, seconds=15.0):
        def checked():
            if self.errors:
                raise AssertionError(f"the validator said something wrong: {self.errors[0]}")
            return condition(self)
        return wait_until(checked, what, seconds)

    def wait_joined(self, joins=1):
        self.wait(lambda h: len(h.joins) >= joins and h.peer, "a join")
        return self

    def ticks(self, order=None, incarnation=None):
        return [t for _, b, _ in list(self.batches) for t in b.ticks
                if order in (None, t.order) and incarnation in (None, b.incarnation)]

    def add_order(self, url, start_in=0.2, interval_ms=10000, timeout_ms=2000, **spec):
        """Gives the validator that joined one more order; its id."""
        name = self.make_order(url, start_in, interval_ms, timeout_ms, **spec)
        self.send("orders", self._orders([name]))
        return name

    def make_order(self, url, start_in=0.2, interval_ms=10000, timeout_ms=2000, **spec):
        spec = spec_encode(url, **spec)
        data = Order(1, 0, 0, 1, os.urandom(16), sign.sha256(spec), interval_ms, timeout_ms,
                     now() + int(start_in * 1e6), 1, os.urandom(32), os.urandom(32), os.urandom(16)).encode()
        return self.put_order(data, spec)

    def put_order(self, data, spec):
        name = order_id(data, self.scope)
        self.orders[name] = (data, spec)
        return name

    def remove_order(self, name):
        del self.orders[name]
        self.send("orders", self._orders([], [name]))

    def probe(self, order, number, reason="confirm"):
        self.send("probe", frame.probe_sign({"order": order, "number": number, "reason": reason, "spare": None,
                                             "deadline": now() + 5_000_000}, self.scope, self.key))

    def send(self, kind, values):
        run(self._send(kind, values))

    # The connection ---------------------------------------------------------------------------------------------------

    async def _send(self, kind, values):
        values = self.alter(kind, values)
        if values is not None:
            await self.peer.send(frame.encode(kind, values))

    async def _serve(self, socket, _path):
        self.peer = socket
        self.connects += 1
        try:
            await self._talk(socket)
        except websockets.ConnectionClosed:
            pass
        except WireError as e:
            self.errors.append(str(e))
        except Exception as e:  # shown to the test that waits
            self.errors.append(repr(e))
        self.closed.append(socket.close_code)
        if self.peer is socket:
            self.peer = None

    async def _talk(self, socket):
        await self._admit(socket)
        if self.orders:
            await self._send("orders", self._orders(list(self.orders), reset=True))
        await self._hear(socket)

    async def _admit(self, socket):
        """The handshake: hello, join, welcome."""
        hello = self._hello()
        await self._send("hello", hello)
        join = self._check_join(await socket.recv(), hello)
        await self._send("welcome", self._welcome(hello, join))
        self.joins.append(join)

    def _hello(self, **changes):
        return frame.hello_sign({"version": 1, "networkKey": self.key.public, "certificate": bytes(64),
                                 "nonce": os.urandom(32), "time": now(), "maxFrame": 65536, "maxTicks": 720, **changes},
                                self.key)

    def _check_join(self, message, hello):
        kind, join = frame.decode(message, "validator")
        if kind != "join":
            raise WireError(f"{kind} instead of join")
        frame.join_verify(join, self.key.public)
        if join["hubNonce"] != hello["nonce"]:
            raise WireError("the join answers another challenge")
        self.validator = join["validatorKey"]
        return join

    async def _hear(self, socket):
        async for message in socket:
            if isinstance(message, bytes):
                await self._take(message)
            else:
                kind, values = frame.decode(message, "validator")
                {"notice": self.notices, "suspect": self.suspects, "bye": self.notices}[kind].append(values)

    def _welcome(self, hello, join, **changes):
        streams = [{"incarnation": s["incarnation"], "receipt": self._position(s["incarnation"])}
                   for s in join["streams"]]
        values = {"approved": True, "time": now(), "streams": streams,
                  "window": {"live": self.window[0], "history": self.window[1]}, **changes}
        return frame.welcome_sign(values, (hello["nonce"], join["nonce"]), self.scope, self.key)

    def _position(self, incarnation):
        last, hash_ = self.streams.get(incarnation, (0, None))
        return self.receipt(incarnation, last, last, hash_, []) if last else b""

    def _orders(self, add, remove=(), reset=False):
        base, self.revision = 0 if reset else self.revision, self.revision + 1
        entries = [dict(zip(("order", "spec"), self.orders[name])) for name in add]
        return frame.orders_sign({"base": base, "revision": self.revision, "reset": reset, "add": entries,
                                  "remove": [{"order": name} for name in remove]}, self.scope, self.key)

    def receipt(self, incarnation, first, last, hash_, batches, key=None):
        counts = [0] * 6
        for _, _, codes in batches:
            for code in codes:
                counts[code] += 1
        return Receipt(incarnation, first, last, hash_, 1, now(), tuple(counts),
                       disposition_hash(batches)).seal(key or self.key, self.scope)

    async def _take(self, data):
        b = Batch.parse(data)
        b.verify(self.scope)
        self.batches.append((time.monotonic(), b, data))
        if self.acks(b):
            await self._ack(b)

    async def _ack(self, b):
        last, previous = self.streams.get(b.incarnation, (0, bytes(32)))
        if b.gap:
            await self._receipt_of(b, b.gap[0], b.previous, [])
            return
        if b.sequence == last + 1 and b.previous != previous:
            raise WireError("a fork")
        if b.sequence > last + 1:
            await self._send("notice", {"code": "sequence", "incarnation": b.incarnation, "sequence": last + 1})
            return
        await self._receipt_of(b, b.sequence, b.hash(self.scope), self._accepted(b))

    @staticmethod
    def _accepted(b):
        return [(b.sequence, now(), bytes([batch.ACCEPTED]) * len(b.ticks))]

    async def _receipt_of(self, b, first, hash_, batches):
        self.streams[b.incarnation] = max(self.streams.get(b.incarnation, (0, b"")), (b.sequence, hash_))
        await self._send("ack", self.ack_of(b, first, hash_, batches))

    def ack_of(self, b, first=None, hash_=None, batches=None, key=None):
        """The values of an ack; of this one batch, accepted, unless told otherwise."""
        batches = self._accepted(b) if batches is None else batches
        return {"receipt": self.receipt(b.incarnation, first or b.sequence, b.sequence, hash_ or b.hash(self.scope),
                                        batches, key),
                "time": now(), "exceptions": [],
                "batches": [{"sequence": s, "arrival": at, "count": len(c), "code": 0} for s, at, c in batches],
                "window": {"live": self.window[0], "history": self.window[1]}}
