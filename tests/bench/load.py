"""dpin-load from Python: started, followed by the line it says each second, read at its end."""

import json
import os
import signal
import subprocess
import threading

from process import Failure, die_with_parent, wait_until
from world import World

PATIENCE = 60  # seconds that a generator may be late on a busy machine


class Bench:
    """What a group gets for one run."""

    def __init__(self, build, run=0, long=False):
        self.build, self.run, self.long = os.path.abspath(build), run, long

    def program(self, name):
        return os.path.join(self.build, "tests", name)

    def world(self, conf="", bus=False):
        """A database and a hub that is ready; a context manager. `bus`: it has a place on a private bus."""
        return BenchWorld(self.build, conf, bus)

    def load(self, url, **options):
        return Load(self.program("dpin-load"), url, **options)


class BenchWorld(World):
    def __init__(self, build, conf, bus):
        super().__init__(build)
        self.conf, self.has_bus = conf, bus

    def __enter__(self):
        self.start_database()
        self.migrate()
        if self.has_bus:
            self.start_bus()
        self.start_hub(self.conf)
        wait_until(lambda: self.database.value("SELECT network_key IS NOT NULL FROM hub_state") == "t",
                   "the hub has its database")
        return self

    def add_websites(self, n, **options):
        add_websites(self, n, **options)


def add_websites(world, n, interval_ms=10000, timeout_ms=2000, seats=4):
    world.database.sql(f"""
        INSERT INTO organisation (public_id, name) VALUES (gen_random_uuid(), 'bench') ON CONFLICT DO NOTHING;
        INSERT INTO website (public_id, organisation_id, url, interval_ms, timeout_ms, seats)
        SELECT u, o.id, 'http://' || u || '.example/', {interval_ms}, {timeout_ms}, {seats}
        FROM organisation o, (SELECT gen_random_uuid() AS u FROM generate_series(1, {n})) AS made
        WHERE o.name = 'bench'""")


class Load:
    """Options are those of the command line: batch_ms=500 is --batch-ms=500, idle=True is --idle."""

    def __init__(self, program, url, seconds=0, **options):
        argv = [program, f"--hub={url}", f"--seconds={seconds:g}", "--json"]
        for name, value in options.items():
            name = "--" + name.replace("_", "-")
            argv += [name] if value is True else [] if value is False else [f"{name}={value}"]
        self.popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      text=True, preexec_fn=die_with_parent)
        self.last, self.words, self.on_line = {}, "", None
        self._hear = threading.Thread(target=self._listen, daemon=True)
        self._hear.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.wait()
        self._hear.join()
        self.popen.stdout.close()
        self.popen.stderr.close()

    def _listen(self):
        for line in self.popen.stderr:
            words = line.split()
            if words[:2] != ["dpin-load:", "seconds"]:
                self.words += line
                continue
            self.last = {name: float(value) for name, value in zip(words[1::2], words[2::2])}
            if self.on_line:
                self.on_line(self.last)

    def wait(self, condition, what, seconds=60.0):
        """Until its last line satisfies the condition."""
        def checked():
            if self.popen.poll() is not None:
                raise Failure(f"dpin-load ended with {self.popen.returncode}: {self.words}")
            return self.last and condition(self.last)
        wait_until(checked, f"dpin-load: {what}", seconds)

    def wait_joined(self, seconds=120.0):
        self.wait(lambda line: line["ready"] == line["validators"], "all are joined", seconds)

    def sample(self, measure, seconds):
        """[(line, measure())] of the lines it says, one a second, until they are so many seconds apart."""
        taken, enough = [], threading.Event()

        def take(line):
            taken.append((line, measure()))
            if line["seconds"] - taken[0][0]["seconds"] > seconds - 0.5:
                enough.set()
        self.on_line = take
        in_time = enough.wait(seconds + PATIENCE)
        self.on_line = None
        if not in_time or self.popen.poll() is not None:
            raise Failure(f"dpin-load said {len(taken)} lines, not those of {seconds:g} s: {self.words}")
        return taken

    def forget_latencies(self):
        """Those of its summary begin here."""
        self.popen.send_signal(signal.SIGUSR1)

    def finish(self):
        """Its summary."""
        self.popen.send_signal(signal.SIGTERM)
        out = self.popen.stdout.read()
        if self.popen.wait() != 0:
            raise Failure(f"dpin-load ended with {self.popen.returncode}: {out}{self.words}")
        return json.loads(out)
