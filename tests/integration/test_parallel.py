"""Checks of many rows by several processes: what one of them finds, or that it died, is not lost."""

import os
import sys
import unittest
from concurrent.futures.process import BrokenProcessPool
from unittest import mock

sys.path.insert(1, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "run"))

import parallel  # noqa: E402
from process import Failure  # noqa: E402

ROWS = list(range(20))


@mock.patch.object(parallel, "PART", 3)
class Parallel(unittest.TestCase):
    def test_results_come_in_order_and_from_others(self):
        results = parallel.mapped(lambda row: (row * row, os.getpid()), ROWS)
        self.assertEqual([square for square, _ in results], [row * row for row in ROWS])
        self.assertNotIn(os.getpid(), {process for _, process in results})

    def test_what_is_raised_is_raised_here(self):
        def call(row):
            if row == 13:
                raise Failure("thirteen")

        with self.assertRaisesRegex(Failure, "thirteen"):
            parallel.mapped(call, ROWS)

    def test_one_that_dies_is_noticed(self):
        with self.assertRaises(BrokenProcessPool):
            parallel.mapped(lambda row: os._exit(1) if row == 7 else row, ROWS)


if __name__ == "__main__":
    unittest.main()
