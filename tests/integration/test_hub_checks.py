"""What is checked: the exact bytes of a specification reach the validators, and only those that can do it are asked."""

import json
import unittest

from hub_case import UP, CommitteeCase, HubCase
from dpin_order import spec_encode
from dpin_validator import REFUSED, Validator
from dpin_wire import Key
from process import wait_until


class Checks(CommitteeCase):
    """Two validators that do HTTP only, two that do TCP as well."""

    seats = 0

    @classmethod
    def setUpClass(cls):
        super(CommitteeCase, cls).setUpClass()
        cls.sites, cls.validators = {}, []
        for i in range(4):
            able = ["http", "tcp", "smell"] if i >= 2 else ["http"]
            v = Validator(cls.world.hub_url, lambda order, spec, kind, probe: UP, key=Key(bytes([i + 1]) * 32),
                          capabilities=able)
            cls.validators.append(v.start())
            cls.addClassCleanup(v.stop)
        for v in cls.validators:
            v.wait_welcome()
        first = cls.add_website("http://first.example/")
        wait_until(lambda: cls.state(first) == "UP", "the first website is UP", 25)

    def add(self, url, spec=b"", **options):
        website = self.add_website(url, **options)
        if spec:
            self.db.sql("UPDATE website SET specification = '%s' WHERE id = %d"
                        % (spec.decode().replace("'", "''"), website))
        self.addCleanup(self.remove_website, website)
        return website

    def holders(self, url):
        """The numbers of the validators that have an order for it, and what these say."""
        held = {i: spec for i, v in enumerate(self.validators) for _, spec in list(v.orders.values())
                if spec["url"] == url}
        return sorted(held), list(held.values())

    def wait_holders(self, url, numbers):
        wait_until(lambda: self.holders(url)[0] == numbers, f"{numbers} have orders for {url}", 20)
        return self.holders(url)[1]

    def test_what_a_website_says_is_what_validators_are_told(self):
        url = "https://told.example/"
        spec = spec_encode(url, method="POST", redirects=0, status="201", body="x",
                           assertions=[{"source": "body", "operator": "contains", "value": "it's fine"}])
        website = self.add(url, spec)
        self.wait_state(website, "UP")
        wait_until(lambda: self.holders(url) == ([0, 1, 2, 3], [json.loads(spec)] * 4), "all are told the same", 20)
        self.assertEqual(self.db.sql("SELECT count(*) FROM specification WHERE bytes = convert_to((SELECT specification"
                                     " FROM website WHERE id = %d), 'UTF8')" % website), [["1"]])

    def test_others_are_not_asked(self):
        website = self.add("tcp://mail.example:25")
        self.wait_state(website, "UP")
        specs = self.wait_holders("tcp://mail.example:25", [2, 3])
        self.assertEqual(specs, [{"type": "tcp", "url": "tcp://mail.example:25"}] * 2)
        self.assertEqual(self.value(f"SELECT max(n) FROM work_order WHERE website_id = {website}"), "2")

    def test_only_over_one_family(self):
        website = self.add("http://six.example/")
        self.db.sql(f"UPDATE website SET family = 6 WHERE id = {website}")
        late = self.validator(key=Key(b"6" * 32), capabilities=["http", "ipv6"])
        wait_until(lambda: any(o.family == 6 for o, _ in late.orders.values()), "an order over IPv6", 40)
        self.wait_state(website, "UP")
        self.wait_holders("http://six.example/", [])

    def test_slower_than_it_may_be_is_degraded(self):
        website = self.add("http://slow.example/")  # all say 1.3 ms
        self.wait_state(website, "UP")
        self.db.sql(f"UPDATE website SET slow_ms = 1 WHERE id = {website}")
        self.wait_state(website, "DEGRADED")
        cause = self.value(f"SELECT cause FROM verdict_span WHERE ended_at IS NULL AND website_id = {website}")
        self.assertEqual(cause, "slow")
        self.db.sql(f"UPDATE website SET slow_ms = 2 WHERE id = {website}")
        self.wait_state(website, "UP")

    def test_nobody_can(self):
        website = self.add("icmp://192.0.2.1")
        other = self.add("http://other.example/")
        self.wait_state(other, "UP")
        self.assertEqual(self.holders("icmp://192.0.2.1"), ([], []))
        self.assertIn(self.state(website), (None, "UNKNOWN"))

    def test_who_learns_it_is_asked(self):
        website = self.add("dns:learned.example?type=MX")
        late = self.validator(key=Key(b"l" * 32), capabilities=["dns"])
        wait_until(lambda: any(s["url"].startswith("dns:") for _, s in late.orders.values()), "an order for it", 40)
        self.wait_state(website, "UP")
        self.assertEqual(self.value("SELECT capabilities FROM validator WHERE 'dns' = ANY (capabilities)"), "{dns}")
        self.assertEqual({s["type"] for _, s in late.orders.values()}, {"dns"})

    def test_who_learned_it_without_having_been_away(self):
        """Its new connection takes the place of the former, which nobody had closed."""
        key = Key(b"q" * 32)
        self.line().welcome(key)
        self.add("tls://quick.example:443")
        self.wait_state(self.add("http://quick.example/"), "UP")  # so the hub knows the one before
        late = self.validator(key=key, capabilities=["http", "tls"])
        wait_until(lambda: any(s["type"] == "tls" for _, s in late.orders.values()), "an order for it", 20)

    def test_what_is_no_specification_is_not_checked(self):
        website = self.add("http://broken.example/", b'{"type":"http"}')
        other = self.add("http://after.example/")
        self.wait_state(other, "UP")
        self.assertEqual(self.holders("http://broken.example/"), ([], []))
        self.assertEqual(self.open_incidents(website), 0)
        self.assert_serves()


class Families(HubCase):
    def test_each_family_apart(self):
        """Two websites of one URL."""
        ids = []
        for family in (4, 6):
            ids.append(self.add_website("http://twofold.example/"))
            self.db.sql(f"UPDATE website SET family = {family} WHERE id = {ids[-1]}")
        for family, sees in ((4, UP), (6, REFUSED)):
            self.validator(key=Key(b"f%d" % family * 16), sees=lambda *_, sees=sees: sees,
                           capabilities=["http", f"ipv{family}"])
        self.wait_state(ids[0], "UP")
        self.wait_state(ids[1], "DOWN")
        self.assertEqual(self.state(ids[0]), "UP")
        self.assertEqual(self.db.sql(f"SELECT website_id FROM incident WHERE website_id IN ({ids[0]}, {ids[1]})"),
                         [[str(ids[1])]])


if __name__ == "__main__":
    unittest.main()
