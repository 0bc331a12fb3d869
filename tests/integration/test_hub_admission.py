"""Who is let in: pending, approved, suspended; one key on two machines."""

import time
import unittest

from websockets.exceptions import InvalidHandshake

from dpin_line import Line, join_of
from dpin_validator import Stream
from dpin_wire import Key, Tick, batch
from hub_case import HubCase

REPLACED, REJECTED, GOING_AWAY = 4002, 4001, 1001


class Admission(HubCase):
    conf = "TrustedProxies=127.0.0.1\n"

    def from_address(self, address):
        return self.line(headers={"X-Forwarded-For": address})

    def rows(self, key):
        return self.db.sql(f"SELECT state, host(address) FROM validator WHERE key = '\\x{key.public.hex()}'")

    def test_a_neighbour_is_approved_at_once(self):
        line = self.line()
        self.assertTrue(line.welcome()["approved"])
        self.assertEqual(self.rows(line.key), [["approved", "127.0.0.1"]])
        orders = line.expect("orders")
        self.assertTrue(orders["reset"])

    def test_a_stranger_waits_in_memory_only(self):
        line = self.from_address("203.0.113.7")
        self.assertFalse(line.welcome()["approved"])
        self.assertEqual(self.rows(line.key), [])
        stream = Stream(line.key, line.greeting["networkKey"])
        line.send(stream.seal([Tick(bytes(16), 0, batch.UP, 1, line.greeting["time"])], line.greeting["time"]))
        self.assertEqual(line.expect("notice")["code"], "pending")
        self.assertEqual(self.value(f"SELECT count(*) FROM tick_batch WHERE incarnation = {stream.incarnation}"), "0")

    def test_a_stranger_never_passes_for_the_proxy(self):
        for forwarded in ("1" * 2000 + ", 203.0.113.9", "unknown", "127.0.0.1:1234", "127.0.0.1, 203.0.113.9:1234"):
            with self.subTest(forwarded=forwarded[:20]), self.assertRaises(InvalidHandshake):
                self.from_address(forwarded)

    def test_a_stranger_comes_and_goes_and_is_displaced(self):
        key = Key()
        first, second = self.from_address("203.0.114.7"), None
        first.welcome(key)
        second = self.from_address("203.0.114.7")
        second.welcome(key)
        self.assertEqual(first.expect("bye")["code"], "replaced")
        second.close()
        first.close()
        self.assertFalse(self.from_address("203.0.114.7").welcome(key)["approved"])
        self.assert_serves()

    def test_strangers_of_one_network_are_limited(self):
        for i in range(10):
            self.assertFalse(self.from_address(f"198.51.100.{i + 1}").welcome()["approved"])
        line = self.from_address("198.51.100.99").join()
        self.assertEqual(line.expect("reject")["code"], "pending")
        self.assertEqual(line.expect("closed"), REJECTED)
        self.assertFalse(self.from_address("198.51.101.1").welcome()["approved"], "other networks are not")

    def test_an_approved_one_may_come_from_anywhere(self):
        key = Key()
        with Line(self.world.hub_url) as line:
            self.assertTrue(line.welcome(key)["approved"])
        self.assertTrue(self.from_address("192.0.2.1").welcome(key)["approved"])
        self.assertEqual(self.rows(key), [["approved", "192.0.2.1"]])

    def test_a_suspended_one_is_refused(self):
        key = Key()
        self.db.sql(f"INSERT INTO validator (key, state) VALUES ('\\x{key.public.hex()}', 'suspended')")
        for _ in range(2):
            line = self.line().join(key)
            self.assertEqual(line.expect("reject")["code"], "suspended")
            self.assertEqual(line.expect("closed"), REJECTED)

    def test_the_newest_connection_wins_and_three_displacements_are_two_machines(self):
        key, lines = Key(), []
        for _ in range(3):
            lines.append(self.line())
            lines[-1].welcome(key)
            if len(lines) > 1:
                self.assertEqual(lines[-2].expect("bye")["code"], "replaced")
                self.assertEqual(lines[-2].expect("closed"), REPLACED)
        fourth = self.line().join(key)
        refused = fourth.expect("reject")
        self.assertEqual((refused["code"], refused["retryAfter"]), ("key_in_use", 600))
        self.assertEqual(lines[-1].expect("bye")["code"], "key_in_use")
        self.assertEqual(lines[-1].expect("closed"), GOING_AWAY)
        self.assertEqual(self.line().join(key).expect("reject")["code"], "key_in_use")
        self.assertTrue(self.line().welcome(Key())["approved"], "others are not concerned")

    def test_a_handshake_may_not_last(self):
        line, begun = self.line(), time.monotonic()
        line.hello()
        self.assertEqual(line.expect("closed", 15), 4003)
        self.assertGreater(time.monotonic() - begun, 9)


class OpenAdmission(HubCase):
    conf = "TrustedProxies=127.0.0.1\nAdmission=open\n"

    def test_everybody_is_approved(self):
        line = self.line(headers={"X-Forwarded-For": "203.0.113.7"})
        self.assertTrue(line.welcome()["approved"])


class NoProxyTrusted(HubCase):
    def test_an_untrusted_peer_cannot_name_its_address(self):
        line = self.line(headers={"X-Forwarded-For": "203.0.113.7"})
        self.assertTrue(line.welcome()["approved"])
        self.assertEqual(self.value(f"SELECT host(address) FROM validator WHERE key = '\\x{line.key.public.hex()}'"),
                         "127.0.0.1")


class Authorities(HubCase):
    """A join says which name was dialled: one passed on by another hub is refused."""

    conf = "Authorities=Hub.example.org:443, hub.example.net:8081,\n"

    def test_only_joins_for_its_names_are_taken(self):
        for authority, code in (("hub.example.org:443", None), ("hub.example.net:8081", None),
                                ("hub.example.org:8081", "bad_authority"), ("hub.example.org", "bad_authority"),
                                ("", "bad_authority"), ("evil.example:443", "bad_authority")):
            with self.subTest(authority=authority), Line(self.world.hub_url) as line:
                hello = line.hello()
                line.send_frame("join", **join_of(hello, Key(), line.url, authority=authority))
                if code:
                    self.assertEqual(line.expect("reject")["code"], code)
                    self.assertEqual(line.expect("closed"), REJECTED)
                else:
                    self.assertTrue(line.expect("welcome")["approved"])


if __name__ == "__main__":
    unittest.main()
