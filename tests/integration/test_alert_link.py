"""Links by which whoever gets an alert acknowledges its incident: a real hub makes them, a real API follows them, and a
second implementation reads them and makes those that the hub would not."""

import concurrent.futures
import json
import os
import time
import unittest
import urllib.error
import urllib.request
import uuid

from alert_case import AlertCase
from dpin_sign import Key, b64, statement, unb64
from process import wait_until

BASE = "https://dpin.example"


class LinkCase(AlertCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.start_api()
        wait_until(lambda: cls.world.request("GET", "/readyz")[0] == 200, "the API is ready")
        cls.add_website("https://first.example/")  # its organisation is the token's as well
        cls.token = cls.world.token("owner")
        with open(os.path.join(cls.world.data, "hub", "hub.key"), encoding="ascii") as f:
            cls.key = Key.from_text(f.read())

    def told(self, *options, name="Night shift"):
        """(incident, channel, link) of a new incident that a receiver was told of."""
        receiver = self.receiver()
        channel, _ = self.add("webhook", receiver.url, *options, name=name)
        incident = self.open()
        body = json.loads(receiver.wait()[0].body)
        self.assertEqual(body["link"], f"{BASE}/#/incident/{incident}")
        self.assertTrue(body["acknowledge"].startswith(BASE + "/acknowledge/"))
        return incident, channel, body["acknowledge"][len(BASE):]

    def ask(self, method, path):
        """(status, headers, page)"""
        request = urllib.request.Request(self.world.api_url + path, method=method,
                                         data=b"" if method == "POST" else None)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.headers, e.read().decode()

    def page(self, method, path, status, words):
        got, headers, text = self.ask(method, path)
        self.assertEqual(got, status, text)
        self.assertIn(words, text)
        return headers, text

    def acknowledged(self, incident):
        """(by whom, lines of the timeline that say so)"""
        return (self.value(f"SELECT acknowledged_by FROM incident WHERE public_id = '{incident}'"),
                int(self.value(f"""SELECT count(*) FROM incident_event e JOIN incident i ON i.id = e.incident_id
                                    WHERE i.public_id = '{incident}' AND e.kind = 'acknowledged'""")))

    def sign(self, incident, channel, day, key=None, domain="ack"):
        key = key or self.key
        body = uuid.UUID(incident).bytes + uuid.UUID(channel).bytes + day.to_bytes(4, "big")
        return "/acknowledge/" + b64(body + key.sign(statement(domain, (key.public, key.public), body)))

    def refusals(self):
        rows = {r["daemon"]: r for r in json.loads(self.world.ctl("status", "--json"))}
        words = " ".join(rows["dpin-api"]["detail"]).split()
        refused = next((w.partition("=")[2] for w in words if w.startswith("Refused=")), "")
        return {name: int(n) for name, _, n in (x.partition(":") for x in refused.split(",") if x)}


class Followed(LinkCase):
    def test_looking_changes_nothing_and_the_button_acknowledges_once(self):
        incident, _, link = self.told()
        for method in ("GET", "HEAD", "GET"):
            status, headers, text = self.ask(method, link)
            self.assertEqual(status, 200)
        self.assertIn('<form method="post">', text)
        self.assertEqual(self.acknowledged(incident), ("", 0))
        self.page("POST", link, 200, "You have acknowledged it.")
        self.assertEqual(self.acknowledged(incident), ("link: Night shift", 1))
        for method in ("GET", "POST"):
            _, text = self.page(method, link, 200, "acknowledged already")
            self.assertIn("Acknowledged by: <bdi>link: Night shift</bdi>", text)
            self.assertRegex(text, r"Acknowledged at: 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC")
            self.assertNotIn("<form", text)
        self.assertEqual(self.acknowledged(incident), ("link: Night shift", 1))
        shown = self.world.get(f"/api/v1/incident/{incident}", self.token)
        self.assertEqual([e["actor"] for e in shown["events"] if e["kind"] == "acknowledged"], ["link: Night shift"])

    def test_nothing_of_it_is_kept_or_told(self):
        _, _, link = self.told()
        headers, _ = self.page("GET", link, 200, "<form")
        self.assertEqual(headers["Content-Type"], "text/html; charset=utf-8")
        self.assertEqual(headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(headers["Cache-Control"], "no-store")
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(headers["X-Robots-Tag"], "noindex, nofollow")
        policy = headers["Content-Security-Policy"]
        for part in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
            self.assertIn(part, policy)
        self.assertIsNone(headers["Set-Cookie"])
        self.ask("POST", link)
        self.ask("DELETE", link)
        self.ask("GET", link[:-1])
        for log in (self.world.hub.log(), self.world.api.log()):
            self.assertNotIn(link.rsplit("/", 1)[1][:40], log)

    def test_many_at_once_acknowledge_once(self):
        incident, _, link = self.told()
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            pages = list(pool.map(lambda _: self.ask("POST", link), range(32)))
        self.assertEqual({status for status, *_ in pages}, {200})
        self.assertEqual(sum("You have acknowledged it" in text for *_, text in pages), 1)
        self.assertEqual(self.acknowledged(incident)[1], 1)
        self.assertEqual(self.value("""SELECT count(*) FROM acknowledge_link l JOIN incident i ON i.id = l.incident_id
                                        WHERE i.public_id = '%s'""" % incident), "1")

    def test_somebody_else_was_first(self):
        incident, _, link = self.told()
        self.world.request("POST", f"/api/v1/incident/{incident}/acknowledge", self.token)
        self.page("POST", link, 200, "Acknowledged by: <bdi>token ")

    def test_what_is_over(self):
        incident, _, link = self.told()
        self.close(incident)
        self.page("GET", link, 200, "It is over")
        self.page("POST", link, 409, "It is over")
        self.assertEqual(self.acknowledged(incident), ("", 0))

    def test_names_of_strangers_are_text(self):
        self.db.sql(f"UPDATE website SET name = '<script>alert(1)</script>\"&' WHERE id = {self.website}")
        _, _, link = self.told(name="<img src=x>")
        self.page("GET", link, 200, "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;")
        _, text = self.page("POST", link, 200, "link: &lt;img src=x&gt;")
        self.assertNotIn("<script", text)
        self.assertNotIn("<img", text)

    def test_an_end_has_no_link(self):
        receiver = self.receiver()
        self.hook(receiver, '--filter={"events": ["incident.resolved"]}')
        self.close(self.open())
        self.assertNotIn("acknowledge", json.loads(receiver.wait()[0].body))


class Refused(LinkCase):
    today = int(time.time()) // 86400

    def test_what_the_hub_signs_is_as_the_header_says(self):
        incident, channel, link = self.told()
        data = unb64(link.rsplit("/", 1)[1], 100)
        self.assertEqual((uuid.UUID(bytes=data[:16]), uuid.UUID(bytes=data[16:32])),
                         (uuid.UUID(incident), uuid.UUID(channel)))
        self.assertIn(int.from_bytes(data[32:36], "big") - self.today, (7, 8))
        self.assertEqual(self.sign(incident, channel, int.from_bytes(data[32:36], "big")), link)

    def test_expired(self):
        incident, channel, _ = self.told()
        before = self.refusals().get("acknowledge_link", 0)
        self.page("POST", self.sign(incident, channel, self.today - 1), 410, "expired")
        self.page("GET", self.sign(incident, channel, self.today - 1), 410, "expired")
        self.assertEqual(self.acknowledged(incident), ("", 0))
        self.assertEqual(self.refusals()["acknowledge_link"], before + 2)

    def test_forged_and_unknown_are_answered_alike(self):
        incident, channel, link = self.told()
        other, nobody = Key(b"x" * 32), "01890000-0000-7000-8000-000000000000"
        day = self.today + 7
        before = self.refusals().get("acknowledge_link", 0)
        links = {"another key": self.sign(incident, channel, day, other),
                 "another purpose": self.sign(incident, channel, day, domain="hubkey"),
                 "another incident": self.sign(nobody, channel, day),
                 "another channel": self.sign(incident, nobody, day),
                 "cut": link[:-1], "longer": link + "A", "empty bytes": "/acknowledge/" + "A" * 134,
                 "a changed day": "/acknowledge/" + b64(self.changed(link)), "no base64": "/acknowledge/" + "!" * 134}
        pages = set()
        for what, path in links.items():
            with self.subTest(what=what):
                for method in ("GET", "POST"):
                    pages.add(self.page(method, path, 404, "not valid")[1])
        self.assertEqual(len(pages), 1)
        self.assertEqual(self.refusals()["acknowledge_link"], before + 2 * len(links))
        self.assertEqual(self.acknowledged(incident), ("", 0))
        self.page("POST", link, 200, "You have acknowledged it.")

    @staticmethod
    def changed(link):
        data = bytearray(unb64(link.rsplit("/", 1)[1], 100))
        data[35] ^= 64
        return bytes(data)

    def test_a_link_of_a_channel_that_was_removed(self):
        incident, channel, link = self.told()
        self.world.ctl("alert", "channel", "rm", channel)
        self.page("POST", link, 404, "not valid")
        self.assertEqual(self.acknowledged(incident), ("", 0))

    def test_a_link_of_a_channel_of_another_organisation(self):
        incident, _, _ = self.told()
        foreign = self.value("""WITH o AS (INSERT INTO organisation (public_id, name)
                                  VALUES (gen_random_uuid(), 'foreign') RETURNING id)
            INSERT INTO alert_channel (public_id, organisation_id, kind, name)
            SELECT gen_random_uuid(), id, 'webhook', 'x' FROM o RETURNING public_id""").split("\n", maxsplit=1)[0]
        self.page("POST", self.sign(incident, foreign, self.today + 7), 404, "not valid")

    def test_other_methods(self):
        _, _, link = self.told()
        self.assertEqual(self.ask("DELETE", link)[0], 405)


if __name__ == "__main__":
    unittest.main()
