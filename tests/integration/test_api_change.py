"""Websites changed and maintenance announced by REST, and what that means for others."""

import threading
import unittest

from test_api import NOBODY, ApiCase


class Changes(ApiCase):
    def patch(self, website, token=None, **members):
        status, _, body = self.call("PATCH", "/api/v1/website", token or self.one, {"websiteId": website, **members})
        self.assertEqual((status, body), (204, None))

    def settings(self, website):
        shown = self.world.get(f"/api/v1/website/status?websiteId={website}", self.one)
        return {**shown["settings"], **{name: shown[name] for name in ("name", "check", "paused", "parentId")}}

    def tags(self, website):
        return self.world.get(f"/api/v1/website/status?websiteId={website}", self.one)["tags"]

    def revision(self, website):
        return int(self.db.value(f"SELECT revision FROM website WHERE public_id = '{website}'"))

    def deeds(self, website):
        return [action for action, in self.db.sql(
            f"SELECT action FROM audit_log WHERE object = '{website}' ORDER BY id")]

    def test_what_is_said_changes_and_nothing_else(self):
        website = self.add("http://change.example/", intervalMs=20000, timeoutMs=4000, name="Old", slowMs=300)
        before = self.settings(website)
        self.patch(website, name="New", intervalMs=30000, rules="region=eu")
        self.assertEqual(self.settings(website), {**before, "name": "New", "intervalMs": 30000, "rules": "region=eu"})
        self.patch(website, name=None, slowMs=None, timeoutMs=None, intervalMs=None, check={"status": "404"})
        now = self.settings(website)
        self.assertEqual((now["name"], now["slowMs"], now["timeoutMs"], now["intervalMs"], now["check"]["status"]),
                         ("", None, 10000, 60000, "404"))
        self.patch(website, check=None)
        self.assertIsNone(self.settings(website)["check"])
        self.assertEqual(self.deeds(website), ["website.add"] + 3 * ["website.change"])

    def test_said_again_it_is_no_change(self):
        website = self.add("http://again.example/")
        self.patch(website, seats=7)
        revision = self.revision(website)
        self.patch(website, seats=7)
        self.patch(website)
        self.assertEqual(self.revision(website), revision)
        self.assertEqual(self.deeds(website), ["website.add", "website.change"])

    def test_paused_and_resumed(self):
        website = self.add("http://pause.example/")
        self.patch(website, paused=True)
        self.assertEqual(self.world.get(f"/api/v1/website/status?websiteId={website}", self.one)["state"], "PAUSED")
        self.patch(website, name="Still paused")
        self.assertTrue(self.settings(website)["paused"])
        self.patch(website, paused=False)
        self.assertEqual(self.deeds(website), ["website.add", "website.pause", "website.change", "website.resume"])

    def test_what_results_is_judged_as_a_whole(self):
        website = self.add("http://whole.example/")
        before = self.settings(website)
        for members, pointer in (
                ({"intervalMs": 19999}, "/timeoutMs"), ({"timeoutMs": 30001}, "/timeoutMs"),
                ({"intervalMs": 9999}, "/intervalMs"), ({"intervalMs": 86400001}, "/intervalMs"),
                ({"check": {"expect": "220"}}, "/check"), ({"parentId": "x"}, "/parentId"),
                ({"parentId": NOBODY[:-1] + "1"}, "/parentId"), ({"paused": "yes"}, "/paused")):
            _, problem = self.refused(422, "PATCH", "/api/v1/website", self.one, {"websiteId": website, **members})
            self.assertEqual(problem["errors"][0]["pointer"], pointer, members)
        for body in ({"websiteId": website, "url": "http://other.example/"}, {"websiteId": website, "x": 1},
                     {"intervalMs": 30000}, {"websiteId": None}):
            self.refused(422, "PATCH", "/api/v1/website", self.one, body)
        self.refused(400, "PATCH", "/api/v1/website", self.one, b"{")
        self.assertEqual(self.settings(website), before)
        self.patch(website, intervalMs=10000, timeoutMs=5000)

    def test_tags(self):
        website = self.add("http://tags.example/", tags=["team-web", "prod", "prod"])
        self.assertEqual(self.tags(website), ["prod", "team-web"])
        revision = self.revision(website)
        self.patch(website, tags=["prod", "team-web"])
        self.patch(website, name="Tagged")
        self.assertEqual((self.revision(website) - revision, self.tags(website)), (1, ["prod", "team-web"]))
        listed, = [w for w in self.world.get("/api/v1/websites?limit=100", self.one)["websites"] if w["id"] == website]
        self.assertEqual(listed["tags"], ["prod", "team-web"])
        for tags in (["Prod"], ["a,b"], [""], ["x" * 33], ["'; DROP TABLE website; --"], ["a\nb"], ["\u00e9"], "prod",
                     [7], [None], {"a": 1}, [f"t{i}" for i in range(17)]):
            for method, body in (("PATCH", {"websiteId": website}), ("POST", {"url": "http://tag.example/"})):
                _, problem = self.refused(422, method, "/api/v1/website", self.one, {**body, "tags": tags})
                self.assertEqual(problem["errors"][0]["pointer"], "/tags", tags)
        self.refused(404, "PATCH", "/api/v1/website", self.two, {"websiteId": website, "tags": ["stolen"]})
        self.assertEqual(self.tags(website), ["prod", "team-web"])
        most = sorted(f"{i:032}" for i in range(16))
        self.patch(website, tags=most)
        self.assertEqual(self.tags(website), most)
        self.patch(website, tags=None)
        self.assertEqual(self.tags(website), [])

    def test_the_database_has_tags_in_order_and_each_once(self):
        website = self.add("http://kept.example/")
        too_many = "{" + ",".join(f"t{i:02}" for i in range(17)) + "}"
        for tags in ("{b,a}", "{a,a}", "{A}", '{""}', "{NULL}", "{{a,b}}", too_many):
            with self.assertRaisesRegex(Exception, "website_tags_fit"):
                self.db.sql(f"UPDATE website SET tags = '{tags}' WHERE public_id = '{website}'")

    def test_parents(self):
        front, middle, back = (self.add(f"http://{name}.example/", name=name) for name in ("front", "middle", "back"))
        foreign = self.add("http://front.example/", self.two)
        self.patch(front, parentId=middle)
        self.patch(middle, parentId=back)
        self.assertEqual(self.settings(front)["parentId"], middle)
        for parent, words in ((front, "in a circle: back -> front -> middle -> back."), (back, "circle"),
                              (foreign, "There is no such website")):
            _, problem = self.refused(422, "PATCH", "/api/v1/website", self.one,
                                      {"websiteId": back, "parentId": parent})
            self.assertEqual(problem["errors"][0]["pointer"], "/parentId")
            self.assertIn(words, problem["detail"])
        self.patch(front, name="front door")
        self.assertEqual(self.settings(front)["parentId"], middle)
        self.patch(front, parentId=None)
        self.assertIsNone(self.settings(front)["parentId"])
        self.assertEqual(self.call("DELETE", f"/api/v1/website?websiteId={back}", self.one)[0], 204)
        self.assertIsNone(self.settings(middle)["parentId"])

    def test_of_others_it_does_not_exist(self):
        website = self.add("http://mine.example/")
        for wanted, token in ((website, self.two), (NOBODY, self.one)):
            self.refused(404, "PATCH", "/api/v1/website", token, {"websiteId": wanted, "name": "stolen"})
        self.refused(403, "PATCH", "/api/v1/website", self.reader, {"websiteId": website, "name": "read"})
        self.assertEqual(self.settings(website)["name"], "")

    def test_many_at_once_lose_nothing(self):
        """Each member is said by one of them; whoever read an older row reads again."""
        website = self.add("http://many.example/")
        members = {"name": "M", "seats": 5, "slowMs": 900, "confirmUp": 7}
        answers = []

        def change(name, value):
            answers.append(self.call("PATCH", "/api/v1/website", self.one, {"websiteId": website, name: value})[0])

        threads = [threading.Thread(target=change, args=item) for item in members.items()]
        for t in threads:
            t.start()
        for t in threads:
            t.join(20)
        self.assertEqual(answers, [204] * 4)
        self.assertLessEqual(members.items(), self.settings(website).items())


if __name__ == "__main__":
    unittest.main()
