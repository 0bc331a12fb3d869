"""dpinctl against the real daemons on a private bus: every verb, every exit code, what scripts rely on."""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
import xml.etree.ElementTree as tree

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "integration"), os.path.join(TESTS, "run")]

from dpin_validator import UP, Validator  # noqa: E402
from process import wait_until  # noqa: E402
from world import BUS_CONFIG, World  # noqa: E402

BUILD = os.environ.get("DPIN_BUILD") or os.path.join(os.path.dirname(TESTS), "build", "gcc")
OK, FAILED, USAGE, NOT_FOUND, DENIED, UNAVAILABLE = range(6)
NOWHERE = "01890000-0000-7000-8000-000000000000"
DAEMONS = {"Hub1": "hub", "Api1": "api", "Validator1": "validator"}


class Ctl(unittest.TestCase):
    """Database, bus, hub and API; no website, no validator."""

    @classmethod
    def setUpClass(cls):
        cls.world = World(BUILD)
        cls.addClassCleanup(cls.world.stop)
        cls.world.start_database()
        cls.world.migrate()
        cls.world.start_bus().start_hub(conf="TrustedProxies=127.0.0.1\n").start_api()
        wait_until(lambda: cls.state("dpin-hub") == cls.state("dpin-api") == "ready", "hub and API have their database")

    @classmethod
    def state(cls, daemon):
        rows = json.loads(cls.world.ctl("status", "--json"))
        return next(r["state"] for r in rows if r["daemon"] == daemon)

    def run_ctl(self, *args, stdin=b"", env=None, bus=None):
        argv = [self.world.program("dpinctl"), f"--bus={bus or self.world.bus_address}", *args]
        done = subprocess.run(argv, input=stdin, capture_output=True, env={**os.environ, **(env or {})}, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def ok(self, *args, **more):
        code, out, err = self.run_ctl(*args, **more)
        self.assertEqual(code, OK, err)
        return out

    def fails(self, code, words, *args, **more):
        got, out, err = self.run_ctl(*args, **more)
        self.assertEqual((got, out), (code, ""), err)
        self.assertRegex(err, words)

    def rows(self, *args):
        return json.loads(self.ok(*args, "--json"))


class Websites(Ctl):
    def test_added_listed_shown_removed(self):
        website = self.ok("website", "add", "http://127.0.0.1:9/", "--name", "Nine", "--interval=30s", "--timeout=2s",
                          "--seats=1").strip()
        row, = self.rows("website", "list")
        self.assertEqual((row["id"], row["url"], row["name"]), (website, "http://127.0.0.1:9/", "Nine"))
        self.assertEqual((row["intervalMs"], row["timeoutMs"], row["seats"], row["paused"]), (30000, 2000, 1, False))
        self.assertIn("http://127.0.0.1:9/", self.ok("website", "list"))
        shown = self.rows("website", "show", website)
        self.assertEqual(shown["status"]["id"], website)
        self.assertIn("seats", shown["verdict"])
        self.assertRegex(self.ok("website", "show", website), r"State +\w+")

        self.fails(FAILED, "watched already", "website", "add", "http://127.0.0.1:9/")
        self.assertEqual(self.ok("website", "rm", website), "")
        self.assertEqual(self.rows("website", "list"), [])
        self.fails(NOT_FOUND, "No website", "website", "rm", website)
        self.fails(NOT_FOUND, "No website", "website", "show", website)

    def test_what_cannot_be_checked_is_refused_with_the_reason(self):
        for words, *args in (("credentials", "http://a:b@example.org/"), ("http", "ftp://example.org/"),
                             ("10 seconds", "http://example.org/", "--interval=5s"),
                             ("half the interval", "http://example.org/", "--interval=10s", "--timeout=6s"),
                             ("200 characters", "http://example.org/", "--name", "x" * 201)):
            self.fails(FAILED, words, "website", "add", *args)
        self.fails(FAILED, "UUID", "website", "rm", "7")
        for args in (["--interval=5x"], ["--seats=17"], ["--seats=0"], ["--scope=read"]):
            self.fails(USAGE, args[0].split("=")[0], "website", "add", "http://example.org/", *args)
        self.assertEqual(self.rows("website", "list"), [])

    def test_a_list_longer_than_a_page_comes_whole(self):
        urls = [f"http://127.0.0.1:9/{i}" for i in range(503)]
        self.world.database.sql("INSERT INTO organisation (public_id, name) SELECT gen_random_uuid(), 'default'"
                                " WHERE NOT EXISTS (SELECT FROM organisation)")
        self.world.database.sql("INSERT INTO website (public_id, organisation_id, url, interval_ms) SELECT"
                                " gen_random_uuid(), (SELECT min(id) FROM organisation), 'http://127.0.0.1:9/' || i,"
                                " 86400000 FROM generate_series(0, 502) AS i")
        self.assertEqual(sorted(w["url"] for w in self.rows("website", "list")), sorted(urls))
        page = subprocess.run(["busctl", f"--address={self.world.bus_address}", "--json=short", "call", "org.dpin.Hub1",
                               "/org/dpin/Hub1", "org.dpin.Hub1", "ListWebsites", "uu", "500", "2"],
                              capture_output=True, check=True)
        self.assertEqual(len(json.loads(page.stdout)["data"][0]), 2)
        self.world.database.sql("UPDATE website SET removed_at = now() WHERE removed_at IS NULL")


class Validators(Ctl):
    def newcomer(self):
        """Not from this machine, so nobody trusts it yet."""
        v = Validator(self.world.hub_url, lambda *_: UP, headers={"X-Forwarded-For": "192.0.2.7"}).start()
        self.addCleanup(v.stop)
        v.wait_welcome()
        return v

    def row(self, v):
        return next(r for r in self.rows("validator", "list") if r["id"] == identity(v))

    def test_pending_approved_suspended(self):
        v = self.newcomer()
        row = self.row(v)
        self.assertEqual((row["state"], row["connected"]), ("pending", True))

        self.ok("validator", "approve", row["id"], "--operator=ops", "--region=eu", "--asn=64500")
        row = self.rows("validator", "show", row["id"])
        self.assertEqual((row["state"], row["operator"], row["region"], row["asn"]), ("approved", "ops", "eu", 64500))
        v.wait_welcome(joins=2)
        wait_until(lambda: self.row(v)["connected"], "it is connected anew")

        self.ok("validator", "approve", row["id"], "--region=eu-central")
        row = self.row(v)
        self.assertEqual((row["operator"], row["region"], row["asn"]), ("ops", "eu-central", 64500))

        self.ok("validator", "suspend", row["id"])
        self.assertEqual(self.row(v)["state"], "suspended")
        actors = self.world.database.sql("SELECT DISTINCT actor FROM audit_log WHERE action = 'validator.set'")
        self.assertIn(f"uid {os.getuid()}", str(actors))

    def test_one_that_waits_can_be_turned_away(self):
        v = self.newcomer()
        self.ok("validator", "suspend", identity(v))
        v.wait(lambda x: x.rejects, "it is rejected when it comes again")
        row = self.rows("validator", "show", identity(v))
        self.assertEqual((row["state"], row["connected"]), ("suspended", False))

    def test_a_key_nobody_has(self):
        key = "A" * 43
        self.fails(NOT_FOUND, "No validator", "validator", "approve", key)
        self.fails(NOT_FOUND, "No validator", "validator", "suspend", key)
        self.fails(NOT_FOUND, "no validator", "validator", "show", key)
        self.fails(FAILED, "43 characters", "validator", "approve", "short")
        self.fails(USAGE, "--asn", "validator", "approve", key, "--asn=x")


class Tokens(Ctl):
    def test_a_token_works_until_it_is_revoked(self):
        made = self.rows("token", "create", "ci", "--scope", "read,write", "--expires=30d")
        self.assertRegex(made["token"], r"^dpin_[a-z2-7]{6}_[A-Za-z0-9_-]{43}$")
        stored = self.world.database.sql("SELECT encode(secret_sha256, 'hex'), prefix FROM api_token WHERE name = 'ci'")
        self.assertIn(hashlib.sha256(made["token"].encode()).hexdigest(), str(stored))
        self.assertIn(made["token"][:11], str(stored))
        self.assertEqual(self.world.request("GET", "/api/v1/websites", made["token"])[0], 200)

        row, = [t for t in self.rows("token", "list") if t["name"] == "ci"]
        self.assertEqual((row["id"], row["scopes"], row["revokedAt"]), (made["id"], ["read", "write"], None))
        self.assertIsNotNone(row["expiresAt"])
        self.assertNotIn(made["token"][12:], self.ok("token", "list"))

        self.ok("token", "revoke", made["id"])
        wait_until(lambda: self.world.request("GET", "/api/v1/websites", made["token"])[0] == 401, "the token ended")
        self.fails(NOT_FOUND, "No token", "token", "revoke", made["id"])

    def test_only_the_token_is_on_the_standard_output(self):
        code, out, err = self.run_ctl("token", "create", "plain")
        self.assertEqual(code, OK)
        self.assertRegex(out, r"^dpin_\S+\n$")
        self.assertIn("not shown again", err)
        row, = [t for t in self.rows("token", "list") if t["name"] == "plain"]
        self.assertEqual((row["scopes"], row["expiresAt"]), (["read"], None))

    def test_wishes_that_cannot_be(self):
        self.fails(FAILED, "read, write, payouts", "token", "create", "x", "--scope=read,root")
        self.fails(FAILED, "read, write, payouts", "token", "create", "x", "--scope=")
        self.fails(USAGE, "--expires", "token", "create", "x", "--expires=never")
        self.fails(FAILED, "1 to 200", "token", "create", "")
        self.fails(NOT_FOUND, "No token", "token", "revoke", NOWHERE)

    def test_users(self):
        self.assertRegex(self.ok("user", "add", "Ops@example.org", "--role=admin"), r"^[0-9a-f-]{36}\n$")
        self.fails(FAILED, "already", "user", "add", "ops@example.org")
        self.fails(FAILED, "viewer, editor or admin", "user", "add", "b@example.org", "--role=root")
        self.fails(FAILED, "e-mail", "user", "add", "nobody")


class Offline(Ctl):
    """Needs no daemon, but the programs."""

    @classmethod
    def setUpClass(cls):
        cls.world = World(BUILD)
        cls.addClassCleanup(cls.world.stop)

    def test_a_key_is_made_once(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "key")
            public = self.ok("key", "generate", path).strip()
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            with open(path, encoding="ascii") as f:
                numbers = json.load(f)
            self.assertEqual(len(numbers), 64)
            self.assertEqual(self.ok("key", "show", path).strip(), public)
            self.assertEqual(json.loads(self.ok("key", "show", path, "--json")), {"key": public})
            self.fails(FAILED, "exists already", "key", "generate", path)
            with open(path, encoding="ascii") as f:
                self.assertEqual(json.load(f), numbers)
            numbers[63] ^= 1
            self.fails(FAILED, "damaged", "key", "show", stdin=json.dumps(numbers).encode())
        code, out, err = self.run_ctl("key", "generate")
        self.assertEqual(code, OK)
        self.assertIn(self.ok("key", "show", stdin=out.encode()).strip(), err)
        self.fails(FAILED, "64 numbers", "key", "show", stdin=b"[1, 2]")
        self.fails(FAILED, "No such file", "key", "show", "/nonexistent/key")

    def test_a_signed_batch_is_decoded(self):
        with open(os.path.join(TESTS, "integration", "vectors.json"), encoding="utf-8") as f:
            frames = re.findall(r'"([0-9a-f]{300,})"', f.read())
        frames = [bytes.fromhex(x) for x in frames if x.startswith("6470696e0101")]
        self.assertTrue(frames)
        for frame in frames:
            batch = json.loads(self.ok("decode", stdin=frame))
            self.assertEqual(batch["type"], "batch")
            self.assertTrue(batch["ticks"])
        self.fails(FAILED, "no batch", "decode", stdin=frames[0][:-1])
        self.fails(FAILED, "cannot be read", "decode", stdin=bytes(70000))

    def test_help_and_usage(self):
        self.assertIn("website add URL", self.ok("--help"))
        self.assertIn("--seats", self.ok("website", "add", "--help"))
        self.assertNotIn("token", self.ok("website", "--help"))
        self.assertRegex(self.ok("--version"), r"^dpinctl \d")
        self.fails(USAGE, "website add", "website")
        self.fails(USAGE, "no verb", "wbsite")
        self.fails(USAGE, "needs URL", "website", "add")
        self.fails(USAGE, "no option", "status", "--nope")

    def test_no_bus(self):
        self.fails(UNAVAILABLE, "no connection", "status", bus="unix:path=/nonexistent/bus")

    def test_the_completion_knows_every_verb(self):
        with open(os.path.join(os.path.dirname(TESTS), "src/ctl/dpinctl.bash-completion"), encoding="utf-8") as f:
            completion = f.read()
        for line in self.ok("--help").splitlines():
            if line.startswith("  ") and not line.startswith("  --"):
                noun, verb = line.split()[:2]
                known = re.search(rf'\[{noun}\]="([^"]*)"', completion)
                self.assertTrue(known, noun)
                self.assertTrue(not verb.islower() or verb in known[1].split(), line)


class Bus(Ctl):
    @classmethod
    def setUpClass(cls):
        everyone = '<policy context="default"><allow user="*"/>'
        with unittest.mock.patch("world.BUS_CONFIG", BUS_CONFIG.replace('<policy context="default">', everyone)):
            super().setUpClass()
        cls.world.start_validator("berlin", "region=eu")

    def test_status_of_all_three(self):
        rows = {r["daemon"]: r for r in self.rows("status")}
        self.assertEqual({r["version"] for r in rows.values()}, {self.ok("--version").split()[1]})
        self.assertEqual(set(rows), {"dpin-hub", "dpin-api", "dpin-validator"})
        self.assertEqual((rows["dpin-hub"]["state"], rows["dpin-api"]["state"]), ("ready", "ready"))
        self.assertTrue(any(d.startswith("SpoolBytes=") for d in rows["dpin-validator"]["detail"]))
        self.assertNotIn("\x1b", self.ok("status", env={"NO_COLOR": "1"}))

    def test_interfaces_are_what_their_descriptions_say(self):
        for interface, folder in DAEMONS.items():
            found = subprocess.run(["busctl", f"--address={self.world.bus_address}", "introspect", "--xml-interface",
                                    f"org.dpin.{interface}", f"/org/dpin/{interface}"], capture_output=True, check=True)
            path = os.path.join(os.path.dirname(TESTS), "dbus", f"org.dpin.{interface}.xml")
            self.assertEqual(members(tree.parse(path).getroot(), interface),
                             members(tree.fromstring(found.stdout), interface), folder)

    def test_somebody_else_may_look_but_not_act(self):
        if os.getuid() != 0:
            self.skipTest("needs root to become somebody else")
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", self.world.program("dpinctl"),
                  f"--bus={self.world.bus_address}"]
        look = subprocess.run([*nobody, "website", "list"], capture_output=True, check=False)
        if look.returncode == 126:
            self.skipTest("the build is closed to others")
        self.assertEqual(look.returncode, OK, look.stderr)
        act = subprocess.run([*nobody, "website", "add", "http://example.org/"], capture_output=True, check=False)
        self.assertEqual(act.returncode, DENIED)
        self.assertIn(b"refuses this to you", act.stderr)

    def test_without_database_all_is_unavailable(self):
        self.world.database.stop()
        try:
            wait_until(lambda: self.state("dpin-hub") != "ready", "the hub noticed")
            self.fails(UNAVAILABLE, "database", "website", "list")
            self.fails(UNAVAILABLE, "database", "token", "list")
        finally:
            self.world.database.start()
        wait_until(lambda: self.state("dpin-hub") == self.state("dpin-api") == "ready", "the hub is back")

    def test_without_daemon_the_unit_is_named(self):
        self.world.api.stop()
        try:
            self.fails(UNAVAILABLE, "dpin-api does not run here", "token", "list")
            self.assertIn("not running", self.ok("status"))
        finally:
            self.world.start_api()


def identity(validator):
    return base64.urlsafe_b64encode(validator.key.public).decode().rstrip("=")


def members(root, interface):
    """{(kind, name): arguments, access, annotations} of one interface."""
    found = {}
    element, = [e for e in root.iter("interface") if e.get("name") == f"org.dpin.{interface}"]
    for member in element:
        if member.tag in ("method", "property", "signal"):
            arguments = tuple((a.get("name"), a.get("type"), a.get("direction", "in")) for a in member.iter("arg"))
            notes = frozenset((a.get("name"), a.get("value")) for a in member.iter("annotation"))
            found[member.tag, member.get("name")] = member.get("type"), member.get("access"), arguments, notes
    return found


if __name__ == "__main__":
    unittest.main()
