"""Streams: what is stored of each is a chain from its first batch to its position. It has holes only where somebody
owns up to them: gaps that the validator signed, and what the hub says it lost itself."""

from dpin_batch import Receipt
from process import Failure
from verify_store import expect

BEFORE_ALL = (0, bytes(32))


class Streams:
    def __init__(self):
        self.positions = {}  # (validator, incarnation) -> (last sequence, its hash)
        self.lost = {}  # the same -> [Receipt] for batches of which the hub says that they are lost

    def take(self, validator, batch, hash_):
        """The next stored batch, in the order of ids."""
        name = (validator, batch.incarnation)
        last, previous = self.positions.get(name, BEFORE_ALL)
        if batch.gap:
            expect(batch.gap[0] <= last + 1 <= batch.sequence, f"gap {batch.gap[0]}..{batch.sequence} after {last}")
            self.positions[name] = (batch.sequence, batch.previous)
            return
        last, previous = self.beyond(name, last, previous)
        expect(batch.sequence == last + 1, f"it is number {batch.sequence} of its stream, and came after {last}")
        expect(batch.previous == previous, "it does not follow the batch before it")
        self.positions[name] = (batch.sequence, hash_)

    def beyond(self, name, last, hash_):
        """A position, moved over what is lost right behind it."""
        for first, receipt in self.lost.get(name, ()):
            if first == last + 1:
                return receipt.last, receipt.hash
        return last, hash_

    def read_losses(self, store):
        """A loss is believed by the hub's own signature only."""
        for validator, incarnation, first, to, data in store.rows("""SELECT validator_id, incarnation, from_seq, to_seq,
                receipt FROM stream_loss"""):
            receipt = Receipt.parse(data)
            receipt.verify(store.network, store.scope(validator))
            expect((receipt.incarnation, receipt.last) == (incarnation, to), "a loss is not what its receipt says")
            known = self.lost.setdefault((validator, incarnation), [])
            if (first, receipt) not in known:
                known.append((first, receipt))

    def check(self, store):
        """How many positions the hub keeps; each is where the stored batches end, or what it lost."""
        rows = store.rows("SELECT validator_id, incarnation, last_seq, last_hash FROM validator_stream")
        kept = {(v, i): (last, hash_) for v, i, last, hash_ in rows}
        for name, (last, hash_) in kept.items():
            mine = self.positions.get(name, BEFORE_ALL)
            if (last, hash_) not in (mine, self.beyond(name, *mine)):
                raise Failure(f"stream {name} is at {last}, its stored batches end at {mine[0]}")
        missing = set(self.positions) - set(kept)
        if missing:
            raise Failure(f"the hub forgot the position of stream {missing.pop()}")
        return len(rows)
