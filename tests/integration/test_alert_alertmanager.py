"""Alerts for Alertmanager: Debian's own, and one that wants to know who asks."""

import base64
import json
import os
import socket
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request

from alert_case import AlertCase, plain
from process import Process, wait_until

CONFIG = "route: {receiver: none}\nreceivers: [{name: none}]\n"


class Alertmanager:
    """A child of the test, with nothing of this machine's but a port."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="dpin-alertmanager-")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{s.getsockname()[1]}"
        with open(os.path.join(self.directory.name, "conf.yml"), "w", encoding="utf-8") as f:
            f.write(CONFIG)
        self.process = Process("alertmanager", [
            "prometheus-alertmanager", f"--config.file={f.name}", f"--storage.path={self.directory.name}/data",
            f"--web.listen-address={self.url[7:]}", "--cluster.listen-address="], self.directory.name, ready=False)
        self.process.start()
        wait_until(self.ready, "Alertmanager is ready", 30)

    def ready(self):
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5):
                return True
        except OSError:
            return False

    def alerts(self):
        """Those that go on."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=10) as answer:
            return json.load(answer)

    def stop(self):
        self.process.stop()
        self.directory.cleanup()


class Real(AlertCase):
    @classmethod
    def setUpClass(cls):
        cls.manager = Alertmanager()
        cls.addClassCleanup(cls.manager.stop)
        super().setUpClass()

    def of(self, incident):
        return [a for a in self.manager.alerts() if a["labels"].get("incident") == incident]

    def test_an_incident_from_its_beginning_to_its_end(self):
        channel, secret = self.add("alertmanager", self.manager.url + "/")
        self.assertEqual(secret, "")
        incident = self.open()
        self.wait_delivered(channel)
        alert, = self.of(incident)
        self.assertEqual(alert["labels"], {
            "alertname": "DpinIncident", "incident": incident, "kind": "down", "severity": "down",
            "url": self.value(f"SELECT url FROM website WHERE id = {self.website}"),
            "website": self.value(f"SELECT public_id FROM website WHERE id = {self.website}")})
        self.assertRegex(alert["annotations"]["summary"], "^DOWN: https://")
        self.assertIn("is down.", alert["annotations"]["description"])
        self.assertEqual(alert["generatorURL"], f"https://dpin.example/#/incident/{incident}")
        self.assertEqual(alert["status"]["state"], "active")
        days = self.value(f"SELECT extract(day FROM timestamptz '{alert['endsAt']}' - now())")
        self.assertIn(days, ("29", "30"))
        self.close(incident)
        self.wait_delivered(channel, 2)
        self.assertEqual(self.of(incident), [])

    def test_what_gets_worse_is_one_alert_still(self):
        channel, _ = self.add("alertmanager", self.manager.url)
        incident = self.open()
        self.db.sql(f"UPDATE incident SET severity = 'warning' WHERE public_id = '{incident}'")
        self.wait_delivered(channel)
        self.db.sql(f"UPDATE incident SET severity = 'partial' WHERE public_id = '{incident}'")
        self.wait_delivered(channel, 2)
        self.assertEqual([a["labels"]["severity"] for a in self.of(incident)], ["partial"])
        self.close(incident)
        self.wait_delivered(channel, 3)
        self.assertEqual(self.of(incident), [])

    def failing(self):
        return sorted(a["labels"]["object"] for a in self.manager.alerts()
                      if a["labels"]["alertname"] == "DpinOperator" and a["labels"]["kind"] == "delivery")

    def test_each_channel_that_fails_is_one_alert_until_it_is_well(self):
        channel, _ = self.add("alertmanager", self.manager.url)
        self.world.ctl("alert", "channel", "operator", channel, "yes")
        gone = sorted(self.add("webhook", self.receiver(plain(410)).url)[0] for _ in range(2))
        for one in gone:
            self.world.ctl("alert", "channel", "test", one)
        wait_until(lambda: self.failing() == gone, "both are told", 20)
        self.world.ctl("alert", "channel", "enable", gone[0])
        self.db.sql(f"UPDATE operator_alert SET seen_at = seen_at - interval '60 s' WHERE object = '{gone[0]}'")
        wait_until(lambda: self.failing() == gone[1:], "one is well again", 20)

    def test_a_test(self):
        channel, _ = self.add("alertmanager", self.manager.url, "--subject={{state}}!")
        self.world.ctl("alert", "channel", "test", channel)
        self.wait_delivered(channel)
        alert = next(a for a in self.manager.alerts() if a["labels"]["alertname"] == "DpinNews")
        self.assertEqual((alert["labels"]["event"], alert["annotations"]["summary"]), ("test", "TEST!"))


class Asked(AlertCase):
    def secret(self, text):
        with tempfile.NamedTemporaryFile("w", delete=False) as f:
            f.write(text + "\n")
        self.addCleanup(os.unlink, f.name)
        return f"--auth={f.name}"

    def asks_with(self, auth):
        receiver = self.receiver()
        channel, _ = self.add("alertmanager", f"http://127.0.0.1:{receiver.port}/am", self.secret(auth))
        self.open()
        request, = receiver.wait()
        self.wait_delivered(channel)
        return request.headers["authorization"], channel

    def test_who_asks_and_that_nobody_else_learns_it(self):
        header, channel = self.asks_with("dpin:s3cret:word")
        self.assertEqual(header, "Basic " + base64.b64encode(b"dpin:s3cret:word").decode())
        row = self.value(f"""SELECT settings || encode(secret, 'escape') FROM alert_channel
                              WHERE public_id = '{channel}'""")
        listed = self.world.ctl("alert", "channel", "list", "--json")
        for text in (row, listed, self.world.hub.log()):
            self.assertNotIn("s3cret", text)
        shown = next(c for c in json.loads(listed) if c["id"] == channel)
        self.assertEqual(json.loads(shown["settings"])["user"], "dpin")

    def test_a_token(self):
        self.assertEqual(self.asks_with("t0ken")[0], "Bearer t0ken")

    def test_settings_in_the_clear_are_not_believed(self):
        receiver, other = self.receiver(), self.receiver()
        channel, _ = self.add("alertmanager", f"http://127.0.0.1:{receiver.port}", self.secret("dpin:s3cret"))
        self.db.sql(f"""UPDATE alert_channel SET settings = '{{"url": "http://127.0.0.1:{other.port}/"}}'
                         WHERE public_id = '{channel}'""")
        self.open()
        receiver.wait()
        self.assertEqual(other.all(), [])

    def test_its_words_when_it_refuses(self):
        receiver = self.receiver(plain(400, body=b'"start time must\nbe before end time"'))
        channel, _ = self.add("alertmanager", f"http://127.0.0.1:{receiver.port}")
        self.open()
        rows = self.wait_outbox(channel, lambda rows: rows[0][1] > 0, "it was tried")
        self.assertEqual(rows[0][2], 'the receiver answered 400: "start time must?be before end time"')
        self.assertEqual(rows[0][0], "pending")

    def test_typed_or_piped_and_never_an_argument(self):
        for kind, to, *options in (("alertmanager", "-", "--auth=-"), ("apprise", "discord://1/2")):
            done = self.ctl_done("alert", "channel", "add", kind, "x", to, *options)
            self.assertEqual(done.returncode, 2, done.stderr)
        done = self.ctl_done("alert", "channel", "add", "webhook", "Piped", "-", stdin="https://x.example/t0ken\n")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.value("SELECT settings->>'url' FROM alert_channel ORDER BY id DESC LIMIT 1"),
                         "https://x.example/t0ken")
        self.assertIn("no address", self.ctl_done("alert", "channel", "add", "webhook", "x", "-").stderr)

    def ctl_done(self, *args, stdin=""):
        return subprocess.run([self.world.program("dpinctl"), f"--bus={self.world.bus_address}",
                               *args], input=stdin, capture_output=True, text=True, check=False)


class Guarded(AlertCase):
    conf = "AlertTimeout=2s\n"

    def test_nothing_goes_to_what_is_private(self):
        receiver = self.receiver()
        channel, _ = self.add("alertmanager", f"http://127.0.0.1:{receiver.port}")
        self.open()
        rows = self.wait_outbox(channel, lambda rows: rows[0][1] > 0, "it was tried")
        self.assertRegex(rows[0][2], "blocked|not allowed")
        self.assertEqual(receiver.all(), [])


if __name__ == "__main__":
    unittest.main()
