"""Every byte of what a validator says, changed: a defined answer for each, and never the one for what it said before.

Of a batch and a gap all bytes are covered by the signature: the secret, which is not signed, salts the leaves of what
is. Of a join the signature covers keys, nonces and authority; the rest is what the validator may say of itself anyway.
Where an answer depends on more than the place of the byte, the second implementation says which one is right.
"""

import os
import unittest

from attack_case import PROTOCOL, REJECTED, SANITIZED, AttackCase
from dpin_line import join_of
from dpin_raw import CLOSE, PING, PONG, TEXT
from dpin_wire import Batch, Key, Tick, WireError, batch, frame

BITS = (0, 7) if SANITIZED else range(8)
NO_TEXT = 1007  # no UTF-8
FORGIVEN = 10  # bad batches of one connection


def flipped(data, at, bit):
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1:]


def pieces(items, n):
    return [items[i:i + n] for i in range(0, len(items), n)]


class Binary(AttackCase):
    def batch(self, line):
        now = line.greeting["time"]
        ticks = [Tick(os.urandom(16), batch.SCHEDULED, batch.UP, 1, now, family=6, address=os.urandom(16)),
                 Tick(os.urandom(16), batch.CONFIRM, batch.DOWN, 2, now, error=2)]
        return line.stream.seal(ticks, now, extension=b"\x05\x00\x02xy")

    def gap(self, line):
        return Batch(line.stream.incarnation, 4, os.urandom(32), created=line.greeting["time"],
                     gap=(1, 9)).seal(line.key, line.stream.network)

    def assert_all_flips_are_refused(self, make):
        """Ten for each of many validators, who then say it as it was."""
        line = self.joined()
        size = len(make(line))
        line.close()
        places = [(at, bit) for bit in BITS for at in range(size)]
        for ten in pieces(places, FORGIVEN):
            line = self.joined()
            data = make(line)
            for at, bit in ten:
                spoiled = flipped(data, at, bit)
                with self.assertRaises(WireError, msg=(at, bit)):
                    Batch.parse(spoiled).verify(line.scope)
                line.send(spoiled)
                self.assertEqual(line.expect("notice")["code"], "bad_batch", (at, bit))
            line.send(data)
            self.assertEqual(line.ack()[0].incarnation, line.stream.incarnation)
            line.close()
        rows = self.value(f"SELECT count(*) FROM tick_batch WHERE incarnation = {line.stream.incarnation}")
        self.assertEqual(rows, "1")

    def test_every_byte_of_a_batch(self):
        self.assert_all_flips_are_refused(self.batch)

    def test_every_byte_of_a_gap(self):
        self.assert_all_flips_are_refused(self.gap)

    def test_every_length_of_a_batch(self):
        """Cut short, and with bytes left over."""
        line = self.joined()
        data = self.batch(line)
        spoiled = [data[:n] for n in range(0, len(data), 3)] + [data + b"\0", data + data, b"\0" + data]
        for ten in pieces(spoiled, FORGIVEN):
            other = self.joined()
            for piece in ten:
                other.send(piece)
                self.assertEqual(other.expect("notice")["code"], "bad_batch", len(piece))
            other.close()
        line.send(data)
        self.assertEqual(line.ack()[0].last, 1)


class Text(AttackCase):
    def expected_of_join(self, text, hello):
        """What must answer it: ("closed", code), ("reject", code) or ("welcome",)."""
        try:
            kind, values = frame.decode(text.decode(), "validator")
        except UnicodeDecodeError:
            return "closed", NO_TEXT
        except WireError:
            return "closed", PROTOCOL
        if kind != "join":
            return "closed", PROTOCOL
        if values["hubNonce"] != hello["nonce"]:
            return "reject", "bad_challenge"
        try:
            frame.join_verify(values, hello["networkKey"])
        except WireError:
            return "reject", "bad_signature"
        return ("welcome",)

    def answer_of_join(self, raw):
        opcode, data = raw.hear()
        if opcode == CLOSE:
            return "closed", int.from_bytes(data[:2], "big")
        kind, values = frame.decode(data.decode(), "hub")
        if kind == "reject":
            self.assertEqual(raw.close_code(), REJECTED)
        return (kind, values["code"]) if kind == "reject" else (kind,)

    def test_every_byte_of_a_join(self):
        seen, at, bit = set(), 0, 0
        while True:
            with self.raw() as raw:
                raw.open()
                _, hello = raw.hear_frame()
                join = join_of(hello, Key(), self.world.hub_url, tags=["region=eu"],
                               streams=[{"incarnation": 7, "receipt": b"\0" * 30}])
                text = frame.encode("join", join).encode()
                if at == len(text):
                    at, bit = 0, bit + 7
                if bit > 7:
                    break
                spoiled = flipped(text, at, (bit + at) % 7 if bit == 0 else 7)
                expected = self.expected_of_join(spoiled, hello)
                raw.frame(TEXT, spoiled)
                self.assertEqual(self.answer_of_join(raw), expected, (at, spoiled))
                seen.add(expected)
            at += 1
        self.assertEqual(seen, {("closed", NO_TEXT), ("closed", PROTOCOL), ("reject", "bad_challenge"),
                                ("reject", "bad_signature"), ("welcome",)})

    def expected(self, text):
        """What must become of the connection: a close code, or None: it stays."""
        try:
            kind, _ = frame.decode(text.decode(), "validator")
        except UnicodeDecodeError:
            return NO_TEXT
        except WireError:
            return PROTOCOL
        return {"join": PROTOCOL, "bye": 1000}.get(kind)

    def answer(self, raw, text):
        """A ping after it is answered when it was."""
        raw.frame(TEXT, text)
        raw.frame(PING, b"?")
        while True:
            opcode, data = raw.hear()
            if opcode == PONG:
                return None
            if opcode == CLOSE:
                return int.from_bytes(data[:2], "big")

    def test_every_byte_of_what_a_ready_validator_says(self):
        order = os.urandom(16)
        for kind, values in (("suspect", {"order": order, "slot": 3}), ("bye", {"code": "shutdown", "retryAfter": 5}),
                             ("notice", {"code": "orders", "revision": 12}),
                             ("notice", {"code": "refused", "order": order, "reason": "not here \u00e4"}),
                             ("notice", {"code": "bad_receipt", "incarnation": 5, "sequence": 6})):
            text = frame.encode(kind, values).encode()
            answers, raw = set(), None
            for at in range(len(text)):
                for bit in (at % 7, 7):
                    if raw is None:
                        raw = self.raw()
                        raw.welcome()
                    spoiled = flipped(text, at, bit)
                    expected = self.expected(spoiled)
                    self.assertEqual(self.answer(raw, spoiled), expected, spoiled)
                    answers.add(expected)
                    if expected is not None:
                        raw.close()
                        raw = None
            self.assertTrue({PROTOCOL, NO_TEXT} <= answers, answers)


if __name__ == "__main__":
    unittest.main()
