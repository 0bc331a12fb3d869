"""A private PostgreSQL on a Unix socket, with dpin's roles and database, as dpin-database.service would make them."""

import contextlib
import glob
import os
import shutil
import signal

from libpq import Connection
from process import Failure, Process, command, wait_until

SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0777",  # the directory above it decides
    "shared_buffers": "64MB",
    "max_connections": "50",
    "log_min_messages": "warning",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
KEEPS_NOTHING = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")  # of these a session has nothing left afterwards


def server_program(name):
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=lambda p: int(p.split("/")[4]))
    path = found[-1] if found else shutil.which(name)
    if not path:
        raise Failure(f"PostgreSQL's {name} is not installed; `./dev deps` installs it")
    return path


def as_server_user():
    """PostgreSQL refuses root: then its own user runs it. Whoever becomes another is told of its parent's death no
    more, unless that is asked for again."""
    if os.getuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=KILL"]


class Database:
    """`data` is kept between runs; `run` holds the socket (a short path: 107 bytes are the limit); `env` is of the
    server from its next start on."""

    name = "postgres"

    def __init__(self, data, run, extra=()):
        self.data, self.run = data, run
        self.extra, self.env = list(extra), {}
        self.process = None
        self.connections = []  # (who serves it, for whom, Connection): not in use now

    def url(self, user="dpin-hub", name="dpin"):
        return f"host={self.run} user={user} dbname={name}"

    def _psql(self, user, name="dpin"):
        return [server_program("psql"), "-XAtq", self.url(user, name)]

    def start(self):
        fresh = not os.path.exists(os.path.join(self.data, "PG_VERSION"))
        for directory in (self.data, self.run):
            os.makedirs(directory, mode=0o700, exist_ok=True)
            if os.getuid() == 0:
                shutil.chown(directory, "postgres", "postgres")
        if fresh:
            self._fill()
        wait_until(lambda: not self._has_orphans(), "what is left of one that was killed has ended", 30)
        argv = [*as_server_user(), "/usr/bin/env", *(f"{k}={v}" for k, v in self.env.items()),
                server_program("postgres"), "-D", self.data, "-k", self.run]
        for key, value in SETTINGS.items():
            argv += ["-c", f"{key}={value.strip(chr(39))}"]
        argv += self.extra
        self.process = Process(self.name, argv, os.path.dirname(self.run), ready=False).start()
        wait_until(self._answers, "PostgreSQL answers", 30)
        if fresh:
            self._create()
        return self

    def _fill(self):
        command([*as_server_user(), server_program("initdb"), "-D", self.data, "-U", "postgres", "-A", "trust",
                 "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"])

    def _has_orphans(self):
        """Its processes run in its folder, and those of one that was killed hold its memory until they notice."""
        for link in glob.glob("/proc/[0-9]*/cwd"):
            with contextlib.suppress(OSError):
                if os.readlink(link) == os.path.realpath(self.data):
                    return True
        return False

    def _answers(self):
        if not self.process.running():
            raise Failure(f"PostgreSQL ended; {self.process.tail()}")
        with contextlib.suppress(Failure):
            Connection(self.url("postgres", "postgres")).close()
            return True
        return False

    def _create(self):
        for sql in ('CREATE ROLE dpin NOLOGIN', 'CREATE ROLE "dpin-hub" LOGIN IN ROLE dpin',
                    'CREATE ROLE "dpin-api" LOGIN',
                    'CREATE DATABASE dpin OWNER dpin'):
            command([*self._psql("postgres", "postgres"), "-c", sql])

    def sql(self, text, user="postgres"):
        """Rows of text, for looking at what was stored: as by a psql of its own, of whose session nothing is left."""
        server = self.process.pid if self.process else 0
        connection = self._take(server, user) or Connection(self.url(user))
        try:
            rows = connection.rows(text)
        except Failure as e:
            raise Failure(f"{text.strip()}: {e}") from None
        if text.split(None, 1)[0].upper() in KEEPS_NOTHING and not self.connections:
            self.connections.append((server, user, connection))
        else:
            connection.close()
        return rows

    def _take(self, *wanted):
        """One that was left by an earlier statement, if it is of the same server and user."""
        with contextlib.suppress(IndexError):
            *what, connection = self.connections.pop()
            if tuple(what) == wanted and connection.alive():
                return connection
            connection.close()
        return None

    def let_ticks_be_rows(self):
        """They can be written, changed and deleted as rows of website_tick from here on."""
        with open(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tick-rows.sql"),
                  encoding="ascii") as f:
            self.sql(f.read())

    def value(self, text):
        rows = self.sql(text)
        return rows[0][0] if rows else None

    def stop(self):
        while self.connections:
            self.connections.pop()[-1].close()
        if self.process:
            self.process.stop(sig=signal.SIGINT)


class Replica(Database):
    """A physical one, which streams from a primary that runs."""

    name = "replica"

    def __init__(self, primary, data, run, extra=()):
        super().__init__(data, run, extra)
        self.primary = primary

    def _fill(self):
        command([*as_server_user(), server_program("pg_basebackup"), "-h", self.primary.run, "-U", "postgres",
                 "-D", self.data, "-R", "-X", "stream", "-c", "fast", "--no-sync"])

    def _create(self):
        """All of it came with the copy."""

    def position(self):
        return self.value("SELECT pg_last_wal_replay_lsn() - '0/0'")

    def catch_up(self):
        """What the primary has now is here."""
        there = self.primary.value("SELECT pg_current_wal_lsn() - '0/0'")
        wait_until(lambda: int(self.position() or 0) >= int(there), "the replica has caught up")
        return self

    def pause(self):
        """It replays nothing any more; what was is shown."""
        self.sql("SELECT pg_wal_replay_pause()")
        wait_until(lambda: self.value("SELECT pg_get_wal_replay_pause_state()") == "paused", "the replica pauses")

    def resume(self):
        self.sql("SELECT pg_wal_replay_resume()")

    def promote(self):
        self.sql("SELECT pg_promote()")
        wait_until(lambda: self.value("SELECT pg_is_in_recovery()") == "f", "the replica is a primary")
