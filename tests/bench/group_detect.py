"""How soon an outage is an incident that is committed, and a recovery its end: real validators, hub and PostgreSQL, and
targets that refuse connections or hang, switched at random moments. Then the same with two of the seven lying about it
all the time. Many websites are looked at side by side, each with a target, a phase and moments of its own; a line says
with which seed they were drawn. --long: healthy websites are watched for ten minutes while two lie, else as long as the
outages take (about a hundred seconds).
"""

import dataclasses
import os
import random
import select
import statistics
import threading
import time

import psycopg2
import psycopg2.extensions

from dpin_validator import REFUSED, UP, Validator
from frame import Metric
from process import Failure, say, wait_until
from site_switch import Site

INTERVAL, TIMEOUT, SEATS, LIARS = 20.0, 5.0, 7, 2
SITES, OUTAGES = 15, 2  # of each kind; so many outages of each
HEALTHY, HEALTHY_LONG = 8, 600.0
REST, ILL = (1.0, 2.0), (0.5, 1.5)  # from a recovery to the next outage, and back, in intervals
MOST = 90.0  # seconds, after which nobody waits any longer

METRICS = [
    Metric("detect.mean_s", "s", "outage (refused connections) to committed incident, mean of 30", 2.3),
    Metric("detect.max_s", "s", "the longest of them", 4.36),
    Metric("detect.recover_mean_s", "s", "recovery to committed end of the incident, mean", 2.6),
    Metric("detect.hang_max_s", "s", f"the longest where the target hangs, timeout {TIMEOUT:g} s", 9.86),
    Metric("detect.liars_max_s", "s", f"the longest with {LIARS} of {SEATS} lying (constant, then flipping)", 10.1),
    Metric("detect.wrong_spans", "count", "verdicts that say neither what is nor what was: PARTIAL, UNKNOWN, false", 0),
    Metric("detect.false_incidents", "count", "incidents of healthy websites, two lying", 0),
    Metric("detect.recover_max_s", "s", "the longest recovery"),
    Metric("detect.hang_mean_s", "s", "mean where the target hangs"),
    Metric("detect.liars_mean_s", "s", f"mean with {LIARS} of {SEATS} lying"),
    Metric("detect.liars_recover_max_s", "s", "the longest recovery of those"),
]


class Watch:
    """When incidents were opened and closed: a listener is told of a commit as soon as it is one."""

    def __init__(self, database):
        self._pg = psycopg2.connect(database.url("postgres"))
        self._pg.set_isolation_level(psycopg2.extensions.ISOLATION_LEVEL_AUTOCOMMIT)
        self._cursor = self._pg.cursor()
        self._cursor.execute("LISTEN dpin_commit")
        self._cursor.execute("SELECT commit_no FROM hub_state")
        self._last, self._ended = self._cursor.fetchone()[0], False
        self.seen = []  # (moment, website, whether opened)
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ended = True
        self._thread.join()
        self._pg.close()

    def _read(self):
        while not self._ended:
            if not select.select([self._pg], [], [], 0.2)[0]:
                continue
            told = time.monotonic()
            self._pg.poll()
            if self._pg.notifies:
                self._pg.notifies.clear()
                self._look(told)

    def _look(self, told):
        self._cursor.execute("""SELECT commit_no, payload->>'websiteId', kind FROM event
            WHERE commit_no > %s AND kind IN ('incident.opened', 'incident.closed')
            ORDER BY commit_no, ordinal""", (self._last,))
        rows = self._cursor.fetchall()
        with self._news:
            for commit_no, website, kind in rows:
                self._last = commit_no
                self.seen.append((told, website, kind == "incident.opened"))
            self._news.notify_all()

    def wait(self, website, opened, since):
        """The moment at which the incident of this website was opened, or closed, after another moment."""
        def find():
            return next((told for told, w, o in self.seen if told >= since and (w, o) == (website, opened)), None)

        with self._news:
            if not self._news.wait_for(find, MOST):
                raise Failure(f"{website}: no incident {'opened' if opened else 'closed'} within {MOST:g} s")
            return find()


@dataclasses.dataclass
class Watched:
    """A website, its target and what is done to it: "down", "hang", or "" for nothing."""
    name: str
    mode: str
    lie: str = ""
    target: Site = dataclasses.field(default_factory=Site)
    id: str = ""
    found: list = dataclasses.field(default_factory=list)  # seconds, one for each outage
    ended: list = dataclasses.field(default_factory=list)
    failure: Exception = None

    def suffer(self, watch, moments):
        """Its outages, one after the other, each when the last one is long over."""
        try:
            for _ in range(OUTAGES if self.mode else 0):
                time.sleep(INTERVAL * moments.uniform(*REST))
                self.found.append(self._switch(watch, self.mode))
                time.sleep(INTERVAL * moments.uniform(*ILL))
                self.ended.append(self._switch(watch, "up"))
        except Failure as e:
            self.failure = e

    def _switch(self, watch, mode):
        before = time.monotonic()
        self.target.set(mode)
        return watch.wait(self.id, mode != "up", before) - before


class Liars:
    """What the liars say of a website by its lie, whatever they are asked and whatever is true."""

    def __init__(self, sites):
        self.lies = {site.target.url: site.lie for site in sites}
        self.turns = {}

    def sees(self, number):
        def seen(_order, spec, _kind, _slot):
            lie = self.lies[spec["url"]]
            if lie == "flip":
                self.turns[number, spec["url"]] = not self.turns.get((number, spec["url"]), number == 0)
                return UP if self.turns[number, spec["url"]] else REFUSED
            if lie == "mixed":
                lie = ("up", "down")[number]
            return UP if lie == "up" else REFUSED
        return seen


def add_websites(world, sites):
    for site in sites:
        site.id = world.database.value(f"""
            INSERT INTO organisation (public_id, name) VALUES (gen_random_uuid(), 'bench') ON CONFLICT DO NOTHING;
            INSERT INTO website (public_id, organisation_id, url, name, interval_ms, timeout_ms, seats)
            SELECT gen_random_uuid(), id, '{site.target.url}', '{site.name}', {INTERVAL * 1000}, {TIMEOUT * 1000},
                   {SEATS} FROM organisation WHERE name = 'bench' RETURNING public_id""")


def await_up(world, sites):
    """All are UP with all seats, by all seats: since every seat's slot has been once after its first probe."""
    wait_until(lambda: world.database.value(f"""SELECT count(*) FROM verdict_span WHERE ended_at IS NULL
        AND state = 'UP' AND n = {SEATS}""") == str(len(sites)), f"{len(sites)} websites are UP with {SEATS} seats", 60)
    time.sleep(INTERVAL)


def suffer_all(watch, sites, seed, least):
    """Every website has its outages; at least so many seconds pass."""
    threads = [threading.Thread(target=site.suffer, args=(watch, random.Random(f"{seed}/{site.name}")))
               for site in sites]
    end = time.monotonic() + least
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    time.sleep(max(0.0, end - time.monotonic()))
    failed = [str(site.failure) for site in sites if site.failure]
    if failed:
        raise Failure("; ".join(failed))


def spans_of(world, site):
    """The states after the first UP, in their order."""
    states = [row[0] for row in world.database.sql(f"""SELECT state FROM verdict_span s
        JOIN website w ON w.id = website_id WHERE w.public_id = '{site.id}' ORDER BY s.id""")]
    return states[states.index("UP"):]


def wrong_spans(world, sites):
    """How many verdicts do not belong to outages: each of those is a DOWN and an UP. The worst are told."""
    wrong = 0
    for site in sites:
        states = spans_of(world, site)
        more = len(states) - 1 - 2 * len(site.found)
        odd = sum(state not in ("UP", "DOWN") for state in states)
        if more or odd:
            say(f"bench detect: {site.name}: {' '.join(states)} in {len(site.found)} outages")
        wrong += max(more, odd)
    return wrong


def play(bench, sites, honest, least=0.0):
    """Starts everything, lets the websites suffer, returns the wrong spans and the incidents of the healthy."""
    seed = os.environ.get("DPIN_SEED") or str(random.SystemRandom().getrandbits(32))
    say(f"bench detect: {len(sites)} websites, {honest} of {SEATS} validators honest, DPIN_SEED={seed}")
    liars = []
    try:
        with bench.world() as world:
            for i in range(honest):
                world.start_validator(f"v{i}")
            lies = Liars(sites)
            liars += [Validator(world.hub_url, lies.sees(i)).start() for i in range(SEATS - honest)]
            wait_until(lambda: world.database.value("SELECT count(*) FROM validator WHERE connected") == str(SEATS),
                       f"{SEATS} validators are connected")
            add_websites(world, sites)
            await_up(world, sites)
            with Watch(world.database) as watch:
                suffer_all(watch, sites, seed, least)
            healthy = {site.id for site in sites if not site.mode}
            return wrong_spans(world, sites), sum(website in healthy for _, website, _ in watch.seen)
    finally:
        for liar in liars:
            liar.stop()
        for site in sites:
            site.target.close()


def seconds(sites, mode, lie=None):
    """(found, ended) of all outages of a kind."""
    chosen = [site for site in sites if site.mode == mode and lie in (None, site.lie)]
    return [s for site in chosen for s in site.found], [s for site in chosen for s in site.ended]


def tell(what, found, ended):
    say(f"bench detect: {what}: {len(found)} outages found in {statistics.mean(found):.2f} s (median "
        f"{statistics.median(found):.2f}, at most {max(found):.2f}), over in {statistics.mean(ended):.2f} s (median "
        f"{statistics.median(ended):.2f}, at most {max(ended):.2f})")


def measure_honest(bench):
    sites = [Watched(f"{mode}{i}", mode) for mode in ("down", "hang") for i in range(SITES)]
    wrong, _ = play(bench, sites, SEATS)
    (down, up), (hang, answer) = seconds(sites, "down"), seconds(sites, "hang")
    tell("refused connections", down, up)
    tell("hanging", hang, answer)
    return wrong, {"detect.mean_s": statistics.mean(down), "detect.max_s": max(down),
                   "detect.recover_mean_s": statistics.mean(up), "detect.hang_max_s": max(hang),
                   "detect.recover_max_s": max(up), "detect.hang_mean_s": statistics.mean(hang)}


def measure_liars(bench):
    constant = ("up", "down", "mixed")
    sites = [Watched(f"constant{i}", "down", constant[i % 3]) for i in range(SITES)]
    sites += [Watched(f"flip{i}", "down", "flip") for i in range(SITES)]
    sites += [Watched(f"healthy{i}", "", (*constant, "flip")[i % 4]) for i in range(HEALTHY)]
    wrong, false = play(bench, sites, SEATS - LIARS, HEALTHY_LONG if bench.long else 0.0)
    for lie in dict.fromkeys(site.lie for site in sites if site.mode):
        tell(f"{LIARS} say {lie}", *seconds(sites, "down", lie))
    found, ended = seconds(sites, "down")
    return wrong, {"detect.liars_max_s": max(found), "detect.liars_mean_s": statistics.mean(found),
                   "detect.liars_recover_max_s": max(ended), "detect.false_incidents": false}


def measure(bench):
    wrong, values = measure_honest(bench)
    wrong_lied, lied = measure_liars(bench)
    return {**values, **lied, "detect.wrong_spans": wrong + wrong_lied}
