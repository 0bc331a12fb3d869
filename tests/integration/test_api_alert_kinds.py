"""Channels with secret settings by REST: an Alertmanager and Apprise are set by whoever may, told by the hub, and what
is secret is seen nowhere."""

import base64
import json
import unittest

from alert_case import ALLOW
from test_alert_alertmanager import Alertmanager
from test_alert_apprise import SAID_OK, WithApprise
from test_api_alert import CHANNEL, CHANNELS, ChannelCase

PASSWORD = {"user": "dpin", "password": "s3cret:word"}
BASIC = "Basic " + base64.b64encode(b"dpin:s3cret:word").decode()


class KindCase(ChannelCase):
    def manager(self, url, who=None, **settings):
        return self.made("alertmanager", who, settings={"url": url, **settings})["id"]

    def apprise(self, url, **settings):
        return self.made("apprise", settings={"url": url, **settings})["id"]

    def shown(self, channel):
        """(settings, sealed), the same wherever they are shown."""
        whole = self.world.get(f"{CHANNEL}/{channel}", self.one)
        listed, = (c for c in self.world.get(CHANNELS, self.one)["channels"] if c["id"] == channel)
        self.assertEqual(whole, listed)
        return whole["settings"], whole["sealed"]

    def change(self, channel, expected=204, token=None, **members):
        status, _, problem = self.call("PATCH", f"{CHANNEL}/{channel}", token, members)
        self.assertEqual(status, expected, problem)
        return problem

    def try_out(self, channel):
        return self.call("POST", f"{CHANNEL}/{channel}/test")[2]["id"]

    def seen_nowhere(self, secret):
        rows = self.value("SELECT string_agg(concat_ws(' ', c::text, encode(secret, 'escape')), '')"
                          " FROM alert_channel c")
        log = self.value("SELECT coalesce(string_agg(a::text, ''), '') FROM audit_log a")
        for text in (rows, log, self.world.hub.log(), self.world.api.log(), self.world.ctl("alert", "channel", "list"),
                     json.dumps(self.world.get(CHANNELS, self.one))):
            self.assertNotIn(secret, text)
            self.assertNotIn(secret.encode().hex(), text)


class Manager(KindCase):
    conf = ALLOW + "AlertTimeout=5s\n"

    def test_a_real_one_is_told(self):
        real = Alertmanager()
        self.addCleanup(real.stop)
        channel = self.manager(real.url, subject="{{state}}!")
        self.assertEqual(self.shown(channel), ({"url": real.url, "subject": "{{state}}!"}, False))
        incident = self.open()
        self.wait_delivered(channel)
        alert, = (a for a in real.alerts() if a["labels"].get("incident") == incident)
        self.assertEqual(alert["annotations"]["summary"], "DOWN!")

    def test_a_password_is_sealed_and_told_to_its_receiver_alone(self):
        receiver = self.receiver()
        channel = self.manager(receiver.url, **PASSWORD)
        self.assertEqual(self.shown(channel), ({"url": receiver.url, "user": "dpin"}, True))
        self.try_out(channel)
        request, = receiver.wait()
        self.assertEqual(request.headers["authorization"], BASIC)
        self.wait_delivered(channel)
        self.seen_nowhere("s3cret:word")
        self.seen_nowhere(BASIC)

    def asks_now(self, channel, receiver):
        """Once the hub has noted that it arrived, which may be later than it arrives."""
        before = len(receiver.all())
        self.try_out(channel)
        asked = receiver.wait(before + 1)[-1].headers.get("authorization")
        self.wait_delivered(channel, before + 1)
        return asked

    def test_changed(self):
        receiver = self.receiver()
        url = receiver.url
        channel = self.manager(url, **PASSWORD)
        self.change(channel, name="Others", rules={"perHour": 50})
        self.assertEqual(self.asks_now(channel, receiver), BASIC)
        self.change(channel, settings={"url": url, "token": "t0ken"})
        self.assertEqual(self.shown(channel), ({"url": url}, True))
        self.assertEqual(self.asks_now(channel, receiver), "Bearer t0ken")
        self.change(channel, settings={"url": url})
        self.assertEqual(self.shown(channel), ({"url": url}, False))
        self.assertIsNone(self.asks_now(channel, receiver))
        self.change(channel, settings={"url": url, **PASSWORD})
        self.assertEqual(self.asks_now(channel, receiver), BASIC)
        self.seen_nowhere("t0ken")

    def test_a_new_address_is_given_no_old_secret(self):
        receiver, other = self.receiver(), self.receiver()
        channel = self.manager(receiver.url, token="t0ken")
        self.change(channel, settings={"url": other.url})
        self.assertIsNone(self.asks_now(channel, other))
        self.assertEqual(receiver.all(), [])

    def test_what_cannot_be(self):
        channel, url = self.manager("https://x.example"), "https://x.example/"
        for settings, words in (
                ({}, "set as"), ({"url": "ftp://x/"}, ""), ({"url": url + "?x=1"}, "no ?"),
                ({"url": "https://a:b@x.example/"}, "credentials"), ({"url": url, "user": "u"}, "wants a user"),
                ({"url": url, "password": "p"}, "wants a user"), ({"url": url, "token": ""}, "one line"),
                ({"url": url, **PASSWORD, "token": "t"}, "wants a user"), ({"url": url, "token": "a\nb"}, "one line"),
                ({"url": url, "user": "a:b", "password": "p"}, "colon"), ({"url": url, "token": "x" * 4097}, "set as"),
                ({"url": url, "token": 7}, "set as"), ({"url": url, "secret": "x"}, "set as"),
                ({"url": "https://x.example/" + "x" * 2048}, "set as"), ({"url": url, "subject": "{{x"}, "{{field}}")):
            for method, path, more in (("POST", CHANNEL, {"kind": "alertmanager", "name": "x"}),
                                       ("PATCH", f"{CHANNEL}/{channel}", {})):
                with self.subTest(settings=settings, method=method):
                    self.refused(422, words, method, path, None, {**more, "settings": settings}, "/settings")
        self.assertEqual(self.shown(channel), ({"url": "https://x.example"}, False))

    def test_nobody_elses(self):
        channel = self.manager("https://x.example", token="t0ken")
        self.change(channel, 404, self.two, settings={"url": "https://evil.example", "token": "x"})
        self.change(channel, 403, self.reader, settings={"url": "https://evil.example", "token": "x"})
        self.refused(404, "no such", "GET", f"{CHANNEL}/{channel}", self.two)
        self.assertEqual(self.shown(channel), ({"url": "https://x.example"}, True))
        other = self.manager("https://y.example", self.two, token="t0ken")
        self.refused(404, "no such", "GET", f"{CHANNEL}/{other}")
        row = self.value(f"""UPDATE alert_channel SET secret = (SELECT secret FROM alert_channel
            WHERE public_id = '{channel}') WHERE public_id = '{other}' RETURNING id""")
        self.assertTrue(row)
        self.assertEqual(self.call("POST", f"{CHANNEL}/{other}/test", self.two)[0], 202)
        rows = self.wait_outbox(other, lambda rows: rows and rows[0][0] == "failed", "what is another's is not opened")
        self.assertIn("sealed by another key", rows[0][2])

    def test_there_is_no_secret_of_the_hubs(self):
        channel = self.manager("https://x.example", token="t0ken")
        self.refused(409, "no secret", "POST", f"{CHANNEL}/{channel}/rotate")
        self.refused(409, "no secret", "POST", f"{CHANNEL}/{self.manager('https://x.example')}/rotate")

    def test_no_key_no_secret(self):
        key = self.value("SELECT encode(alert_box, 'hex') FROM hub_state")
        channel = self.manager("https://x.example")
        self.db.sql("UPDATE hub_state SET alert_box = NULL")
        self.addCleanup(self.db.sql, f"UPDATE hub_state SET alert_box = decode('{key}', 'hex')")
        secret = {"settings": {"url": "https://y.example", "token": "t0ken"}}
        self.refused(503, "start dpin-hub", "PATCH", f"{CHANNEL}/{channel}", None, secret)
        self.refused(503, "start dpin-hub", "POST", CHANNEL, None, {"kind": "alertmanager", "name": "x", **secret})
        self.assertEqual(self.shown(channel), ({"url": "https://x.example"}, False))
        self.change(channel, settings={"url": "https://y.example"})

    def test_programs_are_roots(self):
        made = {"kind": "exec", "name": "x", "settings": {"hook": "x"}}
        self.refused(422, "set by dpinctl", "POST", CHANNEL, None, made, "/kind")


class Apprise(WithApprise, KindCase):
    def test_delivered_and_its_url_seen_nowhere(self):
        receiver = self.receiver(SAID_OK)
        channel = self.apprise(f"gotify://127.0.0.1:{receiver.port}/t0ken9", text="{{what}}")
        self.assertEqual(self.shown(channel), ({"service": "gotify", "text": "{{what}}"}, True))
        self.try_out(channel)
        request, = receiver.wait(seconds=40)
        self.assertEqual(request.headers["X-Gotify-Key"], "t0ken9")
        self.wait_delivered(channel, seconds=40)
        self.seen_nowhere("t0ken9")

    def test_changed(self):
        receiver = self.receiver(SAID_OK)
        channel = self.apprise("discord://1/t0ken8")
        self.change(channel, name="Others")
        self.assertEqual(self.shown(channel), ({"service": "discord"}, True))
        self.assertIn("set as", self.change(channel, 422, settings={"service": "discord", "text": "x"})["detail"])
        self.change(channel, settings={"url": f"ntfy://127.0.0.1:{receiver.port}/t0pic", "subject": "!"})
        self.assertEqual(self.shown(channel), ({"service": "ntfy", "subject": "!"}, True))
        self.try_out(channel)
        receiver.wait(seconds=40)
        self.wait_delivered(channel, seconds=40)
        self.seen_nowhere("t0ken8")
        self.seen_nowhere("t0pic")

    def test_what_cannot_be(self):
        channel = self.apprise("discord://1/2")
        for url, words in (("json://x.example/", "no service"), ("file:///etc/passwd", "no service"),
                           ("mailto://a:b@x.example", "no service"), ("DISCORD://1/2", "no service"),
                           ("discord:x", "SERVICE://"), ("discord://", "SERVICE://"), ("", ""),
                           ("discord://1/2 json://x", ""), ("discord://1/2\njson://x", ""),
                           ("ntfy://" + "x" * 2048, "set as"), (7, "set as"), (None, "set as")):
            for method, path, more in (("POST", CHANNEL, {"kind": "apprise", "name": "x"}),
                                       ("PATCH", f"{CHANNEL}/{channel}", {})):
                with self.subTest(url=url, method=method):
                    self.refused(422, words, method, path, None, {**more, "settings": {"url": url}}, "/settings")
        self.assertEqual(self.shown(channel), ({"service": "discord"}, True))

    def test_the_hub_changes_its_name_but_not_what_is_sealed(self):
        channel = self.apprise("discord://1/2")
        self.world.ctl("alert", "channel", "set", channel, "--name=Night")
        self.assertEqual(self.world.get(f"{CHANNEL}/{channel}", self.one)["name"], "Night")
        self.assertEqual(self.shown(channel), ({"service": "discord"}, True))


class Guarded(KindCase):
    conf = "AlertTimeout=2s\n"

    def test_nothing_goes_to_what_is_private(self):
        receiver = self.receiver()
        channel = self.manager(receiver.url, token="t0ken")
        self.try_out(channel)
        rows = self.wait_outbox(channel, lambda rows: rows and rows[0][1] > 0, "it was tried")
        self.assertRegex(rows[0][2], "blocked|not allowed")
        self.assertEqual(receiver.all(), [])


if __name__ == "__main__":
    unittest.main()
