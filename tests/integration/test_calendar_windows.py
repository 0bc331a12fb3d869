"""Windows of maintenance of all at once are those that each of them has: cron expressions and time zones at random,
about the moments at which clocks are changed. A line says with which seed they were drawn."""

import os
import random
import time
import unittest

import psycopg2
from database_case import DatabaseCase

ZONES = ("Europe/Berlin", "America/New_York", "UTC", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia",
         "America/Sao_Paulo", "Africa/Casablanca", "America/St_Johns", "Antarctica/Troll", "Pacific/Chatham",
         "Pacific/Kwajalein", "Europe/Dublin")
CHANGES = ("2026-03-29 01:00Z", "2026-10-25 00:30Z", "2026-03-08 07:00Z", "2026-11-01 06:00Z", "2011-12-30 10:00Z",
           "2026-04-04 15:00Z", "2026-10-03 15:30Z", "2024-02-29 00:00Z", "1993-08-21 12:00Z")
LENGTHS = ("3 hours", "1 minute", "2 days", "9 days", "0 s")
ALL = "SELECT * FROM maintenance_windows(%(from)s, %(from)s::timestamptz + %(for)s::interval) ORDER BY 1, 3"
EACH = """SELECT m.id, m.organisation_id, lower(span), upper(span)
    FROM maintenance m, maintenance_spans(m, %(from)s, %(from)s::timestamptz + %(for)s::interval) span ORDER BY 1, 3"""


class Windows(DatabaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        pg = psycopg2.connect(cls.db.url("postgres"))
        cls.addClassCleanup(pg.close)
        pg.autocommit = True
        cls.cursor = pg.cursor()

    def setUp(self):
        self.cursor.execute("""DELETE FROM maintenance; INSERT INTO organisation (public_id, name)
            SELECT gen_random_uuid(), 'o' || i FROM generate_series(1, 10) i ON CONFLICT DO NOTHING""")

    def rows(self, sql, **values):
        self.cursor.execute(sql, values)
        return self.cursor.fetchall()

    def put(self, cron, minutes, zone):
        """Whether it may be."""
        try:
            self.cursor.execute("""INSERT INTO maintenance (public_id, organisation_id, cron, duration_ms, time_zone)
                SELECT gen_random_uuid(), id, %s, %s, %s FROM organisation LIMIT 1""", (cron, minutes * 60000, zone))
            return True
        except psycopg2.Error as e:
            self.assertEqual(e.pgcode, "DP003", e)
            return False

    def field(self, chance, low, high):
        form = chance.random()
        if form < 0.4:
            return "*" if form < 0.3 else f"*/{chance.randint(2, high)}"
        if form < 0.6:
            return ",".join(str(chance.randint(low, high)) for _ in range(chance.randint(1, 3)))
        a, b = sorted((chance.randint(low, high), chance.randint(low, high)))
        return f"{a}-{b}" + (f"/{chance.randint(1, 9)}" if form < 0.8 else "")

    def put_some(self, chance, n):
        while n > 0:
            cron = " ".join(self.field(chance, *limits) for limits in ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7)))
            n -= self.put(cron, chance.choice((1, 60, 1440, chance.randint(1, 1440))), chance.choice(ZONES))

    def test_all_at_once_are_as_each_of_them(self):
        seed = os.environ.get("DPIN_SEED") or str(random.SystemRandom().getrandbits(32))
        print(f"DPIN_SEED={seed}")
        chance, found = random.Random(seed), 0
        self.cursor.execute("""INSERT INTO maintenance (public_id, organisation_id, starts_at, ends_at)
            SELECT gen_random_uuid(), id, now(), now() + interval '300 days' FROM organisation LIMIT 1""")
        self.put_some(chance, 60)
        for i in range(40):
            self.cursor.execute("SELECT %s::timestamptz + %s * interval '1 s'",
                                (CHANGES[i % len(CHANGES)] if i < 30 else f"20{i}-06-01 00:00Z",
                                 chance.randint(-150000, 100000)))
            period = {"from": self.cursor.fetchone()[0], "for": chance.choice(LENGTHS)}
            windows = self.rows(ALL, **period)
            self.assertEqual(windows, self.rows(EACH, **period), period)
            found += len(windows)
        self.assertGreater(found, 100)

    def test_a_zone_that_is_not_known_here_keeps_none_from_the_others(self):
        self.put("0 * * * *", 30, "UTC")
        self.put("0 * * * *", 30, "Europe/Berlin")
        self.cursor.execute("UPDATE maintenance SET time_zone = 'Mars/Olympus' WHERE time_zone = 'UTC'")
        period = {"from": "2026-01-01 00:00Z", "for": "3 hours"}
        self.assertEqual(len(self.rows(ALL, **period)), 3)
        self.assertEqual(self.rows(ALL, **period), self.rows(EACH, **period))

    def test_a_thousand_take_little(self):
        self.cursor.execute("""SET session_replication_role = replica; -- zones are not looked up a thousand times
            INSERT INTO maintenance (public_id, organisation_id, cron, duration_ms, time_zone)
            SELECT gen_random_uuid(), o.id, format('%%s %%s * * %%s', i * 7 %% 60, i %% 24,
                     ('{*,1-5,sun,"mon,wed",6}'::text[])[1 + i %% 5]), 3600000, (%s)[1 + i %% 13]
              FROM organisation o, generate_series(1, 100) i; SET session_replication_role = origin""", (list(ZONES),))
        took = {}
        for sql in (ALL, EACH, ALL, EACH):
            began = time.monotonic()
            rows = self.rows(sql, **{"from": "2026-03-28 23:30Z", "for": "3 hours"})
            took[sql] = min(took.get(sql, 1e9), time.monotonic() - began)
            self.assertGreater(len(rows), 20)
        print(f"1000 windows: {took[ALL] * 1000:.0f} ms at once, {took[EACH] * 1000:.0f} ms one by one")
        self.assertLess(took[ALL], took[EACH] / 4)


if __name__ == "__main__":
    unittest.main()
