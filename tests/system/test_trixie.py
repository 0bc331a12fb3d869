"""Debian 13: the packages that were built on Debian 12 run there, and the tree builds there.

What Debian 13 lacks of the libraries comes from Debian 12, as on a machine that was upgraded: apt leaves what is
installed and still needed where it is.
"""

import json
import os
import time
import unittest

import ground
from machine import Machine
from process import say
from root import PACKAGES, bare, builder, dependencies, download, key_of, made_once

SUITE = "trixie"
PLUGIN = "libwebsockets-evlib-uv"  # of which Debian 13 has another, for another libwebsockets
LACKING = ("libwebsockets17", PLUGIN)
NEWER = "/srv/newer"
TREE, BUILD = "/srv/tree", "/root/build"


class Packages(ground.SystemCase):
    long = True

    @classmethod
    def start(cls):
        newer = made_once("newer", key_of(SUITE, PLUGIN), lambda path: download(path, [PLUGIN], SUITE))
        binds = {ground.OURS: ground.packages(), ground.NEEDS: dependencies(ground.packages(), SUITE, LACKING),
                 NEWER: newer}
        return Machine(bare(SUITE), binds=binds, prepare=ground.use_own_packages)

    def versions(self, *names):
        out = self.machine.run("dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Status}\\n", *names)
        return {name: version for name, version, status in map(str.split, out.splitlines()) if status == "installed"}

    def test_1_those_of_debian_12_run(self):
        site = self.machine.serve()
        ground.install(self.machine, *PACKAGES, "postgresql")
        self.assertIn('VERSION_ID="13"', self.machine.run("cat", "/etc/os-release"))
        say(f"     {self.versions(*LACKING, 'libmicrohttpd12t64', 'libcurl4t64', 'libjson-c5', 'postgresql-17')}")
        self.ready()
        self.start_validator()
        website = self.add_website(site.url, "--interval=10s", "--timeout=2s")
        self.wait_state(website, "UP")

        token = self.machine.run("dpinctl", "token", "create", "--scope", "read,write", "test").strip()
        status, made = self.machine.request("POST", "/api/v1/website", token, {"url": site.url + "b", "name": "Café"})
        self.assertEqual(status, 201, made)
        self.wait_state(made["id"], "UP")
        status, shown = self.machine.request("GET", "/api/v1/websites", token)
        self.assertEqual((status, {(w["url"], w["name"], w["state"]) for w in shown["websites"]}),
                         (200, {(site.url, "", "UP"), (site.url + "b", "Café", "UP")}))
        self.assertIn("<title>dpin</title>", self.machine.request("GET", "/")[1])
        self.assertEqual(self.machine.run("systemctl", "is-system-running", check=False).strip(), "running")

    def test_2_an_upgrade_leaves_the_plugin_that_works(self):
        """By `apt upgrade`. A full-upgrade removes our packages rather than leaving them with one that does not."""
        before = self.versions(*PACKAGES, *LACKING)
        ground.use_own_packages(self.machine, ground.OURS, ground.NEEDS, NEWER)
        self.machine.run("apt-get", "-q", "update")
        self.assertRegex(self.machine.run("apt-cache", "policy", PLUGIN), "Candidate: 4.[3-9]")
        self.machine.run("apt-get", "-q", "-y", "--with-new-pkgs", "upgrade")
        self.assertEqual(self.versions(*PACKAGES, *LACKING), before)
        self.machine.run("systemctl", "restart", "dpin-hub", "dpin-validator")
        self.ready()
        self.machine.wait_status("dpin-validator.service", "ready")

    def test_3_units_are_what_its_systemd_takes(self):
        units = self.machine.sh("ls /lib/systemd/system/dpin*").split()
        done = self.machine.run("systemd-analyze", "verify", "--man=no", *units)
        self.assertEqual((done, done.err), ("", ""))


class Tree(ground.SystemCase):
    """As ./dev build and ./dev test make it, with the libraries and the compiler of Debian 13."""

    long = True

    @classmethod
    def start(cls):
        return Machine(builder(SUITE, os.path.join(ground.SOURCE, "debian/control")), bare(SUITE),
                       binds={TREE: ground.SOURCE})

    def timed(self, what, command):
        begun = time.monotonic()
        self.machine.run("bash", "-c", f"cd {TREE} && . tests/dev/build.sh && {command}", seconds=1200)
        say(f"     {what} in {time.monotonic() - begun:.0f} s")

    def test_it_builds_and_its_tests_pass(self):
        self.timed("built", f"meson setup $(build_options gcc) {BUILD} && ninja -C {BUILD}")
        for suite in ("unit", "fuzz"):
            self.timed(suite, f"meson test -C {BUILD} --no-rebuild --quiet --print-errorlogs --suite {suite}")
            log = self.machine.run("cat", f"{BUILD}/meson-logs/testlog.json")
            results = [json.loads(line)["result"] for line in log.splitlines()]
            say(f"     {suite}: {len(results)} programs")
            self.assertEqual(set(results), {"OK"})


if __name__ == "__main__":
    unittest.main()
