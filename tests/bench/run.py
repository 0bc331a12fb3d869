"""./dev bench [GROUP...]: measures and says how it compares with its goals. A measurement is no test: a goal that is
missed is said loudly, and the exit status is 0 all the same.

  --list      the groups and what they measure
  --runs=N    the median of so many runs (default 3)
  --long      larger: ten times the ticks
"""

import argparse
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [HERE, os.path.join(TESTS, "run"), os.path.join(TESTS, "integration")]

import frame  # noqa: E402
from load import Bench  # noqa: E402
from process import Failure, say  # noqa: E402


def arguments(argv):
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.split("\n\n")[0],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help="none: all of them")
    parser.add_argument("--build", default="build/gcc", help=argparse.SUPPRESS)
    parser.add_argument("--out", default="build/bench.json", help=argparse.SUPPRESS)
    parser.add_argument("--runs", type=int, default=3, help="the median of so many runs (default 3)")
    parser.add_argument("--long", action="store_true", help="larger: ten times the ticks")
    parser.add_argument("--list", action="store_true", help="the groups and what they measure")
    return parser.parse_args(argv)


def print_list():
    for name in frame.group_names():
        for m in frame.load_group(name).METRICS:
            goal = "" if m.goal is None else f", goal {'<=' if m.better == frame.LOWER else '>='} {m.goal:g}"
            say(f"{m.name:32} {m.what} ({m.unit}{goal})")


def measure_group(name, args):
    """{name: median} of the group; also after a run that failed, if another one did not."""
    group, runs = frame.load_group(name), []
    for i in range(max(1, args.runs)):
        start = time.monotonic()
        runs.append(group.measure(Bench(args.build, i, args.long)))
        say(f"bench {name}: run {i + 1} of {args.runs} took {time.monotonic() - start:.0f} s: "
            + ", ".join(f"{k.split('.', 1)[1]} {frame.number(v)}" for k, v in runs[-1].items()))
    if hasattr(group, "done"):
        group.done()
    return group.METRICS, frame.medians(runs)


def main(argv):
    args = arguments(argv)
    if args.list:
        print_list()
        return 0
    unknown = frame.unknown_groups(args.groups)
    if unknown:
        say(f"bench: no such group: {', '.join(unknown)} (there are: {', '.join(frame.group_names())})")
        return 2
    failed, lost = [], []
    for name in args.groups or frame.group_names():
        try:
            metrics, values = measure_group(name, args)
        except Failure as e:
            say(f"bench {name}: FAILED: {e}")
            failed.append(name)
            continue
        say(f"\n{frame.table(metrics, values)}\n")
        frame.merge(args.out, frame.rows(metrics, values))
        lost += frame.missed(metrics, values)
    if lost:
        say(f"MISSED: {', '.join(lost)}")
    return 1 if failed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is stopped
    sys.exit(main(sys.argv[1:]))
