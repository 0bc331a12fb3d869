"""A validator whose owner allows nothing, in a network of the test's own: every forbidden address is there and listens,
and every packet is seen, so that none is proof, not luck."""

import collections
import contextlib
import ipaddress
import json
import os
import socket
import struct
import sys
import threading
import unittest
import urllib.parse

import own_network
from hub_case import BUILD, build_has
from dpin_wire import batch
from hostile_hub import RawHub
from process import Process
from test_hostile_hub import ends_well, little_quarantine
from world import World

PUBLIC, PUBLIC_6, NO_ROUTE = "93.184.216.34", "2606:2800:220:1::1", "93.184.216.99"
FAR = ("198.41.0.4", "2001:503:ba3e::2:30")  # who has a way to these has one to everybody: validator/route.c
FORBIDDEN = ("10.1.2.3", "172.16.9.9", "172.31.255.254", "192.168.1.1", "169.254.169.254", "169.254.0.1", "100.64.0.1",
             "100.100.100.200", "192.0.2.1", "192.0.0.192", "198.18.0.1", "198.51.100.1", "203.0.113.1", "240.0.0.1",
             "fd00::1", "fd00:ec2::254", "fc00::1", "2001:db8::1", "64:ff9b::7f00:1", "64:ff9b::a01:203",
             "64:ff9b:1::a01:203", "2002:7f00:1::1", "2002:a01:203::1", "2001::1", "100::1", "3fff::1")
LITERALS = ("127.0.0.1", "127.1.2.3", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:10.1.2.3]",
            "[::ffff:a01:203]", "[::127.0.0.1]", "224.0.0.1", "255.255.255.255", "[ff02::1]", "[fe80::1]", "localhost",
            "LocalHost")
NAMES = {"loop.test": "127.0.0.1", "loop6.test": "::1", "private.test": "10.1.2.3", "meta.test": "169.254.169.254",
         "ula.test": "fd00::1", "nat64.test": "64:ff9b::7f00:1", "mapped.test": "::ffff:10.1.2.3",
         "zero.test": "0.0.0.0", "sixtofour.test": "2002:7f00:1::1", "public.test": PUBLIC, "public6.test": PUBLIC_6,
         "public-no.test": PUBLIC, "public-spa.test": PUBLIC}
PROXIES = ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "socks_proxy")
OPT_OUT = "/.well-known/dpin-optout"
MIXED = "".join(f"{address} mixed.test\n" for address in ("10.1.2.3", PUBLIC, "fd00::1"))


class Trap:
    """Takes every connection to port 80 and remembers its address, and what was asked for: (host, path, agent, names
    of headers). /to?URL redirects there, /as?N answers with so many. One host does not want to be checked, another has
    one page for everything."""

    def __init__(self, server):
        self.server, self.connections, self.requests = server, [], []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                line, _ = self.server.accept()
                address = line.getsockname()[0].removeprefix("::ffff:")
                self.connections.append(address)
                threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line):
        with line, contextlib.suppress(OSError, IndexError):
            head, *fields = line.recv(65536).decode().split("\r\n")
            path = head.split()[1]
            fields = dict(f.lower().split(": ", 1) for f in fields if ": " in f)
            self.requests.append((fields["host"], path, fields["user-agent"], set(fields)))
            page = {"public-no.test": b"dpin-optout\n", "public-spa.test": b"<!doctype html>\ndpin-optout\n"}
            if path == OPT_OUT and fields["host"] in page:
                line.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + page[fields["host"]])
                return
            where = urllib.parse.unquote(path.partition("?")[2])
            if path.startswith("/large?"):
                line.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {where}\r\n\r\n".encode() + bytes(int(where)))
                return
            if path.startswith("/as?"):
                line.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"a" * int(where) + b"!")
                return
            if path.startswith("/to?"):
                head = f"HTTP/1.1 302 Found\r\nLocation: {where}"
            else:
                head = "HTTP/1.1 200 OK"
            line.sendall(f"{head}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

    def checks(self):
        """Paths, without the questions before."""
        return [path for _, path, *_ in list(self.requests) if path != OPT_OUT]


class Packets:
    """Every packet of the network, but those of the hub and of the name server: to which address, and to which port."""

    TCP, UDP, PLACES = 6, 17, (own_network.HUB_PORT, own_network.DNS_PORT)

    def __init__(self, tap):
        self.tap, self.seen, self.ports = tap, collections.Counter(), collections.Counter()
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self):
        with contextlib.suppress(OSError):
            while True:
                self._note(self.tap.recv(128))

    def _note(self, packet):
        if packet[0] >> 4 == 4:
            head, protocol, to = (packet[0] & 15) * 4, packet[9], packet[16:20]
        else:
            head, protocol, to = 40, packet[6], packet[24:40]
        ports = struct.unpack_from(">HH", packet, head) if protocol in (self.TCP, self.UDP) else ()
        where = str(ipaddress.ip_address(to))
        if where != "127.0.0.1" or not set(ports) & set(self.PLACES):
            self.seen[where] += 1
            self.ports[ports[1:]] += 1

    def forbidden(self):
        return {a: n for a, n in self.seen.items() if a not in (PUBLIC, PUBLIC_6)}


class Rebinder:
    """A name server. Of rebind-N.test it says alternately a public and a forbidden address, of both-N.test both at
    once, each for no time at all; it knows no other names than the root's."""

    FORBIDDEN = tuple(map(socket.inet_aton, ("127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.1.1", "0.0.0.0")))
    A, NO_SUCH_NAME = 1, 3

    def __init__(self, line):
        self.line, self.asked = line, collections.Counter()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                question, who = self.line.recvfrom(512)
                self.line.sendto(self._answer(question), who)

    def _answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode().lower())
            at += 1 + question[at]
        kind, = struct.unpack_from(">H", question, at + 1)
        answers = self._addresses(".".join(labels)) if kind == self.A else []
        known = not labels or labels[0].startswith(("rebind-", "both-"))
        head = question[:2] + struct.pack(">HHHHH", 0x8580 | (0 if known else self.NO_SUCH_NAME), 1, len(answers), 0, 0)
        return head + question[12:at + 5] + b"".join(struct.pack(">HHHIH", 0xc00c, 1, 1, 0, 4) + a for a in answers)

    def _addresses(self, name):
        kind, number = (name.partition(".")[0] + "-0").split("-")[:2]
        bad, good = self.FORBIDDEN[int(number or 0) % len(self.FORBIDDEN)], socket.inet_aton(PUBLIC)
        self.asked[name] += 1
        if kind == "both":
            return [bad, good]
        return [good if self.asked[name] % 2 == int(number) % 2 else bad] if kind == "rebind" else []


@unittest.skipUnless(build_has("dpin-validator"), "dpin-validator is not built")
class GuardedCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not own_network.possible():
            raise unittest.SkipTest("this machine allows no network of one's own")
        cls.world = World(BUILD)
        cls.addClassCleanup(cls.world.stop)

    def start(self, conf="", hub="127.0.0.1"):
        """The hub is on every address; this is the one that the validator knows."""
        control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(control.close)
        name = f"v{len(self.world.validators)}"
        path = os.path.join(self.world.run, f"{name}.control")
        control.bind(path)
        control.listen()
        hosts = "".join(f"{address} {name}\n" for name, address in NAMES.items()) + MIXED + "127.0.0.1 localhost\n"
        plan = json.dumps({"addresses": [PUBLIC, PUBLIC_6, *FAR, *FORBIDDEN], "hosts": hosts})
        program = [self.world.program("dpin-validator"), "--bus=none",
                   f"--config={self.world._conf(name, '[Validator]' + chr(10) + conf)}"]
        proxy, home = "http://127.0.0.1:80", self.world._directory(f"home-{name}")
        with open(os.path.join(home, ".netrc"), "w", encoding="ascii") as f:
            f.write("default login somebody password secret\n")
        self.process = self.world.validators[name] = Process(
            name, [sys.executable, own_network.__file__, path, plan, *program], self.world.run,
            env={"HUB_WSS_URL": f"ws://{hub}:{own_network.HUB_PORT}/ws", "HOME": home,
                 **{name: proxy for name in PROXIES}, **little_quarantine(),
                 "STATE_DIRECTORY": self.world._directory(name)}).start()
        self.addCleanup(ends_well, self.process)
        with control.accept()[0] as line:
            trap, listening, names, tap = (socket.socket(fileno=fd) for fd in socket.recv_fds(line, 1, 4)[1])
        for s in (trap, names, tap):
            self.addCleanup(s.close)
        self.trap, self.names, self.packets = Trap(trap), Rebinder(names), Packets(tap)
        self.hub = RawHub().start(listening)
        self.addCleanup(self.hub.stop)
        self.hub.wait_joined()

    def tearDown(self):
        self.assertTrue(self.process.running())
        tick = self.ticks(["http://public.test/"])["http://public.test/"]
        self.assertEqual((tick.outcome, batch.ERRORS[tick.error], tick.address),
                         (batch.UP, "none", socket.inet_aton(PUBLIC)))
        self.assertGreater(self.packets.seen[PUBLIC], 0, "packets are seen")
        self.assertEqual(self.packets.forbidden(), {})
        self.assertLessEqual(set(self.trap.connections), {PUBLIC, PUBLIC_6})
        self.assertEqual([r for r in self.trap.requests if "authorization" in r[3]], [], "no netrc")

    def ticks(self, urls):
        """{url: the first tick of an order for it, or None when the order was refused}."""
        return self._ticks(urls, self.refused)

    def ticks_only(self, urls):
        """The same where orders are refused as well."""
        return self._ticks(urls, set)

    def _ticks(self, urls, refused):
        hub = self.hub
        names = {hub.make_order(url, start_in=0.3): url for url in urls}
        begun = list(names)
        for i in range(0, len(begun), 100):
            hub.send("orders", hub._orders(begun[i:i + 100]))
        hub.wait(lambda h: {t.order for t in h.ticks()} | refused() >= set(names), "an answer for each", 30)
        seen = {t.order: t for t in reversed(hub.ticks())}
        return {url: seen.get(name) for name, url in names.items()}

    def refused(self):
        return {n["order"] for n in list(self.hub.notices) if n["code"] == "refused"}
