"""dpin-load: what it says was acknowledged is in the database, once, whatever happens to the hub meanwhile."""

import json
import os
import signal
import subprocess
import sys
import unittest

from ctl_case import Ctl
from hub_case import BUILD, HERE, HubCase
from process import wait_until

sys.path.append(os.path.join(os.path.dirname(HERE), "bench"))
import load as follow  # noqa: E402

LOAD = os.path.join(BUILD, "tests", "dpin-load")


@unittest.skipUnless(os.path.exists(LOAD), "dpin-load is not built")
class Load(HubCase):
    def load(self, *options):
        self.journal = os.path.join(self.world.data, f"journal-{self.id()}")
        load = subprocess.Popen([LOAD, f"--hub={self.world.hub_url}", "--seconds=0", "--json",
                                 f"--journal={self.journal}", *options], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(load.stdout.close)
        self.addCleanup(load.kill)
        return load

    def summary(self, load):
        load.send_signal(signal.SIGTERM)
        out, _ = load.communicate(timeout=20)
        self.assertEqual(load.returncode, 0, out)
        return json.loads(out)

    def journal_ticks(self, *codes):
        """[(validator, order, kind class, number)] of the ticks that were acknowledged so."""
        with open(self.journal) as f:
            return [tuple(line.split()[:4]) for line in f if line.split()[4] in codes]

    def stored_ticks(self):
        return [tuple(row) for row in self.db.sql(
            """SELECT encode(v.key, 'hex'), encode(o.public_id, 'hex'), (t.kind <> 's')::int, t.number
               FROM website_tick t JOIN work_order o ON o.id = t.order_id JOIN validator v ON v.id = t.validator_id""")]

    def test_journal_is_in_the_database_once_also_when_the_hub_is_killed(self):
        sites = [self.add_website(f"http://load{i}.example/", seats=1) for i in range(20)]
        load = self.load("--validators=2", "--seed=7", "--down=0.5")
        wait_until(lambda: int(self.value("SELECT count(*) FROM website_tick")) > 30, "ticks", 40)
        self.world.hub.kill()
        before = int(self.value("SELECT count(*) FROM website_tick"))
        self.world.start_hub()
        wait_until(lambda: int(self.value("SELECT count(*) FROM website_tick")) > before + 10, "more ticks", 40)
        summary = self.summary(load)
        stored, acked = self.stored_ticks(), self.journal_ticks("0", "1")
        vouched = self.journal_ticks("-")  # the hub was killed between its commit and its receipt
        self.assertEqual(len(set(stored)), len(stored), "one is stored twice")
        self.assertEqual(set(acked) - set(stored), set(), "acknowledged and not stored")
        self.assertEqual(set(stored) - set(acked) - set(vouched), set(), "all was acknowledged before the end")
        self.assertEqual((summary["joined"], summary["errors"], summary["ticksDropped"]), (2, 0, 0))
        self.assertGreaterEqual(summary["reconnects"], 2)
        self.assertEqual(summary["ticksSent"], summary["ticksAcked"])
        self.assertGreater(summary["ackP99Ms"], 0)
        states = {self.state(site) for site in sites}
        self.assertEqual(states, {"UP", "DOWN"}, "half of the websites are down")

    def test_more_orders_than_a_connection_holds_come_as_fast_as_they_are_read(self):
        self.db.sql("""INSERT INTO organisation (public_id, name) VALUES (gen_random_uuid(), 'many');
            INSERT INTO website (public_id, organisation_id, url, interval_ms, timeout_ms, seats)
            SELECT gen_random_uuid(), (SELECT id FROM organisation WHERE name = 'many'),
                   'http://many.example/' || repeat('x', 200) || i, 86400000, 10000, 1
            FROM generate_series(1, 4000) AS i""")
        self.addCleanup(self.db.sql, "UPDATE website SET removed_at = now() WHERE removed_at IS NULL")
        for what in ("as they are made", "all at once, at the next join"):
            with follow.Load(LOAD, self.world.hub_url, validators=1, seed=9) as load:
                load.wait(lambda line: line["orders"] >= 4000, f"4,000 orders {what}", 60)
                summary = load.finish()
            self.assertEqual((summary["reconnects"], summary["errors"]), (0, 0), what)

    def test_idle_ones_stay_and_hint(self):
        with follow.Load(LOAD, self.world.hub_url, validators=3, seed=8, first=5, idle=True, suspects=50) as load:
            load.wait(lambda line: line["ready"] == 3 and line["suspects"] > 0, "three are there and hint")
            wait_until(lambda: self.value("SELECT count(*) FROM validator WHERE connected AND version = 'dpin-load'")
                       == "3", "three are connected")
            summary = load.finish()
        self.assertEqual((summary["joined"], summary["ticksSent"], summary["errors"]), (3, 0, 0))


@unittest.skipUnless(os.path.exists(LOAD), "dpin-load is not built")
class Crowd(Ctl):
    def postponed(self):
        return int(self.rows("status", "hub")["Taken"]["epochs_postponed"])

    def test_epochs_that_are_too_many_at_once_wait_for_each_other(self):
        with follow.Load(LOAD, self.world.hub_url, validators=1, seed=11, idle=True) as load:
            load.wait_joined()
            before = self.postponed()
            follow.add_websites(self.world, 4000, interval_ms=86400000, timeout_ms=10000, seats=1)
            load.wait(lambda line: line["orders"] >= 4000, "all orders are there", 90)
        self.assertGreater(self.postponed(), before)


if __name__ == "__main__":
    unittest.main()
