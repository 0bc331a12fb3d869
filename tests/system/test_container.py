"""The image that `./dev container` makes, run by buildah with what docker would give it: environment, no volume. It has
this machine's loopback, where a real hub is. The lines are the README's, said in buildah's words."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest

import ground
from process import Process, wait_until
from root import tool, why_not
from site_switch import Site

sys.path.append(os.path.join(ground.SOURCE, "tests/integration"))

from dpin_wire import Key  # noqa: E402
from hub_case import HubCase  # noqa: E402

USER = 10001
STATE = "/var/lib/dpin-validator"


def descendants(pid):
    """The processes below one, of every thread of it."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as f:
            for child in f.read().split():
                found += [int(child), *descendants(child)]
    return found


def status_of(pid, field):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return re.search(rf"^{field}:\s+(.*)$", f.read(), re.M)[1].split()


class ImageCase(HubCase):
    """A hub, a website that only the image's validator may look at, and the image, unpacked in a storage of its own."""

    long = True

    @classmethod
    def setUpClass(cls):
        if why_not():
            raise unittest.SkipTest(why_not())
        super().setUpClass()
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="dpin-image-"))
        cls.lines = ground.readme_commands("Run a validator in a container")
        cls.archive = os.path.join(ground.SOURCE, re.search(r"load -i (\S+)", cls.lines[0])[1])
        cls.name = cls.buildah("from", f"docker-archive:{cls.archive}").split()[-1]
        cls.addClassCleanup(cls.buildah, "rm", "--all")
        cls.root = cls.buildah("mount", cls.name).split()[-1]
        cls.image = json.loads(cls.buildah("inspect", cls.name))["Docker"]
        cls.site = Site()
        cls.addClassCleanup(cls.site.close)

    @classmethod
    def buildah_words(cls, *words):
        return ["buildah", "--storage-driver", "vfs", "--root", f"{cls.folder}/storage", "--runroot",
                f"{cls.folder}/run", *words]

    @classmethod
    def buildah(cls, *words):
        return tool(cls.buildah_words(*words), words[0])

    def settings(self):
        """Its owner allows it this machine, for the website; bound over the image's file."""
        path = os.path.join(self.folder, "validator.conf")
        with open(path, "w", encoding="ascii") as f:
            f.write("[Validator]\nAllow=127.0.0.0/8\n")
        os.chmod(path, 0o644)
        return path

    def run_in_image(self, *words, options=()):
        """As `docker exec` would: in the environment of the image, as its user."""
        return subprocess.run(self.buildah_words("run", "--isolation", "chroot", *options, self.name, "--", *words),
                              capture_output=True, text=True, check=False)

    def start(self, argv, **env):
        """(process, pid of the validator in it)."""
        process = Process("image", argv, self.folder, env=env, ready=False).start()
        self.addCleanup(self.end, process)
        pid = wait_until(lambda: self.validator_below(process), "the validator runs", 30)
        return process, pid

    @staticmethod
    def validator_below(process):
        for pid in descendants(process.pid) + [process.pid]:
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    if os.path.basename(f.read().split(b"\0")[0]) == b"dpin-validator":
                        return pid
            except OSError:
                continue
        return None

    @staticmethod
    def end(process):
        if process.running():
            for pid in descendants(process.pid):
                os.kill(pid, signal.SIGKILL)
            process.kill()

    def assert_judges(self, key):
        """It joined with that key, and the website is judged by what it saw."""
        wait_until(lambda: self.value(f"SELECT count(*) FROM validator WHERE key = '\\x{key.public.hex()}'") == "1",
                   "it joined with its key", 30)
        website = self.add_website(self.site.url, seats=1)
        self.addCleanup(self.remove_website, website)
        hits = self.site.hits
        self.wait_state(website, "UP", 60)
        self.assertGreater(self.site.hits, hits)


class Image(ImageCase):
    def test_its_configuration(self):
        config = self.image["config"]
        self.assertEqual(config["User"], f"{USER}:{USER}")
        self.assertEqual(config["Healthcheck"]["Test"], ["CMD", "dpin-validator", "--health"])
        self.assertEqual(config["Entrypoint"], ["dpin-validator", "--bus=none"])
        self.assertFalse(config.get("Volumes"))
        names = {e.split("=")[0] for e in config["Env"]}
        self.assertLessEqual({"HUB_WSS_URL", "PRIVATE_KEY", "VALIDATOR_TAGS"}, names)
        self.assertFalse([e for e in config["Env"] if e.startswith("PRIVATE_KEY=") and e != "PRIVATE_KEY="])

    def test_it_has_one_program_and_no_shell(self):
        programs = [os.path.join(folder, name).removeprefix(self.root) for folder, _, names in os.walk(self.root)
                    for name in names if re.search(r"/s?bin$", folder)]
        self.assertEqual(programs, ["/usr/bin/dpin-validator"])
        self.assertNotEqual(self.run_in_image("/bin/sh", "-c", "true").returncode, 0)
        set_id = [path for path in self.files() if os.lstat(path).st_mode & 0o6000 and not os.path.islink(path)]
        self.assertEqual(set_id, [])

    def files(self):
        return (os.path.join(folder, name) for folder, _, names in os.walk(self.root) for name in names)

    def test_only_its_state_is_its_own(self):
        own = [p.removeprefix(self.root) for p in [f for f, _, _ in os.walk(self.root)] + list(self.files())
               if os.lstat(p).st_uid == USER]
        self.assertEqual([p for p in own if not p.startswith(STATE + "/")], [STATE])
        self.assertEqual(os.stat(self.root + STATE).st_mode & 0o7777, 0o700)

    def test_it_trusts_the_authorities_of_debian(self):
        with open(self.root + "/etc/ssl/certs/ca-certificates.crt", encoding="ascii") as f:
            self.assertGreater(f.read().count("BEGIN CERTIFICATE"), 50)

    def test_it_says_what_is_missing(self):
        done = self.run_in_image(*self.image["config"]["Entrypoint"])
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("HubUrl is not set: name the hub", done.stderr)
        done = self.run_in_image("dpin-validator", "--health")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(f"not running: no validator has {STATE}", done.stdout)

    def test_the_readmes_lines(self):
        key = Key()
        load, run, ask = self.lines
        self.assertIn(os.path.relpath(self.archive, ground.SOURCE), load)
        self.assertEqual(run.split()[-1], self.image_name())
        variables = dict(re.findall(r"-e (\w+)=(\S+)", run))
        self.assertEqual(set(variables), {"HUB_WSS_URL", "VALIDATOR_TAGS", "PRIVATE_KEY"})
        variables.update(HUB_WSS_URL=self.world.hub_url, PRIVATE_KEY=key.text)
        options = [w for name, value in variables.items() for w in ("--env", f"{name}={value}")]
        process, pid = self.start(self.buildah_words(
            "run", "--isolation", "chroot", *options, "--volume", f"{self.settings()}:/etc/dpin/validator.conf:ro",
            self.name, "--", *self.image["config"]["Entrypoint"]))
        self.assertEqual(status_of(pid, "Uid"), [str(USER)] * 4)
        self.assertEqual(set(status_of(pid, "CapEff")), {"0" * 16})
        self.assert_judges(key)
        with open(f"/proc/{pid}/environ", "rb") as f:
            self.assertNotIn(key.text.encode(), f.read())

        words = ask.split()[3:]
        self.assertEqual(words, self.image["config"]["Healthcheck"]["Test"][1:])
        done = self.run_in_image(*words)
        self.assertEqual((done.returncode, done.stdout.split(",")[0]),
                         (0, f"ready: connected to {self.world.hub_url}"), done.stderr)
        self.assertRegex(process.log(), "joined the hub")

        os.kill(pid, signal.SIGTERM)
        self.assertEqual(process.popen.wait(20), 0)
        self.assertNotEqual(self.run_in_image(*words).returncode, 0)
        os.unlink(f"{self.root}{STATE}/spool.sqlite")

    def image_name(self):
        """As it is called when it was loaded."""
        manifest = json.loads(tool(["tar", "-xOf", self.archive, "manifest.json"], "tar"))
        return manifest[0]["RepoTags"][0]

    def test_its_root_may_be_read_only(self):
        """As in container/kubernetes.yaml: nothing but the state can be written, and no privilege can be had."""
        key = Key()
        script = ('mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && mount --rbind /proc "$0/proc" && '
                  f'mount --bind "$1" "$0/etc/dpin/validator.conf" && '
                  f'mount -t tmpfs -o uid={USER},gid={USER},mode=700 state "$0{STATE}" && '
                  f'exec setpriv --no-new-privs chroot --userspec={USER}:{USER} --groups= "$0" '
                  'dpin-validator --bus=none')
        settings = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "STATE_DIRECTORY": STATE}
        _, pid = self.start(["unshare", "--mount", "--propagation=private", "sh", "-c", script, self.root,
                             self.settings()], HUB_WSS_URL=self.world.hub_url, PRIVATE_KEY=key.text, **settings)
        self.assertEqual(status_of(pid, "NoNewPrivs"), ["1"])
        self.assertEqual(set(status_of(pid, "CapEff") + status_of(pid, "CapPrm")), {"0" * 16})
        self.assert_judges(key)
        done = subprocess.run(["nsenter", f"--target={pid}", "--mount", "--root", f"--setuid={USER}",
                               f"--setgid={USER}", "--", "/usr/bin/dpin-validator", "--health"],
                              env=settings, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout[:6]), (0, "ready:"), done.stderr)
        os.kill(pid, signal.SIGTERM)


if __name__ == "__main__":
    unittest.main()
