"""Maintenance announced, listed and called off by REST."""

import unittest

from test_api import NOBODY, ApiCase

PATH = "/api/v1/maintenance"


class Maintenance(ApiCase):
    def setUp(self):
        self.db.sql("DELETE FROM maintenance")
        self.db.sql("UPDATE website SET removed_at = now() WHERE removed_at IS NULL")
        self.website, self.other = self.add("http://one.example/"), self.add("http://other.example/")

    def announce(self, token=None, **members):
        status, _, body = self.call("POST", PATH, token or self.one, members)
        self.assertEqual(status, 201, body)
        return body["id"]

    def listed(self, token=None, website=None):
        query = f"?websiteId={website}" if website else ""
        return self.world.get(PATH + query, token or self.one)["maintenance"]

    def test_again_and_again(self):
        window = self.announce(websiteIds=[self.website], title="Backup", cron="0 3 * * sun", durationMs=3600000,
                               timeZone="Europe/Berlin")
        row, = self.listed()
        self.assertEqual({name: row[name] for name in row if name != "next"},
                         {"id": window, "websiteIds": [self.website], "title": "Backup", "from": None, "until": None,
                          "cron": "0 3 * * sun", "durationMs": 3600000, "timeZone": "Europe/Berlin"})
        expected = self.db.sql("""SELECT rfc3339(d), rfc3339(d + interval '1 hour') FROM (
            SELECT (day + interval '3 hours') AT TIME ZONE 'Europe/Berlin' AS d
              FROM generate_series(current_date::timestamp - interval '1 day', current_date + 30, interval '1 day') day
             WHERE extract(dow FROM day) = 0) AS days WHERE d + interval '1 hour' > now() ORDER BY d LIMIT 3""")
        self.assertEqual([[n["from"], n["until"]] for n in row["next"]], expected)

    def test_once_and_for_all(self):
        window = self.announce(websiteIds=None, **{"from": "2030-11-29T02:00:00+01:00",
                                                   "until": "2030-11-29T04:00:00Z"})
        row, = self.listed(website=self.other)
        self.assertEqual((row["id"], row["websiteIds"], row["from"][:19], row["until"][:19], row["title"]),
                         (window, None, "2030-11-29T01:00:00", "2030-11-29T04:00:00", ""))
        self.assertEqual([n["from"] for n in row["next"]], [row["from"]])

    def test_without_an_end_in_sight(self):
        self.announce(websiteIds=None, cron="0 0 * * *", durationMs=86400000, timeZone="UTC")
        row, = self.listed()
        self.assertEqual([n["until"] for n in row["next"]], [None])

    def test_called_off(self):
        window = self.announce(websiteIds=[self.website], cron="0 3 * * *", durationMs=60000, timeZone="UTC")
        self.refused(404, "DELETE", f"{PATH}/{window}", self.two)
        self.refused(403, "DELETE", f"{PATH}/{window}", self.reader)
        self.assertEqual(self.call("DELETE", f"{PATH}/{window}", self.one)[::2], (204, None))
        for gone in (window, NOBODY, "x"):
            self.refused(404, "DELETE", f"{PATH}/{gone}", self.one)
        self.assertEqual(self.db.sql(f"SELECT actor, action FROM audit_log WHERE object = '{window}' ORDER BY id"),
                         [["token dpin_one", "maintenance.add"], ["token dpin_one", "maintenance.remove"]])

    def test_of_others(self):
        self.announce(websiteIds=None, cron="0 3 * * *", durationMs=60000, timeZone="UTC")
        foreign = self.add("http://foreign.example/", self.two)
        self.assertEqual(self.listed(self.two), [])
        self.refused(404, "GET", f"{PATH}?websiteId={foreign}", self.one)
        _, problem = self.refused(422, "POST", PATH, self.one, {
            "websiteIds": [self.website, foreign], "cron": "0 3 * * *", "durationMs": 60000, "timeZone": "UTC"})
        self.assertEqual(problem["detail"], "One of these websites does not exist.")
        self.refused(401, "GET", PATH)
        self.refused(403, "POST", PATH, self.reader, {"websiteIds": None})
        self.db.sql(f"UPDATE website SET removed_at = now() WHERE public_id = '{self.other}'")
        self.refused(404, "GET", f"{PATH}?websiteId={self.other}", self.one)

    def test_what_cannot_be(self):
        daily = {"websiteIds": None, "cron": "0 3 * * *", "durationMs": 60000, "timeZone": "UTC"}
        for members, words in (
                ({"cron": "0 0 30 2 *"}, "would never come"), ({"cron": "* * * * *"}, "at most 96"),
                ({"cron": "x"}, "five fields"), ({"cron": "0 99 * * *"}, "outside of 0 to 23"),
                ({"durationMs": 86400001}, "a minute to a day"), ({"durationMs": 2**53 - 1}, "a minute to a day"),
                ({"durationMs": 0}, "60000 to 86400000"), ({"timeZone": "Mars/Olympus"}, "not known"),
                ({"timeZone": None}, "or else a cron"), ({"title": "x" * 201}, "200 characters"),
                ({"title": "a\nb"}, "a line"), ({"from": "2030-01-01T00:00:00Z"}, "or else a cron"),
                ({"websiteIds": []}, "or null for all"), ({"websiteIds": [self.website] * 101}, "1 to 100"),
                ({"websiteIds": ["x"]}, "UUID"), ({"every": 1}, "not known here")):
            _, problem = self.refused(422, "POST", PATH, self.one, {**daily, **members})
            self.assertIn(words, problem["detail"], members)
        for beginning, end, words in (
                ("2030-01-01T00:00:00Z", "1002030-01-01T00:00:00Z", "is written like"),
                ("2030-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "within 366 days"),
                ("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z", "not over yet"),
                ("2030-02-30T00:00:00Z", "2030-03-01T00:00:00Z", "no such moment")):
            _, problem = self.refused(422, "POST", PATH, self.one, {
                "websiteIds": None, "from": beginning, "until": end})
            self.assertIn(words, problem["detail"])
        self.refused(400, "POST", PATH, self.one, b"{")
        self.refused(422, "POST", PATH, self.one, {})
        self.assertEqual(self.listed(), [])


if __name__ == "__main__":
    unittest.main()
