"""What brought down, robbed or misled the system that dpin takes the place of: each of its faults by name, and what
becomes of it here."""

import os
import time
import unittest

from dpin_line import join_of
from dpin_validator import Stream
from dpin_wire import Batch, Key, Tick, batch, frame
from hub_case import HubCase, build_has
from process import wait_until
from site_switch import Site as Page
from test_hub_ticks import SECOND, SpokenForCase

PROTOCOL, REJECTED = 4000, 4001
HOURS = "date_trunc('hour', now(), 'UTC')", "date_trunc('hour', now() - interval '1 hour', 'UTC')"


class OriginalCase(SpokenForCase):
    bus = True

    def setUp(self):
        self.pid = self.world.hub.pid

    def tearDown(self):
        super().tearDown()
        self.assertEqual(self.world.hub.pid, self.pid)
        self.assert_serves()

    def joined(self, key=None):
        line = self.line()
        line.welcome(key)
        line.stream = Stream(line.key, line.greeting["networkKey"])
        line.tick = Tick(os.urandom(16), batch.SCHEDULED, batch.UP, 1, line.greeting["time"])
        return line

    def reward(self, v):
        """What it would be paid for, were the hour closed now."""
        rows = self.db.sql(f"""BEGIN; SELECT ledger_hour_close({HOURS[0]}, 1), ledger_hour_close({HOURS[1]}, 1);
            SELECT 'paid', coalesce(sum(amount), 0) FROM ledger_entry JOIN validator v ON v.id = validator_id
            WHERE kind = 'reward' AND key = '\\x{v.key.public.hex()}'; ROLLBACK""")
        return next(int(row[1]) for row in rows if row[0] == "paid")


class Killers(OriginalCase):
    """One frame killed the hub."""

    def test_an_unknown_id(self):
        line = self.joined()
        line.send_frame("suspect", order=os.urandom(16), slot=1)
        line.send_frame("notice", code="refused", order=os.urandom(16))
        line.send(line.stream.seal([line.tick], line.greeting["time"]))
        self.assertEqual(line.ack()[1][0][2], bytes([batch.UNASSIGNED]))

    def test_no_json(self):
        line = self.joined()
        line.send("validate")
        self.assertEqual(line.expect("closed"), PROTOCOL)

    def test_a_signature_of_the_wrong_size(self):
        for size in (0, 1, 63, 65, 128):
            line = self.line()
            join = {**join_of(line.hello(), Key(), line.url), "signature": os.urandom(size)}
            line.send_frame("join", **join)
            self.assertEqual(line.expect("closed"), PROTOCOL)
        line = self.joined()
        data = line.stream.seal([line.tick], line.greeting["time"])
        at = 76 + 16
        for signature in (b"", data[at:at + 63], data[at:at + 64] + b"\0"):
            line.send(data[:at] + signature + data[at + 64:])
            self.assertEqual(line.expect("notice")["code"], "bad_batch")

    def test_a_duplicate_reply(self):
        line = self.joined()
        data = line.stream.seal([line.tick, line.tick], line.greeting["time"])
        for _ in range(3):
            line.send(data)
            self.assertEqual(line.ack()[0].last, 1)

    def test_an_unknown_validator(self):
        line, nobody = self.joined(), Key()
        line.send(Stream(nobody, line.stream.network).seal([line.tick], line.greeting["time"]))
        self.assertEqual(line.expect("notice")["code"], "bad_batch")
        self.assertEqual(self.value(f"SELECT count(*) FROM validator WHERE key = '\\x{nobody.public.hex()}'"), "0")

    def test_a_latency_that_is_no_number(self):
        """There is no place for one: phases are bytes, each of which is a number, and numbers of text frames are read
        as such or not at all."""
        line = self.joined()
        line.tick.phases = ((1 << 32) - 1,) * 5
        line.send(line.stream.seal([line.tick], line.greeting["time"]))
        self.assertEqual(line.ack()[0].last, 1)
        line.send(frame.encode("suspect", {"order": bytes(16), "slot": 7}).replace("7", '"fast"'))
        self.assertEqual(line.expect("closed"), PROTOCOL)


class Trust(OriginalCase):
    """What nobody had signed was believed."""

    def test_a_stranger_who_leaves_unsubscribes_nobody(self):
        site = self.site_up("subscribed")
        counts = [v.joins for v in self.validators]
        for leave in range(30):
            line = self.line()
            if leave % 3:
                line.hello() if leave % 3 == 1 else line.welcome()
            line.close()
        ticks = f"SELECT count(*) FROM website_tick WHERE website_id = {site.website}"
        before = int(self.value(ticks))
        wait_until(lambda: int(self.value(ticks)) >= before + 4, "all four check on", 25)
        self.assertEqual([v.joins for v in self.validators], counts)

    def test_every_field_of_a_tick_is_signed(self):
        line = self.joined()
        now = line.greeting["time"]
        data = line.stream.seal([line.tick], now)
        whole = Batch.parse(data)
        for change in ({"status": 503}, {"phases": (1, 2, 3, 4, 5)}, {"order": os.urandom(16)}, {"start": now - SECOND},
                       {"outcome": batch.DOWN, "error": 2}, {"number": 2}, {"kind": batch.CONFIRM}, {"body_length": 9},
                       {"expiry_days": 1}):
            spoiled = Batch(**{**whole.__dict__, "ticks": [Tick(**{**line.tick.__dict__, **change})]})
            line.send(spoiled.frame)
            self.assertEqual(line.expect("notice")["code"], "bad_batch", change)
        other = self.joined()
        other.send(data)
        self.assertEqual(other.expect("notice")["code"], "bad_batch", "nobody else is credited with it")
        line.send(data)
        self.assertEqual(line.ack()[0].last, 1)

    def test_a_signup_is_not_replayed(self):
        line = self.joined()
        for _ in range(3):
            other = self.line()
            other.hello()
            other.send_frame("join", **line.joined)
            self.assertEqual(other.expect("reject")["code"], "bad_challenge")
            self.assertEqual(other.expect("closed"), REJECTED)
        line.send(line.stream.seal([line.tick], line.greeting["time"]))
        self.assertEqual(line.ack()[0].last, 1, "it is not displaced either")

    def test_a_wrong_reply_is_not_paid(self):
        site, v = self.mute_site("paid"), self.validators[0]
        self.wait_old(site, 13)
        v.stop()
        self.addCleanup(lambda: v.start().wait_welcome(v.joins + 1))
        line, before = self.joined(v.key), self.reward(v)

        def paid(tick, code):
            line.send(line.stream.seal([tick], v.now()))
            self.assertEqual(list(line.ack()[1][0][2]), [code])
            return self.reward(v) - before
        self.assertEqual(paid(self.tick(site, ago=13), batch.LATE), 0)
        self.assertEqual(paid(self.tick(site, order=os.urandom(16)), batch.UNASSIGNED), 0)
        right, wrong = self.tick(site), self.tick(site, outcome=batch.DOWN, error=2)
        self.assertEqual(paid(wrong, batch.ACCEPTED), 0)
        self.assertEqual(paid(right, batch.DUPLICATE), 0, "a second answer does not make it right")
        self.wait_old(site, 0)
        later = Tick(**{**right.__dict__, "number": right.number + 1, "start": right.start + 10 * SECOND})
        wait_until(lambda: v.now() > later.start - SECOND, "the next slot", 15)
        self.assertEqual(paid(later, batch.ACCEPTED), 1)


class TwentySockets(OriginalCase):
    def test_twenty_sockets_are_paid_once(self):
        site, v = self.mute_site("twenty"), self.validators[0]
        self.wait_old(site, 0)
        tick = self.tick(site)
        v.stop()
        before, answers, refused = self.reward(v), [], set()
        for _ in range(20):
            line = self.line().join(v.key)
            kind, values = line.receive()
            if kind != "welcome":
                refused.add(values["code"])
                continue
            stream = Stream(v.key, line.greeting["networkKey"])
            line.send(stream.seal([tick], v.now()))
            answers += line.ack()[1][0][2]
        self.assertEqual(refused, {"key_in_use"})
        self.assertEqual(sorted(answers), [batch.ACCEPTED] + [batch.DUPLICATE] * (len(answers) - 1))
        self.assertEqual((len(self.stored(tick)), self.reward(v) - before), (1, 1))


class Quiet(OriginalCase):
    """Nobody noticed, and nobody could know."""

    def test_unanswered_requests_leak_nothing(self):
        site = self.site_up("unanswered")
        site.mute = {0, 1, 2, 3}
        self.wait_state(site.website, "UNKNOWN", 60)
        seen = [len(v.probes) for v in self.validators]
        with open(f"/proc/{self.world.hub.pid}/statm", encoding="ascii") as f:
            before = int(f.read().split()[1])
        ends = time.monotonic() + 12
        wait_until(lambda: time.monotonic() > ends, "more than an interval", 15)
        asked = sum(len(v.probes) for v in self.validators) - sum(seen)
        self.assertLessEqual(asked, 12, "probes have a budget, answered or not")
        with open(f"/proc/{self.world.hub.pid}/statm", encoding="ascii") as f:
            self.assertLess(int(f.read().split()[1]) - before, 256, "pages")
        site.mute = set()
        self.wait_state(site.website, "UP", 30)

    def test_they_do_not_all_check_at_the_same_second(self):
        site = self.site_up("staggered")
        orders = [self.order_of(v, site)[1] for v in self.validators]
        interval = orders[0].interval_ms * 1000
        places = sorted(o.start % interval for o in orders)
        gaps = [b - a for a, b in zip(places, places[1:] + [places[0] + interval])]
        self.assertGreater(min(gaps), interval / 4 * 0.9)
        self.assertLess(max(gaps), interval / 4 * 1.1)


@unittest.skipUnless(build_has("dpin-api"), "dpin-api is not built")
class Api(OriginalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.start_api()
        wait_until(lambda: cls.world.request("GET", "/readyz")[0] == 200, "the API is ready")
        cls.token = cls.world.token()

    def status_of(self, site):
        self.db.sql(f"""UPDATE website SET organisation_id = (SELECT organisation_id FROM api_token LIMIT 1)
                        WHERE id = {site.website}""")
        public = self.value(f"SELECT public_id FROM website WHERE id = {site.website}")
        return self.world.get(f"/api/v1/website/status?websiteId={public}", self.token)

    def test_bearer_works_as_documented(self):
        self.assertEqual(self.world.request("GET", "/api/v1/websites", self.token)[0], 200)
        for words in ("Bearer", "Bearer ", "Bearer nonsense", f"Basic {self.token}", f"Bearer {self.token} more",
                      "Bearer \u00e4", "Bearer " + "x" * 4000, ""):
            status, _, problem = self.world.request("GET", "/api/v1/websites",
                                                    headers={"Authorization": words.encode().decode("latin-1")})
            self.assertIn(status, (400, 401, 431), (words[:30], problem))

    def test_the_status_does_not_grow_with_the_ticks(self):
        site = self.site_up("long-watched")
        self.db.let_ticks_be_rows()
        self.db.sql(f"""INSERT INTO website_tick SELECT (jsonb_populate_record(t, jsonb_build_object(
                'started_at', (t).started_at - i * interval '10 s', 'number', i))).*
            FROM (SELECT w FROM website_tick w WHERE website_id = {site.website} LIMIT 1) AS one (t),
                 generate_series(1, 8000) AS i""")
        begun = time.monotonic()
        status = self.status_of(site)
        self.assertEqual(len(status["ticks"]), 100)
        self.assertLess(time.monotonic() - begun, 2)

    def test_a_failure_has_no_latency(self):
        site = self.site_up("failing")
        site.down = {0, 1, 2, 3}
        self.wait_state(site.website, "DOWN")
        ticks = self.status_of(site)["ticks"]
        self.assertIn("Bad", {t["status"] for t in ticks})
        for t in ticks:
            self.assertEqual(t["latency"] is None, t["status"] == "Bad", t)


@unittest.skipUnless(build_has("dpin-validator"), "dpin-validator is not built")
class RealCase(HubCase):
    """With the validator that is shipped."""

    def watched_page(self):
        page = Page()
        self.addCleanup(page.close)
        return page, self.add_website(page.url, seats=1)

    def ticks(self, website, where="true"):
        return int(self.value(f"SELECT count(*) FROM website_tick WHERE website_id = {website} AND {where}"))


class Faithful(RealCase):
    def test_after_a_restart_of_the_hub_validators_come_back_and_work(self):
        _, website = self.watched_page()
        self.world.start_validator("faithful")
        wait_until(lambda: self.ticks(website), "it checks", 40)
        for stop in (self.world.hub.kill, self.world.hub.stop):
            before = self.ticks(website)
            stop()
            self.world.start_hub(conf=self.conf)
            wait_until(lambda: self.ticks(website) > before, "it checks again, and nobody did anything", 40)


class Careful(RealCase):
    def test_not_every_url_is_fetched(self):
        page, website = self.watched_page()
        self.world.start_validator("careful", conf="")
        wait_until(lambda: self.ticks(website, "outcome = 3"), "it abstains", 60)
        self.assertEqual((page.hits, self.ticks(website, "outcome <> 3")), (0, 0))


if __name__ == "__main__":
    unittest.main()
