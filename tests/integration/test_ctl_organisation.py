"""dpinctl organisation: for how many days each keeps what was seen, and that the hub goes by it."""

import unittest

from ctl_case import FAILED, NOT_FOUND, NOWHERE, USAGE, Ctl
from process import wait_until


class Organisation(Ctl):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.db.sql("INSERT INTO organisation (public_id, name) VALUES (gen_random_uuid(), 'one'),"
                   " (gen_random_uuid(), 'two')")
        cls.one, cls.two = (cls.db.value(f"SELECT public_id FROM organisation WHERE name = '{name}'")
                            for name in ("one", "two"))

    def setUp(self):
        self.db.sql("DELETE FROM organisation_retention")

    def days(self):
        return {o["name"]: (o["rawDays"], o["hourDays"]) for o in self.rows("organisation", "list")}

    def test_days_are_set_and_shown(self):
        self.assertEqual(self.days(), {"one": (None, None), "two": (None, None)})
        self.assertEqual(self.rows("db", "status")["organisations"], [])
        self.assertNotIn("ORGANISATION", self.ok("db", "status"))
        self.assertEqual(self.ok("organisation", "keep", self.two, "raw", "30"), "")
        self.assertEqual(self.ok("organisation", "keep", self.two, "hour", "36500"), "")
        self.assertEqual(self.days(), {"one": (None, None), "two": (30, 36500)})
        self.assertEqual(self.rows("db", "status")["organisations"],
                         [{"id": self.two, "name": "two", "rawDays": 30, "hourDays": 36500}])
        self.assertRegex(self.ok("db", "status"), rf"ORGANISATION .*\n{self.two} +two +30 +36500\n\nTABLE ")
        self.assertRegex(self.ok("organisation", "list"), r" one +- +-\n")
        self.ok("organisation", "keep", self.two, "raw", "default")
        self.assertEqual(self.days()["two"], (None, 36500))
        self.assertEqual(self.ok("db", "verify"), "All is well\n")
        self.assertRegex(self.db.value("SELECT actor || action || object FROM audit_log ORDER BY id DESC LIMIT 1"),
                         rf"uid \d+organisation.keep{self.two}")
        self.assertIn("an organisation keeps for other days", self.world.hub.log())

    def test_what_cannot_be_is_refused(self):
        self.fails(NOT_FOUND, "No organisation has this id", "organisation", "keep", NOWHERE, "raw", "3")
        self.fails(FAILED, "36 characters", "organisation", "keep", "one", "raw", "3")
        self.fails(FAILED, "raw .* or hour", "organisation", "keep", self.one, "day", "3")
        self.fails(FAILED, "1 to 3650 days", "organisation", "keep", self.one, "raw", "3651")
        for days in ("0", "-1", "x", "36501"):
            self.fails(USAGE, "how many days", "organisation", "keep", "--", self.one, "hour", days)
        self.fails(USAGE, "needs ID WHAT DAYS", "organisation", "keep", self.one)
        self.assertIn("own", self.busctl("Hub1", "ListOrganisations", "ssu", "others", "", 5, check=False))
        self.assertEqual(self.days()["one"], (None, None))

    def test_completion_knows_organisations(self):
        offered = self.ok("complete", "--", f"--bus={self.world.bus_address}", "organisation", "keep", "")
        self.assertIn(f"{self.one}\tone", offered.splitlines())

    def test_the_hub_deletes_what_is_older(self):
        """Ticks and hours of the one go, those of the other stay, and the journal says how many went: they are there
        when no hub runs, for the one of before might delete them, too, in the second that it ends in."""
        self.ok("organisation", "keep", self.one, "raw", "2")
        self.ok("organisation", "keep", self.one, "hour", "3")
        self.assertEqual(self.world.hub.stop(), 0)
        self.addCleanup(self.wait_ready)
        self.db.let_ticks_be_rows()
        self.db.sql("""INSERT INTO website (public_id, organisation_id, url)
              SELECT gen_random_uuid(), id, 'http://' || name || '.example/' FROM organisation ORDER BY id;
            SELECT partition_ensure('tick_page', current_date - 7, current_date);
            INSERT INTO website_tick SELECT date_trunc('day', now(), 'UTC') - i * interval '12 hours', 1, 5, w.id, 1, i,
              0, 0, 0, 0, 0, 200, 1, 0, 's', false FROM website w, generate_series(1, 12) AS i;
            INSERT INTO rollup_hour SELECT w.id, date_trunc('day', now(), 'UTC') - i * interval '12 hours', 0, 0, 0,
              '{}', '{}', '{}', '{}', 0, 0, 0 FROM website w, generate_series(1, 12) AS i;
            INSERT INTO closed_hour VALUES (date_trunc('hour', now(), 'UTC'))""")
        self.world.start_hub(conf="TrustedProxies=127.0.0.1\n")
        left = ("SELECT string_agg(n::text, ' ' ORDER BY website_id)"
                " FROM (SELECT website_id, count(*) AS n FROM {} GROUP BY 1) x")
        wait_until(lambda: "older than their organisation keeps them were deleted" in self.world.hub.log(),
                   "the hub has deleted", 30)
        late = int(self.db.value("SELECT (extract(hour FROM now() AT TIME ZONE 'UTC') < 1)::integer"))
        self.assertEqual(self.db.value(left.format("website_tick")), f"{4 + 2 * late} 12")
        self.assertEqual(self.db.value(left.format("rollup_hour")), f"{6 + 2 * late} 12")
        self.assertEqual(self.ok("db", "verify"), "All is well\n")


if __name__ == "__main__":
    unittest.main()
