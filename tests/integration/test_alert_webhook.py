"""Webhooks of a real hub: signed as Standard Webhooks says, tried again as it says, and only to where they may go."""

import email.utils
import json
import os
import subprocess
import threading
import time
import unittest

from alert_case import ALLOW, AlertCase, in_turn, plain
from hub_case import HERE, CommitteeCase
from process import wait_until


def verify(request, secrets, key):
    done = subprocess.run(["node", os.path.join(HERE, "webhook", "verify.mjs")], capture_output=True, text=True,
                          input=json.dumps({"headers": request.headers, "body": request.body, "secrets": secrets,
                                            "key": key}), check=True)
    return json.loads(done.stdout)


class Told(AlertCase):
    def key(self):
        return json.loads(subprocess.run(["busctl", f"--address={self.world.bus_address}", "--json=short",
                                          "get-property", "org.dpin.Hub1", "/org/dpin/Hub1", "org.dpin.Hub1",
                                          "WebhookKey"], capture_output=True, check=True).stdout)["data"]

    def test_an_incident_and_its_end_verified_by_others(self):
        receiver = self.receiver()
        channel, secret = self.hook(receiver)
        began = time.monotonic()
        incident = self.open()
        first, = receiver.wait()
        self.assertLess(first.at - began, 5)  # told at once, not when it is looked for; how soon: ./dev bench alert
        self.close(incident)
        last = receiver.wait(2)[1]
        for request, kind in ((first, "incident.opened"), (last, "incident.resolved")):
            self.assertEqual(verify(request, [secret, "whsec_" + "A" * 43 + "="], self.key()),
                             {"v1": [True, False], "v1a": True})
            body = json.loads(request.body)
            self.assertEqual((body["type"], body["data"]["incidentId"]), (kind, incident))
            self.assertRegex(body["link"], r"^https://dpin\.example/#/incident/[0-9a-f-]{36}$")
            self.assertEqual(request.headers["content-type"], "application/json")
        self.assertNotEqual(first.id, last.id)
        self.assertEqual(json.loads(last.body)["data"]["ending"], "recovered")
        self.assertEqual(self.wait_delivered(channel, 2), [("delivered", 1, "")] * 2)
        first.body = first.body.replace("opened", "closed", 1)
        self.assertEqual(verify(first, [secret], self.key()), {"v1": [False], "v1a": False})

    def test_the_secret_is_in_no_clear_text(self):
        _, secret = self.hook(self.receiver())
        raw = self.value("SELECT encode(secret, 'base64') FROM alert_channel ORDER BY id DESC LIMIT 1")
        self.assertNotIn(secret[6:38], raw.replace("\n", ""))
        self.assertNotIn(secret, self.world.ctl("alert", "channel", "list", "--json"))
        self.assertNotIn(secret, self.world.hub.log())
        self.assertEqual(os.stat(os.path.join(self.world.data, "hub", "alert.key")).st_mode & 0o777, 0o600)

    def test_both_secrets_while_one_follows_the_other(self):
        receiver = self.receiver()
        channel, former = self.hook(receiver)
        secret = self.world.ctl("alert", "channel", "rotate", channel).strip()
        incident = self.open()
        self.assertEqual(verify(receiver.wait()[0], [former, secret], self.key())["v1"], [True, True])
        self.db.sql(f"UPDATE alert_channel SET former_until = now() WHERE public_id = '{channel}'")
        self.close(incident)
        self.assertEqual(verify(receiver.wait(2)[1], [former, secret], self.key())["v1"], [False, True])

    def test_filters(self):
        ends, others = self.receiver(), self.receiver()
        self.hook(ends, '--filter={"events": ["incident.resolved"]}')
        self.hook(others, '--filter={"websites": ["01890000-0000-7000-8000-000000000000"]}')
        self.close(self.open())
        self.assertEqual([r.type for r in ends.wait()], ["incident.resolved"])
        self.assertEqual(others.all(), [])

    def test_tags(self):
        """Any of its tags brings an alert; those that a website has by then count."""
        web, shop = self.receiver(), self.receiver()
        self.hook(web, '--filter={"tags": ["team-web", "nobody"]}')
        self.hook(shop, '--filter={"tags": ["team-shop"]}')
        self.close(self.open())
        self.tag("prod,team-web")
        self.open(kind="slow")
        self.assertEqual(json.loads(web.wait()[0].body)["data"]["tags"], ["prod", "team-web"])
        self.tag("team-shop")
        self.open(kind="tls_expiry")
        self.assertEqual(json.loads(shop.wait()[0].body)["data"]["tags"], ["team-shop"])
        self.assertEqual([len(r.all()) for r in (web, shop)], [1, 1])

    def tag(self, tags):
        self.db.sql(f"UPDATE website SET tags = website_tags('{tags}') WHERE id = {self.website}")


class Answers(AlertCase):
    def test_failures_are_tried_again_under_the_same_id(self):
        receiver = self.receiver(in_turn(plain(500), plain(404), plain(200)))
        channel, secret = self.hook(receiver)
        self.open()
        requests = receiver.wait(3)
        self.assertEqual(len({r.id for r in requests}), 1)
        self.assertGreater(requests[1].at - requests[0].at, 0.7)
        self.assertGreater(requests[2].at - requests[1].at, 1.4)
        self.assertGreater(int(requests[2].headers["webhook-timestamp"]),
                           int(requests[0].headers["webhook-timestamp"]))
        self.assertEqual(self.wait_delivered(channel), [("delivered", 3, "")])
        self.assertEqual([row[0] for row in self.db.sql("SELECT status FROM alert_delivery ORDER BY id DESC LIMIT 3")],
                         ["200", "404", "500"])

    def test_a_pause_is_kept(self):
        receiver = self.receiver(in_turn(plain(429, [("Retry-After", "3")]), plain(200)))
        self.hook(receiver)
        self.open()
        first, second = receiver.wait(2)
        self.assertGreaterEqual(second.at - first.at, 2.9)

    def test_a_pause_until_a_date(self):
        date = int(time.time()) + 600
        receiver = self.receiver(plain(503, [("Retry-After", email.utils.formatdate(date, usegmt=True))]))
        channel, _ = self.hook(receiver)
        self.open()
        self.wait_outbox(channel, lambda rows: rows[0][1] == 1, "it was tried")
        due = float(self.value("SELECT extract(epoch FROM next_try_at) FROM alert_outbox ORDER BY id DESC LIMIT 1"))
        self.assertAlmostEqual(due, date, delta=10)  # a try lasts as long as it lasts

    def test_a_pause_that_is_absurd_is_none_or_bounded(self):
        for asked, least, most in (("99999999999999999999", 21590, 21600),
                                   ("Thu, 01 Jan 2099 00:00:00 GMT", 21590, 21600),
                                   ("Thu, 01 Jan 1970 00:00:00 GMT", 0, 2), ("-1", 0, 2), ("1e99", 0, 2), ("", 0, 2),
                                   ("0", 0, 2), ("\xff\x01", 0, 2), ("9" * 20000, 0, 21600)):
            with self.subTest(asked=asked[:40]):
                receiver = self.receiver(in_turn(plain(429, [("Retry-After", asked)]), plain(200)))
                channel, _ = self.hook(receiver)
                self.world.ctl("alert", "channel", "test", channel)
                self.wait_outbox(channel, lambda rows: rows and rows[0][1] > 0, "it was tried")
                pause = self.value(f"""SELECT extract(epoch FROM next_try_at - d.at) FROM alert_outbox o
                    JOIN alert_delivery d ON d.outbox_id = o.id AND NOT ok
                    JOIN alert_channel c ON c.id = o.channel_id WHERE c.public_id = '{channel}'""")
                if pause:  # else it was tried again meanwhile
                    self.assertGreaterEqual(float(pause), least)
                    self.assertLessEqual(float(pause), most)
                else:
                    self.assertEqual(least, 0)

    def test_who_is_gone_is_not_asked_again(self):
        receiver = self.receiver(plain(410))
        channel, _ = self.hook(receiver)
        self.open()
        self.wait_outbox(channel, lambda rows: rows[0][0] == "failed", "it failed")
        shown = next(c for c in json.loads(self.world.ctl("alert", "channel", "list", "--json")) if c["id"] == channel)
        self.assertEqual((shown["enabled"], shown["disabledReason"]),
                         (False, "the receiver answered 410 and wants no more"))
        self.open(self.add_website("https://gone-more.example/"))
        self.assertEqual(len(self.outbox(channel)), 1)
        receiver.answer = None
        self.world.ctl("alert", "channel", "enable", channel)
        self.world.ctl("alert", "channel", "test", channel)
        self.assertEqual(receiver.wait(2)[1].type, "test")

    def test_a_redirect_is_not_followed(self):
        other = self.receiver()
        receiver = self.receiver(in_turn(plain(307, [("Location", other.url)]), plain(301, [("Location", other.url)]),
                                         plain(200)))
        channel, _ = self.hook(receiver)
        self.open()
        self.wait_outbox(channel, lambda rows: "a redirect" in rows[0][2], "it says so")
        receiver.wait(3)
        self.assertEqual(other.all(), [])

    def test_an_endless_answer_is_not_read_to_its_end(self):
        def endless(handler, _):
            handler.send_response(200)
            handler.end_headers()
            for _ in range(4096):
                handler.wfile.write(b"x" * 65536)

        receiver = self.receiver(endless)
        channel, _ = self.hook(receiver)
        self.open()
        self.wait_delivered(channel)

    def test_names_of_strangers_are_strings_and_no_more(self):
        names = ("\u202eevil\u2066", "</script><script>alert(1)</script>", "a\r\nx-evil: 1\r\n\r\n", "\x01\x1b[2J\x7f",
                 '","type":"x', "{{link}}", "\u2028\\u0000\\")
        receiver = self.receiver()
        self.hook(receiver)
        for i, name in enumerate(names):
            with self.subTest(name=name):
                website = self.add_website(f"https://strangers-{i}.example/")
                self.db.sql(f"UPDATE website SET name = $name${name}$name$ WHERE id = {website}")
                self.open(website)
                request = receiver.wait(i + 1)[i]
                body = json.loads(request.body)
                self.assertEqual((body["data"]["name"], body["type"]), (name, "incident.opened"))
                self.assertEqual(set(body), {"type", "timestamp", "data", "link", "acknowledge"})
                self.assertEqual({h.lower() for h in request.headers} - {"accept-encoding"},
                                 {"host", "user-agent", "accept", "content-type", "content-length", "webhook-id",
                                  "webhook-timestamp", "webhook-signature"})

    def test_what_breaks_the_rules_fails_and_no_more(self):
        def garbage(handler, _):
            handler.wfile.write(b"\x00\xff not HTTP \xe2\x80\xae\r\n\r\n")

        receiver = self.receiver(in_turn(garbage, plain(200)))
        channel, _ = self.hook(receiver)
        self.open()
        self.assertEqual(self.wait_delivered(channel)[0][1], 2)


class Slow(AlertCase):
    conf = ALLOW + "AlertTimeout=1s\n"

    def test_a_byte_a_second_is_no_answer(self):
        done = threading.Event()
        self.addCleanup(done.set)

        def slow(handler, _):
            for byte in b"HTTP/1.1 200 OK\r\n" * 9:
                handler.wfile.write(bytes([byte]))
                if done.wait(1):
                    break

        receiver = self.receiver(in_turn(slow, plain(200)))
        channel, _ = self.hook(receiver)
        self.open()
        rows = self.wait_outbox(channel, lambda rows: rows[0][1] == 1, "the first try ended")
        self.assertIn("timeout", rows[0][2])
        self.wait_delivered(channel)

    def test_who_said_yes_has_it_whatever_comes_after(self):
        done = threading.Event()
        self.addCleanup(done.set)

        def slow(handler, _):
            handler.send_response(200)
            handler.send_header("Content-Length", "60")
            handler.end_headers()
            while not done.wait(1):
                handler.wfile.write(b"x")

        receiver = self.receiver(slow)
        channel, _ = self.hook(receiver)
        self.open()
        self.assertEqual(self.wait_delivered(channel), [("delivered", 1, "")])

    def test_a_dead_receiver_does_not_delay_a_live_one(self):
        done = threading.Event()
        self.addCleanup(done.set)
        dead, live = self.receiver(lambda *_: done.wait(60)), self.receiver()
        slow, _ = self.hook(dead, '--filter={"kinds": ["slow"]}')
        self.hook(live, '--filter={"kinds": ["down"]}')
        self.db.sql(f"""INSERT INTO alert_outbox (channel_id, kind, payload)
            SELECT c.id, 'incident.opened', '{{"name": "x"}}' FROM alert_channel c, generate_series(1, 1000)
             WHERE c.public_id = '{slow}'; NOTIFY dpin_alert""")
        dead.wait(4)
        took = []
        for i in range(20):
            began = time.monotonic()
            self.open(self.add_website(f"https://live-{i}.example/"))
            took.append(live.wait(i + 1)[i].at - began)
        print(f"beside 1000 alerts to a dead receiver: median {sorted(took)[10] * 1000:.0f} ms,"
              f" at most {max(took) * 1000:.0f} ms, the SQL client's start included")
        self.assertLess(max(took), 2)  # of those that are never answered none is waited for


class Guarded(AlertCase):
    conf = "AlertTimeout=2s\n"

    def blocked(self, url):
        channel, _ = self.add("webhook", url)
        self.world.ctl("alert", "channel", "test", channel)
        return self.wait_outbox(channel, lambda rows: rows and rows[0][1] > 0, "it was tried")[0]

    def test_nothing_goes_to_what_is_private(self):
        receiver = self.receiver()
        for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254"):
            with self.subTest(host=host):
                state, _, error = self.blocked(f"http://{host}:{receiver.port}/hook")
                self.assertEqual(state, "pending")
                self.assertRegex(error, "blocked|not allowed")
        self.assertEqual(receiver.all(), [])

    def test_nor_to_ports_of_mail(self):
        self.assertRegex(self.blocked("http://192.0.2.1:25/")[2], "blocked|not allowed")


class Verdict(CommitteeCase, AlertCase):
    conf, bus = ALLOW, True

    def setUp(self):
        """Websites are the committee's."""

    def test_an_outage_found_by_validators_is_told(self):
        receiver = self.receiver()
        site = self.site_up("told")
        self.hook(receiver)
        site.down = {0, 1, 2, 3}
        opened, = receiver.wait(seconds=30)
        data = json.loads(opened.body)["data"]
        self.assertEqual((data["url"], data["cause"], data["kind"]), (site.url, "refused", "down"))
        self.assertEqual(data["seats"], 4)
        self.assertGreaterEqual(data["down"], 3)
        site.down = set()
        self.assertEqual(receiver.wait(2, seconds=30)[1].type, "incident.resolved")
        wait_until(lambda: self.open_incidents(site.website) == 0, "it is over")


if __name__ == "__main__":
    unittest.main()
