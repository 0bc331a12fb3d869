"""Sudden death, at any moment and at the worst ones."""

from fault import Fault
from process import wait_until


class HubKill(Fault):
    name = "hub-kill"

    def break_(self):
        self.arena.kill_hub()


class HubKillCommitted(Fault):
    """Between COMMIT and ack: the validators send again what is stored already."""

    name = "hub-kill-committed"

    def break_(self):
        self.arena.arm("hub", "hub-committed")
        self.arena.down.add("hub")
        wait_until(lambda: not self.arena.hub.running(), "the hub dies after a commit", 10)


class ValidatorKill(Fault):
    name = "validator-kill"

    def break_(self):
        self.detail = self.rng.choice(sorted(self.arena.validators))
        self.arena.kill_validator(self.detail)


class ValidatorKillAt(Fault):
    """Between check and spool, between spool and hub, between receipt and trimming."""

    name = "validator-kill-at"

    def break_(self):
        name = self.rng.choice(sorted(self.arena.validators))
        point = self.rng.choice(("validator-unspooled", "validator-spooled", "validator-acked"))
        self.detail = f"{name} {point}"
        self.arena.arm(name, point)
        self.arena.down.add(name)
        wait_until(lambda: not self.arena.validators[name].running(), f"{name} dies at {point}", 10)


class PostgresKill(Fault):
    name = "postgres-kill"

    def break_(self):
        self.arena.kill_postgres()


FAULTS = (HubKill, HubKillCommitted, PostgresKill, ValidatorKill, ValidatorKillAt)
