"""The database that makes itself: absent, late, somebody else's."""

import unittest

import ground
from process import wait_until

CLUSTER = "postgresql@15-main.service"


def without_postgresql(machine):
    """Nothing starts it by itself, and it has no database of dpin's yet."""
    machine.write("/etc/postgresql/15/main/start.conf", "manual\n")


class Late(ground.SystemCase):
    @classmethod
    def start(cls):
        return ground.machine_with_dpin(prepare=without_postgresql)

    def test_the_hub_runs_without_it_says_so_and_recovers(self):
        self.machine.wait_unit("dpin-hub.service", ActiveState="active")
        self.machine.wait_unit("dpin-api.service", ActiveState="active")
        for unit in ("dpin-hub.service", "dpin-api.service"):
            self.machine.wait_status(unit, "connection to server")
        self.assertEqual(self.machine.request("GET", "/readyz")[0], 503)
        self.assertEqual(self.machine.request("GET", "/healthz")[0], 200)
        self.assertIn("connection to server", self.machine.property("Hub1", "State"))

        # what comes is new: dpin-database makes everything in it
        self.machine.sh("pg_dropcluster 15 main && pg_createcluster 15 main && systemctl start " + CLUSTER)
        self.ready()
        self.assertEqual(self.machine.request("GET", "/readyz")[0], 200)
        owners = self.machine.sql("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
        self.assertEqual(owners, "dpin")
        self.machine.wait_unit("dpin-database.service", ActiveState="inactive", Result="success")


class Lost(ground.SystemCase):
    def test_it_is_waited_for(self):
        self.ready()
        pid = self.machine.unit("dpin-hub.service", "MainPID")
        self.machine.run("systemctl", "stop", CLUSTER)
        self.machine.wait_status("dpin-hub.service", "connection")
        self.machine.run("systemctl", "start", CLUSTER)
        self.ready()
        self.assertEqual(self.machine.unit("dpin-hub.service", "MainPID"), pid)


class SomebodyElses(ground.SystemCase):
    """A hub that is told of a database is left to whoever looks after that."""

    def made(self):
        """Whether dpin-database does something."""
        self.machine.run("systemctl", "start", "dpin-database.service", check=False)
        wait_until(lambda: self.machine.unit("dpin-database.service", "ActiveState") == "inactive", "it has ended")
        state = self.machine.unit("dpin-database.service", "ConditionResult", "Result")
        self.assertIn(state["Result"], ("success", "exec-condition"))
        return state == {"ConditionResult": "yes", "Result": "success"}

    def assert_made(self):
        self.assertTrue(self.made(),
                        self.machine.sh("systemctl status --no-pager --lines=20 dpin-database", check=False))

    def test_named_by_a_setting(self):
        self.assert_made()
        self.changed("/etc/dpin/hub.conf", "[Hub]\nDatabaseUrl=host=/nowhere\n")
        self.assertFalse(self.made())

    def test_named_by_the_environment(self):
        self.assert_made()
        self.changed("/etc/default/dpin-hub", "DATABASE_URL=host=/nowhere\n")
        self.assertFalse(self.made())

    def test_named_by_a_credential(self):
        self.assert_made()
        self.machine.write("/etc/credstore/dpin-hub.DatabaseUrl", "host=/nowhere\n", 0o600)
        self.addCleanup(self.machine.sh, "rm /etc/credstore/dpin-hub.DatabaseUrl; systemctl restart dpin-hub")
        self.assertFalse(self.made())
        self.machine.run("systemctl", "restart", "dpin-hub")
        self.machine.wait_status("dpin-hub.service", "/nowhere")

    def test_no_postgresql_no_database(self):
        self.assert_made()
        self.machine.sh("mv /usr/lib/postgresql/15/bin/postgres /root/")
        self.addCleanup(self.machine.sh, "mv /root/postgres /usr/lib/postgresql/15/bin/")
        self.assertFalse(self.made())

    def test_postgresqls_memory_is_not_taken(self):
        """What a unit of PostgreSQL's user leaves behind is not removed: it would be the server's."""
        self.ready()
        self.assert_made()
        self.assertEqual(self.machine.sql("SELECT 1"), "1")


if __name__ == "__main__":
    unittest.main()
