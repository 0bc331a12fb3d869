"""Mail servers: a real one (Exim) as a child of the test, with everything in a directory of its own, and one that
misbehaves as the test says."""

import email
import email.policy
import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading

from process import Process, wait_until

CONFIG = """
exim_user = {user}
exim_group = {group}
primary_hostname = localhost
spool_directory = {directory}/spool
log_file_path = {directory}/log/%slog
pid_file_path = {directory}/pid
deliver_drop_privilege = true
tls_advertise_hosts = *
tls_certificate = {directory}/tls.pem
tls_privatekey = {directory}/tls.key
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
message_logs = false
host_lookup =
rfc1413_query_timeout = 0s
keep_environment =
begin acl
rcpt:
  deny message = who are you
       !authenticated = *
  deny message = no such user
       local_parts = nobody
  accept
begin routers
all:
  driver = accept
  transport = maildir
begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = {directory}/mail
  user = {user}
  group = {group}
  envelope_to_add
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{dpin}}}}{{eq{{$auth3}}{{s3cret}}}}}}}}
  server_set_id = $auth2
  server_advertise_condition = ${{if def:tls_in_cipher}}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def make_certificate(directory):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", os.path.join(directory, "tls.key"),
                    "-out", os.path.join(directory, "tls.pem")], check=True, capture_output=True)


def read(path):
    with open(path, "rb") as f:
        return email.message_from_binary_file(f, policy=email.policy.default)


class Exim:
    """Takes mail for anybody but "nobody" from whoever says as "dpin" that the password is "s3cret", over TLS."""

    def __init__(self):
        self.directory, self.port = tempfile.mkdtemp(prefix="dpin-mail-"), free_port()
        user = pwd.getpwnam("Debian-exim") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        for name in ("spool", "log", "mail"):
            os.mkdir(os.path.join(self.directory, name))
        make_certificate(self.directory)
        self.ca = os.path.join(self.directory, "tls.pem")
        path = os.path.join(self.directory, "exim.conf")
        with open(path, "w") as f:
            f.write(CONFIG.format(user=user.pw_name, group=user.pw_gid, directory=self.directory))
        for root, _, names in os.walk(self.directory):
            for name in (".", *names):
                os.chown(os.path.join(root, name), user.pw_uid, user.pw_gid)
        os.chown(path, os.getuid(), os.getgid())
        os.chmod(path, 0o644)
        self.process = Process("exim", ["/usr/sbin/exim4", "-C", path, "-bdf", "-oX", f"127.0.0.1.{self.port}"],
                               self.directory, ready=False).start()
        wait_until(self._answers, "the mail server answers", 15)

    def _answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def messages(self, user):
        """What has come for a user, oldest first."""
        every = [read(p) for p in sorted(glob.glob(f"{self.directory}/mail/new/*"), key=os.path.getmtime)]
        return [m for m in every if m["envelope-to"].startswith(user + "@")]

    def wait(self, user, n=1, seconds=15.0):
        wait_until(lambda: len(self.messages(user)) >= n, f"{n} messages for {user}", seconds)
        return self.messages(user)

    def stop(self):
        self.process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


class Script:
    """Says, for each command it knows (its first word, or "" for the greeting, "." for the end of a message), what it
    is told to, which may be a function of the line; None ends the connection, False says nothing more. EHLO offers
    `offers`."""

    def __init__(self, replies=(), offers=()):
        self.replies = {"": "220 x", "MAIL": "250 x", "RCPT": "250 x", "DATA": "354 x", ".": "250 x", "QUIT": "221 x",
                        "EHLO": "\r\n".join([f"250-{o}" for o in ("x", *offers)] + ["250 SIZE 1000000"]),
                        **dict(replies)}
        self.heard, self.done = [], threading.Event()
        self.talks = []  # the same by connection
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(s,), daemon=True).start()

    def _serve(self, s):
        with s, s.makefile("rwb") as f:
            try:
                self._talk(f)
            except (OSError, ValueError):
                pass

    def _talk(self, f):
        in_message, talk = False, []
        self.talks.append(talk)
        if not self._say(f, "", ""):
            return
        for line in f:
            word = line.strip().split(b" ")[0].decode("ascii", "replace").upper()
            if in_message and line != b".\r\n":
                continue
            in_message = word == "DATA"
            talk.append(line.strip().decode("ascii", "replace"))
            self.heard.append(talk[-1])
            if not self._say(f, word, talk[-1]):
                return

    def _say(self, f, word, line):
        reply = self.replies.get(word, "502 x")
        if callable(reply):
            reply = reply(line)
        if reply is False:
            self.done.wait(60)
        if not reply:
            return False
        f.write(reply.encode() + b"\r\n")
        f.flush()
        return True

    def close(self):
        self.done.set()
        self.listener.close()
