"""Why a verdict is and was what it is: REST, dpinctl and the bus of a real system say the same, in one sentence and
seat by seat."""

import datetime
import json
import subprocess
import unittest
import urllib.parse

from hub_case import CommitteeCase, build_has
from process import wait_until

NOWHERE = "01890000-0000-7000-8000-000000000000"
NO_TIMES = ("yesterday", "2026-01-02", "2026-01-02 03:04:05Z", "2026-02-30T03:04:05Z", "9999-01-01T00:00:00Z",
            "1969-01-01T00:00:00Z", "2026-01-02T03:04:05Z'--", "x" * 5000)


@unittest.skipUnless(build_has("dpin-api"), "dpin-api is not built")
class Why(CommitteeCase):
    bus = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.start_api()
        wait_until(lambda: cls.world.request("GET", "/readyz")[0] == 200, "the API has its database")
        cls.token = cls.world.token()

    # Asking -----------------------------------------------------------------------------------------------------------

    def public_id(self, site):
        return self.value(f"SELECT public_id FROM website WHERE id = {site.website}")

    def call(self, path, **query):
        return self.world.request("GET", f"/api/v1/website/{path}?{urllib.parse.urlencode(query)}", self.token)

    def rest(self, path, **query):
        status, _, body = self.call(path, **query)
        self.assertEqual(status, 200, body)
        return body

    def ctl(self, *args):
        """(exit status, output, errors)"""
        argv = [self.world.program("dpinctl"), f"--bus={self.world.bus_address}", "website", "why", *args]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def ctl_json(self, *args):
        code, out, err = self.ctl(*args, "--json")
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def wait_why(self, site, why):
        """The present verdict, when it says so."""
        website, seen = self.public_id(site), []

        def says():
            seen.append(self.rest("verdict", websiteId=website))
            return seen[-1]["why"] == why
        try:
            wait_until(says, why, 15)
        except Exception:
            self.fail(f"{seen[-1]['why']} is not {why}")
        return seen[-1]

    def missing(self, verdict):
        return {s["validatorName"]: s["missing"] for s in verdict["seats"] if s["missing"]}

    # The present ------------------------------------------------------------------------------------------------------

    def test_all_three_say_the_same_of_the_present(self):
        site = self.site_up("present")
        verdict = self.wait_why(site, "4 of 4 say up, 3 are needed.")
        self.assertEqual((verdict["n"], verdict["f"], verdict["q"], verdict["state"], verdict["cause"]),
                         (4, 1, 3, "UP", "quorum"))
        self.assertEqual([s["seat"] for s in verdict["seats"]], [0, 1, 2, 3])
        for seat in verdict["seats"]:
            self.assertEqual((seat["vote"], seat["missing"], seat["awaySince"]), ("up", None, None))
            self.assertTrue(0 <= seat["ageMs"] <= 20000, seat)
        by_bus = self.ctl_json(self.public_id(site))
        self.assertEqual({**by_bus, "seats": []}, {**verdict, "seats": []})
        self.assertEqual([s["validatorId"] for s in by_bus["seats"]], [s["validatorId"] for s in verdict["seats"]])
        code, shown, err = self.ctl(self.public_id(site))
        self.assertEqual(code, 0, err)
        first, empty, head, *rows = shown.splitlines()
        self.assertEqual((first, empty), (f"UP since {verdict['since']}: 4 of 4 say up, 3 are needed.", ""))
        self.assertEqual(head.split()[:4], ["SEAT", "VOTE", "AGE", "VALIDATOR"])
        self.assertEqual(len(rows), 4)
        self.assertRegex(rows[0], r"^ *0 +up +\d+\.\d s +v\d ")

    def test_who_gives_no_vote_and_why(self):
        site = self.new_site("quiet", {"mute": {2}, "abstaining": {1}})
        self.addCleanup(self.remove_website, site.website)
        verdict = self.wait_why(site, "2 of 4 say up and 0 say down, 3 of one kind are needed; 2 give no vote"
                                      " (1 silent, 1 abstaining).")
        self.assertEqual(verdict["state"], "UNKNOWN")
        self.assertEqual(self.missing(verdict), {"v1": "abstained", "v2": "silent"})
        _, shown, _ = self.ctl(self.public_id(site))
        self.assertIn(verdict["why"], shown)
        self.assertRegex(shown, r"abstain .*abstained")

    def test_who_is_away_and_since_when(self):
        site = self.new_site("away", {"mute": {3}})
        self.addCleanup(self.remove_website, site.website)
        self.wait_state(site.website, "UP")
        left = datetime.datetime.now(datetime.timezone.utc)
        self.validators[3].stop()
        self.addCleanup(lambda: self.validators[3].start().wait_welcome(self.validators[3].joins + 1))
        verdict = self.wait_why(site, "3 of 4 say up, 3 are needed; 1 gives no vote (1 away).")
        self.assertEqual(self.missing(verdict), {"v3": "away"})
        seat, = [s for s in verdict["seats"] if s["missing"]]
        since = datetime.datetime.fromisoformat(seat["awaySince"].replace("Z", "+00:00"))
        self.assertLess(abs((since - left).total_seconds()), 20)
        site.down = {0, 1, 2}
        self.wait_state(site.website, "DOWN")
        was = self.rest("verdicts", websiteId=self.public_id(site), limit=1)["verdicts"][0]
        self.assertEqual(was["why"], "3 of 4 say down, 3 are needed; 1 gives no vote (1 away).")
        self.assertEqual(self.missing(was), {"v3": "away"})

    # The past ---------------------------------------------------------------------------------------------------------

    def test_all_three_say_the_same_of_the_past(self):
        site = self.site_up("past")
        website = self.public_id(site)
        site.down = {0, 1, 2}
        self.wait_state(site.website, "DOWN")
        site.down = set()
        self.wait_state(site.website, "UP")
        pages, cursor = [], {}
        while True:
            page = self.rest("verdicts", websiteId=website, limit=1, **cursor)
            pages += page["verdicts"]
            if not page["nextCursor"]:
                break
            cursor = {"cursor": page["nextCursor"]}
        self.assertEqual([v["state"] for v in pages if v["state"] != "UNKNOWN"], ["UP", "DOWN", "UP"])
        self.assertEqual(pages, self.rest("verdicts", websiteId=website)["verdicts"])
        down, = [v for v in pages if v["state"] == "DOWN"]
        self.assertRegex(down["why"], r"^3 of 4 say down, 3 are needed(; 1 gives no vote \(1 silent\))?\.$")
        self.assertEqual([s["error"] for s in down["seats"] if s["vote"] == "down"], ["refused"] * 3)
        self.assertTrue(all(s["ageMs"] >= 0 for s in down["seats"] if s["vote"] == "down"))
        self.assertEqual(pages[0]["since"], down["until"])
        for at in (down["since"], down["since"].replace("Z", "+00:00")):
            self.assertEqual(self.rest("verdict", websiteId=website, at=at), down)
            self.assertEqual(self.ctl_json(website, f"--at={at}"), down)
        _, shown, _ = self.ctl(website, "--at", down["since"])
        self.assertIn(f"DOWN since {down['since']}: {down['why']}\n", shown)
        self.assertIn("refused", shown)

    def test_before_it_was_judged(self):
        website = self.public_id(self.site_up("young"))
        never = self.rest("verdict", websiteId=website, at="2001-01-01T00:00:00Z")
        self.assertEqual((never["state"], never["why"], never["seats"], never["rule"]),
                         ("UNKNOWN", "Nobody judged it then.", [], None))
        self.assertEqual(self.ctl(website, "--at=2001-01-01T00:00:00Z"), (0, "UNKNOWN: Nobody judged it then.\n", ""))

    # What is wrong ----------------------------------------------------------------------------------------------------

    def test_what_cannot_be_asked_by_rest(self):
        website = self.public_id(self.site_up("asked"))
        for at in (*NO_TIMES[:-1], ""):
            status, _, problem = self.call("verdict", websiteId=website, at=at)
            self.assertEqual(status, 400, at)
            self.assertIn('"at" must be a moment that is over', problem["detail"])
        for cursor in ("x", "1", "-1-1", "1-", "1-1-1", "", "9" * 19 + "-1", website):
            status, _, problem = self.call("verdicts", websiteId=website, cursor=cursor)
            self.assertEqual(status, 400, cursor)
            self.assertIn("nextCursor", problem["detail"])
        for limit in ("0", "501", "x"):
            self.assertEqual(self.call("verdicts", websiteId=website, limit=limit)[0], 400)
        for path in ("verdict", "verdicts"):
            self.assertEqual(self.call(path)[0], 400)
            self.assertEqual(self.call(path, websiteId="7")[0], 400)
            self.assertEqual(self.call(path, websiteId=NOWHERE)[0], 404)
            self.assertEqual(self.world.request("GET", f"/api/v1/website/{path}?websiteId={website}")[0], 401)
        self.assertEqual(self.call("verdict", websiteId=NOWHERE, at="2026-01-02T03:04:05Z")[0], 404)

    def test_what_cannot_be_asked_by_dpinctl(self):
        website = self.public_id(self.site_up("asked-too"))
        for at in NO_TIMES:
            code, out, err = self.ctl(website, f"--at={at}")
            self.assertEqual((code, out), (1, ""), err)
            self.assertIn("The moment has to be over, and written as", err)
        for id_, code, words in (("7", 1, "UUID"), (NOWHERE, 3, "No website has this id")):
            self.assertEqual(self.ctl(id_)[:2], (code, ""))
            self.assertIn(words, self.ctl(id_)[2])
        self.assertEqual(self.ctl()[0], 2)
        self.assertEqual(self.ctl(website, "now")[0], 2)


if __name__ == "__main__":
    unittest.main()
