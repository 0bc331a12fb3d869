"""Counts the results of one `meson test` run from its JSON log. Usage: count_meson.py TESTLOG COUNTS

Appends "PASSED FAILED SKIPPED" to COUNTS, and says of each program that failed what that said. A cmocka program says
how many tests it ran; a program that crashes, or one that does not count, is one test. Exits 1 if something failed.
"""
import json
import re
import sys

PASSED = re.compile(r"^\[  PASSED  \] (\d+) test", re.M)
FAILED = re.compile(r"^\[  FAILED  \] (\d+) test", re.M)
SKIPPED = re.compile(r"^\[  SKIPPED \] (\d+) test", re.M)
ERROR = re.compile(r"\[ +(ERROR|LINE|FAILED) +\]|==\d+==|SUMMARY: |.*runtime error: ")


def count(entry):
    """(passed, failed, skipped) of one line of the log."""
    text = entry.get("stdout", "") + "\n" + entry.get("stderr", "")
    passed, failed, skipped = (sum(map(int, p.findall(text))) for p in (PASSED, FAILED, SKIPPED))
    if entry["result"] in ("OK", "EXPECTEDFAIL"):
        return (passed or (0 if skipped else 1), failed, skipped)
    if entry["result"] == "SKIP":
        return (0, 0, 1)
    return (passed, failed or 1, skipped)


def say_failure(entry):
    """Its own words: cmocka's errors and failures; of one that has none, its last lines."""
    lines = (entry.get("stdout", "") + "\n" + entry.get("stderr", "")).splitlines()
    print(f"FAIL  {entry['name']}: {entry['result']}")
    for line in [x for x in lines if ERROR.match(x)] or lines[-30:]:
        print(f"    {line}")


def main(log, counts):
    with open(log, encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines if line.strip()]
    for entry in entries:
        if count(entry)[1]:
            say_failure(entry)
    totals = [sum(column) for column in zip(*map(count, entries))] or [0, 1, 0]
    with open(counts, "a", encoding="ascii") as out:
        print(*totals, file=out)
    return 1 if totals[1] else 0


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
