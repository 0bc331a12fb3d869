"""dpin.v1, second implementation: the control frames (frame.h, frame-hello.h, frame-orders.h, frame-ack.h).

A frame is a dict of Python values: bytes for what travels as base64url, int for decimal strings and numbers.
"""

import json
import struct

from dpin_batch import KINDS, Receipt, disposition_hash
from dpin_order import open_order, order_leaf, unique_pairs
from dpin_sign import WireError, b64, merkle_root, statement, unb64, verify

SIZE_MAX = 64 * 1024
U64, NUMBER, TEXT, BOOL, TEXTS, BYTES = "u64", "number", "text", "bool", "texts", "bytes"
KEY = NONCE = 32
SIGNATURE, ID = 64, 16
STREAMS = [("incarnation", U64), ("receipt?", BYTES)]
ORDER = [("order", BYTES), ("spec", BYTES)]
WINDOW = {"window": [("live", NUMBER), ("history", NUMBER)]}

# A type is one of the names above, a size in bytes, a dict {name: members} of an object, or (members, most) of an
# array.
FIELDS = {
    "hello": [("version", NUMBER), ("hubKey", KEY), ("networkKey", KEY), ("certificate?", SIGNATURE), ("nonce", NONCE),
              ("time", U64), ("maxFrame", NUMBER), ("maxTicks", NUMBER), ("signature", SIGNATURE)],
    "join": [("validatorKey", KEY), ("nonce", NONCE), ("hubNonce", NONCE), ("authority", TEXT), ("software", TEXT),
             ("tags", TEXTS), ("capabilities", TEXTS), ("streams", (STREAMS, 64)), ("revision", U64),
             ("signature", SIGNATURE)],
    "welcome": [("approved", BOOL), ("time", U64), ("streams", (STREAMS, 64)), ("window", WINDOW),
                ("signature", SIGNATURE)],
    "reject": [("code", TEXT), ("reason?", TEXT), ("retryAfter?", NUMBER)],
    "orders": [("base", U64), ("revision", U64), ("reset", BOOL), ("add", (ORDER, 128)),
               ("remove", ([("order", ID)], 128)), ("signature", SIGNATURE)],
    "probe": [("order", ID), ("number", NUMBER), ("reason", TEXT), ("deadline", U64),
              ("spare?", {"spare": [*ORDER, ("signature", SIGNATURE)]}), ("signature", SIGNATURE)],
    "suspect": [("order", ID), ("slot", NUMBER)],
    "ack": [("receipt", BYTES), ("time", U64),
            ("batches", ([("sequence", U64), ("arrival", U64), ("count", NUMBER), ("code", NUMBER)], 128)),
            ("exceptions", ([("sequence", U64), ("index", NUMBER), ("code", NUMBER)], 720)), ("window", WINDOW)],
    "notice": [("code", TEXT), ("reason?", TEXT), ("incarnation?", U64), ("sequence?", U64), ("revision?", U64),
               ("order?", ID)],
    "bye": [("code", TEXT), ("retryAfter?", NUMBER)],
}
SENDERS = {"hub": {"hello", "welcome", "reject", "orders", "probe", "ack", "notice", "bye"},
           "validator": {"join", "suspect", "notice", "bye"}}


def _empty(kind):
    if isinstance(kind, int):
        return bytes(kind)
    if isinstance(kind, (dict, tuple)):
        return [] if isinstance(kind, tuple) else None
    return {U64: 0, NUMBER: 0, TEXT: "", BYTES: b"", BOOL: False}.get(kind, [])


def _encode(kind, value):
    if isinstance(kind, int) or kind == BYTES:
        return b64(value)
    if isinstance(kind, dict):
        return _encode_members(next(iter(kind.values())), value)
    if isinstance(kind, tuple):
        return [_encode_members(kind[0], item) for item in value]
    return str(value) if kind == U64 else value


def _encode_members(members, values):
    out = {}
    for name, kind in members:
        optional, name = name.endswith("?"), name.rstrip("?")
        value = values.get(name, _empty(kind))
        if not (optional and (not value or value == _empty(kind))):
            out[name] = _encode(kind, value)
    return out


def encode(kind, values):
    """The text of a frame, members in the order of the protocol."""
    text = json.dumps({"type": kind, **_encode_members(FIELDS[kind], values)}, separators=(",", ":"))
    if len(text) > SIZE_MAX:
        raise WireError("frame too long")
    return text


def _is_text(value):
    """Whole characters, and no NUL."""
    return isinstance(value, str) and not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value)


def _decode(kind, value, name):
    def need(kind_of, ok=True):
        if not isinstance(value, kind_of) or not ok:
            raise WireError(f"{name}: wrong")
        return value
    if isinstance(kind, int) or kind == BYTES:
        return unb64(need(str), kind if isinstance(kind, int) else None)
    if isinstance(kind, dict):
        return _decode_members(next(iter(kind.values())), need(dict))
    if isinstance(kind, tuple):
        need(list, isinstance(value, list) and len(value) <= kind[1])
        return [_decode_members(kind[0], item) for item in value]
    if kind == U64:
        need(str, isinstance(value, str) and value.isascii() and value.isdigit() and str(int(value)) == value)
        return int(value)
    if kind == NUMBER:
        return need(int, not isinstance(value, bool) and isinstance(value, int) and abs(value) < 1 << 53)
    if kind == TEXTS:
        return need(list, isinstance(value, list) and len(value) <= 32 and all(_is_text(x) for x in value))
    return need(bool) if kind == BOOL else need(str, _is_text(value))


def _decode_members(members, found):
    if not isinstance(found, dict):
        raise WireError("not an object")
    left, out = dict(found), {}
    for name, kind in members:
        optional, name = name.endswith("?"), name.rstrip("?")
        if name in left:
            out[name] = _decode(kind, left.pop(name), name)
        elif optional:
            out[name] = _empty(kind)
        else:
            raise WireError(f"{name}: missing")
    if left:
        raise WireError(f"unknown member {next(iter(left))}")
    return out


def decode(text, sender):
    """(type, values) of a message of that side, "hub" or "validator"."""
    if len(text) > SIZE_MAX:
        raise WireError("frame too long")
    try:
        found = json.loads(text, object_pairs_hook=unique_pairs)
    except ValueError:
        raise WireError("not JSON") from None
    kind = found.pop("type", None) if isinstance(found, dict) else None
    if kind not in SENDERS[sender]:
        raise WireError(f"the {sender} sends no {kind!r}")
    return kind, _decode_members(FIELDS[kind], found)


# What is signed -------------------------------------------------------------------------------------------------------

def _hello_body(f):
    return struct.pack(">B32sqII", f["version"], f["nonce"], f["time"], f["maxFrame"], f["maxTicks"])


def hello_sign(f, hub):
    f["hubKey"] = hub.public
    f["signature"] = hub.sign(statement("hello", (f["networkKey"], hub.public), _hello_body(f)))
    return f


def hello_certify(network, hub_public):
    return network.sign(statement("hubkey", (network.public, hub_public)))


def hello_verify(f):
    scope = (f["networkKey"], f["hubKey"])
    if f["hubKey"] != f["networkKey"]:
        verify(f["networkKey"], statement("hubkey", scope), f["certificate"], "certificate")
    verify(f["hubKey"], statement("hello", scope, _hello_body(f)), f["signature"], "hello")


def _join_body(f):
    return f["hubNonce"] + f["nonce"] + f["authority"].encode()


def join_sign(f, network, validator):
    f["validatorKey"] = validator.public
    f["signature"] = validator.sign(statement("join", (network, validator.public), _join_body(f)))
    return f


def join_verify(f, network):
    verify(f["validatorKey"], statement("join", (network, f["validatorKey"]), _join_body(f)), f["signature"], "join")


def _welcome_body(f, nonces):
    return nonces[0] + nonces[1] + struct.pack(">q", f["time"])


def welcome_sign(f, nonces, scope, hub):
    """nonces: (hub's, validator's)."""
    f["signature"] = hub.sign(statement("welcome", scope, _welcome_body(f, nonces)))
    return f


def welcome_verify(f, nonces, scope, hub):
    verify(hub, statement("welcome", scope, _welcome_body(f, nonces)), f["signature"], "welcome")


def orders_root(entries, scope):
    return merkle_root([order_leaf(e["order"], scope) for e in entries])


def orders_sign(f, scope, hub):
    f["signature"] = hub.sign(statement("orders", scope, orders_root(f["add"], scope)))
    return f


def orders_verify(f, scope, hub):
    verify(hub, statement("orders", scope, orders_root(f["add"], scope)), f["signature"], "orders")
    return [open_order(e["order"], e["spec"], scope) for e in f["add"]]


def probe_kind(f):
    if f["reason"] not in KINDS[1:]:
        raise WireError("probe: reason")
    return KINDS.index(f["reason"])


def _probe_body(f):
    return struct.pack(">16sIBq", f["order"], f["number"], probe_kind(f), f["deadline"])


def probe_sign(f, scope, hub):
    f["signature"] = hub.sign(statement("probe", scope, _probe_body(f)))
    return f


def spare_sign(spare, scope, hub):
    spare["signature"] = hub.sign(statement("orders", scope, orders_root([spare], scope)))
    return spare


def probe_verify(f, scope, hub):
    """The opened spare order, or None."""
    verify(hub, statement("probe", scope, _probe_body(f)), f["signature"], "probe")
    if not f["spare"]:
        return None
    opened = orders_verify({"add": [f["spare"]], "signature": f["spare"]["signature"]}, scope, hub)[0]
    if opened[0] != f["order"]:
        raise WireError("probe: the spare's order is another one")
    return opened


def ack_codes(f):
    """[(sequence, arrival, codes)]: the disposition of every tick, as batches and exceptions tell."""
    found, last = {}, 0
    for b in f["batches"]:
        if b["sequence"] <= last or not 0 <= b["count"] <= 720 or not 0 <= b["code"] <= 5:
            raise WireError("ack: batches")
        last = b["sequence"]
        found[last] = (b["arrival"], bytearray([b["code"]]) * b["count"])
    last = (0, -1)
    for e in f["exceptions"]:
        place = (e["sequence"], e["index"])
        if place <= last or e["sequence"] not in found or not 0 <= e["index"] < len(found[e["sequence"]][1]):
            raise WireError("ack: exceptions")
        found[e["sequence"]][1][e["index"]] = e["code"]
        last = place
    return [(sequence, arrival, bytes(codes)) for sequence, (arrival, codes) in found.items()]


def ack_verify(f, scope, hub):
    """(receipt, [(sequence, arrival, codes)]), all of it consistent and signed."""
    receipt = Receipt.parse(f["receipt"])
    receipt.verify(hub, scope)
    batches = ack_codes(f)
    if disposition_hash(batches) != receipt.dispositions:
        raise WireError("ack: the dispositions are not the receipt's")
    counted = [0] * 6
    for _, _, codes in batches:
        for code in codes:
            counted[code] += 1
    if tuple(counted) != receipt.counts:
        raise WireError("ack: the counts are not the receipt's")
    return receipt, batches
