"""Servers on loopback that do what servers should not: each has a port of its own and one way to misbehave. A
connection is served for at most SECONDS and with at most BYTES, whatever the other side does."""

import contextlib
import datetime
import gzip
import ipaddress
import os
import socket
import ssl
import struct
import threading
import time
import warnings

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

SECONDS, BYTES = 8, 64 << 20
OLD = "ALL:@SECLEVEL=0"


class Server:
    """Calls behave(connection) in a thread for each connection."""

    def __init__(self, behave, wrap=None):
        self.behave, self.wrap, self.connections, self.open = behave, wrap, 0, set()
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line):
        line.settimeout(SECONDS)
        self.open.add(line)
        with contextlib.suppress(OSError, ValueError):
            if self.wrap:
                line = self.wrap(line)
            self.behave(line)
        with contextlib.suppress(OSError):
            line.close()
        self.open.discard(line)

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


# What they do ---------------------------------------------------------------------------------------------------------

def hear(line):
    """The request's header."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        more = line.recv(65536)
        if not more:
            raise OSError("gone")
        heard += more
    return heard


def say(text, then=None):
    """One answer, whole or not, then an end."""
    data = text if isinstance(text, bytes) else text.encode()

    def behave(line):
        hear(line)
        line.sendall(data)
        (then or (lambda _: None))(line)
    return behave


def reset(line):
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def silence(line):
    """Until the other side goes."""
    while line.recv(65536):
        pass


def endless(first, again):
    """`first`, then `again` as fast as it is taken."""
    def behave(line):
        hear(line)
        line.sendall(first)
        for _ in range(BYTES // len(again)):
            line.sendall(again)
    return behave


def drip(first, text):
    """`first`, then a byte of the text for each second."""
    def behave(line):
        hear(line)
        line.sendall(first)
        for byte in text[:SECONDS]:
            time.sleep(1)
            line.sendall(bytes([byte]))
    return behave


def redirect(line):
    where = hear(line).split()[1].decode()
    line.sendall(f"HTTP/1.1 302 Found\r\nLocation: {where}a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())


def bomb(megabytes):
    """So much of nothing in a thousandth of the bytes."""
    packed = gzip.compress(bytes(megabytes << 20), 9)
    return say(f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode() + packed)


# Certificates ---------------------------------------------------------------------------------------------------------

class Authority:
    """Certificates of all sorts, in a directory; `file` is what to trust."""

    def __init__(self, directory):
        self.directory, self.n = directory, 0
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hostile")])
        self.file = os.path.join(directory, "hostile-ca.pem")
        ca = self._sign(self._key.public_key(), self._name, -1, 30, authority=True)
        with open(self.file, "wb") as f:
            f.write(ca.public_bytes(serialization.Encoding.PEM))

    def _sign(self, public, subject, begin, end, alternative=None, key=None, authority=False):
        now = datetime.datetime.utcnow()
        made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject if key else self._name)
                .public_key(public).serial_number(x509.random_serial_number())
                .not_valid_before(now + datetime.timedelta(days=begin))
                .not_valid_after(now + datetime.timedelta(days=end))
                .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True))
        if alternative:
            made = made.add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        return made.sign(key or self._key, hashes.SHA256())

    def context(self, days=30, begin=-1, name=None, weak=False, own=False, newest=None):
        """A server's: `own` signs itself, `newest` is the newest version of TLS it knows."""
        key = rsa.generate_private_key(65537, 1024) if weak else ec.generate_private_key(ec.SECP256R1())
        alternative = x509.DNSName(name) if name else x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        made = self._sign(key.public_key(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")]), begin, days,
                          alternative, key=key if own else None)
        self.n += 1
        path = os.path.join(self.directory, f"hostile-{self.n}.pem")
        with open(path, "wb") as f:
            f.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption()))
            f.write(made.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with warnings.catch_warnings():  # that these versions are old
            warnings.simplefilter("ignore", DeprecationWarning)
            if weak or newest in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
                context.set_ciphers(OLD)
                context.minimum_version = ssl.TLSVersion.TLSv1
            if newest:
                context.maximum_version = newest
        context.load_cert_chain(path)
        return context

    def server(self, behave, **options):
        context = self.context(**options)
        return Server(behave, lambda line: context.wrap_socket(line, server_side=True))
