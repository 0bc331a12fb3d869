"""Orders to connect where a validator's owner allows nothing. Its network is the test's own: every forbidden address is
there and listens, and every packet is seen, so that none is proof, not luck."""

import collections
import contextlib
import ipaddress
import json
import os
import socket
import struct
import sys
import threading
import time
import unittest
import urllib.parse

import own_network
import spellings
from hub_case import BUILD, build_has
from dpin_wire import batch
from hostile_hub import RawHub
from process import Process, wait_until
from test_hostile_hub import ends_well
from world import World

PUBLIC, PUBLIC_6, NO_ROUTE = "93.184.216.34", "2606:2800:220:1::1", "93.184.216.99"
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
    of headers). /to?URL redirects there. One host does not want to be checked, another has one page for everything."""

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
            if path.startswith("/to?"):
                head = f"HTTP/1.1 302 Found\r\nLocation: {where}"
            else:
                head = "HTTP/1.1 200 OK"
            line.sendall(f"{head}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

    def checks(self):
        """Paths, without the questions before."""
        return [path for _, path, *_ in list(self.requests) if path != OPT_OUT]


class Packets:
    """Every packet of the network, but those of the hub and of the name server: where to."""

    TCP, UDP, PLACES = 6, 17, (own_network.HUB_PORT, own_network.DNS_PORT)

    def __init__(self, tap):
        self.tap, self.seen = tap, collections.Counter()
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

    def forbidden(self):
        return {a: n for a, n in self.seen.items() if a not in (PUBLIC, PUBLIC_6)}


class Rebinder:
    """A name server. Of rebind-N.test it says alternately a public and a forbidden address, of both-N.test both at
    once, each for no time at all; it knows no other names."""

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
        known = labels[0].startswith(("rebind-", "both-"))
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
class Targets(unittest.TestCase):
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
        plan = json.dumps({"addresses": [PUBLIC, PUBLIC_6, *FORBIDDEN], "hosts": hosts})
        program = [self.world.program("dpin-validator"), "--bus=none",
                   f"--config={self.world._conf(name, '[Validator]' + chr(10) + conf)}"]
        proxy, home = "http://127.0.0.1:80", self.world._directory(f"home-{name}")
        with open(os.path.join(home, ".netrc"), "w", encoding="ascii") as f:
            f.write("default login somebody password secret\n")
        self.process = self.world.validators[name] = Process(
            name, [sys.executable, own_network.__file__, path, plan, *program], self.world.run,
            env={"HUB_WSS_URL": f"ws://{hub}:{own_network.HUB_PORT}/ws", "HOME": home,
                 **{name: proxy for name in PROXIES},
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
        self.assertEqual((tick.outcome, tick.address), (batch.UP, socket.inet_aton(PUBLIC)))
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

    def assert_refused(self, urls):
        """For their spelling, by the guard, or as a name that nobody has."""
        for url, tick in self.ticks(urls).items():
            if tick is not None:
                self.assertIn((tick.outcome, batch.ERRORS[tick.error]), ((batch.ABSTAIN, "guard"), (batch.DOWN, "dns")),
                              url)

    def test_addresses(self):
        self.start()
        plain = [a if ":" not in a else f"[{a}]" for a in FORBIDDEN]
        urls = [f"http://{a}/" for a in (*plain, *LITERALS)]
        for url, tick in self.ticks(urls).items():
            self.assertIsNotNone(tick, url)
            self.assertEqual((tick.outcome, tick.error), (batch.ABSTAIN, batch.ERROR["guard"]), url)
        self.assert_refused([url.replace("http://", "https://").replace("]/", "]:80/") for url in urls[:-2]])
        log = self.process.log()
        self.assertEqual(log.count("an order's target is not allowed"), 2 * len(urls) - 2, "one line for each order")

    def test_spellings(self):
        self.start()
        self.assertGreaterEqual(len(set(spellings.HOSTS)), 60)
        urls = [url for host in spellings.HOSTS for url in (f"http://{host}/", f"https://{host}/")]
        for at in range(0, len(urls), 100):
            self.assert_refused(urls[at:at + 100])
        self.assert_refused(spellings.URLS)

    def test_spellings_for_other_kinds(self):
        """Whatever a check is, its sockets ask at the same place."""
        self.start()
        for form in ("tcp://{}:80", "tls://{}:80", "icmp://{}", "dns://{}/public.test", "dns://{}:80/public.test"):
            for url, tick in self.ticks([form.format(host) for host in spellings.HOSTS]).items():
                self.assertTrue(tick is None or tick.outcome != batch.UP, url)

    def test_spellings_of_redirects(self):
        """There another parser reads them. What it takes for the public name is asked there, and nowhere else."""
        self.start("TargetRate=10000\n")
        there = [f"http://{host}/" for host in spellings.HOSTS if "\n" not in host] + \
                [url for url in spellings.URLS if "\n" not in url]
        for url, tick in self.ticks([spellings.redirect(url) for url in there]).items():
            self.assertIsNotNone(tick, url)
            self.assertTrue(tick.outcome != batch.UP or tick.address == socket.inet_aton(PUBLIC), url)
            if tick.outcome != batch.UP:
                self.assertIn(batch.ERRORS[tick.error],
                              ("guard", "redirect", "protocol", "dns", "unreachable", "internal"), url)

    def test_names_that_are_bound_anew(self):
        """What a name meant a moment ago, for another check or for the question before, counts for nothing."""
        self.start("TargetRate=10000\n")
        for kind in ("rebind", "both"):
            names = [f"{kind}-{i}.test" for i in range(20)]
            urls = [f"http://{name}/{i}" for name in names for i in range(3)]
            seen = collections.Counter()
            for url, tick in self.ticks(urls + [spellings.redirect(url) for url in urls]).items():
                seen[tick.outcome, batch.ERRORS[tick.error]] += 1
                self.assertTrue(tick.outcome != batch.UP or tick.address == socket.inet_aton(PUBLIC), url)
            self.assertLessEqual(set(seen), {(batch.UP, "none"), (batch.ABSTAIN, "guard")}, kind)
            self.assertGreater(seen[batch.UP, "none"], 0, kind)
            self.assertTrue(seen[batch.ABSTAIN, "guard"] > 0 or kind == "both")
            self.assertTrue(all(self.names.asked[name] for name in names))

    def test_names(self):
        self.start()
        names = [n for n in NAMES if not n.startswith("public")]
        for url, tick in self.ticks([f"http://{name}/" for name in names]).items():
            self.assertEqual((tick.outcome, tick.error), (batch.ABSTAIN, batch.ERROR["guard"]), url)
        tick = self.ticks(["http://mixed.test/"])["http://mixed.test/"]
        self.assertEqual((tick.outcome, tick.address), (batch.UP, socket.inet_aton(PUBLIC)), "the one that is allowed")
        self.assertEqual(self.ticks(["http://public6.test/"])["http://public6.test/"].outcome, batch.UP)

    def test_redirects(self):
        self.start()
        there = ["http://10.1.2.3/", "http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
                 "http://loop.test/", "http://meta.test/latest/meta-data/", "//private.test/", "https://10.1.2.3:80/",
                 f"http://{PUBLIC}/to?http%3A%2F%2F10.1.2.3%2F", "http://0x7f.1/", "http://2130706433/"]
        urls = {f"http://public.test/to?{urllib.parse.quote(url, safe='')}" for url in there}
        for url, tick in self.ticks(urls).items():
            self.assertEqual((tick.outcome, tick.error), (batch.ABSTAIN, batch.ERROR["guard"]), url)
        for scheme in ("file:///etc/passwd", "ftp://10.1.2.3/", "gopher://127.0.0.1:80/x", "dict://127.0.0.1:80/x",
                       "javascript:x", "http:///", "http://:80/"):
            url = f"http://public.test/to?{urllib.parse.quote(scheme, safe='')}"
            tick = self.ticks([url])[url]
            self.assertEqual(tick.outcome, batch.DOWN, url)
            self.assertIn(batch.ERRORS[tick.error], ("redirect", "protocol"), url)

    def test_the_owner_may_allow_what_he_likes(self):
        self.start("Allow=10.0.0.0/8\nDeny=10.1.2.3, 93.0.0.0/8\n")
        tick = self.ticks(["http://10.1.2.3/"])["http://10.1.2.3/"]
        self.assertEqual(tick.error, batch.ERROR["guard"])
        self.process.stop()
        self.start()

    def test_one_address_is_not_flooded(self):
        """Three hundred orders for one address, under many names: it is connected to as often as TargetRate= says."""
        self.start("TargetRate=20\n")
        begun = time.monotonic()
        ticks = self.ticks([f"http://{('public.test', PUBLIC)[i % 2]}/{i}" for i in range(300)])
        outcomes = [(t.outcome, t.error) for t in ticks.values()]
        self.assertEqual(set(outcomes), {(batch.UP, 0), (batch.ABSTAIN, batch.ERROR["guard"])})
        self.assertGreaterEqual(len(self.trap.connections), 40)
        self.assertLessEqual(len(self.trap.connections), 40 + 20 * (time.monotonic() - begun) + 1)
        self.assertEqual(len(self.trap.checks()), outcomes.count((batch.UP, 0)))
        time.sleep(1)  # what one check needs

    def test_a_website_may_opt_out(self):
        self.start("ContactUrl=https://example.org/why\n")
        urls = [f"http://public-no.test/{i}" for i in range(20)]
        name = self.hub.add_order("http://public-no.test/first")
        self.hub.wait(lambda h: h.ticks(name) and name in self.refused(), "the order is refused, and abstains")
        self.assertEqual([n["reason"] for n in self.hub.notices if n["order"] == name],
                         ["the website has opted out of being checked"])
        for url, tick in self.ticks_only(urls).items():
            self.assertEqual((tick.outcome, batch.ERRORS[tick.error]), (batch.ABSTAIN, "guard"), url)
        self.assertEqual([path for host, path, *_ in self.trap.requests if host == "public-no.test"], [OPT_OUT])
        self.assertIn("a website does not want to be checked", self.process.log())
        for tick in self.ticks([f"http://public-spa.test/{i}" for i in range(20)]).values():
            self.assertEqual(tick.outcome, batch.UP)
        asked = [path for host, path, *_ in self.trap.requests if host == "public-spa.test"]
        self.assertEqual((len(asked), asked.count(OPT_OUT)), (21, 1))
        for _, _, agent, _ in self.trap.requests:
            self.assertRegex(agent, r"^dpin/\S+ \(\+https://example.org/why; uptime check .*opt out: /.well-known/")

    def outcome(self, url):
        tick = self.ticks([url])[url]
        return tick.outcome, batch.ERRORS[tick.error]

    def test_a_machine_that_is_offline_abstains(self):
        """The hub tells: while it answers, an address without a route is down; when it is silent, nobody knows."""
        self.start(hub=PUBLIC)
        self.assertEqual(self.outcome(f"http://{NO_ROUTE}/1"), (batch.DOWN, "unreachable"))
        self.assertEqual(self.outcome("http://nobody.test/1"), (batch.DOWN, "dns"))
        time.sleep(1.1)  # so long it is believed to be online
        self.hub.pause()
        names = [self.hub.add_order(url, start_in=0.1) for url in (f"http://{NO_ROUTE}/2", "http://nobody.test/2")]
        wait_until(lambda: "this machine is offline itself" in self.process.log(), "it notices")
        self.hub.resume()
        self.hub.wait(lambda h: {t.order for t in h.ticks()} >= set(names), "what it saw meanwhile")
        self.assertEqual({(t.outcome, batch.ERRORS[t.error]) for name in names for t in self.hub.ticks(name)},
                         {(batch.ABSTAIN, "own_network")})
        self.assertEqual(self.process.log().count("this machine is offline itself"), 1)
        time.sleep(5)  # so long it is believed to be offline
        self.assertEqual(self.outcome(f"http://{NO_ROUTE}/3"), (batch.DOWN, "unreachable"))

    def test_controls_tell_where_the_hub_can_not(self):
        """A hub on the same machine is no sign of a network."""
        self.start()
        self.assertEqual(self.outcome(f"http://{NO_ROUTE}/"), (batch.DOWN, "unreachable"))
        self.process.stop()
        self.start(f"ControlTargets=http://{NO_ROUTE}/ http://public.test/control\n")
        self.assertEqual(self.outcome(f"http://{NO_ROUTE}/"), (batch.DOWN, "unreachable"))
        self.assertIn("/control", self.trap.checks())
        self.process.stop()
        self.start(f"ControlTargets=http://{NO_ROUTE}/\n")
        self.assertEqual(self.outcome(f"http://{NO_ROUTE}/"), (batch.ABSTAIN, "own_network"))
        self.assertEqual(self.outcome("http://10.1.2.3/"), (batch.ABSTAIN, "guard"))

    def test_all_checks_have_a_budget(self):
        """Two hundred orders at once: as many are run as ChecksPerSecond= says, and the others are no failures."""
        self.start("ChecksPerSecond=10\n")
        begun = time.monotonic()
        ticks = self.ticks([f"http://public.test/{i}" for i in range(200)])
        outcomes = [(t.outcome, batch.ERRORS[t.error]) for t in ticks.values()]
        self.assertEqual(set(outcomes), {(batch.UP, "none"), (batch.ABSTAIN, "guard")})
        self.assertEqual(len(self.trap.checks()), outcomes.count((batch.UP, "none")))
        self.assertGreaterEqual(len(self.trap.checks()), 20)
        self.assertLessEqual(len(self.trap.checks()), 20 + 10 * (time.monotonic() - begun) + 1)
        self.assertEqual(self.process.log().count("more checks are ordered than the owner allows"), 1)
        time.sleep(1)  # what one check needs

    def test_what_is_read_has_a_budget(self):
        """Large answers use it up: then nothing is run until what was read is paid."""
        self.start("BytesPerSecond=65536\n")
        self.ticks(["http://public.test/large?400000"])
        begun = time.monotonic()
        for _ in range(2):
            tick = self.ticks(["http://public.test/"])["http://public.test/"]
            self.assertEqual((tick.outcome, batch.ERRORS[tick.error]), (batch.ABSTAIN, "guard"))
        time.sleep(max(0, 400000 / 65536 - (time.monotonic() - begun)))


if __name__ == "__main__":
    unittest.main()
