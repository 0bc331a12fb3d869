"""What is wrong with dpin itself reaches the channels that the administrator named: once, and its end, too."""

import json
import unittest

from alert_case import ALLOW, AlertCase, plain
from ctl_case import identity
from hub_case import build_has
from process import Failure, wait_until


class OperatorCase(AlertCase):
    def tearDown(self):
        super().tearDown()
        self.db.sql("DELETE FROM operator_alert")

    def operator(self, receiver=None, name="The hub's own"):
        """(receiver, channel)"""
        receiver = receiver or self.receiver()
        channel, _ = self.add("webhook", receiver.url, name=name)
        self.ctl("operator", channel, "yes")
        return receiver, channel

    def ctl(self, verb, *words):
        return self.world.ctl("alert", "channel", verb, *words)

    def age(self, what, seconds):
        """As if it had begun, and had been seen last, so much sooner."""
        wait_until(lambda: self.troubles().get(what), f"{what} is noticed", 20)
        self.db.sql(f"""UPDATE operator_alert SET since = since - interval '{seconds} s',
                          seen_at = seen_at - interval '{seconds} s' WHERE what = '{what}'""")

    def troubles(self):
        return {what: detail for what, detail in self.db.sql("SELECT what, detail FROM operator_alert")}

    @staticmethod
    def said(request):
        body = json.loads(request.body)
        return body["type"], body["data"]["kind"]

    def wait_look(self):
        """What was wrong is looked at once more."""
        before = self.value("SELECT max(seen_at) FROM operator_alert")
        wait_until(lambda: self.value("SELECT max(seen_at) FROM operator_alert") != before, "it is looked at again", 20)

    def wait_gone(self, what):
        """It is not seen any more, for as long as it takes."""
        def gone():
            self.db.sql(f"UPDATE operator_alert SET seen_at = seen_at - interval '60 s' WHERE what = '{what}'"
                        " AND seen_at < now() - interval '7 s'")
            return what not in self.troubles()
        wait_until(gone, f"{what} is over", 60)


@unittest.skipUnless(build_has("dpin-hub"), "dpin-hub is not built")
class Operator(OperatorCase):
    def test_no_validators_until_one_is_back(self):
        receiver, channel = self.operator()
        self.age("validators", 60)
        told = receiver.wait(1, 20)[0]
        self.assertEqual(self.said(told), ("operator.opened", "validators"))
        self.assertIn("is connected", json.loads(told.body)["data"]["summary"])
        self.assertNotIn("acknowledge", json.loads(told.body))

        self.wait_delivered(channel)  # who is killed before tells it again
        self.world.hub.kill()
        self.restart()
        self.age("validators", 0)  # the new one has looked
        self.assertEqual(len(receiver.all()), 1)

        self.validator()
        self.wait_gone("validators")
        over = receiver.wait(2, 20)[1]
        self.assertEqual(self.said(over), ("operator.resolved", "validators"))
        self.assertGreaterEqual(json.loads(over.body)["data"]["seconds"], 60)
        self.assertEqual(len(receiver.all()), 2)

    def test_it_is_told_of_channels_that_fail_and_never_of_itself(self):
        receiver, channel = self.operator()
        broken = self.receiver(plain(500))
        failing, _ = self.add("webhook", broken.url, name="Night shift")
        other, own = self.operator(self.receiver(plain(500)), "Broken, too")
        self.ctl("test", failing)
        self.ctl("test", own)
        broken.wait(1)
        other.wait(1)
        wait_until(lambda: len(self.db.sql("SELECT FROM operator_alert WHERE what = 'delivery'")) == 2, "both fail", 20)
        self.age("delivery", 300)
        wait_until(lambda: len([r for r in receiver.all() if self.said(r)[1] == "delivery"]) == 2, "both are told", 20)
        summaries = {json.loads(r.body)["data"]["summary"] for r in receiver.all()}
        self.assertTrue(any("Night shift fails, " in s for s in summaries), summaries)
        told = self.db.sql(f"""SELECT o.payload->>'summary' FROM alert_outbox o
                                 JOIN alert_channel c ON c.id = o.channel_id
                                WHERE c.public_id = '{own}' AND o.kind = 'operator.opened'""")
        self.assertEqual(len(told), 1)
        self.assertIn("Night shift", told[0][0])
        self.assertTrue(channel)

    def test_a_channel_that_was_disabled_is_told_at_once(self):
        receiver, _ = self.operator()
        gone = self.receiver(plain(410))
        channel, _ = self.add("webhook", gone.url, name="Moved")
        self.ctl("test", channel)
        gone.wait(1)
        wait_until(lambda: receiver.all(), "it is told", 20)
        self.assertIn("The channel Moved is disabled: ", json.loads(receiver.all()[0].body)["data"]["summary"])

    def test_only_who_is_named_is_told(self):
        others = self.receiver()
        channel, _ = self.add("webhook", others.url, name="An organisation's")
        receiver, mine = self.operator()
        self.age("validators", 60)
        receiver.wait(1, 20)
        self.assertEqual(self.outbox(channel), [])
        self.assertEqual({row["id"]: row["operator"] for row in json.loads(self.ctl("list", "--json"))
                          if row["id"] in (channel, mine)}, {channel: False, mine: True})

        self.ctl("operator", mine, "no")
        self.db.sql("DELETE FROM operator_alert")
        self.age("validators", 60)
        self.assertEqual(len(self.outbox(mine)), 1)

    def test_one_that_is_named_while_it_is_so_is_told_then(self):
        first, _ = self.operator()
        self.age("validators", 60)
        first.wait(1, 20)
        later, _ = self.operator()
        self.assertEqual(self.said(later.wait(1, 20)[0]), ("operator.opened", "validators"))
        self.assertEqual(len(first.all()), 1)

    def test_who_has_no_room_is_counted_and_said_once(self):
        _, channel = self.operator(name="Full")
        self.db.sql(f"""INSERT INTO alert_outbox (channel_id, kind, payload, next_try_at)
                        SELECT id, 'test', '{{}}', now() + interval '1 day'
                          FROM alert_channel, generate_series(1, 10000)
                         WHERE public_id = '{channel}'""")
        self.age("validators", 60)
        wait_until(lambda: self.refusals(), "it is counted", 20)
        self.wait_look()
        self.assertEqual(self.refusals(), 1)
        said = [line for line in self.world.hub.log().splitlines() if "an alert about dpin was refused" in line]
        self.assertEqual(len(said), 1, said)
        self.assertEqual(self.value(f"SELECT refused FROM alert_channel WHERE public_id = '{channel}'"), "1")

    def refusals(self):
        counted = json.loads(self.world.ctl("status", "hub", "--json"))["Refused"]
        return counted.get("alert_refused", 0)

    def test_what_cannot_be(self):
        for words, why in ((("x", "perhaps"), "say yes or no"), (("x", "yes"), "is a UUID"),
                           (("01932f6e-0000-7000-8000-000000000000", "yes"), "No alert channel has this id")):
            with self.assertRaisesRegex(Failure, why):
                self.ctl("operator", *words)


@unittest.skipUnless(build_has("dpin-hub"), "dpin-hub is not built")
class Assurance(OperatorCase):
    conf = ALLOW + "TrustedProxies=127.0.0.1, ::1\n"

    def join(self, number):
        """A validator of another operator and network than all others."""
        v = self.validator(headers={"X-Forwarded-For": f"{11 + number}.0.2.7"})
        v.wait_welcome()
        self.world.ctl("validator", "approve", identity(v), f"--operator=op {number}", f"--asn={64500 + number}")
        v.wait_welcome(joins=2)

    def wait_assurance(self, assurance):
        wait_until(lambda: self.db.sql(f"""SELECT state, assurance FROM verdict_span
                                            WHERE website_id = {self.website} AND ended_at IS NULL""")
                   == [["UP", assurance]], f"it is {assurance}", 60)

    def test_too_few_validators_for_ten_minutes(self):
        receiver, channel = self.operator()
        self.join(0)
        self.wait_assurance("single")
        self.age("assurance", 300)
        self.wait_look()
        self.assertEqual(self.outbox(channel), [])
        self.age("assurance", 300)
        told = json.loads(receiver.wait(1, 20)[0].body)
        self.assertEqual((told["type"], told["data"]["kind"]), ("operator.opened", "assurance"))
        self.assertEqual(told["data"]["summary"],
                         "A website has fewer validators of different operators than full assurance needs.")

        for number in range(1, 4):
            self.join(number)
        self.wait_assurance("full")
        self.wait_gone("assurance")
        self.assertEqual([self.said(r) for r in receiver.wait(2, 20)],
                         [("operator.opened", "assurance"), ("operator.resolved", "assurance")])


if __name__ == "__main__":
    unittest.main()
