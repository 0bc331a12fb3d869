"""Replays, forks, gaps that lie, receipts for what never was, and incarnations without end."""

import os
import time
import unittest

from attack_case import AttackCase
from dpin_validator import Stream
from dpin_wire import Key, Receipt, Tick, batch, frame
from process import wait_until

HOUR, DAY, SECOND = 3600 * 10**6, 24 * 3600 * 10**6, 10**6
HIGHEST = (1 << 63) - 1
DROP_PARTITIONS = """DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent IN
        ('tick_batch'::regclass, 'tick_page'::regclass) LOOP EXECUTE 'DROP TABLE ' || name; END LOOP;
    PERFORM partitions_keep(now(), 7, 90); END $$"""


class StreamCase(AttackCase):
    def setUp(self):
        super().setUp()
        self.mine = self.joined()
        self.stream, self.now = self.mine.stream, self.mine.greeting["time"]

    def ticks(self, n=1):
        return [Tick(os.urandom(16), batch.SCHEDULED, batch.UP, i, self.now) for i in range(n)]

    def seal(self, stream=None, created=None, **changes):
        return (stream or self.stream).seal(self.ticks(), created or self.now, **changes)

    def stored(self, stream=None):
        return int(self.value(f"SELECT count(*) FROM tick_batch WHERE incarnation = "
                              f"{(stream or self.stream).incarnation}"))

    def position(self, stream=None):
        return self.value(f"SELECT last_seq FROM validator_stream WHERE incarnation = "
                          f"{(stream or self.stream).incarnation}")

    def answer(self, data, line=None):
        """The next ack or notice: (kind, code or receipt, codes)."""
        line = line or self.mine
        line.send(data)
        return self.next_answer(line)

    def next_answer(self, line):
        while True:
            kind, values = line.receive(10)
            if kind == "notice":
                return "notice", values["code"], values["sequence"]
            if kind == "ack":
                receipt, batches = frame.ack_verify(values, line.scope, line.greeting["hubKey"])
                return "ack", receipt, b"".join(codes for _, _, codes in batches)
            self.assertNotIn(kind, ("closed", "broken"), values)

    def assert_goes_on(self):
        """Answers to what a former connection sent may come before."""
        kind, receipt, _ = self.answer(self.seal())
        while kind == "ack" and receipt.last < self.stream.sequence:
            kind, receipt, _ = self.next_answer(self.mine)
        self.assertEqual((kind, receipt.last), ("ack", self.stream.sequence))


class Replays(StreamCase):
    def test_again_and_again(self):
        data = self.seal()
        first = self.answer(data)
        for _ in range(50):
            again = self.answer(data)
            self.assertEqual((again[0], again[1].hash, again[1].commit_no, again[2]),
                             (first[0], first[1].hash, first[1].commit_no, first[2]))
        self.assertEqual((self.stored(), self.position()), (1, "1"))
        self.assert_goes_on()

    def test_on_the_connection_of_another(self):
        data = self.seal()
        self.assertEqual(self.answer(data)[0], "ack")
        self.assertEqual(self.answer(data, self.joined())[1], "bad_batch")

    def test_many_at_once(self):
        frames = [self.seal() for _ in range(20)]
        self.mine.send_all(frames * 30)
        wait_until(lambda: (self.stored(), self.position()) == (20, "20"), "stored", 20)
        self.mine.close()
        self.mine = self.joined(self.mine.key)
        for data in frames:
            self.assertEqual(self.answer(data)[0], "ack")
        self.assert_goes_on()
        self.assertEqual((self.stored(), self.position()), (21, "21"))

    def test_a_day_later(self):
        """A batch that is a day old in four seconds: taken in now, and sent again when it is."""
        data = self.seal(created=self.now - DAY + 4 * SECOND)
        kind, receipt, codes = self.answer(data)
        self.assertEqual((kind, codes), ("ack", bytes([batch.UNASSIGNED])))
        ends = time.monotonic() + 5
        wait_until(lambda: time.monotonic() > ends, "a day has passed", 10)
        for _ in range(3):
            kind, again, codes = self.answer(data)
            self.assertEqual((kind, again.hash, codes), ("ack", receipt.hash, bytes([batch.EXPIRED])))
        self.assertEqual((self.stored(), self.position()), (1, "1"))
        self.assert_goes_on()

    def test_after_the_partition_was_dropped(self):
        old, young = self.seal(created=self.now - DAY + 3 * SECOND), self.seal()
        ends = time.monotonic() + 4
        self.assertEqual((self.answer(old)[0], self.answer(young)[0]), ("ack", "ack"))
        self.db.sql(DROP_PARTITIONS)
        wait_until(lambda: time.monotonic() > ends, "a day has passed", 10)
        self.assertEqual(self.answer(old)[2], bytes([batch.EXPIRED]))
        self.assertEqual(self.answer(young)[:2], ("notice", "fork"), "what it was is not known any more")
        self.assertEqual((self.stored(), self.position()), (0, "2"))
        self.assert_goes_on()

    def test_after_the_hub_was_killed(self):
        frames = [self.seal() for _ in range(5)]
        self.mine.send_all(frames)
        wait_until(lambda: self.position() == "5", "stored")
        key = self.mine.key
        self.restart_hub()
        self.mine = self.joined(key)
        for data in reversed(frames):
            kind, receipt, codes = self.answer(data)
            self.assertEqual((kind, codes), ("ack", bytes([batch.UNASSIGNED])))
        self.assertEqual((self.stored(), self.position()), (5, "5"))
        self.assert_goes_on()


class Lies(StreamCase):
    def setUp(self):
        super().setUp()
        for _ in range(3):
            self.assert_goes_on()

    def gap(self, first, last, hash_=None, lost=7, **changes):
        b = batch.Batch(self.stream.incarnation, last, hash_ or os.urandom(32), created=self.now, gap=(first, lost))
        for name, value in changes.items():
            setattr(b, name, value)
        return b.seal(self.mine.key, self.stream.network)

    def test_a_fork_with_the_same_sequence(self):
        stored = f"SELECT encode(hash, 'hex') FROM tick_batch WHERE incarnation = {self.stream.incarnation} ORDER BY id"
        before = self.db.sql(stored)
        other = Stream(self.mine.key, self.stream.network, self.stream.incarnation)
        for sequence in (1, 2, 3):
            for _ in range(20):
                fork = Stream(self.mine.key, self.stream.network, self.stream.incarnation)
                fork.sequence, fork.previous = sequence - 1, other.previous
                self.assertEqual(self.answer(self.seal(fork)), ("notice", "fork", sequence))
            other.previous = self.stream.hashes[sequence]
        self.assertEqual(self.db.sql(stored), before)
        self.assertLess(self.world.hub.log().count("stream fork"), 3, "one line a minute")
        self.assert_goes_on()

    def test_another_previous_hash(self):
        for previous in (bytes(32), os.urandom(32), self.stream.hashes[2]):
            fork = Stream(self.mine.key, self.stream.network, self.stream.incarnation)
            fork.sequence, fork.previous = 3, previous
            self.assertEqual(self.answer(self.seal(fork)), ("notice", "fork", 4))
        new = Stream(self.mine.key, self.stream.network)
        new.previous = os.urandom(32)
        self.assertEqual(self.answer(self.seal(new))[1], "bad_batch", "nothing is before the first")
        self.assertIsNone(self.position(new))
        self.assert_goes_on()

    def test_gaps_that_lie(self):
        hash_ = self.stream.hashes[3]
        for data, answer in (
                (self.gap(5, 6), ("notice", "sequence", 4)),  # leaves a hole
                (self.gap(HIGHEST, HIGHEST), ("notice", "sequence", 4)),
                (self.gap(1, 3), ("notice", "fork", 3)),  # what the hub has, as something else
                (self.gap(2, 2), ("notice", "fork", 2)),
                (self.gap(3, 1), ("notice", "bad_batch", 0)),  # from after to
                (self.gap(0, 4), ("notice", "bad_batch", 0)),
                (self.gap(1 << 63, HIGHEST), ("notice", "bad_batch", 0)),
                (self.gap(4, 5, flags=4), ("notice", "bad_batch", 0)),
                (self.gap(1, 5)[:-1], ("notice", "bad_batch", 0))):
            self.assertEqual(self.answer(data), answer)
        kind, receipt, codes = self.answer(self.gap(1, 3, hash_, lost=(1 << 32) - 1))
        self.assertEqual((kind, receipt.last, codes), ("ack", 3, b""), "the truth, whatever is said of the lost")
        self.assertEqual((self.position(), self.stored()), ("3", 3))
        self.assert_goes_on()

    def test_a_gap_to_the_end_of_the_numbers_harms_its_own_stream_only(self):
        hash_ = os.urandom(32)
        self.assertEqual(self.answer(self.gap(1, HIGHEST - 1, hash_))[1].last, HIGHEST - 1)
        self.stream.sequence, self.stream.previous = HIGHEST - 1, hash_
        self.assertEqual(self.answer(self.seal())[1].last, HIGHEST)
        self.assertEqual(self.answer(self.gap(1, HIGHEST, os.urandom(32)))[1], "fork")
        self.assertEqual(self.answer(self.gap(HIGHEST, HIGHEST, self.stream.previous))[1].last, HIGHEST)
        self.stream = Stream(self.mine.key, self.stream.network)
        self.assert_goes_on()

    def test_an_old_gap_is_no_way_to_a_receipt(self):
        """Where the hub never was: neither by a gap nor by an expired batch, whose receipt is genuine."""
        stream = Stream(self.mine.key, self.stream.network)
        stream.sequence = 999
        stream.previous = os.urandom(32)
        kind, receipt, codes = self.answer(self.seal(stream, created=self.now - 25 * HOUR))
        self.assertEqual((kind, receipt.last, codes), ("ack", 1000, bytes([batch.EXPIRED])))
        self.assertEqual(self.answer(self.gap(500, 1000, created=self.now - 25 * HOUR))[:2], ("notice", "sequence"))
        genuine = receipt.body + receipt.signature
        self.mine.close()
        line = self.line()
        welcome = line.welcome(self.mine.key, streams=[{"incarnation": stream.incarnation, "receipt": genuine}])
        self.assertEqual(welcome["streams"][0]["receipt"], b"")
        self.assertIsNone(self.position(stream))
        self.assertNotIn("behind a receipt of its own", self.world.hub.log())
        self.mine = line
        self.assert_goes_on()

    def test_receipts_of_others_move_nothing(self):
        other = self.joined()
        other.send(other.stream.seal([other.tick], self.now))
        theirs = other.ack()[0]
        foreign = Receipt(self.stream.incarnation, 9, 9, os.urandom(32), 1, self.now, (0,) * 6,
                          batch.disposition_hash([])).seal(Key(), self.mine.scope)
        own = self.answer(self.seal())[1]
        spoiled = bytearray(own.body + own.signature)
        spoiled[27] ^= 1
        claims = [{"incarnation": i, "receipt": r} for i, r in (
            (other.stream.incarnation, theirs.body + theirs.signature), (77, own.body + own.signature),
            (self.stream.incarnation, bytes(spoiled)), (78, b""), (79, os.urandom(196)), (80, foreign))]
        self.mine.close()
        line = self.line()
        told = line.welcome(self.mine.key, streams=claims)["streams"]
        self.assertEqual([bool(s["receipt"]) for s in told], [False, False, True, False, False, False])
        self.assertEqual(Receipt.parse(told[2]["receipt"]).last, 4)
        self.mine = line
        self.assert_goes_on()

    def test_numbers_at_the_edges(self):
        for change in ({"incarnation": 0}, {"incarnation": 1 << 63}, {"sequence": 0}, {"sequence": 1 << 63},
                       {"created": -1}, {"created": -(1 << 63)}):
            stream = Stream(self.mine.key, self.stream.network)
            self.assertEqual(self.answer(self.seal(stream, **change))[1], "bad_batch", change)
        for change in ({"created": HIGHEST}, {"clock_offset": -(1 << 63)}, {"clock_offset": HIGHEST}):
            stream = Stream(self.mine.key, self.stream.network, HIGHEST - len(str(change)))
            data = self.seal(stream, **change)
            self.assertEqual((self.answer(data)[0], self.answer(data)[0]), ("ack", "ack"), change)
        self.assert_goes_on()


class Incarnations(StreamCase):
    def open_new(self, line, n):
        """New streams, one batch each: how many were acked."""
        streams = [Stream(line.key, line.stream.network) for _ in range(n)]
        line.send_all([self.seal(s) for s in streams])
        answers = [self.next_answer(line)[:2] for _ in range(n)]
        self.assertLessEqual({a[1] for a in answers if a[0] == "notice"}, {"too_many_streams"})
        return sum(a[0] == "ack" for a in answers)

    def rows(self, key):
        return int(self.value(f"""SELECT count(*) FROM validator_stream s JOIN validator v ON v.id = validator_id
                                  WHERE key = '\\x{key.public.hex()}'"""))

    def shift(self, key, what, where="true"):
        self.db.sql(f"""UPDATE validator_stream SET {what} WHERE validator_id =
                        (SELECT id FROM validator WHERE key = '\\x{key.public.hex()}') AND {where}""")

    def test_ten_thousand_of_one_key(self):
        key = self.mine.key
        self.assertEqual(self.open_new(self.mine, 10000), 64)
        self.assertEqual(self.rows(key), 64)

        self.restart_hub()  # it knows how many are live
        line = self.joined(key)
        self.assertEqual(self.open_new(line, 10), 0)

        self.restart_hub(lambda: self.shift(key, "updated_at = now() - interval '61 minutes'"))
        line = self.joined(key)
        self.assertEqual(self.open_new(line, 100), 64, "so many more, as the others rest")

        def fill_the_day():
            self.shift(key, "updated_at = now() - interval '61 minutes'")
            self.db.sql(f"""INSERT INTO validator_stream (validator_id, incarnation, last_seq, last_hash, updated_at)
                SELECT id, i, 1, '\\x{bytes(32).hex()}', now() - interval '2 h'
                FROM validator, generate_series(1, {500 - 128 - 3}) i WHERE key = '\\x{key.public.hex()}'""")
        self.restart_hub(fill_the_day)
        line = self.joined(key)
        self.assertEqual(self.open_new(line, 20), 3, "500 a day")

        self.restart_hub(lambda: self.shift(key, "opened_at = now() - interval '25 h', updated_at = "
                                                 "now() - interval '49 h'", "incarnation < 100"))
        self.assertEqual(self.rows(key), 500 - 99, "what is idle for two days is forgotten at the start")
        line = self.joined(key)
        self.assertEqual(self.open_new(line, 70), 61)
        self.mine.close()

    def test_ten_thousand_of_many_keys(self):
        opened = 0
        for _ in range(157):
            line = self.joined()
            opened += self.open_new(line, 64)
            line.close()
        self.assertEqual(opened, 157 * 64)

    def test_idle_streams_are_forgotten_while_the_hub_runs(self):
        key = self.mine.key
        self.assertEqual(self.open_new(self.mine, 5), 5)
        data = self.seal()
        self.answer(data)
        self.restart_hub()
        self.shift(key, "updated_at = now() - interval '49 h'", f"incarnation <> {self.stream.incarnation}")
        self.assertEqual(self.rows(key), 6)
        line = self.mine = self.joined(key)
        line.stream = self.stream
        wait_until(lambda: self.rows(key) == 1, "the idle ones are gone", 15)
        self.assert_goes_on()


if __name__ == "__main__":
    unittest.main()
