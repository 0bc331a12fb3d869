"""Exactly once: every acknowledged tick is stored, and none twice."""

import psycopg2.extras

from process import Failure

ACCEPTED, LATE, UNASSIGNED, DUPLICATE, FUTURE, EXPIRED = range(6)
NAMES = ("accepted", "late", "unassigned", "duplicate", "future", "expired")
VOUCHED = -1  # only the position in a welcome said so: the disposition is not known


def gather(cursor, batch):
    """Makes fresh_tick, what website_tick has of batches above this id: looked for once, and read by many. Ticks are on
    pages as they came, so that the last of each is its newest."""
    cursor.execute("""CREATE TEMP TABLE fresh_page AS SELECT * FROM tick_page
        WHERE tick_bigint(ticks, length(ticks) - 416, 12) > %s""", (batch,))
    cursor.execute(r"SELECT regexp_replace(pg_get_viewdef('website_tick'), '\mtick_page p\M', 'fresh_page p')")
    view = cursor.fetchone()[0].rstrip(";")
    if "fresh_page p" not in view:
        raise Failure(f"website_tick is another view than this was written for: {view}")
    cursor.execute(f"CREATE TEMP TABLE fresh_tick AS SELECT * FROM ({view}) AS t WHERE batch_id > %s", (batch,))
    cursor.execute("ANALYZE fresh_tick")


def journals(cursor, paths, allows, restored):
    """How many lines of journals were looked up. A tick that was accepted or late has its row; so has one that was a
    duplicate, by another batch. Ticks that were ordered and in time have no other fate, unless a fault explains it."""
    cursor.execute("CREATE TEMP TABLE journal (key text, work text, probe boolean, number bigint, disposition text,"
                   " start bigint)")
    for path in paths:
        with open(path, encoding="ascii") as f:
            cursor.copy_expert("COPY journal FROM STDIN (DELIMITER ' ')", f)
    _restore(cursor, restored)
    cursor.execute("ANALYZE journal")
    total = _take_back(cursor)
    cursor.execute("""SELECT disposition, count(*), min(key || ' ' || work || ' ' || number) FROM journal
        GROUP BY disposition""")
    for disposition, n, example in cursor.fetchall():
        total += n
        code = VOUCHED if disposition == "-" else int(disposition)
        if code in (UNASSIGNED, FUTURE, EXPIRED) and code not in allows:
            raise Failure(f"{n} ticks of the load were {NAMES[code]}, one is {example}")
    _stored(cursor, total)
    return total


def _take_back(cursor):
    """Ticks were rightly unassigned whose order was over for two intervals: nobody could say so to who checked on while
    the hub was away. How many they were; the rest is looked at."""
    cursor.execute("""DELETE FROM journal j USING work_order o, validator v
        WHERE o.public_id = decode(j.work, 'hex') AND v.id = o.validator_id AND v.key = decode(j.key, 'hex')
          AND j.disposition = '2' AND j.start > usec(o.removed_at) + 2000 * o.interval_ms::bigint""")
    return cursor.rowcount


def _restore(cursor, restored):
    """What a restored hub lost is not looked for; the rest of what it had, whoever sent it, is there again, unless its
    order came after the backup."""
    tick = "(key text, work text, probe boolean, number bigint)"
    cursor.execute(f"CREATE TEMP TABLE lost {tick}; CREATE TEMP TABLE kept {tick}")
    psycopg2.extras.execute_values(cursor, "INSERT INTO lost VALUES %s", restored.lost)
    cursor.execute("ALTER TABLE kept ADD start bigint")
    psycopg2.extras.execute_values(cursor, "INSERT INTO kept VALUES %s", restored.kept)
    cursor.execute("""DELETE FROM journal j USING lost l WHERE (j.key, j.work, j.probe, j.number)
                                                              = (l.key, l.work, l.probe, l.number);
        INSERT INTO journal SELECT key, work, probe, number, '3', start FROM kept
         WHERE decode(work, 'hex') IN (SELECT public_id FROM work_order)""")


def _stored(cursor, total):
    cursor.execute("SELECT min(start) - 10000000, max(start) + 10000000 FROM journal")
    first, last = cursor.fetchone()
    if not total:
        return
    cursor.execute("""
        SELECT j.key, j.work, j.probe, j.number, j.disposition, j.start
          FROM (SELECT * FROM journal WHERE disposition IN ('0', '1', '3')) AS j
          LEFT JOIN validator v ON v.key = decode(j.key, 'hex')
          LEFT JOIN work_order o ON o.public_id = decode(j.work, 'hex')
          LEFT JOIN website_tick t ON t.order_id = o.id AND t.validator_id = v.id AND t.number = j.number
           AND (t.kind <> 's') = j.probe
           AND t.span BETWEEN tick_span(timestamptz 'epoch' + %s * interval '1 us')
                          AND timestamptz 'epoch' + %s * interval '1 us'
           AND (j.disposition = '3' OR (t.started_at = timestamptz 'epoch' + j.start * interval '1 us'
                                        AND t.late = (j.disposition = '1')))
         WHERE t.order_id IS NULL LIMIT 4""", (first, last))
    missing = cursor.fetchall()
    if missing:
        raise Failure(f"acknowledged, and not stored: {missing}")


def distinct(cursor):
    """How many ticks came since the last check; two of one identity start within an interval of each other."""
    cursor.execute("SELECT count(*), min(started_at) - interval '20 s' FROM fresh_tick")
    n, first = cursor.fetchone()
    _expect_distinct(cursor, first or "infinity")
    return n


def distinct_in_all(cursor):
    """How many ticks there are; each came in a batch that is stored."""
    _expect_distinct(cursor, "-infinity")
    cursor.execute("""SELECT count(*), min(batch_id) FILTER (WHERE b.id IS NULL)
        FROM website_tick LEFT JOIN tick_batch b ON b.id = batch_id""")
    n, stray = cursor.fetchone()
    if stray:
        raise Failure(f"stored ticks name batch {stray}, and there is none")
    return n


def _expect_distinct(cursor, first):
    cursor.execute("""SELECT validator_id, order_id, kind <> 's', number, array_agg(batch_id) FROM website_tick
        WHERE span >= tick_span(%s) AND started_at >= %s GROUP BY 1, 2, 3, 4 HAVING count(*) > 1 LIMIT 4""",
                   (first, first))
    twice = cursor.fetchall()
    if twice:
        raise Failure(f"stored twice: {twice}")
