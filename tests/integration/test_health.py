"""dpin-validator --health, asked of a real validator of a real hub: well, its hub away, standing still, not there."""

import os
import signal
import subprocess
import time
import unittest

from dpin_hub import Hub
from hub_case import BUILD, HubCase
from process import wait_until
from world import World


class Health(HubCase):
    def setUp(self):
        self.process = self.world.start_validator("h")
        self.addCleanup(self.process.stop)
        self.wait_answer(0, "ready: connected to ")

    def ask(self, *words, uid=None, **changes):
        """(exit status, what it printed) for a process with the validator's settings."""
        words = words or ("--health",)
        done = subprocess.run([*self.process.argv[:2], *words], env={**os.environ, **self.process.env, **changes},
                              capture_output=True, text=True, user=uid, check=False)
        self.assertEqual((done.stdout + done.stderr).count("\n"), 1, "one line")
        return done.returncode, done.stdout + done.stderr

    def wait_answer(self, code, text, *words):
        def as_wanted():
            answer = self.ask(*words)
            return answer[0] == code and answer[1].startswith(text) and answer
        return wait_until(as_wanted, f"{text} ({code})", 30)[1]

    def test_ready(self):
        for words in ("--health", "--health=ready", "--health=alive"):
            code, text = self.ask(words)
            self.assertEqual((code, text.split(",")[0]), (0, f"ready: connected to {self.world.hub_url}"))
        self.assertEqual(self.ask("--health", HUB_WSS_URL="")[0], 0, "the hub need not be named")

    def test_away_hub(self):
        self.world.hub.stop()
        try:
            text = self.wait_answer(1, f"not ready: away from {self.world.hub_url}: ")
            self.assertIn("its log says more", text)
            code, text = self.ask("--health=alive")
            self.assertEqual((code, text[:6]), (0, "alive:"))
        finally:
            self.world.hub.start()
        self.wait_answer(0, "ready: ")

    def test_one_that_stands_still(self):
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            for words in ("--health", "--health=alive"):
                begun = time.monotonic()
                code, text = self.ask(words)
                self.assertEqual((code, text), (1, "not alive: no answer within 3 s: restart it\n"))
                self.assertLess(time.monotonic() - begun, 4.5)
        finally:
            os.kill(self.process.pid, signal.SIGCONT)
        self.wait_answer(0, "ready: ")

    def test_not_running(self):
        state = self.process.env["STATE_DIRECTORY"]
        self.process.stop()
        self.assertFalse(os.path.exists(os.path.join(state, "health")))
        expected = (1, f"not running: no validator has {state}: start it, or name its StateDirectory\n")
        self.assertEqual(self.ask(), expected)
        self.process.start()
        self.process.kill()
        self.assertEqual(self.ask(), expected)
        self.process.start()
        self.wait_answer(0, "ready: ")

    def test_who_may_not_ask_is_told_so(self):
        if os.getuid() != 0:
            self.skipTest("needs another user to ask as")
        code, text = self.ask(uid=65534)
        self.assertEqual((code, text.partition(":")[0]), (1, "unknown"))
        self.assertIn("ask as the validator's, or root", text)

    def test_another_level_is_a_fault_of_the_caller(self):
        self.assertEqual(self.ask("--health=well"),
                         (2, "dpin-validator: --health takes alive or ready, not well\n"))

    def test_a_crowd_of_askers_leaves_nothing_behind(self):
        askers = [subprocess.Popen([*self.process.argv[:2], "--health"], env={**os.environ, **self.process.env},
                                   stdout=subprocess.PIPE) for _ in range(40)]
        answers = [a.communicate()[0].decode() for a in askers]
        self.assertEqual([a.returncode for a in askers], [0] * 40, answers)
        open_now = os.listdir(f"/proc/{self.process.pid}/fd")
        self.assertEqual(self.ask()[0], 0)
        self.assertEqual(len(os.listdir(f"/proc/{self.process.pid}/fd")), len(open_now))


class Unapproved(unittest.TestCase):
    def test_waiting_for_approval_is_well(self):
        world, hub = World(BUILD), Hub()
        self.addCleanup(world.stop)
        hub.alter = lambda kind, values: {**values, "approved": False} if kind == "welcome" else values
        hub.start()
        self.addCleanup(hub.stop)
        process = world.start_validator("v", url=hub.url)
        wait_until(lambda: "waiting for approval" in process.log(), "it is welcomed")
        done = subprocess.run([*process.argv[:2], "--health"], env={**os.environ, **process.env}, capture_output=True,
                              text=True, check=False)
        self.assertRegex(done.stdout, f"^ready: {hub.url} has not approved [\\w-]{{43}} yet\n$")
        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
