"""dpinctl and the daemons themselves: how they are, what they say, what they are told, one check from here."""

import json
import os
import re
import subprocess
import unittest

from ctl_case import DENIED, FAILED, NOBODY, OK, UNAVAILABLE, USAGE, Ctl, identity
from listening import Listening
from process import wait_until
from site_switch import Site


class Daemons(Ctl):
    everyone = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site = Site()
        cls.addClassCleanup(cls.site.close)
        cls.world.start_validator("berlin", "region=eu")
        wait_until(lambda: cls.state("dpin-validator") == "ready", "the validator is there")

    def monitor(self, *args):
        return Listening(self.argv("monitor", "--json", *args))

    def busy(self):
        """A website whose validator has seen it."""
        website = self.ok("website", "add", self.site.url, "--interval=10s", "--seats=1").strip()
        self.addCleanup(self.run_ctl, "website", "rm", website)
        return website

    # Looking ------------------------------------------------------------------------------------------------------

    def test_status_of_one_has_every_property(self):
        wait_until(lambda: self.state("dpin-validator") == "ready", "the validator is there")
        hub = self.rows("status", "hub")
        self.assertEqual(hub, self.rows("status", "dpin-hub") | {"Taken": hub["Taken"], "Refused": hub["Refused"]})
        self.assertEqual(set(hub), {"State", "Version", "NetworkKey", "Sessions", "Websites", "States", "Incidents",
                                    "Validators", "ValidatorsConnected", "SignalsDropped", "Taken", "Refused",
                                    "WebhookKey", "Alerts", "DeadMan", "DeadManCalls"}
                         - ({"States"} - set(hub)))
        self.assertEqual((hub["State"], hub["ValidatorsConnected"]), ("ready", 1))
        self.assertEqual(self.rows("hub", "status")["NetworkKey"], hub["NetworkKey"])
        validator = self.rows("validator", "status")
        self.assertEqual((validator["Connected"], validator["SpoolMax"], validator["TicksLost"]), (True, 268435456, 0))
        self.assertIn("Streams", self.rows("status", "api"))
        self.assertRegex(self.ok("validator", "status"), r"SpoolBatches +\d+")
        self.fails(USAGE, "hub, api or validator", "status", "cron")

    def test_status_starts_nothing_and_says_what_does_not_run(self):
        self.world.api.stop()
        try:
            self.fails(UNAVAILABLE, "systemctl enable --now dpin-api", "status", "api")
        finally:
            self.world.start_api()
            self.wait_ready()

    def test_top_prints_a_look_for_each_interval(self):
        lines = self.ok("top", "--json", "--count=2", "--delay=200ms").splitlines()
        self.assertEqual(len(lines), 2)
        for line in lines:
            self.assertEqual(json.loads(line)["dpin-hub"]["State"], "ready")
        with self.monitor() as m:
            m.wait(event="WebsiteStateChanged", id=self.busy(), state="UP")
        table = self.ok("top", "--count=3", "--delay=1s")
        self.assertEqual(table.count("PER SECOND"), 3)
        self.assertNotIn("\x1b", table)
        self.assertRegex(table, r"dpin-hub +States\.UP +1")
        code, shown = self.on_terminal("top", "--count=2", "--delay=200ms")
        self.assertEqual((code, shown.count("\x1b[H\x1b[J")), (OK, 2), shown)
        for wrong in ("--delay=1ms", "--delay=x", "--count=0", "--count=x"):
            self.fails(USAGE, wrong[:7], "top", wrong)

    def test_top_counts_by_the_second(self):
        before = int(self.rows("status", "hub")["Taken"]["commits"])
        argv = self.argv("top", "--count=3", "--delay=2s")
        top = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        for _ in range(3):  # each brings an epoch and a commit
            self.run_ctl("website", "rm", self.busy())
        out, _ = top.communicate()
        self.assertRegex(out, r"Taken\.commits +\d+ +\d+\.\d")
        self.assertGreater(int(self.rows("status", "hub")["Taken"]["commits"]), before)

    # Listening ----------------------------------------------------------------------------------------------------

    def test_an_outage_is_heard(self):
        with self.monitor() as m:
            website = self.busy()
            self.assertEqual(m.wait(event="WebsiteAdded", id=website)["url"], self.site.url)
            m.wait(event="WebsiteStateChanged", id=website, state="UP")
            self.site.set("down")
            try:
                changed = m.wait(event="WebsiteStateChanged", id=website, state="DOWN")
                self.assertEqual((changed["previous"], changed["cause"], changed["assurance"], changed["daemon"]),
                                 ("UP", "quorum", "single", "dpin-hub"))
                opened = m.wait(event="IncidentOpened", website=website)
                self.assertEqual((opened["kind"], opened["cause"], opened["url"]), ("down", "refused", self.site.url))
                self.assertRegex(opened["at"], r"^20\d\d-\d\d-\d\dT[\d:.]+Z$")
                self.assertEqual(self.rows("status", "hub")["Incidents"], 1)
                self.ok("website", "pause", website)
                self.assertEqual(m.wait(event="IncidentClosed", id=opened["id"])["cause"], "paused")
                m.wait(event="WebsiteStateChanged", id=website, state="PAUSED", previous="DOWN")
            finally:
                self.site.set("up")
            self.ok("website", "resume", website)
            m.wait(event="WebsiteStateChanged", id=website, state="UNKNOWN", previous="PAUSED")
            m.wait(event="WebsiteStateChanged", id=website, state="UP", previous="UNKNOWN")
            self.ok("website", "pause", website)
            self.ok("website", "rm", website)
            m.wait(event="WebsiteRemoved", id=website)

    def test_validators_are_heard_and_figures_follow(self):
        with self.monitor() as m:
            stranger = self.newcomer()
            waiting = m.wait(event="ValidatorWaiting", key=identity(stranger))
            self.assertEqual(waiting["address"], "192.0.2.7")
            self.ok("validator", "approve", identity(stranger))
            m.wait(event="ValidatorOnline", key=identity(stranger))
            m.wait(event="PropertiesChanged", daemon="dpin-hub", ValidatorsConnected=2)
            stranger.stop()
            m.wait(event="ValidatorOffline", key=identity(stranger))
            m.wait(event="PropertiesChanged", daemon="dpin-hub", ValidatorsConnected=1)

    def test_daemons_that_come_and_go_are_heard(self):
        with self.monitor() as m:
            self.world.validators["berlin"].stop()
            m.wait(event="Stopped", daemon="dpin-validator")
            self.world.validators["berlin"].start()
            m.wait(event="Started", daemon="dpin-validator")
            m.wait(event="PropertiesChanged", daemon="dpin-validator", Connected=True)
            self.world.database.stop()
            try:
                m.wait(event="PropertiesChanged", daemon="dpin-api")
            finally:
                self.world.database.start()
            self.wait_ready()
            m.wait(event="PropertiesChanged", daemon="dpin-hub", State="ready")

    def test_a_name_is_not_obeyed_by_terminals(self):
        with Listening(self.argv("monitor")) as m:
            stranger = self.newcomer(tags=["name=\x1b[2J\n\u009bm\u00e4h"])
            wait_until(lambda: any("ValidatorWaiting" in line for line in m.events), "it is heard of", 20)
        line, = [line for line in m.events if "ValidatorWaiting" in line]
        self.assertIn(f" key={identity(stranger)} name=?[2J??m\u00e4h address=192.0.2.7 ", line)

    def test_a_monitor_of_lines_ends_after_so_many(self):
        with subprocess.Popen(self.argv("monitor", "--count=3"), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as p:
            p.stderr.readline()
            website = self.busy()
            lines = p.communicate(timeout=20)[0].splitlines()
        self.assertEqual((p.returncode, len(lines)), (OK, 3))
        wanted = rf"20\S+Z dpin-hub WebsiteAdded id={website} url={re.escape(self.site.url)} at=20\S+"
        self.assertTrue(any(re.fullmatch(wanted, line) for line in lines), lines)

    # Telling ------------------------------------------------------------------------------------------------------

    def write_conf(self, name, text):
        with open(os.path.join(self.world.data, name + ".conf"), "w", encoding="ascii") as f:
            f.write(text)

    def test_reload_takes_the_log_level_and_refuses_a_bad_file(self):
        path = os.path.join(self.world.data, "hub.conf")
        with open(path, encoding="ascii") as f:
            good = f.read()
        try:
            self.write_conf("hub", good + "LogLevel=debug\n")
            self.assertEqual(self.ok("hub", "reload"), "")
            self.assertEqual(self.rows("log-level", "hub"), [{"daemon": "dpin-hub", "level": "debug"}])
            self.write_conf("hub", good + "LogLevel=notice\nNonsense=1\n")
            self.fails(FAILED, r"hub\.conf:\d+: .*Nonsense", "reload", "hub")
            self.assertEqual(self.rows("log-level", "hub")[0]["level"], "debug")
            self.assertIn("settings refused", self.world.hub.log())
        finally:
            self.write_conf("hub", good)
        self.assertEqual(self.ok("reload"), "")
        self.assertEqual({r["level"] for r in self.rows("log-level")}, {"info"})
        self.assertEqual(len(self.rows("log-level")), 3)
        self.assertEqual(self.world.hub.log().count("the settings were read again"), 2)
        self.fails(USAGE, "no daemon", "reload", "cron")

    def test_log_levels(self):
        self.assertEqual(self.ok("log-level", "api", "debug"), "")
        self.assertEqual(self.rows("log-level", "api")[0]["level"], "debug")
        self.fails(FAILED, "Unknown log level", "log-level", "api", "loud")
        self.ok("log-level", "dpin-api", "info")

    def test_others_are_told_what_they_may_not(self):
        if os.getuid() != 0:
            self.skipTest("needs root to become somebody else")
        for action, *args in (("org.dpin.Hub1.reload", "reload", "hub"), ("org.dpin.Api1.reload", "reload", "api"),
                              ("org.dpin.Validator1.reload", "reload", "validator"),
                              ("org.dpin.Validator1.check", "check", self.site.url),
                              ("org.dpin.Hub1.payout-manage", "payout", "approve", "x"),
                              ("org.dpin.Hub1.organisation-manage", "organisation", "keep", "x", "raw", "1"),
                              ("org.dpin.Hub1.alert-manage", "alert", "channel", "operator", "x", "yes"),
                              ("LogLevel", "log-level", "hub", "debug")):
            done = subprocess.run([*NOBODY, *self.argv(*args)], capture_output=True, text=True, check=False)
            if done.returncode == 126:
                self.skipTest("the build is closed to others")
            self.assertEqual(done.returncode, DENIED, done.stderr)
            self.assertIn(action, done.stderr)

    # One check ----------------------------------------------------------------------------------------------------

    def test_a_check_from_here(self):
        seen = self.rows("check", self.site.url)
        self.assertEqual([seen[k] for k in ("outcome", "error", "status", "address")], ["up", "", 200, "127.0.0.1"])
        self.assertEqual(seen["totalUs"], sum(seen[k + "Us"] for k in ("dns", "connect", "tls", "wait", "transfer")))
        self.assertGreater(seen["totalUs"], 0)
        self.assertEqual((seen["redirected"], seen["certificateExpiresAt"]), (False, None))
        self.assertRegex(self.ok("check", self.site.url, "--timeout=5s"), r"Outcome +up")
        code, out, _ = self.run_ctl("check", "http://127.0.0.1:9/", "--json")
        self.assertEqual((code, json.loads(out)["error"]), (FAILED, "refused"))
        code, out, _ = self.run_ctl("check", "http://10.0.0.1/", "--json")
        self.assertEqual((code, json.loads(out)["outcome"], json.loads(out)["error"]), (FAILED, "abstain", "guard"))
        self.fails(FAILED, "http", "check", "ftp://example.org/")
        self.fails(FAILED, "credentials", "check", "http://a:b@example.org/")
        for wrong in ("--timeout=1ms", "--timeout=2m", "--timeout=x"):
            self.fails(USAGE, "100ms to 60s", "check", self.site.url, wrong)

    def test_a_check_asserts(self):
        """Exit status, verdicts and reasons, by single options and by JSON."""
        seen = self.rows("check", self.site.url, "--contains=All is well", "--matches=^<!doctype", "--method=GET",
                         "--status=200", "--header=X-A: b")
        self.assertEqual((seen["outcome"], seen["reason"]), ("up", ""))
        self.assertEqual([(a["asserted"], a["verdict"]) for a in seen["assertions"]],
                         [('body contains "All is well"', "holds"), ('body matches "^<!doctype"', "holds")])
        code, out, _ = self.run_ctl("check", self.site.url, "--path=$.a=b", "--json")
        seen = json.loads(out)
        self.assertEqual((code, seen["error"]), (FAILED, "assertion"))
        self.assertEqual(seen["reason"],
                         'The answer is not as it should be (json $.a equals "b": the body is no JSON)')
        self.assertEqual(seen["assertions"], [{"asserted": 'json $.a equals "b"', "verdict": "no_json",
                                               "seen": "the body is no JSON"}])
        check = {"status": "404", "assertions": [{"source": "header", "property": "server", "operator": "exists"}]}
        code, out, _ = self.run_ctl("check", self.site.url, f"--check={json.dumps(check)}", "--json")
        seen = json.loads(out)
        self.assertEqual((code, seen["error"]), (FAILED, "status"))
        self.assertEqual(seen["reason"], "The status is not one of those accepted (the status is 200)")
        self.assertEqual(seen["assertions"][0]["verdict"], "holds", "it is judged all the same")
        code, out, _ = self.run_ctl("check", self.site.url, "--invert", "--json")
        self.assertEqual((code, json.loads(out)["error"]), (FAILED, "assertion"))
        self.assertIn("a failure is expected", json.loads(out)["reason"])

    def test_a_check_for_people(self):
        code, text, _ = self.run_ctl("check", self.site.url, "--contains=well", "--matches=nothing of it")
        self.assertEqual(code, FAILED)
        self.assertRegex(text, r"Outcome +down\n")
        self.assertIn('The answer is not as it should be (body matches "nothing of it": it is not so)\n', text)
        self.assertRegex(text, r"\nConnect +\d+\.\d ms +#+\n")
        self.assertRegex(text, r'body contains "well" +holds +so it is\n')
        self.assertRegex(text, r'body matches "nothing of it" +fails +it is not so\n')

    def test_a_check_that_is_none(self):
        self.fails(FAILED, "at byte 3", "check", self.site.url, "--matches=a(b")
        self.fails(FAILED, "at byte 3", "website", "add", self.site.url, "--matches=a(b")
        self.fails(FAILED, "written like", "check", self.site.url, "--path=a.b")
        self.fails(FAILED, "has no body", "check", self.site.url, "--body=x")
        self.fails(FAILED, "unknown member", "check", self.site.url, '--check={"rcode":"NOERROR"}')
        self.fails(USAGE, "says it all", "check", self.site.url, "--check={}", "--invert")
        self.fails(USAGE, "1 to 365", "check", self.site.url, "--certificate-days=0")

    def test_checks_are_bounded(self):
        self.site.set("slow")
        try:
            checks = [subprocess.Popen(self.argv("check", self.site.url), stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True) for _ in range(12)]
            ends = [(p.communicate()[1], p.returncode) for p in checks]
        finally:
            self.site.set("up")
        self.assertEqual(sorted(code for _, code in ends), [OK] * 8 + [UNAVAILABLE] * 4, ends)


if __name__ == "__main__":
    unittest.main()
