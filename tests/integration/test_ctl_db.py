"""dpinctl db: sizes and ages of tables, and what is wrong with the database, with what to do."""

import json
import re
import unittest

from ctl_case import FAILED, OK, SOURCE, UNAVAILABLE, Ctl
from process import wait_until


class Database(Ctl):
    def verify(self):
        """(exit status, {code: (subject, remedy)})"""
        code, out, err = self.run_ctl("db", "verify", "--json")
        self.assertEqual(err, "")
        return code, {p["code"]: (p["subject"], p["remedy"]) for p in json.loads(out)}

    def test_status_tells_sizes_and_ages(self):
        shown = self.rows("db", "status")
        self.assertEqual(str(shown["schema"]), self.db.value("SELECT max(version) FROM schema_migration"))
        self.assertGreater(shown["bytes"], 1_000_000)
        tables = {t["table"]: t for t in shown["tables"]}
        self.assertEqual([tables[name]["level"] for name in
                          ("tick_page", "tick_batch", "rollup_hour", "rollup_day", "verdict_span", "ledger_entry",
                           "website")], ["raw", "evidence", "hour", "day", "history", "books", "rest"])
        partitions = self.db.value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'tick_page'::regclass")
        self.assertGreaterEqual(int(partitions), 6)
        self.assertEqual(tables["tick_page"]["partitions"], int(partitions))
        self.assertGreater(tables["tick_page"]["indexBytes"], 0)
        self.assertIsNone(tables["rollup_hour"]["oldest"])
        self.assertEqual(len(tables), int(self.db.value(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT relispartition")))
        text = self.ok("db", "status")
        self.assertRegex(text, rf"^Schema {shown['schema']}, [0-9.]+ MiB\n")
        self.assertRegex(text, r"tick_page +raw .* KiB")

    def test_all_is_well(self):
        self.assertEqual(self.ok("db", "verify"), "All is well\n")
        self.assertEqual(self.rows("db", "verify"), [])

    def test_what_is_wrong_is_told_with_what_to_do(self):
        self.db.sql("ALTER SYSTEM SET synchronous_commit = off")
        self.db.sql("SELECT pg_reload_conf()")
        self.addCleanup(self.well)
        wait_until(lambda: self.verify()[0] == FAILED, "the setting is in effect", 10)
        code, problems = self.verify()
        self.assertEqual((code, set(problems)), (FAILED, {"setting_unsafe"}))
        subject, remedy = problems["setting_unsafe"]
        self.assertEqual(subject, "synchronous_commit")
        self.assertIn("is lost when the server crashes", remedy)
        code, out, _ = self.run_ctl("db", "verify")
        self.assertEqual(code, FAILED)
        self.assertRegex(out, r"setting_unsafe +synchronous_commit +What was acknowledged")

    def well(self):
        self.db.sql("ALTER SYSTEM RESET synchronous_commit")
        self.db.sql("SELECT pg_reload_conf()")
        wait_until(lambda: self.verify()[0] == OK, "all is well again", 10)

    def test_every_code_has_its_remedy(self):
        def codes(path, pattern):
            with open(f"{SOURCE}/{path}", encoding="ascii") as f:
                return set(re.findall(pattern, f.read()))
        found = codes("src/store/database.c", r"SELECT \d+, '(\w+)'")
        self.assertEqual(found, codes("src/hub/bus-database.c", r'\{ "(\w+)",\n'))
        self.assertEqual(len(found), 11)

    def test_without_a_hub_or_its_database(self):
        self.world.hub.stop()
        self.addCleanup(self.wait_ready)
        self.addCleanup(self.world.start_hub, conf="TrustedProxies=127.0.0.1\n")
        self.fails(UNAVAILABLE, "dpin-hub", "db", "status")
        self.fails(UNAVAILABLE, "dpin-hub", "db", "verify")

    def test_completion_knows_it(self):
        self.assertIn("db\t", self.ok("complete", "d"))
        self.assertEqual([line.split("\t")[0] for line in self.ok("complete", "db", "").splitlines()],
                         ["status", "verify"])


if __name__ == "__main__":
    unittest.main()
