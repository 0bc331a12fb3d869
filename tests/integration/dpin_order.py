"""dpin.v1, second implementation: orders and what they check (order.h, spec.h)."""

import dataclasses
import json
import struct

from dpin_sign import WireError, extension_items, merkle_leaf, sha256, statement

FIXED = struct.Struct(">6BH16s32sIIqQ32s32s16s")
INTERVAL_MIN_MS, INTERVAL_MAX_MS = 10_000, 24 * 3600 * 1000
SEAT, SPARE, PANEL = 1, 2, 3
SPEC_MEMBERS = {  # by type: those that must be there, those that may
    "http": ({"type", "url", "method", "redirects", "status"},
             {"invert", "headers", "body", "assertions", "certificateDays", "tlsMin", "httpVersion"}),
    "tcp": ({"type", "url"}, {"invert", "send", "expect"}),
    "tls": ({"type", "url"}, {"invert", "certificateDays", "tlsMin"}),
    "dns": ({"type", "url"}, {"invert", "rcode", "assertions"}),
    "icmp": ({"type", "url"}, {"invert", "count", "lossMax"}),
}


@dataclasses.dataclass
class Order:
    type: int
    family: int
    seat: int
    n: int
    website: bytes
    spec: bytes  # SHA-256 of the specification's exact bytes
    interval_ms: int
    timeout_ms: int
    start: int
    epoch: int
    commitment: bytes
    eligible: bytes
    nonce: bytes
    extension: bytes = b""

    def encode(self):
        self._check()
        return FIXED.pack(1, self.type, self.family, self.seat, self.n, 0, len(self.extension), self.website, self.spec,
                          self.interval_ms, self.timeout_ms, self.start, self.epoch, self.commitment, self.eligible,
                          self.nonce) + self.extension

    @classmethod
    def decode(cls, data):
        if len(data) < FIXED.size:
            raise WireError("order truncated")
        version, kind, family, seat, n, flags, size, *rest = FIXED.unpack_from(data)
        if version != 1 or flags != 0:
            raise WireError("order of an unknown version or flag")
        if size > 1024 or len(data) != FIXED.size + size:
            raise WireError("order of a wrong length")
        order = cls(kind, family, seat, n, *rest, data[FIXED.size:])
        order._check()
        return order

    def _check(self):
        if self.type not in (SEAT, SPARE, PANEL) or self.family not in (0, 4, 6) or not 1 <= self.n <= 255:
            raise WireError("order: type, family or n")
        if self.seat != 0 and (self.type == SPARE or self.seat >= self.n):
            raise WireError("order: seat")
        if not INTERVAL_MIN_MS <= self.interval_ms <= INTERVAL_MAX_MS:
            raise WireError("order: interval")
        if not 1 <= self.timeout_ms <= self.interval_ms // 2:
            raise WireError("order: timeout")
        if self.start < 0 or self.epoch >= 1 << 63:
            raise WireError("order: start or epoch")
        extension_items(self.extension)

    def slot_time(self, slot):
        return self.start + slot * self.interval_ms * 1000

    def slot_at(self, now):
        """The slot scheduled last at that time; below 0: none yet."""
        return (now - self.start) // (self.interval_ms * 1000)


def order_signed(data, scope):
    return statement("order", scope, data)


def order_id(data, scope):
    return sha256(order_signed(data, scope))[:16]


def order_leaf(data, scope):
    return merkle_leaf(order_signed(data, scope))


def spec_encode(url, method="GET", redirects=5, status="200-399", **more):
    """Of a URL's kind, as by default but for what is told."""
    kind = url.partition(":")[0].lower()
    if kind in SPEC_MEMBERS and kind != "http":
        spec = {"type": kind, "url": url}
    else:
        spec = {"type": "http", "url": url, "method": method, "redirects": redirects, "status": status}
    return json.dumps(spec | more, separators=(",", ":")).encode()


def unique_pairs(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise WireError("a member occurs twice")
    return found


def spec_parse(data):
    if len(data) > 4096:
        raise WireError("specification too long")
    try:
        spec = json.loads(data, object_pairs_hook=unique_pairs)
    except ValueError:
        raise WireError("specification is no JSON") from None
    must, may = SPEC_MEMBERS.get(spec.get("type") if isinstance(spec, dict) else None, ({"no such type"}, set()))
    if not must <= set(spec) <= must | may:
        raise WireError("a specification that is not understood whole is refused")
    return spec


def open_order(data, spec, scope):
    """(id, order, specification) of one entry; the specification's hash must be the order's."""
    order = Order.decode(data)
    if sha256(spec) != order.spec:
        raise WireError("the specification is not the order's")
    return order_id(data, scope), order, spec_parse(spec)
