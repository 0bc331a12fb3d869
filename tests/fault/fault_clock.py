"""Clocks that are stepped by an hour, there and back, while a program runs and while it does not."""

import os

from arena import REAL
from clock import Clock
from fault import Fault
from process import Failure

HOUR = 3600


class HubClock(Fault):
    """Hub time is what everything is dated by: it never jumps while the hub runs, and never goes back at all."""

    name = "hub-clock"

    def break_(self):
        arena, step = self.arena, self.rng.choice((HOUR, -HOUR))
        self.detail = f"{step:+d} s"
        before = arena.hub_seconds()
        clock = Clock(os.path.join(arena.run, "hub.clock"))
        arena.hub_env = clock.env()
        self.restart()
        clock.set(step)
        arena.wait_ticks(2 * arena.options.rate)
        if arena.hub_seconds() - before > HOUR / 2:
            raise Failure("hub time has jumped with the wall clock")
        self.restart()
        if arena.hub_seconds() < before:
            raise Failure("hub time has gone back")
        arena.wait_ticks(arena.options.rate)
        arena.hub_env = {}
        arena.kill_hub()

    def restart(self):
        self.arena.kill_hub()
        self.arena.recover()


class ValidatorClock(Fault):
    """A validator lives by hub time: its own clock may say what it wants."""

    name = "validator-clock"

    def break_(self):
        arena, step = self.arena, self.rng.choice((HOUR, -HOUR))
        name = self.rng.choice(REAL)
        self.detail = f"{name} {step:+d} s"
        clock = Clock(os.path.join(arena.run, f"{name}.clock"))
        arena.validator_env[name] = clock.env()
        for offset in (0, step):  # it is stepped while it runs, and starts with a clock that is wrong
            arena.kill_validator(name)
            arena.recover()
            clock.set(step - offset)
            self.assert_on_time(name)
        del arena.validator_env[name]
        arena.kill_validator(name)

    def assert_on_time(self, name):
        """What it checks from now on is dated now."""
        db = self.arena.database
        since = db.value("SELECT commit_no FROM hub_state")
        self.arena.wait_validators()
        self.arena.wait_pages()
        late, apart = db.sql(f"""SELECT count(*) FILTER (WHERE late),
                   max(abs(extract(epoch FROM arrived_at - started_at)))
            FROM website_tick t JOIN validator v ON v.id = t.validator_id AND v.name = '{name}'
            JOIN tick_batch b ON b.id = t.batch_id WHERE b.commit_no > {since}""")[0]
        if float(apart) > HOUR / 2:
            raise Failure(f"ticks of {name} are dated {apart} s from when they arrived, {late} were late")


FAULTS = (HubClock, ValidatorClock)
