"""More validators are eligible than the stored order of an epoch has: whoever comes after those is still found."""

import hmac
import unittest

from hub_case import HubCase
from dpin_wire import Key
from process import wait_until

ELIGIBLE, RANKED = 40, 32  # the latter are stored in their order
SEATS = 4
MEMBER = 1  # the type of an order


class Crowd(HubCase):
    def setUp(self):
        self.crowd = {}
        for i in range(ELIGIBLE):
            v = self.validator(Key(bytes([i + 1]) * 32))
            self.crowd[v.key.public] = v
        for v in self.crowd.values():
            v.wait_welcome()
        wait_until(lambda: self.value("SELECT count(*) FROM validator WHERE connected"
                                      " AND last_connected_at < now() - interval '12 seconds'") == str(ELIGIBLE),
                   "nobody is a newcomer any more", 30)

    def ranked(self, site):
        """The public keys of the eligible, highest score first, by the epoch's secret; and how many are stored so."""
        [[secret, stored, website]] = self.db.sql(f"""
            SELECT encode(e.secret, 'hex'), length(e.ranking) / 4, replace(w.public_id::text, '-', '')
              FROM epoch e JOIN website w ON w.id = e.website_id WHERE w.id = {site}""")
        scores = {k: hmac.digest(bytes.fromhex(secret), bytes.fromhex(website) + k, "sha256") for k in self.crowd}
        return sorted(self.crowd, key=scores.get, reverse=True), int(stored)

    def orders(self, site):
        """{public key: order} of those who sit."""
        return {bytes.fromhex(key): order for key, order in self.db.sql(f"""
            SELECT encode(v.key, 'hex'), encode(o.public_id, 'hex') FROM work_order o JOIN validator v
                ON v.id = o.validator_id WHERE o.website_id = {site} AND o.type = {MEMBER}
               AND o.removed_at IS NULL""")}

    def test_a_seat_after_a_restart_is_filled_by_who_is_not_in_the_stored_order(self):
        site = self.add_website("http://crowd.example/")
        self.wait_state(site, "UP")
        ranked, stored = self.ranked(site)
        before = self.orders(site)
        self.assertEqual((set(before), stored), (set(ranked[:SEATS]), RANKED))
        for key in ranked[SEATS:RANKED]:
            self.crowd[key].stop()
        self.world.hub.kill()
        self.world.start_hub()
        rest = ranked[:SEATS] + ranked[RANKED:]
        for key in rest:
            v = self.crowd[key]
            v.wait(lambda v: v.joins == 2 and v.socket.open, "back", 20)
        for key, order in before.items():
            self.crowd[key].wait(lambda v, order=order: [o.hex() for o in v.orders] == [order], "has its order", 20)
        self.assertEqual(self.orders(site), before)
        self.crowd[ranked[0]].stop()
        wait_until(lambda: ranked[0] not in self.orders(site), "its seat has another holder", 60)
        wait_until(lambda: len(self.orders(site)) == SEATS, "all seats have one", 10)
        self.assertEqual(set(self.orders(site)), set(ranked[1:SEATS]) | {ranked[RANKED]})
        self.assertEqual(self.value(f"SELECT count(*) FROM epoch WHERE website_id = {site}"), "1")
        self.assertEqual(self.state(site), "UP")


if __name__ == "__main__":
    unittest.main()
