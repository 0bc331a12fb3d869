"""A database as it is after all migrations, on which nobody works but the test."""

import unittest

from hub_case import BUILD, build_has
from world import World


@unittest.skipUnless(build_has("dpin-hub"), "dpin-hub is not built")
class DatabaseCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(BUILD)
        cls.addClassCleanup(cls.world.stop)
        cls.world.start_database()
        cls.world.migrate()
        cls.db = cls.world.database
        cls.db.let_ticks_be_rows()
