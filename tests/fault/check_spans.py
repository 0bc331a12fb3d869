"""Verdicts: the spans of a website follow each other without hole or overlap, and incidents are what they say."""

import collections

from process import Failure

PROMPT = 5_000_000  # us, in which the hub finds that a website is steady

CHAIN = """
    WITH s AS (
      SELECT s.id, s.website_id, w.removed_at IS NOT NULL AS removed, s.started_at, s.ended_at,
             row_number() OVER o = 1 AS first, lag(s.ended_at) OVER o AS before, lead(s.id) OVER o IS NULL AS last
        FROM verdict_span s JOIN website w ON w.id = s.website_id
      WINDOW o AS (PARTITION BY s.website_id ORDER BY s.started_at, s.ended_at NULLS LAST, s.id))
    SELECT website_id, id, rfc3339(started_at), rfc3339(ended_at), rfc3339(before), last, removed FROM s
     WHERE NOT ((first OR started_at = before) AND coalesce(ended_at >= started_at, true)
                AND (ended_at IS NULL) = (last AND NOT removed))
     ORDER BY started_at LIMIT 5"""


def spans(cursor):
    """How many there are: a chain for each website, the last one open unless the website was removed."""
    cursor.execute(CHAIN)
    broken = cursor.fetchall()
    if broken:
        raise Failure("spans with a hole or an overlap (website, id, start, end, end of the one before, is the last, "
                      f"was removed): {broken}")
    cursor.execute("SELECT count(*) FROM verdict_span")
    return cursor.fetchone()[0]


def incidents(cursor):
    """How many there are: one opens where a website is DOWN, closes where it is UP again or removed; one at a time. A
    website that flaps keeps its incident until it is steady."""
    cursor.execute("""SELECT website_id, kind FROM incident WHERE closed_at IS NULL
        GROUP BY 1, 2 HAVING count(*) > 1""")
    if cursor.rowcount > 0:
        raise Failure(f"two open incidents of one website and kind: {cursor.fetchall()[:3]}")
    cursor.execute("""SELECT website_id, usec(opened_at), usec(closed_at) FROM incident WHERE kind = 'down'
        ORDER BY opened_at, id""")
    rows, found = cursor.fetchall(), {}
    for website, opened, closed in rows:
        found.setdefault(website, []).append((opened, closed))
    cursor.execute("""WITH touched AS (SELECT website_id FROM verdict_span WHERE state = 'DOWN'
                                       UNION SELECT website_id FROM incident)
        SELECT s.website_id, s.state, usec(s.started_at), coalesce(usec(s.ended_at), usec(h.heartbeat_at)),
               usec(s.flapping_until), CASE WHEN w.removed_at IS NOT NULL AND lead(s.id) OVER o IS NULL
                                       THEN usec(s.ended_at) END
          FROM verdict_span s JOIN touched USING (website_id) JOIN website w ON w.id = s.website_id, hub_state h
        WINDOW o AS (PARTITION BY s.website_id ORDER BY s.started_at, s.ended_at NULLS LAST, s.id)
         ORDER BY s.website_id, s.started_at, s.ended_at NULLS LAST, s.id""")
    expected = {}
    for website, *span in cursor.fetchall():
        _observe(expected.setdefault(website, []), _Span(*span), found.get(website, []))
    wrong = [w for w in expected | found if found.get(w, []) != expected.get(w, [])]
    if wrong:
        raise Failure(f"website {wrong[0]} and {len(wrong) - 1} more have other incidents than their spans tell of: "
                      f"{found.get(wrong[0])} instead of {expected.get(wrong[0])}")
    return len(rows)


# Times in us; `end` is the hub's last word while the span is open; `removed`: it ended as the website was removed.
_Span = collections.namedtuple("_Span", "state start end flapping_until removed")


def _observe(told, span, found):
    """told: [(opened, closed)] by the spans so far."""
    is_open = told and told[-1][1] is None
    if span.state == "DOWN" and not is_open:
        told.append((span.start, None))
    elif span.state == "UP" and is_open:
        closed = found[len(told) - 1][1] if len(found) >= len(told) else None
        told[-1] = (told[-1][0], _closing(span, closed))
    if told and told[-1][1] is None:
        told[-1] = (told[-1][0], span.removed)


def _closing(span, closed):
    """When an incident closes in this span of being UP; None: it flaps until after that. The moment at which it is
    steady is the hub's to say: it may be a little late, or miss the end of the span."""
    steady = span.flapping_until or span.start
    if steady <= span.start:
        return span.start
    if closed is not None and steady <= closed <= span.end:
        return closed
    return steady if steady + PROMPT < span.end else None
