"""Maintenance as a hub keeps it, and websites that depend on each other."""

import subprocess
import unittest

from hub_case import CommitteeCase
from process import wait_until


class MaintainedCase(CommitteeCase):
    def maintain(self, site, beginning="now()", end="now() + interval '1 hour'"):
        self.db.sql(f"""INSERT INTO maintenance (public_id, organisation_id, website_ids, starts_at, ends_at)
            SELECT gen_random_uuid(), organisation_id, '{{{site.website}}}', {beginning}, {end}
              FROM website WHERE id = {site.website}""")

    def end_maintenance(self, site):
        self.db.sql(f"DELETE FROM maintenance WHERE {site.website} = ANY (website_ids)")

    def incidents(self, site):
        return int(self.value(f"SELECT count(*) FROM incident WHERE website_id = {site.website}"))

    def votes(self, site):
        return int(self.value(f"SELECT count(*) FROM website_tick WHERE website_id = {site.website}"))

    def spans(self, site):
        return [state for state, in self.db.sql(f"""SELECT state FROM verdict_span WHERE website_id = {site.website}
            AND state <> 'UNKNOWN' ORDER BY id""")]


class Calendar(MaintainedCase):
    def test_outage_in_maintenance(self):
        site = self.site_up("maintained")
        self.maintain(site)
        self.wait_state(site.website, "MAINTENANCE")
        site.down.update(range(4))
        before = self.votes(site)
        wait_until(lambda: self.votes(site) >= before + 8, "it is checked meanwhile", 40)
        self.assertEqual(self.state(site.website), "MAINTENANCE")
        self.assertEqual(self.incidents(site), 0)
        self.end_maintenance(site)
        self.wait_state(site.website, "DOWN", 3)
        wait_until(lambda: self.open_incidents(site.website) == 1, "it is an incident from then on", 3)
        self.assertEqual(self.spans(site), ["UP", "MAINTENANCE", "DOWN"])

    def test_incident_before_maintenance(self):
        site = self.site_up("worked-at")
        site.down.update(range(4))
        self.wait_state(site.website, "DOWN")
        self.maintain(site)
        self.wait_state(site.website, "MAINTENANCE")
        self.assertEqual(self.open_incidents(site.website), 1)
        site.down.clear()
        wait_until(lambda: self.open_incidents(site.website) == 0, "what was open is resolved", 20)
        self.assertEqual(self.state(site.website), "MAINTENANCE")
        self.end_maintenance(site)
        self.wait_state(site.website, "UP", 3)

    def test_it_ends_and_begins_by_the_clock(self):
        site = self.site_up("short")
        self.maintain(site, "now() + interval '2 seconds'", "now() + interval '4 seconds'")
        self.wait_state(site.website, "MAINTENANCE", 5)
        self.wait_state(site.website, "UP", 5)
        took = float(self.value(f"""SELECT extract(epoch FROM ended_at - started_at) FROM verdict_span
            WHERE website_id = {site.website} AND state = 'MAINTENANCE'"""))
        self.assertAlmostEqual(took, 2.0, delta=0.3)

    def test_restart_within(self):
        site = self.site_up("restarted")
        self.maintain(site)
        self.wait_state(site.website, "MAINTENANCE")
        spans = self.spans(site)
        self.world.hub.stop()
        self.world.hub.start()
        self.wait_ready()
        for v in self.validators:
            v.wait_welcome()
        before = self.votes(site)
        wait_until(lambda: self.votes(site) >= before + 4, "it is checked again", 40)
        self.assertEqual(self.spans(site), spans)
        self.end_maintenance(site)
        self.wait_state(site.website, "UP", 5)

    def test_child_of_what_is_down(self):
        parent, child, alone = (self.site_up(name) for name in ("parent", "child", "alone"))
        self.db.sql(f"UPDATE website SET parent_id = {parent.website} WHERE id = {child.website}")
        for site in (parent, child, alone):
            site.down.update(range(4))
            self.wait_state(site.website, "DOWN")
        wait_until(lambda: self.open_incidents(alone.website) == 1, "all are incidents")
        marks = dict(self.db.sql(f"""SELECT i.website_id, coalesce(above.website_id, 0) FROM incident i
            LEFT JOIN incident above ON above.id = i.suppressed_by WHERE i.closed_at IS NULL"""))
        self.assertEqual(marks, {str(parent.website): "0", str(child.website): str(parent.website),
                                 str(alone.website): "0"})
        child.down.clear()
        wait_until(lambda: self.open_incidents(child.website) == 0, "it is resolved on its own", 20)
        self.assertEqual(self.open_incidents(parent.website), 1)

    def test_child_was_seen_first(self):
        parent, child = self.site_up("later"), self.site_up("sooner")
        self.db.sql(f"UPDATE website SET parent_id = {parent.website} WHERE id = {child.website}")
        for site in (child, parent):
            site.down.update(range(4))
            wait_until(lambda s=site: self.open_incidents(s.website) == 1, "it is an incident", 20)
        self.assertEqual(self.value(f"""SELECT above.website_id FROM incident i JOIN incident above
            ON above.id = i.suppressed_by WHERE i.website_id = {child.website}"""), str(parent.website))

    def test_parent_becomes_as_bad_as_down(self):
        """What is down in part suppresses nothing; what is open is told by REST."""
        parent, child = self.new_site("part").website, self.new_site("part-child").website
        self.addCleanup(self.remove_website, parent)
        self.addCleanup(self.remove_website, child)
        self.db.sql(f"UPDATE website SET parent_id = {parent} WHERE id = {child}")
        for website, severity in ((parent, "partial"), (child, "down")):
            self.db.sql(f"""INSERT INTO incident (public_id, organisation_id, website_id, cause, severity, opened_at,
                first_evidence_at) SELECT gen_random_uuid(), organisation_id, id, 'split', '{severity}', now(), now()
                FROM website WHERE id = {website}""")
        marked = f"SELECT suppressed_by IS NOT NULL FROM incident WHERE website_id = {child}"
        self.assertEqual(self.value(marked), "f")
        self.db.sql(f"UPDATE incident SET severity = 'down' WHERE website_id = {parent}")
        self.assertEqual(self.value(marked), "t")

    def test_two_close_a_circle_at_once(self):
        """Each alone is fine; the second waits for the first, and sees what it did."""
        one, other = self.new_site("one").website, self.new_site("other").website
        self.addCleanup(self.remove_website, one)
        self.addCleanup(self.remove_website, other)
        first = subprocess.Popen(["psql", "-XAtq", self.db.url("postgres")], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
        self.addCleanup(first.stdout.close)
        first.stdin.write(f"BEGIN; UPDATE website SET parent_id = {other} WHERE id = {one}; SELECT 'done';\n")
        first.stdin.flush()
        self.assertEqual(first.stdout.readline(), "done\n")
        second = subprocess.Popen(["psql", "-XAtq", self.db.url("postgres"), "-c",
                                   f"UPDATE website SET parent_id = {one} WHERE id = {other}"],
                                  stderr=subprocess.PIPE, text=True)
        wait_until(lambda: self.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'") == "1",
                   "the second waits")
        first.communicate("COMMIT;\n", timeout=10)
        _, refusal = second.communicate(timeout=10)
        self.assertIn("in a circle: http://other.example -> http://one.example/ -> http://other.example", refusal)
        self.assertEqual(self.value(f"SELECT parent_id IS NULL FROM website WHERE id = {other}"), "t")

    def test_who_may_be_a_parent(self):
        ids = [self.new_site(f"row-{i}").website for i in range(9)]
        for i in ids:
            self.addCleanup(self.remove_website, i)
        for child, parent in zip(ids[:7], ids[1:8]):
            self.db.sql(f"UPDATE website SET parent_id = {parent} WHERE id = {child}")
        self.assertIn("At most eight", self.refusal(ids[7], ids[8]))
        self.assertIn("At most eight", self.refusal(ids[8], ids[0]))
        self.assertIn("in a circle", self.refusal(ids[7], ids[0]))
        self.db.sql("INSERT INTO organisation (public_id, name) VALUES (gen_random_uuid(), 'other')")
        self.db.sql("""INSERT INTO website (public_id, organisation_id, url) SELECT gen_random_uuid(), id,
            'http://foreign.example/' FROM organisation WHERE name = 'other'""")
        foreign = self.value("SELECT id FROM website WHERE url = 'http://foreign.example/'")
        self.assertIn("no such website", self.refusal(ids[8], foreign))
        self.remove_website(foreign)
        self.remove_website(ids[1])
        self.assertEqual(self.value(f"SELECT parent_id IS NULL FROM website WHERE id = {ids[0]}"), "t")
        self.assertIn("no such website", self.refusal(ids[8], ids[1]))

    def refusal(self, child, parent):
        made = subprocess.run(["psql", "-XAtq", self.db.url("postgres"), "-c",
                               f"UPDATE website SET parent_id = {parent} WHERE id = {child}"],
                              stderr=subprocess.PIPE, text=True, check=False, timeout=20)
        return made.stderr


class Flood(MaintainedCase):
    def test_changes_without_end_are_read_at_a_bounded_pace(self):
        def scans():
            return int(self.value("SELECT seq_scan + idx_scan FROM pg_stat_user_tables WHERE relname = 'maintenance'"))

        site = self.site_up("flooded")
        before = scans()
        self.db.sql("""DO $$ BEGIN
            FOR i IN 1 .. 500 LOOP
              PERFORM pg_notify('dpin_maintenance', '');
              COMMIT;
              PERFORM pg_sleep(0.01);
            END LOOP; END $$""")
        self.maintain(site)
        self.wait_state(site.website, "MAINTENANCE", 15)
        self.assertLess(scans() - before, 200)


if __name__ == "__main__":
    unittest.main()
