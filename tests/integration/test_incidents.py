"""What people do with incidents, by REST: real hub, API and database; an outage is a job that says that it failed."""

import json
import unittest

from ctl_case import NOWHERE, Ctl
from process import wait_until
from test_api import Stream

CONF = "TrustedProxies=127.0.0.1\n"


class IncidentCase(Ctl):
    n = 0  # jobs so far

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.token = cls.world.token("owner")
        cls.reader = cls.world.token("reader", "read")
        cls.db.sql("INSERT INTO app_user (public_id, email) VALUES (gen_random_uuid(), 'ann@example.org'),"
                   " (gen_random_uuid(), 'bob@example.org')")
        cls.db.sql("INSERT INTO organisation (public_id, name) VALUES (gen_random_uuid(), 'other')")
        cls.db.sql("INSERT INTO membership SELECT o.id, u.id, 'editor' FROM organisation o JOIN app_user u"
                   " ON (o.name = 'other') = (u.email LIKE 'bob%')")
        cls.stranger = cls.foreign_token()

    @classmethod
    def foreign_token(cls):
        """Of the other organisation."""
        token = cls.world.token("stranger")
        cls.db.sql("UPDATE api_token SET organisation_id = (SELECT id FROM organisation WHERE name = 'other')"
                   " WHERE name = 'stranger'")
        return token

    def call(self, method, path, body=None, token=None):
        """(status, headers, document)"""
        return self.world.request(method, "/api/v1/" + path, token or self.token, body)

    def does(self, status, method, path, body=None, token=None):
        got, headers, document = self.call(method, path, body, token)
        self.assertEqual(got, status, document)
        return headers, document

    def refused(self, status, words, path, body=None, token=None, method="POST"):
        headers, problem = self.does(status, method, path, body, token)
        self.assertEqual(headers["Content-Type"], "application/problem+json")
        self.assertIn(words, problem["detail"])
        return headers, problem

    def website(self):
        IncidentCase.n += 1
        return self.does(201, "POST", "website", {"url": f"push:job{self.n}"})[1]["id"]

    def report(self, website=None, title="Slow checkout", **more):
        _, document = self.does(201, "POST", "incident",
                                {"websiteId": website or self.website(), "title": title, **more})
        return document["id"]

    def show(self, incident, query=""):
        return self.does(200, "GET", f"incident/{incident}{query}")[1]

    def timeline(self, incident):
        return [(e["kind"], e["detail"]) for e in self.show(incident)["events"]]

    def outage(self):
        """(the website, the path it calls, its incident)"""
        website = self.website()
        path = self.does(201, "POST", "website/heartbeat", {"websiteId": website})[1]["path"]
        self.assertEqual(self.world.request("POST", path + "/fail")[0], 204)
        wait_until(lambda: self.incidents(website), "there is an incident")
        return website, path, self.incidents(website)[0]["id"]

    def incidents(self, website):
        return self.world.get(f"/api/v1/incidents?websiteId={website}", self.token)["incidents"]

    def stream(self):
        stream = Stream(self.world, self.token)
        self.addCleanup(stream.close)
        stream.block()  # it is open
        return stream

    def next_event(self, stream, name):
        fields = stream.event()
        while fields and not fields["event"].startswith("incident."):
            fields = stream.event()
        self.assertEqual(fields["event"], name)
        return json.loads(fields["data"])


class Deeds(IncidentCase):
    def test_reported_acknowledged_noted_assigned_resolved(self):
        website = self.website()
        headers, made = self.does(201, "POST", "incident", {"websiteId": website, "title": "Slow checkout",
                                                            "text": "Since noon.\nAll of them."})
        path = "incident/" + made["id"]
        self.assertEqual(headers["Location"], "/api/v1/" + path)
        self.assertEqual({k: made[k] for k in ("kind", "severity", "summary", "state", "websiteId", "assignee")},
                         {"kind": "manual", "severity": "warning", "summary": "Slow checkout", "state": "open",
                          "websiteId": website, "assignee": None})
        _, known = self.does(200, "POST", path + "/acknowledge")
        self.assertRegex(known["acknowledgedBy"], "^token dpin_")
        self.does(201, "POST", path + "/note", {"text": "It is the cable."})
        _, assigned = self.does(200, "POST", path + "/assign", {"assignee": "Ann@example.org"})
        self.assertEqual(assigned["assignee"], "ann@example.org")
        self.does(200, "POST", path + "/assign", {"assignee": None})
        _, closed = self.does(200, "POST", path + "/resolve")
        self.assertEqual((closed["state"], closed["events"][-1]["kind"]), ("closed", "closed"))
        self.assertEqual(self.timeline(made["id"]), [
            ("opened", {"text": "Since noon.\nAll of them."}), ("acknowledged", {}),
            ("noted", {"text": "It is the cable."}), ("assigned", {"assignee": "ann@example.org"}),
            ("assigned", {"assignee": None}), ("closed", {})])
        self.assertEqual(self.db.value("SELECT string_agg(action, ' ' ORDER BY id) FROM audit_log"
                                       f" WHERE object = '{made['id']}' AND actor LIKE 'token dpin_%'"
                                       " AND organisation_id IS NOT NULL"),
                         "incident.open incident.acknowledge incident.note incident.assign incident.assign"
                         " incident.resolve")

    def test_said_again_nothing_changes(self):
        incident = self.report()
        path = "incident/" + incident
        for deed, body in (("acknowledge", None), ("assign", {"assignee": "ann@example.org"}), ("resolve", None)):
            self.does(200, "POST", f"{path}/{deed}", body)
            before = self.show(incident)
            self.does(200, "POST", f"{path}/{deed}", body)
            self.assertEqual(self.show(incident), before, deed)
        self.assertEqual(len(self.timeline(incident)), 4)

    def test_the_list_says_what_is_acknowledged(self):
        website = self.website()
        incident = self.report(website)
        listed, = self.incidents(website)
        self.assertEqual((listed["summary"], listed["acknowledgedAt"]), ("Slow checkout", None))
        self.does(200, "POST", f"incident/{incident}/acknowledge")
        listed, = self.incidents(website)
        self.assertEqual(listed["acknowledgedAt"], self.show(incident)["acknowledgedAt"])

    def test_who_is_removed_takes_care_no_longer(self):
        self.db.sql("WITH new AS (INSERT INTO app_user (public_id, email) VALUES (gen_random_uuid(), 'eve@example.org')"
                    " RETURNING id) INSERT INTO membership SELECT o.id, new.id, 'editor' FROM organisation o, new"
                    " WHERE o.name <> 'other'")
        incident = self.report()
        self.does(200, "POST", f"incident/{incident}/assign", {"assignee": "eve@example.org"})
        self.ok("user", "rm", "eve@example.org")
        shown = self.show(incident)
        self.assertEqual((shown["assignee"], shown["events"][-1]["detail"]), (None, {"assignee": "eve@example.org"}))

    def test_one_report_at_a_time(self):
        website = self.website()
        incident = self.report(website)
        headers, problem = self.refused(409, incident, "incident", {"websiteId": website, "title": "Again"})
        self.assertEqual(headers["Location"], f"/api/v1/incident/{incident}")
        self.assertRegex(problem["detail"], "is open already")
        self.does(200, "POST", f"incident/{incident}/resolve")
        self.assertNotEqual(self.report(website), incident)

    def test_what_checks_opened_checks_close(self):
        _, path, incident = self.outage()
        self.refused(409, "Checks opened this incident, and close it", f"incident/{incident}/resolve")
        self.does(200, "POST", f"incident/{incident}/acknowledge")
        self.assertEqual(self.world.request("POST", path)[0], 204)
        wait_until(lambda: self.show(incident)["closedAt"], "it is closed")
        shown = self.show(incident)
        self.assertTrue(shown["acknowledgedAt"])
        self.assertEqual([k for k, _ in self.timeline(incident)], ["opened", "acknowledged", "closed"])
        self.assertEqual([e["actor"] is None for e in shown["events"]], [True, False, True])

    def test_a_closed_one_takes_notes_and_is_not_acknowledged(self):
        incident = self.report()
        self.does(200, "POST", f"incident/{incident}/resolve")
        self.refused(409, "is closed: only open ones", f"incident/{incident}/acknowledge")
        self.does(201, "POST", f"incident/{incident}/note", {"text": "In hindsight."})
        self.assertEqual(self.timeline(incident)[-1], ("noted", {"text": "In hindsight."}))

    def test_of_a_removed_website_it_stays(self):
        website = self.website()
        incident = self.report(website)
        self.does(204, "DELETE", f"website?websiteId={website}")
        shown = self.show(incident)
        self.assertEqual((shown["websiteRemoved"], shown["state"]), (True, "open"))
        self.does(201, "POST", f"incident/{incident}/note", {"text": "It is gone."})
        self.does(200, "POST", f"incident/{incident}/resolve")
        self.refused(404, "no such object", "incident", {"websiteId": website, "title": "Late"})


class Refusals(IncidentCase):
    DEEDS = (("acknowledge", None), ("assign", {"assignee": None}), ("note", {"text": "x"}), ("resolve", None))

    def test_another_organisations_are_none(self):
        website = self.website()
        incident = self.report(website)
        for deed, body in self.DEEDS:
            self.refused(404, "no such object", f"incident/{incident}/{deed}", body, self.stranger)
        self.refused(404, "no such object", f"incident/{incident}", None, self.stranger, "GET")
        self.refused(404, "no such object", "incident", {"websiteId": website, "title": "x"}, self.stranger)
        self.refused(422, "Nobody of this organisation", f"incident/{incident}/assign", {"assignee": "bob@example.org"})
        self.assertEqual(len(self.timeline(incident)), 1)

    def test_who_reads_does_not_write(self):
        incident = self.report()
        for deed, body in self.DEEDS:
            self.refused(403, "write", f"incident/{incident}/{deed}", body, self.reader)
            self.assertEqual(self.world.request("POST", f"/api/v1/incident/{incident}/{deed}", None, body)[0], 401)
        self.refused(403, "write", "incident", {"websiteId": NOWHERE, "title": "x"}, self.reader)
        self.assertEqual(self.call("GET", f"incident/{incident}", token=self.reader)[0], 200)
        self.assertEqual(self.world.request("GET", f"/api/v1/incident/{incident}")[0], 401)

    def test_what_is_no_incident(self):
        for name in (NOWHERE, "7", "%27%20OR%20true", "a" * 200):
            self.refused(404, "", f"incident/{name}", method="GET")
            for deed, body in self.DEEDS:
                self.refused(404, "", f"incident/{name}/{deed}", body)
        incident = self.report()
        self.assertEqual(self.call("GET", f"incident/{incident}/note")[0], 405)
        self.assertEqual(self.call("POST", f"incident/{incident}/delete")[0], 404)

    def test_texts_have_limits(self):
        website = self.website()
        incident = self.report(website)
        note = f"incident/{incident}/note"
        for body, pointer in (({}, "/text"), ({"text": ""}, "/text"), ({"text": " \n"}, "/text"),
                              ({"text": 7}, "/text"),
                              ({"text": "x" * 2001}, "/text"), ({"text": "a\x1b[2J"}, "/text"),
                              ({"text": "a\x9b"}, "/text"), ({"text": "a\x00"}, None), ({"text": "a", "to": 1}, None)):
            _, problem = self.call("POST", note, body)[1:]
            self.assertIn(problem["status"], (400, 422), body)
            self.assertEqual(problem.get("errors", [{}])[0].get("pointer"), pointer, body)
        self.refused(400, "no JSON object", note, [])
        self.does(201, "POST", note, {"text": "ä" * 2000})
        for body, pointer in (({"title": ""}, "/title"), ({"title": "x" * 201}, "/title"),
                              ({"title": "a\nb"}, "/title"),
                              ({"title": "a", "text": "\x07"}, "/text"),
                              ({"title": "a", "websiteId": "7"}, "/websiteId")):
            _, problem = self.refused(422, "", "incident", {"websiteId": website, **body})
            self.assertEqual(problem["errors"][0]["pointer"], pointer)
        for body in ({}, {"assignee": ""}, {"assignee": 7}, {"assignee": "x" * 400}, {"assignee": "no@example.org"}):
            _, problem = self.refused(422, "", f"incident/{incident}/assign", body)
            self.assertEqual(problem["errors"][0]["pointer"], "/assignee")

    def test_a_timeline_has_pages(self):
        incident = self.report()
        for i in range(6):
            self.does(201, "POST", f"incident/{incident}/note", {"text": f"note {i}"})
        seen, cursor = [], ""
        while cursor is not None:
            page = self.show(incident, f"?limit=3{cursor and '&cursor='}{cursor}")
            seen += [e["detail"].get("text") for e in page["events"]]
            cursor = page["nextCursor"]
        self.assertEqual(seen, [None] + [f"note {i}" for i in range(6)])
        for wrong in ("limit=0", "limit=501", "cursor=x", "cursor=", "cursor=-1", "cursor=" + "9" * 30):
            self.refused(400, "query parameter", f"incident/{incident}?{wrong}", method="GET")

    def test_notes_have_an_end(self):
        incident = self.report()
        self.db.sql("INSERT INTO incident_event (incident_id, at, kind, revision) SELECT id, now(), 'noted', -i"
                    f" FROM incident, generate_series(1, 999) i WHERE public_id = '{incident}'")
        self.refused(409, "takes no more", f"incident/{incident}/note", {"text": "One more."})
        self.refused(409, "takes no more", f"incident/{incident}/assign", {"assignee": "ann@example.org"})

    def test_the_api_may_do_no_more(self):
        can = "SELECT has_table_privilege('dpin-api', '%s', '%s')"
        for table in ("incident", "incident_event"):
            for privilege in ("INSERT", "UPDATE", "DELETE"):
                self.assertEqual(self.db.value(can % (table, privilege)), "f", (table, privilege))
        for function in ("incident_hold(integer, uuid)", "incident_is_full(incident)",
                         "incident_did(incident, text, jsonb, text, text)"):
            self.assertEqual(self.db.value(f"SELECT has_function_privilege('dpin-api', '{function}', 'EXECUTE')"), "f")


class Live(IncidentCase):
    def test_each_deed_is_told(self):
        stream = self.stream()
        website = self.website()
        incident = self.report(website, text="Since noon.")
        event = self.next_event(stream, "incident.opened")
        self.assertEqual({k: event[k] for k in ("id", "websiteId", "kind", "summary", "text", "closedAt")},
                         {"id": incident, "websiteId": website, "kind": "manual", "summary": "Slow checkout",
                          "text": "Since noon.", "closedAt": None})
        self.assertRegex(event["url"], "^push:")
        self.does(200, "POST", f"incident/{incident}/acknowledge")
        event = self.next_event(stream, "incident.acknowledged")
        self.assertRegex(event["actor"], "^token dpin_")
        self.assertEqual(event["acknowledgedAt"], event["at"])
        self.does(201, "POST", f"incident/{incident}/note", {"text": "Hm."})
        self.assertEqual(self.next_event(stream, "incident.noted")["text"], "Hm.")
        self.does(200, "POST", f"incident/{incident}/assign", {"assignee": "ann@example.org"})
        self.assertEqual(self.next_event(stream, "incident.assigned")["assignee"], "ann@example.org")
        self.does(200, "POST", f"incident/{incident}/resolve")
        self.assertTrue(self.next_event(stream, "incident.closed")["closedAt"])

    def test_what_was_done_without_a_hub_is_told_by_the_next(self):
        stream = self.stream()
        incident = self.report()
        self.next_event(stream, "incident.opened")
        self.world.hub.stop()
        self.does(201, "POST", f"incident/{incident}/note", {"text": "Nobody listens."})
        self.world.start_hub(conf=CONF)
        self.assertEqual(self.next_event(stream, "incident.noted")["text"], "Nobody listens.")
        self.does(201, "POST", f"incident/{incident}/note", {"text": "And now?"})
        self.assertEqual(self.next_event(stream, "incident.noted")["text"], "And now?")
        self.assertEqual(self.db.value(f"SELECT count(*) FROM event WHERE payload ->> 'id' = '{incident}'"), "3")

    def test_only_to_its_organisation(self):
        mine, foreign = self.stream(), Stream(self.world, self.stranger)
        self.addCleanup(foreign.close)
        foreign.block()
        website = self.does(201, "POST", "website", {"url": "push:theirs"}, self.stranger)[1]["id"]
        self.report()
        self.next_event(mine, "incident.opened")
        theirs = self.does(201, "POST", "incident", {"websiteId": website, "title": "Theirs"}, self.stranger)[1]["id"]
        self.assertEqual(self.next_event(foreign, "incident.opened")["id"], theirs)

    def test_a_restarted_hub_leaves_reports_open(self):
        website, _, judged = self.outage()
        incident = self.report(website)
        self.world.hub.stop()
        self.world.start_hub(conf=CONF)
        self.wait_ready()
        stream = self.stream()
        self.does(204, "DELETE", f"website?websiteId={website}")
        wait_until(lambda: self.show(judged)["closedAt"], "that of the checks is closed")
        self.assertIsNone(self.show(incident)["closedAt"])
        while stream.event()["event"] != "incident.closed":
            pass  # what another stream would be told of it


if __name__ == "__main__":
    unittest.main()
