"""Every kind of check by a real validator, ordered by a hub in Python: up, down, late, and not allowed. Names are those
of a DNS server of the test's own."""

import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import unittest

import own_network
from hub_case import BUILD, build_has
from dpin_hub import Hub
from dpin_wire import batch
from guarded_case import Trap
from process import Process, wait_until
from test_hostile_hub import ends_well
from world import World

A, TXT, NOERROR, SERVFAIL, NXDOMAIN = 1, 16, 0, 2, 3
LOOPBACK = bytes((127, 0, 0, 1))


class Names:
    """Answers questions by UDP on loopback: the first label says how."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.asked, self.moves = [], 0
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        self.socket.close()

    def _serve(self):
        while True:
            try:
                question, peer = self.socket.recvfrom(1500)
            except OSError:
                return
            answer = self._answer(question)
            if answer:
                self.socket.sendto(answer, peer)

    def _answer(self, question):
        end = question.index(0, 12) + 5
        label, kind = question[13:13 + question[12]].decode(), struct.unpack_from(">H", question, end - 4)[0]
        self.asked.append(label)
        rcode, records = NOERROR, []
        if label == "silent":
            return None
        if label == "none":
            rcode = NXDOMAIN
        elif label == "failed":
            rcode = SERVFAIL
        elif label == "rebind" and kind == A:  # allowed twice, then not
            self.moves += 1
            records = [(A, 0, LOOPBACK if self.moves <= 2 else bytes((127, 9, 9, 9)))]
        elif label == "brief" and kind == A:  # nobody may keep it
            records = [(A, 0, LOOPBACK)]
        elif label == "text" and kind == TXT:
            records = [(TXT, 60, b"\x06v=spf1")]
        elif kind == A:
            records = [(A, 60, LOOPBACK)]
        head = question[:2] + struct.pack(">5H", 0x8180 | rcode, 1, len(records), 0, 0)
        return head + question[12:end] + b"".join(struct.pack(">3HIH", 0xc00c, kind, 1, ttl, len(data)) + data
                                                  for kind, ttl, data in records)


class Door:
    """A TCP server that says something, or waits for something, or nothing."""

    def __init__(self, says=b"", waits=b"", context=None):
        self.says, self.waits, self.context, self.guests = says, waits, context, []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        self.server.close()
        for guest in self.guests:
            guest.close()

    def _serve(self):
        while True:
            try:
                guest, _ = self.server.accept()
            except OSError:
                return
            try:
                if self.context:
                    guest.settimeout(5)
                    guest = self.context.wrap_socket(guest, server_side=True)
                if self.waits and guest.recv(100) == self.waits or not self.waits:
                    guest.sendall(self.says)
            except OSError:
                pass
            self.guests.append(guest)


def has_route(family, address):
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        return s.connect_ex((address, 53)) == 0


@unittest.skipUnless(build_has("dpin-validator"), "dpin-validator is not built")
class Kinds(unittest.TestCase):
    CONF = "Allow=127.0.0.1\nDenyPorts=\nResolvers=127.0.0.1:{port}\n"

    @classmethod
    def setUpClass(cls):
        cls.world = World(BUILD)
        cls.addClassCleanup(cls.world.stop)
        cls.names = Names()
        cls.addClassCleanup(cls.names.close)
        cls.hub = Hub().start()
        cls.addClassCleanup(cls.hub.stop)
        cls.authority = cls.make_authority()
        conf = cls.CONF.format(port=cls.names.port) + f"CaFile={cls.authority}\n"
        cls.process = cls.world.validators["kinds"] = Process(
            "kinds", [cls.world.program("dpin-validator"), "--bus=none",
                      f"--config={cls.world._conf('kinds', '[Validator]' + chr(10) + conf)}"], cls.world.run,
            env={"HUB_WSS_URL": cls.hub.url, "STATE_DIRECTORY": cls.world._directory("kinds")}).start()
        cls.hub.wait_joined()

    @classmethod
    def make_authority(cls):
        """A certificate of its own for loop.test, which it is the authority of."""
        path = os.path.join(cls.world.run, "tls")
        os.makedirs(path)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "20", "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=x",
                        "-addext", "subjectAltName=DNS:loop.test"], cwd=path, check=True, capture_output=True)
        return os.path.join(path, "cert.pem")

    def door(self, *args):
        door = Door(*args)
        self.addCleanup(door.close)
        return door

    def tls_door(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.authority, self.authority.replace("cert", "key"))
        return self.door(b"", b"", context)

    @staticmethod
    def closed_port():
        with socket.create_server(("127.0.0.1", 0)) as s:
            return s.getsockname()[1]

    def check(self, url, timeout_ms=2000, **spec):
        name = self.hub.add_order(url, timeout_ms=timeout_ms, **spec)
        self.hub.wait(lambda h: h.ticks(name), f"a tick of {url}")
        return self.hub.ticks(name)[0]

    def assert_seen(self, tick, outcome, error="none"):
        self.assertEqual((tick.outcome, batch.ERRORS[tick.error]), (outcome, error))

    def test_capabilities(self):
        declared = self.hub.joins[0]["capabilities"]
        far = ((4, socket.AF_INET, "198.41.0.4"), (6, socket.AF_INET6, "2001:503:ba3e::2:30"))
        there = [f"ipv{version}" for version, family, address in far if has_route(family, address)]
        self.assertEqual([kind for kind in declared if kind != "icmp"], ["dns", "http", "tcp", "tls", *there])

    def test_tcp(self):
        door = self.door(b"220 ready\r\n")
        tick = self.check(f"tcp://brief.test:{door.port}", expect="220 ")
        self.assert_seen(tick, batch.UP)
        self.assertEqual(tick.address, LOOPBACK)
        dns, connect, tls, wait, transfer = tick.phases
        self.assertTrue(dns > 0 and connect > 0 and wait > 0 and tls == transfer == 0, tick.phases)
        self.assert_seen(self.check(f"tcp://127.0.0.1:{door.port}"), batch.UP)
        echo = self.door(b"+PONG\r\n", b"PING\r\n")
        self.assert_seen(self.check(f"tcp://127.0.0.1:{echo.port}", send="PING\r\n", expect="+PONG"), batch.UP)
        self.assert_seen(self.check(f"tcp://loop.test:{self.closed_port()}"), batch.DOWN, "refused")
        self.assert_seen(self.check(f"tcp://none.test:{door.port}"), batch.DOWN, "dns")
        self.assert_seen(self.check(f"tcp://failed.test:{door.port}"), batch.DOWN, "dns")
        late = self.check(f"tcp://127.0.0.1:{door.port}", timeout_ms=200, expect="250 ")
        self.assert_seen(late, batch.DOWN, "timeout_wait")
        self.assertTrue(100_000 < late.phases[3] < 1_200_000, late.phases)
        self.assert_seen(self.check(f"tcp://silent.test:{door.port}", timeout_ms=200), batch.DOWN, "timeout_dns")

    def test_tls(self):
        door = self.tls_door()
        tick = self.check(f"tls://loop.test:{door.port}")
        self.assert_seen(tick, batch.UP)
        self.assertTrue(tick.phases[2] > 0 and tick.expiry_days > 0)
        self.assert_seen(self.check(f"tls://loop.test:{door.port}", certificateDays=40), batch.DOWN, "tls_expiring")
        self.assert_seen(self.check(f"tls://other.test:{door.port}"), batch.DOWN, "tls_name")
        plain = self.door()
        self.assert_seen(self.check(f"tls://loop.test:{plain.port}", timeout_ms=300), batch.DOWN, "timeout_tls")
        self.assert_seen(self.check(f"tls://loop.test:{self.closed_port()}"), batch.DOWN, "refused")

    def test_dns(self):
        server = f"127.0.0.1:{self.names.port}"
        tick = self.check(f"dns://{server}/loop.test")
        self.assert_seen(tick, batch.UP)
        self.assertEqual((tick.status, tick.address), (NOERROR, LOOPBACK))
        self.assert_seen(self.check("dns:loop.test?type=A"), batch.UP)
        wanted = [{"source": "answer", "operator": "equals", "value": "v=spf1"}]
        self.assert_seen(self.check(f"dns://{server}/text.test?type=TXT", assertions=wanted), batch.UP)
        self.assert_seen(self.check(f"dns://{server}/loop.test", assertions=wanted), batch.DOWN, "assertion")
        gone = self.check(f"dns://{server}/none.test")
        self.assert_seen(gone, batch.DOWN, "status")
        self.assertEqual(gone.status, NXDOMAIN)
        self.assert_seen(self.check(f"dns://{server}/none.test", rcode="NXDOMAIN"), batch.UP)
        self.assert_seen(self.check(f"dns://{server}/silent.test", timeout_ms=200), batch.DOWN, "timeout_wait")
        self.assert_seen(self.check(f"dns://127.0.0.1:{self.closed_port()}/loop.test"), batch.DOWN, "refused")

    def test_http_by_name(self):
        door = self.door(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        threads = self.threads()
        tick = self.check(f"http://loop.test:{door.port}/")
        self.assert_seen(tick, batch.UP)
        self.assertGreater(tick.phases[0], 0)
        self.assert_seen(self.check("http://none.test/"), batch.DOWN, "dns")
        self.assert_seen(self.check("http://silent.test/", timeout_ms=200), batch.DOWN, "timeout_dns")
        asked = self.names.asked.count("silent")
        name = self.hub.add_order("http://silent.other.test/", timeout_ms=3000)
        wait_until(lambda: self.names.asked.count("silent") > asked, "a question")
        self.assertEqual((self.threads(), self.hub.ticks(name)), (threads, []), "no thread for a name")

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def test_what_the_owner_forbids_abstains(self):
        door = self.door(b"x")
        server = f"127.9.9.9:{self.names.port}"
        for url in (f"tcp://127.9.9.9:{door.port}", f"tls://127.9.9.9:{door.port}", f"dns://{server}/loop.test",
                    f"dns://{server}/silent.test", "icmp://127.9.9.9", "tcp://[::1]:9", "icmp://[::1]"):
            self.assert_seen(self.check(url), batch.ABSTAIN, "guard")

    def test_a_name_that_moves(self):
        """Its answers are good for no time at all: each check asks, and each is judged. The first answer is for whoever
        asks the host's website whether it wants to be checked."""
        door = self.door()
        url = f"tcp://rebind.test:{door.port}"
        self.assert_seen(self.check(url), batch.UP)
        self.assert_seen(self.check(url), batch.ABSTAIN, "guard")
        self.assertEqual(len(door.guests), 1)


@unittest.skipUnless(build_has("dpin-validator"), "dpin-validator is not built")
class Echoes(unittest.TestCase):
    """In a network of the test's own, where ICMP may be let through, unanswered, or forbidden."""

    @classmethod
    def setUpClass(cls):
        if not own_network.possible():
            raise unittest.SkipTest("this machine allows no network of one's own")
        cls.world = World(BUILD)
        cls.addClassCleanup(cls.world.stop)
        cls.run_in_network()

    @classmethod
    def run_in_network(cls):
        control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        cls.addClassCleanup(control.close)
        path = os.path.join(cls.world.run, "echoes.control")
        control.bind(path)
        control.listen()
        plan = json.dumps({"addresses": ["10.1.2.3", "fd00::1"], "hosts": "10.1.2.3 ten.test\n"})
        conf = cls.world._conf("echoes", "[Validator]\nAllow=10.0.0.0/8, fd00::/8, 192.0.2.1\n")
        process = cls.world.validators["echoes"] = Process(
            "echoes", [sys.executable, own_network.__file__, path, plan, cls.world.program("dpin-validator"),
                       "--bus=none", f"--config={conf}"], cls.world.run,
            env={"HUB_WSS_URL": f"ws://127.0.0.1:{own_network.HUB_PORT}/ws",
                 "STATE_DIRECTORY": cls.world._directory("echoes")}).start()
        cls.addClassCleanup(ends_well, process)
        with control.accept()[0] as line:
            trap, hub = (socket.socket(fileno=fd) for fd in socket.recv_fds(line, 1, 2)[1])
        cls.addClassCleanup(trap.close)
        cls.trap, cls.pid = Trap(trap), process.pid
        cls.hub = Hub().start(hub)
        cls.addClassCleanup(cls.hub.stop)
        cls.hub.wait_joined()

    check, assert_seen = Kinds.check, Kinds.assert_seen

    def test_echoes(self):
        self.assertIn("icmp", self.hub.joins[0]["capabilities"])
        tick = self.check("icmp://10.1.2.3")
        self.assert_seen(tick, batch.UP)
        self.assertEqual(tick.address, bytes((10, 1, 2, 3)))
        self.assertTrue(0 < tick.phases[3] < 1_000_000, tick.phases)
        self.assert_seen(self.check("icmp://[fd00::1]", count=1), batch.UP)
        self.assert_seen(self.check("icmp://ten.test", count=10), batch.UP)
        self.assert_seen(self.check("icmp://127.0.0.1"), batch.ABSTAIN, "guard")
        self.assert_seen(self.check("icmp://192.0.2.1"), batch.DOWN, "unreachable")
        self.ignore(True)
        self.addCleanup(self.ignore, False)
        self.assert_seen(self.check("icmp://10.1.2.3", timeout_ms=300), batch.DOWN, "timeout_wait")

    def test_no_way_out(self):
        """Whoever has no route to a family of addresses says nothing of what is there, and says so before."""
        self.assertFalse({"ipv4", "ipv6"} & set(self.hub.joins[0]["capabilities"]))
        for url in ("tcp://198.41.0.4:53", "http://[2001:503:ba3e::2:30]/", "tls://198.41.0.4:853"):
            self.assert_seen(self.check(url), batch.ABSTAIN, "own_network")

    def ignore(self, value):
        """Said from inside: what stands in /proc/sys/net is of the network of who writes."""
        user = [] if os.getuid() == 0 else ["-U", "--preserve-credentials"]
        subprocess.run(["nsenter", "-t", str(self.pid), *user, "-n", "sh", "-c",
                        f"echo {int(value)} >/proc/sys/net/ipv4/icmp_echo_ignore_all"], check=True)


if __name__ == "__main__":
    unittest.main()
