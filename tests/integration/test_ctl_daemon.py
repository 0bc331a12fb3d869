"""dpinctl and the daemons themselves: how they are, what they are told."""

import os
import subprocess
import unittest

from ctl_case import DENIED, FAILED, NOBODY, OK, UNAVAILABLE, USAGE, Ctl
from process import wait_until


class Daemons(Ctl):
    everyone = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.start_validator("berlin", "region=eu")
        wait_until(lambda: cls.state("dpin-validator") == "ready", "the validator is there")

    # Looking ------------------------------------------------------------------------------------------------------

    def test_status_of_one_has_every_property(self):
        wait_until(lambda: self.state("dpin-validator") == "ready", "the validator is there")
        hub = self.rows("status", "hub")
        self.assertEqual(hub, self.rows("status", "dpin-hub") | {"Taken": hub["Taken"], "Refused": hub["Refused"]})
        self.assertEqual(set(hub), {"State", "Version", "NetworkKey", "Sessions", "Websites", "States", "Incidents",
                                    "Validators", "ValidatorsConnected", "SignalsDropped", "Taken", "Refused"}
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
                              ("org.dpin.Hub1.payout-manage", "payout", "approve", "x"),
                              ("LogLevel", "log-level", "hub", "debug")):
            done = subprocess.run([*NOBODY, *self.argv(*args)], capture_output=True, text=True, check=False)
            if done.returncode == 126:
                self.skipTest("the build is closed to others")
            self.assertEqual(done.returncode, DENIED, done.stderr)
            self.assertIn(action, done.stderr)


if __name__ == "__main__":
    unittest.main()
