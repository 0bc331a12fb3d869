"""Runs the Python tests of a folder, one after the other. Usage: run_unittests.py FOLDER COUNTS [PATTERN]

Takes FOLDER/test_*.py (unittest); PATTERN picks the tests whose id contains it. One line per test with its time; a
failure is shown when it happens. Appends "PASSED FAILED SKIPPED" to COUNTS. Exits 1 if something failed.
"""
import glob
import importlib
import os
import sys
import time
import traceback
import unittest


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
    return filtered(suite, pattern)


def broken_import(name, text):
    def import_of_test_file():
        raise ImportError(f"{name}\n{text}")
    return import_of_test_file


def filtered(suite, pattern):
    """Keeps the class suites, so that setUpClass and its twin are run."""
    kept = unittest.TestSuite()
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            inner = filtered(test, pattern)
            if inner.countTestCases():
                kept.addTest(inner)
        elif pattern in test.id() or isinstance(test, unittest.FunctionTestCase):
            kept.addTest(test)
    return kept


def main(folder, counts, pattern=""):
    reporter = Reporter()
    load(folder, pattern).run(reporter)
    with open(counts, "a", encoding="ascii") as out:
        print(reporter.passed, reporter.failed, reporter.skipped, file=out)
    return 1 if reporter.failed else 0


if __name__ == "__main__":
    result = main(*sys.argv[1:])
    sys.exit(result if sys.argv[2] == os.devnull else 0)
