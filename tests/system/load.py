"""Clients that connect to a port of a machine again and again, and what became of each connection."""

import collections
import os
import threading
import time

PATIENCE = 20.0


class Load:
    """Threads that do `talk(socket)` on one new connection after the other while the block runs. talk() returns what it
    got, None if the other side closed without a word."""

    def __init__(self, machine, port, talk, threads=8):
        self.machine, self.port, self.talk = machine, port, talk
        self.ending = threading.Event()
        self.lock = threading.Lock()
        self.outcomes = collections.Counter()
        self.slowest = 0.0
        self.threads = [threading.Thread(target=self._loop, daemon=True) for _ in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join(PATIENCE + 5)

    def _loop(self):
        while not self.ending.is_set():
            begun = time.monotonic()
            outcome = self._once()
            with self.lock:
                self.outcomes[outcome] += 1
                self.slowest = max(self.slowest, time.monotonic() - begun)

    def _once(self):
        try:
            with self.machine.socket() as s:
                s.settimeout(PATIENCE)
                s.connect(("127.0.0.1", self.port))
                return self.talk(s) or "closed without a word"
        except OSError as e:
            return type(e).__name__

    def total(self):
        with self.lock:
            return sum(self.outcomes.values())


def status_of(answer):
    return answer.split(b"\r\n", 1)[0].decode(errors="replace")


def ask(path, token=None):
    """An HTTP request: the status line."""
    words = [f"GET {path} HTTP/1.1", "Host: test", "Connection: close"]
    words += [f"Authorization: Bearer {token}"] if token else []

    def talk(s):
        s.sendall(("\r\n".join(words) + "\r\n\r\n").encode())
        answer = b""
        while chunk := s.recv(65536):
            answer += chunk
        return status_of(answer) if answer else None
    return talk


def shake_hands(s):
    """The beginning of a WebSocket, up to the hub's first frame: that frame's first byte, or the status line."""
    key = os.urandom(16).hex()[:22] + "=="
    s.sendall(f"GET /ws HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
              "Sec-WebSocket-Protocol: dpin.v1\r\n\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer or answer.endswith(b"\r\n\r\n"):
        chunk = s.recv(65536)
        if not chunk:
            return status_of(answer) if answer else None
        answer += chunk
    frame = answer.split(b"\r\n\r\n", 1)[1]
    return f"{status_of(answer)}, frame {frame[0]:02x}"
