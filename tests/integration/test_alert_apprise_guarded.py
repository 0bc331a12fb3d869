"""Which addresses dpin-apprise connects to without its unit, which denies them once more: those of the hub's guard."""

import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

import own_network
import spellings
from guarded_case import FAR, FORBIDDEN, LITERALS, NAMES, PUBLIC, PUBLIC_6, Packets, Rebinder, Trap

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(SOURCE, "src", "apprise", "dpin-apprise.py")
LOAD = """
import importlib.util, json, socket, sys
spec = importlib.util.spec_from_file_location("dpin_apprise", sys.argv[1])
program = importlib.util.module_from_spec(spec)
spec.loader.exec_module(program)
guard = program.Guard(sys.argv[2])
sys.addaudithook(guard.hook)
"""
# One process for all alerts: Apprise takes a quarter of a second to start.
SENDER = LOAD + """
for line in sys.stdin:
    guard.refused = False
    print(json.dumps(program.send(json.loads(line), "t", "b", guard)), flush=True)
"""
# How many ways are refused; what has no address of its own goes on.
WAYS = LOAD + """
def datagrams():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

to, refused = ("127.0.0.1", 9), 0
for way in (lambda: socket.create_connection(to), lambda: socket.socket().connect(to),
            lambda: socket.socket().connect_ex(to), lambda: datagrams().connect(to),
            lambda: datagrams().sendto(b"x", to), lambda: datagrams().sendto(b"x", 0, to),
            lambda: datagrams().sendmsg([b"x"], [], 0, to)):
    try:
        way()
    except PermissionError:
        refused += 1
a, b = socket.socketpair()
a.sendmsg([b"x"])
print(refused)
"""


def load_program():
    spec = importlib.util.spec_from_file_location("dpin_apprise", PROGRAM)
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    return program


def source(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as f:
        return f.read()


class OneGuard(unittest.TestCase):
    """The same as src/event/guard.c, row by row of its own test."""

    TABLES = ("special_ipv4_is_refused", "special_ipv6_is_refused", "an_embedded_address_is_judged_as_itself",
              "the_owner_opens_what_is_named")

    def setUp(self):
        self.program = load_program()

    def lets(self, guard, address, port=443):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return guard.lets(family, (address, port, 0, 0) if ":" in address else (address, port))

    def test_what_is_decided_there_is_decided_here(self):
        tests, seen = source("tests", "unit", "test-event-guard.c"), 0
        for table in self.TABLES:
            body = tests.split(f"static void {table}(")[1].split("\n}\n")[0]
            allow = re.search(r'guard_of\(\s*"([^"]+)", NULL\)', body)
            guard = self.program.Guard(allow[1].replace(r"\t", "\t") if allow else "")
            for address, may in re.findall(r'\{ "([^"]+)", (true|false) \}', body):
                with self.subTest(table=table, address=address):
                    self.assertEqual(self.lets(guard, address), may == "true")
                seen += 1
        self.assertGreater(seen, 110)

    def test_both_lists_are_one(self):
        guard, header = source("src", "event", "guard.c"), source("src", "event", "guard.h")
        for name in ("special_v4", "special_v6"):
            theirs = re.findall(r'"([^"]+)"', guard.split(f"{name}[] = {{")[1].split("};")[0])
            self.assertEqual(getattr(self.program, name.upper()).split(), theirs)
        self.assertEqual(self.program.DENY_PORTS, re.search(r'#define GUARD_DENY_PORTS "(.*)"', header)[1])

    def test_ports_of_mail_and_the_like_are_closed_whoever_allows_the_address(self):
        guard = self.program.Guard("127.0.0.0/8")
        for port, may in ((24, True), (25, False), (136, True), (138, False), (587, False), (6659, True), (6665, False),
                          (6697, False), (443, True)):
            for address in ("8.8.8.8", "127.0.0.1", "2003::1"):
                self.assertEqual(self.lets(guard, address, port), may, port)

    def test_who_names_no_address_gets_no_connection(self):
        guard = self.program.Guard("0.0.0.0/0")
        for host in ("localhost", "public.test", "", "<broadcast>", "127.1", "2130706433", "0x7f.1", "0177.0.0.1",
                     b"8888", b"8.8.8.8", None, 8, "8.8.8.8.", " 8.8.8.8"):
            self.assertFalse(guard.lets(socket.AF_INET, (host, 80)), host)
        for family, target in ((socket.AF_UNIX, "/run/dbus/system_bus_socket"), (socket.AF_UNIX, b"\0x"),
                               (socket.AF_UNIX, ("8.8.8.8", 80)), (socket.AF_NETLINK, (0, 0)), (socket.AF_INET, None),
                               (socket.AF_INET, ("8.8.8.8",))):
            self.assertFalse(guard.lets(family, target), target)
        self.assertTrue(guard.lets(socket.AF_INET, ("8.8.8.8", 80)))

    def test_every_way_to_connect_asks(self):
        done = subprocess.run([sys.executable, "-c", WAYS, PROGRAM, ""], capture_output=True, text=True, check=True,
                              timeout=60)
        self.assertEqual(done.stdout, "7\n")


class Redirecting(Trap):
    """Who is asked by the name public-no.test sends on to where it says."""

    to = "http://10.1.2.3/"

    def _answer(self, line):
        with line:
            head = line.recv(65536).decode(errors="replace")
            self.requests.append(head)
            if "\r\nhost: public-no.test" in head.lower():
                line.sendall(f"HTTP/1.1 307 On\r\nLocation: {self.to}\r\nContent-Length: 0\r\n"
                             "Connection: close\r\n\r\n".encode())
            else:
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")


class Network(unittest.TestCase):
    """In a network of the test's own: every forbidden address is there and listens, and every packet is seen."""

    def setUp(self):
        if not own_network.possible():
            raise unittest.SkipTest("this machine allows no network of one's own")

    def start(self, allow=""):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="dpin-apprise-"))
        path = os.path.join(folder, "control")
        hosts = "".join(f"{address} {name}\n" for name, address in NAMES.items()) + "127.0.0.1 localhost\n"
        plan = json.dumps({"addresses": [PUBLIC, PUBLIC_6, *FAR, *FORBIDDEN], "hosts": hosts})
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
            control.bind(path)
            control.listen()
            self.sender = self.enterContext(subprocess.Popen(
                [sys.executable, own_network.__file__, path, plan, "/usr/bin/python3", "-c", SENDER, PROGRAM, allow],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            self.addCleanup(self.sender.stdin.close)
            control.settimeout(30)
            with control.accept()[0] as line:
                trap, hub, names, tap = (socket.socket(fileno=fd) for fd in socket.recv_fds(line, 1, 4)[1])
        hub.close()
        for s in (trap, names, tap):
            self.addCleanup(s.close)
        self.trap, self.names, self.packets = Redirecting(trap), Rebinder(names), Packets(tap)

    def send(self, url):
        """What went wrong, or None."""
        self.sender.stdin.write(json.dumps(url) + "\n")
        self.sender.stdin.flush()
        return json.loads(self.sender.stdout.readline())

    def assert_nothing_forbidden(self):
        self.assertIsNone(self.send("gotify://public.test/t0ken"))
        self.assertGreater(self.packets.seen[PUBLIC], 0, "packets are seen")
        self.assertEqual(self.packets.forbidden(), {})
        self.assertLessEqual(set(self.trap.connections), {PUBLIC, PUBLIC_6})

    def test_addresses_in_every_spelling(self):
        self.start()
        for host in (*FORBIDDEN, *LITERALS, *spellings.HOSTS):
            host = f"[{host}]" if host in FORBIDDEN and ":" in host else host
            for url in (f"gotify://{host}/t0ken", f"gotify://{urllib.parse.quote(host)}:80/t0ken",
                        f"ntfys://{host}/t0pic"):
                with self.subTest(url=url):
                    error = self.send(url)
                    self.assertTrue(error is None or isinstance(error, str))
        self.assert_nothing_forbidden()

    def test_plain_ones_are_refused_with_words(self):
        self.start()
        for host in (*(a for a in FORBIDDEN if ":" not in a), "127.0.0.1", "0.0.0.0", "localhost"):
            self.assertIn("the address is not allowed", self.send(f"gotify://{host}/t0ken"), host)
        self.assert_nothing_forbidden()

    def test_names_of_what_is_private(self):
        self.start()
        for name, address in NAMES.items():
            if name == "public-no.test":
                continue
            with self.subTest(name=name):
                error = self.send(f"gotify://{name}/t0ken")
                if address in (PUBLIC, PUBLIC_6):
                    self.assertIsNone(error)
                else:
                    self.assertIn("the address is not allowed", error)
        self.assert_nothing_forbidden()

    def test_names_that_change_their_minds(self):
        self.start()
        for number in range(10):
            for name in (f"rebind-{number}.test", f"rebind-{number}.test", f"both-{number}.test"):
                error = self.send(f"gotify://{name}/t0ken")
                self.assertTrue(error is None or "the address is not allowed" in error, error)
        self.assert_nothing_forbidden()

    def test_redirects(self):
        self.start()
        for to in ("http://10.1.2.3/", "http://loop.test/", "http://[::1]/", "http://127.1/", "//169.254.169.254/",
                   "http://public.test@192.168.1.1/", "http://10.1.2.3:25/"):
            self.trap.to = to
            with self.subTest(to=to):
                self.assertIn("the address is not allowed", self.send("gotify://public-no.test/t0ken"))
        self.trap.to = "http://public.test/"
        self.assertIsNone(self.send("gotify://public-no.test/t0ken"))
        self.assert_nothing_forbidden()

    def test_what_the_owner_allows_is_reached(self):
        self.start("10.1.2.0/24, fd00::/16")
        self.assertIsNone(self.send("gotify://10.1.2.3/t0ken"))
        self.assertIsNone(self.send("gotify://ula.test/t0ken"))
        self.assertIn("the address is not allowed", self.send("gotify://192.168.1.1/t0ken"))
        self.assertEqual(set(self.packets.forbidden()), {"10.1.2.3", "fd00::1"})


if __name__ == "__main__":
    unittest.main()
