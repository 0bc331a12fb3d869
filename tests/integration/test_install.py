"""What is installed: every file that is written for it, and examples of settings that say what the programs say."""

import json
import os
import re
import subprocess
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("DPIN_BUILD") or os.path.join(SOURCE, "build", "gcc")
NOT_INSTALLED = re.compile(r"meson\.build|README\.md|sandbox\.conf|examples")  # parts, and what packages put elsewhere


class Installed(unittest.TestCase):
    def test_no_file_is_forgotten(self):
        done = subprocess.run(["meson", "introspect", "--installed", BUILD], capture_output=True, check=True)
        taken = {os.path.relpath(path, SOURCE) for path in json.loads(done.stdout)}
        made = {os.path.basename(path) for path in taken}
        for folder in ("dbus", "polkit", "src/man", "units"):
            for name in os.listdir(os.path.join(SOURCE, folder)):
                if not NOT_INSTALLED.fullmatch(name):
                    installed = f"{folder}/{name}" in taken or name.endswith(".in") and name[:-3] in made
                    self.assertTrue(installed, f"{folder}/{name} is in no install rule")
        self.assertIn("sql", taken)

    def test_what_may_hold_a_secret_is_for_root(self):
        with tempfile.TemporaryDirectory() as root:
            subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", root], capture_output=True,
                           check=True)
            for daemon in ("api", "hub", "validator"):
                secret, open_to_all = (os.stat(os.path.join(root, "etc", *path)).st_mode & 0o777 for path in
                                       (("default", f"dpin-{daemon}"), ("dpin", f"{daemon}.conf")))
                self.assertEqual((secret, open_to_all), (0o600, 0o644), daemon)


class Examples(unittest.TestCase):
    def settings(self, program, **env):
        """[(name, value, origin)] as --print-config says them."""
        done = subprocess.run([os.path.join(BUILD, "src", f"dpin-{program}"), "--print-config"], capture_output=True,
                              text=True, env={"PATH": os.environ["PATH"], **env}, check=True)
        return [re.fullmatch(r"(\w+)=(.*?) *; (.*)", line).groups() for line in done.stdout.splitlines()]

    def example(self, program):
        with open(os.path.join(SOURCE, "units", f"{program}.conf"), encoding="utf-8") as f:
            return f.read()

    @unittest.skipIf(os.path.exists("/etc/dpin"), "this machine has settings of its own")
    def test_they_show_every_setting_with_its_default(self):
        for program, env in (("hub", {}), ("api", {}), ("validator", {"HUB_WSS_URL": "wss://hub.example.org/ws"})):
            shown = dict(re.findall(r"^#(\w+)=(.*)$", self.example(program), re.M))
            settings = self.settings(program, **env)
            self.assertEqual(list(shown), [name for name, _, _ in settings], program)
            for name, value, origin in settings:
                if value != "***":
                    self.assertEqual(shown[name], value, f"{program}: {name}")
                if name == "HubUrl":
                    self.assertEqual(origin, "environment variable HUB_WSS_URL")
                else:
                    self.assertIn(origin, ("default", "not set"), f"{program}: {name}")

    def test_nothing_in_them_is_in_effect(self):
        for program in ("hub", "api", "validator"):
            lines = [x for x in self.example(program).splitlines() if x and not x.startswith("#")]
            self.assertEqual(lines, [f"[{program.capitalize()}]"])
            with open(os.path.join(SOURCE, "units", f"dpin-{program}.environment"), encoding="utf-8") as f:
                self.assertTrue(all(x.startswith("#") or x == "\n" for x in f), program)


if __name__ == "__main__":
    unittest.main()
