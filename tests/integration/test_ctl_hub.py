"""dpinctl and what the hub administrates: websites, validators, payouts."""

import os
import subprocess
import unittest

from ctl_case import FAILED, NOBODY, NOT_FOUND, NOWHERE, UNAVAILABLE, USAGE, Ctl, identity
from dpin_wire import Key, Tick, batch
from process import wait_until


class Websites(Ctl):
    def tearDown(self):
        self.db.sql("UPDATE website SET removed_at = now() WHERE removed_at IS NULL")

    def test_added_listed_shown_removed(self):
        website = self.ok("website", "add", "http://127.0.0.1:9/", "--name", "Nine", "--interval=30s", "--timeout=2s",
                          "--seats=1").strip()
        row, = self.rows("website", "list")
        self.assertEqual((row["id"], row["url"], row["name"]), (website, "http://127.0.0.1:9/", "Nine"))
        self.assertEqual((row["intervalMs"], row["timeoutMs"], row["seats"], row["paused"]), (30000, 2000, 1, False))
        self.assertIn("http://127.0.0.1:9/", self.ok("website", "list"))
        shown = self.rows("website", "show", website)
        self.assertEqual(shown["status"]["id"], website)
        self.assertIn("seats", shown["verdict"])
        self.assertRegex(self.ok("website", "show", website), r"State +\w+")

        self.fails(FAILED, "watched already", "website", "add", "http://127.0.0.1:9/")
        self.assertEqual(self.ok("website", "rm", website), "")
        self.assertEqual(self.rows("website", "list"), [])
        self.fails(NOT_FOUND, "No website", "website", "rm", website)
        self.fails(NOT_FOUND, "No website", "website", "show", website)

    def test_over_both_families_apart(self):
        url = "http://127.0.0.1:9/"
        ids = self.ok("website", "add", url, "--family=both", "--interval=30s").split()
        rows = {row["id"]: row for row in self.rows("website", "list")}
        self.assertEqual([rows[i]["name"] for i in ids], [f"{url} (IPv4)", f"{url} (IPv6)"])
        self.assertEqual({(row["url"], row["intervalMs"]) for row in rows.values()}, {(url, 30000)})
        self.assertEqual(self.db.sql("SELECT public_id, family FROM website WHERE removed_at IS NULL ORDER BY family"),
                         [[ids[0], "4"], [ids[1], "6"]])
        self.fails(FAILED, "watched already, over these addresses", "website", "add", url, "--family=6")
        self.fails(FAILED, "watched already, over these addresses", "website", "add", url, "--family=both")
        self.ok("website", "add", url, "--name=Whichever")
        self.fails(USAGE, "both", "website", "set", ids[0], "--family=both")

    def test_whom_the_bus_does_not_let_in(self):
        if os.getuid() != 0:
            self.skipTest("needs root to become somebody else")
        done = subprocess.run([*NOBODY, *self.argv("website", "list")], capture_output=True, check=False)
        if done.returncode == 126:
            self.skipTest("the build is closed to others")
        self.assertEqual(done.returncode, UNAVAILABLE, done.stderr)
        self.assertIn(b"no connection to unix:path=", done.stderr)

    def test_paused_and_resumed(self):
        website = self.ok("website", "add", "http://127.0.0.1:9/").strip()
        for verb, paused in (("pause", True), ("pause", True), ("resume", False), ("resume", False)):
            self.assertEqual(self.ok("website", verb, website), "")
            self.assertEqual([w["paused"] for w in self.rows("website", "list")], [paused])
        self.assertEqual(self.db.sql("SELECT action FROM audit_log WHERE object = '%s' ORDER BY id" % website),
                         [["website.add"], ["website.pause"], ["website.resume"]])
        self.fails(NOT_FOUND, "No website", "website", "pause", NOWHERE)
        self.fails(NOT_FOUND, "No website", "website", "resume", NOWHERE)

    def test_what_cannot_be_checked_is_refused_with_the_reason(self):
        for words, *args in (("credentials", "http://a:b@example.org/"), ("http", "ftp://example.org/"),
                             ("10 seconds", "http://example.org/", "--interval=5s"),
                             ("half the interval", "http://example.org/", "--interval=10s", "--timeout=6s"),
                             ("200 characters", "http://example.org/", "--name", "x" * 201)):
            self.fails(FAILED, words, "website", "add", *args)
        self.fails(FAILED, "UUID", "website", "rm", "7")
        for args in (["--interval=5x"], ["--seats=17"], ["--seats=0"], ["--scope=read"]):
            self.fails(USAGE, args[0].split("=")[0], "website", "add", "http://example.org/", *args)
        self.assertEqual(self.rows("website", "list"), [])

    def fill(self, n):
        self.db.sql("INSERT INTO organisation (public_id, name) SELECT gen_random_uuid(), 'default'"
                    " WHERE NOT EXISTS (SELECT FROM organisation)")
        self.db.sql("INSERT INTO website (public_id, organisation_id, url, interval_ms, paused) SELECT"
                    " gen_random_uuid(), (SELECT min(id) FROM organisation), 'http://127.0.0.1:9/' || i, 86400000,"
                    f" true FROM generate_series(1, {n}) AS i")

    def test_a_list_longer_than_a_page_comes_whole(self):
        self.fill(503)
        self.assertEqual(sorted(w["url"] for w in self.rows("website", "list")),
                         sorted(f"http://127.0.0.1:9/{i}" for i in range(1, 504)))

    def test_pages_are_cut_by_the_database(self):
        self.fill(5)
        ids, after = [], ""
        while True:
            rows, after = self.busctl("Hub1", "ListWebsites", "su", after, 2)
            self.assertLessEqual(len(rows), 2)
            ids += [row[0] for row in rows]
            if not after:
                break
            self.db.sql(f"UPDATE website SET removed_at = now() WHERE public_id = '{ids[0]}'")  # moves nothing
        self.assertEqual((len(ids), len(set(ids)), ids), (5, 5, sorted(ids)))
        self.assertEqual(self.busctl("Hub1", "ListWebsites", "su", ids[-1], 2), [[], ""])
        self.assertIn("what the page before gave", self.busctl("Hub1", "ListWebsites", "su", "x", 2, check=False))
        for limit in (0, 501):
            self.assertIn("1 to 500", self.busctl("Hub1", "ListWebsites", "su", "", limit, check=False))


class Validators(Ctl):
    def row(self, v):
        return next(r for r in self.rows("validator", "list") if r["id"] == identity(v))

    def test_pending_approved_suspended(self):
        v = self.newcomer()
        row = self.row(v)
        self.assertEqual((row["state"], row["connected"]), ("pending", True))
        self.assertEqual(self.rows("validator", "show", row["id"])["state"], "pending")

        self.ok("validator", "approve", row["id"], "--operator=ops", "--region=eu", "--asn=64500")
        row = self.rows("validator", "show", row["id"])
        self.assertEqual((row["state"], row["operator"], row["region"], row["asn"]), ("approved", "ops", "eu", 64500))
        v.wait_welcome(joins=2)
        wait_until(lambda: self.row(v)["connected"], "it is connected anew")

        self.ok("validator", "approve", row["id"], "--region=eu-central")
        row = self.row(v)
        self.assertEqual((row["operator"], row["region"], row["asn"]), ("ops", "eu-central", 64500))

        self.ok("validator", "suspend", row["id"])
        self.assertEqual(self.row(v)["state"], "suspended")
        actors = self.db.sql("SELECT DISTINCT actor FROM audit_log WHERE action = 'validator.set'")
        self.assertIn(f"uid {os.getuid()}", str(actors))

    def test_a_clock_that_is_off_is_shown_and_said_once(self):
        """Its results count all the same."""
        v = self.newcomer(address="192.0.2.9")
        self.ok("validator", "approve", identity(v))
        v.wait_welcome(joins=2)
        said = "a validator's clock is not the hub's"
        for offset, shown in ((0, 0), (1_999_999, 1999), (-1_999_999, -1999), (2_500_000, 2500), (-3_000_000, -3000)):
            tick = Tick(os.urandom(16), batch.SCHEDULED, batch.UP, 0, v.now())
            self.assertEqual(v.submit(tick, clock_offset=offset), [batch.UNASSIGNED])
            self.assertEqual(self.row(v)["clockOffsetMs"], shown)
            self.assertEqual(self.world.hub.log().count(said), abs(offset) > 2_000_000)
        v.submit(tick, clock_offset=7_000_000, flags=batch.UNSYNCED)
        self.assertEqual(self.row(v)["clockOffsetMs"], -3000, "it does not know")
        for offset in (-(1 << 63), (1 << 63) - 1, 0) * 5:
            v.submit(tick, clock_offset=offset)
        self.assertEqual(self.world.hub.log().count(said), 1)

    def test_one_that_waits_can_be_turned_away(self):
        v = self.newcomer()
        self.ok("validator", "suspend", identity(v))
        v.wait(lambda x: x.rejects, "it is rejected when it comes again")
        row = self.rows("validator", "show", identity(v))
        self.assertEqual((row["state"], row["connected"]), ("suspended", False))

    def test_a_key_nobody_has(self):
        key = "A" * 43
        for verb in ("approve", "suspend", "show"):
            self.fails(NOT_FOUND, "No validator", "validator", verb, key)
        self.fails(FAILED, "43 characters", "validator", "approve", "short")
        self.fails(FAILED, "43 characters", "validator", "show", "short")
        self.fails(USAGE, "--asn", "validator", "approve", key, "--asn=x")
        self.fails(FAILED, "pending, approved or suspended", "validator", "list", "--state=gone")

    def test_those_in_memory_and_those_in_the_database_make_one_list(self):
        stored = [Key() for _ in range(4)]
        self.db.sql("INSERT INTO validator (key, state) VALUES "
                    + ", ".join(f"('\\x{k.public.hex()}', 'approved')" for k in stored))
        waiting = [self.newcomer(f"198.51.{i}.1") for i in range(3)]
        keys, after = [], ""
        while True:
            rows, after = self.busctl("Hub1", "ListValidators", "ssu", "", after, 2)
            keys += [row[0] for row in rows]
            self.assertEqual(len(rows), 2 if after else len(rows))
            if not after:
                break
        listed = self.rows("validator", "list")
        self.assertEqual(sorted(keys), sorted(r["id"] for r in listed))
        self.assertEqual(len(set(keys)), len(keys))
        self.assertLessEqual({identity(v) for v in waiting}, set(keys))
        pending = {r["id"] for r in self.rows("validator", "list", "--state=pending")}
        self.assertEqual(pending, {r["id"] for r in listed if r["state"] == "pending"})
        self.assertLessEqual({identity(v) for v in waiting}, pending)
        self.assertEqual(len(self.rows("validator", "list", "--state", "approved")), len(listed) - len(pending) -
                         len([r for r in listed if r["state"] == "suspended"]))


class Payouts(Ctl):
    def asked(self, lamports):
        """The id of a payout request over so much."""
        key = Key()
        self.db.sql(f"INSERT INTO validator (key, name) VALUES ('\\x{key.public.hex()}', 'earner')")
        self.db.sql("INSERT INTO ledger_entry (kind, validator_id, hour, debit, credit, amount)"
                    f" SELECT 'reward', max(id), now(), 'rewards', 'validator', {lamports} FROM validator")
        return self.db.value("SELECT id FROM payout_request((SELECT max(id) FROM validator), gen_random_uuid(), 'x')")

    def row(self, payout):
        return next(r for r in self.rows("payout", "list") if r["id"] == payout)

    def test_asked_for_approved_settled(self):
        payout = self.asked(1234)
        row = self.row(payout)
        self.assertEqual((row["status"], row["amount"], row["validatorName"]), ("requested", 1234, "earner"))
        self.assertEqual((row["transactionId"], row["approvedAt"]), ("", None))
        self.fails(FAILED, "not approved", "payout", "settle", payout, "tx-1")
        for _ in range(2):
            self.assertEqual(self.ok("payout", "approve", payout), "")
        self.assertEqual(self.row(payout)["status"], "approved")
        for _ in range(2):
            self.assertEqual(self.ok("payout", "settle", payout, "tx-1"), "")
        row = self.row(payout)
        self.assertEqual((row["status"], row["transactionId"]), ("settled", "tx-1"))
        self.assertIsNotNone(row["settledAt"])
        self.fails(FAILED, "another transaction", "payout", "settle", payout, "tx-2")
        self.assertEqual(self.row(payout)["transactionId"], "tx-1")
        self.assertEqual(self.ok("payout", "approve", payout), "")
        self.assertEqual(self.row(payout)["status"], "settled")
        self.assertEqual(self.db.sql(f"SELECT action, actor FROM audit_log WHERE object = '{payout}' ORDER BY id")[1:],
                         [["payout.approve", f"uid {os.getuid()}"], ["payout.settle", f"uid {os.getuid()}"]])

    def test_what_cannot_be(self):
        payout = self.asked(5)
        self.fails(NOT_FOUND, "No payout", "payout", "approve", NOWHERE)
        self.fails(NOT_FOUND, "No payout", "payout", "settle", NOWHERE, "tx")
        self.fails(FAILED, "UUID", "payout", "approve", "7")
        for transaction in ("", "a b", "x" * 201, "tab\there"):
            self.fails(FAILED, "1 to 200 characters", "payout", "settle", payout, transaction)
        self.fails(USAGE, "needs ID TRANSACTION", "payout", "settle", payout)
        self.fails(FAILED, "requested, approved or settled", "payout", "list", "--state=paid")

    def test_listed_by_status(self):
        first, second = self.asked(1), self.asked(2)
        self.ok("payout", "approve", second)
        self.assertIn(first, [r["id"] for r in self.rows("payout", "list", "--state=requested")])
        self.assertEqual([r["id"] for r in self.rows("payout", "list", "--state=approved")], [second])
        self.assertIn(second, self.ok("payout", "list"))


if __name__ == "__main__":
    unittest.main()
