"""Starting programs the way systemd does: inherited sockets, readiness by notification, an end by signal."""

import ctypes
import glob
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
LAUNCH = ("/bin/sh", "-c", 'export LISTEN_PID=$$; exec "$@"', "sh")
DESCRIPTORS = 65536


def raise_descriptors():
    """As many as may be had: a login has 1,024, which a crowd of connections needs on both sides."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


raise_descriptors()


class Failure(Exception):
    """Something did not happen; the text says what."""


def wait_until(condition, what, seconds=30.0, step=0.02):
    """Polls until condition() is true and returns its value; raises Failure naming `what` after the limit."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {seconds:g} s")
        time.sleep(step)


def listening_socket(port=0):
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", port))
    s.listen(1024)
    return s


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setpgid(0, 0)


class Process:
    """One daemon. `sockets` maps FileDescriptorName to a socket that outlives restarts of the daemon."""

    def __init__(self, name, argv, directory, env=None, sockets=None, ready=True):
        self.name, self.argv, self.directory = name, [str(a) for a in argv], directory
        self.env, self.sockets, self.ready = dict(env or {}), dict(sockets or {}), ready
        self.log_path = os.path.join(directory, name + ".log")
        self.popen = None
        self.status = ""

    def start(self, seconds=30.0):
        env = {**os.environ, **self.env}
        for variable in ("LISTEN_FDS", "LISTEN_PID", "WATCHDOG_USEC", "JOURNAL_STREAM"):
            env.pop(variable, None)
        notify = self._notify_socket(env) if self.ready else None
        log = open(self.log_path, "ab")
        self.popen = subprocess.Popen(self._argv(env), env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                      pass_fds=[], close_fds=not self.sockets, preexec_fn=self._before_exec())
        log.close()
        if notify:
            self._await_ready(notify, seconds)
        return self

    def _argv(self, env):
        if not self.sockets:
            return self.argv
        env["LISTEN_FDS"] = str(len(self.sockets))
        env["LISTEN_FDNAMES"] = ":".join(self.sockets)
        return [*LAUNCH, *self.argv]

    def _before_exec(self):
        fds = [s.fileno() for s in self.sockets.values()]

        def before_exec():
            die_with_parent()
            kept = [os.dup(fd) for fd in fds]
            for i, fd in enumerate(kept):
                os.dup2(fd, 3 + i)
                os.set_inheritable(3 + i, True)
            os.closerange(3 + len(kept), DESCRIPTORS)
        return before_exec if fds else die_with_parent

    def _notify_socket(self, env):
        path = os.path.join(self.directory, self.name + ".notify")
        if os.path.exists(path):
            os.unlink(path)
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.bind(path)
        env["NOTIFY_SOCKET"] = path
        return s

    def _await_ready(self, notify, seconds):
        end = time.monotonic() + seconds
        while True:
            if self.popen.poll() is not None:
                raise Failure(f"{self.name} ended with {self.popen.returncode}; {self.tail()}")
            if select.select([notify], [], [], 0.05)[0]:
                lines = notify.recv(65536).decode().splitlines()
                self.status = next((x[7:] for x in lines if x.startswith("STATUS=")), self.status)
                if "READY=1" in lines:
                    threading.Thread(target=self._hear, args=(notify, self.popen), daemon=True).start()
                    return
            if time.monotonic() > end:
                raise Failure(f"{self.name} is not ready after {seconds:g} s; {self.tail()}")

    def _hear(self, notify, popen):
        """Reads on to the end of the process, as systemd does: a full socket would stop it in the middle of a word."""
        while popen.poll() is None:
            if select.select([notify], [], [], 0.5)[0]:
                for line in notify.recv(65536).decode().splitlines():
                    if line.startswith("STATUS="):
                        self.status = line[7:]
        notify.close()

    def tail(self, lines=15):
        try:
            with open(self.log_path, errors="replace") as f:
                return f"its log {self.log_path} ends:\n" + "".join(f.readlines()[-lines:])
        except OSError:
            return "it has no log"

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    @property
    def pid(self):
        return self.popen.pid

    def running(self):
        return self.popen is not None and self.popen.poll() is None

    def kill(self):
        """As a power cut would: SIGKILL, no word said."""
        self.popen.kill()
        self.popen.wait()
        for left in glob.glob(f"/dev/shm/*faketime_*_{self.pid}"):  # one of the same pid would stumble over it
            os.unlink(left)

    def stop(self, seconds=15.0, sig=signal.SIGTERM):
        """Asks it to end and returns its exit status; a daemon that does not end is killed and that is a Failure."""
        if not self.running():
            return self.popen.returncode if self.popen else None
        self.popen.send_signal(sig)
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"{self.name} did not end within {seconds:g} s of {sig.name}; {self.tail()}") from None


def command(argv, env=None, check=True):
    """Runs a command to its end and returns what it printed."""
    done = subprocess.run([str(a) for a in argv], env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    if check and done.returncode != 0:
        raise Failure(f"{' '.join(map(str, argv))}: exit {done.returncode}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def say(text):
    print(text, flush=True, file=sys.stdout)
