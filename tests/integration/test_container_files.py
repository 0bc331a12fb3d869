"""The files of container/ fit one another, the program and its settings; tests/system/test_container.py runs them."""

import json
import os
import re
import subprocess
import tempfile
import unittest

import yaml

from hub_case import BUILD, build_has
from world import World

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def text(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as f:
        return f.read()


@unittest.skipUnless(build_has("dpin-validator"), "dpin-validator is not built")
class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.secret, cls.deployment = yaml.safe_load_all(text("container/kubernetes.yaml"))
        cls.pod = cls.deployment["spec"]["template"]["spec"]
        cls.container, = cls.pod["containers"]
        cls.image = text("container/Containerfile")
        cls.world = World(BUILD)
        cls.addClassCleanup(cls.world.stop)

    def validator(self, *words, **variables):
        with tempfile.TemporaryDirectory() as state:
            return subprocess.run([self.world.program("dpin-validator"), "--bus=none", *words], text=True,
                                  env={"STATE_DIRECTORY": state, "PATH": "/usr/bin", **variables}, check=False,
                                  capture_output=True, timeout=30)

    def command_of(self, probe):
        program, *words = self.container[probe]["exec"]["command"]
        self.assertEqual(program, "dpin-validator")
        return words

    def test_the_user_is_the_same_everywhere_and_not_root(self):
        user, = re.findall(r"^USER (\d+:\d+)$", self.image, re.M)
        self.assertEqual(user, "10001:10001")
        self.assertIn(f"dpin-validator:x:{user}:", text("container/passwd"))
        self.assertIn(f"dpin-validator:x:{user.split(':')[1]}:\n", text("container/group"))
        context = self.pod["securityContext"]
        self.assertEqual({context[k] for k in ("runAsUser", "runAsGroup", "fsGroup")}, {10001})
        self.assertIn("CONTAINER_USER=10001\n", text("tests/dev/container.sh"))

    def test_the_pod_is_confined(self):
        """As Kubernetes' pod security standard "restricted" wants it, and more."""
        self.assertEqual(self.pod["securityContext"]["runAsNonRoot"], True)
        self.assertEqual(self.pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
        self.assertEqual(self.container["securityContext"],
                         {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                          "capabilities": {"drop": ["ALL"]}})
        self.assertIs(self.pod["automountServiceAccountToken"], False)
        self.assertFalse({"hostNetwork", "hostPID", "hostIPC"} & set(self.pod))
        self.assertTrue(all(set(v) == {"name", "emptyDir"} for v in self.pod["volumes"]))

    def test_parts_name_one_another(self):
        spec = self.deployment["spec"]
        self.assertEqual((self.secret["kind"], self.deployment["kind"], self.deployment["apiVersion"]),
                         ("Secret", "Deployment", "apps/v1"))
        self.assertEqual(spec["selector"]["matchLabels"], spec["template"]["metadata"]["labels"])
        self.assertEqual((spec["replicas"], spec["strategy"]), (1, {"type": "Recreate"}), "a key is one validator's")
        mount, = self.container["volumeMounts"]
        self.assertEqual([v["name"] for v in self.pod["volumes"]], [mount["name"]])
        self.assertIn(f"STATE_DIRECTORY={mount['mountPath']} ", self.image)
        key, = (e["valueFrom"]["secretKeyRef"] for e in self.container["env"] if e["name"] == "PRIVATE_KEY")
        self.assertEqual(key["name"], self.secret["metadata"]["name"])
        self.assertIn(key["key"], self.secret["stringData"])
        version = re.search(r"version: '([\d.]+)'", text("meson.build"))[1]
        self.assertTrue(self.container["image"].endswith(f"/dpin-validator:{version}"))

    def test_variables_are_those_that_are_read(self):
        table = set(re.findall(r'"([A-Z_]+)" \}', text("src/validator/conf.c"))) | {"PRIVATE_KEY", "PATH"}
        in_pod = {e["name"] for e in self.container["env"]}
        in_image = set(re.findall(r"([A-Z_]+)=\S+ ?(?:\\$|$)", self.image, re.M))
        self.assertEqual(in_pod, {"HUB_WSS_URL", "PRIVATE_KEY", "VALIDATOR_TAGS"})
        self.assertEqual(in_image, in_pod | {"PATH", "STATE_DIRECTORY"})
        self.assertLessEqual(in_image, table)

    def test_probes_are_questions_that_the_program_knows(self):
        self.assertEqual([self.command_of(f"{p}Probe") for p in ("startup", "liveness", "readiness")],
                         [["--health=alive"], ["--health=alive"], ["--health=ready"]])
        check = json.loads(re.search(r"^HEALTHCHECK .*CMD (\[.*\])$", self.image, re.M)[1])
        for words in (*(self.command_of(f"{p}Probe") for p in ("startup", "liveness", "readiness")), check[1:]):
            done = self.validator(*words)
            self.assertEqual((done.returncode, done.stdout[:12]), (1, "not running:"), done.stderr)
        patience = int(re.search(r"HEALTH_PATIENCE \((\d+) \*", text("src/validator/dpin-validator.c"))[1])
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            self.assertGreater(self.container[probe]["timeoutSeconds"], patience)
        self.assertIn("--timeout=5s ", self.image)

    def test_the_settings_are_good_and_the_key_is_a_placeholder(self):
        plain = {e["name"]: e["value"] for e in self.container["env"] if "value" in e}
        done = self.validator("--check-config", **plain)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        done = self.validator(**plain, **self.secret["stringData"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("the validator's key is refused", done.stderr)

    def test_its_room_is_enough_for_a_full_spool(self):
        spool = int(re.search(r'"SpoolMax".*?"(\d+)"', text("src/validator/conf.c"), re.S)[1]) >> 20
        room = int(self.pod["volumes"][0]["emptyDir"]["sizeLimit"].removesuffix("Mi"))
        self.assertGreaterEqual(room, 2 * spool)
        self.assertGreater(int(self.container["resources"]["limits"]["ephemeral-storage"].removesuffix("Mi")), room)


if __name__ == "__main__":
    unittest.main()
