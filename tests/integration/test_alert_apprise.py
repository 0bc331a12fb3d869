"""Alerts through Apprise: its own plug-ins, to a receiver of the test; dpin-apprise is started by its socket."""

import json
import os
import re
import subprocess
import tempfile
import unittest

from alert_case import AlertCase, plain
from process import Process, wait_until

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(SOURCE, "src", "apprise", "dpin-apprise.py")
SAID_OK = plain(200, body=b"{}")


def ask(request, program=(PROGRAM,)):
    text = request if isinstance(request, str) else json.dumps(request) + "\n"
    done = subprocess.run(program, input=text, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


class Alone(unittest.TestCase):
    """The program without the hub."""

    def refuses(self, words, **more):
        answer = ask({"url": "gotify://127.0.0.1:9/t0ken", "title": "t", "body": "b", "allow": "127.0.0.0/8",
                      "seconds": 20, **more})
        self.assertEqual(answer["ok"], False)
        self.assertRegex(answer["error"], words)

    def test_only_services_that_are_let_through(self):
        for url in ("json://127.0.0.1:9/", "mailto://a:b@127.0.0.1", "syslog://", "file:///etc/passwd", "dbus://", "",
                    "https://discord.com/api/webhooks/1/2", "gotify", " gotify://127.0.0.1:9/t0ken"):
            with self.subTest(url=url):
                self.refuses("not let through", url=url)

    def test_one_url_is_one(self):
        with tempfile.NamedTemporaryFile() as f:
            self.refuses(".", url=f"gotify://127.0.0.1:9/t0ken,file://{f.name}")
            self.assertEqual(os.path.getsize(f.name), 0)

    def test_its_words_have_no_secrets(self):
        self.refuses("^(?!.*t0ken)", url="discord://t0ken")
        self.refuses("^(?!.*t0ken)", url="discord://t0ken*/t0ken!")
        self.refuses("^(?!.*t0ken)")

    def test_what_is_no_request(self):
        wrong = json.dumps({"url": "gotify://x/y", "title": "t", "body": "b", "allow": "x", "seconds": 1}) + "\n"
        for text in (wrong, "", "\n", "{}\n", "[]\n", "x\n", '{"url": 1}\n', "{" * 100000):
            self.assertEqual(ask(text), {"ok": False, "error": "this is no request"})

    def test_both_lists_of_services_are_one(self):
        with open(os.path.join(SOURCE, "src", "store", "alert-services.c"), encoding="utf-8") as f:
            ours = re.findall(r'"(\w+)"', f.read().split("services[] = {")[1].split("};")[0])
        with open(PROGRAM, encoding="utf-8") as f:
            theirs = re.search(r'SERVICES = frozenset\("""(.*?)"""', f.read(), re.S)[1].split()
        self.assertEqual(ours, theirs)
        self.assertEqual(ours, sorted(set(ours)))


class WithApprise:
    """Of a case: dpin-apprise@ without its unit, which denies the addresses of this machine."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="dpin-apprise-")
        cls.addClassCleanup(cls.folder.cleanup)
        path = os.path.join(cls.folder.name, "socket")
        cls.conf = f"AlertApprise={path}\nAlertTimeout=30s\n{cls.conf}"
        cls.socket = Process("apprise", ["systemd-socket-activate", "--accept", "--inetd", f"--listen={path}", PROGRAM],
                             cls.folder.name, ready=False).start()
        cls.addClassCleanup(cls.socket.stop)
        wait_until(lambda: os.path.exists(path), "the socket is there")
        super().setUpClass()


class AppriseCase(AlertCase):
    def add_apprise(self, url, *options):
        """Its id."""
        done = subprocess.run([self.world.program("dpinctl"), f"--bus={self.world.bus_address}", "alert", "channel",
                               "add", "--json", "apprise", "Ops", "-", *options], input=url + "\n",
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)["id"]


class Told(WithApprise, AppriseCase):
    def test_an_incident_and_its_end(self):
        receiver = self.receiver(SAID_OK)
        channel = self.add_apprise(f"gotify://127.0.0.1:{receiver.port}/t0ken", "--text={{what}}")
        incident = self.open()
        self.wait_delivered(channel, seconds=40)
        self.close(incident)
        self.wait_delivered(channel, 2, seconds=40)
        url = self.value(f"SELECT url FROM website WHERE id = {self.website}")
        opened, resolved = (json.loads(r.body) for r in receiver.wait(2))
        self.assertEqual((opened["title"], opened["message"].strip()), (f"DOWN: {url}", f"{url} is down."))
        self.assertEqual(resolved["title"], f"UP: {url}")
        self.assertEqual(receiver.all()[0].headers["X-Gotify-Key"], "t0ken")

    def test_the_url_is_seen_nowhere(self):
        receiver = self.receiver(SAID_OK)
        channel = self.add_apprise(f"ntfy://127.0.0.1:{receiver.port}/t0picname")
        row = self.value(f"""SELECT settings || encode(secret, 'escape') FROM alert_channel
                              WHERE public_id = '{channel}'""")
        listed = self.world.ctl("alert", "channel", "list", "--json")
        self.assertEqual(json.loads(next(c for c in json.loads(listed) if c["id"] == channel)["settings"]),
                         {"service": "ntfy"})
        self.world.ctl("alert", "channel", "test", channel)
        self.wait_delivered(channel, seconds=40)
        for text in (row, listed, self.world.hub.log()):
            self.assertNotIn("t0picname", text)

    def test_its_words_when_it_fails(self):
        receiver = self.receiver(plain(401))
        channel = self.add_apprise(f"gotify://127.0.0.1:{receiver.port}/t0ken")
        self.open()
        rows = self.wait_outbox(channel, lambda rows: rows[0][1] > 0, "it was tried", 40)
        self.assertEqual(rows[0][0], "pending")
        self.assertRegex(rows[0][2], "^Apprise: .*401")
        self.assertNotIn("t0ken", rows[0][2])

    def test_what_is_not_let_through_is_refused(self):
        for url in ("json://x.example/", "file:///etc/passwd", "mailto://a:b@x.example", "discord:x"):
            with self.assertRaises(subprocess.CalledProcessError) as caught:
                self.add_apprise(url)
            self.assertRegex(caught.exception.stderr, "no service|SERVICE://")


class Private(WithApprise, AppriseCase):
    """A hub that allows no private address, as is usual."""

    conf = ""

    def test_nothing_private_is_reached_and_the_log_says_so(self):
        receiver = self.receiver(SAID_OK)
        for host in ("127.0.0.1", "localhost"):
            channel = self.add_apprise(f"gotify://{host}:{receiver.port}/t0ken")
            self.world.ctl("alert", "channel", "test", channel)
            rows = self.wait_outbox(channel, lambda rows: rows and rows[0][1] > 0, "it was tried", 40)
            self.assertEqual(rows[0][0], "pending")
            self.assertRegex(rows[0][2], "^Apprise: the address is not allowed")
        self.assertEqual(receiver.all(), [])


class NoSocket(AppriseCase):
    conf = "AlertApprise=/nonexistent/socket\n"

    def test_it_waits_and_says_what_is_missing(self):
        channel = self.add_apprise("discord://1/2")
        self.open()
        rows = self.wait_outbox(channel, lambda rows: rows[0][1] > 0, "it was tried")
        self.assertEqual(rows[0][::2], ("pending", "dpin-apprise.socket is not there"))


if __name__ == "__main__":
    unittest.main()
