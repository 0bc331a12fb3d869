"""The database that tests copy: it is as one made from nothing, and made again when what it is made of has changed."""

import os
import re
import sys
import unittest
import unittest.mock

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "run")]

from database import Database, server_program  # noqa: E402
from hub_case import BUILD, build_has  # noqa: E402
from process import Failure, command  # noqa: E402
from template import Template  # noqa: E402
from world import World  # noqa: E402

MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\+00")


class Copies(unittest.TestCase):
    def world(self):
        world = World(BUILD)
        self.addCleanup(world.stop)
        return world

    @unittest.skipUnless(build_has("dpin-hub"), "dpin-hub is not built")
    def test_a_copy_is_as_one_from_nothing(self):
        """All of it, as pg_dump writes it: no migration makes anything random."""
        nothing, copied = self.world().start_database(empty=True), self.world().start_database()
        self.assertIn("applied", nothing.migrate())
        self.assertIn("nothing to do", copied.migrate())
        self.assertEqual(self.dump(copied.database), self.dump(nothing.database))

    @staticmethod
    def dump(database):
        text = command([server_program("pg_dump"), "-d", database.url("postgres")])
        return [MOMENT.sub("then", line) for line in text.splitlines() if not re.match(r"\\(un)?restrict", line)]

    def test_it_is_made_again_when_it_must_be(self):
        world, made = self.world(), []
        source = os.path.join(world.data, "source")
        template = Template(os.path.join(world.data, "made"), os.path.join(world.run, "t"), [source], made.append)
        for text, times in (("1", 1), ("1", 1), ("22", 2)):
            self.put(source, text)
            template.copy(os.path.join(world.data, f"copy-{len(os.listdir(world.data))}"))
            self.assertEqual(len(made), times)

    def test_every_day_has_its_own(self):
        """Partitions are of days."""
        world, made = self.world(), []
        template = Template(os.path.join(world.data, "made"), os.path.join(world.run, "t"), [], made.append)
        for day, times in ((10, 1), (10, 1), (11, 2)):
            with unittest.mock.patch("time.gmtime", lambda day=day: (2026, 11, day, 0, 0, 0, 0, 0, 0)):
                template.copy(os.path.join(world.data, f"copy-{len(os.listdir(world.data))}"))
            self.assertEqual(len(made), times)

    @staticmethod
    def put(path, text):
        """Nothing is written if it has that text already."""
        if not os.path.exists(path) or os.path.getsize(path) != len(text):
            with open(path, "w", encoding="ascii") as f:
                f.write(text)

    def test_one_that_could_not_be_made_is_none(self):
        world, refuses = self.world(), [True]

        def migrate(_url):
            if refuses:
                raise Failure("refused")
        template = Template(os.path.join(world.data, "t"), os.path.join(world.run, "t"), [], migrate)
        with self.assertRaisesRegex(Failure, "refused"):
            template.copy(os.path.join(world.data, "first"))
        self.assertFalse(os.path.exists(os.path.join(world.data, "first")))
        refuses.clear()
        template.copy(os.path.join(world.data, "second"))
        database = Database(os.path.join(world.data, "second"), os.path.join(world.run, "s")).start()
        self.addCleanup(database.stop)
        self.assertEqual(database.value("SELECT 1"), "1")


if __name__ == "__main__":
    unittest.main()
