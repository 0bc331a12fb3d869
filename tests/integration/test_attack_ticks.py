"""Ticks that are late, early, old, twice, somebody else's or nobody's, batch after batch: each gets its disposition,
nothing is ever stuck, and what is stored is stored once."""

import glob
import os
import random
import unittest

from dpin_line import run
from dpin_validator import Stream
from dpin_wire import Tick, batch
from process import wait_until
from test_hub_ticks import SECOND, SpokenForCase

SEED = 20250101


def hours_on(hours):
    """Environment of a program whose wall clock is ahead."""
    library = sorted(glob.glob("/usr/lib/*/faketime/libfaketime.so.1"))[0]
    options = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))
    return {"LD_PRELOAD": library, "FAKETIME": f"+{hours}h", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "ASAN_OPTIONS": options}


class Mixtures(SpokenForCase):
    def changed(self, tick, **fields):
        return Tick(**{**tick.__dict__, **fields})

    def pool(self, sites):
        """(tick, disposition the first time): later it is a duplicate if it was stored."""
        found = []
        for site in sites:
            now, late = self.tick(site), self.tick(site, ago=13)
            found += [(now, batch.ACCEPTED), (late, batch.LATE), (self.tick(site, ago=-3.5), batch.FUTURE),
                      (self.changed(now, order=os.urandom(16)), batch.UNASSIGNED),
                      (self.tick(site, by=1), batch.UNASSIGNED),
                      (self.changed(now, number=now.number + 3), batch.UNASSIGNED),
                      (self.changed(now, number=(1 << 32) - 1), batch.UNASSIGNED),
                      (self.changed(now, start=(1 << 63) - 1), batch.UNASSIGNED),
                      (self.changed(now, start=0), batch.UNASSIGNED),
                      (self.changed(now, kind=batch.CONFIRM, number=4_000_000), batch.UNASSIGNED)]
        return found

    def test_batch_after_batch(self):
        v, chance = self.validators[0], random.Random(SEED)
        sites = [self.mute_site(f"mixture-{i}") for i in range(6)]
        for site in sites:
            self.wait_old(site, 13)
        pool, taken, sums = self.pool(sites), set(), [0] * 6
        for _ in range(60):
            chosen = [chance.choice(pool) for _ in range(chance.randint(1, 40))]
            expected = []
            for tick, first in chosen:
                name = (tick.order, tick.number)
                stored = first in (batch.ACCEPTED, batch.LATE)
                expected.append(batch.DUPLICATE if stored and name in taken else first)
                if stored:
                    taken.add(name)
            came = v.submit(*(tick for tick, _ in chosen))
            # What began three seconds ahead does not stay there.
            came = [batch.FUTURE if e == batch.FUTURE and c in (batch.ACCEPTED, batch.DUPLICATE) else c
                    for c, e in zip(came, expected)]
            self.assertEqual(came, expected, f"seed {SEED}")
            for code in expected:
                sums[code] += 1
        for tick, first in pool:
            if first in (batch.ACCEPTED, batch.LATE):
                self.assertEqual(len(self.stored(tick)), 1)
        self.assertGreater(min(sums[:5]), 5, sums)
        self.assertEqual(v.notices, [])
        v.wait(lambda v: not v.stream.unacked, "all is acked")

    def test_old_batches_between_young_ones(self):
        """A batch of more than a day ago is receipted as expired, moves nothing, and holds up nothing."""
        site = self.mute_site("old")
        self.wait_old(site, 0)
        v, tick = self.validators[0], self.tick(site)
        stream = Stream(v.key, v.network)  # the validator goes on in its own

        def submit(*ticks, **changes):
            run(v._send(stream.seal(ticks, v.now(), **changes)))
            v.wait(lambda v: (stream.incarnation, stream.sequence) in v.codes, "ack")
            return list(v.codes.pop((stream.incarnation, stream.sequence)))

        for _ in range(5):
            sequence, previous = stream.sequence, stream.previous
            self.assertEqual(submit(tick, tick, created=v.now() - 25 * 3600 * SECOND), [batch.EXPIRED] * 2)
            stream.sequence, stream.previous = sequence, previous  # it was not taken into the stream
            self.assertEqual(submit(self.changed(tick, order=os.urandom(16))), [batch.UNASSIGNED])
        self.assertEqual(self.stored(tick), [])
        self.assertEqual(submit(tick), [batch.ACCEPTED])


class Probes(SpokenForCase):
    def probed(self, site):
        """Validator 0 is probed, and says nothing; the probe."""
        v = self.validators[0]
        name, _ = self.order_of(v, site)
        site.down = {1}
        try:
            return v.wait(lambda v: next((p for p in v.probes[self.seen:] if p["order"] == name), None), "a probe", 30)
        finally:
            self.seen = len(v.probes)
            site.down = set()

    def answer(self, site, probe, **fields):
        kind = batch.KINDS.index(probe["reason"])
        return self.tick(site, **{"kind": kind, "number": probe["number"], **fields})

    def test_numbers(self):
        v = self.validators[0]
        site = self.mute_site("probed")
        self.seen = len(v.probes)
        first = self.probed(site)
        for number in (0, first["number"] + 1, first["number"] + 15, 1 << 31, (1 << 32) - 1):
            self.assertEqual(v.submit(self.answer(site, first, number=number)), [batch.UNASSIGNED], number)
        answer = self.answer(site, first)
        self.assertEqual(v.submit(answer, answer), [batch.ACCEPTED, batch.DUPLICATE])
        self.assertEqual(v.submit(self.answer(site, first, kind=batch.MANUAL)), [batch.DUPLICATE], "all of one class")
        second = self.probed(site)
        self.assertGreater(second["number"], first["number"])
        self.assertEqual(v.submit(self.answer(site, first, outcome=batch.DOWN, error=2)), [batch.DUPLICATE])
        self.assertEqual(v.submit(self.answer(site, second)), [batch.ACCEPTED])
        self.assertEqual(self.stored(answer), [["1"]])

    def test_the_probe_of_another(self):
        site = self.mute_site("probed-other")
        self.seen = len(self.validators[0].probes)
        probe = self.probed(site)
        theirs = self.answer(site, probe)
        self.assertEqual(self.validators[2].submit(theirs), [batch.UNASSIGNED])
        self.assertEqual(self.validators[0].submit(theirs), [batch.ACCEPTED])


class ADayLater(SpokenForCase):
    def test_a_day_later(self):
        """A hub whose clock is a day on: what was acked is acked again as expired and stored once, what was never sent
        is expired, a probe's number of before is no other's now, and life goes on."""
        site = self.mute_site("yesterday")
        self.wait_old(site, 0)
        v, tick = self.validators[0], self.tick(site)
        probe = self.tick(site, kind=batch.REFRESH, number=v.probed[self.order_of(v, site)[0]])
        self.assertEqual(v.submit(probe), [batch.DUPLICATE])
        self.assertEqual(v.submit(tick), [batch.ACCEPTED])
        name = v.last_name
        batches = f"SELECT count(*) FROM tick_batch WHERE incarnation = {name[0]} AND sequence = {name[1]}"
        data = v.last_sent
        unsent = Tick(**{**tick.__dict__, "number": tick.number + 1, "start": tick.start + 10 * SECOND})
        self.restart(env=hours_on(25))
        self.assertEqual(v.submit(Tick(**{**probe.__dict__, "start": v.now()})), [batch.DUPLICATE])
        for _ in range(3):
            v.codes.pop(name)
            v.send_again(data)
            v.wait(lambda v: name in v.codes, "it is acked again")
            self.assertEqual(list(v.codes[name]), [batch.EXPIRED])
        self.assertEqual(v.submit(tick, unsent), [batch.EXPIRED] * 2)
        self.assertEqual(self.stored(tick), [["1"]])
        self.assertEqual((self.stored(unsent), self.value(batches)), ([], "1"))
        wait_until(lambda: self.db.sql(f"""SELECT 1 FROM website_tick WHERE website_id = {site.website}
            AND started_at > now() + interval '24 h'"""), "the others go on checking", 40)


class AnHourLater(SpokenForCase):
    def test_an_order_that_was_removed_long_ago(self):
        """The hub has forgotten it, and asks its database for it when a tick names it: what was stored is a duplicate,
        what was not is late, once, and what names nothing, or another's order, is unassigned."""
        site = self.mute_site("past", 0, 1)
        self.wait_old(site, 2)
        self.wait_old(site, 2, 1)
        v, taken = self.validators[0], self.tick(site)
        other, probed = self.tick(site, by=1), v.probed[self.order_of(v, site)[0]]
        self.assertEqual(v.submit(taken), [batch.ACCEPTED])
        unsent = Tick(**{**taken.__dict__, "number": taken.number + 1, "start": taken.start + 10 * SECOND})
        probe = Tick(**{**taken.__dict__, "kind": batch.REFRESH, "number": probed})
        unknown = Tick(**{**taken.__dict__, "order": os.urandom(16)})
        self.db.sql(f"UPDATE website SET timeout_ms = timeout_ms - 1 WHERE id = {site.website}")
        wait_until(lambda: self.value(f"""SELECT count(*) FROM work_order WHERE removed_at IS NULL
            AND public_id IN ('\\x{taken.order.hex()}', '\\x{other.order.hex()}')""") == "0", "their orders have ended")
        self.restart(env=hours_on(1))
        notices = len(v.notices)  # it may have come back too early
        self.assertEqual(v.submit(taken, unknown, unsent, other, probe, unsent),
                         [batch.DUPLICATE, batch.UNASSIGNED, batch.LATE, batch.UNASSIGNED, batch.DUPLICATE,
                          batch.DUPLICATE])
        self.assertEqual(v.submit(unsent, taken, unknown), [batch.DUPLICATE, batch.DUPLICATE, batch.UNASSIGNED])
        self.assertEqual((self.stored(taken), self.stored(unsent)), ([["1"]], [["1"]]))
        self.assertEqual(v.notices[notices:], [])


if __name__ == "__main__":
    unittest.main()
