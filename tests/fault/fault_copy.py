"""Copies: a validator or a hub that comes back as it was before, and a validator that lives twice."""

import os
import shutil

import check_spool
from arena import REAL
from check_ticks import ACCEPTED, LATE, UNASSIGNED
from database import as_server_user, server_program
from dpin_batch import SCHEDULED, Batch
from fault import Fault
from process import Failure, command, wait_until


class ValidatorRestored(Fault):
    """Its disk is replaced by an older copy: it has to tell again what it told, and knows less of what it signed."""

    name = "validator-restored"

    def break_(self):
        arena = self.arena
        self.detail = self.rng.choice(REAL[1:])  # the state of the first one is a mount point
        copy = check_spool.copy(arena, self.detail, os.path.join(arena.data, "restore"))
        arena.wait_ticks(int(self.rng.uniform(0.5, 3.0) * arena.options.rate))
        arena.kill_validator(self.detail)
        state = check_spool.state_of(arena, self.detail)
        shutil.rmtree(state)
        os.rename(copy, state)


class ValidatorTwin(Fault):
    """A virtual machine resumed from a snapshot beside its living self: one key, two machines, each displacing the
    other. Found out, both are refused; a copy that is gone soon enough leaves the original to go on."""

    name = "validator-twin"

    def break_(self):
        arena = self.arena
        self.brief = self.rng.choice((True, False))
        self.twin = self.rng.choice(REAL[1:])
        self.copy = self.twin + "2"
        self.detail = f"{self.twin} {'for a moment' if self.brief else 'until both are refused'}"
        check_spool.copy(arena, self.twin, check_spool.state_of(arena, self.copy))
        mark = len(arena.hub.log())
        process = arena.start_validator(self.copy)
        if self.brief:
            wait_until(lambda: "joined the hub" in process.log(), "the copy has joined", 30)
        else:
            wait_until(lambda: "key_in_use" in arena.hub.log()[mark:], "both are refused", 60)
        arena.kill_validator(self.copy)

    def mend(self):
        """Ten minutes of refusal, and the displacements that lead to it, are over with the hub that remembers them."""
        self.arena.retire(self.copy)
        if not self.brief:
            self.arena.kill_hub()
            self.arena.kill_validator(self.twin)


class HubRestored(Fault):
    """Its database is replaced by an older backup. What it had acknowledged since is lost, and nothing else is: it
    learns of it by its own receipts, and says so."""

    name = "hub-restored"
    allows = frozenset({UNASSIGNED})  # the orders of since are lost, too

    def break_(self):
        arena = self.arena
        self.commit = int(arena.database.value("SELECT commit_no FROM hub_state"))
        backup = arena.database.data + ".backup"
        self.back_up(backup)
        arena.wait_ticks(int(self.rng.uniform(0.5, 3.0) * arena.options.rate))
        arena.kill_hub()
        self.remember()
        arena.kill_postgres()
        shutil.rmtree(arena.database.data)
        os.rename(backup, arena.database.data)

    def back_up(self, to):
        os.mkdir(to, 0o700)
        if os.getuid() == 0:
            shutil.chown(to, "postgres", "postgres")
        command([*as_server_user(), server_program("pg_basebackup"), "-h", self.arena.database.run, "-U", "postgres",
                 "-D", to, "-c", "fast", "--no-sync"])

    def remember(self):
        """What is stored now: {stream: last sequence}, and of every tick since the backup its identity and batch: not
        all are on pages yet."""
        db = self.arena.database
        self.ends = {(key, int(i)): int(last) for key, i, last in db.sql("""SELECT encode(key, 'hex'), incarnation,
            last_seq FROM validator_stream JOIN validator v ON v.id = validator_id""")}
        self.ticks = []
        for key, incarnation, sequence, frame, codes in db.sql(f"""SELECT encode(key, 'hex'), incarnation, sequence,
                encode(frame || rest, 'hex'), encode(codes, 'hex') FROM tick_batch
                JOIN validator v ON v.id = validator_id WHERE count > 0 AND commit_no > {self.commit}"""):
            self.ticks += [(key, incarnation, sequence, t.order.hex(), t.kind != SCHEDULED, t.number, t.start)
                           for t, code in zip(Batch.parse(bytes.fromhex(frame)).ticks, bytes.fromhex(codes))
                           if code in (ACCEPTED, LATE)]

    def prove(self, checker):
        with checker.snapshot(paged=False) as cursor:
            cursor.execute("""SELECT encode(key, 'hex'), incarnation, from_seq, to_seq FROM stream_loss
                JOIN validator v ON v.id = validator_id""")
            losses = {(key, i): (first, to) for key, i, first, to in cursor}
        for name, (_, to) in losses.items():
            if name in self.ends and to > self.ends[name]:
                raise Failure(f"the hub says it lost {name} up to {to}, and it had up to {self.ends[name]}")
        for key, incarnation, sequence, *tick in self.ticks:
            first, to = losses.get((key, int(incarnation)), (0, -1))
            if first <= int(sequence) <= to:
                checker.lost.append((key, *tick[:3]))
            else:
                checker.kept.append((key, *tick))
        self.detail = f"{len(checker.lost)} ticks in {len(losses)} streams lost"


FAULTS = (HubRestored, ValidatorRestored, ValidatorTwin)
