"""dpinctl: websites changed, and maintenance announced and called off."""

import unittest

from ctl_case import FAILED, NOT_FOUND, NOWHERE, USAGE, Ctl
from process import wait_until


class Changes(Ctl):
    def tearDown(self):
        self.db.sql("UPDATE website SET removed_at = now() WHERE removed_at IS NULL")
        self.db.sql("DELETE FROM maintenance")

    def add(self, url, *options):
        return self.ok("website", "add", url, *options).strip()

    def settings(self, website):
        status = self.rows("website", "show", website)["status"]
        return {**status["settings"], **{name: status[name] for name in ("name", "check", "parentId", "tags")}}

    def test_set_what_is_said(self):
        website = self.add("http://127.0.0.1:9/", "--interval=30s", "--timeout=2s", "--name=Old")
        before = self.settings(website)
        self.assertEqual(self.ok("website", "set", website, "--interval=20s", "--name=New", "--rules=region=eu"), "")
        self.assertEqual(self.settings(website), {**before, "intervalMs": 20000, "name": "New", "rules": "region=eu"})
        self.ok("website", "set", website, "--status=404", "--confirm-down=3", "--slow=0")
        now = self.settings(website)
        self.assertEqual((now["check"]["status"], now["confirmDown"], now["slowMs"]), ("404", 3, None))
        self.ok("website", "set", website, "--confirm-down=3")
        self.assertEqual(self.db.sql(f"SELECT action FROM audit_log WHERE object = '{website}' ORDER BY id"),
                         [["website.add"], ["website.change"], ["website.change"]])

    def listed(self, website):
        return next(row for row in self.rows("website", "list") if row["id"] == website)

    def test_tags(self):
        website = self.add("http://127.0.0.1:9/", "--tags=web,prod,web")
        self.assertEqual(self.settings(website)["tags"], ["prod", "web"])
        self.ok("website", "set", website, "--name=New")
        self.assertEqual(self.settings(website)["tags"], ["prod", "web"])
        self.assertEqual(self.listed(website)["tags"], ["prod", "web"])
        self.assertRegex(self.ok("website", "show", website), r"(?m)^ *Tags:? +prod web$")
        self.ok("website", "set", website, "--tags=team-a")
        self.assertEqual(self.settings(website)["tags"], ["team-a"])
        self.fails(FAILED, "The option tags must be", "website", "set", website, "--tags=Prod")
        self.ok("website", "set", website, "--tags=")
        self.assertEqual(self.settings(website)["tags"], [])
        self.assertEqual(self.listed(website)["tags"], [])

    def test_set_what_cannot_be(self):
        website = self.add("http://127.0.0.1:9/", "--interval=30s", "--timeout=10s")
        before = self.settings(website)
        self.fails(FAILED, "half the interval", "website", "set", website, "--interval=15s")
        self.fails(FAILED, "10000 to 86400000", "website", "set", website, "--interval=25h")
        self.fails(FAILED, "no such website", "website", "set", website, f"--parent={NOWHERE}")
        self.fails(FAILED, "parent is the id", "website", "set", website, "--parent=x")
        self.fails(NOT_FOUND, "No website", "website", "set", NOWHERE, "--name=x")
        self.fails(USAGE, "--seats", "website", "set", website, "--seats=17")
        self.assertEqual(self.settings(website), before)

    def test_parents(self):
        front, back = self.add("http://127.0.0.1:9/front"), self.add("http://127.0.0.1:9/back")
        self.ok("website", "set", front, f"--parent={back}")
        self.assertEqual(self.settings(front)["parentId"], back)
        self.fails(FAILED, "in a circle: http://127.0.0.1:9/b", "website", "set", back, f"--parent={front}")
        self.ok("website", "set", front, "--parent=")
        self.assertIsNone(self.settings(front)["parentId"])

    def test_maintenance_on_and_off(self):
        website = self.add("http://127.0.0.1:9/")
        window = self.ok("maintenance", "add", f"--websites={website}", "--title=Nightly", "--cron=0 0 * * *",
                         "--duration=24h", "--time-zone=Europe/Berlin").strip()
        row, = self.rows("maintenance", "list")
        self.assertEqual((row["id"], row["title"], row["websites"], row["cron"], row["timeZone"], row["durationMs"]),
                         (window, "Nightly", website, "0 0 * * *", "Europe/Berlin", 86400000))
        self.assertIn("Nightly", self.ok("maintenance", "list"))
        self.wait_seen(website, "MAINTENANCE")
        self.assertEqual(self.ok("maintenance", "rm", window), "")
        self.wait_seen(website, "UNKNOWN")
        self.fails(NOT_FOUND, "No maintenance", "maintenance", "rm", window)
        self.assertEqual(self.db.sql(f"SELECT action FROM audit_log WHERE object = '{window}' ORDER BY id"),
                         [["maintenance.add"], ["maintenance.remove"]])

    def wait_seen(self, website, state):
        wait_until(lambda: self.rows("website", "show", website)["status"]["state"] == state, f"it is {state}")

    def test_maintenance_that_cannot_be(self):
        self.add("http://127.0.0.1:9/")
        for words, *options in (
                ("would never come", "--cron=0 0 30 2 *", "--duration=1h"),
                ("at most 96 times", "--cron=* * * * *", "--duration=24h"),
                ("a minute to a day", "--cron=0 0 * * *", "--duration=25h"),
                ("not known", "--cron=0 0 * * *", "--duration=1h", "--time-zone=Mars/Olympus"),
                ("or else a cron", "--cron=0 0 * * *"), ("or else a cron", "--from=2030-01-01T00:00:00Z"),
                ("within 366 days", "--from=2030-01-01T00:00:00Z", "--until=2032-01-01T00:00:00Z"),
                ("is written like", "--from=now", "--until=tomorrow"),
                ("does not exist", "--cron=0 0 * * *", "--duration=1h", f"--websites={NOWHERE}"),
                ("ids with a comma", "--cron=0 0 * * *", "--duration=1h", "--websites=x")):
            self.fails(FAILED, words, "maintenance", "add", *options)
        self.fails(USAGE, "--duration", "maintenance", "add", "--cron=0 0 * * *", "--duration=long")
        self.fails(USAGE, "--seats", "maintenance", "add", "--seats=4")
        self.assertEqual(self.rows("maintenance", "list"), [])
        self.assertIn("The options are", self.busctl("Hub1", "AddMaintenance", "a{sv}", 1, "cron", "u", 7, check=False))


if __name__ == "__main__":
    unittest.main()
