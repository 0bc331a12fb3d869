"""A program in a network of its own: loopback with whatever addresses a test wants, and names for them in /etc/hosts.

As a program, own_network.py CONTROL PLAN PROGRAM [ARG...]: leaves the machine's network, sets up the plan (JSON:
{"addresses": [...], "hosts": TEXT}), sends sockets through the Unix socket CONTROL, and becomes PROGRAM. The first
takes every connection to port 80, of any address; the second is the hub's, on port 8081 of any; the third is the name
server's, on 127.0.0.1; the fourth sees every packet of that network, whoever sent it where.
"""

import ctypes
import fcntl
import ipaddress
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
SIOCSIFADDR, SIOCSIFNETMASK, SIOCSIFFLAGS, IFF_UP = 0x8916, 0x891c, 0x8914, 1
LOOPBACK = 1  # its index in a new network
HUB_PORT, DNS_PORT, EVERY_PROTOCOL = 8081, 53, 0x0003

libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result < 0:
        raise OSError(ctypes.get_errno(), what)


def leave():
    """Without root in a user namespace, where it is allowed."""
    uid, gid = os.getuid(), os.getgid()
    check(libc.unshare(CLONE_NEWNET | CLONE_NEWNS | (0 if uid == 0 else CLONE_NEWUSER)), "unshare")
    if uid != 0:
        for path, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            with open(f"/proc/self/{path}", "w", encoding="ascii") as f:
                f.write(text)
    check(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount")


def replace(path, text):
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as f:
        f.write(text)
        f.flush()
        check(libc.mount(f.name.encode(), os.path.realpath(path).encode(), None, MS_BIND, None), f"mount {path}")


def add_addresses(addresses):
    with (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s4,
          socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s6):
        fcntl.ioctl(s4, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
        for i, text in enumerate(addresses):
            address = ipaddress.ip_address(text)
            if address.version == 6:
                fcntl.ioctl(s6, SIOCSIFADDR, struct.pack("=16sIi", address.packed, 128, LOOPBACK))
                continue
            name = f"lo:{i}".encode()
            for request, packed in ((SIOCSIFADDR, address.packed), (SIOCSIFNETMASK, b"\xff" * 4)):
                fcntl.ioctl(s4, request, struct.pack("16sHH4s8x", name, socket.AF_INET, 0, packed))


def listen(control):
    trap = socket.create_server(("::", 80), family=socket.AF_INET6, dualstack_ipv6=True, backlog=1024)
    hub = socket.create_server(("0.0.0.0", HUB_PORT))
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind(("127.0.0.1", DNS_PORT))
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(EVERY_PROTOCOL))
    packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.connect(control)
        socket.send_fds(line, [b"x"], [s.fileno() for s in (trap, hub, names, packets)])


def possible():
    """Whether this machine lets us do it."""
    code = "import own_network as o; o.leave(); o.add_addresses(['10.0.0.1', 'fd00::1'])"
    return subprocess.run([sys.executable, "-c", code], cwd=os.path.dirname(os.path.abspath(__file__)),
                          capture_output=True).returncode == 0


if __name__ == "__main__":
    plan = json.loads(sys.argv[2])
    leave()
    replace("/etc/hosts", plan["hosts"])
    replace("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    add_addresses(plan["addresses"])
    listen(sys.argv[1])
    os.execv(sys.argv[3], sys.argv[3:])
