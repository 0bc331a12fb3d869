"""A website that is down in one region: a panel of that region is asked, the verdict names it, and a restart changes
nothing of it."""

import json
import unittest

from dpin_order import PANEL
from dpin_wire import Key
from hub_case import CommitteeCase
from process import wait_until
from verify_store import verify

SEATS, VALIDATORS = 7, 11


class Regions(CommitteeCase):
    """Two of seven seats and all that have no seat are of one region."""

    seats = VALIDATORS

    @classmethod
    def add_website(cls, url, **options):
        return super().add_website(url, **options | {"seats": SEATS})

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site = next(iter(cls.sites.values()))
        seated = [cls.number(key) for (key,) in cls.db.sql(f"""SELECT encode(key, 'hex') FROM validator v
            JOIN work_order o ON o.validator_id = v.id WHERE o.website_id = {cls.site.website} AND o.type = 1
            AND o.removed_at IS NULL ORDER BY o.seat""")]
        assert len(seated) == SEATS, seated
        cls.north = set(range(VALIDATORS)) - set(seated[2:])
        cls.seated = set(seated)
        cls.world.hub.kill()
        for i in range(VALIDATORS):
            cls.db.sql(f"""UPDATE validator SET operator = 'operator {i}', region = '{cls.region(i)}'
                           WHERE key = '\\x{cls.validators[i].key.public.hex()}'""")
        cls.restart()

    @classmethod
    def region(cls, number):
        return "north" if number in cls.north else "south"

    @classmethod
    def number(cls, key):
        return next(i for i in range(VALIDATORS) if Key(bytes([i + 1]) * 32).public.hex() == key)

    @classmethod
    def restart(cls):
        joins = [v.joins for v in cls.validators]
        cls.world.start_hub(conf=cls.conf)
        for v, n in zip(cls.validators, joins):
            v.wait(lambda v, n=n: v.joins > n and v.socket.open, "back", 20)

    def spans(self):
        return self.db.sql(f"""SELECT state, cause, regions FROM verdict_span WHERE website_id = {self.site.website}
                               AND id > {self.first_span} ORDER BY id""")

    def setUp(self):
        super().setUp()
        self.wait_state(self.site.website, "UP")
        self.first_span = self.value("SELECT max(id) FROM verdict_span")

    def members(self):
        """Number and order of those on the panel, by the database."""
        return {self.number(key): row for key, *row in self.db.sql(f"""SELECT encode(v.key, 'hex'), o.id, o.seat, o.n
            FROM work_order o JOIN validator v ON v.id = o.validator_id WHERE o.website_id = {self.site.website}
            AND o.type = {PANEL} AND o.removed_at IS NULL""")}

    def orders_of_panel(self, number):
        return {name for name, (order, _) in self.validators[number].orders.items() if order.type == PANEL}

    def ticks_of_panel(self, number):
        return sum(t.order in self.orders_of_panel(number) for t in self.validators[number].ticks)

    def wait_checked(self, numbers, more=1):
        for i in numbers:
            had = self.ticks_of_panel(i)
            self.validators[i].wait(lambda v, i=i, had=had: self.ticks_of_panel(i) >= had + more, "another check", 25)

    def test_a_region_is_named_and_stands_over_a_restart(self):
        self.site.down = set(self.north)
        self.wait_state(self.site.website, "PARTIAL", 30)
        (state, cause, regions), = self.spans()
        self.assertEqual((state, cause), ("PARTIAL", "region"))
        (region,) = json.loads(regions)
        self.assertEqual((region["region"], region["n"], region["up"], region["counts"]), ("north", 4, 0, True))
        self.assertGreaterEqual(region["down"], 3)
        payload = json.loads(self.value("""SELECT payload FROM event WHERE kind = 'verdict.changed'
                                           ORDER BY commit_no DESC, ordinal DESC LIMIT 1"""))
        self.assertEqual((payload["state"], payload["regions"]), ("PARTIAL", ["north"]))
        members = self.members()
        self.assertEqual(set(members), self.north - self.seated, "those without a seat are asked")
        self.assertEqual({(seat, n) for _, seat, n in members.values()}, {(str(i), "4") for i in range(4)})
        self.wait_checked(members)

        self.world.hub.kill()
        self.restart()
        self.wait_checked(members, 2)
        self.assertEqual(self.members(), members, "they go on under the same orders")
        self.assertEqual(len(self.spans()), 1, "the verdict stands")

        self.site.down = set()
        self.wait_state(self.site.website, "UP", 30)
        wait_until(lambda: not self.members(), "the panel is over", 20)
        for i in members:
            self.validators[i].wait(lambda v, i=i: not self.orders_of_panel(i), "its order is taken back")
        self.assertEqual([(s, r) for s, _, r in self.spans()][1:], [("UP", "[]")])
        self.assertEqual(self.open_incidents(self.site.website), 0)
        self.assertGreater(verify(self.world), 0)

    def test_liars_of_a_region_change_nothing(self):
        asked = int(self.value(f"SELECT count(*) FROM work_order WHERE type = {PANEL}"))
        site = self.new_site("liars")
        self.addCleanup(self.remove_website, site.website)
        self.wait_state(site.website, "UP")
        holders = [self.number(key) for (key,) in self.db.sql(f"""SELECT encode(v.key, 'hex') FROM work_order o
            JOIN validator v ON v.id = o.validator_id WHERE o.website_id = {site.website} AND o.type = 1
            AND o.removed_at IS NULL""")]
        liars = [i for i in holders if i in self.north][:2]
        if len(liars) < 2:
            liars = [i for i in holders if i not in self.north][:2]
        site.down = set(liars)
        panel = f"SELECT count(*) FROM work_order WHERE type = {PANEL} AND website_id = {site.website}"
        wait_until(lambda: int(self.value(panel)) > 0, "a panel is asked", 30)
        wait_until(lambda: self.value(f"{panel} AND removed_at IS NULL") == "0", "and is over", 30)
        self.assertEqual(self.state(site.website), "UP")
        self.assertEqual(self.db.sql(f"""SELECT state FROM verdict_span WHERE website_id = {site.website}
                                         AND state <> 'UNKNOWN'"""), [["UP"]])
        self.assertGreater(int(self.value(f"SELECT count(*) FROM work_order WHERE type = {PANEL}")), asked)


if __name__ == "__main__":
    unittest.main()
