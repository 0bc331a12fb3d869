"""Runs the Python tests of a folder. Usage: run_unittests.py FOLDER COUNTS [PATTERN [JOBS]]

Takes FOLDER/test_*.py (unittest); PATTERN picks the tests whose id contains it. One line per test with its time; a
failure is shown when it happens. With JOBS so many classes run at a time, each in a process of its own: most tests wait
more than they work. A class that says `alone = True` measures, and runs when the others are done; one that says
`slow = True` is begun before the others, so that none waits for it in the end; one that says `long = True` is none of
the tests unless DPIN_LONG is set (./dev test --long).
Appends "PASSED FAILED SKIPPED" to COUNTS. Exits 1 if something failed.
"""
import glob
import importlib
import os
import signal
import sys
import tempfile
import time
import traceback
import unittest

LONG = bool(os.environ.get("DPIN_LONG"))
CLASS_SECONDS = 2400 if LONG else 1200


class Reporter(unittest.TestResult):
    """Says each outcome at once and counts; a subtest that fails is a failure of its own."""

    def __init__(self):
        super().__init__()
        self.passed = self.failed = self.skipped = 0
        self.begun = 0.0
        self.bad = False

    def startTest(self, test):
        super().startTest(test)
        self.begun = time.monotonic()
        self.bad = False

    def say(self, word, test, more=""):
        print(f"{word:4} {time.monotonic() - self.begun:6.1f} s  {test.id()}{more}", flush=True)

    def fail(self, test, err):
        self.bad = True
        self.failed += 1
        self.say("FAIL", test)
        failure = issubclass(err[0], AssertionError)
        if failure:
            print(f"    {err[1]}", flush=True)
        if not (failure and getattr(test, "terse", False)):
            traceback.print_exception(*err, file=sys.stdout)
            sys.stdout.flush()

    def addSuccess(self, test):
        self.passed += 1
        self.say("ok", test)

    def addSkip(self, test, reason):
        self.skipped += 1
        self.say("skip", test, f": {reason}")

    def addFailure(self, test, err):
        self.fail(test, err)

    addError = addFailure

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.fail(subtest, err)

    def addExpectedFailure(self, test, err):
        self.addSuccess(test)

    def addUnexpectedSuccess(self, test):
        self.bad = True
        self.failed += 1
        self.say("FAIL", test, ": was expected to fail")


def load(folder, pattern):
    """The tests of a folder; a file that cannot be imported is a test that fails."""
    sys.path.insert(0, os.path.abspath(folder))
    loader, suite = unittest.TestLoader(), unittest.TestSuite()
    for path in sorted(glob.glob(os.path.join(folder, "test_*.py"))):
        name = os.path.splitext(os.path.basename(path))[0]
        try:
            found = loader.loadTestsFromModule(importlib.import_module(name))
        except Exception:  # whatever a test file does at import must not end the run
            found = unittest.FunctionTestCase(broken_import(name, traceback.format_exc()), description=name)
        suite.addTest(found)
    return filtered(suite, lambda t: is_wanted(t, pattern) or isinstance(t, unittest.FunctionTestCase))


def is_wanted(test, pattern):
    return pattern in test.id() and (LONG or not getattr(test, "long", False))


def broken_import(name, text):
    def import_of_test_file():
        raise ImportError(f"{name}\n{text}")
    return import_of_test_file


def filtered(suite, keeps):
    """Keeps the class suites, so that setUpClass and its twin are run."""
    kept = unittest.TestSuite()
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            inner = filtered(test, keeps)
            if inner.countTestCases():
                kept.addTest(inner)
        elif keeps(test):
            kept.addTest(test)
    return kept


def class_of(test):
    return f"{type(test).__module__}.{type(test).__qualname__}"


def classes(suite):
    """Every class of tests in it, once."""
    found = {}
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            found.update(classes(test))
        else:
            found[class_of(test)] = type(test)
    return found


class ClassRun:
    """A class of tests in a process of its own, which has all modules as they were imported: to import them again for
    each class costs more than most classes."""

    def __init__(self, name):
        self.name = name
        self.said, self.counts = tempfile.TemporaryFile("w+", errors="replace"), tempfile.TemporaryFile("w+")
        self.pid, self.begun = None, time.monotonic()

    def start(self, suite):
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            signal.alarm(CLASS_SECONDS)
            os.dup2(self.said.fileno(), 1)
            os.dup2(self.said.fileno(), 2)
            print(*run_here(filtered(suite, lambda t: class_of(t) == self.name)), file=self.counts, flush=True)
            sys.exit()
        return self

    def end(self, code, used):
        """It ended with this, and so many seconds of CPU: says what it said, and returns what it counted."""
        self.said.seek(0)
        self.counts.seek(0)
        said, result = self.said.read(), tuple(map(int, self.counts.read().split()))
        if len(result) != 3:
            why = f"did not end within {CLASS_SECONDS} s" if code == -signal.SIGALRM else \
                f"ended with {code} and counted nothing"
            said, result = f"{said}FAIL  {self.name}: {why}\n", (0, 1, 0)
        self.said.close()
        self.counts.close()
        said += f"     {time.monotonic() - self.begun:6.1f} s, {used:.1f} s of CPU  {self.name}, all of it\n"
        sys.stdout.write(said)
        sys.stdout.flush()
        return result


def run_classes(suite, names, jobs):
    """So many at a time, in this order. Returns what each counted."""
    waiting, running, results = list(names), {}, []
    while waiting or running:
        while waiting and len(running) < jobs:
            run = ClassRun(waiting.pop(0)).start(suite)
            running[run.pid] = run
        pid, status, used = os.wait4(-1, 0)
        results.append(running.pop(pid).end(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime))
    return results


def run_jobs(suite, jobs):
    found = classes(suite)
    together = sorted((n for n, c in found.items() if not getattr(c, "alone", False)),
                      key=lambda n: (not getattr(found[n], "slow", False), n))
    results = run_classes(suite, together, jobs) + run_classes(suite, sorted(set(found) - set(together)), 1)
    return [sum(r[i] for r in results) for i in range(3)]


def run_here(suite):
    reporter = Reporter()
    suite.run(reporter)
    return [reporter.passed, reporter.failed, reporter.skipped]


def main(folder, counts, pattern="", jobs="0"):
    suite = load(folder, pattern)
    result = run_jobs(suite, int(jobs)) if int(jobs) > 1 else run_here(suite)
    with open(counts, "a", encoding="ascii") as out:
        print(*result, file=out)
    return 1 if result[1] else 0


if __name__ == "__main__":
    result = main(*sys.argv[1:])
    sys.exit(result if sys.argv[2] == os.devnull else 0)
