"""E-mail of a real hub, to a real mail server and to one that misbehaves."""

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
                     "More: https://dpin.example/#/incident/"):
            self.assertIn(said, text)
        self.assertNotIn("{{", text)
        self.assertNotIn("Until", text)
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
        self.assertEqual(self.wait_delivered(channel)[0][1], 2)
        self.assertIn("550", self.value("SELECT error FROM alert_delivery WHERE NOT ok ORDER BY id DESC LIMIT 1"))

    def test_nobody_of_several(self):
        channel, _ = self.add("email", "nobody@x.example,nobody@y.example")
        self.open()
        state, tries, error = self.wait_outbox(channel, lambda rows: rows[0][0] == "failed", "it is given up")[0]
        self.assertEqual(tries, 2)
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

    def first_try(self):
        channel, _ = self.add("email", "ops@x.example")
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

    def test_the_envelope_is_what_was_set(self):
        del self.server.heard[:]
        self.assertEqual(self.first_try()[0], "delivered")
        said = [re.sub(r" SIZE=\d+", "", line) for line in self.server.heard]
        began = said.index("MAIL FROM:<dpin@dpin.example>")
        self.assertEqual(said[began + 1:began + 3], ["RCPT TO:<ops@x.example>", "DATA"])


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
