"""A real dpin-api under attack: what it says it refused, the memory it has, and that it serves on."""

import json
import os

from hub_case import BUILD
from process import wait_until
from raw_http import RawHttp
from test_api import ApiCase

SANITIZED = os.path.basename(os.path.normpath(BUILD)) == "sanitize"


class HttpCase(ApiCase):
    """A dashboard of one page in a folder with a secret beside it."""

    conf, descriptors = "", None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = os.path.join(cls.world.run, "site")
        os.makedirs(os.path.join(cls.folder, "dashboard"))
        for name, text in (("dashboard/index.html", "<title>page</title>"), ("dashboard/app.js", "x" * 200_000),
                           ("secret.txt", "SECRET"), ("dashboard/.hidden", "SECRET")):
            with open(os.path.join(cls.folder, name), "w", encoding="ascii") as f:
                f.write(text)
        cls.world.api.stop()
        cls.world.start_api(conf=f"Dashboard={cls.folder}/dashboard\n{cls.conf}", descriptors=cls.descriptors)
        cls.wait_ready()
        cls.address = cls.world.api_socket.getsockname()

    def line(self, **options):
        line = RawHttp(self.address, **options)
        self.addCleanup(line.close)
        return line

    def ask(self, data, **options):
        with RawHttp(self.address, **options) as line:
            return line.say(data).answer()

    def assert_problem(self, answer, status, what):
        self.assertEqual(answer.status, status, what)
        self.assertIsNotNone(answer.problem, what)
        self.assertEqual(answer.problem["status"], status)
        self.assertTrue(answer.problem["title"] and answer.problem["detail"], what)

    def status(self, name):
        """A property of D-Bus as `dpinctl status` shows it."""
        rows = {r["daemon"]: r for r in json.loads(self.world.ctl("status", "--json"))}
        words = " ".join(rows["dpin-api"]["detail"]).split()
        return next((x.partition("=")[2] for x in words if x.startswith(name + "=")), "")

    def refusals(self):
        """{reason: count}"""
        return {name: int(n) for name, _, n in (x.partition(":") for x in self.status("Refused").split(",") if x)}

    def connections(self):
        return int(self.status("Connections"))

    def assert_serves(self):
        self.assertTrue(self.world.api.running())
        self.assertEqual(self.call("GET", "/api/v1/websites", self.one)[0], 200)
