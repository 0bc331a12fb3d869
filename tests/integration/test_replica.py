"""Reads at a streaming replica: which go there, and what happens when it is away, behind, or breaks off."""

import contextlib
import json
import os
import signal
import threading
import unittest

from database import Replica
from process import wait_until
from test_api import ApiCase, Stream


class ReplicaCase(ApiCase):
    """The API reads from a replica of the primary; SITE is a website that both have."""

    conf = "ReadLagMax=1h\n"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world = cls.world
        cls.replica = Replica(world.database, os.path.join(world.data, "replica"), os.path.join(world.run, "re"),
                              extra=["-c", "fsync=off"])  # a busy disk makes it late
        cls.addClassCleanup(cls.replica.stop)
        cls.site = cls.add("https://first.example/")
        cls.replica.start().catch_up()
        world.api.stop()
        world.start_api(conf=cls.conf, env={"DATABASE_READ_URL": cls.replica.url("dpin-api")})
        cls.wait_ready()
        cls.wait_state("ready")

    @classmethod
    def add(cls, url, token=None, **_):
        status, _, body = cls.world.request("POST", "/api/v1/website", token or cls.one, {"url": url})
        assert status == 201, body
        return body["id"]

    @classmethod
    def shown(cls):
        rows = json.loads(cls.world.ctl("status", "--json"))
        words = " ".join(next(r for r in rows if r["daemon"] == "dpin-api")["detail"]).split()
        return dict(word.split("=", 1) for word in words)

    @classmethod
    def wait_state(cls, state):
        wait_until(lambda: cls.shown()["Replica"] == state, f"the replica is {state}", 60)

    def counts(self):
        """How many reads it got, and {reason: how many it did not get}."""
        shown = self.shown()
        pairs = [p.split(":") for p in shown.get("ReplicaPassed", "").split(",") if p]
        return int(shown["ReplicaReads"]), {name: int(n) for name, n in pairs}

    def passed(self, reason):
        return self.counts()[1].get(reason, 0)

    def name_at_primary(self, name):
        """As somebody else would change it: the API does not hear of it."""
        self.db.sql(f"UPDATE website SET name = '{name}' WHERE public_id = '{self.site}'")

    def name_shown(self, token=None):
        status, _, body = self.call("GET", "/api/v1/websites", token or self.one)
        self.assertEqual(status, 200, body)
        return next(w["name"] for w in body["websites"] if w["id"] == self.site)

    def reads_there(self):
        """Whatever was written before is there, and known to be."""
        start, _ = self.counts()
        wait_until(lambda: self.name_shown() is not None and self.counts()[0] > start, "reads go to the replica")

    def paused(self):
        self.replica.catch_up()
        self.reads_there()
        self.replica.pause()
        self.addCleanup(self.replica.catch_up)
        self.addCleanup(self.replica.resume)

    def lines(self, text):
        return self.world.api.log().count(text)


class Reads(ReplicaCase):
    def test_every_view_comes_from_there(self):
        self.reads_there()
        before, _ = self.counts()
        for path in ("websites", f"website/status?websiteId={self.site}", f"website/verdict?websiteId={self.site}",
                     f"website/latency?websiteId={self.site}", "incidents", "validators"):
            self.assertEqual(self.call("GET", "/api/v1/" + path, self.one)[0], 200, path)
        self.assertEqual(self.counts()[0] - before, 6)

    def test_what_it_does_not_have_yet_is_not_shown(self):
        self.name_at_primary("old")
        self.paused()
        self.name_at_primary("new")
        self.assertEqual(self.name_shown(), "old")
        self.replica.resume()
        wait_until(lambda: self.name_shown() == "new", "the replica shows what is new")

    def test_who_wrote_sees_it_at_once(self):
        self.paused()
        self.name_at_primary("hidden")
        self.assertNotEqual(self.name_shown(), "hidden")
        before = self.passed("wrote")
        second = self.add("https://second.example/")
        ids = [w["id"] for w in self.call("GET", "/api/v1/websites", self.one)[2]["websites"]]
        self.assertIn(second, ids)
        self.assertEqual(self.passed("wrote") - before, 1)
        before, _ = self.counts()
        self.assertEqual(self.call("GET", "/api/v1/incidents", self.two)[0], 200)
        self.assertEqual(self.counts()[0] - before, 1, "another organisation reads on there")

        status, _, _ = self.call("DELETE", f"/api/v1/website?websiteId={second}", self.one)
        self.assertEqual(status, 204)
        ids = [w["id"] for w in self.call("GET", "/api/v1/websites", self.one)[2]["websites"]]
        self.assertNotIn(second, ids)

        self.replica.resume()
        self.reads_there()

    def test_a_payout_is_a_write_too(self):
        self.db.sql("INSERT INTO validator (key, name, state) VALUES (decode(repeat('07', 32), 'hex'), 'v', 'approved')"
                    " ON CONFLICT DO NOTHING")
        self.paused()
        before = self.passed("wrote")
        self.assertEqual(self.call("POST", "/api/v1/payout/BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc", self.one)[0],
                         409)
        self.assertEqual(self.call("GET", "/api/v1/validators", self.one)[0], 200)
        self.assertEqual(self.passed("wrote") - before, 1)

    def test_what_a_stream_told_is_shown(self):
        stream = Stream(self.world, self.one)
        self.addCleanup(stream.close)
        self.assertIn("retry", stream.block())
        self.paused()
        before = self.passed("told")
        self.commit(f"UPDATE website SET name = 'told' WHERE public_id = '{self.site}'",
                    self.an_event(1, "website.changed", {"id": self.site}))
        self.assertEqual(stream.event()["event"], "website.changed")
        self.assertEqual(self.name_shown(), "told")
        self.assertEqual(self.passed("told") - before, 1)

        self.replica.resume()
        self.reads_there()
        self.assertEqual(self.name_shown(), "told")

    def test_what_is_not_there_is_looked_for_at_the_primary(self):
        self.paused()
        self.db.sql("INSERT INTO website (organisation_id, public_id, url, interval_ms, timeout_ms, seats)"
                    " VALUES (1, '00000000-0000-7000-8000-000000000001', 'https://late.example/', 60000, 10000, 4)")
        status, _, body = self.call("GET", "/api/v1/website/status?websiteId=00000000-0000-7000-8000-000000000001",
                                    self.one)
        self.assertEqual((status, body.get("url")), (200, "https://late.example/"))
        nobody = "00000000-0000-7000-8000-0000000000ff"
        self.assertEqual(self.call("GET", f"/api/v1/website/status?websiteId={nobody}", self.one)[0], 404)
        self.assertEqual(self.passed("failed"), 0)


class Behind(ReplicaCase):
    conf = "ReadLagMax=500ms\n"

    def test_too_late_is_passed_over(self):
        self.name_at_primary("old")
        self.paused()
        self.commit(f"UPDATE website SET name = 'new' WHERE public_id = '{self.site}'")
        wait_until(lambda: self.name_shown() == "new", "the primary is asked")
        self.assertEqual(self.shown()["Replica"], "behind")
        for _ in range(20):
            self.assertEqual(self.name_shown(), "new")
        self.assertGreaterEqual(self.passed("behind"), 21)
        self.assertEqual(self.lines("DPIN_REASON=behind"), 1)

        self.assertEqual(self.lines("reads go to the replica again"), 0)
        self.replica.resume()
        self.wait_state("ready")
        before, _ = self.counts()
        self.assertEqual(self.name_shown(), "new")
        self.assertEqual(self.counts()[0] - before, 1)
        self.assertEqual(self.lines("reads go to the replica again"), 1)


class Away(ReplicaCase):
    conf = "ReadLagMax=3s\n"

    def test_one_that_stands_still_is_let_go(self):
        """As a machine that hangs, or a network that loses everything."""
        self.name_at_primary("name")
        self.replica.catch_up()
        self.reads_there()
        before = self.passed("failed")
        stopped = self.processes()
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        self.addCleanup(self.replica.start)
        self.addCleanup(self.kill, stopped)
        self.assertEqual(self.name_shown(), "name")
        self.assertEqual(self.passed("failed") - before, 1)
        self.assertEqual(self.shown()["Replica"], "away")

    def processes(self):
        """The replica's server and all that it started."""
        server = self.replica.process.pid
        with open(f"/proc/{server}/task/{server}/children", encoding="ascii") as f:
            return [server, *map(int, f.read().split())]

    def kill(self, pids):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.replica.process.kill()

    def test_the_primary_answers_alone(self):
        self.name_at_primary("name")
        self.replica.catch_up().process.kill()
        wait_until(lambda: self.shown()["Replica"] == "away", "the API has seen it")
        before, lines = self.passed("away"), self.lines("reads go to the primary DPIN_REASON=away")
        for _ in range(20):
            self.assertEqual(self.name_shown(), "name")
        self.assertEqual(self.passed("away") - before, 20)
        self.assertLessEqual(self.lines("reads go to the primary DPIN_REASON=away") - lines, 1)

        self.replica.start()
        self.wait_state("ready")
        before, _ = self.counts()
        self.assertEqual(self.name_shown(), "name")
        self.assertEqual(self.counts()[0] - before, 1)

    def test_a_read_that_breaks_off_is_made_again(self):
        answers = []
        read = threading.Thread(target=lambda: answers.append(self.name_shown()), daemon=True)
        self.name_at_primary("name")
        self.replica.catch_up()
        self.reads_there()
        lock = self.lock()
        before, _ = self.counts()
        failed = self.passed("failed")
        read.start()
        wait_until(lambda: self.counts()[0] > before, "the replica has the read, which waits for the lock")
        self.replica.process.kill()
        wait_until(lambda: self.passed("failed") == failed + 1, "it broke off")
        self.assertEqual(answers, [])
        lock.close()
        read.join(10)
        self.assertEqual(answers, ["name"])
        self.assertLessEqual(self.lines("reads go to the primary DPIN_REASON=failed"), 1)
        self.replica.start()
        self.wait_state("ready")

    def lock(self):
        """Held on the primary, and so by the replica."""
        import psycopg2
        connection = psycopg2.connect(self.db.url("postgres"))
        self.addCleanup(connection.close)
        connection.cursor().execute("LOCK TABLE website IN ACCESS EXCLUSIVE MODE; SELECT pg_switch_wal()")
        self.replica.catch_up()
        wait_until(lambda: self.replica.value("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock'"
                                              " AND relation = 'website'::regclass") == "1", "the replica locks, too")
        return connection


class Promoted(ReplicaCase):
    conf = "ReadLagMax=500ms\n"

    def test_one_that_went_its_own_way_is_behind(self):
        self.replica.catch_up().promote()
        self.replica.sql(f"UPDATE website SET name = 'apart' WHERE public_id = '{self.site}'")
        self.replica.sql("INSERT INTO audit_log (actor, action, object)"
                         " SELECT 'x', 'y', 'z' FROM generate_series(1, 20000)")
        self.commit(f"UPDATE website SET name = 'ours' WHERE public_id = '{self.site}'")
        self.wait_state("behind")
        self.assertEqual(self.name_shown(), "ours")


if __name__ == "__main__":
    unittest.main()
