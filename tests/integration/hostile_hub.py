"""Hubs that do what no hub should: raw WebSocket frames, and every frame with each of its bytes flipped once."""

import asyncio
import json
import os
import struct
import threading
import urllib.parse

import websockets

from dpin_hub import Hub, now
from dpin_line import run
from dpin_wire import Batch, frame
from site_switch import QuietHandler, Server

TEXT, BINARY, CONTINUATION, CLOSE, PING = 1, 2, 0, 8, 9
PATIENCE = 10.0  # seconds for what takes milliseconds


def ws_frame(opcode, payload=b"", fin=True, reserved=0, length=None):
    """The bytes of a WebSocket frame as a server sends it; the length may be a lie."""
    length = len(payload) if length is None else length
    head = bytes([fin << 7 | reserved << 4 | opcode])
    if length < 126:
        return head + bytes([length]) + payload
    if length < 1 << 16:
        return head + struct.pack(">BH", 126, length) + payload
    return head + struct.pack(">BQ", 127, length) + payload


def flipped(data, at):
    """One bit of this byte is another one; which one changes with the place."""
    return data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1:]


class Target:
    """A website that remembers which paths were asked for; /to?URL redirects."""

    def __init__(self):
        self.paths = []
        target = self

        class Page(QuietHandler):
            def do_GET(self):
                target.paths.append(self.path)
                parts = urllib.parse.urlsplit(self.path)
                if parts.path != "/to":
                    self.answer(b"here\n")
                    return
                self.send_response(302)
                self.send_header("Location", urllib.parse.unquote(parts.query))
                self.send_header("Content-Length", "0")
                self.end_headers()

        self._server = Server(("127.0.0.1", 0), Page)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path="/"):
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def hits(self, path):
        return self.paths.count(path)

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class RawHub(Hub):
    """After an honest handshake tests may send any bytes. `process`: the validator's, if it is known."""

    process = None

    def send_bytes(self, data):
        run(self._write(data))

    def flood(self, data):
        """Returns when the kernel has taken nearly all of it: false when the validator is leaving."""
        return run(self._flood(data), 60)

    async def _write(self, data):
        self.peer.transport.write(data)

    async def _flood(self, data):
        peer = self.peer
        if not peer or not peer.open:
            return False
        peer.transport.write(data)
        while peer.open and peer.transport.get_write_buffer_size() > 1 << 16:
            await asyncio.sleep(0.001)
        return peer.open

    def pause(self):
        """Reads nothing more of this connection."""
        async def pause():
            self.peer.transport.pause_reading()
        run(pause())

    def resume(self):
        async def resume():
            self.peer.transport.resume_reading()
        run(resume())

    def send_text(self, text):
        run(self._send_text(text if isinstance(text, bytes) else text.encode()))

    async def _send_text(self, data):
        await self.peer.write_frame(True, TEXT, data)

    def answered(self):
        """Whether the validator still listens: it answers a ping after all that was sent before, or is gone."""
        return run(answers(self.peer, self.worked), 60) if self.peer else False

    def worked(self):
        """Seconds of CPU that the validator has used."""
        return cpu_seconds(self.process.pid) if self.process else 0.0


async def answers(socket, worked=lambda: 0.0):
    """Again and again: of pings that come at once the validator may answer one. A second in which it has worked on what
    was sent before is none in which it is silent."""
    silent, before = 0, worked()
    while silent < PATIENCE:
        try:
            await asyncio.wait_for(await socket.ping(), 1)
            return True
        except asyncio.TimeoutError:
            used = worked()
            silent, before = 0 if used > before + 0.05 else silent + 1, used
        except websockets.ConnectionClosed:
            return False
    raise AssertionError("the validator neither answers nor leaves")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        return sum(map(int, f.read().rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")


class FlipHub(RawHub):
    """Sends one frame of a kind for each of its bytes, with that byte flipped, and notes what became of it: at `at`
    it stands now, `taken` are the places of which the validator did not mind. Subclasses say what is sent, and when."""

    def __init__(self):
        super().__init__()
        self.at, self.size, self.taken, self.done, self.text = 0, None, [], threading.Event(), b""

    def flip(self, kind, values):
        self.text = frame.encode(kind, values).encode()
        self.size = max(self.size or 0, len(self.text))
        return flipped(self.text, min(self.at, len(self.text) - 1))

    def next(self, taken=False):
        if taken:
            self.taken.append((self.at, self.text))
        self.at += 1
        if self.at >= self.size:
            self.done.set()

    def unsigned(self, at, text, *names):
        """Whether this byte lies in the value of a member that no signature covers."""
        for name in names:
            begin = text.index(b'"%s":' % name.encode()) + len(name) + 3
            _, size = json.JSONDecoder().raw_decode(text[begin:].decode())
            if begin <= at < begin + size:
                return True
        return False

    async def _talk(self, socket):
        if self.done.is_set():
            await super()._talk(socket)
        else:
            await self.attack(socket)


class FlipHello(FlipHub):
    async def attack(self, socket):
        await self._send_text(self.flip("hello", self._hello()))
        try:
            await asyncio.wait_for(socket.recv(), PATIENCE)
            self.next(taken=True)
        except websockets.ConnectionClosed:
            self.next()


class FlipWelcome(FlipHub):
    """The validator has a batch waiting: a welcome that is believed brings it."""

    async def attack(self, socket):
        hello = self._hello()
        await self._send("hello", hello)
        join = self._check_join(await socket.recv(), hello)
        await self._send_text(self.flip("welcome", self._welcome(hello, join)))
        try:
            while not isinstance(await asyncio.wait_for(socket.recv(), PATIENCE), bytes):
                pass
            self.next(taken=True)
        except websockets.ConnectionClosed:
            self.next()


class FlipOrders(FlipHub):
    """Each order has a path of its own."""

    def __init__(self, target):
        super().__init__()
        self.target = target

    async def attack(self, socket):
        await self._admit(socket)
        while not self.done.is_set():
            name = self.make_order(self.target.url(f"/flip/{self.at}"), start_in=0.05)
            await self._send_text(self.flip("orders", self._orders([name], reset=True)))
            del self.orders[name]
            stays = await answers(socket)
            self.next(taken=stays)
            if not stays:
                return


class FlipProbe(FlipHub):
    async def attack(self, socket):
        await self._admit(socket)
        name = next(iter(self.orders))
        while not self.done.is_set():
            probe = frame.probe_sign({"order": name, "number": self.at + 1, "reason": "confirm", "spare": None,
                                      "deadline": now() + 60_000_000}, self.scope, self.key)
            await self._send_text(self.flip("probe", probe))
            stays = await answers(socket)
            self.next(taken=stays)
            if not stays:
                return


class FlipAck(FlipHub):
    """An ack for the one batch that waits; whether it was trimmed is seen when it comes again, or does not."""

    def __init__(self):
        super().__init__()
        self.waiting, self.probes = None, 0

    async def attack(self, socket):
        await self._admit(socket)
        if self.waiting is None:
            await self._ask()
        data = await asyncio.wait_for(self._batch(socket), PATIENCE)
        if self.waiting is None:
            self.waiting = data
        elif data != self.waiting:
            raise AssertionError(f"an ack with byte {self.at - 1} flipped trimmed its batch")
        ack = self.ack_of(Batch.parse(data))
        while not self.done.is_set():
            await self._send_text(self.flip("ack", ack))
            stays = await answers(socket)
            objected = stays and await self._objects(socket)
            if self.unsigned(self.at, self.text, "time", "window"):
                self.waiting, stays = None, False  # true in all that counts: it may have been believed
            self.next(taken=stays and not objected)
            if not stays:
                return

    async def _ask(self):
        """Something new to say."""
        self.probes += 1
        probe = {"order": list(self.orders)[self.probes % len(self.orders)], "number": self.probes, "reason": "manual",
                 "spare": None, "deadline": now() + 60_000_000}
        await self._send("probe", frame.probe_sign(probe, self.scope, self.key))

    @staticmethod
    async def _batch(socket):
        while True:
            message = await socket.recv()
            if isinstance(message, bytes):
                return message

    @staticmethod
    async def _objects(socket):
        """A notice that the receipt does not hold was sent before the answer to the ping."""
        while socket.messages:
            message = await socket.recv()
            if not isinstance(message, bytes) and frame.decode(message, "validator")[1].get("code") == "bad_receipt":
                return True
        return False
