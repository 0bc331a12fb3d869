"""dpin.v1, second implementation: ticks, batches, gaps, proofs, receipts.

From tick.h, batch.h, batch-proof.h and receipt.h.
"""

import dataclasses
import hmac
import os
import struct

from dpin_sign import (DOMAINS, Reader, WireError, extension_bytes, extension_items, merkle_climb, merkle_leaf,
                       merkle_path, merkle_root, sha256, statement, verify)

SCHEDULED, CONFIRM, MANUAL, REFRESH = range(4)
KINDS = ("scheduled", "confirm", "manual", "refresh")
UP, DOWN, ABSTAIN = 1, 2, 3
ERRORS = ("none", "dns", "refused", "timeout_dns", "timeout_connect", "timeout_tls", "timeout_wait", "timeout_transfer",
          "tls_expired", "tls_name", "tls_untrusted", "tls_handshake", "status", "assertion", "too_large", "redirect",
          "guard", "own_network", "protocol", "reset", "unreachable", "internal", "tls_expiring", "tls_version",
          "tls_weak", "not_allowed")
ERROR = {name: i for i, name in enumerate(ERRORS)}
RESEALED, UNSYNCED = 1, 2
FRAME_MAX, TICKS_MAX = 64 * 1024, 720
ACCEPTED, LATE, UNASSIGNED, DUPLICATE, FUTURE, EXPIRED = range(6)

TICK = struct.Struct(">16sBBBBIqHH5II8s")
ADDRESS_SIZE = {0: 0, 4: 4, 6: 16}
HEADER = struct.Struct(">4sBBHQQ32sqqHH")
RECEIPT = struct.Struct(">BBHQQQ32sQq6I32s")


@dataclasses.dataclass
class Tick:
    order: bytes
    kind: int
    outcome: int
    number: int
    start: int
    error: int = 0
    flags: int = 0
    family: int = 0
    status: int = 0
    expiry_days: int = 0
    phases: tuple = (0, 0, 0, 0, 0)
    body_length: int = 0
    body_hash: bytes = bytes(8)
    address: bytes = b""

    def encode(self):
        return TICK.pack(self.order, self.kind << 4 | self.family, self.outcome, self.error, self.flags, self.number,
                         self.start, self.status, self.expiry_days, *self.phases, self.body_length,
                         self.body_hash) + self.address

    @classmethod
    def read(cls, r):
        f = TICK.unpack(r.take(TICK.size))
        kind, family = f[1] >> 4, f[1] & 15
        if kind >= len(KINDS) or family not in ADDRESS_SIZE or f[2] not in (UP, DOWN, ABSTAIN) or f[4] & ~3:
            raise WireError("tick: kind, family, outcome or flags")
        if (f[3] == 0) != (f[2] == UP) or f[6] < 0:
            raise WireError("tick: error class does not go with the outcome, or start before 1970")
        return cls(f[0], kind, f[2], f[5], f[6], f[3], f[4], family, f[7], f[8], tuple(f[9:14]), f[14], f[15],
                   r.take(ADDRESS_SIZE[family]))

    @property
    def end(self):
        return self.start + sum(self.phases)


@dataclasses.dataclass
class Batch:
    incarnation: int
    sequence: int
    previous: bytes = bytes(32)
    created: int = 0
    clock_offset: int = 0
    flags: int = 0
    ticks: list = dataclasses.field(default_factory=list)
    gap: tuple = None  # (from, ticks lost); then there are no ticks
    secret: bytes = b""
    extension: bytes = b""
    signature: bytes = b""

    @property
    def header(self):
        return HEADER.pack(b"dpin", 1, 2 if self.gap else 1, self.flags, self.incarnation, self.sequence, self.previous,
                           self.created, self.clock_offset, len(self.ticks), len(self.extension))

    def salt(self, i):
        return hmac.digest(self.secret, DOMAINS["salt"] + i.to_bytes(4, "big"), "sha256")[:16]

    @property
    def leaves(self):
        return [merkle_leaf(self.salt(i) + t.encode()) for i, t in enumerate(self.ticks)]

    @property
    def root(self):
        return merkle_root(self.leaves)

    def signed(self, scope):
        return statement("gap" if self.gap else "batch", scope, self.header + self.extension + self.root)

    def hash(self, scope):
        return sha256(self.signed(scope))

    def seal(self, key, network):
        """The frame; fills secret and signature."""
        if self.gap:
            self.extension = extension_bytes({128: struct.pack(">QI", *self.gap)})
        elif not self.secret:
            self.secret = os.urandom(16)
        self.signature = key.sign(self.signed((network, key.public)))
        return self.frame

    @property
    def frame(self):
        return self.header + self.extension + self.secret + self.signature + b"".join(t.encode() for t in self.ticks)

    @classmethod
    def parse(cls, frame):
        if not 0 < len(frame) <= FRAME_MAX:
            raise WireError("frame empty or too long")
        r = Reader(frame)
        magic, version, kind, flags, incarnation, sequence, previous, created, offset, count, size = \
            HEADER.unpack(r.take(HEADER.size))
        if magic != b"dpin" or version != 1 or kind not in (1, 2) or flags & ~3:
            raise WireError("batch: magic, version, type or flags")
        if not 0 < incarnation < 1 << 63 or not 0 < sequence < 1 << 63 or created < 0:
            raise WireError("batch: incarnation, sequence or time")
        if kind == 1 and not 1 <= count <= TICKS_MAX or kind == 2 and count != 0:
            raise WireError("batch: count")
        b = cls(incarnation, sequence, previous, created, offset, flags, extension=r.take(size))
        items = extension_items(b.extension, (128,) if kind == 2 else ())
        b.secret = r.take(16) if kind == 1 else b""
        b.signature = r.take(64)
        b.ticks = [Tick.read(r) for _ in range(count)]
        r.finish()
        if kind == 2:
            b.gap = cls._gap(items, sequence)
        elif sequence == 1 and previous != bytes(32):
            raise WireError("batch: something before the first")
        return b

    @classmethod
    def head(cls, frame):
        """Of a frame with ticks what stands before them; nothing is checked."""
        _, _, _, flags, incarnation, sequence, previous, created, offset, _, _ = HEADER.unpack(frame[:HEADER.size])
        return cls(incarnation, sequence, previous, created, offset, flags)

    @staticmethod
    def _gap(items, sequence):
        if len(items.get(128, b"")) != 12:
            raise WireError("gap without its extension")
        gap = struct.unpack(">QI", items[128])
        if not 1 <= gap[0] <= sequence:
            raise WireError("gap: from and to")
        return gap

    def verify(self, scope):
        """Its hash, when scope's validator signed it."""
        signed = self.signed(scope)
        verify(scope[1], signed, self.signature, "batch")
        return sha256(signed)

    def prove(self, i):
        return Proof(self.header + self.extension, self.signature, i, self.salt(i), self.ticks[i].encode(),
                     merkle_path(self.leaves, i))


@dataclasses.dataclass
class Proof:
    header: bytes  # with extension
    signature: bytes
    index: int
    salt: bytes
    tick: bytes
    path: list

    def verify(self, scope):
        """The tick, shown to be in a batch signed by scope's validator."""
        count = int.from_bytes(self.header[72:74], "big")
        root = merkle_climb(merkle_leaf(self.salt + self.tick), self.index, count, self.path)
        verify(scope[1], statement("batch", scope, self.header + root), self.signature, "proof")
        r = Reader(self.tick)
        tick = Tick.read(r)
        r.finish()
        return tick


@dataclasses.dataclass
class Receipt:
    incarnation: int
    first: int
    last: int
    hash: bytes
    commit_no: int
    commit_time: int
    counts: tuple
    dispositions: bytes
    extension: bytes = b""
    signature: bytes = b""

    @property
    def body(self):
        return RECEIPT.pack(1, 1, len(self.extension), self.incarnation, self.first, self.last, self.hash,
                            self.commit_no, self.commit_time, *self.counts, self.dispositions) + self.extension

    def seal(self, key, scope):
        self.signature = key.sign(statement("receipt", scope, self.body))
        return self.body + self.signature

    @classmethod
    def parse(cls, data):
        r = Reader(data)
        f = RECEIPT.unpack(r.take(RECEIPT.size))
        if f[0] != 1 or f[1] != 1:
            raise WireError("receipt: version or type")
        if not 0 < f[3] < 1 << 63 or not 1 <= f[4] <= f[5] < 1 << 63 or f[7] >= 1 << 63 or f[8] < 0:
            raise WireError("receipt: incarnation, sequences, commit or time")
        extension = r.take(f[2])
        extension_items(extension)
        receipt = cls(f[3], f[4], f[5], f[6], f[7], f[8], tuple(f[9:15]), f[15], extension, r.take(64))
        r.finish()
        return receipt

    def verify(self, hub, scope):
        verify(hub, statement("receipt", scope, self.body), self.signature, "receipt")


def disposition_hash(batches):
    """batches: (sequence, arrival, codes) in ascending order."""
    return sha256(*(struct.pack(">Qq", sequence, arrival) + bytes(codes) for sequence, arrival, codes in batches))
