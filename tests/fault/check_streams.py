"""Streams: what is stored of each is a chain from its first batch to its position. It has holes only where somebody
owns up to them: gaps that the validator signed, and what the hub says it lost itself."""

from process import Failure
from verify_store import expect

BEFORE_ALL = (0, bytes(32))


class Streams:
    def __init__(self):
        self.positions = {}  # (validator, incarnation) -> (last sequence, its hash)
        self.lost = {}  # the same -> [(from, to)] of which the hub says that they are lost

    def take(self, validator, batch, hash_):
        """The next stored batch, in the order of ids."""
        name = (validator, batch.incarnation)
        last, previous = self.positions.get(name, BEFORE_ALL)
        if batch.gap:
            expect(batch.gap[0] <= last + 1 <= batch.sequence, f"gap {batch.gap[0]}..{batch.sequence} after {last}")
            self.positions[name] = (batch.sequence, batch.previous)
            return
        if batch.sequence > last + 1:
            expect((last + 1, batch.sequence - 1) in self.lost.get(name, ()),
                   f"it is number {batch.sequence} of its stream, and came after {last}")
        else:
            expect(batch.sequence == last + 1, f"it is number {batch.sequence} of its stream, again")
            expect(batch.previous == previous, "it does not follow the batch before it")
        self.positions[name] = (batch.sequence, hash_)

    def check(self, store):
        """How many positions the hub keeps; each is where the stored batches end, or what it lost."""
        rows = store.rows("SELECT validator_id, incarnation, last_seq, last_hash FROM validator_stream")
        kept = {(v, i): (last, hash_) for v, i, last, hash_ in rows}
        for name, (last, hash_) in kept.items():
            mine = self.positions.get(name, BEFORE_ALL)
            if (last, hash_) != mine and (mine[0] + 1, last) not in self.lost.get(name, ()):
                raise Failure(f"stream {name} is at {last}, its stored batches end at {mine[0]}")
        missing = set(self.positions) - set(kept)
        if missing:
            raise Failure(f"the hub forgot the position of stream {missing.pop()}")
        return len(rows)
