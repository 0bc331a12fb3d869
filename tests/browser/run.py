"""The dashboard's tests: its pure modules, then the whole of it in Chromium against a real system started here."""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(SOURCE, "tests", "run")]

from process import Failure, say, wait_until  # noqa: E402
from site_switch import Site  # noqa: E402
from world import World  # noqa: E402

MEMBER = "ann@example.org"
SHOTS = os.path.join(SOURCE, "build", "shots")


def modules():
    """(passed, failed) of the dashboard's own unit tests."""
    folder = os.path.join(SOURCE, "src", "dashboard")
    done = subprocess.run(["npm", "test", "--silent"], cwd=folder, capture_output=True, text=True)
    counts = dict(re.findall(r"^# (pass|fail) (\d+)$", done.stdout, re.M))
    passed, failed = int(counts.get("pass", 0)), int(counts.get("fail", 0))
    if done.returncode != 0 or passed == 0:
        say(done.stdout + done.stderr)
        failed = max(failed, 1)
    word, count = ("FAIL", failed) if failed else ("ok  ", passed)
    say(f"{word} {count} tests of the dashboard's modules")
    return passed, failed


def add(world, token, site):
    status, _, body = world.request("POST", "/api/v1/website", token, {"url": site.url, "intervalMs": 10000})
    if status != 201:
        raise Failure(f"adding {site.url}: {status} {body}")
    path = f"/api/v1/website/status?websiteId={body['id']}"
    wait_until(lambda: world.get(path, token)["state"] == "UP", "the test site is UP", 40)


def browser(world, site, token):
    """Exit status of the browser program; it prints its own steps and counts."""
    env = {**os.environ, "DPIN_URL": world.api_url, "DPIN_TOKEN": token, "DPIN_SITE_URL": site.url,
           "DPIN_SITE_CONTROL": site.control, "DPIN_SHOTS": SHOTS, "DPIN_MEMBER": MEMBER}
    done = subprocess.run(["node", os.path.join(HERE, "dashboard.mjs")], env=env, stdout=subprocess.PIPE, text=True)
    *steps, last = done.stdout.splitlines() or [""]
    for line in steps:
        say(line)
    counts = re.fullmatch(r"(\d+) passed, (\d+) failed", last)
    if not counts:
        say(last)
        return 0, 1
    return int(counts[1]), max(int(counts[2]), int(done.returncode != 0))


def main():
    build = os.environ.get("DPIN_BUILD", os.path.join(SOURCE, "build", "gcc"))
    passed, failed = modules()
    try:
        site = Site()
        with World(build) as world:
            world.start(hub_conf="AlertAllow=127.0.0.0/8\n")
            token = world.token()
            add(world, token, site)
            world.database.sql("WITH new AS (INSERT INTO app_user (public_id, email)"
                               f" VALUES (gen_random_uuid(), '{MEMBER}') RETURNING id)"
                               " INSERT INTO membership SELECT o.id, new.id, 'editor'"
                               " FROM organisation o, new")
            more = browser(world, site, token)
            passed, failed = passed + more[0], failed + more[1]
    except Failure as e:
        say(f"FAIL {e}")
        failed += 1
    say(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
