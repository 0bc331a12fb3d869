"""Channels of alerts by REST, with a hub that tells: added with a secret that is told once, tested, changed, replayed,
removed; and nothing of another organisation's."""

import hashlib
import json
import unittest

from alert_case import AlertCase, plain
from process import wait_until
from test_alert_webhook import verify
from test_api import NOBODY

CHANNEL, CHANNELS, ALERT, ALERTS = (f"/api/v1/{name}" for name in ("channel", "channels", "alert", "alerts"))


class ChannelCase(AlertCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.start_api()
        wait_until(lambda: cls.world.request("GET", "/readyz")[0] == 200, "the API is ready")
        cls.db.sql("INSERT INTO organisation (public_id, name) VALUES (gen_random_uuid(), 'test'),"
                   " (gen_random_uuid(), 'other')")
        cls.organisations = [int(row[0]) for row in cls.db.sql("SELECT id FROM organisation ORDER BY id")]
        cls.one, cls.two = (cls.token(o, f"t{o}") for o in cls.organisations[:2])
        cls.reader = cls.token(cls.organisations[0], "reader", "read")

    @classmethod
    def token(cls, organisation, name, scopes="read,write"):
        token = f"dpin_{name}_0123456789"
        digest = hashlib.sha256(token.encode()).hexdigest()
        cls.db.sql(f"""INSERT INTO api_token (public_id, organisation_id, name, prefix, secret_sha256, scopes)
            VALUES (gen_random_uuid(), {organisation}, '{name}', 'dpin_{name}', decode('{digest}', 'hex'),
                    '{{{scopes}}}')""")
        return token

    def call(self, method, path, token=None, body=None):
        return self.world.request(method, path, token or self.one, body)

    def made(self, kind="webhook", token=None, **members):
        status, headers, body = self.call("POST", CHANNEL, token, {"kind": kind, "name": "Operators", **members})
        self.assertEqual(status, 201, body)
        self.assertEqual(headers["Location"], f"{CHANNEL}/{body['id']}")
        return body

    def hooked(self, receiver, **members):
        return self.made(settings={"url": receiver.url}, **members)

    def refused(self, expected, words, method, path, token=None, body=None, pointer=None):
        status, headers, problem = self.call(method, path, token, body)
        self.assertEqual((status, headers["Content-Type"]), (expected, "application/problem+json"), problem)
        self.assertIn(words, problem["detail"])
        if pointer:
            self.assertEqual(problem["errors"][0]["pointer"], pointer)

    def signed_by(self, request, *secrets):
        return verify(request, list(secrets), "whpk_" + "A" * 43 + "=")["v1"]

    def wait_alert(self, alert, state):
        def shown():
            it = self.world.get(f"{ALERT}/{alert}", self.one)
            return it if it["state"] == state else None
        wait_until(shown, f"the alert is {state}", 20)
        return shown()


class Channels(ChannelCase):
    def test_a_secret_is_told_once_and_signs(self):
        receiver = self.receiver()
        made = self.hooked(receiver)
        self.assertRegex(made["secret"], r"^whsec_[A-Za-z0-9+/]{43}=$")
        status, headers, tested = self.call("POST", f"{CHANNEL}/{made['id']}/test")
        self.assertEqual((status, headers["Location"]), (202, f"{ALERT}/{tested['id']}"))
        request, = receiver.wait()
        self.assertEqual(request.id, tested["id"])
        self.assertEqual(self.signed_by(request, made["secret"], "whsec_" + "A" * 43 + "="), [True, False])
        shown = json.dumps([self.world.get(f"{CHANNEL}/{made['id']}", self.one), self.world.get(CHANNELS, self.one),
                            self.wait_alert(tested["id"], "delivered")])
        for secret in (made["secret"], "whsec", "secret"):
            self.assertNotIn(secret, shown)

    def test_both_secrets_sign_after_a_rotation(self):
        receiver = self.receiver()
        made = self.hooked(receiver)
        status, _, rotated = self.call("POST", f"{CHANNEL}/{made['id']}/rotate")
        self.assertEqual(status, 200)
        self.assertNotEqual(rotated["secret"], made["secret"])
        self.call("POST", f"{CHANNEL}/{made['id']}/test")
        request, = receiver.wait()
        self.assertEqual(self.signed_by(request, rotated["secret"], made["secret"]), [True, True])

    def test_the_hub_gives_it_another(self):
        receiver = self.receiver()
        made = self.hooked(receiver)
        another = self.world.ctl("alert", "channel", "rotate", made["id"]).strip()
        self.call("POST", f"{CHANNEL}/{made['id']}/test")
        request, = receiver.wait()
        self.assertEqual(self.signed_by(request, another, made["secret"]), [True, True])

    def test_listed_and_changed(self):
        made = self.made("email", settings={"to": ["a@x.example"]}, filter={"events": ["incident.opened"]})
        self.assertEqual(list(made), ["id"])
        row, = (c for c in self.world.get(CHANNELS, self.one)["channels"] if c["id"] == made["id"])
        self.assertEqual({name: row[name] for name in row if name != "createdAt"}, {
            "id": made["id"], "kind": "email", "name": "Operators", "settings": {"to": ["a@x.example"]},
            "sealed": False, "filter": {"events": ["incident.opened"]}, "rules": {}, "enabled": True,
            "disabledReason": None, "failures": 0, "failingSince": None, "waiting": 0, "refused": 0})
        path = f"{CHANNEL}/{made['id']}"
        self.assertEqual(self.call("PATCH", path, None, {"name": "Others", "rules": {"perHour": 5}})[0], 204)
        row = self.world.get(path, self.one)
        self.assertEqual((row["name"], row["rules"], row["settings"]),
                         ("Others", {"perHour": 5}, {"to": ["a@x.example"]}))
        self.refused(422, "plain address", "PATCH", path, None, {"settings": {"to": ["x"]}}, "/settings")
        self.refused(422, "not known here", "PATCH", path, None, {"kind": "webhook"})
        self.refused(409, "no secret", "POST", f"{path}/rotate")
        self.assertEqual([r[0] for r in self.db.sql(f"SELECT action || ' ' || actor FROM audit_log WHERE object ="
                                                    f" '{made['id']}' ORDER BY id")],
                         [f"alert.channel.{deed} token dpin_t{self.organisations[0]}" for deed in ("add", "change")])

    def test_page_by_page(self):
        made = [self.made("email", settings={"to": ["a@x.example"]})["id"] for _ in range(3)]
        page = self.world.get(f"{CHANNELS}?limit=2", self.one)
        self.assertEqual([c["id"] for c in page["channels"]], made[:2])
        page = self.world.get(f"{CHANNELS}?limit=2&cursor={page['nextCursor']}", self.one)
        self.assertEqual(([c["id"] for c in page["channels"]], page["nextCursor"]), (made[2:], None))

    def test_what_cannot_be(self):
        hook = {"kind": "webhook", "name": "x", "settings": {"url": "https://x.example/"}}
        for change, words, pointer in (
                ({"kind": "pigeon"}, "no such kind", "/kind"), ({"kind": None}, "kind", "/kind"),
                ({"name": "a\nb"}, "one line", "/name"), ({"name": ""}, "1 to 200", "/name"),
                ({"settings": {"url": "ftp://x/"}}, "", "/settings"), ({"settings": "x"}, "an object", "/settings"),
                ({"settings": {"url": "https://a:b@x.example/"}}, "credentials", "/settings"),
                ({"filter": {"events": ["x"]}}, "event", "/filter"), ({"rules": {"perHour": 0}}, "", "/rules"),
                ({"rules": {"quietHours": {"from": "22:00", "to": "07:00", "timeZone": "Mars/Base"}}},
                 "time zone", None), ({"secret": "whsec_x"}, "not known here", None)):
            status, _, problem = self.call("POST", CHANNEL, None, {**hook, **change})
            self.assertIn(status, (409, 422), change)
            self.assertIn(words, problem["detail"], change)
            if pointer:
                self.assertEqual(problem["errors"][0]["pointer"], pointer)
        self.refused(400, "no JSON object", "POST", CHANNEL, None, b"{")
        for path in (f"{ALERTS}?state=lost", f"{ALERTS}?channelId=x", f"{ALERTS}?limit=0"):
            self.refused(400, "query parameter", "GET", path)

    def test_at_most_a_hundred(self):
        self.db.sql(f"""INSERT INTO alert_channel (public_id, organisation_id, kind, name)
            SELECT gen_random_uuid(), {self.organisations[1]}, 'email', 'many' FROM generate_series(1, 100)""")
        self.refused(409, "at most 100", "POST", CHANNEL, self.two,
                     {"kind": "email", "name": "x", "settings": {"to": ["a@x.example"]}})

    def test_no_key_no_secret(self):
        key = self.value("SELECT encode(alert_box, 'hex') FROM hub_state")
        self.db.sql("UPDATE hub_state SET alert_box = NULL")
        self.addCleanup(self.db.sql, f"UPDATE hub_state SET alert_box = decode('{key}', 'hex')")
        self.refused(503, "start dpin-hub", "POST", CHANNEL, None,
                     {"kind": "webhook", "name": "x", "settings": {"url": "https://x.example/"}})
        self.made("email", settings={"to": ["a@x.example"]})

    def test_who_may(self):
        made = self.made("email", settings={"to": ["a@x.example"]})
        path = f"{CHANNEL}/{made['id']}"
        for method, at in (("GET", path), ("PATCH", path), ("DELETE", path), ("POST", f"{path}/enable"),
                           ("POST", f"{path}/rotate"), ("POST", f"{path}/test")):
            self.refused(404, "no such", method, at, self.two, {} if method == "PATCH" else None)
        self.assertEqual(self.world.get(CHANNELS, self.two)["channels"], [])
        for method, at in (("POST", CHANNEL), ("PATCH", path), ("DELETE", path), ("POST", f"{path}/test")):
            self.assertEqual(self.call(method, at, self.reader, {})[0], 403)
        self.assertEqual(self.world.request("GET", CHANNELS)[0], 401)
        self.assertEqual(self.call("DELETE", path)[0], 204)
        for gone in (path, f"{CHANNEL}/{NOBODY}", f"{CHANNEL}/x"):
            self.refused(404, "no such", "DELETE", gone)


class Log(ChannelCase):
    def test_tries_and_a_replay(self):
        receiver = self.receiver(plain(500))
        made = self.hooked(receiver)
        incident = self.open()
        receiver.wait(2)
        page = self.world.get(f"{ALERTS}?incidentId={incident}", self.one)
        alert, = page["alerts"]
        self.assertEqual((alert["channelId"], alert["type"], alert["incidentId"], page["nextCursor"]),
                         (made["id"], "incident.opened", incident, None))
        wait_until(lambda: len(self.world.get(f"{ALERT}/{alert['id']}", self.one)["deliveries"]) > 1, "two tries")
        shown = self.world.get(f"{ALERT}/{alert['id']}", self.one)
        self.assertEqual((shown["state"], shown["deliveries"][0]["status"], shown["deliveries"][0]["ok"]),
                         ("pending", 500, False))
        self.assertIn("500", shown["deliveries"][0]["error"])
        self.assertEqual(shown["facts"]["incidentId"], incident)
        channel = self.world.get(f"{CHANNEL}/{made['id']}", self.one)
        self.assertTrue(channel["failures"] > 0 and channel["failingSince"] and channel["waiting"] == 1, channel)

        receiver.answer = None
        self.refused(404, "no such", "POST", f"{ALERT}/{alert['id']}/replay", self.two)
        self.assertEqual(self.call("POST", f"{ALERT}/{alert['id']}/replay")[0], 204)
        self.wait_alert(alert["id"], "delivered")
        self.assertIsNone(self.world.get(f"{CHANNEL}/{made['id']}", self.one)["failingSince"])
        self.assertEqual(self.world.get(f"{ALERTS}?state=failed&channelId={made['id']}", self.one)["alerts"], [])
        self.assertEqual(self.world.get(ALERTS, self.two)["alerts"], [])

    def test_disabled_by_its_receiver_and_enabled(self):
        receiver = self.receiver(plain(410))
        made = self.hooked(receiver)
        path = f"{CHANNEL}/{made['id']}"
        tested = self.call("POST", f"{path}/test")[2]["id"]
        wait_until(lambda: not self.world.get(path, self.one)["enabled"], "it is disabled", 20)
        self.assertIn("410", self.world.get(path, self.one)["disabledReason"])
        self.refused(409, "enable it first", "POST", f"{path}/test")
        self.refused(409, "enable it first", "POST", f"{ALERT}/{tested}/replay")
        receiver.answer = None
        self.assertEqual(self.call("POST", f"{path}/enable")[0], 204)
        self.assertEqual(self.call("POST", f"{ALERT}/{tested}/replay")[0], 204)
        self.wait_alert(tested, "delivered")


if __name__ == "__main__":
    unittest.main()
