"""dpinctl against real daemons on a private bus: what its tests do again and again."""

import base64
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
import unittest
import unittest.mock

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "integration"), os.path.join(TESTS, "run")]

from dpin_validator import UP, Validator  # noqa: E402
from process import wait_until  # noqa: E402
from world import BUS_CONFIG, World  # noqa: E402

SOURCE = os.path.dirname(TESTS)
BUILD = os.environ.get("DPIN_BUILD") or os.path.join(SOURCE, "build", "gcc")
OK, FAILED, USAGE, NOT_FOUND, DENIED, UNAVAILABLE = range(6)
NOWHERE = "01890000-0000-7000-8000-000000000000"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def identity(validator):
    return base64.urlsafe_b64encode(validator.key.public).decode().rstrip("=")


class Programs(unittest.TestCase):
    """The programs, and no daemon."""

    @classmethod
    def setUpClass(cls):
        cls.world = World(BUILD)
        cls.addClassCleanup(cls.world.stop)

    def argv(self, *args, bus=None):
        return [self.world.program("dpinctl"), f"--bus={bus or self.world.bus_address}", *args]

    def run_ctl(self, *args, stdin=b"", env=None, bus=None):
        done = subprocess.run(self.argv(*args, bus=bus), input=stdin, capture_output=True,
                              env={**os.environ, **(env or {})}, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def ok(self, *args, **more):
        code, out, err = self.run_ctl(*args, **more)
        self.assertEqual(code, OK, err)
        return out

    def fails(self, code, words, *args, **more):
        got, out, err = self.run_ctl(*args, **more)
        self.assertEqual((got, out), (code, ""), err)
        self.assertRegex(err, words)

    def rows(self, *args):
        return json.loads(self.ok(*args, "--json"))


class Ctl(Programs):
    """Database, bus, hub and API; no website, no validator. `everyone`: others than this user come onto the bus."""

    everyone = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.start_database()
        cls.world.migrate()
        policy = '<policy context="default">'
        config = BUS_CONFIG.replace(policy, policy + '<allow user="*"/>') if cls.everyone else BUS_CONFIG
        with unittest.mock.patch("world.BUS_CONFIG", config):
            cls.world.start_bus()
        cls.world.start_hub(conf="TrustedProxies=127.0.0.1\n").start_api()
        cls.wait_ready()
        cls.db = cls.world.database

    @classmethod
    def wait_ready(cls):
        wait_until(lambda: cls.state("dpin-hub") == cls.state("dpin-api") == "ready", "hub and API have their database")

    @classmethod
    def state(cls, daemon):
        rows = json.loads(cls.world.ctl("status", "--json"))
        return next(r["state"] for r in rows if r["daemon"] == daemon)

    def busctl(self, service, member, types="", *args, check=True):
        """What a method answers, or its error's text."""
        name = f"org.dpin.{service}"
        done = subprocess.run(["busctl", f"--address={self.world.bus_address}", "--json=short", "--", "call", name,
                               "/" + name.replace(".", "/"), name, member, types, *map(str, args)],
                              capture_output=True, check=check)
        return json.loads(done.stdout)["data"] if done.returncode == 0 else done.stderr.decode()

    def on_terminal(self, *args, env=None, answers=(), seconds=20):
        """(exit status, what was shown) of dpinctl on a terminal, where each prompt gets its answer."""
        pid, fd = pty.fork()
        if pid == 0:
            os.environ.update({"TERM": "xterm", **(env or {})})
            os.execv(self.argv()[0], self.argv(*args))
        shown, answers, end = b"", list(answers), time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([fd], [], [], 0.1)[0]:
                try:
                    shown += os.read(fd, 4096)
                except OSError:
                    break
            if answers and shown.endswith(b": "):
                os.write(fd, answers.pop(0))
                shown += b"|"
        else:
            os.kill(pid, signal.SIGKILL)
        os.close(fd)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()

    def newcomer(self, address="192.0.2.7", tags=()):
        """Not from this machine, so nobody trusts it yet."""
        v = Validator(self.world.hub_url, lambda *_: UP, headers={"X-Forwarded-For": address}, tags=tags).start()
        self.addCleanup(v.stop)
        v.wait_welcome()
        return v
