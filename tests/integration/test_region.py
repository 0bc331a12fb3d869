"""A website that is down in one region only, as real validators of that region see it: their name server leads them to
where nothing listens. The verdict is PARTIAL and names the region, in the database, by REST and in a sentence."""

import json
import os
import socket
import struct
import sys
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "run")]

from hub_case import BUILD, build_has  # noqa: E402
from process import wait_until  # noqa: E402
from site_switch import Site  # noqa: E402
from world import World  # noqa: E402

A, HERE_IT_IS, NOTHING_THERE = 1, bytes((127, 0, 0, 1)), bytes((127, 0, 0, 2))
SEATS, VALIDATORS = 7, 11
RESOLVERS = "Allow=127.0.0.0/8\nResolvers=127.0.0.1:{}\n"


class Names:
    """Says of every name where it is, for no longer than a check."""

    def __init__(self):
        self.address = HERE_IT_IS
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            question, peer = self.socket.recvfrom(1500)
            end = question.index(0, 12) + 5
            found = question[end - 4:end - 2] == struct.pack(">H", A)
            answer = struct.pack(">3HIH", 0xc00c, A, 1, 0, 4) + self.address if found else b""
            head = question[:2] + struct.pack(">5H", 0x8180, 1, int(found), 0, 0)
            self.socket.sendto(head + question[12:end] + answer, peer)


@unittest.skipUnless(build_has("dpin-validator") and build_has("dpin-api"), "the programs are not built")
class Region(unittest.TestCase):
    """Who has two of the seats, and all who have none, are of the north."""

    @classmethod
    def setUpClass(cls):
        cls.world = World(BUILD)
        cls.addClassCleanup(cls.world.stop)
        cls.site = Site()
        cls.addClassCleanup(cls.site.close)
        cls.world.start(validators=())
        cls.db = cls.world.database
        cls.names = {f"v{i}": Names() for i in range(VALIDATORS)}
        for name, names in cls.names.items():
            cls.world.start_validator(name, conf=RESOLVERS.format(names.port))
        wait_until(lambda: cls.db.value("SELECT count(*) FROM validator WHERE connected") == str(VALIDATORS),
                   "all are connected")
        cls.keys = dict(cls.db.sql("SELECT name, key_text(key) FROM validator"))
        for name, key in cls.keys.items():
            cls.world.ctl("validator", "approve", key, "--operator", name)
        cls.token = cls.world.token()
        cls.add_website()
        cls.north = set(cls.names) - set(cls.seated()[2:])
        for name, key in cls.keys.items():
            cls.world.ctl("validator", "approve", key, "--region", "north" if name in cls.north else "south")

    @classmethod
    def add_website(cls):
        status, _, body = cls.world.request("POST", "/api/v1/website", cls.token, {
            "url": cls.site.url.replace("127.0.0.1", "shop.example"), "intervalMs": 10000, "seats": SEATS})
        assert status == 201, body
        cls.website = body["id"]
        wait_until(lambda: cls.state() == ["UP", "quorum", str(SEATS)] and len(cls.seated()) == SEATS,
                   "all seats are taken, and it is UP", 40)

    @classmethod
    def seated(cls):
        return [row[0] for row in cls.db.sql("""SELECT v.name FROM work_order o JOIN validator v ON v.id = validator_id
                                                WHERE o.type = 1 AND o.removed_at IS NULL ORDER BY seat""")]

    def lead(self, names, address):
        for name in names:
            self.names[name].address = address

    @classmethod
    def state(cls):
        rows = cls.db.sql("SELECT state, cause, n FROM verdict_span WHERE ended_at IS NULL")
        return rows[0] if rows else None

    def verdict(self):
        return self.world.get(f"/api/v1/website/verdict?websiteId={self.website}", self.token)

    def test_the_region_is_named_and_nothing_else_is_down(self):
        self.lead(self.north, NOTHING_THERE)
        wait_until(lambda: self.state()[:2] == ["PARTIAL", "region"], "it is down in a region", 40)
        region, = json.loads(self.db.value("SELECT regions FROM verdict_span WHERE ended_at IS NULL"))
        self.assertEqual((region["region"], region["n"], region["up"], region["counts"]), ("north", 4, 0, True))
        verdict = self.verdict()
        self.assertEqual((verdict["state"], verdict["regions"]), ("PARTIAL", [region]))
        self.assertRegex(verdict["why"],
                         r"^It is down in a region: [34] of 4 say so in north; of all seats 5 of 7 say up")
        self.assertEqual({s["validatorName"] for s in verdict["seats"] if s["vote"] == "down"},
                         self.north & set(self.seated()))
        status = self.world.get(f"/api/v1/website/status?websiteId={self.website}", self.token)
        self.assertEqual((status["state"], [r["region"] for r in status["regions"]]), ("PARTIAL", ["north"]))
        self.lead(self.north, HERE_IT_IS)
        wait_until(lambda: self.state()[0] == "UP", "it is whole again", 40)
        self.assertEqual(self.verdict()["regions"], [])
        states = [row[0] for row in self.db.sql("SELECT state FROM verdict_span WHERE state <> 'UNKNOWN' ORDER BY id")]
        self.assertEqual([a for a, b in zip(states, [None, *states]) if a != b], ["UP", "PARTIAL", "UP"])
        self.assertEqual(self.db.value("SELECT count(*) FROM incident"), "0", "nothing is down everywhere")

    def test_whole_outages_are_of_no_region(self):
        self.lead(self.names, NOTHING_THERE)
        wait_until(lambda: self.state()[0] == "DOWN", "it is down everywhere", 40)
        self.assertNotIn("region", self.verdict()["why"])
        self.lead(self.names, HERE_IT_IS)
        wait_until(lambda: self.state()[0] == "UP", "it is up again", 40)


if __name__ == "__main__":
    unittest.main()
