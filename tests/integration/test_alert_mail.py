"""E-mail of a real hub, to a real mail server and to one that misbehaves."""

import collections
import json
import re
import unittest

from alert_case import AlertCase
from mail_server import Exim, Script


class Mail(AlertCase):
    encryption, password = "starttls", "s3cret"

    @classmethod
    def setUpClass(cls):
        cls.exim = Exim()
        cls.addClassCleanup(cls.exim.stop)
        cls.conf = (f"PublicUrl=https://dpin.example\nSmtpServer=localhost:{cls.exim.port}\nSmtpCa={cls.exim.ca}\n"
                    f"SmtpFrom=dpin@dpin.example\nSmtpUser=dpin\nSmtpPassword={cls.password}\nAlertTimeout=3s\n"
                    f"SmtpEncryption={cls.encryption}\n")
        super().setUpClass()


class Delivered(Mail):
    def test_one_thread_for_each_incident(self):
        channel, secret = self.add("email", "one@x.example,two@x.example")
        self.assertEqual(secret, "")
        incident = self.open()
        self.wait_delivered(channel)
        self.close(incident)
        opened, resolved = self.exim.wait("one", 2)
        self.assertEqual(len(self.exim.wait("two", 2)), 2)
        self.wait_delivered(channel, 2)
        url = self.value(f"SELECT url FROM website WHERE id = {self.website}")
        self.assertEqual((opened["subject"], resolved["subject"]), (f"DOWN: {url}", f"UP: {url}"))
        for message in (opened, resolved):
            self.assertEqual(message["in-reply-to"], f"<incident-{incident}@dpin.example>")
            self.assertEqual(message["references"], f"<incident-{incident}@dpin.example>")
            self.assertEqual(message["auto-submitted"], "auto-generated")
            self.assertEqual(message["from"], '"dpin" <dpin@dpin.example>'.replace('"', ""))
            self.assertEqual(message["list-unsubscribe"],
                             f"<mailto:dpin@dpin.example?subject=unsubscribe%20{channel}>")
            self.assertEqual(message.get_content_type(), "text/plain")
            self.assertEqual(message["return-path"] or "<dpin@dpin.example>", "<dpin@dpin.example>")
        self.assertNotEqual(opened["message-id"], resolved["message-id"])
        text = opened.get_content()
        for said in (f"{url} is down.", "Since: 20", "Why: The connection was refused",
                     "More: https://dpin.example/#/incident/", "Acknowledge: https://dpin.example/acknowledge/"):
            self.assertIn(said, text)
        self.assertNotIn("{{", text)
        self.assertNotIn("Until", text)
        self.assertNotIn("Acknowledge", resolved.get_content())
        self.assertRegex(resolved.get_content(), r"Until: 20.*\nLasted: \d+ s")

    def test_names_of_strangers_stay_in_their_place(self):
        channel, _ = self.add("email", "names@x.example", name="Bücher \"&\" <b>")
        self.db.sql(f"""UPDATE website SET name = E'Ünï\\r\\nBcc: evil@x.example\\r\\n\\r\\n.\\r\\n\\u202e{{{{url}}}}'
                         WHERE id = {self.website}""")
        self.open()
        message, = self.exim.wait("names")
        self.wait_delivered(channel)
        self.assertEqual(message["subject"], "DOWN: Ünï Bcc: evil@x.example . {{url}}")
        self.assertIsNone(message["bcc"])
        self.assertEqual(message["to"].addresses[0].display_name, "Bücher \"&\" <b>")
        self.assertEqual(message["to"].addresses[0].addr_spec, "names@x.example")
        self.assertIn("Ünï Bcc: evil@x.example . {{url}} is down.", message.get_content())
        self.assertEqual(self.exim.messages("evil"), [])

    def test_whatever_is_known_stays_in_its_place(self):
        """Also what people cannot say today, for a check is before it."""
        evil = "a\r\nBcc: evil@x.example\r\n\r\n.\r\nQUIT\r\n\u202e{{link}}\x85\u2028<script>alert(1)</script>\x00"
        channel, _ = self.add("email", "facts@x.example", "--subject={{state}} {{name}} {{url}} {{why}} {{where}}")
        facts = json.dumps({"websiteId": evil, "url": evil, "name": evil, "kind": evil, "severity": evil,
                            "summary": evil, "cause": evil, "openedAt": evil, "closedAt": evil, "ending": evil,
                            "assurance": evil, "down": 3, "seats": 4, "regions": [evil, evil]}).replace("\\u0000", "")
        self.db.sql("UPDATE alert_channel SET name = E'x\"\\r\\nBcc: evil@x.example\\r\\n\\r\\nevil'"
                    f" WHERE public_id = '{channel}'")
        self.db.sql(f"""INSERT INTO alert_outbox (channel_id, kind, payload)
            SELECT id, 'incident.opened', $facts${facts}$facts$ FROM alert_channel WHERE public_id = '{channel}';
            NOTIFY dpin_alert""")
        message, = self.exim.wait("facts")
        self.wait_delivered(channel)
        self.assertEqual(set(message.keys()) - {"Received", "Envelope-to", "Return-path", "Delivery-date"},
                         {"Date", "From", "To", "Subject", "Message-ID", "List-Unsubscribe", "Auto-Submitted",
                          "MIME-Version", "Content-Type", "Content-Transfer-Encoding"})
        self.assertEqual(message["to"].addresses[0].addr_spec, "facts@x.example")
        self.assertEqual(message.get_content_type(), "text/plain")
        for text in (str(message["subject"]), *message.get_content().rstrip("\n").split("\n")):
            self.assertNotRegex(text, "[\x00-\x1f\x7f-\x9f\u2028-\u202e]")
        self.assertIn("{{link}}", message.get_content())
        self.assertEqual(self.exim.messages("evil"), [])

    def test_a_channel_that_was_tampered_with_sends_nothing(self):
        for settings in ({"to": ["a@x.example>\r\nDATA"]}, {"to": ["a@x.example"], "subject": "x\r\nBcc: b@x.example"},
                         {"to": ["<b@x.example>, a@x.example"]}, {"to": []}, {"to": ["a@x.example"], "text": "{{a}}"},
                         {"to": ["a@x.example"], "bcc": ["b@x.example"]}):
            with self.subTest(settings=settings):
                channel, _ = self.add("email", "tampered@x.example")
                self.db.sql(f"""UPDATE alert_channel SET settings = $set${json.dumps(settings)}$set$
                                 WHERE public_id = '{channel}'""")
                self.world.ctl("alert", "channel", "test", channel)
                state, tries, error = self.wait_outbox(channel, lambda rows: rows[0][1] > 0, "it was tried")[0]
                self.assertEqual((state, tries), ("failed", 1))
                self.assertIn("the channel cannot be used", error)
        self.assertEqual(self.exim.messages("a") + self.exim.messages("b") + self.exim.messages("tampered"), [])

    def test_texts_of_its_own(self):
        channel, _ = self.add("email", "texts@x.example", "--subject={{state}}!",
                              "--text=.\n..\n{{why}}, {{since}}")
        self.open()
        message, = self.exim.wait("texts")
        self.assertEqual(message["subject"], "DOWN!")
        self.assertRegex(message.get_content(), r"\A\.\n\.\.\nThe connection was refused, 20\d\d-")
        self.wait_delivered(channel)

    def test_whom_the_server_does_not_know_is_given_up(self):
        channel, _ = self.add("email", "nobody@x.example")
        self.open()
        state, tries, error = self.wait_outbox(channel, lambda rows: rows[0][1] > 0, "it was tried")[0]
        self.assertEqual((state, tries), ("failed", 1))
        self.assertIn("550", error)
        self.assertIn("an alert was given up", self.world.hub.log())

    def test_whom_the_server_does_not_know_keeps_it_from_nobody(self):
        channel, _ = self.add("email", "left@x.example,nobody@x.example,right@x.example")
        self.open()
        for user in ("left", "right"):
            self.assertEqual(len(self.exim.wait(user)), 1)
        _, tries, error = self.wait_delivered(channel)[0]
        self.assertEqual((tries, error), (1, "1 of 3 recipients were not accepted: to nobody@x.example the mail server"
                                             " said 550"))
        self.assertIn("550", self.value("SELECT error FROM alert_delivery WHERE ok ORDER BY id DESC LIMIT 1"))
        self.assertIn("to nobody@x.example the mail server said 550", self.world.hub.log())

    def test_nobody_of_several(self):
        channel, _ = self.add("email", "nobody@x.example,nobody@y.example")
        self.open()
        state, tries, error = self.wait_outbox(channel, lambda rows: rows[0][0] == "failed", "it is given up")[0]
        self.assertEqual(tries, 1)
        self.assertIn("550", error)

    def test_what_was_given_up_is_delivered_after_all(self):
        channel, _ = self.add("email", "again@x.example")
        self.open()
        self.exim.wait("again")
        self.wait_delivered(channel)
        alert = self.value("SELECT public_id FROM alert_outbox ORDER BY id DESC LIMIT 1")
        self.world.ctl("alert", "replay", alert)
        first, second = self.exim.wait("again", 2)
        self.assertEqual(first["message-id"], second["message-id"])
        self.assertEqual(first["message-id"], f"<{alert}@dpin.example>")


class WrongPassword(Mail):
    password = "guessed"

    def test_it_waits_for_the_administrator(self):
        channel, _ = self.add("email", "wrong@x.example")
        self.open()
        state, _, error = self.wait_outbox(channel, lambda rows: rows[0][1] > 0, "it was tried")[0]
        self.assertEqual(state, "pending")
        self.assertRegex(error, "(?i)login denied|auth")
        self.assertNotIn("guessed", self.world.hub.log())
        self.assertEqual(self.exim.messages("wrong"), [])


class Misbehaving(AlertCase):
    """No server knows what the hub expects of it but the one of the test: there is one a class."""

    replies, offers, encryption, tries = (), (), "none", 0

    @classmethod
    def setUpClass(cls):
        cls.server = Script(cls.replies, cls.offers)
        cls.addClassCleanup(cls.server.close)
        cls.conf = (f"SmtpServer=127.0.0.1:{cls.server.port}\nSmtpFrom=dpin@dpin.example\nAlertTimeout=1s\n"
                    f"SmtpEncryption={cls.encryption}\n")
        super().setUpClass()

    def first_try(self, to="ops@x.example"):
        channel, _ = self.add("email", to)
        Misbehaving.tries += 1
        self.open(self.add_website(f"https://try-{Misbehaving.tries}.example/"))
        return self.wait_outbox(channel, lambda rows: rows[0][1] > 0, "it was tried")[0]

    def end_of(self, **replies):
        usual = dict(self.server.replies)
        self.server.replies.update({{"end": ".", "greeting": ""}.get(k, k): v for k, v in replies.items()})
        try:
            return self.first_try()
        finally:
            self.server.replies.update(usual)


class Replies(Misbehaving):
    def test_each_way_to_fail(self):
        for replies, state, words in (({"greeting": "421 busy"}, "pending", "421|status"),
                                      ({"greeting": False}, "pending", "timed out|timeout|after"),
                                      ({"MAIL": "451 later"}, "pending", "451"),
                                      ({"RCPT": "450 later"}, "pending", "450"),
                                      ({"RCPT": "550 never"}, "failed", "550"),
                                      ({"RCPT": None}, "pending", "."),
                                      ({"DATA": "554 no"}, "failed", "554"),
                                      ({"end": "452 full"}, "pending", "452"),
                                      ({"end": None}, "pending", "."),
                                      ({"end": False}, "pending", "timed out|timeout|after"),
                                      ({"EHLO": "250 " + "x" * 200000}, "pending", "."),
                                      ({"MAIL": "no number\r\n\x00\xff"}, "pending", ".")):
            with self.subTest(replies=str(replies)[:60]):
                got, _, error = self.end_of(**replies)
                self.assertEqual(got, state, error)
                self.assertRegex(error, words)
                self.assertNotRegex(error, "[^ -~]")
        self.assertEqual(self.first_try()[0], "delivered")

    def arrived(self, replies):
        """How often each address got a message to its end; `replies` to RCPT, in their order."""
        to, times, replies = [], collections.Counter(), iter(replies)
        for line in self.server.heard:
            word = line.split(" ")[0]
            if word == "MAIL":
                to = []
            elif word == "RCPT" and next(replies) == "250 x":
                to.append(re.search("<(.*)>", line)[1])
            elif word == ".":
                times.update(to)
        return times

    def test_who_is_put_off_again_and_again_gets_it_after_all_and_the_others_once(self):
        asked, replies = collections.Counter(), []

        def greylisting(line):
            asked[line] += 1
            replies.append("550 no" if "never" in line else "451 later" if "grey" in line and asked[line] < 4
                           else "250 x")
            return replies[-1]

        del self.server.heard[:]
        self.server.replies["RCPT"] = greylisting
        self.addCleanup(self.server.replies.update, RCPT="250 x")
        channel, _ = self.add("email", "one@x.example,grey@x.example,never@x.example,two@x.example")
        self.open()
        rows = self.wait_outbox(channel, lambda rows: rows[0][0] != "pending", "it is over", 30)
        self.assertEqual(rows[0][:2], ("delivered", 4))
        self.assertIn("never@x.example", rows[0][2])
        self.assertEqual(self.arrived(replies), {"one@x.example": 1, "two@x.example": 1, "grey@x.example": 1})
        self.assertEqual([asked[f"RCPT TO:<{name}@x.example>"] for name in ("one", "grey", "never", "two")],
                         [1, 4, 4, 1])

    def test_the_envelope_is_what_was_set(self):
        recipient = "RCPT TO:<envelope@x.example>"
        self.assertEqual(self.first_try("envelope@x.example")[0], "delivered")
        said = next(talk for talk in self.server.talks if recipient in talk)  # what was put off before comes, too
        at = said.index(recipient)
        self.assertEqual(re.sub(r" SIZE=\d+", "", said[at - 1]), "MAIL FROM:<dpin@dpin.example>")
        self.assertEqual(said[at + 1], "DATA")


class WithoutTls(Misbehaving):
    encryption = "starttls"

    def test_nothing_is_said_in_the_clear(self):
        state, _, error = self.first_try()
        self.assertEqual(state, "pending")
        self.assertRegex(error, "(?i)ssl|tls")
        self.assertNotIn("MAIL", " ".join(self.server.heard))


class WrongTls(Misbehaving):
    """It says that it speaks TLS, and then does not."""

    encryption, offers, replies = "starttls", ("STARTTLS",), {"STARTTLS": "220 x"}.items()

    def test_nothing_is_said_in_the_clear(self):
        self.assertEqual(self.first_try()[0], "pending")
        self.assertNotIn("MAIL", " ".join(self.server.heard))


class NoServer(AlertCase):
    conf = ""

    def test_it_waits_and_says_what_is_missing(self):
        channel, _ = self.add("email", "ops@x.example")
        self.open()
        state, _, error = self.wait_outbox(channel, lambda rows: rows[0][1] > 0, "it was tried")[0]
        self.assertEqual((state, error), ("pending", "no mail server is set: SmtpServer of hub.conf"))


if __name__ == "__main__":
    unittest.main()
