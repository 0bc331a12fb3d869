"""The ledger, computed again: from ticks and spans, by the rule of the design and not by the SQL that pays."""

import bisect
import collections

from process import Failure
from tick_pages import SCHEDULED, TICK, kind, late, outcome, pages

LAMPORTS = 100
ANY = ("PARTIAL", "UNKNOWN", "MAINTENANCE")
AGREES = {1: ("UP", "DEGRADED", *ANY), 2: ("DOWN", *ANY), 3: ANY}
HOUR_US = 3_600_000_000


class Verdicts:
    """The spans of every website, to be asked by time."""

    def __init__(self, cursor, first, last):
        self.starts, self.spans = {}, {}
        cursor.execute("""SELECT website_id, usec(started_at), coalesce(usec(ended_at), 9223372036854775807), state
            FROM verdict_span WHERE started_at <= timestamptz 'epoch' + %s * interval '1 us'
             AND coalesce(ended_at, 'infinity') > timestamptz 'epoch' + %s * interval '1 us'
            ORDER BY website_id, started_at""", (last, first))
        for website, start, end, state in cursor:
            self.starts.setdefault(website, []).append(start)
            self.spans.setdefault(website, []).append((end, state))

    def agree(self, website, begin, end, states):
        """Some span of these states touches [begin, end]."""
        starts = self.starts.get(website, [])
        for i in range(bisect.bisect_right(starts, end) - 1, -1, -1):
            ends, state = self.spans[website][i]
            if ends > begin and state in states:
                return True
            if starts[i] < begin - 24 * HOUR_US:
                break
        return False


def owed(cursor, first):
    """{validator: paid ticks} of the hour that begins at `first` (µs)."""
    cursor.execute("SELECT id, validator_id, (interval_ms + timeout_ms) * 1000::bigint FROM work_order")
    orders = {order: (validator, patience) for order, validator, patience in cursor}
    verdicts, paid, n = Verdicts(cursor, first, first + 2 * HOUR_US), set(), 0
    for website, span, ticks in pages(cursor, first, first + HOUR_US):
        for us, order, _, validator, number, *_, flags in TICK.iter_unpack(ticks):
            owner, patience = orders.get(order, (None, 0))
            if late(flags) or owner != validator:
                continue
            n += 1
            if verdicts.agree(website, span + us, span + us + patience, AGREES[outcome(flags)]):
                paid.add((validator, order, kind(flags) == SCHEDULED, number))
    return collections.Counter(validator for validator, *_ in paid), n


def compare(cursor, first):
    """Whether the entries of this hour are what is owed. How many ticks were looked at."""
    cursor.execute("""SELECT validator_id, ticks, amount, debit, credit FROM ledger_entry
        WHERE kind = 'reward' AND hour = timestamptz 'epoch' + %s * interval '1 us'""", (first,))
    entries = cursor.fetchall()
    expected, n = owed(cursor, first)
    found = {validator: ticks for validator, ticks, *_ in entries}
    if len(found) != len(entries):
        raise Failure("a validator is paid twice for an hour")
    if found != dict(expected):
        wrong = {v: (found.get(v, 0), expected[v]) for v in {*found, *expected} if found.get(v, 0) != expected[v]}
        raise Failure(f"paid and owed ticks differ, by validator: {wrong}")
    for validator, ticks, amount, debit, credit in entries:
        if (amount, debit, credit) != (ticks * LAMPORTS, "rewards", "validator"):
            raise Failure(f"entry of validator {validator} for {ticks} ticks: {amount} from {debit} to {credit}")
    return n


def whole(cursor):
    """Of every hour that the hub closed. Double entry sums to zero."""
    cursor.execute("SELECT usec(hour) FROM closed_hour ORDER BY hour")
    n = sum(compare(cursor, hour) for hour, in cursor.fetchall())
    cursor.execute("""SELECT coalesce(sum(amount), 0) FROM (SELECT debit AS account, -amount AS amount FROM ledger_entry
        UNION ALL SELECT credit, amount FROM ledger_entry) AS x""")
    zero = cursor.fetchone()[0]
    cursor.execute("""SELECT (SELECT sum(lamports) FROM validator_balance),
        (SELECT sum(amount) FROM ledger_entry WHERE credit = 'validator')""")
    balance, paid = cursor.fetchone()
    if zero != 0 or balance != paid:
        raise Failure(f"the books do not balance: {zero} over, {balance} of {paid} on the validators' accounts")
    return n
