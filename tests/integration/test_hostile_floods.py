"""Too much of everything: a hub that floods, that never reads, never answers, hangs up at once, or is no hub at all.
The validator bounds what it takes, what it keeps, what it does to others, and how often it comes back."""

import contextlib
import dataclasses
import itertools
import socket
import threading
import time

import websockets

from dpin_hub import now
from dpin_wire import batch, frame
from hostile_hub import PING, TEXT, RawHub, ws_frame
from process import wait_until
from test_hostile_hub import PROTOCOL, HostileCase, ends_well, little_quarantine, memory, rss


class Floods(HostileCase):
    def setUp(self):
        super().setUp()
        self.hub = self.meet(RawHub())
        self.before = rss(self.hub.process)

    def tearDown(self):
        self.assert_serves(self.hub)
        self.assertLess(rss(self.hub.process) - self.before, memory(12))

    def pour(self, frames, most=200_000):
        """Writes as fast as the validator reads, until it leaves; how many were written."""
        written = 0
        while written < most:
            piece = b"".join(itertools.islice(frames, 500))
            written += 500
            if not piece or not self.hub.flood(piece):
                break
        return written

    def has_enough(self, why):
        self.hub.wait(lambda h: h.closed, "the validator leaves", 30)
        self.assertEqual(self.hub.closed[0], PROTOCOL)
        wait_until(lambda: why in self.hub.process.log(), f"it says why: {why}")

    def endless(self, text):
        return itertools.repeat(ws_frame(TEXT, text.encode()))

    def notice(self, **values):
        return frame.encode("notice", values)

    def order(self, path, start_in=8000, **options):
        return self.hub.add_order(self.target.url(path), start_in=start_in, **options)

    def test_frames(self):
        text = self.notice(code="no_such_code", reason="x" * 200)
        self.assertLess(self.pour(self.endless(text)), 80_000)  # what the kernel held among them
        self.has_enough("more frames than it can mean")

    def test_orders_of_another_revision(self):
        name = self.order("/flood")
        text = frame.encode("orders", {**self.hub._orders([name]), "base": 1 << 40, "revision": 1 << 41})
        self.pour(self.endless(text))
        self.has_enough("than it can mean")

    def probes(self, name, path):
        hub = self.hub
        for number in itertools.count(1):
            yield ws_frame(TEXT, frame.encode("probe", frame.probe_sign(
                {"order": name, "number": number, "reason": "confirm", "spare": None, "deadline": now() + 5_000_000},
                hub.scope, hub.key)).encode())

    def test_probes(self):
        """The target is asked as often as probes of one order may be: eight at once, then one a second."""
        name, begun = self.order("/probed"), time.monotonic()
        self.pour(self.probes(name, "/probed"), 3000)
        self.assertTrue(self.hub.answered())
        time.sleep(0.5)
        self.assertGreaterEqual(self.target.hits("/probed"), 2)
        self.assertLessEqual(self.target.hits("/probed"), 8 + (time.monotonic() - begun) + 1)
        self.assertEqual(self.hub.process.log().count("a probe is not answered"), 1, "one line for all of them")

    def test_pings(self):
        self.pour(itertools.repeat(ws_frame(PING, bytes(125))), 100_000)
        self.assertTrue(self.hub.answered())

    def a_batch(self):
        """One that waits for its ack."""
        self.hub.acks = lambda b: False
        self.probed = self.order("/batch")
        self.hub.probe(self.probed, 1)
        self.hub.wait(lambda h: h.batches, "a batch")
        return self.hub.batches[0][1]

    def test_requests_for_the_same_batch(self):
        b = self.a_batch()
        two = [self.notice(code="sequence", incarnation=b.incarnation, sequence=s) for s in (1, 2)]
        self.pour(itertools.cycle([ws_frame(TEXT, text.encode()) for text in two]), 5000)
        self.has_enough("again and again")
        self.assertLess(len(self.hub.batches), 400)

    def test_haste_that_is_none(self):
        b = self.a_batch()
        self.pour(self.endless(self.notice(code="too_fast", incarnation=b.incarnation, sequence=1)), 5000)
        self.has_enough("again and again")

    def test_haste(self):
        """For a second nothing is sent, whatever is sealed meanwhile; then one batch, and no more before its ack."""
        b, begun = self.a_batch(), time.monotonic()
        self.hub.send_text(self.notice(code="too_fast", incarnation=b.incarnation, sequence=1))
        self.hub.probe(self.probed, 2)
        self.hub.wait(lambda h: len(h.batches) > 1, "the batch comes again")
        self.assertGreater(time.monotonic() - begun, 0.9)
        self.assertTrue(self.hub.answered())
        self.assertEqual([b.sequence for _, b, _ in self.hub.batches], [1, 1])

    def test_forks_of_everything(self):
        """What waits is sealed anew each time it is called a fork, and nothing gets lost by it."""
        b = self.a_batch()
        hub, incarnation = self.hub, b.incarnation
        for _ in range(70):
            count = len(hub.batches)
            with contextlib.suppress(AttributeError, websockets.WebSocketException):
                hub.send_text(self.notice(code="fork", incarnation=incarnation, sequence=1))
            hub.wait(lambda h: len(h.batches) > count or h.closed, "the batch, sealed anew")
            if hub.closed:
                break
            incarnation = hub.batches[-1][1].incarnation
        self.has_enough("fork to everything")
        self.assertEqual({t.number for t in hub.ticks()}, {1})
        self.assertTrue(all(b.flags & batch.RESEALED for _, b, _ in hub.batches[1:]))

    def test_forks_of_what_is_not_there(self):
        self.pour((ws_frame(TEXT, self.notice(code="fork", incarnation=i + 1, sequence=1).encode())
                   for i in range(5000)), 5000)
        self.has_enough("fork to everything")

    def test_rejects(self):
        reject = frame.encode("reject", {"code": "suspended", "reason": "x" * 200, "retryAfter": 1})
        self.pour(self.endless(reject), 20_000)
        self.hub.wait(lambda h: h.closed, "the validator goes")
        self.hub.wait_joined(2)
        self.assertEqual(self.hub.process.log().count("refuses this validator"), 1)

    def test_acks(self):
        b = self.a_batch()
        ack = frame.encode("ack", self.hub.ack_of(dataclasses.replace(b, sequence=77)))
        self.pour(self.endless(ack), 3000)
        self.assertTrue(self.hub.answered())
        bad = frame.encode("ack", {**self.hub.ack_of(b), "receipt": bytes(196)})
        self.pour(self.endless(bad), 3000)
        self.assertTrue(self.hub.answered())
        self.assertEqual(self.hub.closed, [])

    def test_a_hub_that_never_reads(self):
        """What waits for it is bounded; an honest hub gets all that matters."""
        self.hub.acks = lambda b: False
        name = self.order("/deaf")
        self.hub.pause()
        for text in (self.notice(code="no"), frame.encode("orders", {**self.hub._orders([name]), "base": 1 << 40})):
            self.pour(self.endless(text), 15_000)
        self.assertLess(rss(self.hub.process) - self.before, memory(12))


class Absent(HostileCase):
    """No hub at all behind the address."""

    def listen(self, serve):
        """Every connection is counted, and served by a thread."""
        server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.addCleanup(server.close)
        self.connects, self.open = [], []

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    line, _ = server.accept()
                    self.connects.append(time.monotonic())
                    self.open.append(line)
                    threading.Thread(target=self.serve, args=(serve, line), daemon=True).start()
        threading.Thread(target=accept, daemon=True).start()
        self.addCleanup(lambda: [line.close() for line in self.open])
        return f"ws://127.0.0.1:{server.getsockname()[1]}/ws"

    @staticmethod
    def serve(serve, line):
        with contextlib.suppress(OSError):
            serve(line)

    def start(self, url, conf="Allow=127.0.0.0/8\n"):
        self.process = self.world.start_validator("v", url=url, conf=conf, env=little_quarantine())
        self.addCleanup(ends_well, self.process)
        return self.process

    def assert_patient(self, connects, seconds):
        """The pauses double from a quarter of a second, give or take a half: few attempts, and not in step."""
        self.assertGreaterEqual(len(connects), 3)
        self.assertLessEqual(len(connects), 7, f"attempts within {seconds} s")
        pauses = [b - a for a, b in itertools.pairwise(connects)]
        for i, pause in enumerate(pauses):
            self.assertGreater(pause, 0.125 * 2 ** i * 0.9, pauses)

    def test_it_hangs_up_at_once(self):
        self.start(self.listen(lambda line: line.close()))
        time.sleep(5)
        self.assert_patient(list(self.connects), 5)
        self.assertEqual(self.process.log().count("cannot be reached"), 1, "one line for the whole time")

    def test_it_welcomes_and_hangs_up(self):
        hub = RawHub()
        admit, connects = hub._admit, []

        async def admit_and_close(peer):
            connects.append(time.monotonic())
            await admit(peer)
            await peer.close()
        hub._admit = admit_and_close
        self.meet(hub, conf="Allow=127.0.0.0/8\n", join=False)
        time.sleep(5)
        self.assertGreaterEqual(len(hub.joins), 3)
        self.assert_patient(connects, 5)
        hub._admit = admit
        self.assert_serves(hub)

    def test_it_never_answers(self):
        self.start(self.listen(lambda line: line.recv(65536)))
        wait_until(lambda: self.connects, "a connection")
        time.sleep(2)
        self.assertEqual(len(self.connects), 1, "one attempt at a time")
        before = rss(self.process)
        wait_until(lambda: "timed out" in self.process.log(), "it gives up", 15)
        self.assertLess(rss(self.process) - before, memory(4))

    def test_it_is_no_websocket(self):
        trap = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(trap.close)
        there = f"http://127.0.0.1:{trap.getsockname()[1]}/"
        answers = itertools.cycle([
            b"", b"\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"\x16\x03\x01\x00\x05hello", bytes(5000),
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"HTTP/1.1 500 x\r\n\r\n", b"HTTP/9.9 101\r\n\r\n",
            b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % there.encode(),
            b"HTTP/1.1 301 Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % there.replace("http", "ws").encode(),
            b"HTTP/1.1 401 no\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nSec-WebSocket-Protocol: dpin.v1\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\n" + b"X: " + b"y" * 20000 + b"\r\n\r\n"])

        def serve(line):
            line.recv(65536)
            line.sendall(next(answers))
            line.close()
        self.start(self.listen(serve), conf="Allow=127.0.0.0/8\nRetryMax=20ms\n")
        before = rss(self.process)
        wait_until(lambda: len(self.connects) >= 60, "the validator comes again and again", 30)
        self.assertTrue(self.process.running())
        self.assertLess(rss(self.process) - before, memory(8))
        trap.setblocking(False)
        with self.assertRaises(BlockingIOError, msg="no redirect was followed"):
            trap.accept()

    def test_headers_without_end(self):
        def serve(line):
            line.recv(65536)
            line.sendall(b"HTTP/1.1 101 Switching Protocols\r\n")
            while True:
                line.sendall(b"X-More: " + b"y" * 1000 + b"\r\n")
        self.start(self.listen(serve), conf="Allow=127.0.0.0/8\nRetryMax=100ms\n")
        before = rss(self.process)
        wait_until(lambda: len(self.connects) >= 3, "it hangs up and comes again", 40)
        self.assertLess(rss(self.process) - before, memory(8))

    def test_a_rest_that_is_asked_for_has_a_limit(self):
        """A day is asked for: an hour at most is given, which a test cannot wait for; a second is kept."""
        hub = RawHub()
        self.meet(hub)
        hub.send("bye", {"code": "shutdown", "retryAfter": 2})
        hub.hang_up()
        left = time.monotonic()
        hub.wait_joined(2)
        self.assertGreaterEqual(time.monotonic() - left, 1.9)
        self.assert_serves(hub)
