"""Websites that are not looked at but call themselves: up while they call, down when they do not or say that they
failed. By API and by dpinctl, beyond a restart of the hub, and for those who hold the address only."""

import base64
import os
import unittest

from ctl_case import FAILED, NOT_FOUND, NOWHERE, Ctl
from process import wait_until


class Heartbeats(Ctl):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.token = cls.world.token("owner")
        cls.reader = cls.world.token("reader", "read")

    def tearDown(self):
        self.db.sql("UPDATE website SET removed_at = now() WHERE removed_at IS NULL")

    def add(self, name):
        status, _, body = self.world.request("POST", "/api/v1/website", self.token,
                                             {"url": f"push:{name}", "intervalMs": 10000, "timeoutMs": 200})
        self.assertEqual(status, 201, body)
        return body["id"]

    def address(self, website):
        status, _, body = self.world.request("POST", "/api/v1/website/heartbeat", self.token, {"websiteId": website})
        self.assertEqual(status, 201, body)
        return body["path"]

    def call(self, path, method="POST"):
        status, _, body = self.world.request(method, path)
        return status

    def status(self, website):
        return self.world.get(f"/api/v1/website/status?websiteId={website}", self.token)

    def wait_state(self, website, state, seconds=20):
        wait_until(lambda: self.status(website)["state"] == state, f"{website} is {state}", seconds)

    def incidents(self, website):
        return self.world.get(f"/api/v1/incidents?websiteId={website}", self.token)["incidents"]

    def test_up_while_it_calls_down_when_not(self):
        website = self.add("backup")
        path = self.address(website)
        self.assertEqual(self.call(path), 204)
        self.wait_state(website, "UP")
        self.assertEqual(self.call(path, "GET"), 204)
        self.wait_state(website, "DOWN")
        incident, = self.incidents(website)
        self.assertEqual((incident["cause"], incident["closedAt"]), ("heartbeat_missing", None))
        self.assertEqual(self.call(path), 204)
        self.wait_state(website, "UP")
        wait_until(lambda: self.incidents(website)[0]["closedAt"], "the incident is closed")
        self.assertEqual(self.db.value("SELECT count(*) FROM work_order"), "0")

    def test_a_failure_is_told_at_once_and_known_to_the_next_hub(self):
        website = self.add("job")
        path = self.address(website)
        self.assertEqual([self.call(path + "/fail", method) for method in ("GET", "HEAD", "POST")], [405, 405, 204])
        self.wait_state(website, "DOWN", 5)
        self.assertEqual([i["cause"] for i in self.incidents(website)], ["heartbeat_failed"])
        self.world.hub.stop()
        self.assertEqual(self.call(path), 204)  # nobody judges, and nothing is lost
        self.world.start_hub(conf="TrustedProxies=127.0.0.1\n")
        self.wait_state(website, "UP")

    def test_the_clocks_of_hub_and_database_may_differ(self):
        website = self.add("clock")
        path = self.address(website)
        self.world.hub.stop()
        self.db.sql("UPDATE hub_state SET heartbeat_at = now() + interval '1 hour'")  # hub time goes on from that
        self.world.start_hub(conf="TrustedProxies=127.0.0.1\n")
        self.assertEqual(self.call(path), 204)
        self.wait_state(website, "UP", 5)
        self.assertEqual(self.incidents(website), [])
        self.wait_state(website, "DOWN")

    def test_the_scheme_may_be_of_capitals(self):
        status, _, body = self.world.request("POST", "/api/v1/website", self.token, {"url": "Push:Capitals"})
        self.assertEqual(status, 201, body)
        self.assertEqual(self.call(self.address(body["id"])), 204)
        self.wait_state(body["id"], "UP", 5)

    def test_what_it_said_is_known_after_a_pause(self):
        website = self.add("paused")
        self.assertEqual(self.call(self.address(website)), 204)
        self.wait_state(website, "UP", 5)
        self.ok("website", "pause", website)
        self.wait_state(website, "PAUSED", 5)
        self.ok("website", "resume", website)
        self.wait_state(website, "UP", 5)  # it has not called again

    def test_who_has_no_address_is_nobody(self):
        website = self.add("secret")
        path = self.address(website)
        for wrong in (path[:-1], path + "A", path[:-1] + ("A" if path[-1] != "A" else "E"), path + "/fail/fail",
                      "/api/v1/heartbeat/", "/api/v1/heartbeat/%27%20OR%20true", "/api/v1/heartbeat/" + "A" * 43):
            self.assertEqual(self.call(wrong), 404, wrong)
        renewed = self.address(website)
        self.assertNotEqual(path, renewed)
        self.assertEqual((self.call(path), self.call(renewed)), (404, 204))
        secret = base64.urlsafe_b64decode(renewed.rpartition("/")[2] + "=")
        kept = "SELECT token_sha256 = sha256(decode('%s', 'hex')) FROM heartbeat JOIN website ON id = website_id"
        self.assertEqual(self.db.value((kept + " WHERE public_id = '%s'") % (secret.hex(), website)), "t")
        logs = "".join(open(os.path.join(self.world.run, n), errors="replace").read()
                       for n in os.listdir(self.world.run) if n.endswith(".log"))
        self.assertNotIn(renewed.rpartition("/")[2], logs)

    def test_who_may_make_an_address(self):
        website = self.add("mine")
        ask = lambda token, body: self.world.request("POST", "/api/v1/website/heartbeat", token, body)[0]
        self.assertEqual(ask(None, {"websiteId": website}), 401)
        self.assertEqual(ask(self.reader, {"websiteId": website}), 403)
        self.assertEqual(ask(self.token, {"websiteId": NOWHERE}), 404)
        self.assertEqual(ask(self.token, {"websiteId": 7}), 422)
        plain = self.ok("website", "add", "http://127.0.0.1:9/").strip()
        self.assertEqual(ask(self.token, {"websiteId": plain}), 404)
        self.fails(NOT_FOUND, "No website that calls", "website", "heartbeat", plain)
        self.fails(FAILED, "UUID", "website", "heartbeat", "7")

    def test_by_dpinctl(self):
        website = self.ok("website", "add", "push:night.ly_1-x", "--interval=10s").strip()
        path = self.ok("website", "heartbeat", website).strip()
        self.assertRegex(path, r"^/api/v1/heartbeat/[\w-]{43}$")
        self.assertEqual(self.call(path), 204)
        self.wait_state(website, "UP")
        self.assertEqual(self.rows("website", "show", website)["status"]["url"], "push:night.ly_1-x")
        self.fails(FAILED, "name", "website", "add", "push:a/b")
        self.fails(FAILED, "unknown member", "website", "add", "push:other", '--check={"invert":true}')


if __name__ == "__main__":
    unittest.main()
