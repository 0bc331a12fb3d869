"""Hostile targets, a row each: what a check says of them, and that it keeps nothing of them."""

import os
import re
import socket
import ssl
import time
import unittest

from hub_case import BUILD, build_has
from attack_case import SANITIZED
from dpin_hub import Hub, now
from dpin_order import Order, spec_encode
from dpin_wire import batch, sign
from hostile_site import Authority, Server, bomb, drip, endless, hear, redirect, reset, say, silence
from process import wait_until
from world import World

BODY_MAX = 262144
OK = "HTTP/1.1 200 OK\r\n"
WHOLE = OK + "Content-Length: 2\r\nConnection: close\r\n\r\nok"
CHUNKED = OK + "Transfer-Encoding: chunked\r\n\r\n"
ROUNDS = 8
OK_IN_BODY = {"assertions": [{"source": "body", "operator": "contains", "value": "ok"}]}
NESTED = {"assertions": [{"source": "body", "operator": "matches", "value": "(a+)+$"}]}
TLS_1, TLS_1_1, TLS_1_2 = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2


def flags(tick):
    return [name for bit, name in ((1, "redirected"), (2, "truncated")) if tick.flags & bit]


def refused():
    """A port on which nobody listens, for as long as the socket is kept."""
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    return s


def close_after_hello(line):
    line.recv(65536)


def reset_after_hello(line):
    line.recv(65536)
    reset(line)


def half_hello(line):
    """A server's hello that never ends."""
    line.recv(65536)
    line.sendall(bytes.fromhex("160303007a0200007603030000"))
    silence(line)


def request_unread(line):
    """Reset because of what was not read."""
    time.sleep(0.2)
    line.close()


# name: (what the server does, the class, members of the specification); the class may have flags of the tick behind it.
PLAIN = {
    "a good one": (say(WHOLE), "none"),
    "what it says is asserted": (say(WHOLE), "none", OK_IN_BODY),
    "HTTP/1.0": (say("HTTP/1.0 200 OK\r\n\r\nok"), "none", OK_IN_BODY),
    "HTTP/0.9": (say("<html>ok</html>"), "protocol"),
    "another protocol": (say("SSH-2.0-OpenSSH_9.2\r\n"), "protocol"),
    "a status that is none": (say("HTTP/1.1 abc\r\n\r\n"), "protocol"),
    "two lengths": (say(OK + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok"), "protocol reset none"),
    "a length that is none": (say(OK + "Content-Length: many\r\n\r\nok"), "protocol"),
    "a length below nothing": (say(OK + "Content-Length: -2\r\n\r\nok"), "protocol"),
    "a zero in the header": (say(OK + "X: a\0b\r\nContent-Length: 0\r\n\r\n"), "protocol"),
    "chunks": (say(CHUNKED + "2\r\nok\r\n0\r\n\r\n"), "none", OK_IN_BODY),
    "chunks and a trailer": (say(CHUNKED + "2\r\nok\r\n0\r\nX-Trailer: 1\r\n\r\n"), "none"),
    "a chunk without a length": (say(CHUNKED + "zz\r\nok\r\n0\r\n\r\n"), "protocol"),
    "a chunk of a length below nothing": (say(CHUNKED + "-2\r\nok\r\n0\r\n\r\n"), "protocol"),
    "a chunk too long for a number": (say(CHUNKED + "fffffffffffffffff\r\nok\r\n"), "protocol"),
    "a chunk longer than it says": (say(CHUNKED + "2\r\nmore\r\n0\r\n\r\n"), "protocol"),
    "a chunk cut short": (say(CHUNKED + "8\r\nok"), "reset"),
    "chunks without an end": (say(CHUNKED + "2\r\nok\r\n"), "reset"),
    "an endless body": (endless(OK.encode() + b"\r\n", b"a" * 4096), "none truncated"),
    "an endless body, asserted": (endless(OK.encode() + b"\r\n", b"a" * 4096), "too_large truncated", OK_IN_BODY),
    "endless chunks": (endless(CHUNKED.encode(), b"1000\r\n" + b"a" * 4096 + b"\r\n"), "none truncated"),
    "a body for an expression without an end": (endless(OK.encode() + b"\r\n", b"a" * 4095 + b"b"),
                                                "assertion too_large truncated", NESTED),
    "an endless header": (endless(OK.encode(), b"X: " + b"a" * 1000 + b"\r\n"), "protocol"),
    "an endless line": (endless(OK.encode() + b"X: ", b"a" * 4096), "protocol"),
    "endless hints": (endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), "protocol"),
    "a bomb": (bomb(100), "none truncated"),
    "a bomb, asserted": (bomb(100), "too_large truncated", OK_IN_BODY),
    "what is not packed": (say(OK + "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"), "protocol"),
    "packed in an unknown way": (say(OK + "Content-Encoding: nobody\r\nContent-Length: 2\r\n\r\nok"), "protocol"),
    "packed a hundred times": (say(OK + f"Content-Encoding: {', '.join(['gzip'] * 100)}\r\n\r\nok"), "protocol"),
    "a byte a second": (drip(OK.encode() + b"\r\n", b"a slow body"), "timeout_transfer"),
    "a header of a byte a second": (drip(OK.encode(), b"X-Slow: header"), "timeout_transfer"),
    "no answer": (lambda line: silence(line), "timeout_wait"),
    "half an answer": (say(OK + "Content-Length: 10\r\n\r\nok", silence), "timeout_transfer"),
    "redirects without an end": (redirect, "redirect redirected"),
    "a redirect to what is no URL": (say("HTTP/1.1 302 Found\r\nLocation: http://[\r\n\r\n"), "protocol"),
    "a redirect to a file": (say("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n"), "redirect"),
    "another status": (say("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"), "status"),
    "reset at once": (reset, "reset"),
    "reset with the request unread": (request_unread, "reset"),
    "reset after the request": (lambda line: (hear(line), reset(line)), "reset"),
    "reset in the header": (say(OK + "X: ", reset), "reset"),
    "reset in the body": (say(OK + "Content-Length: 10\r\n\r\nok", reset), "reset"),
    "closed at once": (lambda line: None, "reset"),
    "closed after the request": (say(""), "reset"),
    "closed in the header": (say(OK + "X: a\r\n"), "reset"),
    "closed in the body": (say(OK + "Content-Length: 10\r\n\r\nok"), "reset"),
    "a failure that is expected": (say("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"), "none", {"invert": True}),
    "a failure that is missed": (say(WHOLE), "assertion", {"invert": True}),
}
# Over TLS: the same, and how the server's certificate or library is.
OVER_TLS = {
    "a good one": (say(WHOLE), "none", {**OK_IN_BODY, "certificateDays": 20, "tlsMin": "1.3"}, {}),
    "of another name": (say(WHOLE), "tls_name", {}, {"name": "elsewhere.example"}),
    "expired": (say(WHOLE), "tls_expired", {}, {"begin": -9, "days": -1}),
    "not valid yet": (say(WHOLE), "tls_expired", {}, {"begin": 2}),
    "signed by itself": (say(WHOLE), "tls_untrusted", {}, {"own": True}),
    "ends soon": (say(WHOLE), "tls_expiring", {"certificateDays": 14}, {"days": 10}),
    "TLS 1.0": (say(WHOLE), "tls_version", {}, {"newest": TLS_1}),
    "TLS 1.1": (say(WHOLE), "tls_version", {}, {"newest": TLS_1_1}),
    "TLS 1.2": (say(WHOLE), "none", {}, {"newest": TLS_1_2}),
    "TLS 1.2 where 1.3 is wanted": (say(WHOLE), "tls_version", {"tlsMin": "1.3"}, {"newest": TLS_1_2}),
    "a weak key": (say(WHOLE), "tls_weak", {}, {"weak": True}),
    "reset in the body": (say(OK + "Content-Length: 10\r\n\r\nok", reset), "reset", {}, {}),
    "closed without a word": (say(OK + "Content-Length: 10\r\n\r\nok"), "reset", {}, {}),
    "no answer": (lambda line: silence(line), "timeout_wait", {}, {}),
    "a bomb": (bomb(100), "none truncated", {}, {}),
    "the other version of HTTP": (say(WHOLE), "protocol", {"httpVersion": "2"}, {}),
}
# Nothing that gets as far as a certificate.
BEFORE_TLS = {
    "a handshake that stalls at once": (silence, "timeout_tls"),
    "a handshake that stalls": (half_hello, "timeout_tls"),
    "reset before the handshake": (reset, "reset"),
    "reset in the handshake": (reset_after_hello, "reset"),
    "closed in the handshake": (close_after_hello, "reset"),
    "no TLS": (lambda line: line.sendall(b"HTTP/1.1 400 This is not TLS\r\n\r\n"), "tls_handshake"),
    "another protocol": (lambda line: line.sendall(b"220 mail.example ESMTP\r\n"), "tls_handshake"),
}


def timeout_ms(wanted):
    """Only what is to be too slow is measured by the clock: a busy machine makes others slow, too."""
    return 1500 if "timeout" in wanted else 6000


@unittest.skipUnless(build_has("dpin-validator"), "dpin-validator is not built")
class HostileTargets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(BUILD)
        cls.addClassCleanup(cls.world.stop)
        cls.hub = Hub().start()
        cls.addClassCleanup(cls.hub.stop)
        cls.authority = Authority(cls.world.run)
        cls.rows = {}  # what it is called: (URL, class and flags, members)
        for kind, table in (("", PLAIN), ("TLS: ", OVER_TLS), ("TLS: ", BEFORE_TLS)):
            for name, row in table.items():
                cls.add_row(kind + name, *row, early=table is BEFORE_TLS)
        cls.closed = refused()
        cls.addClassCleanup(cls.closed.close)
        cls.rows["nobody"] = (f"http://127.0.0.1:{cls.closed.getsockname()[1]}/", "refused", {})
        cls.process = cls.world.start_validator("v", url=cls.hub.url, conf=f"Allow=127.0.0.0/8\nBodyMax={BODY_MAX}\n"
                                                f"CaFile={cls.authority.file}\n")
        cls.hub.wait_joined()

    @classmethod
    def add_row(cls, name, behave, wanted, members=None, tls=None, early=False):
        server = Server(behave) if tls is None else cls.authority.server(behave, **tls)
        cls.addClassCleanup(server.close)
        scheme = "http" if tls is None and not early else "https"
        assert f"{scheme} {name}" not in cls.rows
        cls.rows[f"{scheme} {name}"] = (f"{scheme}://127.0.0.1:{server.port}/", wanted, members or {})

    @classmethod
    def order(cls, url, wanted, members):
        """Not due while the test runs: probes ask for it."""
        spec = spec_encode(url, **members)
        data = Order(1, 0, 0, 1, os.urandom(16), sign.sha256(spec), 600_000, timeout_ms(wanted), now() + 500_000_000, 1,
                     os.urandom(32), os.urandom(32), os.urandom(16)).encode()
        return cls.hub.put_order(data, spec)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def memory(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return int(re.search(r"VmRSS:\s+(\d+) kB", f.read())[1])

    def ask(self, names, number):
        """{row: its tick} for a probe of each, once all connections are gone."""
        for order in names:
            self.hub.probe(order, number)
        self.hub.wait(lambda h: len({t.order for t in h.ticks() if t.number == number}) == len(names), "a tick each",
                      60)
        wait_until(lambda: self.descriptors() <= self.before, "all descriptors are given back", 10)
        return {names[t.order]: t for t in self.hub.ticks() if t.number == number}

    def judge(self, name, tick):
        wanted = self.rows[name][1].split()
        errors = [w for w in wanted if w not in ("redirected", "truncated")]
        got = batch.ERRORS[tick.error]
        self.assertIn(got, errors, name)
        self.assertEqual(tick.outcome, batch.UP if got == "none" else batch.DOWN, name)
        self.assertEqual(flags(tick), [w for w in wanted if w not in errors], name)
        self.assertLessEqual(tick.body_length, BODY_MAX, name)
        self.assertLess(sum(tick.phases), (timeout_ms(self.rows[name][1]) + 1000) * 1000, name)

    def test_each_has_its_class_and_leaves_nothing(self):
        names = {self.order(url, wanted, members): name for name, (url, wanted, members) in self.rows.items()}
        for begin in range(0, len(names), 20):
            self.hub.send("orders", self.hub._orders(list(names)[begin:begin + 20]))
        time.sleep(0.5)
        self.before = self.descriptors() + 2  # of the spool's files some come and go
        for name, tick in self.ask(names, 1).items():
            with self.subTest(name):
                self.judge(name, tick)
        grown = [self.memory()]
        for number in range(2, ROUNDS + 1):
            for name, tick in self.ask(names, number).items():
                with self.subTest(name, round=number):
                    self.judge(name, tick)
            grown.append(self.memory())
        if not SANITIZED:  # which keeps what was freed
            self.assertLess(max(grown[-2:]) - max(grown[:2]), 1500, f"kB of memory by round: {grown}")
        self.assertTrue(self.process.running())
        self.assertEqual(self.hub.errors, [])


if __name__ == "__main__":
    unittest.main()
