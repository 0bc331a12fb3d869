"""Two hundred hostile orders at once, and the largest there are: local policy wins, what they cost is bounded, and the
validator serves on."""

import itertools
import json
import os
import time
import unittest

import spellings
from dpin_order import FIXED, spec_encode
from dpin_wire import batch, sign
from dpin_hub import now
from guarded_case import PUBLIC, GuardedCase
from test_hostile_hub import PROTOCOL, memory, rss

PORTS = (22, 23, 25, 135, 137, 138, 139, 194, 445, 465, 587, 6660, 6667, 6669, 6697)
MAIL = "EHLO x\r\nMAIL FROM:<a@public.test>\r\nRCPT TO:<b@public.test>\r\nDATA\r\nbuy this\r\n.\r\nQUIT\r\n"
GREEDY = ("(a+)+$", "(a|aa)+$", "(a|a?)+$", "([a-z]+)*$", "(.*)*x", "(.*a){25}$", "^(a+)+b", "a*a*a*a*a*a*a*a*a*b",
          "(?R)?a$", "((a{1,100}){1,100}){1,100}b", "(?:a{1000}){1000}", "(a+)(?=.*\\1)+b", "(?<=a{100})b",
          "\\A(?:a(?:a(?:a)*)*)*\\z", "(" * 300 + "a" + ")" * 300, "[" + "a-z" * 100 + "]+$b", "(?>a+)+b",
          "(a?){64}a{64}b", "(x+x+)+y|(a+a+)+y", "a++b")


def cpu(process):
    """Seconds."""
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def asserting(operator, *values):
    return {"assertions": [{"source": "body", "operator": operator, "value": value} for value in values]}


def orders():
    """(URL, members of its specification)"""
    for host in spellings.HOSTS[::2]:
        yield f"http://{host}/", {}
    for scheme, port in itertools.product(("http", "https", "tcp", "tls"), PORTS):
        yield f"{scheme}://public.test:{port}" + ("/" if scheme.startswith("http") else ""), {}
    for port in PORTS:
        yield f"tcp://{PUBLIC}:{port}", {"send": MAIL}
        yield spellings.redirect(f"http://public.test:{port}/"), {}
    for pattern in GREEDY:
        for operator in ("matches", "not_matches"):
            yield f"http://public.test/as?{1 << 19}", asserting(operator, pattern)
    yield f"http://public.test/as?{1 << 19}", asserting("matches", *GREEDY[:8], *GREEDY[:8])
    for name in ("Host", "Connection", "Content-Length", "Transfer-Encoding", "Expect", "Upgrade", "Proxy-Connection"):
        yield "http://public.test/", {"headers": [{"name": name, "value": "chunked"}], "method": "POST", "body": "x"}
    for value in ("a\r\nX: y", "a\nX: y", "a\0b", "a" * 3000):
        yield "http://public.test/", {"headers": [{"name": "X", "value": value}]}
    for method in ("CONNECT", "TRACE", "GET / HTTP/1.1\r\nX: y", ""):
        yield "http://public.test/", {"method": method}


class Orders(GuardedCase):
    alone = True  # a validator that is kept from the CPU for long says so itself, instead of what it saw

    def give(self, specs):
        """{name: the first tick, or None when the order was refused} of these specifications, all at once."""
        hub = self.hub
        names = [self.order(spec) for spec in specs]
        for name in names:
            hub.send("orders", hub._orders([name]))
        begun = time.monotonic()
        hub.wait(lambda h: {t.order for t in h.ticks()} | self.refused() >= set(names), "an answer for each", 60)
        self.seconds = time.monotonic() - begun
        seen = {t.order: t for t in reversed(hub.ticks())}
        return [seen.get(name) for name in names]

    def order(self, spec, start_in=2):
        start = now() + start_in * 1_000_000
        data = FIXED.pack(1, 1, 0, 0, 1, 0, 0, os.urandom(16), sign.sha256(spec), 60_000, 10_000, start, 1, bytes(32),
                          bytes(32), os.urandom(16))
        return self.hub.put_order(data, spec)

    def test_two_hundred_hostile_orders(self):
        self.start("TargetRate=10000\n")
        self.give([spec_encode("http://public.test/")])
        before, spent = rss(self.process), cpu(self.process)
        asked = list(orders())
        self.assertGreaterEqual(len(asked), 200)
        for (url, more), tick in zip(asked, self.give([spec_encode(url, **more) for url, more in asked])):
            if "assertions" in more and tick:
                self.assertIn(batch.ERRORS[tick.error], ("none", "assertion"), (url, more))
            elif f"public.test/as?" not in url and "headers" not in more and tick:
                self.assertNotEqual(tick.outcome, batch.UP, (url, more))
        grown, spent = rss(self.process) - before, cpu(self.process) - spent
        print(f"    {len(asked)} hostile orders: {spent:.2f} s of CPU, {grown:.1f} MiB more, {self.seconds:.1f} s")
        self.assertLess(grown, memory(32))
        self.assertEqual({p: n for (p, *_), n in self.packets.ports.items() if p in PORTS}, {})
        self.assertTrue(self.hub.answered())

    def test_specifications_without_end(self):
        """What is too much in a specification is refused, too long a one is no order; nothing of them is kept."""
        self.start("RetryMax=10ms\n")
        before, url = rss(self.process), "http://public.test/"
        specs = [spec_encode(url, body="x" * 2049), spec_encode(url, **asserting("contains", *["x"] * 17)),
                 spec_encode(url, headers=[{"name": f"N{i}", "value": "v"} for i in range(17)]), b"[" * 4096,
                 b'{"a":' * 800, spec_encode("http://public.test/" + "x" * 2048), spec_encode(url, x="y" * 3000)]
        self.assertEqual(self.give(specs * 5), [None] * len(specs) * 5)
        for spec in (spec_encode(url, body="x" * 4096), spec_encode(url, body="x" * 40_000), b"[" * 40_000,
                     spec_encode(url, headers=[{"name": f"N{i}", "value": "v"} for i in range(900)]), b'{"a":' * 8000,
                     json.dumps({"type": "http", "url": url, "x": "y" * 40_000}).encode()):
            closed, joins, values = len(self.hub.closed), len(self.hub.joins), self.hub._orders([self.order(spec)])
            self.hub.orders.clear()  # it is told them when it joins again
            self.hub.send("orders", values)
            self.hub.wait(lambda h: len(h.closed) > closed, f"the validator leaves: {spec[:40]}")
            self.assertEqual(self.hub.closed[closed], PROTOCOL)
            self.hub.wait_joined(joins + 1)
            self.hub.send("orders", self.hub._orders([], reset=True))
        self.assertLess(rss(self.process) - before, memory(8))

    def test_the_largest_specifications(self):
        """As long as may be, with as much to keep as may be: what one of them costs is bounded, and so are they."""
        held, sent = 2000, 2200
        self.start(f"OrdersMax={held}\n")
        before = rss(self.process)
        headers = [{"name": f"N{i}", "value": "v" * 20} for i in range(16)]
        spec = spec_encode("http://public.test/" + "u" * 900, method="POST", headers=headers, body="b" * 900,
                           **asserting("contains", *["x" * 30] * 16))
        self.assertIn(len(spec), range(3700, 4097))
        names = [self.order(spec, start_in=600) for _ in range(sent)]  # kept, and none is checked
        for i in range(0, sent, 10):
            self.hub.send("orders", self.hub._orders(names[i:i + 10]))
        self.hub.wait(lambda h: len(self.refused()) == sent - held, "those beyond are refused", 60)
        grown = rss(self.process) - before
        print(f"    {held} of the largest orders: {grown * 1024 / held:.1f} KiB each")
        self.assertLess(grown, memory(held * 16 / 1024))
        self.hub.send("orders", self.hub._orders([], reset=True))
        for name in names:
            del self.hub.orders[name]


if __name__ == "__main__":
    unittest.main()
