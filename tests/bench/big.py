"""A big database: websites with four seats, their ticks of days, batches, verdicts, incidents, closed hours and books,
in dpin's own schema. Hour by hour, oldest first, in a transaction each: one that was ended goes on where it was.

  big.py make TICKS [--build=DIR]   10^7 take some minutes and 2 GB, 10^8 twelve times that
  big.py list                       which there are, where, how big
  big.py remove [TICKS]             that one, or all

Hours are closed by the product's own functions. fsync is off while it is made, and only then.
"""

import argparse
import contextlib
import glob
import os
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
if __name__ == "__main__":
    sys.path[:0] = [HERE, os.path.join(TESTS, "run")]

from process import Failure, say  # noqa: E402
from world import World, scratch  # noqa: E402

FOUR_PER_DAY = 4 * 86400 * (1 / 60 + 1 / 30 + 1 / 20 + 1 / 10)  # ticks of four websites, one of each interval
DAYS, VALIDATORS, LAMPORTS = 7, 20, 10
BYTES_PER_TICK = 250  # 25 GB for 10^8
SPARE = 2 << 30
STALE = 0.1  # of its own length
QUICK = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "wal_level": "minimal",
         "max_wal_senders": "0", "max_wal_size": "1GB", "work_mem": "256MB", "jit": "off",
         "autovacuum_naptime": "5s"}  # which sums up what closing an hour looks through


def folder():
    return scratch("/var/lib/dpin-dev", os.path.dirname(TESTS))


def path_of(name):
    return os.path.join(folder(), f"big-{name}")


class Big(World):
    """The database of so many ticks; `name` for another than that of big.py. Up to now, or - with `ends`, a moment of
    SQL - up to then and with its hours still open."""

    def __init__(self, build, ticks, name=None, days=DAYS, ends=None):
        super().__init__(build, data=path_of(name or ticks), keep=True)
        self.wanted, self.days, self.ends = ticks, days, ends

    def stop(self):
        super().stop()
        shutil.rmtree(self.run, ignore_errors=True)

    def remove(self):
        super().stop()
        super().remove()

    # Making -------------------------------------------------------------------------------------------------------

    def make(self):
        """Whatever is missing; what is there stays as it is. The database does not run afterwards."""
        with self.quick():
            if self.database.value("SELECT to_regclass('bench.big')") == "":
                self.prepare()
            elif self.ends is None:
                self.migrate()
                self.go_on()
            self.fill()
            self.database.sql("VACUUM (ANALYZE)")
            self.database.sql("CHECKPOINT")
        return self

    @contextlib.contextmanager
    def quick(self):
        """The database runs, and would not survive a power cut."""
        self.expect_room()
        self.database.extra = [x for key, value in QUICK.items() for x in ("-c", f"{key}={value}")]
        self.start_database()
        try:
            yield
        finally:
            self.database.stop()
            self.database.extra = []
            os.sync()

    def expect_room(self):
        there = size(self.data)
        need, free = self.wanted * BYTES_PER_TICK + SPARE - there, shutil.disk_usage(self.data).free
        if need > free:
            raise Failure(f"{self.wanted:,} ticks need {need / 1e9:.0f} GB in {self.data}, {free / 1e9:.0f} are free")

    def prepare(self):
        self.migrate()
        fours = max(1, round(self.wanted / FOUR_PER_DAY / self.days))
        seconds = self.wanted / FOUR_PER_DAY / fours * 86400
        with open(os.path.join(HERE, "big.sql")) as f:
            self.database.sql(f"""BEGIN; {f.read()}
                SELECT bench.prepare({fours}, {VALIDATORS}, x.at - interval '{seconds:.0f} seconds', x.at,
                                     {self.ends is None})
                  FROM (SELECT {self.ends or "now() - interval '2 seconds'"} AS at) AS x; COMMIT""")

    def go_on(self):
        """What was made some time ago is continued, unless that is too much."""
        stale = float(self.database.value("SELECT extract(epoch FROM now() - ends_at) / extract(epoch FROM ends_at -"
                                          " began_at) FROM bench.big"))
        if stale > STALE:
            raise Failure(f"{self.data} ends too long ago: remove it (tests/bench/big.py remove)")
        self.database.sql("UPDATE bench.big SET ends_at = now() - interval '2 seconds'")

    def fill(self):
        progress = Progress(self)
        while self.database.value(f"SELECT bench.step({LAMPORTS})"):
            progress.tell()
        progress.tell(last=True)

    # Looking at it ------------------------------------------------------------------------------------------------

    def websites(self, interval_ms=60000):
        """Public ids."""
        return [row[0] for row in self.database.sql(f"""SELECT public_id FROM website WHERE interval_ms = {interval_ms}
            AND removed_at IS NULL ORDER BY id""")]

    def ticks(self):
        return int(self.database.value("SELECT ticks FROM bench.big"))


def retire(world):
    """A hub that starts has nothing to do with what big.sql made but to close its hours: no website to check, no
    validator to ask, and no verdict that goes on."""
    world.database.sql("""
        UPDATE website SET removed_at = now();
        UPDATE work_order SET removed_at = now() - interval '3 days';
        UPDATE validator SET state = 'suspended';
        UPDATE verdict_span SET ended_at = (SELECT ends_at FROM bench.big) WHERE ended_at IS NULL""")


class Progress:
    """A bar that is drawn again on a terminal; elsewhere a line for every tenth."""

    WIDTH = 40

    def __init__(self, big):
        self.big, self.began, self.first, self.tenth = big, time.monotonic(), None, -1
        self.bar = sys.stdout.isatty()

    def tell(self, last=False):
        done, ticks = self.big.database.sql("""SELECT extract(epoch FROM reached_at - began_at)
            / greatest(extract(epoch FROM ends_at - began_at), 1), ticks FROM bench.big""")[0]
        done = float(done)
        self.first = done if self.first is None else self.first
        if self.bar:
            print("\r" + self.line(done, int(ticks)), end="\n" if last else "", flush=True)
        elif last or int(10 * done) > self.tenth:
            say(self.line(done, int(ticks)))
        self.tenth = int(10 * done)

    def line(self, done, ticks):
        spent = time.monotonic() - self.began
        left = (1 - done) * spent / (done - self.first) if done > self.first else 0
        bar = ("#" * round(self.WIDTH * done)).ljust(self.WIDTH, ".")
        return f"big: [{bar}] {100 * done:3.0f} %, {ticks:,} ticks, {spent:.0f} s, {left:.0f} s to go   "


def size(path):
    """Bytes on disk of all that is below."""
    total = 0
    for where, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += os.lstat(os.path.join(where, name)).st_blocks * 512
    return total


def there():
    """{name: path}"""
    return {os.path.basename(p)[len("big-"):]: p for p in sorted(glob.glob(path_of("*")))}


def remove(name):
    if in_use(os.path.join(path_of(name), "postgres", "postmaster.pid")):
        raise Failure(f"{path_of(name)} is in use")
    shutil.rmtree(path_of(name))


def in_use(pid_file):
    """A server that was killed leaves this behind."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        with open(pid_file) as f:
            return os.path.exists(f"/proc/{int(f.readline())}")
    return False


def main(argv):
    parser = argparse.ArgumentParser(prog="tests/bench/big.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["make", "list", "remove"])
    parser.add_argument("ticks", nargs="?", type=lambda text: int(float(text)), help="as 1e7 or 10000000")
    parser.add_argument("--build", default="build/gcc", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.verb == "make":
        big = Big(args.build, args.ticks or parser.error("how many ticks?"))
        try:
            big.make()
        finally:
            big.stop()
    for name, path in there().items():
        if args.verb == "remove" and args.ticks in (None, int(name) if name.isdigit() else None):
            remove(name)
            say(f"removed {path}")
        elif args.verb != "remove":
            say(f"{name}: {path}, {size(path) / 1e9:.2f} GB")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Failure as e:
        sys.exit(f"big: {e}")
