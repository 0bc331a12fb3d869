"""Alerts by way of Apprise's unit: which user it is, what is seen of a channel's secret, and where it gets to."""

import json
import re
import threading
import unittest

import ground
from machine import Site, SiteRequest
from process import wait_until

TOKEN = "t0ken-of-the-night-shift"
DYNAMIC_USERS = range(61184, 65520)
IN_FLIGHT = 20  # seconds in which a machine that is busy looks at all of its processes


class ReceiverRequest(SiteRequest):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.tokens.append(self.headers["X-Gotify-Key"])
        self.server.answers.wait(IN_FLIGHT)
        self.do_GET()


class Receiver(Site):
    """A Gotify of the machine's own, which keeps who tells it something waiting unless `answers` is set."""

    host, request = "127.0.0.1", ReceiverRequest

    def __init__(self, listening, port):
        super().__init__(listening, port)
        self.tokens, self.answers = [], threading.Event()
        self.answers.set()


class Apprise(ground.SystemCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        ground.install(cls.machine, "apprise")
        cls.receiver = cls.machine.serve(8090, Receiver)

    def setUp(self):
        self.receiver.tokens.clear()

    def hub_allows(self, networks, seconds=IN_FLIGHT):
        self.machine.write("/etc/dpin/hub.conf.d/apprise.conf", f"AlertAllow={networks}\nAlertTimeout={seconds}s\n")
        self.addCleanup(self.machine.run, "rm", "-r", "/etc/dpin/hub.conf.d")
        self.machine.run("systemctl", "restart", "dpin-hub")
        self.ready()

    def unit_allows(self, networks):
        self.drop_in("dpin-apprise@.service", f"[Service]\nIPAddressAllow={networks}\n")

    def tell(self):
        """The id of a new channel, to which a test is on its way."""
        url = f"gotify://{self.receiver.host}:{self.receiver.server_port}/{TOKEN}\n"
        channel = json.loads(self.machine.run("dpinctl", "alert", "channel", "add", "--json", "apprise", "Ops", "-",
                                              stdin=url))["id"]
        self.addCleanup(self.machine.run, "dpinctl", "alert", "channel", "rm", channel)
        self.machine.run("dpinctl", "alert", "channel", "test", channel)
        return channel

    def outcome(self, channel):
        """(state, last error), once it was tried."""
        row = self.machine.sql(f"""SELECT o.state, o.last_error FROM alert_outbox o
                                     JOIN alert_channel c ON c.id = o.channel_id
                                    WHERE c.public_id = '{channel}' AND (o.tries > 0 OR o.state <> 'pending')""")
        return row.split("|", 1) if row else None

    def wait_outcome(self, channel):
        return wait_until(lambda: self.outcome(channel), "it was tried", 2 * IN_FLIGHT, 0.2)

    def instances(self):
        return re.findall(r"dpin-apprise@\S+", self.machine.run("systemctl", "list-units", "--plain", "--no-legend",
                                                                "dpin-apprise@*"))

    def user(self, unit):
        pid = self.machine.unit(unit, "MainPID")
        return int(re.search(r"^Uid:\t(\d+)", self.machine.run("cat", f"/proc/{pid}/status"), re.M)[1])

    def processes(self):
        """Arguments and environment of all that run."""
        return self.machine.sh("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>&1", check=False)

    def journal_text(self):
        self.machine.run("journalctl", "--sync")
        return self.machine.run("journalctl", "--all", "--output=export", "--no-pager")

    def test_one_on_its_way_is_another_user_and_shows_no_secret(self):
        self.hub_allows("127.0.0.0/8")
        self.unit_allows("127.0.0.1")
        self.receiver.answers.clear()
        self.addCleanup(self.receiver.answers.set)
        channel = self.tell()
        wait_until(lambda: self.receiver.tokens, "it is on its way", IN_FLIGHT)
        instance, = self.instances()
        self.assertIn(self.user(instance), DYNAMIC_USERS)
        self.assertNotIn(self.user("dpin-hub.service"), DYNAMIC_USERS)
        seen = self.processes()
        self.assertIn("/usr/libexec/dpin-apprise", seen)
        self.assertIn("NOTIFY_SOCKET=", seen)
        shown = self.machine.run("systemctl", "show", instance) + self.machine.run("systemctl", "status", instance)

        self.receiver.answers.set()
        self.assertEqual(self.wait_outcome(channel)[0], "delivered")
        self.assertEqual(self.receiver.tokens, [TOKEN])
        wait_until(lambda: not self.instances(), "nothing is left of it")
        journal = self.journal_text()
        self.assertIn(instance, journal)
        for text in (seen, shown, journal):
            self.assertNotIn(TOKEN, text)

    def test_what_is_refused_is_told_without_the_secret(self):
        self.hub_allows("127.0.0.0/8")
        self.unit_allows("127.0.0.1")
        self.receiver.down = True
        self.addCleanup(setattr, self.receiver, "down", False)
        state, words = self.wait_outcome(self.tell())
        self.assertEqual(state, "pending")
        self.assertRegex(words, "^Apprise: .*503")
        self.assertNotIn(TOKEN, words + self.journal_text())

    def test_what_the_hub_does_not_allow_is_not_connected_to(self):
        self.hub_allows("")
        self.unit_allows("127.0.0.1")
        wait_until(lambda: not self.instances(), "what was put off before, and still allowed, is over")
        self.receiver.tokens.clear()
        self.assertRegex(self.wait_outcome(self.tell())[1], "^Apprise: the address is not allowed")
        self.assertEqual(self.receiver.tokens, [])

    def test_what_the_hub_allows_its_unit_refuses_once_more(self):
        """The kernel loses its packets: it is seen to try, and ends with its time."""
        self.hub_allows("127.0.0.0/8", seconds=8)
        channel = self.tell()
        to = f"{self.receiver.host}:{self.receiver.server_port}"
        wait_until(lambda: self.machine.run("ss", "-Htn", "state", "syn-sent", "dst", to), "it tries", 8, 0.1)
        state, words = self.wait_outcome(channel)
        self.assertEqual((state, self.receiver.tokens), ("pending", []))
        self.assertNotIn("not allowed", words)

        self.unit_allows("127.0.0.1")
        self.assertEqual(self.wait_outcome(self.tell())[0], "delivered")
        self.assertEqual(self.receiver.tokens[-1], TOKEN)


if __name__ == "__main__":
    unittest.main()
