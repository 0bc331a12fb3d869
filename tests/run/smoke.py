"""The main job from end to end, a line per step with its time and its bound. A step later than its bound fails."""

import json
import threading
import time
import urllib.request

from process import Failure, say, wait_until

INTERVAL_MS = 10000
SEATS = 4
DETECT = INTERVAL_MS / 1000 / SEATS + 1.5


class Events:
    """What the API streams, read by a thread of its own until the end of the run."""

    def __init__(self, world, token):
        self.seen = []
        request = urllib.request.Request(world.api_url + "/api/v1/events", headers={"Authorization": f"Bearer {token}"})
        self._answer = urllib.request.urlopen(request, timeout=60)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        event = {}
        try:
            for raw in self._answer:
                name, _, value = raw.decode().rstrip("\n").partition(": ")
                if name in ("id", "event", "data"):
                    event[name] = value
                elif not name and event:
                    self.seen.append((event.get("event"), json.loads(event.get("data", "null"))))
                    event = {}
        except (OSError, ValueError, AttributeError):
            pass

    def has(self, kind, **fields):
        return any(k == kind and all(data.get(f) == v for f, v in fields.items()) for k, data in list(self.seen))


class Steps:
    def __init__(self):
        self.count = 0

    def await_(self, what, bound, condition):
        begun = time.monotonic()
        value = wait_until(condition, what, bound + 20)
        took = time.monotonic() - begun
        self.count += 1
        say(f"{'ok' if took <= bound else 'LATE':4} {what}: {took:.2f} s (bound {bound:g} s)")
        if took > bound:
            raise Failure(f"{what} took {took:.2f} s, its bound is {bound:g} s")
        return value


def smoke(world, site, token, verify):
    """verify(world) checks every stored signature and returns how many it checked."""
    steps = Steps()
    db = world.database
    events = Events(world, token)
    steps.await_("four validators are connected", 10,
                 lambda: db.value("SELECT count(*) FROM validator WHERE connected") == "4")
    status, _, made = world.request("POST", "/api/v1/website", token, {"url": site.url, "intervalMs": INTERVAL_MS})
    if status != 201:
        raise Failure(f"adding {site.url}: {status} {made}")
    website = made["id"]
    path = f"/api/v1/website/status?websiteId={website}"
    steps.await_("the test site is judged UP by quorum", 30,
                 lambda: world.get(path, token)["state"] == "UP" and seated(world, website, token))
    site.set("down")
    steps.await_("refused connections open an incident", DETECT, lambda: open_incidents(db, website) == "1")
    steps.await_("REST says DOWN", 1, lambda: world.get(path, token)["state"] == "DOWN")
    steps.await_("the same came over SSE", 1, lambda: events.has("verdict.changed", websiteId=website, state="DOWN")
                 and events.has("incident.opened", websiteId=website))
    site.set("up")
    steps.await_("the site is UP again, the incident closed", DETECT, lambda: open_incidents(db, website) == "0")
    steps.await_("REST says UP", 1, lambda: world.get(path, token)["state"] == "UP")
    steps.await_("the end came over SSE", 1, lambda: events.has("incident.closed", websiteId=website)
                 and events.has("verdict.changed", websiteId=website, state="UP"))
    steps.await_("REST has the history, good and bad", 2,
                 lambda: {"Good", "Bad"} <= {t["status"] for t in world.get(path, token)["ticks"]})
    steps.await_("REST has the incident", 1, lambda: [i for i in world.get(
        f"/api/v1/incidents?websiteId={website}", token)["incidents"] if i["closedAt"]])
    checked = steps.await_("every stored signature verifies with the second implementation", 20, lambda: verify(world))
    say(f"     {checked} signatures of batches and orders, {db.value('SELECT count(*) FROM website_tick')} ticks")
    return steps.count


def seated(world, website, token):
    seats = world.get(f"/api/v1/website/verdict?websiteId={website}", token)["seats"]
    return len(seats) == SEATS and all(s["vote"] == "up" for s in seats)


def open_incidents(db, website):
    return db.value(f"""SELECT count(*) FROM incident JOIN website w ON w.id = website_id
                        WHERE w.public_id = '{website}' AND closed_at IS NULL""")
