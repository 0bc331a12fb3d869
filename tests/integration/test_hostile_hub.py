"""The real dpin-validator in the hands of a hostile hub: its owner's policy wins, its memory and its disk stay within
bounds, its spool stays whole, and afterwards it serves an honest hub."""

import contextlib
import dataclasses
import os
import sqlite3
import time
import unittest

import websockets

from hub_case import BUILD, build_has
from dpin_hub import Hub, now
from dpin_order import FIXED
from dpin_wire import Batch, Key, Order, batch, frame, sign, spec_encode
from hostile_hub import (BINARY, CLOSE, CONTINUATION, PING, TEXT, FlipAck, FlipHello, FlipOrders, FlipProbe,
                         FlipWelcome, RawHub, Target, ws_frame)
from process import wait_until
from world import World

PROTOCOL, REJECTED, TIMEOUT, BAD_SIGNATURE, TOO_LARGE = 4000, 4001, 4003, 4005, 1009
SANITIZED = "sanitize" in BUILD
QUICK = "Allow=127.0.0.0/8\nRetryMax=10ms\n"


def rss(process):
    """Resident memory, MiB."""
    with open(f"/proc/{process.pid}/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def memory(mib):
    """A bound of memory: with a sanitizer freed memory is kept for a while, and each block has a shadow."""
    return mib * 4 + 60 if SANITIZED else mib


def little_quarantine():
    """For a sanitizer: 8 MiB of freed memory are kept, not 256."""
    return {"ASAN_OPTIONS": ":".join([os.environ.get("ASAN_OPTIONS", ""), "quarantine_size_mb=8"])}


def ends_well(process):
    """What a sanitizer finds at the end is a status."""
    if process.stop() != 0:
        raise AssertionError(f"{process.name} ended with {process.popen.returncode}; {process.tail(40)}")


@unittest.skipUnless(build_has("dpin-validator"), "dpin-validator is not built")
class HostileCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.target = Target()
        cls.addClassCleanup(cls.target.close)

    def setUp(self):
        self.world = World(BUILD)
        self.addCleanup(self.world.stop)

    def meet(self, hub, name="v", conf=QUICK, join=True):
        """A validator of its own for this hub."""
        hub.start()
        self.addCleanup(hub.stop)
        hub.process = self.world.start_validator(name, url=hub.url, conf=conf, env=little_quarantine())
        self.addCleanup(ends_well, hub.process)
        if join:
            hub.wait_joined()
        return hub

    def assert_serves(self, hub, seconds=20):
        """The same process works for an honest hub of the same network at the same place, which knows no old orders."""
        hub.stop()
        honest = Hub(key=hub.key, port=hub.port).start()
        self.addCleanup(honest.stop)
        honest.wait(lambda h: h.joins and h.peer, "the validator joins an honest hub", seconds)
        order = honest.make_order(self.target.url("/honest"))
        honest.send("orders", honest._orders([order], reset=True))
        tick = self.first_tick(honest, order)
        self.assertEqual(tick.outcome, batch.UP)
        self.assertTrue(hub.process.running())
        return honest

    @staticmethod
    def first_tick(hub, order, seconds=15):
        hub.wait(lambda h: h.ticks(order), "a tick", seconds)
        return hub.ticks(order)[0]


class Flips(HostileCase):
    """Every byte of every frame, one flip each. All kinds at once, each with a validator of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world = World(BUILD)
        cls.addClassCleanup(cls.world.stop)
        cls.hubs = {kind: hub() for kind, hub in (
            ("hello", FlipHello), ("welcome", FlipWelcome), ("orders", lambda: FlipOrders(cls.target)),
            ("probe", FlipProbe), ("ack", FlipAck))}
        for kind, hub in cls.hubs.items():
            cls.prepare(kind, hub)

    @classmethod
    def prepare(cls, kind, hub):
        """What the attack needs is made by an honest hub: an order to probe, a batch that is never acked."""
        before = Hub(key=hub.key).start()
        hub.port = before.port
        hub.process = cls.world.start_validator(kind, url=before.url, conf=QUICK, env=little_quarantine())
        cls.addClassCleanup(ends_well, hub.process)
        before.wait_joined()
        if kind in ("probe", "ack"):
            for _ in range(40):  # probes of one order are few
                before.add_order(cls.target.url(f"/{kind}"), start_in=8000)
            hub.orders = before.orders
        if kind == "welcome":
            before.acks = lambda b: False
            before.add_order(cls.target.url(f"/{kind}"), interval_ms=86_400_000)
            before.wait(lambda h: h.batches, "a batch")
        before.stop()
        hub.start()
        cls.addClassCleanup(hub.stop)

    def setUp(self):
        pass

    def finish(self, kind, seconds=150):
        """The places that were flipped without a word of the validator."""
        hub = self.hubs[kind]
        hub.wait(lambda h: h.done.is_set(), f"every byte of {kind} was flipped", seconds)
        self.assertGreater(hub.at, 200)
        self.assert_serves(hub)
        return hub.taken

    def test_hello(self):
        self.assertEqual(self.finish("hello"), [])

    def test_welcome(self):
        hub = self.hubs["welcome"]
        for at, text in self.finish("welcome"):  # receipts in streams sign themselves; here are none
            self.assertTrue(hub.unsigned(at, text, "window", "streams"), (at, text))

    def test_orders(self):
        hub, free = self.hubs["orders"], ("base", "revision", "reset", "remove")
        taken = [at for at, text in self.finish("orders") if hub.unsigned(at, text, *free)]
        self.assertEqual(len(taken), len(hub.taken))
        time.sleep(0.3)  # the last order's time
        run = {int(path.rpartition("/")[2]) for path in self.target.paths if path.startswith("/flip/")}
        self.assertLessEqual(run, set(taken))

    def test_probe(self):
        self.assertEqual(self.finish("probe"), [])
        self.assertEqual(self.target.hits("/probe"), 0)

    def test_ack(self):
        self.assertEqual(self.finish("ack"), [])


class Frames(HostileCase):
    """What is no frame, or comes when it may not: the connection ends, with the right code, and nothing was done."""

    def setUp(self):
        super().setUp()
        self.hub = self.meet(RawHub())

    def tearDown(self):
        self.assert_serves(self.hub)

    def leaves(self, code, send, what):
        """The validator closes with this code because of what send() sends, and comes again."""
        closed, joins = len(self.hub.closed), len(self.hub.joins)
        send()
        self.hub.wait(lambda h: len(h.closed) > closed, f"the validator leaves: {what!r:.60}")
        self.assertEqual(self.hub.closed[closed], code, repr(what)[:60])
        self.hub.wait_joined(joins + 1)

    def test_text_that_is_no_frame(self):
        hub = self.hub
        bye = '{"type":"bye","code":"shutdown"}'
        for text in ("", "hello", "{", "[]", "null", "{}", '{"type":"nonsense"}', '{"type":7}', "[" * 10000,
                     "{" * 10000,
                     '{"type":"bye","type":"bye","code":"shutdown"}', bye[:-1] + ',"code":"x"}', bye[:-1] + ',"x":1}',
                     bye + bye, bye + "\0", '{"type":"bye","code":7}', '{"type":"bye"}',
                     '{"type":"bye","code":"' + "x" * 32 + '"}', bye[:-1] + ',"retryAfter":86401}',
                     bye[:-1] + ',"retryAfter":-1}', bye[:-1] + ',"retryAfter":' + "9" * 4000 + "}",
                     bye[:-1] + ',"retryAfter":1e999}', '{"type":"join"}', '{"type":"suspect","order":"x","slot":1}',
                     '{"type":"bye","code":"' + "\\u0000" + '"}', '{"type":"bye","code":"' + " " * 2000 + '"}'):
            self.leaves(PROTOCOL, lambda text=text: hub.send_text(text), text)

    def test_frames_out_of_state(self):
        hub = self.hub
        hello = frame.encode("hello", hub._hello())
        welcome = frame.encode("welcome", hub._welcome(hub._hello(), hub.joins[0]))
        for text in (hello, welcome):
            self.leaves(PROTOCOL, lambda text=text: hub.send_text(text), text)
        seen = len(self.target.paths)
        for kind, first in (("hello", "orders"), ("hello", "probe"), ("welcome", "orders"), ("hello", "ack"),
                            ("hello", "notice")):
            text = self.some(first)
            hub.alter = lambda k, values, kind=kind, text=text: values if k != kind else self.instead(text)
            closed = len(hub.closed)
            if hub.peer:
                hub.hang_up()
            hub.wait(lambda h: PROTOCOL in h.closed[closed:], f"{first} before {kind} is refused")
            hub.alter = lambda kind, values: values
            joins = len(hub.joins)
            hub.wait_joined(joins + 1)
        self.assertEqual(len(self.target.paths), seen)

    def some(self, kind):
        """A true frame of this kind, at the wrong time."""
        hub = self.hub
        name = hub.make_order(self.target.url("/early"), start_in=0)
        order = hub._orders([name], reset=True)
        del hub.orders[name]
        values = {"orders": order, "notice": {"code": "approved"},
                  "probe": frame.probe_sign({"order": name, "number": 1, "reason": "confirm", "spare": None,
                                             "deadline": now() + 5_000_000}, hub.scope, hub.key),
                  "ack": hub.ack_of(Batch(1, 1, secret=bytes(16)))}[kind]
        return frame.encode(kind, values)

    def instead(self, text):
        """Inside of the loop of the lines: sends this in the place of another frame."""
        self.hub.peer.transport.write(ws_frame(TEXT, text.encode()))

    def test_messages_that_are_no_text(self):
        hub = self.hub
        self.leaves(PROTOCOL, lambda: hub.send_bytes(ws_frame(BINARY, b"dpin" + bytes(300))), "binary")
        self.leaves(PROTOCOL, lambda: hub.send_bytes(ws_frame(BINARY)), "empty binary")
        for data in (b"\xff\xfe", b'{"type":"bye","code":"\xc3\x28"}', b"\xed\xa0\x80"):
            self.ends(lambda data=data: hub.send_bytes(ws_frame(TEXT, data)), data)

    def ends(self, send, what):
        """The connection ends in whatever way, and the validator comes again."""
        closed, joins = len(self.hub.closed), len(self.hub.joins)
        send()
        self.hub.wait(lambda h: len(h.closed) > closed, f"the connection ends: {what!r:.60}")
        self.hub.wait_joined(joins + 1)

    def test_websocket_frames_that_cannot_be(self):
        hub = self.hub
        bye = b'{"type":"bye","code":"shutdown"}'
        for what, data in (
                ("reserved bits, as of compression", ws_frame(TEXT, bye, reserved=4)),
                ("an unknown opcode", ws_frame(3, bye)),
                ("a control frame too long", ws_frame(PING, bytes(126))),
                ("a control frame in pieces", ws_frame(PING, b"x", fin=False)),
                ("a piece of nothing", ws_frame(CONTINUATION, b"x")),
                ("a close code that is none", ws_frame(CLOSE, b"\x00\x01")),
                ("text begun in text", ws_frame(TEXT, b"{", fin=False) + ws_frame(TEXT, bye))):
            self.ends(lambda data=data: hub.send_bytes(data), what)

    def test_messages_without_end(self):
        hub = self.hub
        before = rss(hub.process)
        self.leaves(TOO_LARGE, lambda: hub.send_bytes(ws_frame(TEXT, b" " * 65537)), "too long")
        self.leaves(TOO_LARGE, lambda: hub.send_bytes(ws_frame(TEXT, b" " * 8192, length=1 << 40)), "a terabyte")
        piece = ws_frame(CONTINUATION, b" " * 1024, fin=False)
        self.leaves(TOO_LARGE, lambda: hub.send_bytes(ws_frame(TEXT, b" ", fin=False) + piece * 100), "pieces")
        hub.send_bytes(ws_frame(TEXT, b"", fin=False) + ws_frame(CONTINUATION, fin=False) * 200_000)
        self.ends(lambda: None, "empty pieces without end")
        self.assertLess(rss(hub.process) - before, memory(8))


class Orders(HostileCase):
    def notices(self, hub, code="refused"):
        return [n for n in list(hub.notices) if n["code"] == code]

    def test_a_hundred_thousand_orders(self):
        """As many as OrdersMax= allows are held, the others refused; then the validator has enough of this hub."""
        hub = self.meet(RawHub(), conf="Allow=127.0.0.0/8\n")
        before = rss(hub.process)
        frames = [frame.encode("orders", o) for o in self.bulk(hub, 100_000)]
        for text in frames:
            try:
                hub.send_text(text)
            except (AttributeError, websockets.WebSocketException):
                break  # it has left
        hub.wait(lambda h: h.closed, "the validator has enough", 180)
        self.assertEqual(hub.closed[0], PROTOCOL)
        wait_until(lambda: "20000 orders" in hub.process.status, "20000 are held")
        grown = rss(hub.process) - before
        self.assertLess(grown, memory(80))
        print(f"    20,000 orders of 100,000 sent: {grown:.0f} MiB more")
        self.assertGreater(len(self.notices(hub)), 10_000)
        self.assertEqual({n["reason"] for n in self.notices(hub)}, {"too many orders"})
        log = hub.process.log()
        self.assertEqual(log.count("an order of the hub is refused"), 1, "one line for all of them")
        self.assertIn("more orders than it can mean", log)
        hub.orders.clear()
        self.assert_serves(hub)
        self.assertLess(rss(hub.process) - before, memory(80))

    @staticmethod
    def bulk(hub, n):
        spec = spec_encode("http://192.0.2.1/" + "x" * 60)
        website, hash_ = os.urandom(16), sign.sha256(spec)
        for begin in range(0, n, 128):
            adds = [{"order": Order(1, 0, 0, 1, website, hash_, 10000, 2000, now() + 8_000_000_000, 1, bytes(32),
                                    bytes(32), os.urandom(16)).encode(), "spec": spec} for _ in range(128)]
            base, hub.revision = hub.revision, hub.revision + 1
            yield frame.orders_sign({"base": base, "revision": hub.revision, "reset": False, "add": adds, "remove": []},
                                    hub.scope, hub.key)

    def test_specifications_that_cannot_be(self):
        hub = self.meet(RawHub())
        url = self.target.url("/never")
        for spec in (b"", b"{", b"[]", b"null", b"\xff", b'{"url":"%s"}' % url.encode(), spec_encode(url)[:-1],
                     spec_encode(url, method="TRACE"), spec_encode(url, method="GET\r\nX: y"),
                     spec_encode("tcp://127.0.0.1"), spec_encode(url, type="smell"),
                     spec_encode(url, redirects=11), spec_encode(url, redirects=-1), spec_encode(url, status="abc"),
                     spec_encode(url, status=""),
                     spec_encode(url).replace(b'"http"', b'"tcp"'), spec_encode(url).replace(b"}", b',"more":1}'),
                     spec_encode(url).replace(b"}", b',"url":"x"}'), spec_encode(""), spec_encode("ftp://127.0.0.1/"),
                     spec_encode("file:///etc/passwd"), spec_encode("gopher://127.0.0.1:1/x"),
                     spec_encode(url.replace("//", "//user:secret@")), spec_encode(url + "x" * 2048),
                     spec_encode(url + "\n"), spec_encode(url + "\0"), b" " * 4000 + spec_encode(url)[:90]):
            refused = len(self.notices(hub))
            hub.send("orders", hub._orders([self.put(hub, spec)]))
            hub.wait(lambda h: len(self.notices(h)) > refused, f"{spec[:60]!r} is refused")
        time.sleep(0.2)
        self.assertEqual(self.target.hits("/never"), 0)
        self.assertEqual(self.notices(hub)[-1]["reason"], "not a check this validator can do")
        self.assertEqual(hub.closed, [])
        hub.orders.clear()
        self.assert_serves(hub)

    def put(self, hub, spec, **changes):
        """An order that Order.encode() would refuse to make."""
        values = {"version": 1, "type": 1, "family": 0, "seat": 0, "n": 1, "flags": 0, "extension": b"",
                  "interval": 10000, "timeout": 2000, "start": now() + 100_000, "epoch": 1, **changes}
        data = FIXED.pack(values["version"], values["type"], values["family"], values["seat"], values["n"],
                          values["flags"], len(values["extension"]), os.urandom(16), sign.sha256(spec),
                          values["interval"], values["timeout"], values["start"], values["epoch"], bytes(32), bytes(32),
                          os.urandom(16)) + values["extension"]
        return hub.put_order(data, spec)

    def test_orders_that_cannot_be(self):
        hub = self.meet(RawHub())
        spec = spec_encode(self.target.url("/never"))
        for change in ({"interval": 0}, {"interval": 9999}, {"interval": 0xffffffff}, {"interval": 86_400_001},
                       {"timeout": 0}, {"timeout": 5001}, {"timeout": 0xffffffff}, {"n": 0}, {"seat": 1}, {"family": 5},
                       {"start": -1}, {"start": -1 << 63}, {"epoch": 1 << 63}, {"type": 2, "seat": 1, "n": 2},
                       {"extension": bytes(1025)}, {"extension": b"\x01\x00\x09x"}):
            closed, joins = len(hub.closed), len(hub.joins)
            name = self.put(hub, spec, **change)
            hub.send("orders", hub._orders([name], reset=True))
            del hub.orders[name]
            hub.wait(lambda h: len(h.closed) > closed, f"the validator leaves: {change}")
            self.assertEqual(hub.closed[closed], PROTOCOL, change)
            hub.wait_joined(joins + 1)
        for change in ({"version": 2}, {"type": 9}, {"type": 0}, {"flags": 1}, {"extension": b"\xff\x00\x00"},
                       {"interval": 86_400_000, "timeout": 60_001}):
            refused = len(self.notices(hub))
            name = self.put(hub, spec, **change)
            hub.send("orders", hub._orders([name], reset=True))
            del hub.orders[name]
            hub.wait(lambda h: len(self.notices(h)) > refused, f"refused: {change}")
        self.assertIn("longer timeout", self.notices(hub)[-1]["reason"])
        spec = spec_encode(self.target.url("/strange"))
        for change in ({"start": 0}, {"start": (1 << 63) - 1}):
            hub.send("orders", hub._orders([self.put(hub, spec, **change)]))
        self.assertTrue(hub.answered())
        self.assertEqual(self.target.hits("/never"), 0)
        hub.orders.clear()
        self.assert_serves(hub)


class Acks(HostileCase):
    """What no batch of the spool was answered with trims nothing."""

    def spooled(self, name="v"):
        """{(incarnation, sequence): frame} of a stopped validator."""
        self.world.validators[name].stop()
        path = os.path.join(self.world.data, f"validator-{name}", "spool.sqlite")
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchone(), ("ok",))
            return {(i, s): f for i, s, f in db.execute("SELECT incarnation, sequence, frame FROM batch")}

    def waiting(self, hub, n=3):
        """A hub that got n batches and acked none."""
        hub.acks = lambda b: False
        self.meet(hub)
        order = hub.add_order(self.target.url("/acks"), start_in=8000)
        for i in range(n):
            hub.probe(order, i + 1)
            hub.wait(lambda h: len(h.batches) > i, "a batch")
        return [b for _, b, _ in hub.batches]

    def test_acks_of_what_never_was(self):
        hub = RawHub()
        first, second, third = self.waiting(hub)
        zeros, hash_ = bytes(32), first.hash(hub.scope)
        for what, ack in (
                ("another incarnation", hub.ack_of(dataclasses.replace(first, incarnation=first.incarnation ^ 1))),
                ("a later sequence", hub.ack_of(dataclasses.replace(third, sequence=99))),
                ("the last sequence there is", hub.ack_of(dataclasses.replace(third, sequence=(1 << 63) - 1))),
                ("another hash", hub.ack_of(third, hash_=zeros)),
                ("the hash of another batch", hub.ack_of(third, hash_=hash_)),
                ("backwards", hub.ack_of(second, first=3)),
                ("another key", hub.ack_of(third, key=Key())),
                ("other dispositions", {**hub.ack_of(third), "batches": hub.ack_of(second)["batches"]}),
                ("no dispositions", {**hub.ack_of(third), "batches": []}),
                ("no receipt", {**hub.ack_of(third), "receipt": b""}),
                ("half a receipt", {**hub.ack_of(third), "receipt": hub.ack_of(third)["receipt"][:100]})):
            hub.send("ack", ack)
            self.assertTrue(hub.answered(), what)
        self.assertEqual(hub.closed, [])
        got = {(b.incarnation, b.sequence): data for _, b, data in hub.batches}
        self.assertEqual(self.spooled(), got, "every batch is there, byte for byte")
        hub.process.start()
        honest = self.assert_serves(hub)
        honest.wait(lambda h: set(got.values()) <= {d for _, _, d in h.batches}, "all of them are sent again")

    def test_acks_that_go_back(self):
        hub = RawHub()
        first, second, third = self.waiting(hub)
        for b, left in ((second, {third.sequence}), (first, {third.sequence}), (second, {third.sequence})):
            hub.send("ack", hub.ack_of(b))
            self.assertTrue(hub.answered())
        self.assertEqual({s for _, s in self.spooled()}, left)

    def test_positions_in_a_forged_welcome(self):
        hub = RawHub()
        batches = self.waiting(hub)
        forged = hub.ack_of(batches[-1], key=Key())["receipt"]
        hub._position = lambda incarnation: forged
        hub.hang_up()
        hub.wait(lambda h: len(h.batches) >= 6, "all batches again")
        self.assertEqual(len(self.spooled()), 3)

    def test_a_window_of_nothing(self):
        """One batch at a time all the same; the spool keeps the others."""
        hub = RawHub(window=(0, 0))
        hub.acks = lambda b: False
        self.meet(hub)
        # one probe an order: of two under way for the same one, that which is done last is told only if it is the later
        orders = [hub.add_order(self.target.url(f"/window/{i}"), start_in=8000) for i in range(5)]
        for i, order in enumerate(orders):
            hub.probe(order, 1)
            wait_until(lambda i=i: self.target.hits(f"/window/{i}") == 1, "the probe is answered")
        time.sleep(0.3)
        self.assertEqual(len(hub.batches), 1)
        self.assertGreater(len(self.spooled()), 1)
        hub.process.start()
        honest = self.assert_serves(hub)
        honest.wait(lambda h: all(h.ticks(order) for order in orders), "everything is told")


class Clocks(HostileCase):
    def test_no_hub_of_another_day_is_joined(self):
        day = 86_400_000_000
        hub = RawHub()
        self.meet(hub, join=False)
        for changed in (0, 1, now() - day - 10_000_000, now() + day + 10_000_000, 1 << 62, (1 << 63) - 1):
            closed = len(hub.closed)
            hub._hello = lambda changed=changed: RawHub._hello(hub, time=changed)
            if hub.peer:
                hub.hang_up()
            hub.wait(lambda h: PROTOCOL in h.closed[closed + 1:], f"a hello of {changed} is refused")
        del hub._hello
        for changed in (0, now() - day - 10_000_000, now() + day + 10_000_000, (1 << 63) - 1):
            closed = len(hub.closed)
            hub._welcome = lambda hello, join, changed=changed: RawHub._welcome(hub, hello, join, time=changed)
            if hub.peer:
                hub.hang_up()
            hub.wait(lambda h: PROTOCOL in h.closed[closed + 1:], f"a welcome of {changed} is refused")
        del hub._welcome
        self.assertIn("one of them is wrong", hub.process.log())
        self.assert_serves(hub)

    def test_a_time_that_is_no_time(self):
        hub = self.meet(RawHub())
        for text in (b"-1", b"9223372036854775808", b"99999999999999999999", b"1e9", b"0x10", b"", b" 1", b"01"):
            closed, joins = len(hub.closed), len(hub.joins)
            ack = frame.encode("ack", {**hub.ack_of(Batch(1, 1, secret=bytes(16))), "time": 7}).encode()
            hub.send_text(ack.replace(b'"time":"7"', b'"time":"' + text + b'"'))
            hub.wait(lambda h: len(h.closed) > closed, f"a time of {text} is refused")
            hub.wait_joined(joins + 1)
        self.assert_serves(hub)

    def test_a_clock_that_jumps_moves_no_tick(self):
        hub = self.meet(RawHub())
        order = hub.add_order(self.target.url("/clock"), start_in=8000)
        for ahead, leaves in ((-(10 ** 15), False), (-(10 ** 9), False), (25_000_000, True), (10 ** 18, True)):
            closed, joins = len(hub.closed), len(hub.joins)
            hub.alter = lambda kind, values: {**values, "time": max(values["time"] + ahead, 0)} \
                if kind == "ack" else values
            hub.probe(order, joins + 1)
            hub.wait(lambda h: len(h.ticks(order)) == joins, "a tick")
            if leaves:
                hub.wait(lambda h: len(h.closed) > closed, "the validator leaves")
                self.assertEqual(hub.closed[closed], PROTOCOL)
            else:
                self.assertTrue(hub.answered())
                hub.hang_up()
            hub.wait_joined(joins + 1)
        for tick in hub.ticks(order):
            self.assertLess(abs(tick.start - now()), 60_000_000)
        hub.alter = lambda kind, values: values
        self.assert_serves(hub)


if __name__ == "__main__":
    unittest.main()
