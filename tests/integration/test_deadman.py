"""The dead man's URL of a real hub: called as long as it judges, and not when the hub, the database or the validators
stand still."""

import contextlib
import http.server
import json
import os
import shutil
import signal
import subprocess
import threading
import time
import unittest

from hub_case import BUILD, HubCase, build_has
from process import Process, listening_socket, wait_until
from world import World

SECRET = "s3cret-path"
BOUND = 15 + 1 + 1  # seconds without a commit, the call under way, the interval


class Handle:
    """Who is called, and may answer something else than 204."""

    def __init__(self):
        self.calls, self.status, handle = [], 204, self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                handle.calls.append((time.monotonic(), self.path))
                self.send_response(handle.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def conf(self):
        return (f"DeadManUrl=http://127.0.0.1:{self.server.server_address[1]}/{SECRET}\nDeadManInterval=1s\n"
                "AlertAllow=127.0.0.0/8\n")

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def wait_calls(self, n=2, seconds=30):
        """n more than there were."""
        wanted = len(self.calls) + n
        wait_until(lambda: len(self.calls) >= wanted, f"{n} calls come", seconds)

    def wait_silence(self, bound):
        """Within bound seconds the calls end; for three intervals none comes."""
        begun = time.monotonic()
        wait_until(lambda: time.monotonic() - max(self.calls[-1][0], begun - 1) > 4, "the calls end", bound + 8)
        last = self.calls[-1][0]
        if last > begun + bound:
            raise AssertionError(f"called {last - begun:.1f} s after the standstill")
        return last


@contextlib.contextmanager
def stopped(pids):
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def family(pid):
    """A process and its children."""
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [pid, *map(int, children.stdout.split())]


class DeadManCase(HubCase):
    bus = True

    @classmethod
    def setUpClass(cls):
        cls.handle = Handle()
        cls.addClassCleanup(cls.handle.close)
        cls.conf = cls.handle.conf
        super().setUpClass()

    def status(self, name):
        return json.loads(self.world.ctl("status", "hub", "--json"))[name]


class Judging(DeadManCase):
    def test_called_by_its_interval(self):
        self.handle.wait_calls(1)
        begun = len(self.handle.calls)
        self.handle.wait_calls(4)
        gaps = [b[0] - a[0] for a, b in zip(self.handle.calls[begun:], self.handle.calls[begun + 1:])]
        self.assertGreater(min(gaps), 0.5)
        self.assertEqual({path for _, path in self.handle.calls}, {"/" + SECRET})
        self.assertEqual(self.status("DeadMan"), "called")
        self.assertGreaterEqual(int(self.status("DeadManCalls")["answered"]), 4)
        self.assertIn("the dead man's URL is called", self.world.hub.log())

    def test_the_database_stands_still(self):
        self.handle.wait_calls()
        with stopped(family(self.db.process.popen.pid)):
            self.handle.wait_silence(BOUND)
        self.handle.wait_calls(3, 60)

    def test_the_hub_stands_still(self):
        self.handle.wait_calls()
        with stopped([self.world.hub.popen.pid]):
            self.handle.wait_silence(1)
        self.handle.wait_calls(3, 60)

    def test_no_call_while_nothing_is_known(self):
        self.handle.wait_calls()
        website = self.add_website("https://unknown.example/")
        self.handle.wait_silence(5)
        self.assertEqual(self.status("DeadMan"), "held")
        self.assertIn("DPIN_REASON=no website has a verdict", self.world.hub.log())
        self.validator()
        self.wait_state(website, "UP", 60)
        self.handle.wait_calls()
        self.remove_website(website)

    def test_what_it_answers_is_told_once(self):
        self.handle.wait_calls()
        self.handle.status = 500
        wait_until(lambda: self.status("DeadMan") == "failing", "it fails")
        self.handle.wait_calls(3)
        self.assertEqual(self.world.hub.log().count("does not take calls"), 1)
        self.assertIn("it answered 500", self.world.hub.log())
        self.handle.status = 204
        wait_until(lambda: self.status("DeadMan") == "called", "it is called again")

    def test_the_url_is_nowhere(self):
        self.handle.wait_calls(1)
        self.assertNotIn(SECRET, self.world.hub.log())
        self.assertNotIn(SECRET, self.world.ctl("status", "hub", "--json"))


@unittest.skipUnless(build_has("dpin-hub"), "dpin-hub is not built")
class Passive(unittest.TestCase):
    def test_a_hub_that_waits_does_not_call(self):
        first, second = Handle(), Handle()
        self.addCleanup(first.close)
        self.addCleanup(second.close)
        world = World(BUILD)
        self.addCleanup(world.stop)
        world.start_database()
        world.migrate()
        world.start_hub(conf=first.conf)
        first.wait_calls(1, 40)
        state = os.path.join(world.data, "second")
        shutil.copytree(os.path.join(world.data, "hub"), state)
        path = os.path.join(world.run, "second.conf")
        with open(path, "w", encoding="ascii") as f:
            f.write("[Hub]\n" + second.conf)
        socket = listening_socket()
        self.addCleanup(socket.close)
        passive = Process("second", [world.program("dpin-hub"), f"--config={path}", "--bus=none"], world.run,
                          env={"DATABASE_URL": world.database.url(), "STATE_DIRECTORY": state},
                          sockets={"ws": socket}).start()
        self.addCleanup(passive.stop)
        wait_until(lambda: "the dead man's URL is not called" in passive.log(), "it says that it does not call", 20)
        first.wait_calls(3)
        self.assertEqual(second.calls, [])
        world.hub.stop(sig=signal.SIGKILL)
        second.wait_calls(2, 40)


if __name__ == "__main__":
    unittest.main()
