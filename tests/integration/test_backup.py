"""Backups as dpin-database(7) says, taken while everything runs, restored on another server: the network goes on, knows
what it lost since, and everybody's tokens hold."""

import os
import subprocess
import unittest

from database import Database, as_server_user, server_program
from dpin_wire import Key, Tick, batch
from hub_case import BUILD, Validator, build_has
from process import command, wait_until
from world import World

STILL = ("website", "validator", "tick_batch", "website_tick", "api_token", "audit_log", "schema_migration")


class Restored(Database):
    """`fill(data)` makes its files; None: those of a new cluster with dpin's roles."""

    name = "restored"

    def __init__(self, world, fill=None):
        super().__init__(os.path.join(world.data, "restored"), os.path.join(world.run, "rs"))
        self.fill = fill

    def _fill(self):
        return self.fill(self.data) if self.fill else super()._fill()

    def _create(self):
        if not self.fill:
            super()._create()


@unittest.skipUnless(build_has("dpin-hub") and build_has("dpin-api"), "dpin-hub or dpin-api is not built")
class Backup(unittest.TestCase):
    def setUp(self):
        self.world = world = World(BUILD)
        self.addCleanup(world.stop)
        world.start_database()
        world.migrate()
        self.first = world.database
        self.addCleanup(self.first.stop)
        world.start_bus().start_hub().start_api()
        self.wait_api()
        self.token = world.token()
        self.validator = Validator(world.hub_url, lambda *_: None, key=Key(bytes(range(32)))).start()
        self.addCleanup(self.validator.stop)
        self.validator.wait_welcome()
        self.site = world.request("POST", "/api/v1/website", self.token, {"url": "https://kept.example/"})[2]["id"]
        self.send(3)

    def wait_api(self):
        wait_until(lambda: self.world.request("GET", "/readyz")[0] == 200, "the API is ready")

    def send(self, n):
        """Batches of the test's own: of what it is ordered the validator says nothing."""
        for _ in range(n):
            self.validator.submit(Tick(os.urandom(16), batch.SCHEDULED, batch.UP, 1, self.validator.now()))

    def as_server(self, *argv):
        return command([*as_server_user(), server_program(argv[0]), *argv[1:]])

    def counts(self, database):
        return {table: database.value(f"SELECT count(*) FROM {table}") for table in STILL}

    def schema(self, database):
        """As pg_dump writes it, without the lines that differ from run to run."""
        text = command([server_program("pg_dump"), "-s", "-d", database.url("postgres")])
        return [line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict", "--"))]

    def replaced(self, restored):
        """The first server is gone with all that came after the backup, and so is the hub's machine, but for a copy
        of its key."""
        key = os.path.join(self.world.run, "hub.key.copy")
        command(["install", "-m", "600", os.path.join(self.world.data, "hub", "hub.key"), key])
        self.send(4)
        self.world.request("POST", "/api/v1/website", self.token, {"url": "https://lost.example/"})
        self.joins = self.validator.joins
        self.world.hub.kill()
        self.world.api.kill()
        self.first.process.kill()
        state = self.world._directory("new-hub")
        command(["install", "-m", "600", key, os.path.join(state, "hub.key")])
        self.world.database = restored
        self.world.start_hub(env={"STATE_DIRECTORY": state}).start_api()

    def assert_goes_on(self, restored):
        v = self.validator
        v.wait(lambda _: v.joins > self.joins, "the validator is welcome again", 30)
        wait_until(lambda: restored.sql("SELECT from_seq, to_seq FROM stream_loss") == [["4", "7"]],
                   "what came after the backup is recorded as lost")
        self.send(1)
        self.assertEqual(restored.sql("SELECT sequence FROM tick_batch ORDER BY 1"), [["1"], ["2"], ["3"], ["8"]])
        self.wait_api()
        urls = [w["url"] for w in self.world.get("/api/v1/websites", self.token)["websites"]]
        self.assertEqual(urls, ["https://kept.example/"])
        self.assertIn("nothing to do", self.world.migrate())
        self.assertEqual(v.errors, [])

    def test_a_dump(self):
        dump = os.path.join(self.world.run, "dpin.dump")
        command([server_program("pg_dump"), "--format=custom", "--file", dump, self.first.url("postgres")])
        restored = Restored(self.world).start()
        self.addCleanup(restored.stop)
        counts, schema = self.counts(self.first), self.schema(self.first)
        done = subprocess.run([server_program("pg_restore"), "--exit-on-error", f"--dbname={restored.url('postgres')}",
                               dump], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.schema(restored), schema)
        self.assertEqual(self.counts(restored), counts)
        self.replaced(restored)
        self.assert_goes_on(restored)

    def test_a_copy_of_the_files(self):
        folder = os.path.join(self.world.data, "base")

        def copied(data):
            command(["cp", "-a", f"{folder}/.", data])
        self.as_server("pg_basebackup", "-h", self.first.run, "-U", "postgres", "--pgdata", self.ours(folder),
                       "--checkpoint=fast")
        self.as_server("pg_verifybackup", "--quiet", folder)
        restored = Restored(self.world, copied)
        self.addCleanup(restored.stop)
        self.replaced(restored.start())
        self.assert_goes_on(restored)

    def ours(self, folder):
        os.makedirs(folder, mode=0o700)
        if os.getuid() == 0:
            command(["chown", "postgres:postgres", folder])
        return folder


if __name__ == "__main__":
    unittest.main()
