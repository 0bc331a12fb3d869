"""A small website that can be switched between up, slow, hang and down, for `./dev run` and the tests.

Down means that nothing listens: connections are refused. Hang means that they are taken and nothing is said until it is
switched again. A second port takes GET /set?mode=up|slow|hang|down and answers with the mode; GET /mode answers it too.
Run as a program it prints both ports as JSON and serves until its input ends.
"""

import http.server
import json
import socket
import sys
import threading
import time
import urllib.parse

MODES = ("up", "slow", "hang", "down")
SLOW_SECONDS = 2.0
PAGE = b"<!doctype html><title>dpin test site</title><p>All is well.\n"


class Site:
    """The switchable site; `url` is checked by validators, `control` switches it."""

    def __init__(self, port=0):
        self.mode = "up"
        self.hits = 0
        self._server = None
        self._lock = threading.Lock()
        self._switched = threading.Condition()
        self.port = port
        self._open()
        control = self
        class Control(QuietHandler):
            def do_GET(self):
                parts = urllib.parse.urlsplit(self.path)
                mode = urllib.parse.parse_qs(parts.query).get("mode", [""])[0]
                if parts.path == "/set" and mode in MODES:
                    control.set(mode)
                self.answer(control.mode.encode() + b"\n")

        self._control = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Control)
        threading.Thread(target=self._control.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    @property
    def control(self):
        return f"http://127.0.0.1:{self._control.server_port}"

    def set(self, mode):
        with self._lock:
            if mode == "down" and self._server:
                self._server.shutdown()
                self._server.server_close()
                self._server = None
            elif mode != "down" and not self._server:
                self._open()
            with self._switched:
                self.mode = mode
                self._switched.notify_all()

    def close(self):
        self.set("down")
        self._control.shutdown()
        self._control.server_close()

    def _open(self):
        site = self
        class Page(QuietHandler):
            def do_GET(self):
                site.hits += 1
                if site.mode == "slow":
                    time.sleep(SLOW_SECONDS)
                with site._switched:
                    site._switched.wait_for(lambda: site.mode != "hang")
                self.answer(PAGE)

        self._server = Server(("127.0.0.1", self.port), Page)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()


class Server(http.server.ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024

    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        super().server_bind()


class QuietHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, body):
        try:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # who asked did not wait for it


if __name__ == "__main__":
    served = Site()
    print(json.dumps({"url": served.url, "control": served.control}), flush=True)
    sys.stdin.read()
