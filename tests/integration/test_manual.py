"""The manual says what the programs do: settings, options, verbs, actions; and its pages are in order."""

import os
import re
import subprocess
import unittest

from ctl_case import SOURCE, Programs

PAGES = sorted(os.listdir(os.path.join(SOURCE, "src/man")))
DAEMONS = ("hub", "api", "validator")


def text(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as f:
        return f.read()


class Pages(unittest.TestCase):
    def test_mandoc_has_nothing_to_say(self):
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *PAGES], cwd=os.path.join(SOURCE, "src/man"),
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_they_name_pages_that_exist(self):
        ours = {tuple(name.rsplit(".", 1)) for name in PAGES}
        for page in PAGES:
            for name, section in re.findall(r"^\.Xr (\S+) (\d)", text("src/man", page), re.M):
                self.assertTrue(not name.startswith("dpin") or (name, section) in ours, f"{page}: {name}({section})")
            self.assertIn(f".Dt {page.rsplit('.', 1)[0].upper()} {page[-1]}\n", text("src/man", page))

    def test_they_are_installed_and_packaged(self):
        installed = re.findall(r"'man/([^']+)'", text("src/meson.build"))
        self.assertEqual(sorted(installed), PAGES)
        packaged = "".join(text("debian", name) for name in os.listdir(os.path.join(SOURCE, "debian"))
                           if name.endswith(".install"))
        for page in PAGES:
            self.assertEqual(packaged.count(f"usr/share/man/man{page[-1]}/{page}\n"), 1, page)
            self.assertEqual(text("rpm/dpin.spec").count(f"%{{_mandir}}/man{page[-1]}/{page}*\n"), 1, page)

    def test_what_secrets_need_is_told(self):
        for page, chapters in (("dpin-hub.8", ("Backup", "Restoring", "Loss", "CREDENTIALS")),
                               ("dpin-validator.8", ("PRIVATE_KEY in an EnvironmentFile",)),
                               ("dpin-database.7", ("LOOKING AFTER IT", "A REPLICA FOR READS", "A POOL OF CONNECTIONS",
                                                    "SEVERAL SERVERS", "What is lost", "BACKUP", "RESTORING")),
                               ("dpin.7", ("THE PARTS", "FIRST STEPS", "SECURITY", "FILES"))):
            for chapter in chapters:
                self.assertRegex(text("src/man", page), rf"(?m)^\.S[hs] {chapter}$")

    def test_settings_and_their_variables(self):
        for program in DAEMONS:
            table = text("src", program, "conf.c")
            fields = re.findall(r'^\s+\{ "(\w+)", CONF_\w+,[^}]*?(?:NULL|"([A-Z_]+)") \}', table, re.M | re.S)
            page = text("src/man", f"dpin-{program}.conf.5")
            self.assertTrue(fields)
            self.assertEqual(re.findall(r"^\.It Cm (\w+)\b", page, re.M), [name for name, _ in fields], program)
            for name, variable in fields:
                if variable:
                    self.assertIn(f"Pq Ev {variable}\n", page, f"{program}: {name}")


class Help(Programs):
    def run_help(self, program, *words):
        return subprocess.run([self.world.program(program), *words, "--help"], capture_output=True, text=True,
                              check=True).stdout

    def test_options_of_the_daemons(self):
        for program in DAEMONS:
            shown = re.findall(r"^  --([a-z-]+)", self.run_help(f"dpin-{program}"), re.M)
            told = re.findall(r"^\.It Fl -([a-z-]+)", text("src/man", f"dpin-{program}.8"), re.M)
            self.assertEqual(told, sorted(shown), program)

    def verbs(self):
        """{"website add": its words}, as --help lists them."""
        found = {}
        for line in self.run_help("dpinctl").splitlines():
            match = re.match(r"  ((?:[a-z-]+ ?)+)(?: |$)(.*?)  ", line + "  ")
            if match and not line.startswith("  --"):
                found[match[1].strip()] = match[2]
        return found

    def told(self):
        """{"website add": the rest of its line in the page}."""
        found = {}
        page = text("src/man/dpinctl.1").replace("\\\n", "")  # lines go on behind a backslash
        for line in re.findall(r"^\.It Cm ([a-z].*)$", page, re.M):
            match = re.match(r"((?:[a-z-]+ ?)+?)(?= (?:Ar|Op|Oo)|$)", line)
            if match and not line.startswith("org."):
                found[match[1].strip()] = line[match.end():]
        return found

    def test_verbs_of_dpinctl(self):
        self.assertEqual(set(self.told()), set(self.verbs()))
        self.assertGreater(len(self.verbs()), 25)

    def test_options_of_verbs(self):
        common = set(re.findall(r"^  --([a-z-]+)", self.run_help("dpinctl"), re.M))
        page = text("src/man/dpinctl.1")
        self.assertEqual(set(re.findall(r"^\.It (?:Fl h , )?Fl -([a-z-]+)", page, re.M)), common)
        for verb, rest in self.told().items():
            takes = set(re.findall(r"^  --([a-z-]+)", self.run_help("dpinctl", *verb.split()), re.M))
            self.assertEqual(set(re.findall(r"Fl -([a-z-]+)", rest)), takes - common, verb)

    def test_actions_and_exit_statuses(self):
        page = text("src/man/dpinctl.1")
        actions = set()
        for name in os.listdir(os.path.join(SOURCE, "polkit")):
            actions.update(re.findall(r'<action id="([^"]+)"', text("polkit", name)))
        told = re.findall(r"org\.dpin\.\w+1\.[a-z-]+\b(?!\.)", page)
        self.assertEqual({a for a in told if not a.endswith((".policy", ".xml"))}, actions)
        codes = re.findall(r"CTL_\w+ = (\d)", text("src/ctl/command.h"))
        self.assertEqual(re.findall(r"^\.It (\d)$", page, re.M), codes)

    def test_the_monitor_names_what_the_interface_names(self):
        described = dict(re.findall(r'<signal name="(\w+)">\n(.*?)</signal>', text("dbus/org.dpin.Hub1.xml"), re.S))
        known = dict(re.findall(r'\{ "(\w+)",\s+\{ ([^}]+) \} \}', text("src/ctl/verb-monitor.c")))
        self.assertEqual(set(known), set(described))
        for name, arguments in described.items():
            self.assertEqual(re.findall(r'"(\w+)"', known[name]), re.findall(r'name="(\w+)"', arguments), name)


if __name__ == "__main__":
    unittest.main()
