"""The ledger, computed again: from ticks and spans, by the rule of the design and not by the SQL that pays."""

import bisect
import collections

from process import Failure

LAMPORTS = 100
ANY = ("PARTIAL", "UNKNOWN", "MAINTENANCE")
AGREES = {1: ("UP", "DEGRADED", *ANY), 2: ("DOWN", *ANY), 3: ANY}
HOUR_US = 3_600_000_000
WINDOW_US = 30_000_000


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
    cursor.execute("""SELECT t.validator_id, t.website_id, t.order_id, t.kind = 's', t.number, t.outcome,
               usec(t.started_at), (o.interval_ms + o.timeout_ms) * 1000::bigint
          FROM website_tick t JOIN work_order o ON o.id = t.order_id
         WHERE t.started_at >= timestamptz 'epoch' + %s * interval '1 us'
           AND t.started_at < timestamptz 'epoch' + %s * interval '1 us'
           AND NOT t.late AND o.validator_id = t.validator_id""", (first, first + HOUR_US))
    ticks = cursor.fetchall()
    verdicts = Verdicts(cursor, first, first + 2 * HOUR_US)
    paid = {(validator, order, scheduled, number)
            for validator, website, order, scheduled, number, outcome, start, patience in ticks
            if verdicts.agree(website, start, start + patience, AGREES[outcome])}
    return collections.Counter(validator for validator, *_ in paid), len(ticks)


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


def window_start(cursor, commit):
    """Of the newest half minute of ticks, µs; None: nothing came since that commit."""
    cursor.execute("""SELECT greatest(min(usec(started_at)), max(usec(started_at)) - %s) FROM website_tick
        WHERE batch_id IN (SELECT id FROM tick_batch WHERE commit_no > %s) AND NOT late""", (WINDOW_US, commit))
    return cursor.fetchone()[0]


def window(cursor, first):
    """Closes the newest half minute of ticks as if it were an hour of its own; the caller rolls that back."""
    if first is None:
        return 0
    cursor.execute("SELECT ledger_hour_close(timestamptz 'epoch' + %s * interval '1 us', %s)", (first, LAMPORTS))
    return compare(cursor, first)


def whole(cursor):
    """Closes every hour there is, and compares them all; the caller rolls that back. Double entry sums to zero."""
    cursor.execute("""SELECT hours_close(max(started_at) + interval '3 hours', interval '5 minutes', %s, 1000000)
        FROM website_tick""", (LAMPORTS,))
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
