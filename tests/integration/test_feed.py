"""Ticks on the event stream: told from the signed batches, as far as the hub stored them. Commits are made by SQL,
frames by the second implementation; at the end a real hub and validators make both."""

import base64
import json
import os
import time
import unittest

from dpin_wire import Key, Tick, batch
from hub_case import build_has
from process import wait_until
from test_api import KEY_TEXT, Stream, StreamCase
from test_hub_ticks import SpokenForCase

SECOND = 1_000_000


def now():
    return int(time.time() * SECOND)


def key_text(key):
    return base64.urlsafe_b64encode(key).decode().rstrip("=")


def moment(us):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(us // SECOND)) + f".{us % SECOND:06d}Z"


class FeedCase(StreamCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.add_validator()
        cls.db.sql("INSERT INTO specification VALUES (decode(repeat('aa', 32), 'hex'), '')")
        cls.orders = 0

    def an_order(self, website):
        """Its id."""
        type(self).orders += 1
        order = os.urandom(16)
        self.db.sql(f"""
            INSERT INTO work_order (id, public_id, website_id, validator_id, epoch, type, seat, n, interval_ms,
                timeout_ms, starts_at, bytes, spec_hash)
            SELECT {type(self).orders}, '\\x{order.hex()}', id, 1, 1, 1, 0, 4, 10000, 5000, now(), '', hash
              FROM website, specification
             WHERE public_id = '{website}'""")
        return order

    def a_site(self, name, token=None):
        """(website, order)."""
        website = self.add(f"http://{name}.example/", token)
        return website, self.an_order(website)

    @staticmethod
    def a_tick(order, start, **fields):
        return Tick(**{"order": order, "kind": batch.SCHEDULED, "outcome": batch.UP, "number": 1, "start": start,
                       "phases": (1000, 0, 0, 500, 0), **fields})

    @staticmethod
    def a_batch(*ticks, codes=None, frame=None, number=0):
        """The statement."""
        codes = bytes(len(ticks)) if codes is None else bytes(codes)
        if frame is None:
            frame = batch.Batch(1, 1, created=now(), ticks=list(ticks)).seal(Key(), os.urandom(32))
        return (f"INSERT INTO tick_batch SELECT 1000 * $N + {number}, 1, 1, 1, '', '\\x{frame.hex()}', {len(ticks)},"
                f" '\\x{codes.hex()}', now(), now(), $N")

    @staticmethod
    def told(website, start, **fields):
        return {"websiteId": website, "createdAt": moment(start), "status": "Good", "latency": 1.5,
                "validatorId": KEY_TEXT, "region": None, **fields}


class Told(FeedCase):
    def test_ticks_come_before_what_they_caused_and_by_their_start(self):
        website, order = self.a_site("live")
        stream, _ = self.begun()
        start = now()
        down = {"outcome": batch.DOWN, "error": 2}
        self.commit(self.a_batch(self.a_tick(order, start + 3), self.a_tick(order, start + 1)),
                    self.a_batch(self.a_tick(order, start + 2, **down), number=1),
                    self.an_event(1, "verdict.changed", {"websiteId": website, "state": "UP"}))
        self.assert_event(stream, "tick", self.told(website, start + 1))
        self.assert_event(stream, "tick", self.told(website, start + 2, status="Bad", latency=None))
        self.assert_event(stream, "tick", self.told(website, start + 3))
        self.assert_event(stream, "verdict.changed", {"websiteId": website, "state": "UP"})

    def test_what_the_hub_did_not_store_is_not_told(self):
        website, order = self.a_site("partly")
        stream, _ = self.begun()
        codes = (batch.ACCEPTED, batch.UNASSIGNED, batch.DUPLICATE, batch.LATE, batch.FUTURE, batch.EXPIRED,
                 batch.ACCEPTED)
        start = now()
        ticks = [self.a_tick(order, start + i) for i in range(len(codes))]
        ticks[1].order = os.urandom(16)
        ticks[6].outcome, ticks[6].error = batch.ABSTAIN, 16
        self.commit(self.a_batch(*ticks, codes=codes), self.an_event(1, "after", {}))
        self.assert_event(stream, "tick", self.told(website, start))
        self.assert_event(stream, "tick", self.told(website, start + 3))
        self.assert_event(stream, "after", {})

    def test_ticks_go_to_whose_website_it_is_now(self):
        """It may have changed hands, or be gone, since its order was given out."""
        website, order = self.a_site("handed-over")
        one, two = self.begun()[0], self.begun(self.two)[0]
        start = now()

        def tick(second):
            self.commit(self.a_batch(self.a_tick(order, start + second)),
                        self.an_event(1, "after", {"n": second}), self.an_event(2, "after", {"n": second}, 1))

        tick(1)
        self.assert_event(one, "tick", self.told(website, start + 1))
        self.db.sql(f"UPDATE website SET organisation_id = 2 WHERE public_id = '{website}'")
        tick(2)
        self.assert_event(two, "after", {"n": 1})
        self.assert_event(two, "tick", self.told(website, start + 2))
        self.assertEqual(self.call("DELETE", f"/api/v1/website?websiteId={website}", self.two)[0], 204)
        tick(3)
        self.assert_event(two, "after", {"n": 2})
        self.assert_event(two, "tick", self.told(website, start + 3))
        for n in (1, 2, 3):
            self.assert_event(one, "after", {"n": n})

    def test_who_comes_again_is_told_page_by_page(self):
        website, order = self.a_site("pages")
        first, start = self.commit(), now()
        for _ in range(3):
            self.commit(self.a_batch(*(self.a_tick(order, start + i) for i in range(300))))
        self.commit(*(self.a_batch(*(self.a_tick(order, start + 2 * i + k) for i in range(400)), number=k)
                      for k in (0, 1)))
        self.commit(self.an_event(1, "after", {}))
        stream, _ = self.begun(last_id=first)
        for i in (*range(300), *range(300), *range(300), *range(800)):
            self.assert_event(stream, "tick", self.told(website, start + i))
        self.assert_event(stream, "after", {})


class Untold(FeedCase):
    def refused_so_far(self):
        rows = {r["daemon"]: r for r in json.loads(self.world.ctl("status", "--json"))}
        words = " ".join(rows["dpin-api"]["detail"]).split()
        counts = next(x.partition("=")[2] for x in words if x.startswith("Refused="))
        return {name: int(n) for name, _, n in (x.partition(":") for x in counts.split(",") if x)}

    def test_what_is_no_batch_holds_nothing_up(self):
        """Each is counted, one of them is in the journal, and what came with it is told."""
        website, order = self.a_site("after-all")
        stream, _ = self.begun()
        start = now()
        tick = self.a_tick(order, start)
        good = batch.Batch(1, 1, created=start, ticks=[tick]).seal(Key(), os.urandom(32))
        bad = [{"frame": b""}, {"frame": b"dpin"}, {"frame": good[:-1]}, {"frame": good + b"x"},
               {"frame": os.urandom(1000)}, {"codes": b""}, {"codes": bytes(2)}]
        for n, fault in enumerate(bad, 1):
            self.commit(self.a_batch(tick, **fault), self.a_batch(tick, number=1), self.an_event(1, "after", {"n": n}))
            self.assert_event(stream, "tick", self.told(website, start))
            self.assert_event(stream, "after", {"n": n})
        self.commit(self.a_batch(self.a_tick(os.urandom(16), start), tick))
        self.assert_event(stream, "tick", self.told(website, start))
        self.assertEqual(self.refused_so_far(), {"batch_unreadable": len(bad), "order_unknown": 1})
        self.assertEqual(self.world.api.log().count("cannot be told live"), 2)


@unittest.skipUnless(build_has("dpin-api"), "dpin-api is not built")
class WithAHub(SpokenForCase):
    """From the validator's frame to the reader's event."""

    bus = True

    def test_only_what_is_stored_is_told(self):
        self.world.start_api()
        self.addCleanup(self.world.api.stop)
        wait_until(lambda: self.world.request("GET", "/readyz")[0] == 200, "the API is ready")
        token = self.world.token("feed", "read")
        site, end = self.mute_site("told-live"), self.mute_site("told-last")
        self.wait_old(site, 0)
        self.wait_old(end, 0)
        stream = Stream(self.world, token)
        self.addCleanup(stream.close)
        stream.block()
        v, tick, last = self.validators[0], self.tick(site), self.tick(end)
        unknown = Tick(**{**tick.__dict__, "order": os.urandom(16)})
        self.assertEqual(v.submit(unknown, tick, tick), [batch.UNASSIGNED, batch.ACCEPTED, batch.DUPLICATE])
        self.assertEqual(v.submit(tick), [batch.DUPLICATE])
        self.assertEqual(v.submit(last), [batch.ACCEPTED])
        self.assertEqual(self.told_by(v, stream, moment(last.start)), [moment(tick.start), moment(last.start)])

    def told_by(self, v, stream, end):
        """When that validator's ticks began, until one that began then."""
        moments = []
        while end not in moments:
            event = stream.event()
            tick = json.loads(event["data"])
            if event["event"] == "tick" and tick["validatorId"] == key_text(v.key.public) and self.is_mute(tick):
                moments.append(tick["createdAt"])
        return moments

    def is_mute(self, tick):
        """Of a site for which the validator is spoken for."""
        number = self.value(f"SELECT id FROM website WHERE public_id = '{tick['websiteId']}'")
        return any(site.website == int(number) and 0 in site.mute for site in self.sites.values())


if __name__ == "__main__":
    unittest.main()
