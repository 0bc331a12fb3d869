"""Names that mean something else the next time, told to a hub in a network of the test's own: every forbidden address
is there and listens, and every packet is seen, so that none is proof, not luck."""

import json
import os
import socket
import sys
import unittest

import own_network
from alert_case import AlertCase
from guarded_case import FAR, FORBIDDEN, NAMES, PUBLIC, PUBLIC_6, Packets, Rebinder, Trap
from process import wait_until


class Rebinding(AlertCase):
    conf = "AlertTimeout=2s\n"

    @classmethod
    def setUpClass(cls):
        if not own_network.possible():
            raise unittest.SkipTest("this machine allows no network of one's own")
        super().setUpClass()
        cls.world.hub.stop()
        hosts = "".join(f"{address} {name}\n" for name, address in NAMES.items()) + "127.0.0.1 localhost\n"
        plan = json.dumps({"addresses": [PUBLIC, PUBLIC_6, *FAR, *FORBIDDEN], "hosts": hosts})
        path = os.path.join(cls.world.run, "hub.control")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
            control.bind(path)
            control.listen()
            cls.world.hub.argv = [sys.executable, own_network.__file__, path, plan, *cls.world.hub.argv]
            cls.world.hub.start()
            with control.accept()[0] as line:
                trap, hub, names, tap = (socket.socket(fileno=fd) for fd in socket.recv_fds(line, 1, 4)[1])
        hub.close()
        for s in (trap, names, tap):
            cls.addClassCleanup(s.close)
        wait_until(lambda: '"ready"' in cls.world.ctl("status", "hub", "--json", check=False), "the hub is ready", 20)
        cls.trap, cls.names, cls.packets = Trap(trap), Rebinder(names), Packets(tap)

    def tearDown(self):
        super().tearDown()
        self.assertGreater(self.packets.seen[PUBLIC], 0, "packets are seen")
        self.assertEqual(self.packets.forbidden(), {})
        self.assertLessEqual(set(self.trap.connections), {PUBLIC, PUBLIC_6})

    def tried(self, url):
        """(state, last error) of an alert to a new channel, after a try."""
        channel, _ = self.add("webhook", url)
        self.world.ctl("alert", "channel", "test", channel)
        state, _, error = self.wait_outbox(channel, lambda rows: rows and rows[0][1] > 0, "it was tried")[0]
        return state, error

    def test_a_name_that_is_public_first_and_private_later(self):
        """What it was is remembered for a moment: that is asked for again until the name is looked up again."""
        for number in range(1, 11, 2):  # odd ones are public first
            name, tries = f"rebind-{number}.test", 0
            channel, _ = self.add("webhook", f"http://{name}/hook")
            with self.subTest(name=name):
                while self.names.asked[name] < 2:
                    tries += 1
                    self.world.ctl("alert", "channel", "test", channel)
                    rows = self.wait_outbox(channel, lambda rows, n=tries: len(rows) == n and rows[-1][1] > 0, "a try")
                self.assertEqual([state for state, *_ in rows], ["delivered"] * (tries - 1) + ["pending"])
                self.assertRegex(rows[-1][2], "blocked|not allowed")
                self.assertEqual([host for host, *_ in self.trap.requests].count(name), tries - 1)

    def test_a_try_asks_once_what_a_name_is(self):
        """What was looked at is what is connected to."""
        self.tried("http://rebind-11.test/hook")
        self.assertEqual(self.names.asked["rebind-11.test"], 1)

    def test_a_name_that_is_both_at_once(self):
        for number in range(5):
            state, error = self.tried(f"http://both-{number}.test/hook")
            self.assertTrue(state == "delivered" or "blocked" in error or "not allowed" in error, error)
        self.tried("http://public.test/hook")

    def test_names_of_what_is_private(self):
        for name, address in NAMES.items():
            with self.subTest(name=name):
                state, error = self.tried(f"http://{name}/hook")
                if address in (PUBLIC, PUBLIC_6):
                    self.assertEqual((state, error), ("delivered", ""))
                else:
                    self.assertEqual(state, "pending")
                    self.assertRegex(error, "blocked|not allowed")


if __name__ == "__main__":
    unittest.main()
