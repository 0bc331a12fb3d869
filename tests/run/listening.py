"""A program that tells what happens, read as it comes: `dpinctl monitor`, `busctl monitor`."""

import json
import subprocess
import threading

from process import wait_until


class Listening:
    """Its output as `events`: lines, or what they say with --json. Use as a context manager."""

    def __init__(self, argv):
        self.events = []
        self.is_json = any(a.startswith("--json") for a in argv)
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        self.process.stderr.readline()  # "Listening", "Monitoring": from here on nothing is missed
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        return self

    def read(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line) if self.is_json else line)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        self.process.stderr.close()

    def first(self, matches, what, seconds=25):
        return wait_until(lambda: next((e for e in self.events if matches(e)), None), what, seconds)

    def wait(self, seconds=25, **wanted):
        """The first event in which all of this is so."""
        return self.first(lambda e: wanted.items() <= e.items(), f"an event with {wanted}", seconds)
