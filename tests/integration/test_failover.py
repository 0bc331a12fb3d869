"""The primary dies and its replica is promoted: hub and API find it by the list of servers they were given. With
synchronous replication nothing that was acknowledged is missing; without, what is missing is known to the stream."""

import contextlib
import os
import socket
import unittest

from database import Replica
from dpin_wire import Tick, batch
from hub_case import BUILD, UP, Validator, build_has
from process import Failure, listening_socket, wait_until
from world import World


def both(first, second, user):
    return f"host={first.run},{second.run} user={user} dbname=dpin target_session_attrs=read-write"


class FailoverCase(unittest.TestCase):
    """A primary with a replica, a hub and an API that know both, and a validator that sends batches of its own."""

    def setUp(self):
        self.world = world = World(BUILD)
        self.addCleanup(world.stop)
        world.start_database()
        world.migrate()
        self.primary = world.database
        self.replica = Replica(world.database, os.path.join(world.data, "replica"), os.path.join(world.run, "re"))
        self.addCleanup(self.replica.stop)
        self.replica.start()
        world.start_bus()
        world.start_hub(env={"DATABASE_URL": both(self.primary, self.replica, "dpin-hub")})
        world.start_api(env={"DATABASE_URL": both(self.primary, self.replica, "dpin-api")})
        self.wait_api()
        self.validator = Validator(world.hub_url, lambda *_: UP).start()
        self.addCleanup(self.validator.stop)
        self.validator.wait_welcome()

    def wait_api(self):
        wait_until(lambda: self.world.request("GET", "/readyz")[0] == 200, "the API is ready")

    def synchronous(self):
        self.primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.primary.sql("SELECT pg_reload_conf()")
        wait_until(lambda: self.primary.value("SELECT sync_state FROM pg_stat_replication") == "sync",
                   "the replica is a synchronous one")

    def send(self):
        """One batch, and its acknowledgement, whatever happens to the connection meanwhile."""
        return self.validator.submit(Tick(os.urandom(16), batch.SCHEDULED, batch.UP, 1, self.validator.now()))

    def acked(self):
        return sorted(sequence for _, sequence in self.validator.codes)

    def stored(self):
        return [int(row[0]) for row in self.replica.sql("SELECT sequence FROM tick_batch ORDER BY 1")]

    def fail_over(self):
        """As when a machine dies: its server says no word more."""
        self.primary.process.kill()
        if not self.replica.process.running():
            self.replica.start()
        self.replica.promote()


@unittest.skipUnless(build_has("dpin-hub") and build_has("dpin-api"), "dpin-hub or dpin-api is not built")
class Failover(FailoverCase):
    def test_with_synchronous_replication_nothing_is_lost(self):
        self.synchronous()
        for _ in range(20):
            self.send()
        with self.batches_under_way(10):
            self.fail_over()
            self.validator.wait(lambda v: len(v.codes) == 30, "all are acknowledged", 30)
        self.assertEqual(self.acked(), list(range(1, 31)))
        self.assertEqual(self.stored(), list(range(1, 31)))
        self.assertEqual(self.replica.value("SELECT count(*) FROM stream_loss"), "0")
        self.send()
        self.wait_api()
        self.assertEqual(self.validator.errors, [])

    def test_without_it_what_is_lost_is_known(self):
        for _ in range(5):
            self.send()
        self.replica.catch_up().stop()
        for _ in range(7):
            self.send()
        joins = self.validator.joins
        self.fail_over()
        self.validator.wait(lambda v: v.joins > joins, "the validator is welcome again", 30)
        self.assertEqual(self.stored(), [1, 2, 3, 4, 5])
        self.send()
        self.assertEqual(self.acked(), list(range(1, 14)))
        self.assertEqual(self.stored(), [1, 2, 3, 4, 5, 13])
        self.assertEqual(self.replica.sql("SELECT from_seq, to_seq FROM stream_loss"), [["6", "12"]])
        self.wait_api()
        self.assertEqual(self.validator.errors, [])

    @contextlib.contextmanager
    def batches_under_way(self, n):
        """So many are sent at once, not one of them waited for."""
        from dpin_line import run

        async def send():
            for _ in range(n):
                tick = Tick(os.urandom(16), batch.SCHEDULED, batch.UP, 1, self.validator.now())
                await self.validator._send_ticks([tick], {})
        run(send())
        yield


@unittest.skipUnless(build_has("dpin-hub"), "dpin-hub is not built")
class Silent(unittest.TestCase):
    """The first server of the list takes no connection and refuses none, as a machine that is gone."""

    def test_the_next_one_is_tried(self):
        world = World(BUILD)
        self.addCleanup(world.stop)
        world.start_database()
        world.migrate()
        port = self.silent()
        world.start_hub(env={"DATABASE_URL": f"host=127.0.0.1,{world.database.run} port={port},5432 user=dpin-hub"
                                             " dbname=dpin target_session_attrs=read-write"})
        self.assertNotIn("the database is there", world.hub.log())
        wait_until(lambda: "the database is there" in world.hub.log(), "the hub has found the second one", 30)

    def silent(self):
        door = listening_socket()
        self.addCleanup(door.close)
        door.listen(0)
        for _ in range(4):  # the queue of those who wait is full
            s = socket.socket()
            s.setblocking(False)
            self.addCleanup(s.close)
            with contextlib.suppress(BlockingIOError):
                s.connect(door.getsockname())
        probe = socket.socket()
        self.addCleanup(probe.close)
        probe.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            probe.connect(door.getsockname())
        return door.getsockname()[1]


if __name__ == "__main__":
    unittest.main()
