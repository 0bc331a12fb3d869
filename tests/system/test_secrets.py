"""Keys and passwords: where they come from, in which order, and who may read them."""

import json
import unittest

import ground
from process import wait_until

KEY = "/var/lib/dpin-hub/hub.key"


class Keys(ground.SystemCase):
    def network_key(self):
        """The public half of the key that the hub has after a restart."""
        self.machine.run("systemctl", "restart", "dpin-hub")
        self.wait_bus("org.dpin.Hub1")
        return self.machine.property("Hub1", "NetworkKey")

    def new_key(self):
        """(text, public half)"""
        text = self.machine.run("dpinctl", "key", "generate")
        return text, self.machine.run("dpinctl", "key", "show", stdin=text).strip()

    def test_the_first_start_made_one_for_the_hub_alone(self):
        self.assertEqual(self.machine.run("stat", "--format=%U:%G %a", KEY).strip(), "dpin-hub:dpin-hub 600")
        self.assertEqual(self.network_key(), self.machine.run("dpinctl", "key", "show", KEY).strip())

    def test_one_that_others_may_read_is_refused(self):
        self.ready()
        self.machine.run("chmod", "o+r", KEY)
        self.addCleanup(self.machine.run, "chmod", "o-r", KEY)
        self.machine.run("systemctl", "restart", "dpin-hub", check=False)
        wait_until(lambda: self.refusals(), "the refusal is in the journal")
        refusal = self.refusals()[-1]
        self.assertEqual((refusal["DPIN_PATH"], refusal["DPIN_SOURCE"]), (KEY, "file"))
        self.assertIn("chmod", refusal["DPIN_ERROR"])
        self.assertNotEqual(self.machine.unit("dpin-hub.service", "ActiveState"), "active")

        self.machine.run("chmod", "o-r", KEY)  # and it comes back by itself
        self.machine.wait_status("dpin-hub.service", "ready")

    def refusals(self):
        return [e for e in self.machine.journal("--unit=dpin-hub", "--priority=err") if "DPIN_PATH" in e]

    def test_credential_then_environment_then_file(self):
        own = self.network_key()
        environment, its_public = self.new_key()
        credential, the_other_public = self.new_key()
        self.changed("/etc/default/dpin-hub", f"PRIVATE_KEY={environment}\n")
        self.assertEqual(self.network_key(), its_public)
        self.assertNotIn(environment.strip(), self.machine.run("systemctl", "show", "dpin-hub"))
        pid = self.machine.unit("dpin-hub.service", "MainPID")
        self.assertNotIn(environment.strip(), self.machine.run("cat", f"/proc/{pid}/environ"))

        self.machine.write("/etc/credstore/dpin-hub.key", credential, 0o600)
        self.addCleanup(self.machine.run, "rm", "-f", "/etc/credstore/dpin-hub.key")
        self.assertEqual(self.network_key(), the_other_public)
        pid = self.machine.unit("dpin-hub.service", "MainPID")
        self.assertNotIn(environment.strip(), self.machine.run("cat", f"/proc/{pid}/environ"))

        self.machine.run("rm", "/etc/credstore/dpin-hub.key")
        self.doCleanups()
        self.assertEqual(self.network_key(), own)

    def test_sealed_ones_as_the_example_says(self):
        public = self.network_key()
        self.machine.sh("mkdir -p -m 700 /etc/credstore.encrypted;"
                        f" systemd-creds encrypt --name=hub.key {KEY} /etc/credstore.encrypted/dpin-hub.key;"
                        f" mv {KEY} {KEY}.away")
        self.machine.run("systemd-creds", "encrypt", "--name=DatabaseUrl", "-",
                         "/etc/credstore.encrypted/dpin-hub.DatabaseUrl",
                         stdin="postgresql:///dpin?application_name=sealed\n")
        folder = "/etc/systemd/system/dpin-hub.service.d"
        self.addCleanup(self.machine.sh, f"rm -r {folder} /etc/credstore.encrypted; mv {KEY}.away {KEY};"
                                         " systemctl daemon-reload; systemctl restart dpin-hub")
        example = "/usr/share/doc/dpin-hub/examples/dpin-hub-credentials.conf"
        self.machine.sh(f"install -D -m 644 {example} {folder}/credentials.conf; systemctl daemon-reload")

        self.assertEqual(self.network_key(), public)
        self.machine.wait_status("dpin-hub.service", "ready")
        self.assertIn("sealed", self.machine.sql("SELECT application_name FROM pg_stat_activity"))
        self.machine.run("systemctl", "reload", "dpin-hub")
        self.assertEqual(self.machine.sh(f"ls {KEY}", check=False), "")  # none was made in its place

    def test_credentials_are_not_printed(self):
        self.machine.write("/etc/credstore/dpin-hub.DatabaseUrl", "postgresql://dpin-hub:secret@/dpin\n", 0o600)
        self.addCleanup(self.machine.sh, "rm /etc/credstore/dpin-hub.DatabaseUrl; systemctl restart dpin-hub")
        self.machine.run("systemctl", "restart", "dpin-hub")
        self.machine.wait_status("dpin-hub.service", "ready")
        self.machine.run("journalctl", "--sync")
        for command in ("systemctl show dpin-hub", "systemctl status dpin-hub", "journalctl -b"):
            self.assertNotIn("secret@", self.machine.sh(command))

    def test_one_process_prints_what_is_in_effect_and_why(self):
        self.changed("/etc/dpin/hub.conf", "[Hub]\nRetainRawDays=8\nDatabaseUrl=postgresql://a:secret@/dpin\n")
        self.machine.write("/etc/dpin/hub.conf.d/10.conf", "LogLevel=notice\n")
        self.addCleanup(self.machine.run, "rm", "-r", "/etc/dpin/hub.conf.d")
        printed = self.machine.run("env", "DPIN_LOG_LEVEL=debug", "dpin-hub", "--print-config")
        lines = {line.split("=")[0]: line for line in printed.splitlines()}
        self.assertRegex(lines["RetainRawDays"], r"^RetainRawDays=8 +; /etc/dpin/hub.conf:2$")
        self.assertRegex(lines["DatabaseUrl"], r"^DatabaseUrl=\*\*\* +; /etc/dpin/hub.conf:3$")
        self.assertRegex(lines["LogLevel"], r"^LogLevel=debug +; environment variable DPIN_LOG_LEVEL$")
        self.assertRegex(lines["Listen"], r"^Listen=\[::\]:8081 +; default$")
        self.assertRegex(lines["TrustedProxies"], r"^TrustedProxies= +; not set$")


class Validator(ground.SystemCase):
    def test_its_key_may_be_given_by_its_file_of_environment(self):
        key = self.machine.run("dpinctl", "key", "generate")
        public = self.machine.run("dpinctl", "key", "show", stdin=key).strip()
        self.machine.write("/etc/default/dpin-validator",
                           f"HUB_WSS_URL=ws://127.0.0.1:8081/ws\nPRIVATE_KEY={key}", 0o600)
        self.machine.run("systemctl", "start", "dpin-validator")
        self.machine.wait_status("dpin-validator.service", "ready")
        wait_until(lambda: [v["id"] for v in self.machine.rows("validator", "list") if v["connected"]] == [public],
                   "the hub knows it by that key")
        self.assertNotIn(key.strip(), self.machine.run("systemctl", "show", "dpin-validator"))
        self.assertEqual(len(json.loads(key)), 64)

    def test_without_a_hub_it_says_what_is_missing(self):
        self.machine.sh("systemctl stop dpin-validator; : > /etc/default/dpin-validator; systemctl reset-failed")
        self.machine.run("systemctl", "start", "dpin-validator", check=False)
        self.machine.run("journalctl", "--sync")
        self.assertIn("HubUrl is not set: name the hub in HubUrl= or HUB_WSS_URL",
                      self.machine.run("journalctl", "--boot", "--unit=dpin-validator"))
        self.machine.run("systemctl", "stop", "dpin-validator")


if __name__ == "__main__":
    unittest.main()
