"""A hub that dies, a database that goes: what was acked is there, the verdict stands, validators come back."""

import contextlib
import os
import unittest

import psycopg2

from hub_case import CommitteeCase, HubCase
from clock import Clock
from process import wait_until
from verify_store import verify


class Restarts(CommitteeCase):
    def spans(self, *sites):
        return self.db.sql(f"""SELECT id, website_id, state FROM verdict_span WHERE ended_at IS NULL
                               AND website_id IN ({', '.join(str(s.website) for s in sites)}) ORDER BY id""")

    def assert_nothing_acked_is_missing(self):
        for v in self.validators:
            stored = {(int(i), int(s)) for i, s in self.db.sql(f"""SELECT incarnation, sequence FROM tick_batch b
                JOIN validator v ON v.id = validator_id WHERE key = '\\x{v.key.public.hex()}'""")}
            self.assertEqual(set(v.codes) - stored, set())
            self.assertGreater(len(v.codes), 0)

    def wait_back(self, joins):
        for v, n in zip(self.validators, joins):
            v.wait(lambda v, n=n: v.joins > n and v.socket.open and v.orders, "back with its orders", 20)

    def joins(self):
        return [v.joins for v in self.validators]

    def two_sites(self, name):
        up, down = self.site_up(name + "-up"), self.site_up(name + "-down")
        down.down = {0, 1, 2, 3}
        self.wait_state(down.website, "DOWN")
        return up, down

    def assert_still_judging(self, up, down):
        up.down = {0, 1, 2, 3}
        self.wait_state(up.website, "DOWN", 15)
        self.assertEqual(self.open_incidents(up.website), 1)
        down.down = set()
        self.wait_state(down.website, "UP", 15)
        self.assertEqual(self.open_incidents(down.website), 0)
        self.assertEqual(self.value(f"SELECT count(*) FROM incident WHERE website_id = {down.website}"), "1")

    def test_killed_and_started_again(self):
        up, down = self.two_sites("killed")
        before, joins = self.spans(up, down), self.joins()
        self.world.hub.kill()
        self.assert_nothing_acked_is_missing()
        self.world.start_hub(conf=self.conf)
        self.wait_back(joins)
        self.assertEqual(self.spans(up, down), before, "the verdict stands")
        for v in self.validators:
            self.assertTrue(v.positions, "welcomed at its position")
        self.assert_still_judging(up, down)
        self.assert_nothing_acked_is_missing()
        self.assertGreater(verify(self.world), 0)

    def test_upkeep_holds_up_nobody(self):
        up, down = self.two_sites("closing")
        joins = self.joins()
        self.world.hub.kill()
        self.db.sql("UPDATE verdict_span SET started_at = started_at - interval '5 hours' WHERE id ="
                    " (SELECT min(id) FROM verdict_span)")
        with contextlib.closing(psycopg2.connect(self.db.url("postgres"))) as holder, holder.cursor() as cursor:
            cursor.execute("LOCK TABLE rollup_hour IN EXCLUSIVE MODE")
            self.world.start_hub(conf=self.conf)
            self.wait_back(joins)
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            wait_until(lambda: self.value(waiting) == "1", "the upkeep waits", 20)
            self.assert_still_judging(up, down)
        wait_until(lambda: int(self.value("SELECT count(*) FROM closed_hour")) >= 3, "hours are closed", 20)

    def test_the_database_hangs_up(self):
        up, down = self.two_sites("hung-up")
        before, joins = self.spans(up, down), self.joins()
        self.db.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'dpin-hub'")
        self.wait_back(joins)
        self.assertTrue(self.world.hub.running())
        self.assertEqual(self.spans(up, down), before)
        self.assert_still_judging(up, down)
        self.assert_nothing_acked_is_missing()

    def test_stopped_in_good_order(self):
        up, down = self.two_sites("stopped")
        joins, told = self.joins(), [len(v.notices) for v in self.validators]
        self.assertEqual(self.world.hub.stop(), 0)
        for v, n in zip(self.validators, told):
            self.assertIn("shutdown", [x["code"] for x in v.notices[n:] if x.get("bye")])
        self.assert_nothing_acked_is_missing()
        self.world.start_hub(conf=self.conf)
        self.wait_back(joins)
        self.assert_still_judging(up, down)

    def test_a_website_changed_while_no_hub_ran(self):
        site, joins = self.site_up("meanwhile"), self.joins()
        self.world.hub.kill()
        new = "http://meanwhile-changed.example/"
        self.sites[new] = site
        self.db.sql(f"UPDATE website SET url = '{new}' WHERE id = {site.website}")
        other = self.new_site("meanwhile-added")
        self.world.start_hub(conf=self.conf)
        self.wait_back(joins)
        for url in (new, other.url):
            for v in self.validators:
                v.wait(lambda v: any(s["url"] == url for _, s in v.orders.values()), f"an order for {url}", 25)
        self.wait_state(other.website, "UP")

    def test_epochs_that_no_tick_refers_to_go(self):
        site = self.site_up("aged")
        self.world.hub.kill()
        self.db.sql(f"""INSERT INTO epoch (website_id, number, starts_at, ends_at, n, secret, eligible, eligible_root)
            SELECT website_id, 0, '2020-01-01 00:00Z', '2020-01-01 01:00Z', n, secret, '', eligible_root FROM epoch
             WHERE website_id = {site.website} AND number = 1""")
        self.world.start_hub(conf=self.conf)
        wait_until(lambda: "to which no tick refers any more were deleted" in self.world.hub.log(), "it is deleted", 20)
        self.assertEqual(self.db.sql(f"SELECT number FROM epoch WHERE website_id = {site.website}"), [["1"]])
        site.down = {0, 1, 2, 3}
        self.wait_state(site.website, "DOWN", 20)

    def test_rules_changed_while_no_hub_ran(self):
        site = self.site_up("ruled")
        self.world.hub.kill()
        self.db.sql(f"UPDATE website SET rules = 'operator>=2' WHERE id = {site.website}")
        self.world.start_hub(conf=self.conf)
        wait_until(lambda: self.value(f"SELECT count(*) FROM epoch WHERE rules = 'operator>=2'"
                                      f" AND website_id = {site.website}") == "1", "an epoch by the new rules", 20)

    def test_killed_twice_in_a_row_it_knows_whom_to_ask(self):
        """The second time nobody has been connected for ten seconds; but they were before that."""
        site = self.site_up("twice")
        for _ in range(2):
            joins = self.joins()
            self.world.hub.kill()
            self.world.start_hub(conf=self.conf)
            self.wait_back(joins)
        new = "http://twice-changed.example/"
        self.sites[new] = site
        self.db.sql(f"UPDATE website SET url = '{new}' WHERE id = {site.website}")
        wait_until(lambda: self.db.sql(f"SELECT n FROM epoch WHERE website_id = {site.website} ORDER BY number")
                   == [["4"], ["4"]], "another committee of four", 5)

    def test_a_clock_that_went_back_takes_nothing_back(self):
        """Hub time goes on from the newest commit: neither slots nor spans are lived twice."""
        up, down = self.two_sites("clock")
        joins = self.joins()
        self.world.hub.kill()
        clock = Clock(os.path.join(self.world.run, "clock"), -3600)
        self.world.start_hub(conf=self.conf, env=clock.env())
        self.wait_back(joins)
        self.assertIn("the clock is behind the newest commit", self.world.hub.log())
        self.assert_still_judging(up, down)
        self.assertEqual(self.value("""SELECT count(*) FROM (SELECT started_at, lag(ended_at) OVER (
            PARTITION BY website_id ORDER BY id) AS before FROM verdict_span) AS s WHERE started_at < before"""), "0")
        self.assertEqual(self.value("""SELECT abs(extract(epoch FROM max(started_at) - now())) < 60
            FROM website_tick"""), "t")
        self.world.hub.stop()
        self.world.start_hub(conf=self.conf)
        self.wait_back(self.joins())

    def test_another_hub_key_is_refused_by_the_database(self):
        """The database belongs to one network; a hub with another key serves nobody and does not spin."""
        self.world.hub.stop()
        joins = self.joins()
        self.world.start_hub(conf=self.conf, env={"STATE_DIRECTORY": self.world._directory("other-hub")})
        wait_until(lambda: "belongs to another network key" in self.world.hub.log(), "it says so", 10)
        with self.line() as line:
            line.join()
            self.assertEqual(line.expect("reject")["code"], "not_ready")
        self.assertLess(self.world.hub.log().count("belongs to another network key"), 4)
        self.world.hub.stop()
        for v in self.validators:
            v.errors.clear()  # they saw another network key and stopped, rightly
            v.stop()
            v.start()
        self.world.start_hub(conf=self.conf)
        self.wait_back(joins)


class First(HubCase):
    def test_a_new_hub_looks_for_ticks_of_a_day_only(self):
        """Not into each span since there were clocks."""
        self.assertEqual(self.world.hub.stop(), 0)
        looked = int(self.value("""SELECT coalesce(sum(seq_scan + idx_scan), 0) FROM pg_stat_user_tables
            WHERE relname LIKE 'tick_page_%'"""))
        self.assertGreater(looked, 0)
        self.assertLess(looked, 400, "25 hours have 300 spans, the partitions that there are more than 576")


if __name__ == "__main__":
    unittest.main()
