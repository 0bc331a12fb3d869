"""What the tests of packages start from: machines without dpin, and machines on which it was installed by apt."""

import glob
import os
import re
import shutil
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "run")]

from machine import Machine  # noqa: E402
from process import Failure, say, wait_until  # noqa: E402
from root import DAY, PACKAGES, bare, dependencies, key_of, made_once, repository, tool, why_not  # noqa: E402

OURS, NEEDS = "/srv/dpin", "/srv/needs"


def packages(kind="packages"):
    """The folder that `./dev deb` filled (`--next`: packages-next), made usable by apt."""
    folder = os.path.join(SOURCE, "build", kind)
    if not glob.glob(os.path.join(folder, "*.deb")):
        raise Failure(f"{folder} has no packages: ./dev test system makes them")
    repository(folder)
    return folder


def readme_commands(title):
    """The lines of the first shell block under a heading of the README."""
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as f:
        section = f.read().split(f"\n## {title}\n", 1)[1]
    return re.search(r"```sh\n(.*?)```", section, re.S)[1].splitlines()


def use_own_packages(machine, *folders):
    """Its only sources of packages are what was built here and what that needs."""
    for path in glob.glob(os.path.join(machine.root, "etc/apt/sources.list*")):
        shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    machine.write("/etc/apt/sources.list.d/dpin.list",
                  "".join(f"deb [trusted=yes] file:{folder} ./\n" for folder in folders or (OURS, NEEDS)))
    machine.write("/etc/apt/apt.conf.d/90-test", 'APT::Get::Assume-Yes "true";\n')


def binds():
    return {OURS: packages(), "/srv/next": packages("packages-next"), NEEDS: dependencies(packages())}


def bare_machine():
    """A minimal Debian, started, to which dpin's packages are known."""
    return Machine(bare(), binds=binds(), prepare=use_own_packages)


def install(machine, *names, recommended=False):
    machine.run("apt-get", "-q", "update")
    option = "--install-recommends" if recommended else "--no-install-recommends"
    machine.run("apt-get", "-q", "-y", option, "install", *names, seconds=600)


def installed():
    """The layer on which PostgreSQL and the four packages were installed and have run once."""
    debs = sorted(glob.glob(os.path.join(packages(), "*.deb")))

    def make(path):
        begun = time.monotonic()
        with bare_machine() as machine:
            install(machine, *PACKAGES, "postgresql")
            machine.wait_status("dpin-hub.service", "ready", 60)
            machine.wait_status("dpin-api.service", "ready", 60)
            machine.power_off(keep=path)
        say(f"     installed the packages in {time.monotonic() - begun:.0f} s")
    return made_once("installed", key_of(*(str(os.stat(d)) for d in debs)), make, kept=DAY / 8)


def machine_with_dpin(prepare=None):
    return Machine(installed(), bare(), binds=binds(), prepare=prepare)


class SystemCase(unittest.TestCase):
    """One machine for the tests of a class, started by start()."""

    machine: Machine

    @classmethod
    def setUpClass(cls):
        reason = why_not()
        if reason:
            say(f"     NOT TESTED on a real systemd: {reason}")
            raise unittest.SkipTest(reason)
        cls.machine = cls.enterClassContext(cls.start())

    @classmethod
    def start(cls):
        return machine_with_dpin()

    # What tests do again and again ------------------------------------------------------------------------------------

    def ready(self):
        self.machine.wait_status("dpin-hub.service", "ready")
        self.machine.wait_status("dpin-api.service", "ready")

    def drop_in(self, unit, text):
        """Settings of a unit for the rest of the test; takes effect at its next start."""
        path = f"/etc/systemd/system/{unit}.d/test.conf"
        self.machine.write(path, text)
        self.machine.run("systemctl", "daemon-reload")
        self.addCleanup(self.machine.sh, f"rm -f {path}; systemctl daemon-reload")

    def changed(self, path, text, mode=None):
        """Another content of a file for the rest of the test."""
        outside = self.machine.root + path
        with open(outside, encoding="utf-8") as f:
            before = f.read()
        self.addCleanup(self.machine.write, path, before, os.stat(outside).st_mode & 0o7777)
        self.machine.write(path, text, mode or os.stat(outside).st_mode & 0o7777)

    @classmethod
    def wait_bus(cls, name):
        wait_until(lambda: cls.machine.run("busctl", "status", name, check=False).code == 0, f"{name} is on the bus")

    def start_validator(self):
        """The one of the package, told where the hub is, as its administrator does."""
        self.machine.write("/etc/default/dpin-validator", "HUB_WSS_URL=ws://127.0.0.1:8081/ws\n", 0o600)
        self.machine.run("systemctl", "enable", "--now", "dpin-validator")
        self.machine.wait_status("dpin-validator.service", "ready")
        self.assertRegex(self.machine.run("dpin-validator", "--health"), "^ready: ")

    def add_website(self, url, *options):
        return self.machine.run("dpinctl", "website", "add", url, *options).strip()

    def state(self, website):
        return self.machine.rows("website", "show", website)["status"]["state"]

    def wait_state(self, website, state, seconds=90.0):
        wait_until(lambda: self.state(website) == state, f"{website} is {state}", seconds, 0.2)
