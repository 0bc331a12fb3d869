"""The packages that rpm/dpin.spec makes, installed by dnf on a machine that systemd runs. Its libraries are Debian's:
one package stands for them, and for what Fedora's own packages do by file triggers."""

import glob
import os
import re
import tempfile
import unittest

import ground
from machine import Machine
from process import wait_until
from root import PACKAGES, bare, download, fields, key_of, made_once, tool

RPMS = os.path.join(ground.SOURCE, "build/rpms")
TRIGGERS = """
%transfiletriggerin -P 2000000 -- /usr/lib/sysusers.d
systemd-sysusers || :
%transfiletriggerin -P 1900900 -- /usr/lib/systemd/system /etc/systemd/system
systemctl daemon-reload || :
%transfiletriggerpostun -P 1000100 -- /usr/lib/systemd/system /etc/systemd/system
systemctl daemon-reload || :
%transfiletriggerin -P 1000500 -- /usr/lib/tmpfiles.d
systemd-tmpfiles --create || :
%transfiletriggerin -P 1000700 -- /usr/lib/systemd/catalog
journalctl --update-catalog || :
%transfiletriggerin -P 1000400 -- /usr/share/dbus-1
systemctl reload dbus || :
"""  # dbus sees new files by itself, but not on an overlay


def rpms():
    """Made by ./dev rpm; the source package is not among them."""
    return sorted(p for p in glob.glob(os.path.join(RPMS, "*.rpm")) if not p.endswith(".src.rpm"))


def query(what):
    return set(tool(["rpm", "-qp", what, *rpms()], "rpm").splitlines())


def debian_as_rpm(folder):
    """A package that provides whatever ours require, less what they provide themselves."""
    needs = {n for n in query("--requires") - query("--provides") if not n.startswith(("rpmlib(", "dpin"))}
    spec = os.path.join(folder, "debian.spec")
    with open(spec, "w", encoding="utf-8") as f:
        f.write("Name: debian\nVersion: 1\nRelease: 1\nSummary: What the machine has\nLicense: MIT\nBuildArch: noarch\n"
                + "".join(f"Provides: {n}\n" for n in sorted(needs)) + f"%description\nIt.\n{TRIGGERS}\n%files\n")
    tool(["rpmbuild", "-bb", "--quiet", "--define", f"_topdir {folder}/top", "--define", f"_rpmdir {folder}",
          "--define", "_build_name_fmt %%{NAME}.rpm", spec], "rpmbuild")


def libraries():
    """Debian's packages of what ours are linked with."""
    debs = glob.glob(os.path.join(ground.packages(), "dpin*.deb"))
    named = re.findall(r"^(?:Pre-)?Depends: (.*)$", "\n".join(fields(d) for d in debs if "-dbgsym_" not in d), re.M)
    names = {item.split("|")[0].split("(")[0].strip() for line in named for item in line.split(",")}
    return sorted(n for n in names if not n.startswith("dpin"))


def machine_for_rpms():
    """The layer with dnf, PostgreSQL and the libraries."""
    wanted = [*libraries(), "postgresql", "dnf", "rpm"]
    needs = made_once("dnf-needs", key_of(*wanted), lambda path: download(path, wanted))

    def make(path):
        with Machine(bare(), binds={ground.NEEDS: needs},
                     prepare=lambda machine: ground.use_own_packages(machine, ground.NEEDS)) as machine:
            ground.install(machine, *wanted)
            machine.power_off(keep=path)
    return made_once("dnf", key_of(*wanted), make)


def settle_dnf(machine):
    """It asks nobody, and knows which release of nothing this is."""
    machine.write("/etc/dnf/dnf.conf", "[main]\nassumeyes=True\n")
    machine.write("/etc/dnf/vars/releasever", "1\n")


class Rpm(ground.SystemCase):
    long = True

    @classmethod
    def start(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        debian_as_rpm(folder)
        return Machine(machine_for_rpms(), bare(), binds={"/srv/rpm": RPMS, "/srv/debian": folder}, prepare=settle_dnf)

    def dnf(self, *words):
        self.machine.sh("cd /srv/rpm && dnf " + " ".join(words), seconds=300)

    def test_a_life(self):
        self.dnf("install", "/srv/debian/debian.rpm")
        site = self.machine.serve()
        for command in ground.readme_commands("Install it on Fedora"):
            self.machine.sh(f"cd /srv/rpm && {command.replace('https://example.org/', site.url)}", seconds=300)
            if command.startswith("dnf"):
                self.assertEqual(self.machine.run("rpm", "--verify", *PACKAGES), "")
            elif command.startswith("systemctl"):
                self.ready()
        self.machine.wait_status("dpin-validator.service", "ready", 60)
        website, = self.machine.rows("website", "list")
        self.wait_state(website["id"], "UP")
        self.assertIn("<title>dpin</title>", self.machine.request("GET", "/")[1])
        self.assertIn("A dpin daemon", self.machine.run("journalctl", "--list-catalog"))

        pid = self.machine.unit("dpin-hub.service", "MainPID")
        self.dnf("reinstall", "./dpin*.x86_64.rpm")
        wait_until(lambda: self.machine.unit("dpin-hub.service", "MainPID") not in (pid, "0"), "it was restarted", 30)
        self.ready()
        self.assertIn("HUB_WSS_URL=ws", self.machine.run("cat", "/etc/sysconfig/dpin-validator"))

        self.dnf("remove", *PACKAGES)
        self.assertEqual(self.machine.sh("pgrep --list-full dpin-", check=False), "")
        self.assertEqual(self.machine.sh("systemctl list-units --no-legend --state=active,failed 'dpin*'"), "")
        self.assertEqual(self.machine.sh("find /etc/systemd/system -name '*dpin*'"), "")
        self.machine.run("test", "-e", "/var/lib/dpin-hub/hub.key")


class Lint(unittest.TestCase):
    long = True

    def test_rpmlint_has_nothing_to_say(self):
        packages = glob.glob(os.path.join(RPMS, "*.rpm"))
        said = tool(["rpmlint", "-c", "tests/dev/rpmlint.toml", "rpm/dpin.spec", *packages], "rpmlint",
                    cwd=ground.SOURCE)
        self.assertIn(" 0 errors, 0 warnings,", said, said)


if __name__ == "__main__":
    unittest.main()
