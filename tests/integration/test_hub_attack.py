"""Bad input from the network: one defined answer for each, and the hub serves on."""

import base64
import os
import socket
import unittest

from dpin_line import Line, join_of
from dpin_validator import Stream
from dpin_wire import Key, Tick, batch, frame
from hub_case import HubCase

PROTOCOL, REJECTED, TOO_LARGE, BAD_SIGNATURE, SILENCE = 4000, 4001, 1009, 4005, 4003


class Attacks(HubCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pid = cls.world.hub.pid

    def tearDown(self):
        self.assertEqual(self.world.hub.pid, self.pid)
        self.assert_serves()

    def joined(self):
        line = self.line()
        line.welcome()
        line.stream = Stream(line.key, line.greeting["networkKey"])
        line.tick = Tick(os.urandom(16), batch.SCHEDULED, batch.UP, 1, line.greeting["time"])
        return line

    def assert_closed(self, line, code):
        self.assertEqual(line.expect("closed"), code)

    def assert_rejected(self, line, code):
        self.assertEqual(line.expect("reject")["code"], code)
        self.assert_closed(line, REJECTED)

    def refused(self, path="/ws", **headers):
        """The HTTP status that answers an upgrade."""
        lines = [f"GET {path} HTTP/1.1", "Host: hub", "Connection: Upgrade", "Upgrade: websocket",
                 "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode()]
        lines += [f"{name.replace(chr(95), chr(45))}: {value}" for name, value in headers.items()]
        with socket.create_connection(self.world.hub_socket.getsockname(), 5) as s:
            s.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            return int(s.recv(4096).split()[1])

    # Before anything is said

    def test_an_upgrade_that_is_not_ours_is_refused(self):
        self.assertEqual(self.refused(Sec_WebSocket_Protocol="dpin.v1"), 101)
        self.assertEqual(self.refused(Sec_WebSocket_Protocol="dpin.v1", Origin="https://evil.example"), 403)
        self.assertEqual(self.refused(Sec_WebSocket_Protocol="chat"), 400)
        self.assertEqual(self.refused(), 400)
        self.assertEqual(self.refused(path="/other", Sec_WebSocket_Protocol="dpin.v1"), 404)

    # The handshake

    def test_text_that_is_no_frame(self):
        for text in ("", "hello", "{", "[]", "null", "{}", '{"type":"nonsense"}', '{"type":"suspect","type":"suspect"}',
                     '{"type":"hello"}', '{"type":"join"}', "\0", "{" * 10000,
                     '{"type":"bye","code":"shutdown","x":1}'):
            with self.subTest(text=text[:40]), Line(self.world.hub_url) as line:
                line.hello()
                line.send(text)
                self.assert_closed(line, PROTOCOL)

    def test_frames_out_of_state(self):
        for text in (frame.encode("suspect", {"order": bytes(16), "slot": 1}),
                     frame.encode("bye", {"code": "shutdown"}),
                     frame.encode("notice", {"code": "orders"})):
            with self.subTest(text=text[:40]), Line(self.world.hub_url) as line:
                line.hello()
                line.send(text)
                self.assert_closed(line, PROTOCOL)

    def test_a_second_join(self):
        line = self.joined()
        line.send_frame("join", **line.joined)
        self.assert_closed(line, PROTOCOL)

    def test_binary_before_welcome(self):
        line = self.line()
        line.hello()
        line.send(os.urandom(300))
        self.assert_closed(line, PROTOCOL)

    def test_the_wrong_challenge(self):
        line = self.line()
        hello = line.hello()
        line.send_frame("join", **join_of({**hello, "nonce": os.urandom(32)}, Key(), line.url))
        self.assert_rejected(line, "bad_challenge")

    def test_a_join_replayed_on_another_connection(self):
        line = self.joined()
        other = self.line()
        other.hello()
        other.send_frame("join", **line.joined)
        self.assert_rejected(other, "bad_challenge")

    def test_a_join_not_signed_by_its_key(self):
        for spoil in ({"signature": bytes(64)}, {"validatorKey": Key().public}, {"nonce": os.urandom(32)},
                      {"authority": "other.example"}, {"validatorKey": bytes(32)}):
            with self.subTest(spoil=list(spoil)), Line(self.world.hub_url) as line:
                hello = line.hello()
                line.send_frame("join", **{**join_of(hello, Key(), line.url), **spoil})
                self.assert_rejected(line, "bad_signature")

    def test_a_join_for_another_network(self):
        line = self.line()
        hello = line.hello()
        line.send_frame("join", **join_of({**hello, "networkKey": Key().public}, Key(), line.url))
        self.assert_rejected(line, "bad_signature")

    def test_a_join_with_too_much(self):
        for more in ({"tags": ["a=b"] * 33}, {"tags": ["x" * 65]}, {"streams": [{"incarnation": i + 1, "receipt": b""}
                     for i in range(65)]}, {"software": "x" * 64}, {"authority": "x" * 256}):
            with self.subTest(more=list(more)), Line(self.world.hub_url) as line:
                hello = line.hello()
                values = join_of(hello, Key(), line.url, **more)
                line.send(frame.encode("join", values))
                self.assert_closed(line, PROTOCOL)

    # Batches

    def test_bytes_that_are_no_batch(self):
        line = self.joined()
        for data in (b"", b"d", b"dpin", os.urandom(500), bytes(65536)):
            line.send(data)
            self.assertEqual(line.expect("notice")["code"], "bad_batch")

    def test_a_batch_cut_short(self):
        line = self.joined()
        data = line.stream.seal([line.tick], line.greeting["time"])
        for n in (75, 76, 91, 155, 156, len(data) - 1):
            line.send(data[:n])
            self.assertEqual(line.expect("notice")["code"], "bad_batch")
        line.send(data)
        self.assertEqual(line.ack()[0].last, 1)

    def test_a_frame_too_long(self):
        for data in (bytes(65537), "x" * 65537):
            line = self.joined()
            line.send(data)
            self.assert_closed(line, TOO_LARGE)

    def test_a_batch_unsigned_or_signed_by_another(self):
        line = self.joined()
        other = Stream(Key(), line.stream.network)
        elsewhere = Stream(line.key, Key().public)
        good = line.stream.seal([line.tick], line.greeting["time"])
        flipped = good[:-1] + bytes([good[-1] ^ 1])
        for data in (other.seal([line.tick], line.greeting["time"]), flipped, good[:92] + bytes(64) + good[156:],
                     elsewhere.seal([line.tick], line.greeting["time"])):
            line.send(data)
            self.assertEqual(line.expect("notice")["code"], "bad_batch")
        line.send(good)
        self.assertEqual(line.ack()[1][0][2], bytes([batch.UNASSIGNED]))

    def test_bad_batches_without_end_are_closed(self):
        line = self.joined()
        for _ in range(11):
            line.send(os.urandom(200))
        self.assert_closed(line, BAD_SIGNATURE)

    def test_a_tick_that_cannot_be(self):
        line = self.joined()
        for change in ({"outcome": 4}, {"outcome": batch.DOWN}, {"flags": 4}, {"kind": 4}, {"error": 3}):
            bad = Tick(**{**line.tick.__dict__, **change})
            line.send(Stream(line.key, line.stream.network).seal([bad], line.greeting["time"]))
            self.assertEqual(line.expect("notice")["code"], "bad_batch", change)

    # After the welcome

    def test_suspects_and_notices_about_nothing(self):
        line = self.joined()
        for _ in range(50):
            line.send_frame("suspect", order=os.urandom(16), slot=3)
        line.send_frame("notice", code="no_such_code", reason="\u00e4" * 100)
        line.send_frame("notice", code="bad_receipt", incarnation=1, sequence=2)
        line.send_frame("notice", code="orders", revision=1)
        while not line.expect("orders")["reset"]:
            pass

    def test_a_hundred_strangers_at_once(self):
        lines = [self.line() for _ in range(100)]
        for line in lines[:50]:
            line.hello()
            line.send("{")
        for line in lines[50:]:
            line.hello()
        for line in lines[:50]:
            self.assert_closed(line, PROTOCOL)


if __name__ == "__main__":
    unittest.main()
