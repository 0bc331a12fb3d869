"""The C implementation's vectors, byte for byte, in both directions."""

import json
import os
import unittest

from dpin_wire import Batch, Key, Order, Receipt, Tick, WireError, batch, frame, order_id, order_leaf, sign, spec_encode
from dpin_wire import spec_parse

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "vectors.json")
NUMBERS = bytes.fromhex


def tick_of(v):
    return Tick(NUMBERS(v["order"]), batch.KINDS.index(v["kind"]), {"up": 1, "down": 2, "abstain": 3}[v["outcome"]],
                v["number"], int(v["start"]), batch.ERROR[v["error"]], v["flags"], v["family"], v["status"],
                v["expiryDays"], tuple(v["phases"]), v["bodyLength"], NUMBERS(v["bodyHash"]), NUMBERS(v["address"]))


class Vectors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(PATH, encoding="utf-8") as f:
            cls.v = json.load(f)
        cls.keys = {name: Key(NUMBERS(k["seed"])) for name, k in cls.v["keys"].items()}
        cls.network, cls.validator = cls.keys["network"], cls.keys["validator"]
        cls.scope = (cls.network.public, cls.validator.public)

    def test_keys(self):
        for name, k in self.v["keys"].items():
            self.assertEqual(self.keys[name].public.hex(), k["public"])
            self.assertEqual(self.keys[name].text, k["privateKey"])
            self.assertEqual(Key.from_text(k["privateKey"]).seed.hex(), k["seed"])

    def test_order(self):
        v = self.v["order"]
        made = Order(v["orderType"], v["family"], v["seat"], v["n"], NUMBERS(v["website"]), NUMBERS(v["specHash"]),
                     v["intervalMs"], v["timeoutMs"], int(v["start"]), int(v["epoch"]), NUMBERS(v["commitment"]),
                     NUMBERS(v["eligibleRoot"]), NUMBERS(v["nonce"]))
        data = NUMBERS(v["bytes"])
        self.assertEqual(made.encode(), data)
        self.assertEqual(Order.decode(data), made)
        self.assertEqual(order_id(data, self.scope).hex(), v["id"])
        self.assertEqual(order_leaf(data, self.scope).hex(), v["leaf"])
        self.assertEqual(sign.sha256(v["spec"].encode()).hex(), v["specHash"])
        self.assertEqual(spec_encode(spec_parse(v["spec"].encode())["url"]).decode(), v["spec"])

    def test_ticks(self):
        for v in self.v["ticks"]:
            made, data = tick_of(v), NUMBERS(v["bytes"])
            self.assertEqual(made.encode(), data)
            self.assertEqual(Tick.read(sign.Reader(data)), made)

    def test_batches_and_gaps(self):
        for v in self.v["batches"]:
            data = NUMBERS(v["frame"])
            parsed = Batch.parse(data)
            parsed.verify(self.scope)
            self.assertEqual(parsed.root.hex(), v["root"])
            self.assertEqual(parsed.hash(self.scope).hex(), v["hash"])
            self.assertEqual(parsed.signature.hex(), v["signature"])
            self.assertEqual(len(parsed.ticks), v["count"])
            gap = (int(v["gapFrom"]), v["gapLost"]) if v["batchType"] == 2 else None
            made = Batch(int(v["incarnation"]), int(v["sequence"]), NUMBERS(v["previous"]), int(v["created"]),
                         int(v["clockOffset"]), v["flags"], parsed.ticks, gap, NUMBERS(v["secret"]))
            self.assertEqual(made.seal(self.validator, self.network.public), data)
            with self.assertRaises(WireError):
                parsed.verify((self.network.public, self.keys["hub"].public))

    def test_a_batch_cut_anywhere_is_refused(self):
        data = NUMBERS(self.v["batches"][1]["frame"])
        for n in range(len(data)):
            with self.assertRaises(WireError):
                Batch.parse(data[:n])

    def test_proofs(self):
        for v in self.v["batches"]:
            if "proof" not in v:
                continue
            proof = Batch.parse(NUMBERS(v["frame"])).prove(v["proof"]["index"])
            self.assertEqual(proof.salt.hex(), v["proof"]["salt"])
            self.assertEqual(proof.tick.hex(), v["proof"]["tick"])
            self.assertEqual([h.hex() for h in proof.path], v["proof"]["path"])
            self.assertEqual(proof.verify(self.scope).encode().hex(), v["proof"]["tick"])
            proof.tick = proof.tick[:20] + bytes([proof.tick[20] ^ 1]) + proof.tick[21:]
            with self.assertRaises(WireError):
                proof.verify(self.scope)

    def test_merkle_paths_lead_to_their_roots(self):
        batch_of_all = {len(p.leaves): p.leaves for p in (Batch.parse(NUMBERS(v["frame"])) for v in self.v["batches"])}
        for leaves in batch_of_all.values():
            root = sign.merkle_root(leaves)
            for i in range(len(leaves)):
                path = sign.merkle_path(leaves, i)
                self.assertEqual(sign.merkle_climb(leaves[i], i, len(leaves), path), root)
                with self.assertRaises(WireError):
                    sign.merkle_climb(leaves[i], i, len(leaves), [*path, root])

    def test_merkle_vectors(self):
        for v in self.v["merkle"]:
            leaves = [sign.merkle_leaf(bytes([i])) for i in range(v["n"])]
            self.assertEqual(sign.merkle_root(leaves).hex(), v["root"], f"n = {v['n']}")
            if v["n"]:
                self.assertEqual([h.hex() for h in sign.merkle_path(leaves, v["index"])], v["path"])

    def test_frames_are_read_and_written_the_same(self):
        for v in self.v["frames"]:
            kind, values = frame.decode(v["text"], v["from"])
            self.assertEqual(frame.encode(kind, values), v["text"])
            with self.assertRaises(WireError):
                frame.decode(v["text"][:-1] + ',"surplus":1}', v["from"])

    def frames(self, kind):
        return [f for k, f in (frame.decode(v["text"], v["from"]) for v in self.v["frames"]) if k == kind]

    def test_handshake_signatures(self):
        hellos, join, welcome = self.frames("hello"), self.frames("join")[0], self.frames("welcome")[0]
        for f in hellos:
            frame.hello_verify(f)
            hub = self.network if f["hubKey"] == self.network.public else self.keys["hub"]
            self.assertEqual(frame.hello_sign(dict(f), hub), f)
        self.assertEqual(frame.hello_certify(self.network, self.keys["hub"].public), hellos[1]["certificate"])
        frame.join_verify(join, self.network.public)
        self.assertEqual(frame.join_sign(dict(join), self.network.public, self.validator), join)
        nonces = (join["hubNonce"], join["nonce"])
        frame.welcome_verify(welcome, nonces, self.scope, self.network.public)
        self.assertEqual(frame.welcome_sign(dict(welcome), nonces, self.scope, self.network), welcome)
        with self.assertRaises(WireError):
            frame.welcome_verify(welcome, nonces[::-1], self.scope, self.network.public)

    def test_orders_and_probes(self):
        orders = self.frames("orders")[0]
        opened = frame.orders_verify(orders, self.scope, self.network.public)
        self.assertEqual(opened[0][0].hex(), self.v["order"]["id"])
        self.assertEqual(frame.orders_sign(dict(orders), self.scope, self.network), orders)
        plain, spare = self.frames("probe")
        self.assertIsNone(frame.probe_verify(plain, self.scope, self.network.public))
        self.assertEqual(frame.probe_verify(spare, self.scope, self.network.public)[0], spare["order"])
        self.assertEqual(frame.probe_sign(dict(plain), self.scope, self.network), plain)
        self.assertEqual(frame.spare_sign(dict(spare["spare"]), self.scope, self.network), spare["spare"])
        with self.assertRaises(WireError):
            frame.probe_verify({**plain, "number": 8}, self.scope, self.network.public)

    def test_receipt(self):
        ack = self.frames("ack")[0]
        receipt, _ = frame.ack_verify(ack, self.scope, self.network.public)
        self.assertEqual(receipt.seal(self.network, self.scope), ack["receipt"])
        self.assertEqual(Receipt.parse(ack["receipt"]), receipt)
        with self.assertRaises(WireError):
            frame.ack_verify({**ack, "exceptions": []}, self.scope, self.network.public)


if __name__ == "__main__":
    unittest.main()
