"""Incidents of a real hub and what their rows say: severity, sentence, regions, timeline with votes; hysteresis and
flapping beyond a restart; certificates. Each validator is of another operator and network, so assurance is full."""

import json
import time
import unittest

from dpin_validator import UP, Validator
from dpin_wire import Key
from hub_case import CommitteeCase, HubCase, Site
from process import wait_until

REGIONS = ("eu", "us", "asia", "eu")
ALL = {0, 1, 2, 3}


class KnownNetwork(CommitteeCase):
    conf = "TrustedProxies=127.0.0.1, ::1\n"

    @classmethod
    def setUpClass(cls):
        HubCase.setUpClass.__func__(cls)
        cls.sites, cls.validators = {}, []
        for i, region in enumerate(REGIONS):
            cls.db.sql(f"""INSERT INTO validator (key, name, state, operator, region, asn, approved_at)
                           VALUES ('\\x{Key(bytes([i + 1]) * 32).public.hex()}', 'v{i}', 'approved', 'operator-{i}',
                                   '{region}', {64500 + i}, now())""")
        cls.world.hub.stop()
        cls.world.start_hub(conf=cls.conf)
        for i in range(len(REGIONS)):
            v = Validator(cls.world.hub_url, cls.eyes(i), key=Key(bytes([i + 1]) * 32),
                          headers={"X-Forwarded-For": f"203.{i}.113.9"})
            cls.validators.append(v.start())
            cls.addClassCleanup(v.stop)
        first = cls.new_site("first")
        wait_until(lambda: cls.state(first.website) == "UP", "the first website is UP", 25)

    def patient_site(self, name, confirm_down_ms, confirm_up_ms):
        """Judged UP; its incidents wait so long."""
        site = self.sites[f"http://{name}.example/"] = Site(0, f"http://{name}.example/")
        site.website = int(self.value(f"""WITH made AS (INSERT INTO website (public_id, organisation_id, url,
            interval_ms, timeout_ms, confirm_down_ms, confirm_up_ms) VALUES (gen_random_uuid(),
            (SELECT id FROM organisation WHERE name = 'test'), '{site.url}', 10000, 2000, {confirm_down_ms},
            {confirm_up_ms}) RETURNING id) SELECT id FROM made"""))
        self.addCleanup(self.remove_website, site.website)
        self.wait_state(site.website, "UP")
        return site

    def incident(self, site, kind="down"):
        """Columns of the newest by name; None: there is none."""
        return json.loads(self.value(f"""SELECT coalesce((SELECT to_json(i) FROM incident i WHERE kind = '{kind}'
            AND website_id = {site.website} ORDER BY id DESC LIMIT 1), 'null')"""))

    def timeline(self, site, kind="down"):
        return [(row[0], json.loads(row[1])) for row in self.db.sql(f"""SELECT e.kind, e.detail FROM incident_event e
            JOIN incident i ON i.id = e.incident_id WHERE i.website_id = {site.website} AND i.kind = '{kind}'
            ORDER BY e.at, e.ctid""")]

    def events(self, site, prefix):
        return [row[0] for row in self.db.sql(f"""SELECT kind FROM event WHERE payload->>'websiteId' =
            (SELECT public_id::text FROM website WHERE id = {site.website}) AND kind LIKE '{prefix}%'
            ORDER BY commit_no, ordinal""")]

    def restart(self):
        joins = [v.joins for v in self.validators]
        self.world.hub.kill()
        self.world.start_hub(conf=self.conf)
        for v, n in zip(self.validators, joins):
            v.wait(lambda v, n=n: v.joins > n and v.socket.open and v.orders, "back with its orders", 20)


class Incidents(KnownNetwork):
    def test_it_opens_escalates_eases_and_closes_with_its_evidence(self):
        site = self.site_up("whole")
        site.down = {0, 1}
        self.wait_state(site.website, "PARTIAL")
        incident = self.incident(site)
        self.assertEqual((incident["severity"], incident["cause"], incident["closed_at"]), ("partial", "refused", None))
        self.assertEqual(incident["summary"],
                         "The connection was refused, seen by 2 of 4 in 2 regions; 2 see it up")
        self.assertEqual(sorted(incident["regions"]), ["eu", "us"])
        site.down = ALL
        self.wait_state(site.website, "DOWN")
        incident = self.incident(site)
        self.assertEqual(incident["severity"], "down")
        self.assertRegex(incident["summary"], r"^The connection was refused, seen by [34] of 4 in [23] regions")
        self.assertGreater(incident["last_evidence_at"], incident["first_evidence_at"])
        site.down = {0, 1}
        self.wait_state(site.website, "PARTIAL")
        self.assertEqual(self.incident(site)["severity"], "partial")
        site.down = set()
        self.wait_state(site.website, "UP")
        incident = self.incident(site)
        self.assertIsNotNone(incident["closed_at"])
        self.assertLessEqual(incident["last_evidence_at"], incident["closed_at"])
        timeline = self.timeline(site)
        self.assertEqual([kind for kind, _ in timeline], ["opened", "escalated", "eased", "closed"])
        for kind, detail in timeline:
            self.assertEqual(len(detail["votes"]), 4, kind)
            self.assertEqual(len({vote["validatorId"] for vote in detail["votes"]}), 4)
        self.assertEqual([v["error"] for v in timeline[0][1]["votes"] if v["vote"] == "down"], ["refused", "refused"])
        self.assertRegex(timeline[-1][1]["summary"], "^It is up again, seen by [34] of 4")
        self.assertEqual(self.events(site, "incident."),
                         ["incident.opened", "incident.changed", "incident.changed", "incident.closed"])
        self.assertEqual(self.value(f"SELECT count(*) FROM incident WHERE website_id = {site.website}"), "1")

    def test_who_is_missing_is_in_the_sentence(self):
        site = self.site_up("missing")
        site.mute = {3}
        site.down = {0, 1, 2}
        self.wait_state(site.website, "DOWN")
        self.assertRegex(self.incident(site)["summary"],
                         r"^The connection was refused, seen by 3 of 4 in 3 regions; 1 (is missing|sees it up)$")

    def test_hysteresis_is_for_incidents_and_outlives_a_restart(self):
        site = self.patient_site("patient", confirm_down_ms=12000, confirm_up_ms=3000)
        site.down = ALL
        self.wait_state(site.website, "DOWN")
        began = time.monotonic()
        self.assertEqual(self.open_incidents(site.website), 0)
        self.restart()
        self.assertEqual(self.state(site.website), "DOWN")
        wait_until(lambda: self.open_incidents(site.website) == 1, "it opens when the time has come", 20)
        self.assertGreater(time.monotonic() - began, 10)
        self.assertGreaterEqual(float(self.value(f"""SELECT extract(epoch FROM i.opened_at - s.started_at)
            FROM incident i JOIN verdict_span s USING (website_id) WHERE i.website_id = {site.website}
            AND s.ended_at IS NULL""")), 12)
        site.down = set()
        self.wait_state(site.website, "UP")
        self.assertEqual(self.open_incidents(site.website), 1)
        wait_until(lambda: self.open_incidents(site.website) == 0, "it closes by a timer", 10)

    def test_a_severity_outlives_a_restart(self):
        site = self.site_up("severe")
        site.down = {0, 1}
        self.wait_state(site.website, "PARTIAL")
        self.restart()
        site.down = ALL
        self.wait_state(site.website, "DOWN", 30)
        self.assertEqual([kind for kind, _ in self.timeline(site)], ["opened", "escalated"])

    def test_nobody_looks_any_more(self):
        site = self.site_up("paused")
        site.down = ALL
        self.wait_state(site.website, "DOWN")
        self.db.sql(f"UPDATE website SET paused = true WHERE id = {site.website}")
        wait_until(lambda: self.open_incidents(site.website) == 0, "its incident is closed")
        self.assertEqual(self.timeline(site)[-1][1]["cause"], "paused")

    def test_at_most_one_is_open_of_a_kind(self):
        site = self.site_up("once")
        site.down = ALL
        self.wait_state(site.website, "DOWN")
        with self.assertRaisesRegex(Exception, "incident_open_once"):
            self.db.sql(f"""INSERT INTO incident (public_id, organisation_id, website_id, kind, cause, opened_at,
                first_evidence_at) SELECT gen_random_uuid(), organisation_id, id, 'down', '', now(), now()
                FROM website WHERE id = {site.website}""")

    def test_what_people_opened_is_theirs(self):
        site = self.site_up("manual")
        self.db.sql(f"""INSERT INTO incident (public_id, organisation_id, website_id, kind, cause, opened_at,
            first_evidence_at, summary) SELECT gen_random_uuid(), organisation_id, id, 'manual', '', now(), now(), 'Odd'
            FROM website WHERE id = {site.website}""")
        self.restart()
        site.down = ALL
        self.wait_state(site.website, "DOWN", 30)
        site.down = set()
        self.wait_state(site.website, "UP", 30)
        self.assertIsNone(self.incident(site, "manual")["closed_at"])


class Certificates(KnownNetwork):
    def claims(self, site, days):
        """days: what each of the validators says is left; 0: it saw none."""
        today = int(time.time()) // 86400
        site.sees = lambda number, kind: {**UP, "expiry_days": days[number] and today + days[number]}

    def wait_spoken(self, site):
        """Each has said something about it that the hub has stored, and judged."""
        marks = [len(v.ticks) for v in self.validators]
        for v, n in zip(self.validators, marks):
            order = self.order_of(v, site)[0]
            v.wait(lambda v, n=n, order=order: any(t.order == order for t in v.ticks[n:]), "a tick", 20)
            v.wait(lambda v, n=len(v.receipts): len(v.receipts) > n, "its receipt", 20)

    def test_a_quorum_opens_it_and_a_quorum_closes_it(self):
        site = self.site_up("certificate")
        self.claims(site, (90, 90, 90, 1))
        self.wait_spoken(site)
        self.assertIsNone(self.incident(site, "certificate"))
        self.claims(site, (9, 9, 9, 90))
        wait_until(lambda: self.incident(site, "certificate"), "an incident", 20)
        incident = self.incident(site, "certificate")
        self.assertEqual((incident["severity"], incident["cause"]), ("warning", "certificate_expiry"))
        self.assertRegex(incident["summary"],
                         r"^The certificate ends on \d{4}-\d\d-\d\d, in \d days?, seen by 3 of 4 in [23] regions$",
                         "one of the three may be the one who said so before")
        self.assertEqual(self.state(site.website), "UP")
        self.restart()
        self.claims(site, (90, 9, 9, 90))
        self.wait_spoken(site)
        self.assertIsNone(self.incident(site, "certificate")["closed_at"])
        self.claims(site, (90, 90, 90, 9))
        wait_until(lambda: self.incident(site, "certificate")["closed_at"], "it is closed", 20)
        self.assertEqual([kind for kind, _ in self.timeline(site, "certificate")], ["opened", "closed"])


class Flapping(KnownNetwork):
    conf = KnownNetwork.conf + "FlappingScore=3\n"

    def flip(self, site, times):
        for _ in range(times):
            site.down = set() if site.down else ALL
            self.wait_state(site.website, "DOWN" if site.down else "UP")

    def test_one_incident_stays_open_and_a_restart_goes_on(self):
        site = self.site_up("flapping")
        self.flip(site, 3)
        self.assertEqual(self.events(site, "website.flapping"), [])
        self.flip(site, 3)
        self.assertEqual(self.events(site, "website.flapping"), ["website.flapping"])
        self.assertEqual(self.open_incidents(site.website), 1)
        count = self.value(f"SELECT count(*) FROM incident WHERE website_id = {site.website}")
        self.assertEqual(count, "2")
        self.restart()
        self.flip(site, 2)
        self.assertEqual(self.state(site.website), "UP")
        self.assertEqual(self.value(f"SELECT count(*) FROM incident WHERE website_id = {site.website}"), count)
        self.assertEqual(self.open_incidents(site.website), 1)
        self.assertEqual([kind for kind, _ in self.timeline(site)],
                         ["opened", "closed", "opened", "flapping"])
        self.assertEqual(self.events(site, "website.flapping"), ["website.flapping"])
        score, ends = self.db.sql(f"""SELECT flap_score > 3, flapping_until > now() + interval '5 minutes'
            FROM verdict_span WHERE website_id = {site.website} AND ended_at IS NULL""")[0]
        self.assertEqual((score, ends), ("t", "t"))
        # The database knows how long: let it be over in a moment.
        self.world.hub.kill()
        self.db.sql(f"""UPDATE verdict_span SET started_at = now() - interval '1 hour', flap_score = 1.3,
            flapping_until = now() + interval '1 minute' WHERE website_id = {site.website} AND ended_at IS NULL""")
        self.world.start_hub(conf=self.conf)
        wait_until(lambda: self.open_incidents(site.website) == 0, "calm again", 40)
        self.assertEqual([kind for kind, _ in self.timeline(site)][-2:], ["steady", "closed"])
        self.assertEqual(self.events(site, "website.flapping"), ["website.flapping"] * 2)


if __name__ == "__main__":
    unittest.main()
