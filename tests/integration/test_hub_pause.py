"""A website that is paused is nobody's work, and comes back as what it was."""

import unittest

from hub_case import CommitteeCase
from process import wait_until


class Pause(CommitteeCase):
    def set_paused(self, site, paused):
        self.db.sql(f"UPDATE website SET paused = {paused} WHERE id = {site.website}")

    def orders(self, site):
        return sum(any(spec["url"] == site.url for _, spec in v.orders.values()) for v in self.validators)

    def seen(self, site):
        return self.value(f"""SELECT website_state(s.state, w.paused) FROM website w LEFT JOIN verdict_span s
            ON s.website_id = w.id AND s.ended_at IS NULL WHERE w.id = {site.website}""")

    def test_paused_twice_and_resumed(self):
        site = self.site_up("pause")
        for _ in range(2):
            before = int(self.value(f"SELECT max(number) FROM epoch WHERE website_id = {site.website}"))
            self.set_paused(site, True)
            wait_until(lambda: self.orders(site) == 0, "nobody has work of it")
            wait_until(lambda: self.seen(site) == "PAUSED", "it is seen as paused")
            self.set_paused(site, False)
            self.wait_state(site.website, "UP")
            after = int(self.value(f"SELECT max(number) FROM epoch WHERE website_id = {site.website}"))
            self.assertEqual(after, before + 1)
        self.assertNotIn("a commit failed", self.world.hub.log())

    def test_paused_in_an_outage(self):
        site = self.site_up("outage")
        site.down.update(range(4))
        self.wait_state(site.website, "DOWN")
        self.set_paused(site, True)
        wait_until(lambda: self.open_incidents(site.website) == 0, "the incident ended with it")
        site.down.clear()
        self.set_paused(site, False)
        self.wait_state(site.website, "UP")
        self.assertEqual(self.open_incidents(site.website), 0)

    def test_resumed_while_no_hub_ran(self):
        site = self.site_up("away")
        self.set_paused(site, True)
        wait_until(lambda: self.orders(site) == 0, "nobody has work of it")
        self.world.hub.stop()
        self.set_paused(site, False)
        self.world.hub.start()
        self.wait_state(site.website, "UP", 40)
        self.assertEqual(self.value(f"""SELECT assurance FROM verdict_span WHERE website_id = {site.website}
            AND ended_at IS NULL"""), "reduced", "all are neighbours")
        self.assertNotIn("a commit failed", self.world.hub.log())


if __name__ == "__main__":
    unittest.main()
