"""dpinctl and incidents: what the administrator sees of all of them, and does."""

import os
import subprocess
import unittest

from ctl_case import DENIED, FAILED, NOBODY, NOT_FOUND, NOWHERE, USAGE, Ctl
from process import wait_until


class Incidents(Ctl):
    everyone = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.token()  # makes the organisation
        cls.db.sql("INSERT INTO app_user (public_id, email) VALUES (gen_random_uuid(), 'ann@example.org')")
        cls.db.sql("INSERT INTO membership SELECT o.id, u.id, 'editor' FROM organisation o, app_user u")
        cls.n = 0

    def website(self):
        Incidents.n += 1
        return self.ok("website", "add", f"push:job{self.n}").strip()

    def test_opened_noted_assigned_acknowledged_resolved(self):
        website = self.website()
        incident = self.ok("incident", "open", website, "Slow checkout", "Since noon.\nAll of them.").strip()
        self.assertEqual(self.ok("incident", "ack", incident), "")
        self.assertEqual(self.ok("incident", "ack", incident), "")
        self.assertEqual(self.ok("incident", "note", incident, "It is the cable."), "")
        self.assertEqual(self.ok("incident", "assign", incident, "Ann@example.org"), "")
        shown = self.rows("incident", "show", incident)
        expected = {"id": incident, "websiteId": website, "kind": "manual", "summary": "Slow checkout",
                    "severity": "warning", "closedAt": None, "acknowledgedBy": f"uid {os.getuid()}",
                    "assignee": "ann@example.org"}
        self.assertEqual({k: shown[k] for k in expected}, expected)
        self.assertEqual([(e["kind"], e["text"]) for e in shown["events"]],
                         [("opened", "Since noon.\nAll of them."), ("acknowledged", ""), ("noted", "It is the cable."),
                          ("assigned", "ann@example.org")])
        people = self.ok("incident", "show", incident)
        self.assertRegex(people, r"(?s)WHAT +Slow checkout.*\n\nAT +WHAT +WHO +TEXT\n")
        self.assertRegex(people, r"opened +uid \d+ +Since noon. All of them.\n")
        self.assertEqual(self.ok("incident", "assign", incident), "")
        self.assertEqual(self.ok("incident", "resolve", incident), "")
        self.assertEqual(self.ok("incident", "resolve", incident), "")
        self.assertEqual(self.rows("incident", "show", incident)["assignee"], "")
        self.fails(FAILED, "closed: only open ones", "incident", "ack", self.closed())

    def closed(self):
        incident = self.ok("incident", "open", self.website(), "x").strip()
        self.ok("incident", "resolve", incident)
        return incident

    def test_listed_newest_first_all_or_open(self):
        first, closed = self.ok("incident", "open", self.website(), "First").strip(), self.closed()
        last = self.ok("incident", "open", self.website(), "Last").strip()
        ids = lambda *args: [row["id"] for row in self.rows("incident", "list", *args)]
        self.assertEqual([i for i in ids() if i in (first, closed, last)], [last, closed, first])
        self.assertEqual(ids("--state=all"), ids())
        self.assertEqual([i for i in ids("--state=open") if i in (first, closed, last)], [last, first])
        self.assertIn("Last", self.ok("incident", "list"))
        self.fails(FAILED, "Only the open incidents", "incident", "list", "--state=shut")

    def test_pages_of_the_bus(self):
        incident = self.ok("incident", "open", self.website(), "Paged").strip()
        for i in range(3):
            self.ok("incident", "note", incident, f"note {i}")
        rows, after = [], ""
        while True:
            page, after = self.busctl("Hub1", "ListIncidentEvents", "ssu", incident, after, 2)
            self.assertLessEqual(len(page), 2)
            rows += [row[3] for row in page]
            if not after:
                break
        self.assertEqual(rows, ["", "note 0", "note 1", "note 2"])
        page, after = self.busctl("Hub1", "ListIncidents", "ssu", "", "", 1)
        self.assertEqual([row[0] for row in page], [incident])
        self.assertEqual(after, incident if self.db.value("SELECT count(*) FROM incident") != "1" else "")
        for args in (("ListIncidents", "ssu", "", "x", 1), ("ListIncidents", "ssu", "", "", 0),
                     ("ListIncidentEvents", "ssu", "7", "", 9), ("ListIncidentEvents", "ssu", "", "", 9),
                     ("ListIncidentEvents", "ssu", incident, "x", 9),
                     ("ListIncidentEvents", "ssu", incident, "9" * 30, 9)):
            self.assertIn("page", self.busctl("Hub1", *args, check=False))

    def test_refused_with_the_reason(self):
        website = self.website()
        incident = self.ok("incident", "open", website, "One").strip()
        self.fails(FAILED, f"is open already: {incident}", "incident", "open", website, "Two")
        for words, *args in (("1 to 200 characters", "open", website, ""),
                             ("1 to 200 characters", "open", website, "x" * 201),
                             ("control characters", "open", website, "a\nb"),
                             ("control characters", "open", website, "a", "\x1b[2J"),
                             ("1 to 2000 characters", "note", incident, " "),
                             ("control characters", "note", incident, "\x07"),
                             ("1 to 2000 characters", "note", incident, "x" * 2001),
                             ("Nobody of this organisation", "assign", incident, "bob@example.org"),
                             ("UUID", "show", "7"), ("UUID", "ack", "7")):
            self.fails(FAILED, words, "incident", *args)
        for args in (("show",), ("ack",), ("resolve",), ("assign",), ("note", "x")):
            self.fails(NOT_FOUND, "No incident", "incident", args[0], NOWHERE, *args[1:])
        self.fails(NOT_FOUND, "No website", "incident", "open", NOWHERE, "x")
        self.fails(USAGE, "needs ID TEXT", "incident", "note", incident)

    def test_what_checks_opened_checks_close(self):
        website = self.website()
        path = self.ok("website", "heartbeat", website).strip()
        self.assertEqual(self.world.request("POST", path + "/fail")[0], 204)
        mine = lambda: [r for r in self.rows("incident", "list", "--state=open") if r["websiteId"] == website]
        wait_until(mine, "there is an incident")
        self.fails(FAILED, "Checks opened this incident", "incident", "resolve", mine()[0]["id"])

    def test_others_look_and_do_nothing(self):
        if os.getuid() != 0:
            self.skipTest("needs root to become somebody else")
        incident = self.ok("incident", "open", self.website(), "Looked at").strip()
        for code, *args in ((0, "list"), (0, "show", incident), (DENIED, "ack", incident),
                            (DENIED, "resolve", incident), (DENIED, "note", incident, "x"),
                            (DENIED, "assign", incident), (DENIED, "open", self.website(), "x")):
            done = subprocess.run([*NOBODY, *self.argv("incident", *args)], capture_output=True, check=False)
            if done.returncode == 126:
                self.skipTest("the build is closed to others")
            self.assertEqual(done.returncode, code, done.stderr)


if __name__ == "__main__":
    unittest.main()
