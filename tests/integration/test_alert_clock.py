"""Clocks that are stepped by an hour, of the hub and of the database: an alert that is to be tried again neither waits
for the hour to pass nor comes again and again."""

import os
import time
import unittest

from alert_case import ALLOW, AlertCase, in_turn, plain
from clock import Clock
from process import wait_until

HOUR = 3600


class Stepped(AlertCase):
    """Retries come after 1, 2 and 4 s, give or take a quarter."""

    conf = ALLOW

    def failing(self, tries=3):
        """A receiver that fails a few times, and its channel, whose alert has failed once."""
        receiver = self.receiver(in_turn(*[plain(503)] * tries, plain(200)))
        channel, _ = self.hook(receiver)
        self.open(self.add_website(f"https://stepped-{time.monotonic_ns()}.example/"))
        self.wait_outbox(channel, lambda rows: rows[0][1] == 1, "it was tried")
        return receiver, channel

    def assert_paced(self, receiver, channel, tries=4):
        """It is tried as if nothing had been, and then no more."""
        self.assertEqual(self.wait_delivered(channel, seconds=20), [("delivered", tries, "")])
        at = [r.at for r in receiver.all()]
        self.assertEqual(len(at), tries)
        for i, (before, after) in enumerate(zip(at, at[1:])):
            self.assertGreater(after - before, 0.7 * 2 ** i)
        self.assertEqual(len({r.id for r in receiver.all()}), 1)


class OfTheHub(Stepped):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clock = Clock(os.path.join(cls.world.run, "hub.clock"))
        cls.world.hub.stop()
        cls.world.start_hub(conf=cls.conf, env=cls.clock.env())
        wait_until(lambda: '"ready"' in cls.world.ctl("status", "hub", "--json", check=False), "the hub is ready", 20)

    def tearDown(self):
        super().tearDown()
        self.clock.set(0)

    def test_while_it_runs(self):
        for step in (HOUR, -HOUR):
            with self.subTest(step=step):
                receiver, channel = self.failing()
                self.clock.set(step)
                self.assert_paced(receiver, channel)
                self.clock.set(0)

    def test_while_it_does_not(self):
        for there, back in ((HOUR, 0), (0, -HOUR), (0, HOUR)):
            with self.subTest(there=there, back=back):
                self.world.hub.kill()
                self.clock.set(there)
                self.restart(self.clock.env())
                receiver, channel = self.failing(2)
                self.world.hub.kill()
                self.clock.set(back)
                self.restart(self.clock.env())
                self.wait_delivered(channel, seconds=20)
                self.assertEqual(len(receiver.all()), 3)


class OfTheDatabase(Stepped):
    """It says when what was put has been put, and nothing of when it is due."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clock = Clock(os.path.join(cls.world.run, "database.clock"))
        cls.world.hub.stop()
        cls.db.stop()
        cls.db.env = cls.clock.env()
        cls.db.start()
        cls.world.start_hub(conf=cls.conf)
        wait_until(lambda: '"ready"' in cls.world.ctl("status", "hub", "--json", check=False), "the hub is ready", 20)

    def tearDown(self):
        super().tearDown()
        self.clock.set(0)

    def step(self, offset):
        self.clock.set(offset)
        apart = float(self.value("SELECT extract(epoch FROM clock_timestamp())")) - time.time()
        self.assertAlmostEqual(apart, offset, delta=10)

    def test_while_alerts_wait(self):
        for step in (HOUR, -HOUR):
            with self.subTest(step=step):
                receiver, channel = self.failing()
                self.step(step)
                self.assert_paced(receiver, channel)
                self.step(0)

    def test_what_depended_on_something_is_told_of_after_its_pause(self):
        """By a hub's own time: three intervals after the end of what it depends on."""
        for step in (HOUR, -HOUR):
            with self.subTest(step=step):
                self.step(step)
                channel, _ = self.hook(self.receiver())
                name = f"https://depends-{step + HOUR}.example/"
                parent, child = self.add_website(name), self.add_website(name + "child")  # of 10 s
                self.db.sql(f"UPDATE website SET parent_id = {parent} WHERE id = {child}")
                above, closed = self.open(parent), time.time()
                below = self.open(child)
                self.db.sql(f"UPDATE incident SET closed_at = to_timestamp({closed}) WHERE public_id = '{above}'")
                due = float(self.value(f"""SELECT extract(epoch FROM not_before) FROM alert_outbox o JOIN incident i
                    ON i.id = o.incident_id WHERE i.public_id = '{below}'"""))
                self.assertAlmostEqual(due - closed, 30, delta=0.1)
                wait_until(lambda b=below: self.value(f"""SELECT bool_and(next_try_at IS NOT NULL) FROM alert_outbox o
                    JOIN incident i ON i.id = o.incident_id WHERE i.public_id = '{b}'""") == "t",
                           "the hub has looked at it", 10)
                self.db.sql(f"""INSERT INTO incident (public_id, organisation_id, website_id, cause, opened_at,
                    first_evidence_at) SELECT gen_random_uuid(), organisation_id, id, 'refused', to_timestamp({closed}),
                    to_timestamp({closed}) FROM website WHERE id = {parent}""")
                self.assertEqual([row[::2] for row in self.outbox(channel) if row[0] == "dropped"],
                                 [("dropped", "what it depends on is down")])
                self.step(0)


if __name__ == "__main__":
    unittest.main()
