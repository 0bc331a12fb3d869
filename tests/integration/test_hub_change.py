"""A website that is changed while it is checked keeps its seats and its verdict."""

import json
import time
import unittest

from hub_case import CommitteeCase
from process import wait_until


class Change(CommitteeCase):
    def change(self, site, **columns):
        self.db.sql("UPDATE website SET " + ", ".join(f"{name} = '{value}'" for name, value in columns.items())
                    + f" WHERE id = {site.website}")

    def orders(self, site):
        """What each of the four is to do now: (interval, status that is expected)."""
        held = [(order.interval_ms, spec.get("status")) for v in self.validators
                for order, spec in list(v.orders.values()) if spec["url"] == site.url]
        return sorted(held, key=str)

    def seated(self, site):
        return [tuple(row) for row in self.db.sql(f"""SELECT seat, validator_id FROM work_order
            WHERE website_id = {site.website} AND type = 1 AND removed_at IS NULL ORDER BY seat""")]

    def states(self, site):
        """One after the other, from the first time it was up."""
        states = [state for state, in self.db.sql(f"""SELECT state FROM verdict_span
            WHERE website_id = {site.website} ORDER BY id""")]
        return states[states.index("UP"):]

    def voted(self, site, interval, since):
        """Seats from which a vote of an order with this interval came."""
        return int(self.value(f"""SELECT count(DISTINCT o.seat) FROM website_tick t
            JOIN work_order o ON o.id = t.order_id
            WHERE t.website_id = {site.website} AND o.interval_ms = {interval} AND o.removed_at IS NULL
              AND t.started_at >= to_timestamp({since})"""))

    def spec(self, site, status):
        return json.dumps({"type": "http", "url": site.url, "method": "GET", "redirects": 5, "status": status},
                          separators=(",", ":"))

    def assert_carried_over(self, site, before, interval, status, seats=4):
        since = time.time()
        wait_until(lambda: self.orders(site) == [(interval, status)] * seats, "all have the new order", 20)
        wait_until(lambda: self.voted(site, interval, since - 1) == seats, "all vote by it", 2 * interval / 1000 + 5)
        self.assertEqual(self.seated(site), before)
        self.assertEqual(set(self.states(site)), {"UP"})
        self.assertEqual(self.open_incidents(site.website), 0)
        self.assertEqual(self.state(site.website), "UP")

    def test_interval_and_specification_in_mid_slot(self):
        site = self.site_up("slots")
        wait_until(lambda: self.voted(site, 10000, 0) == 4, "all have voted", 20)
        before = self.seated(site)
        time.sleep(0.7)  # anywhere in a slot
        self.change(site, interval_ms=20000)
        self.assert_carried_over(site, before, 20000, "200-399")
        self.change(site, interval_ms=10000, specification=self.spec(site, "404"))
        self.assert_carried_over(site, before, 10000, "404")
        for interval, status in ((30000, "405"), (12000, "406"), (10000, "407")):
            self.change(site, interval_ms=interval, specification=self.spec(site, status))
        self.assert_carried_over(site, before, 10000, "407")
        self.assertNotIn("a commit failed", self.world.hub.log())

    def test_what_is_down_by_the_new_specification_is_down_by_all(self):
        """Votes about the former one are none about this."""
        site = self.site_up("other")
        self.change(site, specification=self.spec(site, "500"))
        site.down.update(range(4))
        self.wait_state(site.website, "DOWN", 15)
        self.assertEqual([s for s in self.states(site) if s != "UP"], ["DOWN"])


if __name__ == "__main__":
    unittest.main()
