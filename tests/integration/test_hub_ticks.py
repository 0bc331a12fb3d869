"""What becomes of a tick: dispositions of a real hub for orders it gave out."""

import contextlib
import os
import unittest

import psycopg2

from dpin_line import run
from dpin_wire import Tick, batch
from hub_case import CommitteeCase
from process import wait_until

SECOND = 1_000_000
# All that is stored is from before the hub's last minutes then.
ASKING = "UPDATE hub_state SET heartbeat_at = now() + interval '10 minutes'"


class SpokenForCase(CommitteeCase):
    """Validator 0 says nothing by itself of the sites here: the tests speak for it. It never answers a slot, so each is
    free to be spoken for."""

    def mute_site(self, name, *numbers):
        numbers = numbers or (0,)
        site = self.site_up(name, {"idle": numbers})
        site.mute.update(numbers)
        return site

    def tick(self, site, by=0, ago=0.0, **fields):
        """A scheduled tick that started so many seconds ago, for the slot nearest to that."""
        v = self.validators[by]
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

    def stored(self, tick):
        """Outcomes of what is stored under its identity."""
        return self.db.sql(f"""SELECT outcome FROM website_tick t JOIN work_order o ON o.id = t.order_id
            WHERE o.public_id = '\\x{tick.order.hex()}' AND t.number = {tick.number}
            AND (t.kind = 's') = {tick.kind == batch.SCHEDULED}""")


    def restart(self, sql="", **options):
        """Another hub after this one was killed, and `sql` done meanwhile."""
        joins = [v.joins for v in self.validators]
        self.world.hub.kill()
        if sql:
            self.db.sql(sql)
        self.world.start_hub(conf=self.conf, **options)
        for v, n in zip(self.validators, joins):
            v.wait(lambda v, n=n: v.joins > n and v.socket.open and v.orders, "back with its orders", 20)


class Ticks(SpokenForCase):
    def test_accepted_once_then_duplicate(self):
        site = self.mute_site("once")
        self.wait_old(site, 0)
        tick = self.tick(site)
        self.assertEqual(self.validators[0].submit(tick), [batch.ACCEPTED])
        self.assertEqual(self.validators[0].submit(tick, tick), [batch.DUPLICATE] * 2)
        again = Tick(**{**tick.__dict__, "outcome": batch.DOWN, "error": 2})
        self.assertEqual(self.validators[0].submit(again), [batch.DUPLICATE], "the first stored wins")
        self.assertEqual(self.stored(tick), [["1"]])

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
        mine, other = self.tick(site), self.tick(site, by=1)
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


class AfterARestart(SpokenForCase):
    """The hub that comes back knows what the one before it took: of the last minutes by itself, of before by asking the
    database."""

    def test_a_tick_stored_before_is_a_duplicate(self):
        for asking in (False, True):
            with self.subTest(asking=asking):
                self.repeat_after_restart(self.mute_site(f"recalled-{asking}".lower()), asking)

    def repeat_after_restart(self, site, asking):
        self.wait_old(site, 0)
        v = self.validators[0]
        tick, probe = self.tick(site), self.tick(site, kind=batch.REFRESH, number=v.probed[self.order_of(v, site)[0]])
        self.assertEqual(v.submit(tick, probe), [batch.ACCEPTED, batch.DUPLICATE])
        self.restart(ASKING if asking else "")
        again = Tick(**{**tick.__dict__, "outcome": batch.DOWN, "error": 2, "start": tick.start + 1000})
        later = Tick(**{**probe.__dict__, "start": v.now()})
        earlier = Tick(**{**tick.__dict__, "start": tick.start - 1000})
        self.assertEqual(v.submit(earlier), [batch.DUPLICATE])
        self.assertEqual(v.submit(again, later, tick), [batch.DUPLICATE] * 3)
        self.assertEqual(self.stored(tick), [["1"]])
        self.assertEqual(self.stored(probe), [["1"]])

    def test_what_comes_behind_a_question_keeps_its_order(self):
        site = self.mute_site("behind")
        self.wait_old(site, 0)
        self.restart(ASKING)
        v = self.validators[0]
        tick, notices = self.tick(site), len(v.notices)
        names = [run(v._send_ticks([tick], {})) for _ in range(20)]
        v.wait(lambda v: names[-1] in v.codes, "all are acked")
        self.assertEqual([v.codes[name][0] for name in names], [batch.ACCEPTED] + [batch.DUPLICATE] * 19)
        self.assertEqual(v.notices[notices:], [], "no notice of sequence")

    def test_of_numbers_never_issued_few_count_after_a_restart(self):
        site = self.mute_site("reserved")
        self.wait_old(site, 0)
        v = self.validators[0]
        name, _ = self.order_of(v, site)
        reserved = int(self.value(f"SELECT probes FROM work_order WHERE public_id = '\\x{name.hex()}'"))
        self.assertLessEqual(reserved, v.probed[name] + 16)
        self.restart()
        probe = self.tick(site, kind=batch.CONFIRM, number=reserved + 1)
        self.assertEqual(v.submit(probe), [batch.UNASSIGNED])

    def test_a_number_is_stored_before_it_is_issued(self):
        """Else the hub after this one knows nothing of it."""
        site, v = self.mute_site("number"), self.validators[0]
        name, _ = self.order_of(v, site)
        self.restart()
        seen = len(v.probes)

        def probed(v):
            return [p for p in v.probes[seen:] if p["order"] == name]

        with contextlib.closing(psycopg2.connect(self.db.url())) as held:
            held.cursor().execute("SELECT FROM work_order WHERE public_id = %s FOR UPDATE", (name,))
            site.down = {1}
            wait_until(lambda: self.value("SELECT count(*) FROM pg_stat_activity WHERE usename = 'dpin-hub'"
                                          " AND wait_event_type = 'Lock'") == "1", "its commit is held up", 30)
            self.assertEqual(probed(v), [])
        v.wait(probed, "the probe")

    def test_what_the_hub_had_no_time_to_end_is_ended(self):
        gone, spare = self.site_up("gone"), self.site_up("spare")
        self.db.sql(f"""INSERT INTO incident (public_id, organisation_id, website_id, cause, opened_at,
            first_evidence_at) SELECT gen_random_uuid(), organisation_id, id, 'refused', now(), now() FROM website
            WHERE id = {gone.website}""")
        self.world.hub.kill()
        self.remove_website(gone.website)
        self.db.sql(f"""UPDATE work_order SET type = 2, bytes = set_byte(bytes, 1, 2)
            WHERE website_id = {spare.website} AND seat = 0""")
        self.world.start_hub(conf=self.conf)
        wait_until(lambda: self.state(gone.website) is None, "the span of the removed website is closed")
        wait_until(lambda: self.open_incidents(gone.website) == 0, "its incident is closed")
        open_orders = f"""SELECT count(*) FROM work_order WHERE removed_at IS NULL
            AND (website_id = {gone.website} OR website_id = {spare.website} AND type = 2)"""
        wait_until(lambda: self.value(open_orders) == "0", "its orders and the spare's are ended")


if __name__ == "__main__":
    unittest.main()
