"""The frame of `./dev bench`: medians, goals, the table, what it keeps in bench.json; and that a short measurement of
a real hub gives figures."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from hub_case import BUILD, build_has

BENCH = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bench")
sys.path.append(BENCH)

import big  # noqa: E402
import cost  # noqa: E402
import plans  # noqa: E402
import frame  # noqa: E402
from process import Failure  # noqa: E402
from load import Bench  # noqa: E402

METRICS = [frame.Metric("x.small", "us", "less is better", 6.0),
           frame.Metric("x.large", "1/s", "more is better", 100.0, frame.HIGHER),
           frame.Metric("x.told", "bytes", "no goal")]


def load_tests(_loader, tests, _pattern):
    """What sanitizers add is nothing to measure: benchmarks are tried without."""
    return unittest.TestSuite() if os.path.basename(BUILD) == "sanitize" else tests


class Frame(unittest.TestCase):
    def test_median_by_name_also_where_a_run_lacks_one(self):
        runs = [{"x.small": 9.0, "x.told": 4.0}, {"x.small": 1.0}, {"x.small": 2.0, "x.told": 6.0}]
        self.assertEqual(frame.medians(runs), {"x.small": 2.0, "x.told": 5.0})

    def test_goals_are_judged_in_their_direction(self):
        small, large, told = METRICS
        self.assertEqual([small.met(6.0), small.met(6.1), large.met(100.0), large.met(99.0), told.met(1e9)],
                         [True, False, True, False, None])
        self.assertEqual(frame.missed(METRICS, {"x.small": 7.0, "x.large": 101.0}), ["x.small"])

    def test_table_says_missed_loudly(self):
        lines = frame.table(METRICS, {"x.small": 7.0, "x.large": 12345.6, "x.told": 3.14159}).splitlines()
        self.assertEqual([line.split()[:5] for line in lines[1:]],
                         [["x.small", "7", "<=", "6", "us"], ["x.large", "12,346", ">=", "100", "1/s"],
                          ["x.told", "3.142", "-", "bytes", "no"]])
        self.assertIn("MISSED", lines[1])
        self.assertIn(" ok ", lines[2])

    def test_merge_replaces_by_name_and_keeps_the_others(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "build", "bench.json")
            frame.merge(path, frame.rows(METRICS, {"x.small": 5.0, "x.told": 1.0}))
            other = {"name": "y.other", "value": 1, "goal": None, "unit": "s", "better": "lower"}
            frame.merge(path, [other])
            frame.merge(path, frame.rows(METRICS, {"x.small": 4.0}))
            with open(path) as f:
                kept = json.load(f)
        self.assertEqual([(row["name"], row["value"]) for row in kept],
                         [("x.small", 4.0), ("x.told", 1.0), ("y.other", 1)])
        self.assertEqual(kept[0], {"name": "x.small", "value": 4.0, "goal": 6.0, "unit": "us", "better": "lower"})

    def test_every_group_measures_its_own_names(self):
        for name in frame.group_names():
            self.assertTrue(frame.load_group(name).METRICS, name)

    def test_an_unknown_group_is_an_error_that_names_the_known(self):
        done = subprocess.run([sys.executable, os.path.join(BENCH, "run.py"), "conn", "nonsense"], capture_output=True,
                              text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("no such group: nonsense (there are: alert, check", done.stdout)

    def test_the_list_names_groups_without_measuring(self):
        done = subprocess.run([sys.executable, os.path.join(BENCH, "run.py"), "--list"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0)
        self.assertIn("conn.cpu_8000_vs_8", done.stdout)

    def test_cpu_of_children_that_ended_is_counted(self):
        def burn():
            subprocess.run([sys.executable, "-c", "sum(range(10_000_000))"], check=True)

        before = cost.family_cpu(os.getpid())
        burn()
        self.assertGreater(cost.family_cpu(os.getpid()) - before, 0.05)


@unittest.skipUnless(os.path.exists(os.path.join(BUILD, "tests", "bare-ws")), "the reference is not built")
class Conn(unittest.TestCase):
    def test_measures_a_real_hub(self):
        import group_conn
        group_conn.MANY, group_conn.FEW, group_conn.SECONDS, group_conn.RATE = 40, 2, 1, 2000
        group_conn.SETTLE = 0.2
        self.addCleanup(sys.modules.pop, "group_conn")
        values = group_conn.measure(Bench(BUILD))
        self.assertEqual(set(values), {m.name for m in group_conn.METRICS})
        self.assertGreater(min(values[name] for name in ("conn.cpu_us_per_message", "conn.join_per_s",
                                                         "conn.cpu_8000_vs_8")), 0)


@unittest.skipUnless(os.path.exists(os.path.join(BUILD, "tests", "dpin-verdict")), "its program is not built")
class Verdict(unittest.TestCase):
    def test_measures_a_hubs_own_modules(self):
        import group_verdict
        group_verdict.WEBSITES = 500
        self.addCleanup(sys.modules.pop, "group_verdict")
        values = group_verdict.measure(Bench(BUILD))
        self.assertEqual(set(values), {m.name for m in group_verdict.METRICS})
        self.assertGreater(min(values.values()), 0)


@unittest.skipUnless(os.path.exists(os.path.join(BUILD, "tests", "raw-check")), "the references are not built")
class Check(unittest.TestCase):
    def test_measures_a_real_validator(self):
        import group_check
        for name, value in {"SECONDS": 1, "ROUNDS": 2, "RATE": 60, "TLS_RATE": 40, "BIAS_RATE": 50, "AT_ONCE": 20,
                            "PEER_CHECKS": 8, "PEER_RATE": 40, "IN_FLIGHT": 60, "WARM": 20, "MAX_CHECKS": 100,
                            "MAX_RATE": 200, "WEBSITES": 200, "WEBSITES_MS": 10000, "WEBSITES_SECONDS": 1}.items():
            self.assertTrue(hasattr(group_check, name))
            setattr(group_check, name, value)
        self.addCleanup(sys.modules.pop, "group_check")
        values = group_check.measure(Bench(BUILD))
        self.assertEqual(set(values), {m.name for m in group_check.METRICS})
        above_zero = [name for name in values if "bias" not in name and "own" not in name]
        self.assertGreater(min(values[name] for name in above_zero), 0)

    def test_a_check_that_fails_is_no_measurement(self):
        import checks
        raw, curl, target = (os.path.join(BUILD, "tests", name) for name in ("raw-check", "bare-curl", "target"))
        with checks.Target(target) as target:
            plain = target.https.replace("https:", "http:") + "/"
            for program, url in ((raw, plain), (curl, plain), (raw, target.https + "/"), (curl, target.https + "/")):
                with self.assertRaisesRegex(Failure, "5 of 5 checks of .* failed"):  # its authority is unknown to them
                    checks.run_client(program, url, 5, 0)
            with checks.Ours(BUILD, target) as ours, self.assertRaisesRegex(Failure, "5 of 5 .* failed: reset"):
                ours.portion(plain, 5, 0)


@unittest.skipUnless(os.path.exists(os.path.join(BUILD, "tests", "dpin-load")), "the load generator is not built")
class Stairs(unittest.TestCase):
    def test_climbs_a_real_hub(self):
        import stairs
        stairs.STEPS, stairs.PORTION, stairs.VALIDATORS, stairs.SETTLE, stairs.SECONDS = [40, 80], 30, 8, 1, 2
        stairs.LIVE_LEAST = 0
        self.addCleanup(sys.modules.pop, "stairs")
        steps = stairs.climb(Bench(BUILD))
        self.assertEqual([step.websites for step in steps], [40, 80])
        self.assertGreater(min(min(step.ticks_per_s, step.ack_p99_ms, step.hub_rss_mb) for step in steps), 0)

    def test_the_most_and_half_of_it(self):
        import stairs
        steps = [stairs.Step(n, rate, asked, delay, 100 + n) for n, rate, asked, delay in
                 [(1, 10, 10, 3), (2, 20, 20, 4), (3, 30, 30, 5), (4, 40, 40, 6), (5, 38, 50, 900)]]
        self.assertEqual([step.carried() for step in steps], [True] * 4 + [False])
        self.assertEqual(stairs.values([]), {})
        self.assertEqual(stairs.values(steps), {"ingest.full_ticks_per_s": 40, "ingest.half_ack_p99_ms": 4,
                                                "ingest.hub_rss_mb": 105, "ingest.hub_rss_websites": 5})


class Close(unittest.TestCase):
    def test_closes_a_real_hour(self):
        group = frame.load_group("store")
        group.FOURS = 1
        self.addCleanup(setattr, group, "FOURS", 250)
        values = group.closing(Bench(BUILD))
        self.assertLess({name for name in values}, {m.name for m in group.METRICS})
        self.assertGreater(min(values.values()), 0)


@unittest.skipUnless(build_has("dpin-validator"), "dpin-validator is not built")
class Detect(unittest.TestCase):
    def test_measures_outages_of_a_real_system(self):
        import group_detect
        for name, value in {"INTERVAL": 10.0, "TIMEOUT": 1.0, "SEATS": 4, "LIARS": 1, "SITES": 1, "OUTAGES": 1,
                            "HEALTHY": 1, "REST": (0, 0.2), "ILL": (0, 0.2)}.items():
            self.assertTrue(hasattr(group_detect, name))
            setattr(group_detect, name, value)
        self.addCleanup(sys.modules.pop, "group_detect")
        values = group_detect.measure(Bench(BUILD))
        self.assertEqual(set(values), {m.name for m in group_detect.METRICS})
        self.assertEqual((values["detect.false_incidents"], values["detect.wrong_spans"]), (0, 0))
        self.assertGreater(values["detect.hang_max_s"], 2.0, "a second until the hint, one until the timeout")
        self.assertLess(values["detect.max_s"], 10.0)


@unittest.skipUnless(build_has("dpin-hub"), "dpin-hub is not built")
class Alert(unittest.TestCase):
    def test_measures_a_real_hub(self):
        import group_alert
        for name, value in {"INCIDENTS": 12, "BESIDE": 8, "DEAD": 100, "IDLE": 0.5}.items():
            self.assertTrue(hasattr(group_alert, name))
            setattr(group_alert, name, value)
        self.addCleanup(sys.modules.pop, "group_alert")
        values = group_alert.measure(Bench(BUILD))
        self.assertEqual(set(values), {m.name for m in group_alert.METRICS})
        self.assertGreater(min(values[name] for name in ("alert.p50_ms", "alert.bare_p50_ms")), 0)
        self.assertLess(values["alert.p99_ms"], 5000.0)


TICKS = 10**5


@unittest.skipUnless(os.path.exists(os.path.join(BUILD, "tests", "dpin-statements")), "dpin-statements is not built")
class BigDatabase(unittest.TestCase):
    """Made once, ended half-way, gone on with."""

    @classmethod
    def setUpClass(cls):
        cls.big = big.Big(BUILD, TICKS, name=f"test-{os.getpid()}")
        cls.addClassCleanup(cls.big.remove)
        with cls.big.quick():
            cls.big.prepare()
            for _ in range(20):
                cls.big.database.sql(f"SELECT bench.step({big.LAMPORTS})")
            cls.half = cls.big.ticks()
            cls.big.database.process.kill()
        cls.big.make().start_database()

    def value(self, sql):
        return self.big.database.value(sql)

    def test_it_goes_on_where_it_was(self):
        self.assertLess(0.3 * TICKS, self.half)
        self.assertLess(self.half, 0.8 * TICKS)
        self.assertAlmostEqual(self.big.ticks(), TICKS, delta=TICKS / 50)
        self.assertEqual(self.value("SELECT count(*) = (SELECT ticks FROM bench.big) FROM website_tick"), "t")
        self.assertEqual(self.value("SELECT count(DISTINCT (order_id, number)) = count(*) FROM website_tick"), "t")
        self.assertLess(self.big.ticks() * 50, big.size(self.big.data))

    def test_what_names_another_row_names_one_that_is_there(self):
        self.assertEqual(self.value("""SELECT count(*) FROM website_tick t
            LEFT JOIN work_order o ON o.id = order_id AND o.website_id = t.website_id
              AND o.validator_id = t.validator_id
            LEFT JOIN tick_batch b ON b.id = batch_id AND b.validator_id = t.validator_id
            WHERE o.id IS NULL OR b.id IS NULL"""), "0")
        self.assertEqual(self.value("""SELECT count(*) FROM tick_batch b FULL JOIN (SELECT batch_id, count(*) AS n
            FROM website_tick GROUP BY batch_id) AS x ON x.batch_id = b.id
            WHERE b.count IS DISTINCT FROM x.n OR length(codes) IS DISTINCT FROM x.n"""), "0")

    def test_spans_cover_time_and_hours_are_closed(self):
        self.assertEqual(self.value("""SELECT count(*) FROM (SELECT ended_at, lead(started_at) OVER (
            PARTITION BY website_id ORDER BY started_at) AS next FROM verdict_span) AS x
            WHERE ended_at IS DISTINCT FROM next"""), "0")
        self.assertEqual(self.value("""SELECT count(*) = count(DISTINCT hour) AND max(hour) + interval '1 hour' =
            date_trunc('hour', max(ends_at), 'UTC') FROM closed_hour, bench.big"""), "t")
        self.assertEqual(self.value("""SELECT sum(up + down + abstain) = (SELECT count(*) FROM website_tick
            WHERE started_at < (SELECT max(hour) + interval '1 hour' FROM closed_hour)) FROM rollup_hour"""), "t")
        self.assertGreater(int(self.value("SELECT sum(lamports) FROM validator_balance")), 0)

    def test_no_statement_reads_a_large_table_from_end_to_end(self):
        checked = plans.Plans(self.big.database.url("postgres"), os.path.join(BUILD, "tests", "dpin-statements"))
        self.assertEqual(checked.faults(), [])
        self.assertEqual(set(checked.pages), set(checked.statements))

    def test_a_table_without_its_indexes_is_found(self):
        self.big.database.sql("DROP INDEX event_by_time")
        self.addCleanup(self.big.database.sql, "CREATE INDEX event_by_time ON event (at)")
        checked = plans.Plans(self.big.database.url("postgres"), os.path.join(BUILD, "tests", "dpin-statements"))
        self.assertEqual({x.split(" (")[0] for x in checked.faults()}, {"event_prune", "database_tables"})

    def test_a_look_through_the_entries_of_all_websites_is_found(self):
        looks = self.value("SELECT pg_get_functiondef('website_ticks'::regproc)")
        self.addCleanup(self.big.database.sql, looks)
        self.big.database.sql("""CREATE OR REPLACE FUNCTION website_ticks(p_website integer, p_from timestamptz,
            p_to timestamptz, p_look integer) RETURNS TABLE (span timestamptz, started_at timestamptz,
            validator_id integer, outcome smallint, latency double precision) LANGUAGE sql STABLE ROWS 50 AS $$
              SELECT span, started_at, validator_id, outcome, 0.0 FROM website_tick
               WHERE website_id = p_website AND span BETWEEN p_from AND p_to
               ORDER BY started_at DESC LIMIT p_look $$""")
        checked = plans.Plans(self.big.database.url("postgres"), os.path.join(BUILD, "tests", "dpin-statements"))
        checked.statements = {"website_status": checked.statements["website_status"]}
        self.assertRegex(" ".join(checked.faults()), r"website_status \(generic plan\) looks for a website through")

    def test_what_is_in_use_is_not_removed(self):
        with self.assertRaisesRegex(Failure, "is in use"):
            big.remove(f"test-{os.getpid()}")


@unittest.skipUnless(os.path.exists(os.path.join(BUILD, "tests", "dpin-statements")), "dpin-statements is not built")
class Read(unittest.TestCase):
    def test_measures_a_real_api(self):
        import group_read
        group_read.FEW, group_read.MANY, group_read.ROUNDS, group_read.WARM = 3001, 9001, 20, 1
        self.addCleanup(sys.modules.pop, "group_read")
        values = group_read.measure(Bench(BUILD))
        group_read.done()
        self.assertEqual(set(values), {m.name for m in group_read.METRICS})
        self.assertGreater(min(value for name, value in values.items() if name != "read.whole_scans"), 0)
        self.assertEqual(values["read.whole_scans"], 0)
        self.assertFalse({"3001", "9001"} & set(big.there()))


if __name__ == "__main__":
    unittest.main()
