"""Alerts of a website that depends on another: told once, and not while that is down."""

import json
import unittest

from alert_case import AlertCase, in_turn, plain
from process import wait_until


class Parents(AlertCase):
    def setUp(self):
        super().setUp()
        name = self.id().rsplit(".", 1)[-1].replace("_", "-")
        self.parent = self.add_website(f"https://above-{name}.example/")
        self.db.sql(f"UPDATE website SET parent_id = {self.parent} WHERE id = {self.website}")
        self.receiver_ = self.receiver()
        self.channel, _ = self.hook(self.receiver_)

    def told(self, incident):
        """(kind, state) of its alerts, in the order in which they were put there."""
        return [tuple(row) for row in self.db.sql(
            f"""SELECT o.kind, o.state FROM alert_outbox o JOIN incident i ON i.id = o.incident_id
                 WHERE i.public_id = '{incident}' ORDER BY o.id""")]

    def wait_told(self, incident, *alerts):
        wait_until(lambda: self.told(incident) == list(alerts), f"{alerts} of {incident}", 10)

    def wait_put_off(self, incident, *alerts):
        """So they are, and those that wait have been looked at: what is being decided is not taken back before that."""
        self.wait_told(incident, *alerts)
        wait_until(lambda: self.db.value(f"""SELECT count(*) FROM alert_outbox o JOIN incident i ON i.id = o.incident_id
            WHERE i.public_id = '{incident}' AND o.state = 'pending' AND o.next_try_at IS NULL""") == "0",
                   f"the hub looks at {alerts}", 10)

    def test_who_was_told_of_is_not_told_of_again(self):
        child = self.open()
        self.wait_told(child, ("incident.opened", "delivered"))
        parent = self.open(self.parent)
        self.close(parent)
        self.wait_told(parent, ("incident.opened", "delivered"), ("incident.resolved", "delivered"))
        self.assertEqual(self.told(child), [("incident.opened", "delivered")])
        self.close(child)
        self.wait_told(child, ("incident.opened", "delivered"), ("incident.resolved", "delivered"))

    def test_a_parent_that_goes_down_again(self):
        parent = self.open(self.parent)
        child = self.open()
        self.assertEqual(self.told(child), [])
        self.close(parent)
        self.wait_put_off(child, ("incident.opened", "pending"))
        parent = self.open(self.parent)
        self.assertEqual(self.told(child), [("incident.opened", "dropped")])
        self.close(parent)
        self.wait_put_off(child, ("incident.opened", "dropped"), ("incident.opened", "pending"))
        self.close(child)
        self.assertEqual(self.told(child), [("incident.opened", "dropped")] * 2)

    def test_a_parent_between_them(self):
        top = self.add_website("https://top.example/")
        self.db.sql(f"UPDATE website SET parent_id = {top} WHERE id = {self.parent}")
        first = self.open(top)
        child = self.open()
        between = self.open(self.parent)
        self.close(first)
        self.assertEqual(self.told(child), [])
        self.wait_put_off(between, ("incident.opened", "pending"))
        self.close(between)
        self.wait_put_off(child, ("incident.opened", "pending"))

    def test_what_gets_worse_after_the_parent_came_up(self):
        parent = self.open(self.parent)
        child = self.open()
        worse = f"UPDATE incident SET severity = '%s' WHERE public_id = '{child}'"
        self.db.sql(worse % "partial")
        self.db.sql(worse % "down")
        self.assertEqual(self.told(child), [])
        self.close(parent)
        self.db.sql(worse % "partial")
        self.db.sql(worse % "down")
        self.wait_put_off(child, ("incident.opened", "pending"), ("incident.escalated", "pending"))


class Order(AlertCase):
    def test_the_end_waits_until_the_beginning_arrived(self):
        receiver = self.receiver(in_turn(plain(503), plain(503), plain(200)))
        channel, _ = self.hook(receiver)
        incident = self.open()
        receiver.wait()
        self.close(incident)
        self.wait_delivered(channel, 2, 20)
        self.assertEqual([json.loads(r.body)["type"] for r in receiver.all()],
                         ["incident.opened"] * 3 + ["incident.resolved"])


if __name__ == "__main__":
    unittest.main()
