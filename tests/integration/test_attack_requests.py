"""HTTP as it should not be: only the one request becomes a connection, and nothing is left open."""

import base64
import os
import socket
import time
import unittest

from attack_case import PROTOCOL, AttackCase
from dpin_raw import TEXT, frame_bytes, upgrade_request

KEY = base64.b64encode(bytes(16)).decode()
UPGRADE = ("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
           f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Protocol: dpin.v1\r\n")
HOST = "Host: hub\r\n"
NOTHING = 0  # hangs up without an answer


def request(line="GET /ws HTTP/1.1", headers=HOST + UPGRADE):
    return f"{line}\r\n{headers}\r\n"


# What is said, and the status that answers it.
REQUESTS = {
    "as it should be": (request(), 101),
    "with a query": (request("GET /ws?a=b HTTP/1.1"), 101),
    "a second protocol": (request(headers=HOST + "Sec-WebSocket-Protocol: chat\r\n" + UPGRADE), 101),
    "another path": (request("GET /wss HTTP/1.1"), 404),
    "the whole address": (request("GET http://hub/ws HTTP/1.1"), 404),
    "no upgrade": (request("GET /ws HTTP/1.1", HOST), 404),
    "POST": (request("POST /ws HTTP/1.1"), 404),
    "POST with a body that never comes": (request("POST /ws HTTP/1.1", HOST + "Content-Length: 1000000\r\n"), 404),
    "chunks without end": (request("POST /ws HTTP/1.1", HOST + "Transfer-Encoding: chunked\r\n") + "5\r\nabcde\r\n",
                           404),
    "OPTIONS": (request("OPTIONS /ws HTTP/1.1"), 404),
    "CONNECT": (request("CONNECT hub:80 HTTP/1.1"), NOTHING),
    "CONNECT and no more": (request("CONNECT hub:80 HTTP/1.1", HOST), NOTHING),
    "HTTP/1.0": (request("GET /ws HTTP/1.0"), 101),
    "HTTP/2 at once": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 403),
    "HTTP/2 by upgrade": (request(headers=HOST + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                                  "HTTP2-Settings: AAMAAABkAAQAAP__\r\n"), 400),
    "another upgrade": (request(headers=HOST + "Connection: Upgrade\r\nUpgrade: tls\r\n"), 403),
    "two upgrades": (request(headers=HOST + "Upgrade: h2c\r\n" + UPGRADE), 400),
    "another version": (request(headers=HOST + UPGRADE.replace("13", "8")), 400),
    "no version": (request(headers=HOST + UPGRADE.replace("-Version", "-Versions")), 400),
    "no protocol": (request(headers=HOST + UPGRADE.replace("-Protocol", "-Protocols")), 400),
    "half a protocol": (request(headers=HOST + UPGRADE.replace("dpin.v1", "dpin.v11, xdpin.v1")), 400),
    "an origin": (request(headers=HOST + "Origin: null\r\n" + UPGRADE), 403),
    "no key": (request(headers=HOST + UPGRADE.replace("-Key", "-Keys")), NOTHING),
    "no host": (request(headers=UPGRADE), NOTHING),
    "a NUL in the path": (request("GET /ws\0 HTTP/1.1"), NOTHING),
    "3,000 headers": (request(headers=HOST + "".join(f"X-{i}: y\r\n" for i in range(3000)) + UPGRADE), NOTHING),
    "a header of 100,000 bytes": (request(headers=HOST + "X: " + "a" * 100000 + "\r\n" + UPGRADE), NOTHING),
    "a path of 100,000 bytes": (request("GET /ws?" + "a" * 100000 + " HTTP/1.1"), NOTHING),
    "a key of 100,000 bytes": (request(headers=HOST + UPGRADE.replace(KEY, "A" * 100000)), NOTHING),
    "two requests": (2 * request("GET / HTTP/1.1", HOST), 404),
    "one within another": (request("POST / HTTP/1.1", HOST + "Content-Length: 300\r\n") + request(), 404),
    "TLS": ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "\x07" * 300, None),
    "noise": (os.urandom(3000).decode("latin-1"), None),
}


class Requests(AttackCase):
    def answer(self, data):
        """(status, whether it is still open) after a while."""
        with socket.create_connection(self.address, 5) as s:
            try:
                s.sendall(data.encode("latin-1"))
                first = s.recv(65536)
                status = int(first.split()[1]) if first.startswith(b"HTTP/") else NOTHING
                if status == 101:
                    return status, True
                while s.recv(65536):
                    pass
            except ConnectionError:
                status = NOTHING
            except TimeoutError:
                return NOTHING, True
        return status, False

    def test_requests(self):
        for name, (data, expected) in REQUESTS.items():
            with self.subTest(name):
                status, still_open = self.answer(data)
                if expected is not None and (expected, status) != (404, NOTHING):  # the rest of it may have reset it
                    self.assertEqual(status, expected)
                self.assertEqual(still_open, status == 101)

    def test_frames_in_the_same_breath_as_the_request(self):
        with self.raw() as raw:
            raw.say(upgrade_request() + frame_bytes(TEXT, b"{"))
            self.assertEqual(raw.await_head(), 101)
            self.assertEqual(raw.close_code(), PROTOCOL)

    def test_many_requests_one_after_the_other(self):
        begun = time.monotonic()
        for _ in range(300):
            self.assertEqual(self.answer(request("GET / HTTP/1.1", HOST))[0], 404)
        self.assertLess(time.monotonic() - begun, 30)


if __name__ == "__main__":
    unittest.main()
