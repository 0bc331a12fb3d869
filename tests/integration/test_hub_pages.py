"""Ticks that a hub took in and had no time to write to their pages: the next one does, from their batches."""

import unittest

from hub_case import CommitteeCase
from process import wait_until

TICKS = """SELECT batch_id, order_id, website_id, validator_id, kind, number, started_at, outcome, error_class, status,
    dns_us, connect_us, tls_us, wait_us, transfer_us, late FROM website_tick"""


class Pages(CommitteeCase):
    def ticks(self, *sites):
        return {tuple(row) for row in self.db.sql(
            f"{TICKS} WHERE website_id IN ({', '.join(str(s.website) for s in sites)})")}

    def commits_of(self, *sites):
        """Of all their ticks, oldest first."""
        return [int(n) for n, in self.db.sql(f"""SELECT DISTINCT commit_no FROM website_tick t
            JOIN tick_batch b ON b.id = t.batch_id WHERE website_id IN ({', '.join(str(s.website) for s in sites)})
            ORDER BY 1""")]

    def kill_after_ticks(self, *sites):
        for site in sites:
            wait_until(lambda s=site: len(self.commits_of(s)) > 4, "ticks of some commits", 30)
        self.world.hub.kill()

    def forget_pages(self, site, commit):
        """As if nothing of the commits after this one had been written."""
        kept = self.db.sql(f"""SELECT span, string_agg(substring(ticks FROM 416 * n + 1 FOR 416)::text, '' ORDER BY n)
              FROM tick_page p, generate_series(0, length(ticks) / 416 - 1) AS n, tick_batch b
             WHERE website_id = {site.website} AND b.commit_no <= {commit}
               AND b.id = tick_bigint(ticks, 416 * n, 12) GROUP BY span, p.ctid""")
        self.db.sql(f"DELETE FROM tick_page WHERE website_id = {site.website}")
        for span, ticks in kept:
            self.db.sql(f"INSERT INTO tick_page VALUES ('{span}', {site.website}, B'{ticks}')")

    def tearDown(self):
        if not self.world.hub.running():
            self.start_again()

    def start_again(self):
        joins = [v.joins for v in self.validators]
        self.world.start_hub(conf=self.conf)
        for v, n in zip(self.validators, joins):
            v.wait(lambda v, n=n: v.joins > n and v.socket.open and v.orders, "back with its orders", 20)

    def test_pages_that_were_not_written_are_written_by_the_next_hub(self):
        written, lost = self.site_up("written"), self.site_up("lost")
        self.kill_after_ticks(written, lost)
        before = self.ticks(written, lost)
        paged = self.commits_of(lost)[2]
        self.forget_pages(lost, paged)
        missing = before - self.ticks(written, lost)
        self.assertGreater(len(missing), 1)
        self.db.sql(f"""UPDATE hub_state SET paged_no = {paged};
            INSERT INTO tick_paged SELECT commit_no, array_agg(website_id), array_agg(span)
              FROM hub_state, (SELECT DISTINCT website_id, span FROM tick_page
                                WHERE website_id <> {lost.website}) AS p GROUP BY 1""")
        self.start_again()
        self.assertEqual(before - self.ticks(written, lost), set(), "all are there again")
        self.assertEqual(self.value("""SELECT count(*) - count(DISTINCT (order_id, number, kind <> 's'))
            FROM website_tick"""), "0", "and each once")
        self.assertIn(f"{len(missing)} ticks of the last commits were written to their pages", self.world.hub.log())
        self.assertEqual(self.value("SELECT count(*) FROM tick_paged"), "0")
        for site in (written, lost):
            self.assertEqual(self.state(site.website), "UP")

    def test_a_hub_that_ended_well_left_nothing(self):
        site = self.site_up("left")
        self.assertEqual(self.world.hub.stop(), 0)
        self.assertEqual(self.value("SELECT paged_no = commit_no FROM hub_state"), "t")
        before = self.ticks(site)
        self.start_again()
        self.assertNotIn("were written to their pages", self.world.hub.log())
        self.assertEqual(before - self.ticks(site), set())

    def test_another_hub_that_goes_on_meanwhile_is_noticed(self):
        """What is written is written for the last commit."""
        self.site_up("meanwhile")
        self.world.hub.kill()
        with self.assertRaisesRegex(Exception, "another hub wrote pages after"):
            self.db.sql("SELECT pages_settle(paged_no, commit_no - 1) FROM hub_state")
        self.start_again()


if __name__ == "__main__":
    unittest.main()
