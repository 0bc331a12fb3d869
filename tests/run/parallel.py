"""Work on many rows, done by all processors."""

import concurrent.futures
import gc
import multiprocessing
import os

from process import die_with_parent

PART = 500  # rows: what is given to a processor at once
_call = None  # of a child, with everything that it refers to as it was when the child began


def mapped(call, rows):
    """[call(row), ...], in the order of `rows`. Few are done here. More are done by children that see all the caller
    has, and of which nothing stays but what `call` returns or raises."""
    if len(rows) <= PART:
        return [call(row) for row in rows]
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("fork"), _begin,
                                                (call, rows)) as pool:
        parts = [pool.submit(_part, first, first + PART) for first in range(0, len(rows), PART)]
        return [result for part in parts for result in part.result()]


def _begin(call, rows):
    global _call
    die_with_parent()
    gc.freeze()  # memory that is not gone through stays shared
    _call = lambda first, last: [call(row) for row in rows[first:last]]


def _part(first, last):
    return _call(first, last)
