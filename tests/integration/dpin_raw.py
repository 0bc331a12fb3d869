"""A connection to a hub without any library between: each byte is the test's choice, also those no WebSocket client
would send."""

import base64
import os
import socket
import struct

from dpin_line import join_of
from dpin_wire import Key, frame

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
COMPRESSED = 0x40  # RSV1
NO_CODE, ABNORMAL = 1005, 1006  # closed without saying why; ended without a word


def upgrade_request(path="/ws", **headers):
    """In the headers' names `_` stands for `-`; None leaves one out."""
    given = {"Host": "hub", "Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13",
             "Sec_WebSocket_Key": base64.b64encode(os.urandom(16)).decode(), "Sec_WebSocket_Protocol": "dpin.v1",
             **headers}
    lines = [f"GET {path} HTTP/1.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in given.items() if value is not None]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def frame_bytes(opcode, data=b"", fin=True, reserved=0, masked=True, size=None, form=0):
    """`size` is what the frame claims; `form` writes the length in 2 or 8 bytes though fewer would do."""
    size = len(data) if size is None else size
    form = form or (0 if size < 126 else 2 if size < 1 << 16 else 8)
    head = bytes([(0x80 if fin else 0) | reserved | opcode,
                  (0x80 if masked else 0) | {0: size & 127, 2: 126, 8: 127}[form]])
    head += {0: b"", 2: struct.pack(">H", size & 0xffff), 8: struct.pack(">Q", size)}[form]
    if not masked:
        return head + data
    mask = os.urandom(4)
    pad = (mask * (len(data) // 4 + 1))[:len(data)]
    return head + mask + (int.from_bytes(data, "big") ^ int.from_bytes(pad, "big")).to_bytes(len(data), "big")


def reset_on_close(sock):
    """No trace is left in the kernel, so that thousands may follow."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Raw:
    """`address` is (host, port) of the hub, `source` the address this end has."""

    def __init__(self, address, source="127.0.0.1", seconds=15.0):
        self.address, self.head, self.left = address, b"", b""
        self.socket = socket.create_connection(address, seconds, (source, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def say(self, data):
        """False when the hub has hung up already."""
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def upgrade(self, **headers):
        """The status of the answer; 0: none came."""
        self.say(upgrade_request(**headers))
        return self.await_head()

    def await_head(self):
        while b"\r\n\r\n" not in self.left:
            if not self._read():
                break
        self.head, _, self.left = self.left.partition(b"\r\n\r\n")
        return int(self.head.split()[1]) if self.head else 0

    def open(self, **headers):
        status = self.upgrade(**headers)
        if status != 101:
            raise AssertionError(f"the upgrade was answered {status}")
        return self

    def hear_frame(self):
        """(kind, values) of the next text."""
        opcode, data = self.hear()
        if opcode != TEXT:
            raise AssertionError(f"opcode {opcode} came instead of a text")
        return frame.decode(data.decode(), "hub")

    def join(self, key=None, headers=None, **changes):
        """Opens, joins, and returns the answer: (kind, values)."""
        self.open(**(headers or {}))
        self.key = key or Key()
        kind, self.hello = self.hear_frame()
        if kind != "hello":
            return kind, self.hello
        url = f"ws://{self.address[0]}:{self.address[1]}/ws"
        self.scope = (self.hello["networkKey"], self.key.public)
        self.frame(TEXT, frame.encode("join", join_of(self.hello, self.key, url, **changes)).encode())
        return self.hear_frame()

    def welcome(self, key=None, headers=None, **changes):
        kind, values = self.join(key, headers, **changes)
        if kind != "welcome":
            raise AssertionError(f"{kind} {values} instead of welcome")
        return values

    def frame(self, opcode, data=b"", **how):
        return self.say(frame_bytes(opcode, data, **how))

    def _read(self):
        try:
            piece = self.socket.recv(65536)
        except ConnectionError:
            return False
        self.left += piece
        return bool(piece)

    def _take(self, n):
        while len(self.left) < n:
            if not self._read():
                return None
        piece, self.left = self.left[:n], self.left[n:]
        return piece

    def hear(self):
        """(opcode, data) of the next frame, or None at the end."""
        head = self._take(2)
        if not head:
            return None
        size = head[1] & 127
        if size >= 126:
            more = self._take(2 if size == 126 else 8)
            size = int.from_bytes(more, "big") if more else 0
        data = self._take(size)
        return None if data is None else (head[0] & 15, data)

    def close_code(self):
        """Reads on to the end: the hub's close code, ABNORMAL when it gave none."""
        while True:
            heard = self.hear()
            if heard is None:
                return ABNORMAL
            if heard[0] == CLOSE:
                return int.from_bytes(heard[1][:2], "big") if len(heard[1]) > 1 else NO_CODE
