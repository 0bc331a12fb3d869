"""A hub and an API that reach their database through PgBouncer, wholly or but for what must not go through it."""

import json
import os
import unittest

from dpin_line import Line
from hub_case import BUILD, UP, Validator, build_has
from pooler import Pooler
from process import Process, listening_socket, wait_until
from test_api import Stream
from world import World


@unittest.skipUnless(build_has("dpin-hub") and build_has("dpin-api"), "dpin-hub or dpin-api is not built")
class PoolCase(unittest.TestCase):
    """`direct`: what DATABASE_DIRECT_URL names is the database itself."""

    mode, size, direct = "session", 20, False

    @classmethod
    def setUpClass(cls):
        cls.world = world = World(BUILD)
        cls.addClassCleanup(world.stop)
        world.start_database(empty=not cls.direct)  # migrations go through the pool as well
        cls.pool = Pooler(world.database, os.path.join(world.run, "pool"), mode=cls.mode, size=cls.size).start()
        cls.addClassCleanup(cls.pool.stop)
        hub, api = cls.env("dpin-hub"), cls.env("dpin-api")
        world.migrate(env=hub)
        world.start_bus().start_hub(env=hub).start_api(env=api)
        cls.wait_ready()

    @classmethod
    def env(cls, user):
        url = {"DATABASE_URL": cls.pool.url(user)}
        return {**url, "DATABASE_DIRECT_URL": cls.world.database.url(user)} if cls.direct else url

    @classmethod
    def states(cls):
        return {row["daemon"]: row["state"] for row in json.loads(cls.world.ctl("status", "--json"))}

    @classmethod
    def wait_ready(cls):
        for daemon in ("dpin-hub", "dpin-api"):
            wait_until(lambda name=daemon: cls.states()[name] == "ready", f"{daemon} is ready")

    def clients(self):
        """Users whose connections the pool has."""
        rows = (line.split("|") for line in self.pool.admin("SHOW CLIENTS").splitlines())
        return sorted(row[1] for row in rows if row[1].startswith("dpin-"))

    def another_hub(self):
        """A second one, with the first one's key."""
        path, door = os.path.join(self.world.data, "hub.conf"), listening_socket()
        hub = Process("another-hub", [self.world.program("dpin-hub"), f"--config={path}", "--bus=none"], self.world.run,
                      env={**self.env("dpin-hub"), "STATE_DIRECTORY": self.world._directory("hub")},
                      sockets={"ws": door})
        self.addCleanup(door.close)
        self.addCleanup(hub.stop)
        return hub.start()

    def assert_events_arrive(self, token):
        """What a hub commits is told to whoever listens."""
        with_events = Stream(self.world, token)
        self.addCleanup(with_events.close)
        self.assertIn("retry", with_events.block())
        db = self.world.database
        number = int(db.value("SELECT commit_no FROM hub_state"))
        wait_until(lambda: int(db.value("SELECT commit_no FROM hub_state")) > number, "the hub commits")
        site = self.world.request("POST", "/api/v1/website", token, {"url": f"https://n{number}.example/"})
        self.assertEqual(site[0], 201, site)
        validator = Validator(self.world.hub_url, lambda *_: UP).start()
        self.addCleanup(validator.stop)
        self.assertIsNotNone(with_events.event())


class Session(PoolCase):
    def test_everything_goes_through_it(self):
        self.assertEqual(self.clients(), ["dpin-api", "dpin-hub", "dpin-hub", "dpin-hub"])
        token = self.world.token()
        self.assert_events_arrive(token)

    def test_one_hub_holds_the_lock(self):
        another = self.another_hub()
        wait_until(lambda: "another hub holds the writer's lock" in another.log(), "the other one waits")
        self.world.hub.kill()
        self.addCleanup(self.wait_ready)
        self.addCleanup(self.world.start_hub, env=self.env("dpin-hub"))
        self.addCleanup(another.stop)
        wait_until(lambda: another.status == "ready" or "the database is there" in another.log(),
                   "the pool gave up the lock of the one that died")
        with Line(f"ws://127.0.0.1:{another.sockets['ws'].getsockname()[1]}/ws") as line:
            self.assertIsNotNone(line.hello())

    def test_they_come_back_with_it(self):
        before = self.world.hub.log().count("the database is there")
        self.pool.process.kill()
        wait_until(lambda: self.states()["dpin-hub"] != "ready", "the hub has lost it")
        self.pool.start()
        self.wait_ready()
        self.assertEqual(self.world.hub.log().count("the database is there"), before + 1)


class Direct(PoolCase):
    direct = True

    def test_only_requests_go_through_it(self):
        self.assertEqual(self.clients(), ["dpin-api"])
        self.assert_events_arrive(self.world.token())

    def test_the_hub_does_not_notice_that_it_is_away(self):
        token = self.world.token()
        lost = self.world.hub.log().count("waiting for the database")
        self.pool.process.kill()
        wait_until(lambda: self.world.request("GET", "/api/v1/websites", token)[0] == 503, "requests have to wait")
        self.assertEqual(self.states()["dpin-hub"], "ready")
        self.pool.start()
        wait_until(lambda: self.world.request("GET", "/api/v1/websites", token)[0] == 200, "requests are answered")
        self.assertEqual(self.world.hub.log().count("waiting for the database"), lost)
        self.wait_ready()


class Transaction(PoolCase):
    mode, size = "transaction", 1

    @classmethod
    def wait_ready(cls):
        """It must not be."""

    def test_a_session_that_is_lent_is_refused(self):
        """The lock that the migration took is still in it."""
        wait_until(lambda: "a pool lends this connection to others" in self.world.hub.log(), "the hub says so")
        wait_until(lambda: "session mode" in self.states()["dpin-hub"], "its status says so, between two tries")
        self.assertNotIn("the database is there", self.world.hub.log())


class TransactionDirect(PoolCase):
    mode, direct = "transaction", True

    def test_the_hub_does_without(self):
        self.assertEqual(self.clients(), ["dpin-api"])
        another = self.another_hub()
        wait_until(lambda: "another hub holds the writer's lock" in another.log(), "the other one waits")


if __name__ == "__main__":
    unittest.main()
