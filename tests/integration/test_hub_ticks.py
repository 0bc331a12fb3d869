"""What becomes of a tick: dispositions of a real hub for orders it gave out."""

import os
import unittest

from dpin_wire import Tick, batch
from hub_case import CommitteeCase

SECOND = 1_000_000


class Ticks(CommitteeCase):
    """Validator 0 says nothing by itself of the sites here: the tests speak for it. It never answers a slot, so each is
    free to be spoken for."""

    def mute_site(self, name, *numbers):
        numbers = numbers or (0,)
        site = self.site_up(name, idle=numbers)
        site.mute.update(numbers)
        return site

    def tick(self, site, number=0, ago=0.0, **fields):
        """A scheduled tick that started so many seconds ago, for the slot nearest to that."""
        v = self.validators[number]
        name, order = self.order_of(v, site)
        start = v.now() - int(ago * SECOND)
        slot = round((start - order.start) / (order.interval_ms * 1000))
        return Tick(**{"order": name, "kind": batch.SCHEDULED, "outcome": batch.UP, "number": slot, "start": start,
                       **fields})

    def wait_old(self, site, seconds, number=0):
        """Until a tick that started so long ago has a slot."""
        _, order = self.order_of(self.validators[number], site)
        self.validators[number].wait(
            lambda v: v.now() - seconds * SECOND > order.start - order.interval_ms * 400, "the order is old enough", 25)

    def test_accepted_once_then_duplicate(self):
        site = self.mute_site("once")
        self.wait_old(site, 0)
        tick = self.tick(site)
        self.assertEqual(self.validators[0].submit(tick), [batch.ACCEPTED])
        self.assertEqual(self.validators[0].submit(tick, tick), [batch.DUPLICATE] * 2)
        again = Tick(**{**tick.__dict__, "outcome": batch.DOWN, "error": 2})
        self.assertEqual(self.validators[0].submit(again), [batch.DUPLICATE], "the first stored wins")
        found = self.db.sql(f"""SELECT outcome FROM website_tick JOIN work_order o ON o.id = order_id
            WHERE o.public_id = '\\x{tick.order.hex()}' AND number = {tick.number} AND kind = 0""")
        self.assertEqual(found, [["1"]])

    def test_late_is_history_and_never_votes(self):
        site = self.mute_site("late", 0, 1, 2)
        for number in (0, 1, 2):
            self.wait_old(site, 7, number)
        for number in (0, 1, 2):
            tick = self.tick(site, number, ago=7, outcome=batch.DOWN, error=2)
            self.assertEqual(self.validators[number].submit(tick), [batch.LATE])
        self.assertEqual(self.state(site.website), "UP")
        late = self.value(f"SELECT count(*) FROM website_tick WHERE website_id = {site.website} AND late")
        self.assertEqual(late, "3")

    def test_the_future_is_refused(self):
        site = self.mute_site("future")
        self.wait_old(site, 0)
        self.assertEqual(self.validators[0].submit(self.tick(site, ago=-3)), [batch.FUTURE])

    def test_what_was_not_ordered(self):
        site = self.mute_site("not-ordered")
        self.wait_old(site, 0)
        mine, other = self.tick(site), self.tick(site, number=1)
        for change in ({"order": os.urandom(16)}, {"order": other.order}, {"number": mine.number + 1},
                       {"kind": batch.CONFIRM, "number": 4_000_000}, {"kind": batch.CONFIRM, "number": 0},
                       {"start": mine.start - 3600 * SECOND}):
            tick = Tick(**{**mine.__dict__, **change})
            self.assertEqual(self.validators[0].submit(tick), [batch.UNASSIGNED], change)
        self.assertEqual(self.validators[0].submit(mine), [batch.ACCEPTED], "nothing of that used up its place")

    def test_unsynced_never_votes(self):
        site = self.mute_site("unsynced", 0, 1, 2)
        for number in (0, 1, 2):
            self.wait_old(site, 0, number)
        for number in (0, 1, 2):
            tick = self.tick(site, number, outcome=batch.DOWN, error=2)
            self.assertEqual(self.validators[number].submit(tick, flags=batch.UNSYNCED), [batch.ACCEPTED])
        self.assertEqual(self.state(site.website), "UP")

    def test_phases_longer_than_the_timeout_never_vote(self):
        site = self.mute_site("slow", 0, 1, 2)
        for number in (0, 1, 2):
            self.wait_old(site, 0, number)
        for number in (0, 1, 2):
            tick = self.tick(site, number, outcome=batch.DOWN, error=6, phases=(0, 0, 0, 3_100_000, 0))
            self.assertEqual(self.validators[number].submit(tick), [batch.ACCEPTED])
        self.assertEqual(self.state(site.website), "UP")

    def test_mixed_dispositions_of_one_batch_are_told_one_by_one(self):
        site = self.mute_site("mixed")
        self.wait_old(site, 0)
        good = self.tick(site)
        unknown = Tick(**{**good.__dict__, "order": os.urandom(16)})
        self.assertEqual(self.validators[0].submit(unknown, good, good, unknown),
                         [batch.UNASSIGNED, batch.ACCEPTED, batch.DUPLICATE, batch.UNASSIGNED])

    def test_resealed_ticks_that_are_stored_are_duplicates(self):
        site = self.mute_site("resealed")
        self.wait_old(site, 0)
        tick = self.tick(site)
        self.assertEqual(self.validators[0].submit(tick), [batch.ACCEPTED])
        self.assertEqual(self.validators[0].submit(tick, flags=batch.RESEALED), [batch.DUPLICATE])


if __name__ == "__main__":
    unittest.main()
