"""A whole dpin on one machine: PostgreSQL, bus, hub, API and validators, all private, all real.

`./dev run`, the smoke run and the integration tests build on this. As root the data is in
/var/lib/dpin-dev/HASH and the sockets in /run/dpin-dev/HASH (PostgreSQL refuses root, and root's home is closed to
others); as a user both are under build/. What is thrown away in the end is in the folder DPIN_MEMORY, if there is one.
"""

import glob
import hashlib
import json
import os
import shutil
import tempfile
import urllib.error
import urllib.request

from database import Database
from process import Failure, Process, command, listening_socket, wait_until
from template import Template

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy>
</busconfig>
"""
VALIDATORS = (("berlin", "region=eu,city=berlin"), ("virginia", "region=us,city=ashburn"),
              ("singapore", "region=ap,city=singapore"), ("saopaulo", "region=sa,city=saopaulo"))


def limited(descriptors):
    """What is put before a command so that it may have so many, if there is a limit."""
    return ["/usr/bin/prlimit", f"--nofile={descriptors}"] if descriptors else []


class World:
    """Directories and daemons. Use as a context manager: leaving it stops everything in reverse order."""

    def __init__(self, build, data=None, run=None, api_port=0, hub_port=0, keep=False):
        self.build, self.keep = os.path.abspath(build), keep
        self.source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        self.data = data or tempfile.mkdtemp(prefix="dpin-data-", dir=os.environ.get("DPIN_MEMORY") or
                                             scratch("/var/lib/dpin-dev", self.source))
        self.run = run or tempfile.mkdtemp(prefix="r", dir=scratch("/run/dpin-dev", self.source))
        for directory in (self.data, self.run):
            os.makedirs(directory, mode=0o755, exist_ok=True)
            os.chmod(directory, 0o755)
        self.hub_socket, self.api_socket = listening_socket(hub_port), listening_socket(api_port)
        self.database = Database(os.path.join(self.data, "postgres"), os.path.join(self.run, "pg"))
        self.validators = {}
        self.bus = self.hub = self.api = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # What is where ------------------------------------------------------------------------------------------------

    def program(self, name):
        folder = {"dpin-hub": "hub", "dpin-api": "api", "dpin-validator": "validator", "dpinctl": "ctl"}[name]
        return os.path.join(self.build, "src", name) if os.path.exists(os.path.join(self.build, "src", name)) \
            else os.path.join(self.build, "src", folder, name)

    @property
    def api_url(self):
        return f"http://127.0.0.1:{self.api_socket.getsockname()[1]}"

    @property
    def hub_url(self):
        return f"ws://127.0.0.1:{self.hub_socket.getsockname()[1]}/ws"

    @property
    def bus_address(self):
        return f"unix:path={self.run}/bus"

    def bus_option(self):
        """Before start_bus() there is none."""
        return f"--bus={self.bus_address}" if self.bus else "--bus=none"

    # Starting, lowest first ---------------------------------------------------------------------------------------

    def start_database(self, empty=False):
        """Unless it is to be empty it is migrated already, and migrate() finds nothing to do."""
        if not (empty or self.keep or os.path.exists(self.database.data)):
            self._template().copy(self.database.data)
        self.database.start()
        return self

    def _template(self):
        folder = os.path.join(scratch("/var/lib/dpin-dev", self.source), "template", os.path.basename(self.build))
        return Template(folder, os.path.join(self.run, "template"),
                        [self.program("dpin-hub"), *sorted(glob.glob(os.path.join(self.source, "sql", "*.sql")))],
                        lambda url: self.migrate({"DATABASE_URL": url}))

    def migrate(self, env=None):
        return command([self.program("dpin-hub"), "--migrate"],
                       env={"DATABASE_URL": self.database.url(), "DPIN_SQL_DIR": os.path.join(self.source, "sql"),
                            **(env or {})})

    def start_bus(self):
        path = os.path.join(self.run, "bus.conf")
        with open(path, "w") as f:
            f.write(BUS_CONFIG.format(path=os.path.join(self.run, "bus")))
        stale = os.path.join(self.run, "bus")
        if os.path.exists(stale):
            os.unlink(stale)
        argv = ["dbus-daemon", f"--config-file={path}", "--nofork", "--nopidfile"]
        self.bus = Process("bus", argv, self.run, ready=False).start()
        wait_until(lambda: os.path.exists(stale), "the private bus is there")
        return self

    def start_hub(self, conf="", env=None, descriptors=None):
        """`descriptors`: it may have no more than so many; start_api() likewise."""
        state = self._directory("hub")
        path = self._conf("hub", "[Hub]\nAdmission=approve\n" + conf)
        self.hub = Process("hub", [*limited(descriptors), self.program("dpin-hub"), f"--config={path}",
                                   self.bus_option()], self.run,
                           env={"DATABASE_URL": self.database.url(), "STATE_DIRECTORY": state, **(env or {})},
                           sockets={"ws": self.hub_socket}).start()
        return self

    def start_api(self, conf="", env=None, descriptors=None):
        path = self._conf("api", f"[Api]\nDashboard={self.source}/build/dashboard\n" + conf)
        self.api = Process("api", [*limited(descriptors), self.program("dpin-api"), f"--config={path}",
                                   self.bus_option()], self.run,
                           env={"DATABASE_URL": self.database.url("dpin-api"), **(env or {})},
                           sockets={"http": self.api_socket}).start()
        return self

    def start_validator(self, name, tags="", conf="Allow=127.0.0.0/8\n", env=None, url=None):
        """It may look at this machine unless conf says otherwise."""
        state = self._directory(f"validator-{name}")
        path = self._conf(f"validator-{name}", f"[Validator]\nName={name}\n" + conf)
        bus = "--bus=none" if self.validators else self.bus_option()  # its name can be had once
        self.validators[name] = Process(
            f"validator-{name}", [self.program("dpin-validator"), f"--config={path}", bus], self.run,
            env={"HUB_WSS_URL": url or self.hub_url, "VALIDATOR_TAGS": tags, "STATE_DIRECTORY": state,
                 **(env or {})}).start()
        return self.validators[name]

    def start(self, validators=VALIDATORS, hub_conf=""):
        self.start_database()
        self.migrate()
        self.start_bus().start_hub(hub_conf).start_api()
        for name, tags in validators:
            self.start_validator(name, tags)
        return self

    def stop(self):
        failures = []
        for process in [*reversed(self.validators.values()), self.api, self.hub, self.bus, self.database]:
            try:
                if process:
                    process.stop()
            except Failure as e:
                failures.append(str(e))
        self.hub_socket.close()
        self.api_socket.close()
        if not self.keep:
            self.remove()
        if failures:
            raise Failure("; ".join(failures))

    def remove(self):
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.rmtree(self.run, ignore_errors=True)

    # Talking to it ------------------------------------------------------------------------------------------------

    def ctl(self, *args, check=True):
        return command([self.program("dpinctl"), f"--bus={self.bus_address}", *args], check=check)

    def token(self, name="dev", scopes="read,write,payouts"):
        return json.loads(self.ctl("token", "create", "--json", "--scope", scopes, name))["token"]

    def request(self, method, path, token=None, body=None, headers=None):
        """(status, headers, parsed JSON or None) of one call of the API."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        r = urllib.request.Request(self.api_url + path, data=data, method=method, headers=dict(headers or {}))
        if token:
            r.add_header("Authorization", f"Bearer {token}")
        if data is not None:
            r.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(r, timeout=10) as answer:
                return answer.status, answer.headers, parse(answer.read())
        except urllib.error.HTTPError as e:
            return e.code, e.headers, parse(e.read())

    def get(self, path, token):
        status, _, body = self.request("GET", path, token)
        if status != 200:
            raise Failure(f"GET {path}: {status} {body}")
        return body

    def _directory(self, name):
        path = os.path.join(self.data, name)
        os.makedirs(path, mode=0o700, exist_ok=True)
        return path

    def _conf(self, name, text):
        path = os.path.join(self.data, name + ".conf")
        with open(path, "w") as f:
            f.write(text)
        return path


def parse(body):
    try:
        return json.loads(body)
    except ValueError:
        return None


def scratch(root_path, source):
    """A directory that is ours and has a short path: by a hash of the checkout as root, in the checkout else."""
    if os.getuid() == 0:
        path = os.path.join(root_path, hashlib.sha256(source.encode()).hexdigest()[:8])
    else:
        path = os.path.join(source, "build", "run" if root_path.startswith("/run") else "data")
    os.makedirs(path, mode=0o755, exist_ok=True)
    return path
