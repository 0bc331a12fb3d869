"""Crowds against the real dpin-api: many clients, slow ones, silent ones. All the while an honest one is answered, and
soon; nothing grows without bound; and when they are gone everything is as it was."""

import contextlib
import os
import re
import select
import shutil
import subprocess
import threading
import time
import unittest

from http_case import SANITIZED, HttpCase
from process import Failure, wait_until
from raw_http import Honest, RawHttp
from test_api import Stream

GOOD = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
WAIT_MAX = 10.0 if SANITIZED else 2.0  # seconds an answer takes, this program's own slowness included
LISTENING = "0A"
END = b"\r\n0\r\n\r\n"
STREAM_CLOSE_TIME = 5.0  # seconds for what was queued, then the connection is closed
GUESTS_MAX, PER_ADDRESS_MAX = 1024, 1000
PER_CONNECTION = 36 << 10  # bytes, the buffer of its head and answer for the most part
CROWD = 2000 if SANITIZED else 10_000


def source(i, each=900):
    """An address that so many have at most."""
    return f"127.1.{i // each // 200 + 1}.{i // each % 200 + 1}"


class CrowdCase(HttpCase):
    @contextlib.contextmanager
    def served(self):
        """An honest client is, all the while."""
        with Honest(self.address) as honest:
            yield
        self.assertEqual(honest.failures, [])
        self.assertGreater(len(honest.waits), 0)
        self.assertLess(max(honest.waits), WAIT_MAX)
        self.note(f"{len(honest.waits)} honest answers, {max(honest.waits):.3f} s at most")

    def note(self, text):
        print(f"     {self.id().rpartition('.')[2]}: {text}", flush=True)

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.world.api.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) << 10 for line in f if line.startswith("VmRSS"))

    def assert_memory(self, before, more):
        """Sanitizers keep what was freed."""
        try:
            wait_until(lambda: SANITIZED or self.memory() < before + more, "memory", 40, 0.5)
        except Failure:
            raise AssertionError(f"dpin-api had {before >> 10} KiB and has {self.memory() >> 10} KiB") from None
        self.note(f"{before >> 10} KiB before, {self.memory() >> 10} KiB now")

    def crowd(self, n, said=b"", first=0, **options):
        """So many connections from as many addresses as it needs, each of which has said this."""
        lines = []
        for i in range(first, first + n):
            line = RawHttp(self.address, options.get("source") or source(i), seconds=30,
                           receive_buffer=options.get("receive_buffer"))
            self.addCleanup(line.abort)
            lines.append(line.say(said))
        return lines

    def answered(self, n, first=0, at_once=100, **options):
        """Connections that were each answered once and stay."""
        lines = []
        for i in range(0, n, at_once):
            some = self.crowd(min(at_once, n - i), GOOD, first + i, **options)
            self.assertEqual({line.answer().status for line in some}, {200})
            lines += some
        return lines

    def assert_gone(self):
        wait_until(lambda: self.connections() <= 1, "the crowd is gone", 30, 0.2)

    def tearDown(self):
        self.assert_serves()


class Crowds(CrowdCase):
    conf = f"ConnectionsMax={CROWD}\n"

    def test_ten_thousand_connections(self):
        """They stay and are answered again; for the next ones those make room that were idle for longest."""
        before = self.memory()
        with self.served():
            lines = self.answered(CROWD)
            self.assertGreater(self.connections(), CROWD - 10)
            self.assert_memory(before, CROWD * PER_CONNECTION)
            for line in lines[CROWD // 2::97]:
                self.assertEqual(line.say(GOOD).answer().status, 200)
            self.answered(CROWD // 10, first=CROWD)
            self.assertLess(self.connections(), CROWD + 100)
            for line in lines[:CROWD // 10:97]:
                self.assertTrue(line.ended())
            self.assertEqual(lines[-1].say(GOOD).answer().status, 200)
        self.doCleanups()
        self.assert_gone()
        self.assert_memory(before, 10 << 20)

    def test_who_says_nothing_makes_room(self):
        before, refused = self.memory(), self.refusals().get("too_many_connections", 0)
        with self.served():
            lines = self.crowd(3 * GUESTS_MAX)
            wait_until(lambda: self.connections() <= GUESTS_MAX + 10, "the oldest are gone", 10, 0.2)
            self.assert_memory(before, 4 << 20)
            answers = [line.answer() for line in lines[:GUESTS_MAX]]
        self.assertEqual({(a.status, a.fields["retry-after"]) for a in answers}, {(503, "2")})
        self.assertGreaterEqual(self.refusals()["too_many_connections"] - refused, 2 * GUESTS_MAX)
        logged = [x for x in self.world.api.log().splitlines() if "too_many_connections" in x]
        self.assertLessEqual(len(logged), 2 * len({source(i) for i in range(3 * GUESTS_MAX)}))

    def test_one_address_cannot_have_all(self):
        with self.served():
            lines = self.answered(PER_ADDRESS_MAX, source="127.2.0.1")
            for _ in range(50):
                answer = self.ask(GOOD, source="127.2.0.1")
                self.assert_problem(answer, 429, "one too many")
                self.assertEqual(answer.fields["retry-after"], "2")
            self.assertEqual(lines[0].say(GOOD).answer().status, 200)
            lines.pop().abort()
            wait_until(lambda: self.ask(GOOD, source="127.2.0.1").status == 200, "there is room again", 10, 0.1)
        self.assertGreaterEqual(self.refusals()["too_many_from_address"], 50)

    def test_large_heads_cost_nothing_until_they_are_whole(self):
        before = self.memory()
        with self.served():
            lines = self.crowd(400, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 16000)
            wait_until(lambda: self.connections() >= 400, "all are there", 10, 0.1)
            self.assert_memory(before, 2 << 20)
            for line in lines:
                line.say(b"y" * 1000)
            self.assertEqual({line.answer().status for line in lines}, {431})
        self.assertGreaterEqual(self.refusals()["head_too_large"], 400)
        self.doCleanups()
        self.assert_gone()

    def test_slow_clients_have_a_time(self):
        """For a head, for a body, for taking an answer; dripping bytes does not make it longer."""
        post = b"POST /api/v1/website HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
        files = b"GET /app.js HTTP/1.1\r\nHost: x\r\n\r\n" * 20
        begun = time.monotonic()
        with self.served():
            kinds = [("head", self.crowd(300, GOOD[:-2]), b"X: y\r\n", 10),
                     ("body", self.crowd(200, post, 1000), b"{", 20),
                     ("answer", self.crowd(100, files, 2000, receive_buffer=2048), None, 32)]
            for name, lines, drip, most in kinds:
                deadline = begun + most + (10 if SANITIZED else 4)
                if drip:
                    self.drip_until_ended(lines, drip, deadline)
                    self.assertEqual({line.answer().status for line in lines}, {408})
                else:
                    self.assertLess(max(self.queued()), 256 << 10)
                    wait_until(lambda: self.connections() <= 1, "they are ended", deadline - time.monotonic(), 0.2)
                self.note(f"slow {name}: the last ended after {time.monotonic() - begun:.1f} s")
                self.assertGreater(time.monotonic() - begun, most - 3)
            # the honest one's answers are on their way for a moment
            wait_until(lambda: not any(self.queued()), "nothing waits in the kernel any more", 5, 0.1)

    def queued(self):
        """Bytes that wait in the kernel, of each connection the API has."""
        with open("/proc/net/tcp", encoding="ascii") as f:
            rows = [line.split() for line in f.readlines()[1:]]
        return [int(row[4].partition(":")[0], 16) for row in rows
                if int(row[1].rpartition(":")[2], 16) == self.address[1] and row[3] != LISTENING]

    @staticmethod
    def drip_until_ended(lines, drip, deadline):
        """Once a second a byte or a field, until the other side has closed."""
        poll = select.poll()
        left = {line.socket.fileno(): line for line in lines}
        for fd in left:
            poll.register(fd, select.POLLRDHUP)
        while left:
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(left)} of {len(lines)} are still there")
            for fd, _ in poll.poll(1000):
                poll.unregister(fd)
                del left[fd]
            for line in left.values():
                line.say(drip)


class Limits(CrowdCase):
    """Settings, and a proxy in front."""

    conf = "StreamsMax=20\nTrustedProxies=10.9.8.7, 127.0.0.1\nConnectionsPerAddress=30\n"

    def test_a_proxy_has_as_many_as_it_needs(self):
        self.answered(100, source="127.0.0.1")
        self.answered(30, source="127.2.0.2")
        self.assert_problem(self.ask(GOOD, source="127.2.0.2"), 429, "not a proxy")

    def test_streams_have_places(self):
        head = b"HEAD /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + self.one.encode() + b"\r\n\r\n"
        streams = [Stream(self.world, self.one) for _ in range(20)]
        for stream in streams:
            self.addCleanup(stream.close)
            self.assertEqual((stream.answer.status, stream.block()["retry"]), (200, "2000"))
        status, answer, problem = self.call("GET", "/api/v1/events", self.one)
        self.assertEqual((status, answer["Retry-After"], problem["status"]), (503, "10", 503))
        self.assertEqual(self.refusals()["streams_full"], 1)
        with RawHttp(self.address) as line:
            self.assertEqual(line.say(head).answer(head_only=True).status, 200, "this is none")
        streams.pop().close()
        wait_until(self.there_is_a_place, "a place is free", 20, 0.2)
        self.doCleanups()
        wait_until(lambda: self.there_is_a_place() and self.connections() <= 2, "all are free", 20, 0.2)

    def there_is_a_place(self):
        self.commit(self.an_event(1, "x", {}))  # who is away is noticed by the next write
        stream = Stream(self.world, self.one)
        stream.close()
        return stream.answer.status == 200

    def test_who_does_not_read_events_is_let_go(self):
        before, seen = self.memory(), []
        lazy = self.line(receive_buffer=2048)
        lazy.say(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + self.one.encode() + b"\r\n\r\n")
        while b"retry: " not in lazy.held:
            self.assertTrue(lazy.more())
        stream = Stream(self.world, self.one)
        self.addCleanup(stream.close)
        stream.block()
        reader = threading.Thread(target=lambda: [seen.append(stream.event()) for _ in range(4000)], daemon=True)
        reader.start()
        begun = time.monotonic()
        for commit in range(1, 9):
            self.commit("INSERT INTO event (commit_no, ordinal, organisation_id, kind, payload)"
                        " SELECT $N, i, 1, 'large', json_build_object('x', repeat('x', 1000))"
                        " FROM generate_series(0, 499) AS i")
            wait_until(lambda: len(seen) >= commit * 500, "who reads has read", 60)
        reader.join(60)
        self.assertEqual((len(seen), {e and e["event"] for e in seen}), (4000, {"large"}))
        while not lazy.held.endswith(END) and lazy.more():
            pass
        self.assertTrue(lazy.held.endswith(END) or time.monotonic() - begun > STREAM_CLOSE_TIME, "it had time to read")
        self.assertLess(len(lazy.held), 2 << 20, "what was queued, and no more")
        self.assert_memory(before, 8 << 20)


class Descriptors(CrowdCase):
    """A process that may have few descriptors keeps some for its own needs."""

    descriptors = 400
    conf = "ConnectionsPerAddress=0\n"

    def test_a_crowd_beyond_them(self):
        with self.served():
            self.answered(600, at_once=20)
            self.assertLess(self.connections(), 400 - 100)
            self.crowd(600, first=1000)
            self.assertEqual(self.call("GET", "/api/v1/websites", self.one)[0], 200)
        self.doCleanups()
        self.assert_gone()


@unittest.skipUnless(shutil.which("slowhttptest"), "there is no slowhttptest")
class SlowHttpTest(CrowdCase):
    """What Debian has to attack HTTP servers with; from one address, as behind a proxy."""

    conf = "TrustedProxies=127.0.0.1\n"

    def attack(self, *options, path="/healthz"):
        url = f"http://127.0.0.1:{self.address[1]}{path}"
        argv = ["slowhttptest", "-c", "300" if SANITIZED else "3000", "-r", "600", "-l", "14", "-p", "5", "-u", url]
        with self.served():
            done = subprocess.run([*argv, *options], capture_output=True, text=True, timeout=60, check=True,
                                  env={**os.environ, "TERM": "dumb"})
        available = re.findall(r"service available:\s*(\w+)", re.sub(r"\x1b\[[\d;]*m", "", done.stdout))
        self.assertGreater(len(available), 0)
        self.assertEqual(set(available), {"YES"}, done.stdout[-2000:])
        self.assert_gone()

    def test_slow_heads(self):
        self.attack("-H", "-i", "2", "-x", "24")

    def test_slow_bodies(self):
        self.attack("-B", "-i", "2", "-s", "8192", "-x", "10", path="/api/v1/website")

    def test_slow_reading(self):
        self.attack("-X", "-k", "3", "-w", "10", "-y", "20", "-n", "5", "-z", "32", path="/app.js")

    def test_ranges(self):
        self.attack("-R", "-a", "1", "-b", "3000", "-t", "HEAD", path="/app.js")


if __name__ == "__main__":
    unittest.main()
