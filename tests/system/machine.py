"""A machine with a systemd of its own: systemd-nspawn boots an overlay; it has no network but its loopback."""

import contextlib
import ctypes
import http.client
import http.server
import itertools
import json
import os
import signal
import socket
import subprocess
import threading

from process import PR_SET_PDEATHSIG, Failure, wait_until
from root import overlay, write

CLONE_NEWNET = 0x40000000
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", "SYSTEMD_PAGER": "",
               "SYSTEMD_COLORS": "0", "DEBIAN_FRONTEND": "noninteractive"}
FILTERS = "--system-call-filter=bpf"  # without it systemd starts what it is to cut off from addresses, and says nothing
SITE = "93.184.216.34"  # on the machine's loopback: an address that a validator has no reason to refuse
numbers = itertools.count(1)


def end_with_parent():
    """nspawn powers its machine off at SIGTERM, and leaves it running at SIGKILL."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    os.setpgid(0, 0)


class Result(str):
    """What a command printed; exit status and the other stream beside it."""

    code = 0
    err = ""


class Machine:
    """Use as a context manager. `layers` are roots, topmost first; `binds` are {path inside: folder outside}."""

    def __init__(self, *layers, binds=None, prepare=None):
        self.layers, self.binds, self.prepare = layers, dict(binds or {}), prepare
        self.name = f"dpin-test-{os.getpid()}-{next(numbers)}"
        self.stack = contextlib.ExitStack()
        self.popen = self.leader = self.root = self.upper = None

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.root, self.upper = stack.enter_context(overlay(*self.layers))
            if self.prepare:
                self.prepare(self)
            stack.callback(self._end)
            self._boot()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    # Life -------------------------------------------------------------------------------------------------------------

    def _boot(self):
        argv = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", f"--machine={self.name}",
                f"--directory={self.root}", "--private-network", "--boot", FILTERS]
        argv += [f"--bind-ro={outside}:{inside}" for inside, outside in self.binds.items()]
        with open(self.console_path, "wb") as console:
            self.popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                                          env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                                          preexec_fn=end_with_parent)
        self.leader = wait_until(self._find_leader, "the machine has a first process", 30, 0.05)
        wait_until(lambda: self.run("systemctl", "is-system-running", check=False).strip() in ("running", "degraded"),
                   "the machine has started", 90, 0.1)
        self.run("ip", "address", "add", f"{SITE}/32", "dev", "lo")

    @property
    def console_path(self):
        return os.path.join(os.path.dirname(self.root), "console")

    def _find_leader(self):
        if self.popen.poll() is not None:
            with open(self.console_path, errors="replace", encoding="utf-8") as f:
                raise Failure(f"systemd-nspawn ended with {self.popen.returncode}: {f.read()[-2000:]}")
        with open(f"/proc/{self.popen.pid}/task/{self.popen.pid}/children", encoding="ascii") as f:
            children = f.read().split()
        # nspawn's child is the first process only once it has become systemd
        return int(children[0]) if children and self._is_init(children[0]) else None

    @staticmethod
    def _is_init(pid):
        try:
            return "systemd" in os.readlink(f"/proc/{pid}/exe") and os.stat(f"/proc/{pid}/root/run/systemd/private")
        except OSError:
            return False

    def _end(self):
        """By its first process: nspawn alone would leave the machine running."""
        if self.popen and self.popen.poll() is None:
            os.kill(self.leader or self.popen.pid, signal.SIGKILL if self.leader else signal.SIGTERM)
            self.popen.wait(30)

    def power_off(self, keep=None):
        """As an administrator does: everything is stopped in order. What changed becomes the folder `keep`."""
        os.kill(self.leader, signal.SIGRTMIN + 4)
        self.popen.wait(90)
        if keep:
            subprocess.run(["umount", self.root], check=True)
            os.rename(self.upper, keep)

    # Inside -----------------------------------------------------------------------------------------------------------

    def argv(self, *argv, user=None):
        """What runs this command inside, and ends it when it is ended itself."""
        become = [f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
        env = [f"{k}={v}" for k, v in ENVIRONMENT.items()]
        return ["nsenter", "--target", str(self.leader), "--all", "setpriv", "--pdeathsig=TERM", *become, "env", "-i",
                *env, *argv]

    def run(self, *argv, check=True, stdin="", seconds=120.0, user=None):
        done = subprocess.run(self.argv(*argv, user=user), input=stdin, capture_output=True, text=True,
                              errors="replace", timeout=seconds, check=False)
        if check and done.returncode:
            raise Failure(f"{' '.join(argv)}: exit {done.returncode}: {(done.stderr + done.stdout).strip()[-3000:]}"
                          + self._last_words(*argv))
        result = Result(done.stdout)
        result.code, result.err = done.returncode, done.stderr
        return result

    def _last_words(self, program, *arguments):
        """What a unit said that could not be started."""
        if program != "systemctl" or arguments[0] not in ("start", "restart"):
            return ""
        said = self.run("journalctl", "--boot", "--no-pager", "--lines=20", f"--unit={arguments[-1]}", check=False)
        return f"\n{said.strip()}"

    def sh(self, script, **options):
        return self.run("sh", "-c", script, **options)

    def write(self, path, text, mode=0o644):
        write(self.root + path, text, mode)

    def unit(self, unit, *properties):
        """Properties of a unit as {name: value}; of one, its value."""
        out = self.run("systemctl", "show", f"--property={','.join(properties)}", unit)
        found = dict(line.split("=", 1) for line in out.splitlines())
        return found[properties[0]] if len(properties) == 1 else found

    def wait_unit(self, unit, seconds=30.0, **wanted):
        wait_until(lambda: self.unit(unit, *wanted, "Id") == {**wanted, "Id": unit}, f"{unit} has {wanted}", seconds,
                   0.1)

    def wait_status(self, unit, text, seconds=30.0):
        try:
            wait_until(lambda: text in self.unit(unit, "StatusText"), f"{unit} says {text!r}", seconds, 0.1)
        except Failure as e:
            said = self.sh(f"systemctl status --no-pager --lines=40 {unit}; dpinctl status", check=False)
            raise Failure(f"{e}\n{said}") from None

    def journal(self, *arguments):
        """Entries as dictionaries."""
        out = self.run("journalctl", "--output=json", "--no-pager", *arguments)
        return [json.loads(line) for line in out.splitlines()]

    def sql(self, text):
        return self.run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", text, "dpin", user="postgres").strip()

    def property(self, interface, name):
        """Of org.dpin.INTERFACE on the system bus."""
        out = self.run("busctl", "--json=short", "get-property", f"org.dpin.{interface}", f"/org/dpin/{interface}",
                       f"org.dpin.{interface}", name)
        return json.loads(out)["data"]

    def rows(self, *words):
        """What a verb of dpinctl prints with --json."""
        return json.loads(self.run("dpinctl", *words, "--json"))

    # Its network ------------------------------------------------------------------------------------------------------

    def socket(self):
        """A TCP socket that belongs to the machine's network."""
        made = []
        thread = threading.Thread(target=lambda: made.append(self._enter_and_open()))
        thread.start()
        thread.join()
        return made[0]

    def _enter_and_open(self):
        with open(f"/proc/{self.leader}/ns/net", "rb") as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            return socket.socket()

    def request(self, method, path, token=None, body=None):
        """(status, parsed JSON or text) of the API, on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", 8001, timeout=20)
        connection.sock = self.socket()
        connection.sock.settimeout(20)
        connection.sock.connect(("127.0.0.1", 8001))
        with contextlib.closing(connection):
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            connection.request(method, path, json.dumps(body, ensure_ascii=False).encode() if body else None, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        return answer.status, json.loads(text) if "json" in answer.getheader("Content-Type", "") else text

    def serve(self, port=80, kind=None):
        """A small web site, until the machine is left. It can be told to be `down`."""
        site = (kind or Site)(self.socket(), port)
        self.stack.callback(site.close)
        return site


class SiteRequest(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked += 1
        self.send_response(503 if self.server.down else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Site(http.server.ThreadingHTTPServer):
    """Answers 200, or 503 while `down`; counts what it was asked."""

    daemon_threads = True
    host, request = SITE, SiteRequest

    def __init__(self, listening, port):
        super().__init__((self.host, port), self.request, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.allow_reuse_address = True
        self.down, self.asked = False, 0
        self.server_bind()
        self.server_activate()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = self.server_address

    @property
    def url(self):
        return f"http://{self.server_name}:{self.server_port}/"

    def close(self):
        self.shutdown()
        self.server_close()
