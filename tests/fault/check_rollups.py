"""Rollups of an hour, computed again: from ticks and spans, and not by the SQL that rolls them up."""

import collections
import math
import struct

from check_ledger import HOUR_US
from process import Failure
from tick_pages import TICK, outcome, pages

UP, DOWN, ABSTAIN = 1, 2, 3
UP_STATES, DOWN_STATES = ("UP", "DEGRADED"), ("DOWN", "PARTIAL")
TRANSACTIONS = 20
AT = "timestamptz 'epoch' + %s * interval '1 us'"


def bucket(us):
    return math.floor(math.log(max(us, 100) / 100) / math.log(1.04))


class Sums:
    """What an hour of a website comes to."""

    def __init__(self):
        self.outcomes, self.classes, self.histogram = (collections.Counter() for _ in range(3))
        self.highest = [0] * 5
        self.times = collections.Counter()  # by state
        self.quarters = [[0] * 6 for _ in range(4)]
        self.validators = collections.defaultdict(lambda: [[0, 0] for _ in range(4)])

    def add(self, validator, quarter, outcome, error, phases):
        self.outcomes[outcome] += 1
        if error:
            self.classes[str(error)] += 1
        if outcome == UP:
            total, sums, line = sum(phases), self.quarters[quarter], self.validators[validator][quarter]
            self.histogram[bucket(total)] += 1
            sums[0] += 1
            for i, us in enumerate(phases):
                sums[i + 1] += us
                if us > self.highest[i]:
                    self.highest[i] = us
            line[0] += 1
            line[1] += total

    def bytes(self):
        """What latency_sums() and whoever closes hours make of the quarters."""
        if not self.outcomes:
            return b""
        return b"".join([struct.pack(">I5Q", *sums) for sums in self.quarters] +
                        [struct.pack(">I", validator) + b"".join(struct.pack(">IQ", *sums) for sums in line)
                         for validator, line in sorted(self.validators.items())])

    def row(self):
        sums = [sum(quarter[i] for quarter in self.quarters) for i in range(1, 6)]
        up, down = (sum(self.times[s] for s in states) for states in (UP_STATES, DOWN_STATES))
        return (self.outcomes[UP], self.outcomes[DOWN], self.outcomes[ABSTAIN], dict(self.classes),
                [list(pair) for pair in sorted(self.histogram.items())], sums, self.highest, up, down,
                HOUR_US - up - down, self.bytes(), sorted(self.validators))


def computed(cursor, first):
    """{website: its row}, {(website, validator): (up ticks, their time)} of the hour that begins at `first` (µs)."""
    websites = collections.defaultdict(Sums)
    for website, span, ticks in pages(cursor, first, first + HOUR_US):
        sums = websites[website]
        for us, _, _, validator, _, *phases, _, error, flags in TICK.iter_unpack(ticks):
            sums.add(validator, 4 * (span + us - first) // HOUR_US, outcome(flags), error, phases)
    cursor.execute(f"""SELECT website_id, state, usec(started_at), usec(ended_at) FROM verdict_span
        WHERE started_at < {AT} AND coalesce(ended_at, 'infinity') > {AT}""", (first + HOUR_US, first))
    for website, state, start, end in cursor:
        websites[website].times[state] += min(end or first + HOUR_US, first + HOUR_US) - max(start, first)
    validators = {(website, validator): tuple(map(sum, zip(*line))) for website, sums in websites.items()
                  for validator, line in sums.validators.items()}
    return {website: sums.row() for website, sums in websites.items()}, validators


def stored(cursor, first):
    """The same as the database has it."""
    cursor.execute(f"""SELECT website_id, up, down, abstain, classes, histogram, phase_sum_us, phase_max_us, up_us,
        down_us, other_us, quarters, validators FROM rollup_hour WHERE hour = {AT}""", (first,))
    websites = {website: (*row, bytes(quarters), validators) for website, *row, quarters, validators in cursor}
    cursor.execute(f"SELECT website_id, validator_id, up, total_us FROM rollup_validator_hour WHERE hour = {AT}",
                   (first,))
    return websites, {(website, validator): tuple(row) for website, validator, *row in cursor}


def compare(cursor, first):
    """What is stored of an hour against what is computed of it. How many rows there are."""
    rows, late = 0, latecomers(cursor, first)
    for what, expected, found in zip(("website", "website and validator"), computed(cursor, first),
                                     stored(cursor, first)):
        expected, found = without(expected, late), without(found, late)
        wrong = [key for key in {*expected, *found} if expected.get(key) != found.get(key)]
        if wrong:
            raise Failure(f"rollup of {what} {wrong[0]} and {len(wrong) - 1} more is {found.get(wrong[0])} instead of "
                          f"{expected.get(wrong[0])}")
        rows += len(found)
    return rows


def without(rows, websites):
    """Of {website: row} or {(website, validator): row} those of others."""
    return {key: row for key, row in rows.items() if (key[0] if isinstance(key, tuple) else key) not in websites}


def latecomers(cursor, first):
    """Websites with pages of an hour that were written since it began to be rolled up, or by some transactions before:
    with a slow database they end after others that began later. What is on them is late, and counts no more."""
    cursor.execute(f"""SELECT DISTINCT website_id FROM tick_page WHERE span >= {AT} AND span < {AT}
        AND age(xmin) < (SELECT max(age(xmin)) FROM rollup_hour WHERE hour = {AT}) + {TRANSACTIONS}""",
                   (first, first + HOUR_US, first))
    return {website for website, in cursor}


def whole(cursor):
    """Of every hour that the hub closed."""
    cursor.execute("SELECT usec(hour) FROM closed_hour ORDER BY hour")
    rows = sum(compare(cursor, hour) for hour, in cursor.fetchall())
    if rows == 0:
        raise Failure("the hub has rolled up nothing but what changed afterwards")
    return rows
