"""Alerts that wait: across a hub's death, the database's absence, and the end of their channel."""

import collections
import json
import os
import threading
import unittest

from alert_case import AlertCase, plain
from process import wait_until


class Death(AlertCase):
    def test_kill_9_with_a_thousand_pending(self):
        """At least once each; twice only what was under way, under the same id."""
        receiver = self.receiver(plain(503))
        channel, _ = self.hook(receiver)
        self.db.sql(f"""INSERT INTO website (public_id, organisation_id, url, interval_ms, timeout_ms)
            SELECT gen_random_uuid(), organisation_id, 'https://many-' || i || '.example/', 86400000, 10000
              FROM website, generate_series(1, 1000) i WHERE website.id = {self.website};
            INSERT INTO incident (public_id, organisation_id, website_id, cause, opened_at, first_evidence_at)
            SELECT gen_random_uuid(), organisation_id, id, 'refused', now(), now() FROM website
             WHERE url LIKE 'https://many-%'""")
        receiver.wait(1)
        receiver.answer = None
        deaths = 0
        for enough in (50, 300, 600):
            wait_until(lambda: len(receiver.all()) > enough, f"{enough} came", 60, step=0.005)
            self.world.hub.kill()
            deaths += 1
            self.restart()
        self.wait_outbox(channel, lambda rows: all(r[0] == "delivered" for r in rows), "all are delivered", 120)
        times = collections.Counter(r.id for r in receiver.all())
        wanted = {row[0] for row in self.db.sql("""SELECT public_id FROM alert_outbox
            WHERE payload->>'url' LIKE 'https://many-%'""")}
        self.assertEqual(len(wanted), 1000)
        self.assertEqual(set(times), wanted)
        failed = int(self.value("SELECT count(*) FROM alert_delivery WHERE NOT ok"))
        again = sum(times.values()) - 1000 - failed
        print(f"{deaths} deaths, {again} came twice, {failed} tries failed")
        self.assertLessEqual(again, 4 * deaths, "4 of a channel are under way at most")

    def test_kill_9_between_sending_and_writing_down(self):
        folder = os.path.join(self.world.data, "failpoints")
        os.makedirs(folder, exist_ok=True)
        self.world.hub.stop()
        self.restart({"DPIN_FAILPOINTS": folder})
        receiver = self.receiver()
        channel, _ = self.hook(receiver)
        open(os.path.join(folder, "alert-sent"), "w").close()
        self.open()
        wait_until(lambda: not self.world.hub.running(), "the hub died")
        self.restart()
        first, second = receiver.wait(2)
        self.assertEqual(first.id, second.id)
        self.wait_delivered(channel)


class Absence(AlertCase):
    def test_what_was_sent_while_the_database_left_is_not_sent_again(self):
        go = threading.Event()
        self.addCleanup(go.set)

        def held(handler, request):
            go.wait(30)
            plain(200)(handler, request)

        receiver = self.receiver(held)
        channel, _ = self.hook(receiver)
        self.open()
        receiver.wait()
        self.db.stop()
        go.set()
        wait_until(lambda: "the database is away" in self.world.hub.log() or
                   "waiting for the database" in self.world.hub.log(), "the hub noticed")
        self.db.start()
        self.wait_delivered(channel, seconds=30)
        self.assertEqual(len(receiver.all()), 1)

    def test_what_waits_while_the_database_is_away_comes_once(self):
        receiver = self.receiver(plain(503))
        channel, _ = self.hook(receiver)
        for i in range(12):
            self.open(self.add_website(f"https://away-{i}.example/"))
        receiver.wait(4)
        self.db.process.kill()
        receiver.answer = None
        before = len(receiver.all())
        wait_until(lambda: "the database is away" in self.world.hub.log() or
                   "waiting for the database" in self.world.hub.log(), "the hub noticed")
        self.db.start()
        self.wait_delivered(channel, 12, seconds=60)
        times = collections.Counter(r.id for r in receiver.all()[before:])
        self.assertEqual(len(times), 12)
        self.assertLessEqual(sum(times.values()) - 12, 4, "4 of a channel are under way at most")

    def test_a_channel_removed_while_its_alert_is_under_way_and_waits(self):
        go = threading.Event()
        self.addCleanup(go.set)

        def held(handler, request):
            go.wait(30)
            plain(500)(handler, request)

        receiver = self.receiver(held)
        channel, _ = self.hook(receiver)
        for i in range(6):
            self.open(self.add_website(f"https://removed-{i}.example/"))
        receiver.wait(4)
        self.world.ctl("alert", "channel", "rm", channel)
        go.set()
        self.wait_outbox(channel, lambda rows: {r[0] for r in rows} == {"dropped"}, "all are dropped")
        other = self.receiver()
        self.hook(other)
        self.open()
        other.wait()
        self.assertEqual(len(receiver.all()), 4, "nothing came after it was removed")
        self.assertEqual([r[2] for r in self.outbox(channel)], ["the channel was removed"] * 6)
        self.assertIsNone(self.value(f"SELECT secret FROM alert_channel WHERE public_id = '{channel}'") or None)

    def test_a_digest_is_replayed_as_it_was(self):
        receiver = self.receiver()
        channel, _ = self.hook(receiver, '--rules={"digestFrom": 1}')
        for i in range(3):
            self.open(self.add_website(f"https://together-{i}.example/"))

        def digests():
            return [r for r in receiver.all() if r.type == "digest"]
        wait_until(digests, "a digest came", 20)
        self.wait_outbox(channel, lambda rows: ("delivered", 1, "") == rows[-1], "it is delivered")
        self.world.ctl("alert", "replay", digests()[0].id)
        wait_until(lambda: len(digests()) == 2, "it came again", 20)
        first, second = digests()
        self.assertEqual((second.id, second.body), (first.id, first.body))
        self.assertGreaterEqual(len(json.loads(first.body)["data"]["items"]), 2)

    def test_a_message_that_is_refused_holds_up_no_other(self):
        def picky(handler, request):
            plain(500 if "picky" in json.loads(request.body)["data"]["url"] else 200)(handler, request)

        receiver = self.receiver(picky)
        channel, _ = self.hook(receiver)
        self.open(self.add_website("https://picky.example/"))
        receiver.wait()
        for i in range(5):
            self.open(self.add_website(f"https://other-{i}.example/"))
        self.wait_outbox(channel, lambda rows: [r[0] for r in rows] == ["pending"] + ["delivered"] * 5,
                         "the others are delivered")


class AnotherKey(AlertCase):
    def test_secrets_do_not_open_with_another_key(self):
        receiver = self.receiver()
        channel, _ = self.hook(receiver)
        self.world.hub.stop()
        os.unlink(os.path.join(self.world.data, "hub", "alert.key"))
        self.restart()
        self.open()
        rows = self.wait_outbox(channel, lambda rows: rows[0][0] == "failed", "it failed")
        self.assertIn("another key", rows[0][2])
        self.world.ctl("alert", "channel", "rotate", channel)
        self.world.ctl("alert", "channel", "test", channel)
        receiver.wait()
        self.assertEqual(len(receiver.all()), 1)

    def test_a_key_that_others_can_read_is_refused(self):
        path = os.path.join(self.world.data, "hub", "alert.key")
        self.world.hub.stop()
        os.chmod(path, 0o644)
        with self.assertRaisesRegex(Exception, "the key of alerts is refused"):
            self.world.start_hub(conf=self.conf)
        os.chmod(path, 0o600)
        self.restart()


if __name__ == "__main__":
    unittest.main()
