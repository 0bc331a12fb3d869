"""Verdicts: the spans of a website follow each other without hole or overlap, and incidents are what they say."""

from process import Failure

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
    """How many there are: one opens where a website is DOWN, closes where it is UP again or removed; one at a time."""
    cursor.execute("""SELECT website_id, kind FROM incident WHERE closed_at IS NULL
        GROUP BY 1, 2 HAVING count(*) > 1""")
    if cursor.rowcount > 0:
        raise Failure(f"two open incidents of one website and kind: {cursor.fetchall()[:3]}")
    cursor.execute("""WITH touched AS (SELECT website_id FROM verdict_span WHERE state = 'DOWN'
                                       UNION SELECT website_id FROM incident)
        SELECT s.website_id, s.state, usec(s.started_at), usec(s.ended_at), w.removed_at IS NOT NULL
          FROM verdict_span s JOIN touched USING (website_id) JOIN website w ON w.id = s.website_id
         ORDER BY s.website_id, s.started_at, s.ended_at NULLS LAST, s.id""")
    expected = {}
    for website, state, start, end, removed in cursor.fetchall():
        _observe(expected.setdefault(website, []), state, start, end if removed else None)
    cursor.execute("""SELECT website_id, usec(opened_at), usec(closed_at) FROM incident WHERE kind = 'down'
        ORDER BY opened_at, id""")
    found = {website: [] for website in expected}
    rows = cursor.fetchall()
    for website, opened, closed in rows:
        found[website].append([opened, closed])
    wrong = [w for w in expected if found[w] != _closed(expected[w])]
    if wrong:
        raise Failure(f"website {wrong[0]} and {len(wrong) - 1} more have other incidents than their spans tell of: "
                      f"{found[wrong[0]]} instead of {_closed(expected[wrong[0]])}")
    return len(rows)


def _observe(told, state, start, removed):
    """told: [opened, closed, end of the last span of a removed website]."""
    is_open = told and told[-1][1] is None
    if state == "DOWN" and not is_open:
        told.append([start, None, None])
    elif state == "UP" and is_open:
        told[-1][1] = start
    if told:
        told[-1][2] = removed


def _closed(told):
    return [[opened, closed or end] for opened, closed, end in told]
