"""How soon an incident's alert is at its receiver: from the moment before the incident's commit is asked for to the
moment at which the whole request has been read. Real hub, real PostgreSQL, a real receiver; incidents are put as the
hub's writer puts them, a row whose trigger makes the alert part of the transaction, at random moments, as many of each
channel. Between two of them the same body is posted to the same receiver by a client of Python's own: that is the
reference. Then the same once more beside two receivers that are dead, one that takes connections and never answers and
one that refuses them, with a thousand alerts waiting for each."""

import http.client
import json
import random
import socket
import statistics
import time
import uuid

import psycopg2

import cost
from alert_case import Receiver
from frame import Metric
from process import Failure, say, wait_until

SEVERITIES = ("down", "partial", "warning", "info")  # a channel for each
INCIDENTS, BESIDE, RATE = 400, 200, 20.0  # of incidents a second
DEAD = 1000
IDLE = 3.0  # seconds, in which the hub has nothing to tell

METRICS = [
    Metric("alert.p99_ms", "ms", f"incident committed to webhook received, {INCIDENTS} at {RATE:g}/s", 500),
    Metric("alert.p50_ms", "ms", "the median of them"),
    Metric("alert.max_ms", "ms", "the longest of them"),
    Metric("alert.bare_p50_ms", "ms", "the reference: a POST of the same bytes by a bare client, median"),
    Metric("alert.bare_p99_ms", "ms", "the same, 99th percentile"),
    Metric("alert.cpu_us", "us", "CPU of the hub for an alert, beyond what it needs without any"),
    Metric("alert.database_cpu_us", "us", "CPU of PostgreSQL for an incident and its alert, the same way"),
    Metric("alert.dead_receiver_ms", "ms", f"so much later at most beside {DEAD:,} alerts to one that never answers "
           f"and {DEAD:,} to one that refuses, than the median without", 500),
]


class Incidents:
    """A connection that opens incidents, each of a website of its own."""

    def __init__(self, world):
        self._pg = psycopg2.connect(world.database.url("postgres"))
        self._cursor = self._pg.cursor()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._pg.close()

    def websites(self, n):
        """Their ids."""
        self._cursor.execute("""INSERT INTO organisation (public_id, name) VALUES (gen_random_uuid(), 'bench')
            ON CONFLICT DO NOTHING""")
        self._cursor.execute("""INSERT INTO website (public_id, organisation_id, url, interval_ms, timeout_ms, seats)
            SELECT u, o.id, 'http://' || u || '.example/', 86400000, 10000, 4
              FROM organisation o, (SELECT gen_random_uuid() AS u FROM generate_series(1, %s)) AS made
             WHERE o.name = 'bench' RETURNING id""", (n,))
        found = [row[0] for row in self._cursor.fetchall()]
        self._pg.commit()
        return found

    def open(self, websites, severity):
        """(public ids, the moment before their commit was asked for)"""
        self._cursor.execute("""INSERT INTO incident (public_id, organisation_id, website_id, kind, severity, cause,
                opened_at, first_evidence_at)
            SELECT gen_random_uuid(), organisation_id, id, 'down', %s, 'refused', now(), now()
              FROM website WHERE id = ANY (%s) RETURNING public_id""", (severity, websites))
        found = [row[0] for row in self._cursor.fetchall()]
        before = time.monotonic()
        self._pg.commit()
        return found, before


class Hearing:
    """What the receiver got, by the incident it is about."""

    def __init__(self, receiver):
        self._receiver, self._looked, self.at = receiver, 0, {}

    def look(self):
        """How many there are."""
        every = self._receiver.all()
        for request in every[self._looked:]:
            self.at.setdefault(request.about, request.at)
        self._looked = len(every)
        return len(self.at)


class Dead:
    """Takes connections, as the kernel does for whoever listens, and never says a word."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/hook"

    def close(self):
        self._socket.close()


def refusing_url():
    """Nobody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        return f"http://127.0.0.1:{s.getsockname()[1]}/hook"


def add_channel(world, name, url, **wanted):
    """Each alert is a message of its own there."""
    world.ctl("alert", "channel", "add", "webhook", name, url, f"--filter={json.dumps(wanted)}",
              '--rules={"digestFrom": 0, "perHour": 3600}')


def post_bare(receiver, body):
    """Milliseconds until the receiver has it."""
    name, began = f"bare-{uuid.uuid4()}", time.monotonic()
    client = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=10)
    client.request("POST", "/hook", body, {"content-type": "application/json", "webhook-id": name})
    if client.getresponse().status != 200:
        raise Failure("the receiver did not take what a bare client posts")
    client.close()
    at = next(r.at for r in reversed(receiver.all()) if r.id == name)
    return (at - began) * 1000


def play(incidents, receiver, websites, moments):
    """(ms of each incident's alert, ms of each bare POST); one after the other, at random moments."""
    hearing, opened, bare = Hearing(receiver), {}, []
    body = '{"type": "bare", "data": {"incidentId": "%s", "padding": "%s"}}' % (uuid.uuid4(), "x" * 400)
    for i, website in enumerate(websites):
        time.sleep(moments.expovariate(2 * RATE))
        found, before = incidents.open([website], SEVERITIES[i % len(SEVERITIES)])
        opened[found[0]] = before
        time.sleep(moments.expovariate(2 * RATE))
        bare.append(post_bare(receiver, body))
    wait_until(lambda: hearing.look() and opened.keys() <= hearing.at.keys(), "every alert came", 60)
    return [(hearing.at[name] - before) * 1000 for name, before in opened.items()], bare


def p99(values):
    return statistics.quantiles(values, n=100, method="inclusive")[98] if len(values) > 1 else values[0]


def cpus(world):
    return cost.cpu(world.hub.pid), cost.family_cpu(world.database.process.pid)


def spent(world, work):
    """(what `work` returns, seconds that it took, CPU seconds of hub and of database)"""
    began, before = time.monotonic(), cpus(world)
    result = work()
    return result, time.monotonic() - began, [b - a for a, b in zip(before, cpus(world))]


def measure_live(world, incidents, receiver, moments):
    _, idle_took, idle = spent(world, lambda: time.sleep(IDLE))
    websites = incidents.websites(INCIDENTS)
    (told, bare), took, busy = spent(world, lambda: play(incidents, receiver, websites, moments))
    hub, database = (max(0.0, b - i * took / idle_took) / INCIDENTS * 1e6 for b, i in zip(busy, idle))
    return {"alert.p99_ms": p99(told), "alert.p50_ms": statistics.median(told), "alert.max_ms": max(told),
            "alert.bare_p50_ms": statistics.median(bare), "alert.bare_p99_ms": p99(bare), "alert.cpu_us": hub,
            "alert.database_cpu_us": database}


def waiting(world):
    return int(world.database.value("SELECT count(*) FROM alert_outbox WHERE state = 'pending'"))


def measure_dead(world, incidents, receiver, moments, median):
    """Both who are dead are told of each incident of a kind that the live ones are not told of."""
    dead = Dead()
    try:
        for name, url in (("never answers", dead.url), ("refuses", refusing_url())):
            add_channel(world, name, url, kinds=["certificate"])
        many = incidents.websites(DEAD)
        world.database.sql(f"""INSERT INTO incident (public_id, organisation_id, website_id, kind, severity, cause,
                opened_at, first_evidence_at)
            SELECT gen_random_uuid(), organisation_id, id, 'certificate', 'warning', 'certificate', now(), now()
              FROM website WHERE id BETWEEN {min(many)} AND {max(many)}""")
        wait_until(lambda: int(world.database.value("SELECT min(failures) FROM alert_channel WHERE name = 'refuses'")),
                   "one has refused")
        told, _ = play(incidents, receiver, incidents.websites(BESIDE), moments)
        if waiting(world) < 2 * DEAD - 64:
            raise Failure(f"only {waiting(world)} alerts wait for the dead")
    finally:
        dead.close()
    say(f"bench alert: beside the dead {BESIDE} came in {statistics.median(told):.1f} ms (median), {p99(told):.1f} ms"
        f" (p99), {max(told):.1f} ms at most")
    return {"alert.dead_receiver_ms": max(told) - median}


def measure(bench):
    seed = random.SystemRandom().getrandbits(32)
    say(f"bench alert: DPIN_SEED={seed}")
    receiver = Receiver()
    try:
        with bench.world("AlertAllow=127.0.0.0/8\n", bus=True) as world, Incidents(world) as incidents:
            moments = random.Random(seed)
            incidents.websites(1)
            for severity in SEVERITIES:
                add_channel(world, f"live, {severity}", receiver.url, kinds=["down"], severities=[severity])
            values = measure_live(world, incidents, receiver, moments)
            return {**values, **measure_dead(world, incidents, receiver, moments, values["alert.p50_ms"])}
    finally:
        receiver.close()
