"""Floods: what costs the hub more than its sender has a pace, the log has a line for the first of a kind and one a
minute for the rest, and what honest ones do is still to be seen in it."""

import contextlib
import json
import os
import re
import select
import socket
import time
import unittest

from attack_case import BAD_SIGNATURE, PROTOCOL, SANITIZED, AttackCase, scaled
from dpin_line import Line
from dpin_raw import BINARY, PING, PONG, TEXT, Raw, frame_bytes
from dpin_validator import Stream
from dpin_wire import Key, Tick, batch, frame
from process import wait_until


class FloodCase(AttackCase):
    def log_since(self, mark):
        return self.world.hub.log()[mark:]

    def lines(self, text, *words):
        return [line for line in text.splitlines() if all(word in line for word in words)]

    def refused(self):
        """The hub's counters, as its administrator sees them."""
        hub = json.loads(self.world.ctl("status", "--json"))[0]
        detail = next(item for item in hub["detail"] if item.startswith("Refused="))
        return {name: int(count) for name, count in re.findall(r"(\w+):(\d+)", detail)}

    def from_network(self, n):
        return {"X_Forwarded_For": f"198.{18 + n // 256}.{n % 256}.1"}

    def settle(self, raw):
        """What was sent so far has been dealt with."""
        raw.frame(PING, b"!")
        while (heard := raw.hear()) and heard[0] != PONG:
            pass

    def cpu(self):
        with open(f"/proc/{self.world.hub.pid}/stat", encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class BadFrames(FloodCase):
    def test_from_one_source(self):
        mark, before, n = len(self.world.hub.log()), self.refused(), scaled(1500)
        for i in range(n):
            with Raw(self.address) as raw:
                raw.open(X_Forwarded_For="203.0.113.9").frame(TEXT, b"{" * (1 + i % 50))
                self.assertEqual(raw.close_code(), PROTOCOL)
        after, log = self.refused(), self.log_since(mark)
        self.assertEqual(after["malformed_frame"] - before.get("malformed_frame", 0), n)
        self.assertEqual(len(self.lines(log, "malformed_frame", "203.0.113.9")), 1)
        with Line(self.world.hub_url) as line:
            line.welcome(tags=["name=honest-too"])
            key = self.value(f"SELECT key_text(key) FROM validator WHERE key = '\\x{line.key.public.hex()}'")
        wait_until(lambda: self.lines(self.log_since(mark), "validator gone", key), "honest ones are in the log", 5)
        self.assertEqual(len(self.lines(self.log_since(mark), "validator connected", key)), 1)

    def test_from_many_sources_and_the_sum_after_a_minute(self):
        mark, before, networks, each = len(self.world.hub.log()), self.refused(), scaled(1300), 3
        for n in range(networks):
            for _ in range(each):
                with Raw(self.address) as raw:
                    raw.open(**self.from_network(n)).frame(BINARY, b"dpin")
                    self.assertEqual(raw.close_code(), PROTOCOL)
        log, after = self.log_since(mark), self.refused()
        self.assertEqual(after["batch_out_of_state"] - before.get("batch_out_of_state", 0), networks * each)
        first = self.lines(log, "frame refused", "batch_out_of_state")
        self.assertLessEqual(len(first), min(networks, 1025), "1,024 sources, and the others")
        self.assertGreater(len(first), min(networks, 1025) - 20, "a few places are taken by other kinds")
        wait_until(lambda: self.lines(self.log_since(mark), "refused again", "batch_out_of_state"), "the sum", 75, 0.5)
        ends = time.monotonic() + 1
        wait_until(lambda: time.monotonic() > ends, "all sums", 5)
        sums = self.lines(self.log_since(mark), "refused again", "batch_out_of_state")
        self.assertEqual(sum(int(line.rsplit("DPIN_COUNT=", 1)[1]) for line in sums) + len(first), networks * each)
        self.assertLessEqual(len(sums), 1025)

    def test_bad_batches(self):
        """Ten of a connection are forgiven; a key does not come back for ever."""
        key, sent, refused = Key(), 0, 0
        mark = len(self.world.hub.log())
        for _ in range(40):
            with Raw(self.address) as raw:
                if raw.join(key)[0] != "welcome":
                    refused += 1
                    continue
                for _ in range(12):
                    raw.frame(BINARY, os.urandom(300))
                self.assertEqual(raw.close_code(), BAD_SIGNATURE)
                sent += 1
        self.assertGreater(refused, 10)
        self.assertGreater(sent, 10)
        self.assertLessEqual(len(self.lines(self.log_since(mark), "batch refused: malformed")), 2)


class Ready(FloodCase):
    """From a validator that was let in."""

    def ready(self, key=None):
        raw = self.raw(seconds=60)
        raw.welcome(key)
        raw.stream = Stream(raw.key, raw.hello["networkKey"])
        return raw

    def test_asking_for_orders(self):
        line = self.joined()
        while line.expect("orders") and not line.came.empty():
            pass
        before = self.refused().get("orders_too_fast", 0)
        for _ in range(200):
            line.send_frame("notice", code="orders", revision=1)
        line.send(line.stream.seal([line.tick], line.greeting["time"]))
        answered = 0
        while (came := line.receive(10))[0] != "ack":
            answered += came[0] == "orders" and came[1]["reset"]
        self.assertEqual(answered, 1, "one at once")
        self.assertEqual(self.refused()["orders_too_fast"] - before, 199)
        begun = time.monotonic()
        while not line.expect("orders", 20)["reset"]:  # it may get work meanwhile
            pass
        self.assertGreater(time.monotonic() - begun, 4, "one when its time has come")
        self.assert_acked(line)

    def test_suspects_and_notices(self):
        raw = self.ready()
        order = os.urandom(16)
        suspect = frame_bytes(TEXT, frame.encode("suspect", {"order": order, "slot": 3}).encode())
        notices = [frame_bytes(TEXT, frame.encode("notice", {"code": code, "reason": "x" * 200}).encode())
                   for code in ("bad_receipt", "refused", "no_such_code")]
        before, mark, n = self.refused(), len(self.world.hub.log()), scaled(20000)
        for _ in range(n // 100):
            raw.say(suspect * 100)
        for notice in notices:
            for _ in range(n // 100):
                raw.say(notice * 100)
        self.settle(raw)
        after = self.refused()
        passed_over = after["frames_too_fast"] - before.get("frames_too_fast", 0)
        self.assertGreater(passed_over, (4 * n - 1300) * 0.6, "most were not looked at")
        self.assertLess(len(self.log_since(mark).splitlines()), 20)
        raw.frame(BINARY, raw.stream.seal([Tick(order, 0, batch.UP, 1, raw.hello["time"])], raw.hello["time"]))
        while (came := raw.hear_frame())[0] == "orders":
            pass
        self.assertEqual(came[0], "ack", came)

    def test_batches_sent_again(self):
        """A thousand questions to the database, by one who has nothing to say: others' are answered in between."""
        raw = self.ready()
        data = raw.stream.seal([Tick(os.urandom(16), 0, batch.UP, 1, raw.hello["time"])], raw.hello["time"])
        raw.frame(BINARY, data)
        while raw.hear_frame()[0] != "ack":
            pass
        again = frame_bytes(BINARY, data) * 50
        for _ in range(scaled(4000) // 50):
            raw.say(again)
        with Line(self.world.hub_url) as other:
            begun = time.monotonic()
            other.welcome()
            self.assertLess(time.monotonic() - begun, 5)
        kinds = {}
        for _ in range(scaled(4000)):
            kind, values = raw.hear_frame()
            kind = values["code"] if kind == "notice" else kind
            kinds[kind] = kinds.get(kind, 0) + 1
        self.assertEqual(set(kinds) - {"ack", "too_fast"}, set(), kinds)
        self.assertGreater(kinds["ack"], 0)

    def test_joins_and_goodbyes(self):
        """A welcome is work for the whole hub: a key has its pace, and so have all the keys of one machine."""
        keys, answers = [Key() for _ in range(5)], []
        for i in range(scaled(400)):
            with Raw(self.address) as raw:
                answers.append(raw.join(keys[i % 5])[0])
                raw.frame(TEXT, b'{"type":"bye","code":"shutdown"}')
        self.assertGreater(answers.count("reject"), len(answers) - 5 * 20 - 60)

    def flood(self, raw, data, enough):
        """Sends it again and again, and reads nothing as long as it can send: a buffer that is full loses what comes,
        and with it that the hub has room, which both ends would wait for."""
        at, ends = 0, time.monotonic() + 60
        raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        raw.socket.setblocking(False)
        while not enough():
            self.assertLess(time.monotonic(), ends, "it was closed")
            try:
                at = (at + raw.socket.send(memoryview(data)[at:])) % len(data)
            except BlockingIOError:
                if not select.select([], [raw.socket], [], 0.2)[1]:
                    with contextlib.suppress(BlockingIOError):
                        raw.socket.recv(16384)
            except OSError:
                time.sleep(0.1)  # it has hung up, and says why

    def test_a_reader_that_does_not_read(self):
        mark, before = len(self.world.hub.log()), self.memory()
        raw = self.ready()
        now = raw.hello["time"]
        ticks = [Tick(os.urandom(16), 0, batch.UP, i, now) for i in range(10)]

        def is_refused():
            self.assertTrue(SANITIZED or self.memory() - before < 8 << 20)
            return "slow_reader" in self.refused()
        self.flood(raw, frame_bytes(BINARY, raw.stream.seal(ticks, now - 25 * 3600 * 10**6)) * 100, is_refused)
        self.assertEqual(len(self.lines(self.log_since(mark), "slow_reader")), 1)
        self.assertEqual(self.refused()["slow_reader"], 1)


if __name__ == "__main__":
    unittest.main()
