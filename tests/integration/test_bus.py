"""What the daemons are on the bus: described, guarded, and honest when something is away."""

import json
import os
import re
import subprocess
import unittest
import unittest.mock
import xml.etree.ElementTree as tree

from ctl_case import DENIED, NOBODY, OK, SOURCE, UNAVAILABLE, Ctl, Programs
from introspection import members
from process import Process, wait_until
from world import BUS_CONFIG

DAEMONS = {"Hub1": "hub", "Api1": "api", "Validator1": "validator"}


class Bus(Ctl):
    everyone = True

    @classmethod
    def setUpClass(cls):
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
            self.assertEqual(members(described(interface), interface),
                             members(tree.fromstring(found.stdout), interface), folder)

    def test_somebody_else_may_look_but_not_act(self):
        if os.getuid() != 0:
            self.skipTest("needs root to become somebody else")
        look = subprocess.run([*NOBODY, *self.argv("website", "list")], capture_output=True, check=False)
        if look.returncode == 126:
            self.skipTest("the build is closed to others")
        self.assertEqual(look.returncode, OK, look.stderr)
        act = subprocess.run([*NOBODY, *self.argv("website", "add", "http://example.org/")], capture_output=True,
                             check=False)
        self.assertEqual(act.returncode, DENIED)
        self.assertIn(b"dpin-hub refuses this: org.dpin.Hub1.website-manage: on a private bus only root", act.stderr)

    def test_without_database_all_is_unavailable(self):
        self.world.database.stop()
        try:
            wait_until(lambda: self.state("dpin-hub") != "ready", "the hub noticed")
            self.fails(UNAVAILABLE, "database", "website", "list")
            self.fails(UNAVAILABLE, "database", "token", "list")
        finally:
            self.world.database.start()
        self.wait_ready()

    def test_without_daemon_the_unit_is_named(self):
        self.world.api.stop()
        try:
            self.fails(UNAVAILABLE, "dpin-api does not run here.*systemctl enable --now dpin-api", "token", "list")
            self.assertIn("not running", self.ok("status"))
        finally:
            self.world.start_api()
            self.wait_ready()


class Activation(Programs):
    """The bus knows how daemons are started; here nobody can, as when a unit fails."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        services = f"<servicedir>{SOURCE}/dbus</servicedir></busconfig>"
        with unittest.mock.patch("world.BUS_CONFIG", BUS_CONFIG.replace("</busconfig>", services)):
            cls.world.start_bus()

    def test_looking_starts_nothing(self):
        code, out, err = self.run_ctl("status", "--json")
        self.assertEqual(code, UNAVAILABLE, err)
        self.assertEqual({r["state"] for r in json.loads(out)}, {"not running"})
        self.fails(UNAVAILABLE, "systemctl enable --now dpin-hub", "status", "hub")
        self.fails(UNAVAILABLE, "systemctl enable --now dpin-hub", "top", "--count=1")
        self.fails(UNAVAILABLE, "no daemon of dpin runs here", "reload")
        self.assertNotIn("Activating service name='org.dpin.Hub1'", self.world.bus.log())

    def test_acting_would_and_says_where_to_look(self):
        self.fails(UNAVAILABLE, "dpin-api could not be started: journalctl -u dpin-api", "token", "list")
        self.assertIn("Activating service name='org.dpin.Api1'", self.world.bus.log())

    def test_the_files_name_the_units_that_enabling_makes(self):
        for interface, folder in DAEMONS.items():
            with open(os.path.join(SOURCE, "dbus", f"org.dpin.{interface}.service"), encoding="utf-8") as f:
                lines = f.read().splitlines()
            alias = f"dbus-org.dpin.{interface}.service"
            for line in (f"Name=org.dpin.{interface}", f"SystemdService={alias}", f"User=dpin-{folder}",
                         "Exec=/bin/false"):
                self.assertIn(line, lines)
            units = "".join(read("units", name) for name in ("meson.build", f"dpin-{folder}.service.in"))
            self.assertIn(f"Alias={alias}", units)


class WithoutPolkit(Programs):
    """A system bus on which nobody can say who may: nobody may, not even root."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.start_bus()
        cls.env = {"DBUS_SYSTEM_BUS_ADDRESS": cls.world.bus_address}
        state, path = cls.world._directory("validator"), cls.world._conf("validator", "[Validator]\n")
        validator = Process("validator", [cls.world.program("dpin-validator"), f"--config={path}"], cls.world.run,
                            env={**cls.env, "HUB_WSS_URL": "ws://127.0.0.1:9/ws", "STATE_DIRECTORY": state}).start()
        cls.addClassCleanup(validator.stop)

    def run_system(self, *args):
        done = subprocess.run([self.world.program("dpinctl"), *args], capture_output=True, text=True, check=False,
                              env={**os.environ, **self.env}, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr

    def test_looking_is_for_everyone(self):
        code, out, err = self.run_system("validator", "status", "--json")
        self.assertEqual(code, OK, err)
        self.assertFalse(json.loads(out)["Connected"])

    def test_acting_is_for_nobody(self):
        for action, *args in (("check", "check", "http://127.0.0.1:9/"), ("reload", "reload", "validator")):
            code, out, err = self.run_system(*args)
            self.assertEqual((code, out), (DENIED, ""), err)
            self.assertIn(f"there is no polkit here to allow org.dpin.Validator1.{action}: install polkitd", err)


class Described(unittest.TestCase):
    """The files that are installed, and the sources."""

    def test_every_member_says_what_it_is(self):
        for interface in DAEMONS:
            element, = [e for e in described(interface).iter("interface")]
            for before, member in zip([None, *element], element):
                if isinstance(member.tag, str):
                    self.assertIs(before is not None and before.tag, tree.Comment, f"{interface} {member.get('name')}")

    def test_every_action_is_in_the_policy_and_no_other(self):
        actions, asked = {}, set()
        for name in os.listdir(os.path.join(SOURCE, "polkit")):
            for action in tree.parse(os.path.join(SOURCE, "polkit", name)).iter("action"):
                self.assertTrue(action.get("id").startswith(name.removesuffix("policy")), name)
                actions[action.get("id")] = action
        for folder in DAEMONS.values():
            for name in os.listdir(os.path.join(SOURCE, "src", folder)):
                if name.startswith("bus") and name.endswith(".c"):
                    asked.update(re.findall(r'"(org\.dpin\.\w+1\.[a-z]+(?:-[a-z]+)*)"', read("src", folder, name)))
        self.assertEqual(asked, set(actions))
        for name, action in actions.items():
            owner, = [a.text for a in action.iter("annotate") if a.get("key") == "org.freedesktop.policykit.owner"]
            self.assertEqual(owner, "unix-user:dpin-" + DAEMONS[name.split(".")[2]], name)
            self.assertTrue(action.findtext("description") and action.findtext("message"), name)
            for who in ("allow_any", "allow_inactive", "allow_active"):
                self.assertRegex(action.findtext(f"defaults/{who}"), r"^auth_admin(_keep)?$", name)


def read(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as f:
        return f.read()


def described(interface):
    parser = tree.XMLParser(target=tree.TreeBuilder(insert_comments=True))
    return tree.parse(os.path.join(SOURCE, "dbus", f"org.dpin.{interface}.xml"), parser).getroot()


if __name__ == "__main__":
    unittest.main()
