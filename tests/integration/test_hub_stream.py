"""Exactly once: streams, gaps, forks and receipts, spoken by hand to a real hub that gave out no work."""

import os
import unittest

from dpin_line import Line
from dpin_validator import Stream
from dpin_wire import Key, Receipt, Tick, batch
from hub_case import HubCase

HOUR = 3600 * 1_000_000


class Streams(HubCase):
    def setUp(self):
        self.key = Key()
        self.one = self.line()
        self.one.welcome(self.key)
        self.stream = Stream(self.key, self.one.greeting["networkKey"])

    def now(self):
        return self.one.greeting["time"]

    def tick(self, number=1):
        return Tick(os.urandom(16), batch.SCHEDULED, batch.UP, number, self.now())

    def seal(self, ticks=1, **changes):
        return self.stream.seal([self.tick(i) for i in range(ticks)], self.now(), **changes)

    def hub_key(self):
        with open(os.path.join(self.world.data, "hub", "hub.key"), encoding="ascii") as f:
            return Key.from_text(f.read())

    def stored(self):
        return int(self.value(f"SELECT count(*) FROM tick_batch WHERE incarnation = {self.stream.incarnation}"))

    def position(self):
        return self.value(f"SELECT last_seq FROM validator_stream WHERE incarnation = {self.stream.incarnation}")

    def assert_acked(self, sequence, first=None, line=None):
        receipt, batches = (line or self.one).ack()
        self.assertEqual((receipt.incarnation, receipt.first, receipt.last),
                         (self.stream.incarnation, first or sequence, sequence))
        self.assertEqual(receipt.hash, self.stream.hashes[sequence])
        return receipt, batches

    def assert_notice(self, code, sequence):
        notice = self.one.expect("notice")
        self.assertEqual((notice["code"], notice["incarnation"], notice["sequence"]),
                         (code, self.stream.incarnation, sequence))

    def test_a_batch_is_stored_and_receipted(self):
        self.one.send(self.seal(3))
        receipt, batches = self.assert_acked(1)
        self.assertEqual(batches[0][2], bytes([batch.UNASSIGNED] * 3), "nothing was ordered")
        self.assertEqual(receipt.counts, (0, 0, 3, 0, 0, 0))
        self.assertEqual((self.stored(), self.position()), (1, "1"))

    def test_sent_again_it_is_acked_again_and_stored_once(self):
        data = self.seal(2)
        self.one.send(data)
        first, _ = self.assert_acked(1)
        self.one.send(data)
        again, _ = self.assert_acked(1)
        self.assertEqual((again.hash, again.counts, again.commit_no), (first.hash, first.counts, first.commit_no))
        self.assertEqual(self.stored(), 1)

    def test_a_full_batch_and_many_in_a_row(self):
        frames = [self.seal(720)] + [self.seal(5) for _ in range(20)]
        for data in frames:
            self.one.send(data)
        done = 0
        while done < 21:
            receipt, batches = self.one.ack()
            self.assertEqual(receipt.first, done + 1)
            self.assertEqual([s for s, _, _ in batches], list(range(receipt.first, receipt.last + 1)))
            done = receipt.last
        self.assertEqual((self.stored(), self.position()), (21, "21"))

    def test_out_of_sequence_says_what_is_expected(self):
        self.one.send(self.seal())
        self.assert_acked(1)
        self.seal()
        self.one.send(self.seal())
        self.assert_notice("sequence", 2)
        self.assertEqual(self.position(), "1")

    def test_a_stream_begins_at_one(self):
        self.seal()
        self.one.send(self.seal())
        self.assert_notice("sequence", 1)
        self.assertIsNone(self.position())

    def test_another_previous_hash_is_a_fork(self):
        self.one.send(self.seal())
        self.assert_acked(1)
        self.one.send(self.seal(previous=os.urandom(32)))
        self.assert_notice("fork", 2)
        self.assertEqual(self.position(), "1")

    def test_other_content_for_a_stored_sequence_is_a_fork(self):
        self.one.send(self.seal())
        self.assert_acked(1)
        other = Stream(self.key, self.stream.network, self.stream.incarnation)
        self.one.send(other.seal([self.tick()], self.now()))
        self.assert_notice("fork", 1)
        self.assertEqual(self.stored(), 1)

    def gap(self, first, last):
        """A gap up to a batch that was dropped unsent; the stream goes on after it."""
        while self.stream.sequence < last:
            self.seal()
        b = batch.Batch(self.stream.incarnation, last, self.stream.hashes[last], created=self.now(), gap=(first, 7))
        return b.seal(self.key, self.stream.network)

    def test_a_gap_moves_the_stream(self):
        self.one.send(self.seal())
        self.assert_acked(1)
        self.one.send(self.gap(2, 5))
        receipt, _ = self.assert_acked(5, first=2)
        self.assertEqual(receipt.counts, (0,) * 6)
        self.one.send(self.seal())
        self.assert_acked(6)
        self.assertEqual(self.position(), "6")

    def test_a_gap_sent_again_is_answered_again(self):
        gap = self.gap(1, 3)
        self.one.send(gap)
        self.assert_acked(3, first=1)
        self.one.send(gap)
        self.assert_acked(3, first=1)

    def test_a_gap_over_what_the_hub_has_is_answered(self):
        """The ack was lost, the spool dropped the batch: the hub knows it."""
        for data in (self.seal(), self.seal()):
            self.one.send(data)
        while self.one.ack()[0].last < 2:
            pass
        self.one.send(self.gap(1, 2))
        self.assertEqual(self.one.ack()[0].hash, self.stream.hashes[2])

    def test_a_gap_that_leaves_a_hole_is_none(self):
        self.one.send(self.seal())
        self.assert_acked(1)
        self.one.send(self.gap(4, 6))
        self.assert_notice("sequence", 2)

    def test_an_old_batch_is_expired_and_opens_no_stream(self):
        self.one.send(self.stream.seal([self.tick(), self.tick()], self.now() - 25 * HOUR))
        receipt, _ = self.assert_acked(1)
        self.assertEqual(receipt.counts, (0, 0, 0, 0, 0, 2))
        self.assertIsNone(self.position())
        self.assertEqual(self.stored(), 0)

    def test_welcome_names_the_position(self):
        for _ in range(3):
            self.one.send(self.seal())
        while (last := self.one.ack()[0]).last < 3:
            pass
        self.one.close()
        streams = [{"incarnation": self.stream.incarnation, "receipt": b""}, {"incarnation": 77, "receipt": b""}]
        with Line(self.world.hub_url) as two:
            welcome = two.welcome(self.key, streams=streams)
            receipt = Receipt.parse(welcome["streams"][0]["receipt"])
            receipt.verify(two.greeting["hubKey"], two.scope)
            self.assertEqual((receipt.last, receipt.hash), (3, last.hash))
            self.assertEqual(welcome["streams"][1], {"incarnation": 77, "receipt": b""})
            two.send(self.seal())
            self.assert_acked(4, line=two)

    def test_a_hub_behind_its_own_receipt_believes_it(self):
        """As after restoring a backup: the receipt is the hub's, the stream unknown."""
        for _ in range(7):
            self.seal()
        receipt = Receipt(self.stream.incarnation, 7, 7, self.stream.previous, 1, self.now(), (0,) * 6,
                          batch.disposition_hash([]))
        claim = [{"incarnation": self.stream.incarnation, "receipt": receipt.seal(self.hub_key(), self.one.scope)}]
        self.one.close()
        with Line(self.world.hub_url) as two:
            two.welcome(self.key, streams=claim)
            two.send(self.seal())
            self.assert_acked(8, line=two)
        self.assertIn("behind a receipt of its own", self.world.hub.log())
        self.assertEqual(self.db.sql(f"""SELECT from_seq, to_seq, receipt = '\\x{claim[0]["receipt"].hex()}'
            FROM stream_loss WHERE incarnation = {self.stream.incarnation}"""), [["1", "7", "t"]])

    def test_a_receipt_of_a_stream_that_was_forgotten_is_no_loss(self):
        """After two days without news a position is not kept; the receipt brings it back."""
        receipt = Receipt(self.stream.incarnation, 7, 7, os.urandom(32), 1, self.now() - 49 * HOUR, (0,) * 6,
                          batch.disposition_hash([]))
        claim = [{"incarnation": self.stream.incarnation, "receipt": receipt.seal(self.hub_key(), self.one.scope)}]
        self.one.close()
        with Line(self.world.hub_url) as two:
            position = Receipt.parse(two.welcome(self.key, streams=claim)["streams"][0]["receipt"])
            self.assertEqual((position.last, position.hash), (7, receipt.hash))
        self.assertEqual(self.value(f"""SELECT count(*) FROM stream_loss
            WHERE incarnation = {self.stream.incarnation}"""), "0")

    def test_a_forged_receipt_moves_nothing(self):
        receipt = Receipt(self.stream.incarnation, 7, 7, os.urandom(32), 1, self.now(), (0,) * 6,
                          batch.disposition_hash([]))
        claim = [{"incarnation": self.stream.incarnation, "receipt": receipt.seal(self.key, self.one.scope)}]
        self.one.close()
        with Line(self.world.hub_url) as two:
            self.assertEqual(two.welcome(self.key, streams=claim)["streams"][0]["receipt"], b"")
            two.send(self.seal())
            self.assert_acked(1, line=two)

    def test_resealed_ticks_are_taken_into_a_new_incarnation(self):
        self.one.send(self.seal())
        self.assert_acked(1)
        self.stream = Stream(self.key, self.stream.network, flags=batch.RESEALED)
        self.one.send(self.seal(2))
        self.assert_acked(1)
        self.assertEqual(self.value(f"""SELECT resealed FROM validator_stream
                                        WHERE incarnation = {self.stream.incarnation}"""), "t")


if __name__ == "__main__":
    unittest.main()
