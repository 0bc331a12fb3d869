"""The system that faults are done to: a World on a disk of its own, real validators, thousands of websites under load.

What the tests kill they start again here, as systemd would; a daemon that ends by itself is a failure."""

import contextlib
import math
import os
import re
import signal
import sqlite3
import time

import check_spool
from clock import Clock
from database import Database
from disk import Disk
from load import Load
from process import Failure, Process, listening_socket, wait_until
from world import World

REAL = ("berlin", "virginia", "singapore", "saopaulo")
SEATS = 4
INTERVAL_MS, TIMEOUT_MS = 10000, 5000
FRESH_SECONDS = 10 + 2 * 5 + 5  # how long a vote counts: T + 2 timeout + L
STEADY_SECONDS = 11  # a validator counts for committees when it was connected for ten seconds
PATIENCE = 180  # seconds for what a quiet machine does in ten: thousands of websites begin or end
POSTGRES = ("-c", "max_wal_size=192MB", "-c", "min_wal_size=80MB", "-c", "wal_level=replica")

CLOSED = """NOT EXISTS (SELECT FROM tick_page WHERE date_trunc('hour', span, 'UTC') NOT IN
    (SELECT hour FROM closed_hour))"""
CLOSING = """EXISTS (SELECT FROM rollup_hour WHERE age(xmin) < age('{}'::xid)
    AND hour NOT IN (SELECT hour FROM closed_hour))"""

NGINX = """daemon off; master_process off; pid {run}/nginx.pid; error_log {run}/nginx-error.log; {user}
events {{ worker_connections 4096; }}
http {{ access_log off; client_body_temp_path {run}/b; proxy_temp_path {run}/p; fastcgi_temp_path {run}/f;
  uwsgi_temp_path {run}/u; scgi_temp_path {run}/s; keepalive_timeout 0;
  server {{ listen 127.0.0.1:{port} backlog=1024; location / {{ return 200 "All is well."; }} }} }}
"""


class Arena(World):
    """`options` has seed, sites (websites under load), peers (validators of dpin-load) and rate (ticks/s expected)."""

    def __init__(self, build, options):
        super().__init__(build)
        self.options = options
        self.disk = Disk(os.path.join(self.data, "disk"), 8192)
        self.small = Disk(os.path.join(self.data, "small"), 48)  # for the spool of the first real validator
        os.symlink(os.path.join(self.small.path), os.path.join(self.data, f"validator-{REAL[0]}"))
        self.database = Database(os.path.join(self.disk.path, "postgres"), os.path.join(self.run, "pg"), POSTGRES)
        self.site = None
        self.loads, self.began = [], 0.0
        self.hub_env, self.validator_env, self.validator_conf = {}, {}, {}
        self.down = set()  # what a test has killed and nobody started yet: "hub", "postgres", names of validators
        self.retired = []  # validators that are gone for good, and whose spools are still to be looked at

    # Starting -----------------------------------------------------------------------------------------------------

    def start(self):
        self.start_database()
        self.migrate()
        self.start_site()
        self.hub_env = Clock(os.path.join(self.run, "slow.clock"), -3600).env()
        self.start_hub()
        for name in REAL:
            self.start_validator(name)
        self.start_load()
        everybody = self.options.peers + len(REAL)
        wait_until(lambda: self.database.value(f"""SELECT count(*) >= {everybody} FROM validator WHERE connected
            AND last_connected_at < now() - interval '{STEADY_SECONDS} s'""") == "t",
                   "all validators are steady", PATIENCE)
        self.add_websites(self.options.sites)
        self.correct_clock()
        return self

    def correct_clock(self):
        """Until now the hub's clock was an hour slow: so all orders have a past of which nobody has spoken yet."""
        wait_until(lambda: self.database.value(f"""SELECT count(*) >= {SEATS * self.options.sites} FROM work_order
            WHERE sent_at IS NOT NULL""") == "t", "all orders are sent", PATIENCE)
        self.hub_env = {}
        self.kill_hub()
        self.began = time.time()
        self.recover()

    def start_site(self):
        """What the real validators look at; those of dpin-load look at nothing."""
        s = listening_socket()
        port = s.getsockname()[1]
        s.close()
        path = os.path.join(self.run, "nginx.conf")
        with open(path, "w", encoding="ascii") as f:
            f.write(NGINX.format(run=self.run, port=port, user="user root;" if os.getuid() == 0 else ""))
        self.site = Process("nginx", ["/usr/sbin/nginx", "-c", path, "-e", f"{self.run}/nginx-error.log"], self.run,
                            ready=False).start()
        self.site_url = f"http://127.0.0.1:{port}"

    def add_websites(self, n, prefix="s", seats=SEATS):
        """All in one statement."""
        self.database.sql(f"""
            INSERT INTO organisation (public_id, name) VALUES (gen_random_uuid(), 'fault') ON CONFLICT DO NOTHING;
            INSERT INTO website (public_id, organisation_id, url, interval_ms, timeout_ms, seats)
            SELECT gen_random_uuid(), (SELECT id FROM organisation WHERE name = 'fault'),
                   '{self.site_url}/{prefix}' || i, {INTERVAL_MS}, {TIMEOUT_MS}, {seats}
              FROM generate_series(1, {n}) AS i""")

    def failpoints(self, name):
        return self._directory(f"failpoints-{name}")

    def arm(self, name, point):
        """The next time `name` (hub, or a validator) comes by that point, it dies there."""
        open(os.path.join(self.failpoints(name), point), "wb").close()

    def disarm(self, name, point):
        """False: it has happened."""
        try:
            os.unlink(os.path.join(self.failpoints(name), point))
            return True
        except FileNotFoundError:
            return False

    def start_hub(self, conf="", env=None):
        super().start_hub(conf, {"DPIN_FAILPOINTS": self.failpoints("hub"), **self.hub_env, **(env or {})})
        self.down.discard("hub")

    def start_validator(self, name, tags="", conf="", env=None, url=None):
        conf = "Allow=127.0.0.0/8\n" + self.validator_conf.get(name, "")
        env = {"DPIN_FAILPOINTS": self.failpoints(name), **self.validator_env.get(name, {})}
        super().start_validator(name, tags, conf, env, url)
        self.down.discard(name)
        return self.validators[name]

    def start_load(self, down=0.0):
        """Where one stays, its keys come again at once: of members that are away for long, others take the seats."""
        if self.loads:
            self.load.leave()
        self.loads.append(Load(self, len(self.loads), down).start())

    @property
    def load(self):
        return self.loads[-1]

    def cannot(self, kinds):
        """Why these faults cannot be had here, or nothing."""
        disks = [getattr(self, kind.needs) for kind in kinds if kind.needs]
        return "; ".join(f"no disk of its own can be mounted: {disk.why}" for disk in disks if not disk.mounted)

    # Killing ------------------------------------------------------------------------------------------------------

    def kill_hub(self):
        self.down.add("hub")
        if self.hub.running():
            self.hub.kill()

    def kill_validator(self, name):
        self.down.add(name)
        if self.validators[name].running():
            self.validators[name].kill()

    def kill_postgres(self):
        """The postmaster and every backend, as if the machine's power went."""
        self.down.add("postgres")
        pids = self.signal_postgres(signal.SIGKILL)
        self.database.process.popen.wait()
        wait_until(lambda: not any(map(is_alive, pids)), "PostgreSQL is dead", 10)

    def signal_postgres(self, sig):
        """To the postmaster first, so that it starts no other backend. The pids."""
        process = self.database.process
        pids = [process.pid, *children(process.pid)] if process and process.running() else []
        for pid in pids:
            kill(pid, sig)
        return pids

    def stop_postgres(self):
        """In good order, but without waiting for its clients."""
        self.down.add("postgres")
        self.database.stop()

    def retire(self, name):
        """It is not started again; the next check sees its spool for the last time."""
        del self.validators[name]
        self.retired.append(name)

    # Mending ------------------------------------------------------------------------------------------------------

    def heal(self):
        """Starts what is down, lowest first; what was named and lives has survived."""
        if not self.database.process.running():
            self.database.start()
        if not self.hub.running():
            self.start_hub()
        for name, process in list(self.validators.items()):
            if not process.running():
                self.start_validator(name)
        self.down.clear()

    def assert_alive(self):
        """Nobody has ended who was not killed."""
        processes = {"hub": self.hub, "postgres": self.database.process, "nginx": self.site, **self.validators}
        if not self.load.left:
            processes["load"] = self.load.process
        for name, process in processes.items():
            if name not in self.down and not process.running():
                raise Failure(f"{name} ended by itself with {process.popen.returncode}; {process.tail(40)}")

    def recover(self):
        """Heals, and waits until everything works as before."""
        self.heal()
        self.wait_hub()
        self.wait_validators()
        self.wait_load()

    def wait_hub(self, seconds=40.0):
        wait_until(lambda: self.watch() and self.hub.status == "ready", "the hub is ready", seconds)

    def wait_validators(self, seconds=60.0):
        """Until every real validator has its orders again, and a tick that it sent since this was called was taken."""
        since = self.database.value("SELECT commit_no FROM hub_state")
        names = ", ".join(f"'{name}'" for name in REAL)
        wait_until(lambda: self.watch() and all(has_orders(self.validators[name]) for name in REAL)
                   and self.database.value(f"""SELECT count(DISTINCT validator_id) = {len(REAL)} FROM tick_batch
            JOIN validator v ON v.id = validator_id AND v.name IN ({names})
            WHERE commit_no > {since} AND position('\\x00' IN codes) + position('\\x01' IN codes) > 0""") == "t",
                   "ticks of every real validator are stored", seconds, 0.1)

    def wait_spools(self, seconds=PATIENCE):
        """Until no real validator keeps anything of before: whatever it was, it has been delivered."""
        begun = {name: self.backlog(name)[1] for name in self.validators}
        for name, newest in begun.items():
            wait_until(lambda: self.watch() and self.backlog(name)[0] > newest,
                       f"{name} has delivered its backlog", seconds, 0.5)

    def wait_pages(self, seconds=90.0):
        """Until what is stored now can be read as ticks, too."""
        commit = self.database.value("SELECT commit_no FROM hub_state")
        wait_until(lambda: self.watch() and self.database.value(
            f"SELECT paged_no >= {commit} FROM hub_state") == "t", "all ticks are on pages", seconds)

    def backlog(self, name):
        """Times (µs) of the oldest and the newest batch that wait in a spool; of an empty one both are endless."""
        path = check_spool.copy(self, name)
        with contextlib.closing(sqlite3.connect(os.path.join(path, "spool.sqlite"))) as db:
            oldest, newest = db.execute("SELECT min(created), max(created) FROM batch").fetchone()
        return (oldest or math.inf, newest or 0)

    def watch(self):
        self.assert_alive()
        return True

    def wait_load(self, seconds=60.0):
        """Until a second has brought as many acknowledged ticks as the websites make; returns how many that were."""
        window, rates = [], []  # (time, lines)

        def flows():
            self.watch()
            now = time.monotonic()
            window.append((now, self.load.count()))
            while now - window[0][0] > 1.2:
                window.pop(0)
            (begin, first), (end, last) = window[0], window[-1]
            rates.append((last - first) / (end - begin) if end - begin > 0.9 else 0)
            return rates[-1] if rates[-1] >= self.options.rate else 0
        try:
            return wait_until(flows, f"{self.options.rate} acknowledged ticks in a second", seconds)
        except Failure as e:
            raise Failure(f"{e}; {max(rates):.0f} were the most, and at last {self.orders_of_load()}") from None

    def orders_of_load(self):
        try:
            held = self.database.value("""SELECT count(*) FROM work_order JOIN validator v ON v.id = validator_id
                WHERE removed_at IS NULL AND v.version = 'dpin-load'""")
            return f"the load held {held} orders"
        except Failure:
            return "the database did not say how many orders the load held"

    def wait_ticks(self, n, seconds=30.0):
        """So many more acknowledged ticks of the load."""
        begun = self.load.count()
        try:
            wait_until(lambda: self.watch() and self.load.count() >= begun + n, f"{n} more ticks", seconds)
        except Failure as e:
            raise Failure(f"{e}; {self.load.count() - begun} came, {self.orders_of_load()}; "
                          f"{self.doings_of_database()}; {self.hub.tail()}; {self.load.process.tail()}") from None

    def doings_of_database(self):
        try:
            doings = self.database.sql("""SELECT application_name, state, wait_event, now() - state_change,
                left(query, 60) FROM pg_stat_activity WHERE state <> 'idle' AND pid <> pg_backend_pid()""")
            return "PostgreSQL does: " + "; ".join(" ".join(str(value) for value in row) for row in doings)
        except Failure as e:
            return f"PostgreSQL does not say what it does: {e}"

    def acked(self):
        return sum(load.count() for load in self.loads)

    def pass_time(self, seconds):
        """The absence of something is what is tested: meanwhile the world goes on, and nobody else may end."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.assert_alive()
            time.sleep(0.1)

    def hub_seconds(self):
        """Hub time, as the newest commit has it, in seconds."""
        return float(self.database.value("SELECT extract(epoch FROM heartbeat_at) FROM hub_state"))

    def come_to_rest(self):
        """No website, no orders, nothing under way any more."""
        self.wait_load()
        self.load.finish()
        self.database.sql("UPDATE website SET removed_at = now()")
        wait_until(lambda: self.watch() and self.database.value("""SELECT (SELECT count(*) FROM verdict_span
            WHERE ended_at IS NULL) + (SELECT count(*) FROM work_order WHERE removed_at IS NULL) = 0""") == "t",
                   "all websites are removed", PATIENCE, 0.2)
        wait_until(lambda: self.watch() and not any(check_spool.waiting(check_spool.copy(self, name))
                                                    for name in self.validators), "all spools are empty", 60, 0.5)

    def close_hours(self):
        """Time goes on until every hour is over; the hub closes them, and is killed while it does. Whether it was:
        it may have been quicker."""
        self.wait_pages()
        ahead = int(self.database.value(
            "SELECT coalesce(ceil(extract(epoch FROM max(span) - now())), 0)::bigint FROM tick_page"))
        self.hub_env = Clock(os.path.join(self.run, "late.clock"), ahead + 2 * 3600).env()
        self.kill_hub()
        before = self.database.value("SELECT pg_current_xact_id()")
        self.heal()
        self.wait_database(f"{CLOSED} OR {CLOSING.format(before)}", "an hour is being closed", 90)
        self.kill_hub()
        killed = self.database.value(f"SELECT {CLOSED}") == "f"
        self.heal()
        self.wait_database(CLOSED, "all hours are closed", 180)
        return killed

    def wait_database(self, condition, what, seconds):
        wait_until(lambda: self.watch() and self.database.value(f"SELECT {condition}") == "t", what, seconds, 0.02)

    # Ending -------------------------------------------------------------------------------------------------------

    def stop(self):
        """The daemons in good order, if they are there and can."""
        for process in (self.loads and self.load.process, self.site):
            if process and process.running():
                process.kill()
        self.signal_postgres(signal.SIGCONT)
        daemons = [process for process in (self.hub, *self.validators.values()) if process and process.running()]
        for process in daemons:
            process.popen.send_signal(signal.SIGCONT)
        keep, self.keep = self.keep, True
        try:
            super().stop()
        finally:
            self.unmount()
        wrong = [process for process in daemons if process.popen.returncode != 0]
        if wrong:
            raise Failure("; ".join(f"{p.name} ended with {p.popen.returncode}; {p.tail(40)}" for p in wrong))
        if not keep:
            self.remove()

    def unmount(self):
        self.disk.close()
        self.small.close()


def has_orders(validator):
    return re.fullmatch(r"ready, [1-9]\d* orders", validator.status)


def children(pid):
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and stat_of(entry)[1] == str(pid):
            found.append(int(entry))
    return found


def stat_of(pid):
    """(state, parent) of a process; ("", "") of none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
            return tuple(f.read().rpartition(")")[2].split()[:2])
    except OSError:
        return "", ""


def is_alive(pid):
    return stat_of(pid)[0] not in ("", "Z", "X")


def kill(pid, sig):
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        pass
