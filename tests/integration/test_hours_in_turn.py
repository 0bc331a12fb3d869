"""Hours are closed by one at a time: another one waits, and then finds nothing left to do."""

import unittest

import psycopg2
from database_case import DatabaseCase

CLOSE = "SELECT hours_close(now(), interval '0', 1, 1000)"


class Hours(DatabaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.db.sql("""INSERT INTO organisation (public_id, name) VALUES (gen_random_uuid(), 'o');
            INSERT INTO website (public_id, organisation_id, url) VALUES (gen_random_uuid(), 1, 'http://w.example/');
            INSERT INTO verdict_span (website_id, state, assurance, cause, started_at, first_evidence_at, n, commit_no)
            VALUES (1, 'UP', 'full', '', now() - interval '5 hours', now(), 4, 1)""")

    def connect(self):
        pg = psycopg2.connect(self.world.database.url("postgres"))
        self.addCleanup(pg.close)
        return pg, pg.cursor()

    def test_the_second_waits_for_the_first(self):
        (pg, one), (_, two) = self.connect(), self.connect()
        one.execute(CLOSE)
        self.assertEqual(one.fetchone(), (5,))
        two.execute("SET lock_timeout = '200ms'; SAVEPOINT begun")
        with self.assertRaises(psycopg2.errors.LockNotAvailable) as caught:
            two.execute(CLOSE)
        self.assertIn("pg_advisory_xact_lock", str(caught.exception))
        pg.commit()
        two.execute("ROLLBACK TO begun")
        two.execute(CLOSE)
        self.assertEqual(two.fetchone(), (0,))

    def test_so_do_two_that_write_parts_of_one(self):
        """What the hub does, part by part: hour_open() before it writes, hour_finish() at the end."""
        self.addCleanup(self.db.sql, "DELETE FROM closed_hour")
        begun = "date_trunc('hour', now() - interval '5 hours', 'UTC') - interval '1 day'"
        (pg, one), (_, two) = self.connect(), self.connect()
        one.execute(f"SELECT hour_open({begun})")
        two.execute("SET lock_timeout = '200ms'; SAVEPOINT begun")
        for other in (f"SELECT hour_open({begun})", f"SELECT hour_finish({begun}, '{{}}', '{{}}', 1)", CLOSE):
            with self.assertRaises(psycopg2.errors.LockNotAvailable, msg=other):
                two.execute(other)
            two.execute("ROLLBACK TO begun")
        one.execute(f"SELECT hour_finish({begun}, '{{}}', '{{}}', 1)")
        pg.commit()
        with self.assertRaises(psycopg2.DatabaseError) as caught:
            two.execute(f"SELECT hour_open({begun})")
        self.assertEqual(caught.exception.pgcode, "DP001")


if __name__ == "__main__":
    unittest.main()
