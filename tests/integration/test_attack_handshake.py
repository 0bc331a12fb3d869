"""Strangers in masses, and connections that never become anything: there are places for them, and none of others'."""

import os
import socket
import threading
import time
import unittest

from attack_case import POLICY, REJECTED, SANITIZED, TIMEOUT, AttackCase, scaled
from dpin_line import Line
from dpin_raw import ABNORMAL, TEXT, Raw, reset_on_close, upgrade_request
from dpin_wire import Key
from process import wait_until

JOINED_WITHIN = 30 if SANITIZED else 12  # seconds, through thousands of others


class HandshakeCase(AttackCase):
    def descriptors(self):
        return len(os.listdir(f"/proc/{self.world.hub.pid}/fd"))

    def crowd(self, n, words=b""):
        """Connections that say these words and no more."""
        made = []
        self.addCleanup(lambda: [s.close() for s in made])
        for i in range(n):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(self.address)
            made.append(s)
        for s in made:
            try:
                s.send(words)
            except OSError:  # not yet connected, or dropped already
                pass
        return made

    def assert_newcomer_joins(self):
        begun = time.monotonic()
        with Line(self.world.hub_url) as line:
            self.assertTrue(line.welcome()["approved"])
        self.assertLess(time.monotonic() - begun, JOINED_WITHIN)


class Crowds(HandshakeCase):
    def test_five_thousand_half_open_handshakes_of_each_kind(self):
        before = self.descriptors()
        for words in (b"", b"GET /ws HTTP/1.1\r\nHost: hub\r\n", upgrade_request()):
            with self.subTest(words=words[:20]):
                crowd = self.crowd(scaled(5000), words)
                self.assert_newcomer_joins()
                self.assertLess(self.descriptors(), 4096 + 500)  # some are on their way out
                self.assert_honest_served()
                for s in crowd[::2]:  # half of them leave, the others wait to be dropped
                    reset_on_close(s)
                    s.close()
        wait_until(lambda: self.descriptors() < before + 10, "all of them are dropped", 40, 0.2)

    def test_a_thousand_strangers_wait_and_no_more(self):
        waiting = []
        for network in range(100):
            for host in range(10):
                raw = self.raw()
                address = {"X_Forwarded_For": f"198.18.{network}.{host + 1}"}
                self.assertFalse(raw.welcome(headers=address)["approved"])
                waiting.append(raw)
        for address in ("198.18.5.99", "198.19.0.1"):
            line = self.from_address(address).join()
            self.assert_rejected(line, "pending")
        self.assert_newcomer_joins()
        for raw in waiting[:10]:
            raw.close()
        wait_until(lambda: self.from_address("198.18.0.1").join().receive()[0] == "welcome", "a place is free", 5)
        rows = self.value("SELECT count(*) FROM validator WHERE host(address) LIKE '198.%'")
        self.assertEqual(rows, "0", "strangers are kept in memory only")

    def test_handshakes_of_one_network_are_limited(self):
        def knock(host, network=7):
            raw = self.raw()
            raw.open(X_Forwarded_For=f"203.0.{network}.{host}")
            return raw, raw.hear_frame()
        waiting = [knock(i) for i in range(128)]
        self.assertEqual({kind for _, (kind, _) in waiting}, {"hello"})
        refused, (kind, values) = knock(200)
        self.assertEqual((kind, values["code"], refused.close_code()), ("reject", "too_many_connections", REJECTED))
        self.assertEqual(knock(1, network=8)[1][0], "hello", "other networks are not concerned")
        self.assertEqual(self.raw().open().hear_frame()[0], "hello", "nor is this machine")
        waiting[0][0].close()
        wait_until(lambda: knock(201)[1][0] == "hello", "a place is free", 5)

    def test_joins_of_one_network_are_paced(self):
        codes = set()
        for i in range(600):
            raw = self.raw()
            kind, values = raw.join(headers={"X_Forwarded_For": f"192.0.2.{i % 250 + 1}"})
            codes.add("welcome" if kind == "welcome" else values["code"])
            reset_on_close(raw.socket)
            raw.close()
            if "too_many_connections" in codes:
                break
        self.assertEqual(codes - {"pending"}, {"welcome", "too_many_connections"})
        self.assertGreater(i, 255)
        self.assertFalse(self.from_address("192.0.3.1").welcome()["approved"], "other networks are not concerned")
        self.assert_newcomer_joins()

    def test_joins_of_one_key_are_paced(self):
        key, answers = Key(), []
        for _ in range(40):
            with Raw(self.address) as raw:
                answers.append(raw.join(key))
                raw.close_code() if answers[-1][0] == "reject" else raw.frame(TEXT, b'{"type":"bye","code":"shutdown"}')
        refused = [values["code"] for kind, values in answers if kind == "reject"]
        self.assertEqual([kind for kind, _ in answers[:10]], ["welcome"] * 10)
        self.assertEqual(set(refused), {"too_many_connections"})
        self.assertGreater(len(refused), 10)
        self.assert_newcomer_joins()

    def test_who_spoils_the_proxys_word_is_no_neighbour(self):
        for word in ("127.0.0.1, nonsense", "unknown", "x" * 1100 + ", 203.0.113.1"):
            self.assertEqual(self.raw().upgrade(X_Forwarded_For=word), 400)
        raw = self.raw()
        self.assertFalse(raw.welcome(headers={"X_Forwarded_For": "127.0.0.1, 203.0.113.1"})["approved"])


class FewDescriptors(HandshakeCase):
    """More connect than there are descriptors for: those who have joined notice nothing, and newcomers get in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.restart_hub(descriptors=1000)

    def test_two_thousand_connect(self):
        for words in (b"", upgrade_request()):
            self.crowd(2000, words)
            self.assert_honest_served()
            self.assertLess(self.descriptors(), 1000)
            self.assert_newcomer_joins()
        tick = self.joined()
        self.assert_acked(tick)


class SlowOnes(HandshakeCase):
    """Each in a thread of its own, as they take their time; all must be over when theirs is."""

    def lasts(self, what, attack):
        begun = time.monotonic()
        self.ended[what] = (attack(), time.monotonic() - begun)

    def drip(self, raw, data, pause=1.0):
        """A byte after a while, until the hub hangs up; the close code."""
        stop = threading.Event()

        def send():
            for byte in data:
                if stop.wait(pause) or not raw.say(bytes([byte])):
                    return
        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        code = raw.close_code()
        stop.set()
        thread.join()
        return code

    def silent_tcp(self):
        return Raw(self.address, seconds=60).close_code()

    def dripping_request(self):
        return self.drip(Raw(self.address, seconds=60), upgrade_request(), 0.4)

    def silent_after_hello(self):
        return Raw(self.address, seconds=60).open().close_code()

    def dripping_join(self):
        return self.drip(Raw(self.address, seconds=60).open(), b"\x81\xfe\x04\x00\0\0\0\0" + b"{" * 1024)

    def welcomed(self):
        raw = Raw(self.address, seconds=60)
        raw.welcome()
        return raw

    def dripping_batch(self):
        return self.drip(self.welcomed(), b"\x82\xfe\x04\x00\0\0\0\0" + b"d" * 1024)

    def empty_fragments_without_end(self):
        return self.drip(self.welcomed(), (b"\x02\x80\0\0\0\0" + b"\x00\x80\0\0\0\0" * 1000), 0.05)

    def silent_after_welcome(self):
        return self.welcomed().close_code()

    def test_nobody_takes_for_ever(self):
        self.ended = {}
        expected = {  # close code, and when: a request has 10 s, so has a join, a message 30 s, pings come after 20 s
            self.silent_tcp: (ABNORMAL, 8, 15), self.dripping_request: (ABNORMAL, 8, 15),
            self.silent_after_hello: (TIMEOUT, 9, 15), self.dripping_join: (TIMEOUT, 9, 15),
            self.dripping_batch: (POLICY, 29, 45), self.empty_fragments_without_end: (POLICY, 12, 36),
            self.silent_after_welcome: (ABNORMAL, 38, 50)}
        threads = [threading.Thread(target=self.lasts, args=(attack.__name__, attack)) for attack in expected]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for attack, (code, earliest, latest) in expected.items():
            with self.subTest(attack=attack.__name__):
                came, seconds = self.ended[attack.__name__]
                self.assertEqual(came, code)
                self.assertTrue(earliest <= seconds <= latest, seconds)


if __name__ == "__main__":
    unittest.main()
