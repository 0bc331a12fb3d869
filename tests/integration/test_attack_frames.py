"""Frames and texts as no client would send them: one defined answer for each, and no memory for what is refused."""

import os
import unittest

from attack_case import PROTOCOL, SANITIZED, AttackCase, scaled
from dpin_line import join_of
from dpin_raw import ABNORMAL, BINARY, CLOSE, COMPRESSED, CONTINUATION, NO_CODE, PING, PONG, TEXT, frame_bytes
from dpin_validator import Stream
from dpin_wire import Key, Tick, b64, batch, frame

NORMAL, UNKNOWN, NO_TEXT, POLICY, TOO_LONG = 1000, 1002, 1007, 1008, 1009
STAYS = "stays open"
SIZE_MAX = 64 * 1024


class FrameCase(AttackCase):
    def welcomed(self):
        raw = self.raw()
        raw.welcome()
        self.assertEqual(raw.hear_frame()[0], "orders")
        raw.stream = Stream(raw.key, raw.hello["networkKey"])
        return raw

    def outcome(self, raw):
        """After all that was sent: how the connection was closed, or STAYS."""
        raw.frame(PING, b"all?")
        while True:
            heard = raw.hear()
            if heard is None:
                return ABNORMAL
            if heard == (PONG, b"all?"):
                return STAYS
            if heard[0] == CLOSE:
                return int.from_bytes(heard[1][:2], "big") if len(heard[1]) > 1 else NO_CODE

    def batch(self, raw, ticks=1):
        now = raw.hello["time"]
        return raw.stream.seal([Tick(os.urandom(16), batch.SCHEDULED, batch.UP, i, now) for i in range(ticks)], now)

    def assert_acked(self, raw):
        kind, values = raw.hear_frame()
        self.assertEqual(kind, "ack", values)
        receipt, _ = frame.ack_verify(values, raw.scope, raw.hello["hubKey"])
        self.assertEqual(receipt.last, raw.stream.sequence)


class Frames(FrameCase):
    def test_compression_is_neither_agreed_nor_taken(self):
        for offer in ("permessage-deflate", "permessage-deflate; client_max_window_bits", "x-webkit-deflate-frame"):
            raw = self.raw()
            self.assertEqual(raw.upgrade(Sec_WebSocket_Extensions=offer), 101)
            self.assertNotIn(b"extensions", raw.head.lower())
        for reserved in (COMPRESSED, 0x20, 0x10, 0x70):
            for opcode in (TEXT, BINARY, PING):
                raw = self.welcomed()
                raw.frame(opcode, b"x", reserved=reserved)
                self.assertEqual(self.outcome(raw), UNKNOWN, (reserved, opcode))

    def test_frames_that_do_not_exist(self):
        for name, data, code in (
                *((f"opcode {n}", frame_bytes(n, b"x"), UNKNOWN) for n in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)),
                ("continues nothing", frame_bytes(CONTINUATION, b"x"), UNKNOWN),
                ("fragmented ping", frame_bytes(PING, b"x", fin=False), UNKNOWN),
                ("text within text", frame_bytes(TEXT, b"{", fin=False) + frame_bytes(TEXT, b"}"), UNKNOWN),
                ("binary within text", frame_bytes(TEXT, b"{", fin=False) + frame_bytes(BINARY, b"}"), UNKNOWN),
                *((f"long {n}", frame_bytes(n, b"x" * 126), ABNORMAL) for n in (PING, PONG, CLOSE)),
                ("closes without a code", frame_bytes(CLOSE), NO_CODE),
                ("closes with half a code", frame_bytes(CLOSE, b"\x03"), NO_CODE),
                ("closes with a reserved code", frame_bytes(CLOSE, b"\x03\xed"), UNKNOWN),
                ("closes with no text", frame_bytes(CLOSE, b"\x03\xe8\xff\xff"), ABNORMAL),
                ("closes twice", 2 * frame_bytes(CLOSE, b"\x03\xe8"), NORMAL)):
            with self.subTest(name):
                raw = self.welcomed()
                raw.say(data)
                self.assertEqual(raw.close_code(), code)
        raw = self.welcomed()
        raw.frame(PING, b"x" * 125)
        self.assertEqual(raw.hear(), (PONG, b"x" * 125))

    def test_sizes(self):
        for opcode in (TEXT, BINARY):
            for name, data, code in (
                    ("the longest", frame_bytes(opcode, b" " * SIZE_MAX), PROTOCOL if opcode == TEXT else STAYS),
                    ("one more", frame_bytes(opcode, b" " * (SIZE_MAX + 1)), TOO_LONG),
                    ("2^63 - 1", frame_bytes(opcode, b" " * 100, size=(1 << 63) - 1), TOO_LONG),
                    ("2^63", frame_bytes(opcode, b" ", size=1 << 63), ABNORMAL),
                    ("in fragments", frame_bytes(opcode, b" " * 40000, fin=False)
                     + frame_bytes(CONTINUATION, b" " * 40000), TOO_LONG),
                    ("claimed by the second", frame_bytes(opcode, b" " * 60000, fin=False)
                     + frame_bytes(CONTINUATION, b" ", size=1 << 40), TOO_LONG)):
                with self.subTest(name, opcode=opcode):
                    raw = self.welcomed()
                    raw.say(data)
                    self.assertEqual(self.outcome(raw) if code == STAYS else raw.close_code(), code)

    def test_fragments(self):
        raw = self.welcomed()
        for n in (2, 100, 256):
            data = self.batch(raw, 5)
            cuts = [data[i * len(data) // n:(i + 1) * len(data) // n] for i in range(n)]
            for i, piece in enumerate(cuts):
                raw.frame(CONTINUATION if i else BINARY, piece, fin=i == n - 1)
                if i % 50 == 3:
                    raw.frame(PONG, b"unasked")
            self.assert_acked(raw)
        for piece in (b"", b"x"):
            raw = self.welcomed()
            for i in range(300):
                raw.frame(CONTINUATION if i else BINARY, piece, fin=False)
            self.assertEqual(self.outcome(raw), POLICY)

    def test_one_kind_for_the_other(self):
        raw = self.raw().open()
        _, hello = raw.hear_frame()
        raw.frame(BINARY, frame.encode("join", join_of(hello, Key(), self.world.hub_url)).encode())
        self.assertEqual(self.outcome(raw), PROTOCOL)
        raw = self.welcomed()
        raw.frame(BINARY, b'{"type":"notice","code":"orders"}')
        kind, values = raw.hear_frame()
        self.assertEqual((kind, values["code"]), ("notice", "bad_batch"))
        data = self.batch(raw)
        raw.frame(TEXT, data)
        self.assertEqual(self.outcome(raw), NO_TEXT)

    def test_unmasked_frames_do_no_harm(self):
        """The library takes them, and does not say so: they are read as what they are, within the same limits."""
        raw = self.welcomed()
        raw.frame(BINARY, self.batch(raw), masked=False)
        self.assert_acked(raw)
        raw.frame(PING, b"?", masked=False)
        self.assertEqual(raw.hear(), (PONG, b"?"))
        raw.frame(TEXT, b"{", masked=False)
        self.assertEqual(self.outcome(raw), PROTOCOL)
        for head in (b"\x82\x7e\x00\x00", b"\x02\x7e\x00\x00", b"\x82\x7f" + bytes(8), b"\x01\x7f" + bytes(8)):
            raw, before = self.welcomed(), self.memory()
            raw.say(head)
            for _ in range(200):
                if not raw.say(b"a" * 65536):
                    break
            self.assertLess(self.memory() - before, 4 << 20)

    def test_pings_in_floods(self):
        before = self.memory()
        reader, deaf = self.welcomed(), self.welcomed()
        pings = frame_bytes(PING, b"?" * 125) * 100
        for _ in range(scaled(1000)):
            reader.say(pings)
            deaf.socket.setblocking(False)
            deaf.say(pings)  # reads no pong
            reader.socket.setblocking(False)
            try:
                while reader.socket.recv(65536):
                    pass
            except BlockingIOError:
                pass
            reader.socket.setblocking(True)
        self.assertTrue(SANITIZED or self.memory() - before < 4 << 20, self.memory() - before)
        self.assert_honest_served()


class Texts(FrameCase):
    ORDER = b64(bytes(16))

    def suspect(self, slot):
        return f'{{"type":"suspect","order":"{self.ORDER}","slot":{slot}}}'

    def notice(self, members):
        return f'{{"type":"notice","code":"refused",{members}}}'

    def assert_outcomes(self, texts, expected):
        raw = None
        for text in texts:
            with self.subTest(text=text[:60]):
                raw = raw or self.welcomed()
                raw.frame(TEXT, text if isinstance(text, bytes) else text.encode())
                came = self.outcome(raw)
                if came != STAYS:
                    raw.close()
                    raw = None
                self.assertEqual(came, expected)

    def test_numbers(self):
        self.assert_outcomes(map(self.suspect, ("0", "-0", "1", "4294967295")), STAYS)
        self.assert_outcomes(map(self.suspect, (
            "1e400", "-1e400", "1e-400", "18446744073709551616", "9223372036854775808", "9007199254740992",
            "4294967296", "-1", "1.5", "3.0", "1e2", "1E1", "01", "00", "0x10", "+1", ".5", "1.", "-", "1e", "NaN",
            "Infinity", "-Infinity", "true", "null", '"3"', "[3]", "{}", "9" * 1000)), PROTOCOL)
        self.assert_outcomes((self.notice(f'"sequence":{n}') for n in (
            "1", "null", '""', '"01"', '"-1"', '" 1"', '"1 "', '"+1"', '"1.0"', '"1e3"', '"9223372036854775808"',
            '"18446744073709551616"', '"\uff19"', '"' + "1" * 1000 + '"')), PROTOCOL)
        self.assert_outcomes([self.notice('"sequence":"9223372036854775807"')], STAYS)

    def test_characters(self):
        self.assert_outcomes((self.notice(f'"reason":{text}') for text in (
            r'"\ud83d\ude00"', r'"\u0001\u001e\u000a"', '"\x7f\u202e"', '"' + "a" * 255 + '"',
            '"' + "\u00e4" * 127 + '"')), STAYS)
        self.assert_outcomes((self.notice(f'"reason":{text}') for text in (
            r'"\ud800"', r'"\udc00\ud800"', r'"\u0000"', r'"\x41"', r'"\u12"', "'a'", '"\t"', '"\0"', '"\n"',
            '"' + "a" * 256 + '"', '"' + "\u00e4" * 128 + '"', '"' + "a" * 60000, '"a')), PROTOCOL)
        self.assert_outcomes((self.notice('"reason":"').encode()[:-1] + text + b'"}' for text in (
            b"\xff", b"\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x28\xa1", b"\x80")), NO_TEXT)

    def test_shapes(self):
        one = self.suspect(1)
        self.assert_outcomes((" " + one, one + " \n\t", one + " " * 900,
                              f'{{"slot":1,"order":"{self.ORDER}","type":"suspect"}}'), STAYS)
        self.assert_outcomes((
            "[" * 10000, "[" * 10000 + "]" * 10000, "{" * 10000, '{"a":' * 10000 + "1" + "}" * 10000,
            '{"type":' + "[" * 17 + "]" * 17 + "}", self.notice('"reason":' + "[" * 10000 + "]" * 10000),
            one + "x", one + one, one + "," + one, one[:-1] + ",}", one[:-1], one[1:], "/**/" + one, one + "//",
            "\ufeff" + one, "[" + one + "]", f'"{one}"', one + " " * 2000,
            one[:-1] + ',"slot":1}', one[:-1] + ',"slot":2}', one.replace('"type"', '"type":"suspect","type"', 1),
            one[:-1] + ',"more":1}', one.replace("slot", "Slot"), one.replace("slot", "slot\\u0000"),
            one.replace("suspect", "suspect\\u0000"), one.replace("suspect", "SUSPECT"), one.replace('"type"', "type"),
            one.replace(self.ORDER, self.ORDER + "="), one.replace(self.ORDER, self.ORDER[:-1]),
            one.replace(self.ORDER, self.ORDER[:-1] + "B"), one.replace(self.ORDER, "\u00e4" * 11)), PROTOCOL)

    def test_every_member_as_every_type(self):
        values = {"notice": {"code": "refused", "reason": "x", "incarnation": 1, "sequence": 2, "revision": 3,
                             "order": b"o" * 16}, "bye": {"code": "shutdown", "retryAfter": 3}}
        for kind, members in values.items():
            whole = frame.encode(kind, members)
            for name in ("type", *members):
                start = whole.index(f'"{name}":') + len(name) + 3
                end = min(i for i in (whole.find(",", start), whole.find("}", start)) if i > 0)
                self.assert_outcomes((whole[:start] + other + whole[end:] for other in (
                    "null", "true", "[]", "{}", "[[]]", "-1", "1.5", '{"a":1}')), PROTOCOL)

    def test_joins_that_are_too_much(self):
        for name, spoil in (
                ("nested", lambda t: t.replace('"tags":[]', '"tags":[' + "[" * 5000 + "]" * 5000 + "]")),
                ("33 tags", lambda t: t.replace('"tags":[]', '"tags":[' + ",".join(['"a=b"'] * 33) + "]")),
                ("a tag of no text", lambda t: t.replace('"tags":[]', '"tags":[1]')),
                ("a long tag", lambda t: t.replace('"tags":[]', '"tags":["' + "a" * 65 + '"]')),
                ("65 streams", lambda t: t.replace('"streams":[]', '"streams":['
                                                   + ",".join(['{"incarnation":"1"}'] * 65) + "]")),
                ("a stream twice", lambda t: t.replace('"streams":[]', '"streams":[{"incarnation":"1",'
                                                       '"incarnation":"1"}]')),
                ("a long receipt", lambda t: t.replace('"streams":[]', '"streams":[{"incarnation":"1","receipt":"'
                                                       + "A" * 1640 + '"}]')),
                ("a long name", lambda t: t.replace("dpin.py 1", "d" * 64)),
                ("no key", lambda t: t.replace('"validatorKey":"', '"validatorKey":"A')),
                ("a second join in one", lambda t: t + t)):
            with self.subTest(name):
                raw = self.raw().open()
                _, hello = raw.hear_frame()
                text = frame.encode("join", join_of(hello, Key(), self.world.hub_url))
                self.assertNotEqual(spoil(text), text)
                raw.frame(TEXT, spoil(text).encode())
                self.assertEqual(raw.close_code(), PROTOCOL)

    def test_names_that_look_like_something_else(self):
        quotes = "\\\"'; DROP TABLE validator; --"
        for tags, name in ((["name=" + quotes], quotes), (["name=$1 %s {0}"], "$1 %s {0}"),
                           (["name=\U0001f600\u202e"], "\U0001f600\u202e"), (["name=" + "x" * 59], "x" * 59),
                           (["{a,b}", "NULL", '"', "\\", "", "name="], ""), (["name=\x1b[31m"], "\x1b[31m")):
            line = self.line()
            self.assertTrue(line.welcome(tags=tags, software="s'\\")["approved"])
            stored = self.db.sql(f"""SELECT name, version, array_length(tags, 1) FROM validator
                                     WHERE key = '\\x{line.key.public.hex()}'""")
            others = str(len([t for t in tags if not t.startswith("name=")]) or "")
            self.assertEqual(stored, [[name, "s'\\", others]])


if __name__ == "__main__":
    unittest.main()
