"""Hub or PostgreSQL away: ended in good order, dead, or standing still with every connection open."""

import signal
import time

from arena import FRESH_SECONDS
from fault import Fault
from process import Failure

SHORT, LONG = (3.0, 6.0), (60.0, 60.0, 30.0, 6.0)


class Away(Fault):
    ways = ("stopped", "killed", "frozen")

    def break_(self):
        self.seconds = self.rng.choice(LONG if self.long else SHORT)
        self.way = self.rng.choice(self.ways)
        self.detail = f"{self.way} for {self.seconds:g} s"
        self.heartbeat = self.arena.hub_seconds()
        self.ahead, self.hub = max(0.0, self.heartbeat - time.time()), self.arena.hub
        getattr(self, self.way)()
        self.arena.pass_time(self.seconds)

    def hub_time(self):
        """How long it was by hub time: a hub that begins anew behind its newest commit goes on from that."""
        return self.seconds - (self.ahead if self.arena.hub is not self.hub else 0)

    def prove(self, checker):
        """Who was not there has judged nothing: spans say so, from the last sign of life on. Only a hub whose database
        stands still has been there, and writes its verdicts afterwards."""
        if self.hub_time() <= FRESH_SECONDS + 1 or (self.way == "frozen" and self.name == PostgresAway.name):
            return
        with checker.snapshot(paged=False) as cursor:
            cursor.execute("""SELECT count(*) FILTER (WHERE state <> 'UNKNOWN' OR cause <> 'hub_away'), count(*)
                FROM verdict_span WHERE started_at <= timestamptz 'epoch' + %(t)s * interval '1 s'
                 AND coalesce(ended_at, 'infinity') > timestamptz 'epoch' + %(t)s * interval '1 s'""",
                           {"t": self.heartbeat + self.hub_time() / 2})
            wrong, n = cursor.fetchone()
        if wrong or not n:
            raise Failure(f"{wrong} of {n} websites have a verdict for when nobody could judge")


class HubAway(Away):
    name = "hub-away"

    def stopped(self):
        self.arena.down.add("hub")
        self.arena.hub.stop()

    def killed(self):
        self.arena.kill_hub()

    def frozen(self):
        self.arena.hub.popen.send_signal(signal.SIGSTOP)

    def mend(self):
        if self.way == "frozen" and self.arena.hub.running():
            self.arena.hub.popen.send_signal(signal.SIGCONT)


class PostgresAway(Away):
    name = "postgres-away"

    def stopped(self):
        self.arena.stop_postgres()

    def killed(self):
        self.arena.kill_postgres()

    def frozen(self):
        self.arena.signal_postgres(signal.SIGSTOP)

    def mend(self):
        if self.way == "frozen":
            self.arena.signal_postgres(signal.SIGCONT)


FAULTS = (HubAway, PostgresAway)
