"""Who may check a website, and dpinctl committee: whether it was chosen as was promised."""

import hashlib
import hmac
import json
import unittest
import uuid

from ctl_case import FAILED, NOT_FOUND, NOWHERE, USAGE, Ctl, identity
from dpin_validator import UP, Validator
from process import wait_until

PLACES = ("eu", "eu", "eu", "eu", "us", "us")


class Committees(Ctl):
    """Six validators, four of them in eu, all of other operators and networks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.validators = []
        for i, region in enumerate(PLACES):
            v = Validator(cls.world.hub_url, lambda *_: UP, headers={"X-Forwarded-For": f"{11 + i}.0.2.7"},
                          tags=["ssd"] if i % 2 else ["hdd"]).start()
            cls.addClassCleanup(v.stop)
            v.wait_welcome()
            cls.world.ctl("validator", "approve", identity(v), f"--operator=op {i}", f"--region={region}",
                          f"--asn={64500 + i}")
            v.wait_welcome(joins=2)
            cls.validators.append(v)
        cls.site = cls.world.ctl("website", "add", "http://first.example/", "--interval=10s").strip()
        wait_until(lambda: cls.verdict(cls.site) == ["UP", "full"], "the newcomers have their first committee", 40)

    @classmethod
    def verdict(cls, site):
        row = cls.db.sql(f"""SELECT s.state, s.assurance FROM verdict_span s JOIN website w ON w.id = s.website_id
                             WHERE w.public_id = '{site}' AND s.ended_at IS NULL""")
        return row[0] if row else None

    def holders(self, site):
        """Numbers of the validators that sit now."""
        keys = {row[0] for row in self.db.sql(f"""SELECT key_text(v.key) FROM work_order o JOIN validator v
            ON v.id = o.validator_id JOIN website w ON w.id = o.website_id WHERE w.public_id = '{site}'
            AND o.type = 1 AND o.removed_at IS NULL""")}
        return {i for i, v in enumerate(self.validators) if identity(v) in keys}

    def add(self, name, *options):
        site = self.ok("website", "add", f"http://{name}.example/", "--interval=10s", *options).strip()
        self.addCleanup(self.ok, "website", "rm", site)
        return site

    def set(self, site, **values):
        self.ok("website", "set", site, *(f"--{name}={value}" for name, value in values.items()))

    def wait_holders(self, site, holders, seconds=40):
        wait_until(lambda: self.holders(site) == holders, f"{holders} sit", seconds)

    def wait_verdict(self, site, state, assurance, seconds=40):
        wait_until(lambda: self.verdict(site) == [state, assurance], f"it is {state}, {assurance}", seconds)

    # Rules ------------------------------------------------------------------------------------------------------------

    def test_every_door_names_the_wrong_clause(self):
        wrong = 'the rule "planet=mars" is about nothing known: rules are about region, asn, operator and tag'
        self.fails(FAILED, wrong, "website", "add", "http://mars.example/", "--rules=region=eu planet=mars")
        self.fails(FAILED, '"asn>=5" asks for more than the website', "website", "add", "http://mars.example/",
                   "--rules=asn>=5")
        text = self.busctl("Hub1", "AddWebsite", "sa{sv}", "http://mars.example/", 1, "rules", "s", "planet=mars",
                           check=False)
        self.assertIn(wrong, text)
        token = self.world.token()
        for rules, words in (("planet=mars", wrong), ("tag>=2", "they never count"), ("x" * 513, "512 bytes")):
            status, _, problem = self.world.request("POST", "/api/v1/website", token,
                                                    {"url": "http://mars.example/", "rules": rules})
            self.assertEqual((status, problem["errors"][0]["pointer"] if "errors" in problem else "/rules"),
                             (422, "/rules"))
            self.assertIn(words, problem["detail"])
        self.assertEqual(self.db.value("SELECT count(*) FROM website WHERE url LIKE '%mars%'"), "0")
        self.fails(FAILED, wrong, "website", "set", self.site, "--rules=region=eu planet=mars")
        status, _, problem = self.world.request("PATCH", "/api/v1/website", token,
                                                {"websiteId": self.site, "rules": "planet=mars"})
        self.assertEqual(status, 422)
        self.assertIn(wrong, problem["detail"])

    def test_only_those_sit_whom_the_rules_admit(self):
        site = self.add("ruled", "--rules=region=us, asn!=64499")
        self.wait_holders(site, {4, 5})
        self.wait_verdict(site, "UP", "reduced")
        told = self.rows("committee", site)
        self.assertEqual((told["seats"], told["configured"], told["rules"], told["unmet"]),
                         (2, 4, "asn!=64499 region=us", False))

        # All seats are taken by others, and no verdict is in doubt meanwhile.
        self.set(site, rules="region=eu")
        self.wait_holders(site, {0, 1, 2, 3})
        self.wait_verdict(site, "UP", "full")
        self.assertEqual(self.db.value(f"""SELECT count(*) FROM verdict_span s JOIN website w ON w.id = s.website_id
            WHERE w.public_id = '{site}' AND state NOT IN ('UP', 'UNKNOWN')"""), "0")

        self.set(site, rules="operator=\"op 1\"|\"op 3\"|\"op 5\" tag=ssd")
        self.wait_holders(site, {1, 3, 5})
        self.set(site, rules="tag!=ssd")
        self.wait_holders(site, {0, 2, 4})

    def test_who_is_found_to_be_elsewhere_gives_up_its_seat(self):
        site = self.add("moving", "--rules=region=eu")
        self.wait_holders(site, {0, 1, 2, 3})
        orders = {i: set(v.orders) for i, v in enumerate(self.validators)}
        self.ok("validator", "approve", identity(self.validators[3]), "--region=us")
        try:
            self.wait_holders(site, {0, 1, 2})
            for i in (0, 1, 2):
                self.assertTrue(orders[i] <= set(self.validators[i].orders), "the others keep their orders")
            self.wait_verdict(site, "UP", "full")
        finally:
            self.ok("validator", "approve", identity(self.validators[3]), "--region=eu")
        self.wait_holders(site, {0, 1, 2, 3})

    def test_rules_that_admit_nobody(self):
        site = self.add("nobody", "--rules=region=eu")
        self.wait_verdict(site, "UP", "full")
        self.set(site, rules="region=mars")
        self.wait_verdict(site, "UNKNOWN", "single")
        self.assertEqual(self.holders(site), set())
        self.assertIn("the rules of a website admit nobody", self.world.hub.log())
        shown = self.rows("website", "show", site)
        self.assertEqual((shown["status"]["state"], shown["status"]["assurance"]), ("UNKNOWN", "single"))
        self.assertNotIn("up", [seat["vote"] for seat in shown["verdict"]["seats"]])
        self.set(site, rules="")
        self.wait_verdict(site, "UP", "full")

    def test_more_seats_than_there_are_validators(self):
        site = self.add("wide", "--seats=16", "--rules=region>=2")
        self.wait_holders(site, set(range(6)))
        self.wait_verdict(site, "UP", "full")
        told = self.rows("committee", site)
        self.assertEqual((told["seats"], told["configured"], told["caps"], told["unmet"]), (6, 16, "all", False))

    def test_a_minimum_that_cannot_be_met_is_told(self):
        site = self.add("alike", "--rules=region>=3")
        self.wait_verdict(site, "UP", "reduced")
        self.assertEqual(len(self.holders(site)), 4)
        self.assertEqual(self.rows("committee", site)["unmet"], True)
        self.assertIn("too few different validators for the rules", self.world.hub.log())
        self.set(site, rules="region>=2")
        self.wait_verdict(site, "UP", "full")
        self.assertEqual(len({PLACES[i] for i in self.holders(site)}), 2)

    # Recounting -------------------------------------------------------------------------------------------------------

    def end_long_ago(self, site, number):
        self.db.sql(f"""UPDATE epoch SET starts_at = now() - interval '26 hours', ends_at = now() - interval '25 hours'
                        WHERE number = {number} AND website_id = (SELECT id FROM website WHERE public_id = '{site}')""")

    def two_epochs(self, name):
        site = self.add(name, "--rules=operator>=2")
        self.wait_verdict(site, "UP", "full")
        self.set(site, seats=5)
        wait_until(lambda: len(self.holders(site)) == 5, "the next epoch has five seats", 40)
        return site

    def findings(self, told):
        return {c["check"]: c["finding"] for c in told["checks"]}

    def test_a_secret_is_told_a_day_after_the_end(self):
        site = self.two_epochs("told")
        for number in ([], ["1"], ["2"]):
            told = self.rows("committee", site, *number)
            self.assertEqual((told["told"], told["eligible"]), (False, 0))
            self.assertEqual(set(self.findings(told).values()), {"open"})
            self.assertEqual({o["finding"] for o in told["orders"]}, {"open"})
        self.assertEqual(told["toldFrom"] > told["endsAt"] > told["startsAt"], True)
        self.end_long_ago(site, 1)
        answer = self.busctl("Hub1", "ShowCommittee", "st", site, 1)
        secret, eligible, orders = bytes(answer[12]), answer[13], json.loads(answer[14])
        self.assertEqual(hashlib.sha256(secret).digest(), bytes(answer[10]))
        keys = [bytes(key) for key, _, _ in eligible]
        scored = sorted(keys, key=lambda k: hmac.digest(secret, uuid.UUID(site).bytes + k, "sha256"), reverse=True)
        self.assertEqual(keys, scored, "by a program that knows nothing of the hub's")
        ranks = [scored.index(v.key.public) for v in self.validators]
        self.assertEqual(sorted(ranks), list(range(6)))
        names = {identity(v): v.key.public for v in self.validators}
        self.assertEqual({names[o["validator"]] for o in orders if o["epoch"] == "1"}, set(scored[:4]))
        self.assertEqual(self.busctl("Hub1", "ShowCommittee", "st", site, 2)[12:14], [[], []])

    def test_what_was_promised_is_recounted(self):
        site = self.two_epochs("recounted")
        self.end_long_ago(site, 1)
        told = self.rows("committee", site, "1")
        self.assertEqual((told["told"], told["eligible"], told["seats"], told["caps"]), (True, 6, 4, "all"))
        self.assertEqual(set(self.findings(told).values()), {"agrees"})
        self.assertEqual({(o["finding"], o["chosen"], o["note"]) for o in told["orders"]}, {("agrees", True, "chosen")})
        self.assertEqual(sorted(o["place"] for o in told["orders"]), [1, 2, 3, 4])
        text = self.ok("committee", site, "1")
        self.assertRegex(text, r"secret +agrees\n *list +agrees\n *scores +agrees")
        self.assertNotIn("differs", text)

    def tampered(self, site, change, number=1):
        """What dpinctl finds of a hub whose database was changed by this."""
        code, out, err = self.run_ctl("committee", site, str(number), "--json")
        self.assertEqual(code, 0, err)
        self.db.sql(change.format(website=f"(SELECT id FROM website WHERE public_id = '{site}')"))
        code, out, err = self.run_ctl("committee", site, str(number), "--json")
        self.assertEqual(code, FAILED)
        self.assertRegex(err, r"[1-9][0-9]* of the findings differ from what was promised")
        return json.loads(out)

    def test_another_secret_is_found(self):
        site = self.two_epochs("redrawn")
        self.end_long_ago(site, 1)
        told = self.tampered(site, "UPDATE epoch SET secret = sha256(secret) WHERE website_id = {website}")
        self.assertIn("another secret", {o["note"].removeprefix("it commits to ") for o in told["orders"]})
        self.assertEqual(self.findings(told)["list"], "differs", "its salts are others")

    def test_another_origin_is_found(self):
        site = self.two_epochs("moved")
        self.end_long_ago(site, 1)
        place = f"""digest = (SELECT list FROM epoch WHERE number = 1
            AND website_id = (SELECT id FROM website WHERE public_id = '{site}'))"""
        was = self.db.value(f"SELECT encode(list, 'hex') FROM eligible_list WHERE {place}")
        told = self.tampered(site, f"UPDATE eligible_list SET list = set_byte(list, 67, 7) WHERE {place}")
        # It is not this epoch's alone.
        self.db.sql(f"UPDATE eligible_list SET list = decode('{was}', 'hex') WHERE {place}")
        self.assertEqual([c for c, f in self.findings(told).items() if f == "differs"], ["list"])

    def test_another_holder_is_found(self):
        site = self.two_epochs("replaced")
        self.end_long_ago(site, 1)
        told = self.tampered(site, """UPDATE work_order o SET validator_id = (SELECT min(v.id) FROM validator v
            WHERE v.id NOT IN (SELECT validator_id FROM work_order WHERE website_id = {website} AND epoch = 1))
            WHERE website_id = {website} AND epoch = 1 AND seat = 2""")
        self.assertEqual([(o["seat"], o["note"]) for o in told["orders"] if o["finding"] == "differs"],
                         [(2, "it is not signed by the network's key")])

    def test_what_cannot_be_shown(self):
        self.fails(NOT_FOUND, "such an epoch", "committee", NOWHERE)
        self.fails(NOT_FOUND, "such an epoch", "committee", self.site, "4000000000")
        self.fails(FAILED, "UUID", "committee", "7")
        for word in ("0", "-1", "x", "4294967296"):
            self.fails(USAGE, "number of an epoch", "committee", self.site, "--", word)
        self.assertIn("no such number", self.busctl("Hub1", "ShowCommittee", "st", self.site, 1 << 63, check=False))


if __name__ == "__main__":
    unittest.main()
