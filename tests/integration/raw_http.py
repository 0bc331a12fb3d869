"""HTTP by hand: what a test says is sent as it is, from whichever address of this machine it likes."""

import json
import socket
import threading
import time

from dpin_raw import reset_on_close


class Answer:
    """One response: status, fields (lower case), body; status 0: the connection ended without one."""

    def __init__(self, head=b"", body=b""):
        lines = head.split(b"\r\n")
        self.status = int(lines[0].split()[1]) if head else 0
        self.fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(b":")
            self.fields.setdefault(name.decode().lower(), value.strip().decode())
        self.body = body

    @property
    def problem(self):
        """The document of a problem, or None."""
        return json.loads(self.body) if self.fields.get("content-type") == "application/problem+json" else None


class RawHttp:
    """A connection; `source` is its own address."""

    def __init__(self, address, source=None, seconds=10.0, receive_buffer=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.settimeout(seconds)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect(address)
        self.held = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def abort(self):
        """No trace is left in the kernel, so that thousands may follow."""
        if self.socket.fileno() < 0:
            return
        reset_on_close(self.socket)
        self.socket.close()

    def say(self, data):
        """As much as the other side takes before it hangs up."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self

    def more(self):
        """False: the other side is done."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        self.held += data
        return bool(data)

    def answer(self, head_only=False):
        while b"\r\n\r\n" not in self.held:
            if not self.more():
                return Answer()
        head, _, self.held = self.held.partition(b"\r\n\r\n")
        answer = Answer(head)
        if answer.status == 100:
            return self.answer(head_only)
        length = 0 if head_only or answer.status in (204, 304) else int(answer.fields.get("content-length", 0))
        while len(self.held) < length and self.more():
            pass
        answer.body, self.held = self.held[:length], self.held[length:]
        return answer

    def ended(self):
        """Whether the other side closes, sooner or later; what it still says is thrown away."""
        while self.more():
            self.held = b""
        return True


class Honest:
    """A client that wants an answer all the time while this context lasts; what it got, and how long it waited."""

    def __init__(self, address, source="127.0.0.1"):
        self.address, self.source, self.waits, self.failures = address, source, [], []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _run(self):
        while not (self.waits and self._over.wait(0.05)):
            begun = time.monotonic()
            answer = self._ask()
            self.waits.append(time.monotonic() - begun)
            if answer != 200:
                self.failures.append(answer)

    def _ask(self):
        try:
            with RawHttp(self.address, self.source, seconds=30) as line:
                line.say(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                return line.answer().status
        except OSError as e:
            return repr(e)
