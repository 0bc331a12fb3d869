"""A database of a newer program is refused, by --migrate and by the daemon."""

import unittest

import websockets

from hub_case import HubCase
from process import Failure, wait_until


class Schema(HubCase):
    empty = True

    def test_migrating_again_changes_nothing(self):
        before = self.db.sql("SELECT * FROM schema_migration ORDER BY version")
        self.assertIn("nothing to do", self.world.migrate())
        self.assertEqual(self.db.sql("SELECT * FROM schema_migration ORDER BY version"), before)

    def test_z_a_newer_schema_is_refused(self):
        self.world.hub.stop()
        self.db.sql("""INSERT INTO schema_migration (version, name, checksum, oldest_program)
                       SELECT 999, '999-of-a-later-day.sql', checksum, '99.0.0' FROM schema_migration LIMIT 1""")
        comment = self.value("SELECT obj_description('schema_migration'::regclass)")
        self.db.sql("COMMENT ON TABLE schema_migration IS '999 99.0.0'")  # what a program reads first
        with self.assertRaisesRegex(Failure, "99"):
            self.world.migrate()
        self.world.start_hub(conf=self.conf)
        wait_until(lambda: "DPIN_STATE=refused" in self.world.hub.log(), "the daemon says that it is refused")
        with self.line() as line:
            line.join()
            self.assertEqual(line.expect("reject")["code"], "not_ready")
        self.db.sql("DELETE FROM schema_migration WHERE version = 999")
        self.db.sql(f"COMMENT ON TABLE schema_migration IS '{comment}'")
        wait_until(self.welcomed, "it looks again", 30, step=0.2)

    def welcomed(self):
        try:
            with self.line() as line:
                line.join()
                return line.receive()[0] == "welcome"
        except (Failure, websockets.ConnectionClosed):
            return False  # told to come again, in the middle of a word


if __name__ == "__main__":
    unittest.main()
