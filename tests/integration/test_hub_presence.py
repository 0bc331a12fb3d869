"""All validators that come and go at once: what the hub has to do for it does not grow with its websites, one times the
other; asked to end meanwhile, it ends."""

import os
import sys
import unittest

from hub_case import BUILD, HERE, HubCase
from process import wait_until

sys.path.append(os.path.join(os.path.dirname(HERE), "bench"))
import cost  # noqa: E402
import load as follow  # noqa: E402

LOAD = os.path.join(BUILD, "tests", "dpin-load")
VALIDATORS, WEBSITES = 250, 8000


@unittest.skipUnless(os.path.exists(LOAD), "dpin-load is not built")
class Presence(HubCase):
    def come_and_go(self):
        """CPU of the hub."""
        before = cost.cpu(self.world.hub.pid)
        with follow.Load(LOAD, self.world.hub_url, validators=VALIDATORS, seed=3) as crowd:
            crowd.wait_joined(60)
        wait_until(lambda: self.value("SELECT count(*) FILTER (WHERE connected) FROM validator") == "0", "all are gone")
        return cost.cpu(self.world.hub.pid) - before

    def test_who_comes_and_goes_costs_no_walk_through_all_websites(self):
        self.come_and_go()  # they are known from now on
        alone = self.come_and_go()
        follow.add_websites(self.world, WEBSITES, interval_ms=86_400_000, seats=1)
        wait_until(lambda: int(self.value("SELECT count(*) FROM event WHERE kind = 'website.added'")) == WEBSITES,
                   "the hub has them", 60)
        beside = self.come_and_go()
        print(f"{VALIDATORS} validators: {alone:.2f} s of CPU, and {beside:.2f} s beside {WEBSITES} websites")
        self.assertLess(beside, 3 * alone)

    def test_asked_to_end_among_them_it_ends_in_time(self):
        with follow.Load(LOAD, self.world.hub_url, validators=VALIDATORS, seed=3) as crowd:
            crowd.wait_joined(60)
            self.assertEqual(self.world.hub.stop(5), 0)
        self.world.start_hub()
