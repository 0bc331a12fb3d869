"""Rollups of an hour, computed again: from ticks and spans, and not by the SQL that rolls them up."""

import collections
import math
import struct

from check_ledger import HOUR_US
from process import Failure

UP, DOWN, ABSTAIN = 1, 2, 3
UP_STATES, DOWN_STATES = ("UP", "DEGRADED"), ("DOWN", "PARTIAL")
AT = "timestamptz 'epoch' + %s * interval '1 us'"


def bucket(us):
    return math.floor(math.log(max(us, 100) / 100) / math.log(1.04))


class Sums:
    """What an hour of a website comes to."""

    def __init__(self):
        self.outcomes, self.classes, self.histogram = (collections.Counter() for _ in range(3))
        self.sums, self.highest = [0] * 5, [0] * 5
        self.times = collections.Counter()  # by state
        self.quarters = [[0] * 6 for _ in range(4)]
        self.validators = collections.defaultdict(lambda: [[0, 0] for _ in range(4)])

    def add(self, validator, quarter, outcome, error, phases):
        self.outcomes[outcome] += 1
        if error:
            self.classes[str(error)] += 1
        if outcome == UP:
            self.histogram[bucket(sum(phases))] += 1
            self.sums = [a + b for a, b in zip(self.sums, phases)]
            self.highest = [max(a, b) for a, b in zip(self.highest, phases)]
            self.quarters[quarter] = [a + b for a, b in zip(self.quarters[quarter], (1, *phases))]
            line = self.validators[validator]
            line[quarter] = [a + b for a, b in zip(line[quarter], (1, sum(phases)))]

    def bytes(self):
        """What latency_sums() and whoever closes hours make of the quarters."""
        if not self.outcomes:
            return b""
        return b"".join([struct.pack(">I5Q", *sums) for sums in self.quarters] +
                        [struct.pack(">I", validator) + b"".join(struct.pack(">IQ", *sums) for sums in line)
                         for validator, line in sorted(self.validators.items())])

    def row(self):
        up, down = (sum(self.times[s] for s in states) for states in (UP_STATES, DOWN_STATES))
        return (self.outcomes[UP], self.outcomes[DOWN], self.outcomes[ABSTAIN], dict(self.classes),
                [list(pair) for pair in sorted(self.histogram.items())], self.sums, self.highest, up, down,
                HOUR_US - up - down, self.bytes(), sorted(self.validators))


def computed(cursor, first):
    """{website: its row}, {(website, validator): (up ticks, their time)} of the hour that begins at `first` (µs)."""
    websites, validators = collections.defaultdict(Sums), {}
    cursor.execute(f"""SELECT website_id, validator_id, outcome, error_class, dns_us, connect_us, tls_us, wait_us,
        transfer_us, usec(started_at) FROM website_tick WHERE started_at >= {AT} AND started_at < {AT}""",
                   (first, first + HOUR_US))
    for website, validator, outcome, error, *phases, at in cursor:
        quarter = 4 * (at - first) // HOUR_US
        websites[website].add(validator, quarter, outcome, error, phases)
        if outcome == UP:
            up, total = validators.get((website, validator), (0, 0))
            validators[website, validator] = up + 1, total + sum(phases)
    cursor.execute(f"""SELECT website_id, state, usec(started_at), usec(ended_at) FROM verdict_span
        WHERE started_at < {AT} AND coalesce(ended_at, 'infinity') > {AT}""", (first + HOUR_US, first))
    for website, state, start, end in cursor:
        websites[website].times[state] += min(end or first + HOUR_US, first + HOUR_US) - max(start, first)
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
    """Rolls up the hour that begins at `first`, again if it was before. How many rows there are."""
    cursor.execute(f"SELECT rollup_hour_close({AT})", (first,))
    rows = 0
    for what, expected, found in zip(("website", "website and validator"), computed(cursor, first),
                                     stored(cursor, first)):
        wrong = [key for key in {*expected, *found} if expected.get(key) != found.get(key)]
        if wrong:
            raise Failure(f"rollup of {what} {wrong[0]} and {len(wrong) - 1} more is {found.get(wrong[0])} instead of "
                          f"{expected.get(wrong[0])}")
        rows += len(found)
    return rows


def window(cursor, first):
    """Of the newest half minute of ticks as if it were the end of an hour; the caller rolls that back."""
    return 0 if first is None else compare(cursor, first)


def whole(cursor):
    """Of every hour that is closed; the caller rolls that back."""
    cursor.execute("SELECT usec(hour) FROM closed_hour ORDER BY hour")
    return sum(compare(cursor, hour) for hour, in cursor.fetchall())
