"""Who may do what on the system bus, and what the bus and the journal tell about it."""

import json
import unittest
import xml.etree.ElementTree as tree

import ground
from introspection import members
from listening import Listening
from process import wait_until

DENIED = 4


class Access(ground.SystemCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.machine.sh("useradd --create-home alice && useradd --create-home oper")
        cls.machine.wait_status("dpin-hub.service", "ready")
        cls.wait_bus("org.dpin.Hub1")

    def ctl(self, *words, user=None):
        return self.machine.run("dpinctl", *words, user=user, check=False)

    def test_anybody_may_look(self):
        for words in (("website", "list"), ("validator", "list")):
            done = self.ctl(*words, user="alice")
            self.assertEqual((done.code, done.err), (0, ""))

    def test_root_may_act(self):
        website = self.ctl("website", "add", "http://93.184.216.34/root").strip()
        self.assertRegex(website, "^[0-9a-f-]{36}$")
        self.assertEqual(self.ctl("website", "rm", website).code, 0)

    def test_others_may_not_and_are_told_so(self):
        for words in (("website", "add", "http://93.184.216.34/alice"), ("token", "create", "alice"),
                      ("validator", "suspend", "A" * 43)):
            done = self.ctl(*words, user="alice")
            self.assertEqual((done.code, done), (DENIED, ""), done.err)
            self.assertRegex(done.err, "^dpinctl: ")
        self.assertEqual(self.machine.sql("SELECT count(*) FROM website WHERE url LIKE '%alice'"), "0")

    def test_an_administrator_may_allow_others(self):
        """By a rule of polkit's, as for any other action of the system."""
        rule = "/etc/polkit-1/rules.d/50-dpin.rules"
        self.machine.write(rule, """polkit.addRule(function(action, subject) {
            if (action.id == "org.dpin.Hub1.website-manage" && subject.user == "oper") return polkit.Result.YES; });""")
        self.addCleanup(self.machine.run, "rm", rule)
        wait_until(lambda: self.ctl("website", "add", "http://93.184.216.34/oper", user="oper").code == 0,
                   "polkit has read the rule", 10, 0.2)
        self.assertEqual(self.ctl("website", "add", "http://93.184.216.34/alice", user="alice").code, DENIED)

    def test_without_polkit_nobody_may(self):
        self.machine.run("systemctl", "mask", "--now", "polkit.service")
        self.addCleanup(self.machine.run, "systemctl", "unmask", "polkit.service")
        self.assertEqual(self.ctl("website", "add", "http://93.184.216.34/nobody").code, DENIED)
        self.assertEqual(self.ctl("website", "list").code, 0)

    def test_only_the_daemons_users_may_have_their_names(self):
        done = self.machine.run("busctl", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                "org.freedesktop.DBus", "RequestName", "su", "org.dpin.Fake1", "0", user="alice",
                                check=False)
        self.assertNotEqual(done.code, 0)

    def test_a_disabled_daemon_is_not_started_by_a_question(self):
        ask = ("busctl", "get-property", "org.dpin.Api1", "/org/dpin/Api1", "org.dpin.Api1", "State")
        self.machine.run("systemctl", "stop", "dpin-api.socket", "dpin-api.service", check=False)
        self.assertEqual(self.machine.run(*ask).code, 0)  # one that is enabled is
        self.machine.run("systemctl", "disable", "--now", "dpin-api.socket", "dpin-api.service", check=False)
        self.addCleanup(self.machine.run, "systemctl", "enable", "--now", "dpin-api.socket", "dpin-api.service")
        self.assertNotEqual(self.machine.run(*ask, check=False).code, 0)
        self.assertEqual(self.machine.unit("dpin-api.service", "ActiveState"), "inactive")


class Told(ground.SystemCase):
    def test_the_bus_shows_what_the_packages_describe(self):
        self.start_validator()
        for interface in ("Hub1", "Api1", "Validator1"):
            self.wait_bus(f"org.dpin.{interface}")
            shown = self.machine.run("busctl", "introspect", "--xml-interface", f"org.dpin.{interface}",
                                     f"/org/dpin/{interface}", user="www-data")
            described = self.machine.run("cat", f"/usr/share/dbus-1/interfaces/org.dpin.{interface}.xml")
            self.assertEqual(members(tree.fromstring(shown), interface),
                             members(tree.fromstring(described), interface))

    def test_a_call_from_outside_is_answered_and_a_change_of_state_heard(self):
        self.start_validator()
        site = self.machine.serve()
        with Listening(self.machine.argv("busctl", "monitor", "--json=short", "org.dpin.Hub1")) as bus, \
                Listening(self.machine.argv("dpinctl", "monitor", "--json", user="www-data")) as ctl:
            website = self.add_website(site.url, "--interval=10s", "--timeout=2s")
            said = ctl.wait(60, event="WebsiteStateChanged", id=website, state="UP", daemon="dpin-hub")
            signal = bus.first(lambda e: e.get("member") == "WebsiteStateChanged", "the signal")
        self.assertEqual((signal["type"], signal["path"], signal["interface"], signal["payload"]["type"]),
                         ("signal", "/org/dpin/Hub1", "org.dpin.Hub1", "sssssst"))
        names = ("id", "url", "state", "previous", "cause", "assurance")
        self.assertEqual(signal["payload"]["data"][:6], [said[name] for name in names])
        self.assertEqual(said["url"], site.url)

        answer = self.machine.run("busctl", "--json=short", "call", "org.dpin.Hub1", "/org/dpin/Hub1",
                                  "org.dpin.Hub1", "ListWebsites", "su", "", "500", user="www-data")
        rows, _ = json.loads(answer)["data"]
        self.assertIn(website, [row[0] for row in rows])

    def test_entries_have_fields_and_explanations(self):
        self.ready()
        website = self.add_website("http://93.184.216.34/journal")
        wait_until(lambda: self.machine.journal(f"DPIN_WEBSITE={website}"), "the act is in the journal")
        entry = self.machine.journal(f"DPIN_WEBSITE={website}")[0]
        self.assertEqual((entry["_SYSTEMD_UNIT"], entry["SYSLOG_IDENTIFIER"]), ("dpin-hub.service", "dpin-hub"))
        self.assertEqual(entry["DPIN_ACTOR"], "uid 0")
        explained = self.machine.run("journalctl", "--catalog", f"DPIN_WEBSITE={website}")
        self.assertIn("Defined-By: dpin", explained)
        self.assertIn("find out who it was", explained)

    def test_the_catalog_is_known(self):
        listed = self.machine.run("journalctl", "--list-catalog")
        self.assertIn("A dpin daemon holds its socket or its key and runs", listed)


if __name__ == "__main__":
    unittest.main()
