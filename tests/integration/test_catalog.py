"""The log catalog explains every event, and no other."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def text(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as f:
        return f.read()


class Catalog(unittest.TestCase):
    def test_every_event_is_explained_once(self):
        ids = re.findall(r'#define DPIN_MSG_\w+\s+"([0-9a-f]{32})"', text("src/base/log-ids.h"))
        self.assertEqual(re.findall(r"^-- ([0-9a-f]{32})$", text("units/dpin.catalog"), re.M), ids)

    def test_fields_are_those_that_are_logged(self):
        logged = set()
        for folder, _, files in os.walk(os.path.join(SOURCE, "src")):
            if "node_modules" not in folder:
                for name in files:
                    if name.endswith(".c"):
                        logged.update(re.findall(r"(DPIN_[A-Z]+)=", text(folder, name)))
        self.assertLessEqual(set(re.findall(r"@(\w+)@", text("units/dpin.catalog"))), logged)

    def test_no_program_fails_without_a_message_id(self):
        """What is an error is an event somebody acts on."""
        for program in ("hub", "api", "validator"):
            for name in os.listdir(os.path.join(SOURCE, "src", program)):
                if name.endswith(".c"):
                    self.assertNotIn("log_error(", text("src", program, name), f"{program}/{name}: use log_event()")

    def test_every_event_is_somebodys(self):
        used = set()
        for folder, _, files in os.walk(os.path.join(SOURCE, "src")):
            for name in files:
                if name.endswith(".c") and "node_modules" not in folder:
                    used.update(re.findall(r"\bDPIN_MSG_\w+", text(folder, name)))
        self.assertEqual(used, set(re.findall(r"#define (DPIN_MSG_\w+)", text("src/base/log-ids.h"))))

    @unittest.skipUnless(shutil.which("journalctl"), "journalctl is not installed")
    def test_the_journal_reads_it(self):
        with tempfile.TemporaryDirectory() as root:
            for folder in ("usr/lib/systemd/catalog", "var/lib/systemd/catalog"):
                os.makedirs(os.path.join(root, folder))
            shutil.copy(os.path.join(SOURCE, "units/dpin.catalog"), os.path.join(root, "usr/lib/systemd/catalog"))
            done = subprocess.run(["journalctl", f"--root={root}", "--update-catalog"], capture_output=True, check=True)
            self.assertEqual(done.stderr, b"")


if __name__ == "__main__":
    unittest.main()
