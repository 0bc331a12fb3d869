"""Several validators on one machine, each an instance of the template."""

import unittest

import ground
from process import wait_until


class Instances(ground.SystemCase):
    def test_two_side_by_side(self):
        self.ready()
        for name in ("berlin", "paris"):
            self.machine.write(f"/etc/dpin/validator@{name}.conf",
                               f"[Validator]\nHubUrl=ws://127.0.0.1:8081/ws\nName={name}\n")
            self.machine.write(f"/etc/default/dpin-validator@{name}", f"VALIDATOR_TAGS=city={name}\n", 0o600)
            self.machine.run("systemctl", "enable", "--now", f"dpin-validator@{name}")
        for name in ("berlin", "paris"):
            self.machine.wait_status(f"dpin-validator@{name}.service", "ready")
        website = self.add_website(self.machine.serve().url, "--interval=10s", "--timeout=2s", "--seats=2")
        self.wait_state(website, "UP")
        wait_until(lambda: self.machine.sql("SELECT count(DISTINCT validator_id) FROM website_tick") == "2",
                   "both have delivered", 60)
        keys = {self.machine.run("dpinctl", "key", "show", f"/var/lib/dpin-validator@{name}/validator.key").strip()
                for name in ("berlin", "paris")}
        self.assertEqual({v["id"] for v in self.machine.rows("validator", "list") if v["connected"]}, keys)
        self.assertEqual(len(keys), 2)

        # one ends, the other goes on; a reload is for one of them
        self.machine.run("systemctl", "stop", "dpin-validator@paris")
        self.machine.run("systemctl", "reload", "dpin-validator@berlin")
        self.assertEqual(self.machine.unit("dpin-validator@berlin.service", "ActiveState"), "active")
        self.assertEqual(self.machine.unit("dpin-validator.service", "ActiveState"), "inactive")

    def test_one_without_settings_says_which_file_it_wants(self):
        self.machine.run("systemctl", "start", "dpin-validator@rome", check=False)
        self.machine.run("journalctl", "--sync")
        self.assertIn("/etc/dpin/validator@rome.conf: No such file",
                      self.machine.run("journalctl", "--boot", "--unit=dpin-validator@rome"))
        self.machine.run("systemctl", "stop", "dpin-validator@rome")


if __name__ == "__main__":
    unittest.main()
