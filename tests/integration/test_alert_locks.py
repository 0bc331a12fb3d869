"""Who opens and closes incidents, who writes down how tries ended and who removes channels, at the same moment: nobody
stands in another's way for good."""

import threading
import unittest

import psycopg2
from database_case import DatabaseCase

FULL = 10000


class Locks(DatabaseCase):
    def setUp(self):
        """A channel that is full, and an incident of website 2 that is told of later, for its parent has just ended."""
        self.db.sql("""TRUNCATE organisation, website, incident, alert_channel, alert_outbox RESTART IDENTITY CASCADE;
            INSERT INTO organisation (public_id, name) VALUES (gen_random_uuid(), 'o');
            INSERT INTO website (public_id, organisation_id, url, interval_ms, timeout_ms, parent_id)
            SELECT gen_random_uuid(), 1, 'http://w' || i || '.example/', 10000, 2000, CASE i WHEN 2 THEN 1 END
              FROM generate_series(1, 3) i;
            INSERT INTO alert_channel (public_id, organisation_id, kind, name, settings)
            VALUES (gen_random_uuid(), 1, 'webhook', 'c', '{"url": "http://c/"}')""")
        self.one, self.other = (self.connect() for _ in range(2))
        self.open(self.one, 1)
        self.open(self.one, 2)
        self.end(self.one, 1)
        self.one.connection.commit()
        self.waiting = int(self.db.value("""SELECT id FROM alert_outbox WHERE not_before > now()"""))

    def connect(self):
        pg = psycopg2.connect(self.db.url("postgres"))
        self.addCleanup(pg.close)
        return pg.cursor()

    def fill(self):
        self.db.sql(f"""INSERT INTO alert_outbox (channel_id, kind, payload)
            SELECT 1, 'test', '{{}}' FROM generate_series(1, {FULL})""")

    @staticmethod
    def open(session, website):
        session.execute("""INSERT INTO incident (public_id, organisation_id, website_id, cause, opened_at,
            first_evidence_at) VALUES (gen_random_uuid(), 1, %s, 'refused', now(), now())""", (website,))

    @staticmethod
    def end(session, website):
        session.execute("UPDATE incident SET closed_at = now() WHERE website_id = %s AND closed_at IS NULL", (website,))

    def meanwhile(self, sql):
        """A thread in which the other session does this, and waits for the first."""
        def run():
            try:
                self.other.execute(sql)
                self.other.connection.commit()
            except psycopg2.Error as e:
                self.failure = e

        self.failure = None
        thread = threading.Thread(target=run)
        thread.start()
        for _ in range(2000):
            if not thread.is_alive() or self.db.value("SELECT count(*) FROM pg_locks WHERE NOT granted") != "0":
                return thread
        self.fail("it neither waits nor ends")

    def test_a_try_that_is_written_down_while_its_alert_is_taken_back_and_another_refused(self):
        self.fill()
        self.end(self.one, 2)  # takes back what waits
        thread = self.meanwhile(f"SELECT alert_settle({self.waiting}, 'delivered', NULL, 1, 200, '', false)")
        self.open(self.one, 3)  # is refused: the channel is full
        self.one.connection.commit()
        thread.join()
        self.assertIsNone(self.failure)
        self.assertEqual(self.db.value(f"SELECT state FROM alert_outbox WHERE id = {self.waiting}"), "dropped")

    def test_a_channel_that_is_removed_meanwhile(self):
        self.fill()
        self.end(self.one, 2)
        thread = self.meanwhile("""UPDATE alert_channel SET removed_at = now() WHERE id = 1;
            UPDATE alert_outbox SET state = 'dropped', done_at = now() WHERE channel_id = 1 AND state = 'pending'""")
        self.open(self.one, 3)
        self.one.connection.commit()
        thread.join()
        self.assertIsNone(self.failure)
        self.assertEqual(self.db.value("SELECT count(*) FROM alert_outbox WHERE state = 'pending'"), "0")


if __name__ == "__main__":
    unittest.main()
