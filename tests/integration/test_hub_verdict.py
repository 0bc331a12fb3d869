"""Seats, rounds, verdicts and incidents of a real hub, fed by validators that see what the test says."""

import contextlib
import time
import unittest

import psycopg2

from hub_case import CommitteeCase
from process import Failure, wait_until
from verify_store import Check, verify

DOWN_WITHIN = 1.5  # seconds from the first tick that says so


class Verdicts(CommitteeCase):
    def span(self, site):
        """(state, assurance, n, cause) of the open span."""
        return self.db.sql(f"""SELECT state, assurance, n, cause FROM verdict_span
                               WHERE website_id = {site.website} AND ended_at IS NULL""")[0]

    def test_a_declared_name_is_no_tag(self):
        self.assertEqual(self.db.sql("SELECT name, tags FROM validator WHERE name IN ('v0', 'v3') ORDER BY name"),
                         [["v0", "{}"], ["v3", "{}"]])

    def test_four_honest_validators_make_it_up(self):
        site = self.site_up("up")
        self.assertEqual(self.span(site)[0], "UP")
        self.assertEqual(self.span(site)[2], "4")
        self.assertEqual(self.open_incidents(site.website), 0)
        orders = [self.order_of(v, site)[1] for v in self.validators]
        self.assertEqual({o.seat for o in orders}, {0, 1, 2, 3})
        starts = sorted(o.start % 10_000_000 for o in orders)
        self.assertEqual({b - a for a, b in zip(starts, starts[1:])}, {2_500_000}, "seats are staggered by T/n")

    def test_down_is_found_within_its_bound_and_recovery_too(self):
        site = self.site_up("outage")
        self.wait_quiet(site)
        site.down = {0, 1, 2, 3}
        began = self.first_tick(site, 2)
        self.wait_state(site.website, "DOWN")
        self.assertLess(time.monotonic() - began, DOWN_WITHIN)
        self.assertEqual(self.open_incidents(site.website), 1)
        cause, evidence = self.db.sql(f"""SELECT cause, first_evidence_at <= opened_at FROM incident
                                          WHERE website_id = {site.website}""")[0]
        self.assertEqual((cause, evidence), ("refused", "t"))
        site.down = set()
        began = self.first_tick(site, 1)
        self.wait_state(site.website, "UP")
        self.assertLess(time.monotonic() - began, DOWN_WITHIN)
        self.assertEqual(self.open_incidents(site.website), 0)
        kinds = [row[0] for row in self.db.sql(f"""SELECT kind FROM event WHERE payload->>'websiteId' =
            (SELECT public_id::text FROM website WHERE id = {site.website}) ORDER BY commit_no, ordinal""")]
        self.assertEqual([k for k in kinds if k.startswith("incident")], ["incident.opened", "incident.closed"])

    def wait_quiet(self, site):
        """There is at most one confirmation round per T/n, and the first verdict took one."""
        wait_until(lambda: self.value(f"""SELECT now() - started_at > interval '2.6 s' FROM verdict_span
                                          WHERE website_id = {site.website} AND ended_at IS NULL""") == "t",
                   "the round of the first verdict is over for T/n")

    def first_tick(self, site, outcome):
        """Waits for the first tick of that outcome made from now on, and returns when it was seen here."""
        seen = [len(v.ticks) for v in self.validators]
        wait_until(lambda: any(t.outcome == outcome and site.url == self.url_of(v, t)
                               for v, n in zip(self.validators, seen) for t in v.ticks[n:]), "a tick", 12, step=0.005)
        return time.monotonic()

    def url_of(self, validator, tick):
        known = validator.orders.get(tick.order)
        return known and known[1]["url"]

    def test_half_against_half_is_partial_and_no_incident(self):
        site = self.site_up("half")
        site.down = {0, 1}
        self.wait_state(site.website, "PARTIAL")
        self.assertEqual(self.open_incidents(site.website), 0)
        site.down = set()
        self.wait_state(site.website, "UP")

    def test_one_liar_changes_nothing(self):
        site = self.site_up("liar")
        site.down = {3}
        lies = self.validators[3]
        heard = len(lies.receipts)
        lies.wait(lambda v: len(v.receipts) > heard + 3, "the liar has spoken", 40)
        spans = self.db.sql(f"""SELECT state FROM verdict_span WHERE website_id = {site.website}
                                AND state <> 'UNKNOWN' ORDER BY id""")
        self.assertEqual(spans, [["UP"]])
        self.assertEqual(self.open_incidents(site.website), 0)

    def test_a_liar_hides_no_outage(self):
        site = self.site_up("hidden")
        site.down = {0, 1, 2}
        self.wait_state(site.website, "DOWN")
        self.assertEqual(self.open_incidents(site.website), 1)

    def test_a_silent_validator_changes_nothing(self):
        site = self.site_up("silent")
        site.sees = lambda number, kind: None if number == 2 else {"outcome": 2, "error": 2}
        self.wait_state(site.website, "DOWN")

    def test_abstaining_is_no_vote(self):
        site = self.site_up("abstain")
        site.sees = lambda number, kind: {"outcome": 3, "error": 17} if number == 0 else {"outcome": 2, "error": 2}
        self.wait_state(site.website, "DOWN")

    def test_a_removed_website_ends_its_orders(self):
        site = self.site_up("removed")
        self.remove_website(site.website)
        for v in self.validators:
            v.wait(lambda v: all(spec["url"] != site.url for _, spec in v.orders.values()), "the order is taken back")
        self.assertIsNone(self.state(site.website))

    def test_a_changed_website_gets_new_orders(self):
        site = self.site_up("changed")
        new = "http://changed-to.example/"
        self.sites[new] = site
        before = {self.order_of(v, site)[0] for v in self.validators}
        self.db.sql(f"UPDATE website SET url = '{new}' WHERE id = {site.website}")
        site.url = new
        for v in self.validators:
            v.wait(lambda v: any(spec["url"] == new for _, spec in v.orders.values()), "the new order")
        self.assertFalse(before & {self.order_of(v, site)[0] for v in self.validators})
        self.wait_state(site.website, "UP")

    def test_a_url_that_cannot_be_checked_hurts_nobody(self):
        self.add_website("ftp://nothing.example/")
        self.site_up("after-the-bad-one")

    def test_z_every_stored_signature_verifies(self):
        self.assertGreater(verify(self.world), 2 * self.seats - 1)

    def test_z_whatever_is_changed_in_the_store_is_found(self):
        self.db.let_ticks_be_rows()
        for table, column, change in (("website_tick", "status", "status + 1"),
                                      ("website_tick", "outcome", "3 - outcome"),
                                      ("website_tick", "started_at", "started_at + interval '1 us'"),
                                      ("tick_batch", "frame", "set_byte(frame, 170, get_byte(frame, 170) # 1)"),
                                      ("tick_batch", "hash", "sha256(hash)"), ("tick_batch", "codes", "'\\x02'"),
                                      ("work_order", "bytes", "set_byte(bytes, 59, get_byte(bytes, 59) # 1)"),
                                      ("work_order", "root", "sha256(root)"), ("work_order", "signature", "NULL"),
                                      ("work_order", "signature", "set_byte(signature, 9, get_byte(signature, 9) # 1)"),
                                      ("epoch", "secret", "sha256(secret)"),
                                      ("specification", "bytes", "bytes || ' '::bytea")):
            with self.subTest(table=table, change=change), contextlib.closing(
                    psycopg2.connect(self.db.url("postgres"))) as connection, connection.cursor() as cursor:
                one = "(order_id, number, kind)" if table == "website_tick" else "ctid"
                cursor.execute(f"""UPDATE {table} SET {column} = {change} WHERE {one} IN
                                   (SELECT {one.strip('()')} FROM {table} WHERE {column} IS NOT NULL LIMIT 1)""")
                self.assertEqual(cursor.rowcount, 1)
                with self.assertRaises(Failure):
                    Check(cursor).all()
                connection.rollback()

    def test_z_a_batch_that_is_stored_twice_is_found(self):
        with contextlib.closing(psycopg2.connect(self.db.url("postgres"))) as connection, connection.cursor() as cursor:
            Check(cursor).all()
            cursor.execute("INSERT INTO tick_batch SELECT * FROM tick_batch WHERE count > 0 LIMIT 1")
            with self.assertRaisesRegex(Failure, "two batches are stored with one id"):
                Check(cursor).all()
            connection.rollback()


if __name__ == "__main__":
    unittest.main()
