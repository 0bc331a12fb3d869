"""Signatures that some would take: keys of small order, numbers written twice, other purposes, other networks.

Each forgery here holds in the equation of ed25519 as it stands in the books; only the checks that libsodium adds tell
it from an honest one.
"""

import hashlib
import os
import unittest

from attack_case import AttackCase
from dpin_hub import Hub
from dpin_line import join_of
from dpin_validator import Validator
from dpin_wire import Batch, Key, Tick, batch, sign

ORDER = (1 << 252) + 27742317777372353535851937790883648493
PRIME = (1 << 255) - 19
NEUTRAL = (0, 1)
IDENTITY = (1).to_bytes(32, "little")


def encoded(y, odd=False):
    return (y | odd << 255).to_bytes(32, "little")


# The curve, as in the books and in no hurry: what holds here is what a lax program takes. -----------------------------

D = -121665 * pow(121666, -1, PRIME) % PRIME


def decoded(data):
    """Any writing of a point."""
    y = int.from_bytes(data, "little") & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    if (x * x - square) % PRIME:
        raise ValueError("no point")
    return (-x if x & 1 != data[31] >> 7 else x) % PRIME, y % PRIME


def added(p, q):
    product = D * p[0] * q[0] * p[1] * q[1]
    return ((p[0] * q[1] + q[0] * p[1]) * pow(1 + product, -1, PRIME) % PRIME,
            (p[1] * q[1] + p[0] * q[0]) * pow(1 - product, -1, PRIME) % PRIME)


def times(n, p):
    total = NEUTRAL
    while n:
        if n & 1:
            total = added(total, p)
        p, n = added(p, p), n >> 1
    return total


BASE = decoded(encoded(4 * pow(5, -1, PRIME) % PRIME))


def of_small_order():
    """All that decode to a point whose order divides 8, canonical or not."""
    y = 2
    while True:
        try:
            point = times(ORDER, decoded(encoded(y)))
        except ValueError:
            point = NEUTRAL
        if times(4, point) != NEUTRAL:
            break
        y += 1
    found = {times(n, point)[1] for n in range(8)}
    return [encoded(y + more, odd) for y in sorted(found) for more in (0, PRIME) if y + more < 1 << 255
            for odd in (False, True)]


def holds(public, data, signature):
    """S B = R + h A"""
    s = int.from_bytes(signature[32:], "little")
    h = challenge(signature[:32], public, data)
    return times(s, BASE) == added(decoded(signature[:32]), times(h, decoded(public)))


def challenge(r, public, data):
    return int.from_bytes(hashlib.sha512(r + public + data).digest(), "little") % ORDER


def secret_scalar(key):
    a = bytearray(hashlib.sha512(key.seed).digest()[:32])
    a[0] &= 248
    a[31] &= 127
    a[31] |= 64
    return int.from_bytes(a, "little")


def later_s(signature, times=1):
    """The same S, written larger."""
    s = int.from_bytes(signature[32:], "little") + times * ORDER
    return signature[:32] + s.to_bytes(32, "little")


def with_nothing_for_r(key, data, r):
    """S B = R + h A holds with R the neutral element, however it is written."""
    return r + (challenge(r, key.public, data) * secret_scalar(key) % ORDER).to_bytes(32, "little")


class Signatures(AttackCase):
    def join_data(self, join, network):
        return sign.statement("join", (network, join["validatorKey"]),
                              join["hubNonce"] + join["nonce"] + join["authority"].encode())

    def assert_forgery_refused(self, forge):
        """forge(join, network) returns the join as it is sent."""
        line = self.line()
        hello = line.hello()
        forged = forge(join_of(hello, Key(), line.url), hello["networkKey"])
        self.assertTrue(holds(forged["validatorKey"], self.join_data(forged, hello["networkKey"]), forged["signature"]))
        line.send_frame("join", **forged)
        self.assert_rejected(line, "bad_signature")

    def test_keys_of_small_order(self):
        """They sign everything: with S = 0 it holds for one challenge of eight at least."""
        for public in of_small_order():
            for r in (IDENTITY, encoded(PRIME + 1), public):
                def forge(join, network, public=public, r=r):
                    join = {**join, "validatorKey": public}
                    while True:
                        h = challenge(r, public, self.join_data(join, network))
                        if added(decoded(r), times(h % 8, decoded(public))) == NEUTRAL:
                            break
                        join["nonce"] = os.urandom(32)
                    return {**join, "signature": r + bytes(32)}
                with self.subTest(key=public.hex(), r=r.hex()):
                    self.assert_forgery_refused(forge)

    def test_a_join_with_numbers_written_otherwise(self):
        for n in (1, 2, 7):
            self.assert_forgery_refused(lambda join, _, n=n: {**join, "signature": later_s(join["signature"], n)})
        for r in (IDENTITY, encoded(PRIME + 1), encoded(1, True), encoded(PRIME + 1, True)):
            key = Key()

            def forge(join, network, r=r, key=key):
                join = {**join, "validatorKey": key.public}
                return {**join, "signature": with_nothing_for_r(key, self.join_data(join, network), r)}
            self.assert_forgery_refused(forge)

    def test_a_batch_with_numbers_written_otherwise(self):
        line = self.joined()
        data = line.stream.seal([line.tick], line.greeting["time"])
        at = 76 + 16
        good, signed = data[at:at + 64], Batch.parse(data).signed(line.scope)
        forged = [later_s(good), later_s(good, 2), good[:32] + bytes(32), bytes(64),
                  *(with_nothing_for_r(line.key, signed, r) for r in (IDENTITY, encoded(PRIME + 1)))]
        for signature in forged:
            self.assertEqual(holds(line.key.public, signed, signature), signature[32:] != bytes(32))
            line.send(data[:at] + signature + data[at + 64:])
            self.assertEqual(line.expect("notice")["code"], "bad_batch", signature.hex())
        line.send(data)
        self.assertEqual(line.ack()[0].last, 1)

    def test_what_was_signed_for_another_purpose(self):
        for domain in set(sign.DOMAINS) - {"join"}:
            line, key = self.line(), Key()
            hello = line.hello()
            join = join_of(hello, key, line.url)
            join["signature"] = key.sign(sign.DOMAINS[domain] + self.join_data(join, hello["networkKey"])[16:])
            line.send_frame("join", **join)
            self.assert_rejected(line, "bad_signature")
        line = self.joined()
        now = line.greeting["time"]
        for domain in ("gap", "join", "receipt"):
            b = Batch(line.stream.incarnation, 1, created=now, ticks=[line.tick], secret=os.urandom(16))
            b.signature = line.key.sign(sign.DOMAINS[domain] + b.signed(line.scope)[16:])
            line.send(b.frame)
            self.assertEqual(line.expect("notice")["code"], "bad_batch", domain)
        self.assert_acked(line)

    def test_the_challenge_of_a_foreign_hub(self):
        """Another hub's greeting is passed on to a validator, and its join comes here."""
        foreign = {"networkKey": Key().public, "nonce": os.urandom(32)}
        for passed_on, why in ((("networkKey", "nonce"), "bad_challenge"), (("networkKey",), "bad_signature"),
                               (("nonce",), "bad_challenge")):
            line = self.line()
            greeting = {**line.hello(), **{name: foreign[name] for name in passed_on}}
            line.send_frame("join", **join_of(greeting, Key(), line.url))
            self.assert_rejected(line, why)

    def test_the_batches_of_a_foreign_hub(self):
        """What a validator said to a hub of another network is worth nothing here."""
        key = Key()
        with Hub() as hub:
            theirs = Validator(hub.url, lambda *_: None, key=key).start()
            self.addCleanup(theirs.stop)
            theirs.wait_welcome()
            for _ in range(3):
                theirs.submit(Tick(os.urandom(16), batch.SCHEDULED, batch.UP, 1, theirs.now()))
            line = self.joined(key)
            for _, _, data in hub.batches:
                line.send(data)
                self.assertEqual(line.expect("notice")["code"], "bad_batch")
            self.assertEqual(len(hub.batches), 3)
        self.assert_acked(line)

    def test_a_batch_of_another_validator(self):
        one, two = self.joined(), self.joined()
        data = one.stream.seal([one.tick], one.greeting["time"])
        two.send(data)
        self.assertEqual(two.expect("notice")["code"], "bad_batch")
        one.send(data)
        self.assertEqual(one.ack()[1][0][2], bytes([batch.UNASSIGNED]))


if __name__ == "__main__":
    unittest.main()
