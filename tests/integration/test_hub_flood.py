"""Very many websites that go down at once, and up again: every one has its span, its incident and their end; the log
has the beginning, and how many more. 100,000 of them by --long; they call themselves, so nobody else has to be many."""

import os
import time
import unittest

from hub_case import HubCase
from process import wait_until

WEBSITES = 100_000 if os.environ.get("DPIN_LONG") else 4_000
MEMORY_OF_ONE = 24 << 10  # bytes: its rows, statements and events, from when it is judged until they are durable
MEMORY_AT_REST = 200 << 20
LINES = 1_000  # at once, then ten a second


class Flood(HubCase):
    @classmethod
    def wait_ready(cls):
        super().wait_ready()
        cls.db.sql(f"""INSERT INTO organisation (public_id, name) VALUES (gen_random_uuid(), 'test');
            WITH made AS (INSERT INTO website (public_id, organisation_id, url, interval_ms, timeout_ms)
              SELECT gen_random_uuid(), (SELECT id FROM organisation), 'push:site-' || i, 86400000, 1000
                FROM generate_series(1, {WEBSITES}) AS i RETURNING id)
            INSERT INTO heartbeat (website_id, token_sha256) SELECT id, sha256(id::text::bytea) FROM made""")

    def count(self, what):
        return int(self.value(f"SELECT count(*) FROM {what}"))

    def call(self, ok):
        """All of them, in one transaction of the database."""
        self.db.sql(f"""UPDATE heartbeat SET seen_at = clock_timestamp(), ok = {ok},
                               revision = nextval('heartbeat_revision');
            SELECT pg_notify('dpin_heartbeat', (SELECT max(revision)::text FROM heartbeat))""")

    def memory(self, name="VmRSS"):
        with open(f"/proc/{self.world.hub.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) << 10 for line in status if line.startswith(name + ":"))

    def timed(self, ok, what, expected):
        began = time.monotonic()
        self.call(ok)
        wait_until(lambda: self.count(what) == expected, f"{expected} {what}", 300, step=0.2)
        return time.monotonic() - began

    def log(self):
        with open(self.world.hub.log_path, encoding="utf-8", errors="replace") as log:
            return log.readlines()

    def lines(self):
        return [line for line in self.log() if "verdict changed" in line or "incident " in line]

    def test_all_of_them_go_down_and_come_back(self):
        up = self.timed(True, "verdict_span WHERE state = 'UP'", WEBSITES)
        before = self.memory()
        down = self.timed(False, "incident WHERE closed_at IS NULL", WEBSITES)
        peak = self.memory("VmHWM")
        back = self.timed(True, "incident WHERE closed_at IS NOT NULL", WEBSITES)
        print(f"{WEBSITES} websites at once: up in {up:.1f} s, down in {down:.1f} s, back in {back:.1f} s; the hub took"
              f" {before >> 20} MiB before and {peak >> 20} MiB at most; {len(self.lines())} lines in its log")
        self.assertEqual(self.count("incident"), WEBSITES)
        self.assertEqual(self.count("incident_event"), 2 * WEBSITES)
        self.assertEqual(self.count("verdict_span WHERE ended_at IS NULL AND state = 'UP'"), WEBSITES)
        self.assertEqual(self.count("event WHERE kind = 'incident.opened'"), WEBSITES)
        self.assertLess(peak, MEMORY_AT_REST + WEBSITES * MEMORY_OF_ONE)
        self.assertLess(len(self.lines()), LINES + 10 * (up + down + back) + 100)
        self.assertTrue(any("decisions were not logged" in line for line in self.log()))
        self.assert_serves()


if __name__ == "__main__":
    unittest.main()
