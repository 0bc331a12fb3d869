"""A PgBouncer in front of a database, on a Unix socket."""

import os
import shutil
import signal

from database import as_server_user
from process import Process, command, wait_until

USERS = ("dpin-hub", "dpin-api", "postgres")
CONFIG = """[databases]
* = host={server}
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = {run}
unix_socket_mode = 0777
auth_type = trust
auth_file = {run}/users
admin_users = postgres
pool_mode = {mode}
default_pool_size = {size}
{more}
"""


class Pooler:
    """`run` holds the socket, as of a Database."""

    def __init__(self, database, run, mode="session", size=20, more=""):
        self.run = run
        self.values = {"server": database.run, "run": run, "mode": mode, "size": size, "more": more}
        self.process = None

    def url(self, user="dpin-hub", name="dpin"):
        return f"host={self.run} port=6432 user={user} dbname={name}"

    def start(self):
        os.makedirs(self.run, mode=0o755, exist_ok=True)
        for name, text in (("users", "".join(f'"{user}" ""\n' for user in USERS)),
                           ("pgbouncer.ini", CONFIG.format(**self.values))):
            with open(os.path.join(self.run, name), "w", encoding="ascii") as f:
                f.write(text)
        if os.getuid() == 0:
            shutil.chown(self.run, "postgres", "postgres")
        program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin")
        argv = [*as_server_user(), program, os.path.join(self.run, "pgbouncer.ini")]
        self.process = Process("pgbouncer", argv, os.path.dirname(self.run), ready=False).start()
        wait_until(lambda: self.admin("SHOW VERSION", check=False), "PgBouncer answers")
        return self

    def admin(self, text, check=True):
        return command(["psql", "-XAtq", self.url("postgres", "pgbouncer"), "-c", text], check=check)

    def stop(self):
        if self.process:
            self.process.stop(sig=signal.SIGTERM)
