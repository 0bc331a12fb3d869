"""Faults in random order, seeded: each round breaks something under load, lets the system recover, and holds the
database and the spools against what was promised. `python3 tests/fault/run.py --help`"""

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(SOURCE, "tests", "run"), os.path.join(SOURCE, "tests", "integration")]

from arena import REAL, SEATS, Arena  # noqa: E402
from checker import Checker  # noqa: E402
from disk import hide_mounts  # noqa: E402
from faults import FAULTS  # noqa: E402
from process import Failure, die_with_parent, say  # noqa: E402

ROUNDS, LONG_ROUNDS = 5, 200
WORLD_ROUNDS = 20  # then all is new: a validator may open 64 streams in an hour, and a load opens two or three a round
FAILURES = 8  # then it gives up: of each all data is kept
LONG_PART = 4  # of so many batches one has its signature and its ticks verified: all of them are half of a round's time
SPARE = 1.15  # while the load's validators come again, and while some are away, others take their seats
DOWN = (0.0, 0.0, 0.01, 0.03)  # of the websites, as the load sees them from one round to the next
PAIRED = 6  # one round in so many has two faults at once
COUNT = re.compile(r"(\d+) passed, (\d+) failed, (\d+) skipped\n")
TOGETHER = ("hub-kill", "postgres-kill", "validator-kill")  # what may come on top of another


def arguments():
    p = argparse.ArgumentParser(prog="tests/fault/run.py", description=__doc__)
    p.add_argument("--build", default=os.environ.get("DPIN_BUILD", os.path.join(SOURCE, "build", "gcc")))
    p.add_argument("--seed", type=int, default=1, help="of the order of faults and of all choices in them")
    p.add_argument("--rounds", type=int, help=f"how many (default {ROUNDS}, with --long {LONG_ROUNDS})")
    p.add_argument("--round", type=int, help="this round of the seed only")
    p.add_argument("--only", metavar="FAULT", choices=sorted(f.name for f in FAULTS), help="no other fault")
    p.add_argument("--long", action="store_true", default=bool(os.environ.get("DPIN_LONG")),
                   help="many rounds; hub and database stay away for minutes")
    p.add_argument("--worlds", type=int, default=1, help="so many at once, each of its own (default 1)")
    p.add_argument("--part", type=int, help=argparse.SUPPRESS)  # which of these worlds this process has
    p.add_argument("--rate", type=int, default=2000, help="acknowledged ticks per second (default 2000)")
    p.add_argument("--peers", type=int, default=60, help="validators of the load (default 60)")
    p.add_argument("--keep", action="store_true", help="leave data and logs where they are")
    args = p.parse_args()
    args.rounds = args.rounds or (LONG_ROUNDS if args.long else ROUNDS)
    seats = args.rate * 10 * (args.peers + len(REAL)) / args.peers  # one tick in ten seconds
    args.sites = int(SPARE * seats / SEATS)
    return args


def again(args, number):
    """How to have this round once more: every option that its choices depend on."""
    options = [f"--seed={args.seed}", f"--build={args.build}", f"--rate={args.rate}", f"--peers={args.peers}"]
    options += [f"--only={args.only}"] if args.only else []
    options += ["--long"] if args.long else []
    return (f"{sys.executable} tests/fault/run.py {' '.join(options)} --rounds={number + 1}, "
            f"or --round={number} without those before it")


def plan(args):
    """[(number, faults)]: all faults in random order, then all again in another."""
    kinds = [f for f in FAULTS if args.only in (None, f.name)]
    together = [f for f in FAULTS if f.name in TOGETHER]
    rng, rounds = random.Random(args.seed), []
    while len(rounds) < max(args.rounds, (args.round or 0) + 1):
        for kind in rng.sample(kinds, len(kinds)):
            other = rng.choice(together)
            paired = rng.randrange(PAIRED) == 0 and not args.only and other is not kind
            rounds.append((len(rounds), [kind, other] if paired else [kind]))
    if args.round is not None:
        return rounds[args.round:args.round + 1]
    mine = range(args.worlds) if args.part is None else [args.part]
    return [r for r in rounds[:args.rounds] if r[0] // WORLD_ROUNDS % args.worlds in mine]


class Round:
    def __init__(self, args, number, kinds, arena, checker):
        self.number, self.arena, self.checker = number, arena, checker
        self.rng = random.Random(f"{args.seed} {number}")
        self.faults = [kind(arena, self.rng, args.long) for kind in kinds]
        self.part = (number % LONG_PART, LONG_PART) if args.long else (0, 1)
        self.rounds, self.laps = args.rounds, []
        self.begun = self.last = time.monotonic()
        self.title = "+".join(kind.name for kind in kinds)

    def lap(self, what):
        now = time.monotonic()
        self.laps.append(f"{what} {now - self.last:.1f}")
        self.last = now

    def run(self):
        arena = self.arena
        arena.wait_load()
        arena.wait_ticks(int(self.rng.uniform(0.2, 2.0) * arena.options.rate))
        self.lap("load")
        for fault in self.faults:
            fault.break_()
        self.lap("fault")
        for fault in self.faults:
            fault.mend()
        arena.recover()
        self.lap("back in")
        arena.wait_spools()
        for fault in self.faults:
            fault.prove(self.checker)
        arena.load.finish()
        self.lap("delivered")
        allows = frozenset().union(*(fault.allows for fault in self.faults))
        done = self.checker.check([arena.load.journal], allows, self.part)
        self.lap(f"checked{longest(done)}")
        self.report(done, arena.acked())
        arena.start_load(self.rng.choice(DOWN))

    def report(self, done, acked):
        detail = ", ".join(fault.detail for fault in self.faults if fault.detail)
        say(f"ok   round {self.number} of {self.rounds}: {self.title}{f' ({detail})' if detail else ''}; {acked} ticks "
            "acked, " + ", ".join(f"{n} {what}" for what, n, _ in done)
            + f"; {time.monotonic() - self.begun:.1f} s: {', '.join(self.laps)}")


def longest(done):
    """Which checks took seconds."""
    seconds = ", ".join(f"{what} {seconds:.1f}" for what, _, seconds in done if seconds >= 1)
    return f" ({seconds})" if seconds else ""


class Rounds:
    """Runs them, in worlds that are made new from time to time and after every failure."""

    def __init__(self, args):
        self.args, self.arena, self.checker = args, None, None
        self.passed = self.failed = self.skipped = self.left = 0

    def world(self):
        if self.arena and self.left == 0:
            self.end()
        if not self.arena:
            begun = time.monotonic()
            self.arena = Arena(self.args.build, self.args)
            self.arena.keep = self.args.keep
            self.checker, self.left = Checker(self.arena), WORLD_ROUNDS
            self.arena.start()
            say(f"     a new world: {self.args.sites} websites, {time.monotonic() - begun:.1f} s")
        self.left -= 1
        return self.arena, self.checker

    def run(self):
        for number, kinds in plan(self.args):
            title = f"round {number}, {'+'.join(kind.name for kind in kinds)}"
            try:
                arena, checker = self.world()
                why = arena.cannot(kinds)
                if why:
                    self.skipped += 1
                    say(f"SKIP {title}: {why}")
                    continue
                Round(self.args, number, kinds, arena, checker).run()
                self.passed += 1
            except Exception as e:  # whatever it is, it can be had again
                if not isinstance(e, Failure):
                    traceback.print_exc(file=sys.stdout)
                self.fail(f"{title}: {e}")
                say(f"     again: {again(self.args, number)}")
            if self.failed >= FAILURES:
                say(f"     {self.failed} failures: the rest is not tried")
                break
        self.end()

    def fail(self, what):
        self.failed += 1
        say(f"FAIL {what}")
        if self.arena:
            self.arena.keep = True
            say(f"     data and logs: {self.arena.data}, {self.arena.run}")
        self.close()

    def end(self):
        """A world ends in quiet, and all its checks are made once more for everything at once."""
        if not self.arena:
            return
        try:
            begun = time.monotonic()
            self.arena.come_to_rest()
            done = self.checker.check([self.arena.load.journal])
            killed = self.arena.close_hours()
            done += self.checker.whole()
            how = ", the hub killed while it closed an hour" if killed else ""
            say(f"ok   the end of a world{how}: " + ", ".join(f"{n} {what}" for what, n, _ in done)
                + f"; {time.monotonic() - begun:.1f} s{longest(done)}")
        except Failure as e:
            self.fail(f"the end of a world: {e}")
        self.close()

    def close(self):
        arena, self.arena = self.arena, None
        try:
            if arena:
                arena.stop()
        except Failure as e:
            self.failed += 1
            say(f"FAIL at the end of a world: {e}")


class Part(threading.Thread):
    """A process with every so many-th world; its words are passed on but the last, which is its count."""

    def __init__(self, number):
        super().__init__()
        self.popen = subprocess.Popen([*sys.orig_argv, f"--part={number}"], stdout=subprocess.PIPE, text=True,
                                      preexec_fn=die_with_parent)
        self.counts = [0, 1, 0]  # a process that ends without a word has failed
        self.start()

    def run(self):
        for line in self.popen.stdout:
            count = COUNT.fullmatch(line)
            if count:
                self.counts = [int(n) for n in count.groups()]
            else:
                say(line.rstrip("\n"))


def run_here(args):
    rounds = Rounds(args)
    hide_mounts()
    try:
        rounds.run()
    finally:
        rounds.close()
    return rounds.passed, rounds.failed, rounds.skipped


def run_parts(args):
    parts = [Part(number) for number in range(args.worlds)]
    for part in parts:
        part.join()
    return [sum(counts) for counts in zip(*(part.counts for part in parts))]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    args = arguments()
    passed, failed, skipped = run_here(args) if args.worlds == 1 or args.part is not None else run_parts(args)
    say(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
