"""dpinctl and alerts: channels, their tests, what became of alerts."""

import json
import subprocess
import unittest

from alert_case import Receiver, plain
from ctl_case import FAILED, NOT_FOUND, NOWHERE, USAGE, Ctl
from process import wait_until


class Alerts(Ctl):
    def tearDown(self):
        self.db.sql("UPDATE alert_channel SET removed_at = now()")

    def add(self, *args):
        return json.loads(self.ok("alert", "channel", "add", "--json", *args))

    def test_added_listed_tested_removed(self):
        made = self.add("webhook", "Operators", "http://127.0.0.1:9/hook")
        self.assertRegex(made["secret"], r"^whsec_[A-Za-z0-9+/]{43}=$")
        row, = self.rows("alert", "channel", "list")
        self.assertEqual((row["id"], row["kind"], row["name"]), (made["id"], "webhook", "Operators"))
        self.assertEqual(json.loads(row["settings"]), {"url": "http://127.0.0.1:9/hook"})
        self.assertNotIn("secret", row)
        self.assertIn("http://127.0.0.1:9/hook", self.ok("alert", "channel", "list"))

        alert = self.ok("alert", "channel", "test", made["id"]).strip()
        wait_until(lambda: self.rows("alert", "log")[0]["tries"] > 0, "it was tried")
        shown = self.rows("alert", "log", "--state=pending")[0]
        self.assertEqual((shown["id"], shown["channel"], shown["type"]), (alert, "Operators", "test"))
        self.assertRegex(shown["error"], "blocked|not allowed")
        self.assertEqual(self.rows("alert", "log", "--state=delivered"), [])

        again = self.ok("alert", "channel", "rotate", made["id"]).strip()
        self.assertRegex(again, "^whsec_")
        self.assertNotEqual(again, made["secret"])
        self.assertEqual(self.ok("alert", "channel", "rm", made["id"]), "")
        self.assertEqual(self.rows("alert", "channel", "list"), [])
        self.assertEqual(self.rows("alert", "log")[0]["state"], "dropped")
        for verb in ("rm", "test", "enable", "rotate"):
            self.fails(NOT_FOUND, "alert channel", "alert", "channel", verb, made["id"])
        self.fails(NOT_FOUND, "No alert", "alert", "replay", alert)
        self.assertEqual([row[0] for row in self.db.sql("SELECT action FROM audit_log ORDER BY id DESC LIMIT 4")],
                         ["alert.channel.remove", "alert.channel.rotate", "alert.channel.test", "alert.channel.add"])

    def test_changed_in_what_is_given_and_nothing_else(self):
        made = self.add("webhook", "Operators", "http://127.0.0.1:9/", '--rules={"perHour": 5}')
        self.assertEqual(json.loads(self.rows("alert", "channel", "list")[0]["rules"]), {"perHour": 5})
        quiet = {"from": "22:00", "to": "07:00", "timeZone": "Europe/Berlin", "except": ["down"]}
        self.ok("alert", "channel", "set", made["id"], "--name=Night", "--rules=" + json.dumps({"quietHours": quiet}))
        row, = self.rows("alert", "channel", "list")
        self.assertEqual((row["name"], json.loads(row["rules"])), ("Night", {"quietHours": quiet}))
        self.assertEqual(json.loads(row["settings"]), {"url": "http://127.0.0.1:9/"})
        self.ok("alert", "channel", "set", made["id"], '--settings={"url": "http://127.0.0.1:10/"}', "--rules={}")
        row, = self.rows("alert", "channel", "list")
        self.assertEqual((json.loads(row["settings"]), row["rules"]), ({"url": "http://127.0.0.1:10/"}, ""))
        for words, option in (("perHour is", '--rules={"perHour": 0}'), ("webhook is set", "--settings={}"),
                              ("a filter is", "--filter=1"), ("one line", "--name=a\nb"),
                              ("time zone is not known",
                               "--rules=" + json.dumps({"quietHours": quiet | {"timeZone": "Mars"}}))):
            self.fails(FAILED, words, "alert", "channel", "set", made["id"], option)
        self.fails(NOT_FOUND, "alert channel", "alert", "channel", "set", NOWHERE, "--rules={}")
        self.fails(FAILED, "UUID", "alert", "channel", "set", "7", "--rules={}")

    def test_e_mail(self):
        made = self.add("email", "Ops", "a@x.example,b@x.example", "--subject={{name}}",
                        '--filter={"events": ["incident.opened"]}')
        self.assertEqual(made["secret"], "")
        row, = self.rows("alert", "channel", "list")
        self.assertEqual(json.loads(row["settings"]), {"to": ["a@x.example", "b@x.example"], "subject": "{{name}}"})
        self.assertEqual(json.loads(row["filter"]), {"events": ["incident.opened"]})
        self.fails(FAILED, "no secret", "alert", "channel", "rotate", made["id"])

    def test_what_cannot_be_is_refused_with_the_reason(self):
        for words, *args in (("or apprise", "pigeon", "x", "y"), ("credentials", "webhook", "x", "http://a:b@c/"),
                             ("plain address", "email", "x", "a@b,c"), ("one line", "webhook", "a\nb", "http://c/"),
                             ("200 bytes", "webhook", "x" * 201, "http://c/"), ("an event", "webhook", "x", "http://c/",
                              '--filter={"events": ["x"]}'), ("a filter is", "webhook", "x", "http://c/", "--filter=x"),
                             ("rules are", "webhook", "x", "http://c/", "--rules=x"),
                             ("{{field}}", "email", "x", "a@b", "--text={{secret}}"),
                             ("webhook is set", "webhook", "x", "http://c/", "--text=x")):
            self.fails(FAILED, words, "alert", "channel", "add", *args)
        self.fails(USAGE, "needs", "alert", "channel", "add", "webhook")
        self.fails(USAGE, "--seats", "alert", "channel", "list", "--seats=4")
        self.fails(FAILED, "UUID", "alert", "channel", "rm", "7")
        self.fails(FAILED, "pending, delivered", "alert", "log", "--state=x")
        self.fails(NOT_FOUND, "alert channel", "alert", "channel", "test", NOWHERE)
        self.assertEqual(self.rows("alert", "channel", "list"), [])

    def test_completed(self):
        self.assertEqual(sorted(line.split("\t")[0] for line in self.ok("complete", "alert", "").splitlines()),
                         ["channel", "log", "replay"])
        self.assertEqual([line.split("\t")[0] for line in self.ok("complete", "alert", "channel", "r").splitlines()],
                         ["rm", "rotate"])
        self.assertEqual([line.split("\t")[0] for line in
                          self.ok("complete", "alert", "channel", "add", "").splitlines()],
                         ["webhook", "email", "alertmanager", "exec", "apprise"])

    def test_a_log_longer_than_a_page_comes_whole(self):
        made = self.add("webhook", "Many", "http://127.0.0.1:9/")
        self.db.sql(f"""INSERT INTO alert_outbox (channel_id, kind, payload, state, done_at)
            SELECT c.id, 'test', '{{}}', 'failed', now() FROM alert_channel c, generate_series(1, 1003)
             WHERE c.public_id = '{made["id"]}'""")
        rows = self.rows("alert", "log", "--state=failed")
        self.assertEqual(len({r["id"] for r in rows}), 1003)


class Delivered(Ctl):
    """Where receivers of this machine are allowed."""

    add = Alerts.add

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.hub.stop()
        cls.world.start_hub(conf="AlertAllow=127.0.0.0/8\n")
        cls.wait_ready()

    def test_delivered_once_more_under_the_same_id(self):
        receiver = Receiver(plain(200))
        self.addCleanup(receiver.close)
        made = self.add("webhook", "Here", receiver.url)
        alert = self.ok("alert", "channel", "test", made["id"]).strip()
        self.assertEqual(receiver.wait()[0].id, alert)
        wait_until(lambda: self.rows("alert", "log")[0]["state"] == "delivered", "it is delivered")
        self.ok("alert", "replay", alert)
        self.assertEqual(receiver.wait(2)[1].id, alert)
        wait_until(lambda: self.counters()["delivered"] == 2, "both are counted")

    def counters(self):
        done = subprocess.run(["busctl", f"--address={self.world.bus_address}", "--json=short", "get-property",
                               "org.dpin.Hub1", "/org/dpin/Hub1", "org.dpin.Hub1", "Alerts"], capture_output=True,
                              check=True)
        return json.loads(done.stdout)["data"]


if __name__ == "__main__":
    unittest.main()
