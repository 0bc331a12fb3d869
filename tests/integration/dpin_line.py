"""One WebSocket to a hub, spoken by hand: what a test says is sent as it is, however wrong. All lines share one loop in
a
thread of its own, so that tests are plain functions."""

import asyncio
import os
import queue
import threading

import websockets

from dpin_wire import Key, frame
from process import Failure

_loop = None


def loop():
    """The loop of the whole test program, started at first use."""
    global _loop
    if _loop is None:
        _loop = asyncio.new_event_loop()
        threading.Thread(target=_loop.run_forever, daemon=True).start()
    return _loop


def run(coroutine, seconds=20.0):
    """The result of a coroutine, run in the shared loop."""
    return asyncio.run_coroutine_threadsafe(coroutine, loop()).result(seconds)


async def open_socket(url, origin=None, headers=None, subprotocols=("dpin.v1",), ssl=None):
    return await websockets.connect(url, subprotocols=list(subprotocols), compression=None, origin=origin, ssl=ssl,
                                    extra_headers=headers, ping_interval=None, max_size=1 << 20, open_timeout=10,
                                    close_timeout=2)


def authority_of(url):
    return url.split("//", 1)[1].split("/", 1)[0].lower()


def join_of(hello, key, url, **changes):
    """The values of a signed join; changes come before the signature."""
    values = {"nonce": os.urandom(32), "hubNonce": hello["nonce"], "authority": authority_of(url),
              "software": "dpin.py 1", "tags": [], "capabilities": ["http"], "streams": [], "revision": 0, **changes}
    return frame.join_sign(values, hello["networkKey"], key)


class Line:
    """Frames that come are queued as (type, values); the end of the connection as ("closed", code)."""

    def __init__(self, url, **options):
        self.url, self.came = url, queue.Queue()
        self.socket = run(open_socket(url, **options))
        self._reader = asyncio.run_coroutine_threadsafe(self._read(), loop())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    async def _read(self):
        try:
            async for message in self.socket:
                self.came.put(frame.decode(message, "hub"))
        except websockets.ConnectionClosed:
            pass
        except Exception as e:  # shown to the test that reads
            self.came.put(("broken", {"error": repr(e)}))
        self.came.put(("closed", self.socket.close_code))

    def receive(self, seconds=20.0):
        try:
            return self.came.get(timeout=seconds)
        except queue.Empty:
            raise Failure(f"nothing came within {seconds:g} s") from None

    def expect(self, kind, seconds=20.0):
        """The next frame of this kind (others are passed over); the close code for "closed"."""
        while True:
            came, values = self.receive(seconds)
            if came == kind:
                return values
            if came in ("closed", "broken"):
                raise Failure(f"{came} {values} instead of {kind}")

    def send(self, message):
        run(self.socket.send(message))

    def send_all(self, messages):
        async def send():
            for message in messages:
                await self.socket.send(message)
        run(send(), 60)

    def send_frame(self, kind, **values):
        self.send(frame.encode(kind, values))

    def hello(self):
        hello = self.expect("hello")
        frame.hello_verify(hello)
        return hello

    def join(self, key=None, **changes):
        """Says hello and join; the answer is awaited by the caller."""
        self.key = key or Key()
        self.greeting = self.hello()
        self.scope = (self.greeting["networkKey"], self.key.public)
        self.joined = join_of(self.greeting, self.key, self.url, **changes)
        self.send_frame("join", **self.joined)
        return self

    def welcome(self, key=None, **changes):
        self.join(key, **changes)
        welcome = self.expect("welcome")
        nonces = (self.greeting["nonce"], self.joined["nonce"])
        frame.welcome_verify(welcome, nonces, self.scope, self.greeting["hubKey"])
        return welcome

    def ack(self, seconds=20.0):
        """(receipt, [(sequence, arrival, codes)]) of the next ack, verified."""
        return frame.ack_verify(self.expect("ack", seconds), self.scope, self.greeting["hubKey"])

    def close(self):
        try:
            run(self.socket.close())
        except Exception:  # it may be gone in any way
            pass
