"""A real hub with a database of its own for a class of tests, and what such tests do again and again."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "run")]

from dpin_line import Line  # noqa: E402
from dpin_validator import ABSTAINS, REFUSED, UP, Validator  # noqa: E402
from dpin_wire import Key, batch  # noqa: E402
from process import wait_until  # noqa: E402
from world import World  # noqa: E402

BUILD = os.environ.get("DPIN_BUILD") or os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "gcc")


def build_has(program):
    return any(os.path.exists(os.path.join(BUILD, *path)) for path in (("src", program), ("src", program[5:], program)))


@unittest.skipUnless(build_has("dpin-hub"), "dpin-hub is not built")
class HubCase(unittest.TestCase):
    """`conf` goes into hub.conf; `bus`: it has a place on a private bus; `empty`: all migrations are done here, none
    comes with a copy of a database that has them."""

    conf, bus, empty = "", False, False

    @classmethod
    def setUpClass(cls):
        cls.world = World(BUILD)
        cls.addClassCleanup(cls.world.stop)
        cls.world.start_database(cls.empty)
        cls.world.migrate()
        cls.db = cls.world.database
        if cls.bus:
            cls.world.start_bus()
        cls.world.start_hub(conf=cls.conf)
        cls.wait_ready()

    @classmethod
    def wait_ready(cls):
        wait_until(lambda: cls.value("SELECT network_key IS NOT NULL FROM hub_state") == "t",
                   "the hub has its database")

    @classmethod
    def value(cls, sql):
        return cls.db.value(sql)

    def line(self, **options):
        line = Line(self.world.hub_url, **options)
        self.addCleanup(line.close)
        return line

    def validator(self, key=None, sees=None, **options):
        v = Validator(self.world.hub_url, sees or (lambda *_: UP), key=key, **options).start()
        self.addCleanup(v.stop)
        return v

    @classmethod
    def add_website(cls, url, interval_ms=10000, timeout_ms=2000, seats=4):
        """Its internal id."""
        cls.db.sql("""INSERT INTO organisation (public_id, name) VALUES (gen_random_uuid(), 'test')
                       ON CONFLICT DO NOTHING""")
        return int(cls.value(f"""WITH made AS (
            INSERT INTO website (public_id, organisation_id, url, interval_ms, timeout_ms, seats)
            VALUES (gen_random_uuid(), (SELECT id FROM organisation WHERE name = 'test'), '{url}', {interval_ms},
                    {timeout_ms}, {seats}) RETURNING id) SELECT id FROM made"""))

    def remove_website(self, website):
        self.db.sql(f"UPDATE website SET removed_at = now() WHERE id = {website}")

    @classmethod
    def state(cls, website):
        return cls.value(f"SELECT state FROM verdict_span WHERE website_id = {website} AND ended_at IS NULL")

    def wait_state(self, website, state, seconds=20.0):
        wait_until(lambda: self.state(website) == state, f"website {website} is {state}", seconds)

    def open_incidents(self, website):
        return int(self.value(f"SELECT count(*) FROM incident WHERE website_id = {website} AND closed_at IS NULL"))

    def assert_serves(self):
        """The hub still welcomes a newcomer, and is the same process."""
        self.assertTrue(self.world.hub.running())
        with Line(self.world.hub_url) as line:
            self.assertTrue(line.welcome()["approved"])


class Site:
    """A website that exists in what validators claim to see of it: `down` has the numbers of those who see it down,
    `mute` of those who say nothing, `idle` of those who answer probes only, `abstaining` of those who cannot tell."""

    def __init__(self, website, url, **numbers):
        self.website, self.url = website, url
        self.down, self.mute, self.idle, self.abstaining = (
            set(numbers.pop(kind, ())) for kind in ("down", "mute", "idle", "abstaining"))
        assert not numbers, numbers

    def sees(self, number, kind=batch.SCHEDULED):
        if number in self.mute or number in self.idle and kind == batch.SCHEDULED:
            return None
        if number in self.abstaining:
            return ABSTAINS
        return REFUSED if number in self.down else UP


class CommitteeCase(HubCase):
    """Four validators for the class. Newcomers get work when they have been quiet for ten seconds: that is waited for
    once; a website added later has its committee at once."""

    seats = 4

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sites, cls.validators = {}, []
        for i in range(cls.seats):
            v = Validator(cls.world.hub_url, cls.eyes(i), key=Key(bytes([i + 1]) * 32), tags=[f"name=v{i}"])
            cls.validators.append(v.start())
            cls.addClassCleanup(v.stop)
        for v in cls.validators:
            v.wait_welcome()
        first = cls.new_site("first")
        wait_until(lambda: cls.state(first.website) == "UP", "the first website is UP", 25)

    @classmethod
    def eyes(cls, number):
        return lambda order, spec, kind, probe: cls.sites[spec["url"]].sees(number, kind)

    @classmethod
    def new_site(cls, name, numbers=None, **options):
        """What some do not see from the first check on is said here, `numbers` as Site takes them."""
        url = f"http://{name}.example/"
        site = cls.sites[url] = Site(0, url, **(numbers or {}))
        site.website = cls.add_website(url, **options)
        return site

    def site_up(self, name, numbers=None, **options):
        """A new website, judged UP by its committee; `idle` ones give only the probes' answers to that."""
        site = self.new_site(name, numbers, **options)
        self.addCleanup(self.remove_website, site.website)
        self.wait_state(site.website, "UP")
        return site

    def order_of(self, validator, site):
        """(id, order) that this validator has for the site."""
        return next((name, order) for name, (order, spec) in validator.orders.items() if spec["url"] == site.url)

    def tearDown(self):
        for v in self.validators:
            self.assertEqual(v.errors, [])
