"""Programs that root named in hub.conf: what they get, how they end, and that nobody waits for them."""

import json
import os
import re
import subprocess
import tempfile
import time
import unittest

from alert_case import ALLOW, AlertCase
from process import wait_until

HOOKS = {
    "tell": "#!/bin/sh\ncat >$1.stdin\nenv >$1.env.new && mv $1.env.new $1.env\nls -l /proc/$$/fd >$1.fd\n",
    "args": "#!/bin/sh\nprintf '%s\\n' \"$@\" >$0.out.new && mv $0.out.new $0.out\n",
    "fail": "#!/bin/sh\necho no such pager\nprintf 'try \\033[31mlater\\n\\n' >&2\nexit 75\n",
    "hang": "#!/bin/sh\ntrap '' TERM\necho $$ >$0.pid\nsleep 600 & echo $! >>$0.pid\nwhile :; do sleep 1; done\n",
    "turns": "#!/bin/sh\necho + >>$0.out\nsleep 0.3\necho - >>$0.out\n",
    "flood": "#!/bin/sh\nhead -c 20000000 /dev/zero | tr '\\0' x\necho\necho over\nexit 1\n",
}


class Hooks(AlertCase):
    timeout, hooks = "10s", ("tell", "args", "fail", "turns", "flood", "gone")

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="")  # a line of hub.conf is short
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        for name, script in HOOKS.items():
            with open(os.path.join(cls.folder, name), "w", encoding="utf-8") as f:
                f.write(script)
            os.chmod(f.name, 0o755)
        words = {"tell": f" {cls.folder}/told", "args": " $(id) * 'a"}
        lines = [f"{name}={cls.folder}/{name}{words.get(name, '')}" for name in cls.hooks]
        cls.conf = ALLOW + f"AlertTimeout={cls.timeout}\nAlertExec={';'.join(lines)}\n"
        super().setUpClass()

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        wait_until(lambda: os.path.exists(self.path(name)), f"{name} is there")
        with open(self.path(name), encoding="utf-8") as f:
            return f.read()

    def told(self, hook, *options):
        """(channel, incident), of an incident that was told to a program."""
        channel, secret = self.add("exec", hook, *options)
        self.assertEqual(secret, "")
        return channel, self.open()

    def first_try(self, hook):
        channel, _ = self.told(hook)
        return self.wait_outbox(channel, lambda rows: rows[0][1] > 0, "it was tried", 20)[0]


class Run(Hooks):
    def test_what_it_is_told(self):
        self.db.sql(f"UPDATE website SET name = E'Ünï\\nDPIN_EVENT=x\\u202e' WHERE id = {self.website}")
        channel, incident = self.told("tell", "--subject={{state}}!")
        self.wait_delivered(channel)
        env = self.read("told.env")
        lines = dict(line.split("=", 1) for line in env.splitlines() if "=" in line)
        url = self.value(f"SELECT url FROM website WHERE id = {self.website}")
        self.assertEqual({k: lines[k] for k in ("DPIN_EVENT", "DPIN_INCIDENT", "DPIN_URL", "DPIN_NAME", "DPIN_SEVERITY",
                                                "DPIN_SUMMARY", "DPIN_KIND", "DPIN_CHANNEL", "DPIN_LINK")},
                         {"DPIN_EVENT": "incident.opened", "DPIN_INCIDENT": incident, "DPIN_URL": url,
                          "DPIN_NAME": "Ünï DPIN_EVENT=x", "DPIN_SEVERITY": "down", "DPIN_SUMMARY": "DOWN!",
                          "DPIN_KIND": "down", "DPIN_CHANNEL": "Operators",
                          "DPIN_LINK": f"https://dpin.example/#/incident/{incident}"})
        self.assertIn("DPIN_TEXT=Ünï DPIN_EVENT=x  is down.\n", env)
        self.assertEqual(lines["DPIN_ALERT_ID"],
                         self.value("SELECT public_id FROM alert_outbox ORDER BY id DESC LIMIT 1"))
        self.assertEqual({k for k in lines if k.isupper() and not k.startswith("DPIN_")}, {"PWD", "PATH"}, env)
        data = json.loads(self.read("told.stdin"))
        self.assertEqual((data["type"], data["data"]["incidentId"]), ("incident.opened", incident))
        files = dict(re.findall(r" (\d+) -> (.*)", self.read("told.fd")))
        shells = {self.path("tell"), files["2"]}  # the script, and its standard output while ls has another
        self.assertEqual({fd for fd, to in files.items() if to not in shells}, {"0", "1"}, files)

    def test_words_are_no_shells(self):
        channel, _ = self.told("args")
        self.wait_delivered(channel)
        self.assertEqual(self.read("args.out").splitlines(), ["$(id)", "*", "'a"])

    def test_its_last_words_when_it_fails(self):
        state, _, error = self.first_try("fail")
        self.assertEqual((state, error), ("pending", "the hook exited with 75: try ?[31mlater"))
        self.assertEqual(self.value("SELECT status FROM alert_delivery ORDER BY id DESC LIMIT 1"), "75")

    def test_who_says_much_is_heard_to_the_end(self):
        self.assertEqual(self.first_try("flood")[2], "the hook exited with 1: over")

    def test_one_that_is_not_there(self):
        self.assertEqual(self.first_try("gone")[2], "the hook cannot be started: No such file or directory")

    def test_names_that_root_did_not_give(self):
        for hook, words in (("other", "no hook of this name"), ("/bin/sh", "a name"), ("tell x", "a name")):
            done = subprocess.run([self.world.program("dpinctl"), f"--bus={self.world.bus_address}", "alert", "channel",
                                   "add", "exec", "x", hook], capture_output=True, text=True, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(words, done.stderr)
        channel, _ = self.add("exec", "tell")
        self.db.sql(f"""UPDATE alert_channel SET settings = '{{"hook": "sh"}}' WHERE public_id = '{channel}'""")
        self.open()
        rows = self.wait_outbox(channel, lambda rows: rows[0][1] > 0, "it was tried")
        self.assertEqual(rows[0][2], "AlertExec of hub.conf names no such hook: sh")

    def test_eight_at_once_and_all_in_the_end(self):
        channels = [self.add("exec", "turns")[0] for _ in range(20)]
        self.open()
        for channel in channels:
            self.wait_delivered(channel, seconds=30)
        running = most = 0
        for mark in self.read("turns.out").split():
            running += 1 if mark == "+" else -1
            most = max(most, running)
        self.assertEqual(running, 0)
        self.assertGreater(most, 1)
        self.assertLessEqual(most, 8)


class Slow(Hooks):
    timeout, hooks = "1s", ("hang",)

    def test_it_is_ended_with_all_it_started(self):
        began = time.monotonic()
        state, _, error = self.first_try("hang")
        self.assertEqual((state, error), ("pending", "the hook took too long"))
        self.assertLess(time.monotonic() - began, 15)
        for pid in self.read("hang.pid").split():
            wait_until(lambda p=pid: not self.runs(p), "it is gone")

    @staticmethod
    def runs(pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
                return f.read().rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            return False


if __name__ == "__main__":
    unittest.main()
