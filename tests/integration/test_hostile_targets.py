"""Orders to connect where a validator's owner allows nothing: none does, whatever they are spelled like."""

import collections
import socket
import time
import unittest
import urllib.parse

import spellings
from dpin_wire import batch
from guarded_case import FORBIDDEN, LITERALS, NAMES, NO_ROUTE, OPT_OUT, PUBLIC, GuardedCase
from process import wait_until


class Targets(GuardedCase):
    def assert_refused(self, urls):
        """For their spelling, by the guard, or as a name that nobody has."""
        for url, tick in self.ticks(urls).items():
            if tick is not None:
                self.assertIn((tick.outcome, batch.ERRORS[tick.error]), ((batch.ABSTAIN, "guard"), (batch.DOWN, "dns")),
                              url)

    def test_addresses(self):
        self.start()
        plain = [a if ":" not in a else f"[{a}]" for a in FORBIDDEN]
        urls = [f"http://{a}/" for a in (*plain, *LITERALS)]
        for url, tick in self.ticks(urls).items():
            self.assertIsNotNone(tick, url)
            self.assertEqual((tick.outcome, tick.error), (batch.ABSTAIN, batch.ERROR["guard"]), url)
        self.assert_refused([url.replace("http://", "https://").replace("]/", "]:80/") for url in urls[:-2]])
        log = self.process.log()
        self.assertEqual(log.count("an order's target is not allowed"), 2 * len(urls) - 2, "one line for each order")

    def test_spellings(self):
        self.start()
        self.assertGreaterEqual(len(set(spellings.HOSTS)), 60)
        urls = [url for host in spellings.HOSTS for url in (f"http://{host}/", f"https://{host}/")]
        for at in range(0, len(urls), 100):
            self.assert_refused(urls[at:at + 100])
        self.assert_refused(spellings.URLS)

    def test_spellings_for_other_kinds(self):
        """Whatever a check is, its sockets ask at the same place."""
        self.start()
        for form in ("tcp://{}:80", "tls://{}:80", "icmp://{}", "dns://{}/public.test", "dns://{}:80/public.test"):
            for url, tick in self.ticks([form.format(host) for host in spellings.HOSTS]).items():
                self.assertTrue(tick is None or tick.outcome != batch.UP, url)

    def test_spellings_of_redirects(self):
        """There another parser reads them. What it takes for the public name is asked there, and nowhere else."""
        self.start("TargetRate=10000\n")
        there = [f"http://{host}/" for host in spellings.HOSTS if "\n" not in host] + \
                [url for url in spellings.URLS if "\n" not in url]
        for url, tick in self.ticks([spellings.redirect(url) for url in there]).items():
            self.assertIsNotNone(tick, url)
            self.assertTrue(tick.outcome != batch.UP or tick.address == socket.inet_aton(PUBLIC), url)
            if tick.outcome != batch.UP:
                self.assertIn(batch.ERRORS[tick.error],
                              ("guard", "redirect", "protocol", "dns", "unreachable", "internal"), url)

    def test_names_that_are_bound_anew(self):
        """What a name meant a moment ago, for another check or for the question before, counts for nothing."""
        self.start("TargetRate=10000\n")
        for kind in ("rebind", "both"):
            names = [f"{kind}-{i}.test" for i in range(20)]
            urls = [f"http://{name}/{i}" for name in names for i in range(3)]
            seen = collections.Counter()
            for url, tick in self.ticks(urls + [spellings.redirect(url) for url in urls]).items():
                seen[tick.outcome, batch.ERRORS[tick.error]] += 1
                self.assertTrue(tick.outcome != batch.UP or tick.address == socket.inet_aton(PUBLIC), url)
            self.assertLessEqual(set(seen), {(batch.UP, "none"), (batch.ABSTAIN, "guard")}, kind)
            self.assertGreater(seen[batch.UP, "none"], 0, kind)
            self.assertTrue(seen[batch.ABSTAIN, "guard"] > 0 or kind == "both")
            self.assertTrue(all(self.names.asked[name] for name in names))

    def test_names(self):
        self.start()
        names = [n for n in NAMES if not n.startswith("public")]
        for url, tick in self.ticks([f"http://{name}/" for name in names]).items():
            self.assertEqual((tick.outcome, tick.error), (batch.ABSTAIN, batch.ERROR["guard"]), url)
        tick = self.ticks(["http://mixed.test/"])["http://mixed.test/"]
        self.assertEqual((tick.outcome, tick.address), (batch.UP, socket.inet_aton(PUBLIC)), "the one that is allowed")
        self.assertEqual(self.ticks(["http://public6.test/"])["http://public6.test/"].outcome, batch.UP)

    def test_redirects(self):
        self.start()
        there = ["http://10.1.2.3/", "http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
                 "http://loop.test/", "http://meta.test/latest/meta-data/", "//private.test/", "https://10.1.2.3:80/",
                 f"http://{PUBLIC}/to?http%3A%2F%2F10.1.2.3%2F", "http://0x7f.1/", "http://2130706433/"]
        urls = {f"http://public.test/to?{urllib.parse.quote(url, safe='')}" for url in there}
        for url, tick in self.ticks(urls).items():
            self.assertEqual((tick.outcome, tick.error), (batch.ABSTAIN, batch.ERROR["guard"]), url)
        for scheme in ("file:///etc/passwd", "ftp://10.1.2.3/", "gopher://127.0.0.1:80/x", "dict://127.0.0.1:80/x",
                       "javascript:x", "http:///", "http://:80/"):
            url = f"http://public.test/to?{urllib.parse.quote(scheme, safe='')}"
            tick = self.ticks([url])[url]
            self.assertEqual(tick.outcome, batch.DOWN, url)
            self.assertIn(batch.ERRORS[tick.error], ("redirect", "protocol"), url)

    def test_the_owner_may_allow_what_he_likes(self):
        self.start("Allow=10.0.0.0/8\nDeny=10.1.2.3, 93.0.0.0/8\n")
        tick = self.ticks(["http://10.1.2.3/"])["http://10.1.2.3/"]
        self.assertEqual(tick.error, batch.ERROR["guard"])
        self.process.stop()
        self.start()

    def test_one_address_is_not_flooded(self):
        """Three hundred orders for one address, under many names: it is connected to as often as TargetRate= says."""
        self.start("TargetRate=20\n")
        begun = time.monotonic()
        ticks = self.ticks([f"http://{('public.test', PUBLIC)[i % 2]}/{i}" for i in range(300)])
        outcomes = [(t.outcome, t.error) for t in ticks.values()]
        self.assertEqual(set(outcomes), {(batch.UP, 0), (batch.ABSTAIN, batch.ERROR["guard"])})
        self.assertGreaterEqual(len(self.trap.connections), 40)
        self.assertLessEqual(len(self.trap.connections), 40 + 20 * (time.monotonic() - begun) + 1)
        self.assertEqual(len(self.trap.checks()), outcomes.count((batch.UP, 0)))
        time.sleep(1)  # what one check needs

    def test_a_website_may_opt_out(self):
        self.start("ContactUrl=https://example.org/why\n")
        urls = [f"http://public-no.test/{i}" for i in range(20)]
        name = self.hub.add_order("http://public-no.test/first")
        self.hub.wait(lambda h: h.ticks(name) and name in self.refused(), "the order is refused, and abstains")
        self.assertEqual([n["reason"] for n in self.hub.notices if n["order"] == name],
                         ["the website has opted out of being checked"])
        for url, tick in self.ticks_only(urls).items():
            self.assertEqual((tick.outcome, batch.ERRORS[tick.error]), (batch.ABSTAIN, "guard"), url)
        self.assertEqual([path for host, path, *_ in self.trap.requests if host == "public-no.test"], [OPT_OUT])
        self.assertIn("a website does not want to be checked", self.process.log())
        for tick in self.ticks([f"http://public-spa.test/{i}" for i in range(20)]).values():
            self.assertEqual(tick.outcome, batch.UP)
        asked = [path for host, path, *_ in self.trap.requests if host == "public-spa.test"]
        self.assertEqual((len(asked), asked.count(OPT_OUT)), (21, 1))
        for _, _, agent, _ in self.trap.requests:
            self.assertRegex(agent, r"^dpin/\S+ \(\+https://example.org/why; uptime check .*opt out: /.well-known/")

    def test_what_it_leads_to_may_opt_out(self):
        """By a redirect, at its first check and later ones; or by its host's website, whatever of it is checked."""
        self.start()
        for url in (f"http://public.test/to?http://public-no.test/{i}" for i in range(3)):
            self.assertEqual(self.outcome(url), (batch.ABSTAIN, "guard"), url)
        self.assertEqual(self.outcome("http://public.test/to?http://public-spa.test/4"), (batch.UP, "none"))
        self.assertEqual(self.outcome("tcp://public-no.test:80"), (batch.ABSTAIN, "guard"))
        self.assertEqual(self.outcome("tcp://public.test:80"), (batch.UP, "none"))
        self.assertEqual([path for host, path, *_ in self.trap.requests if host == "public-no.test"], [OPT_OUT])
        self.hub.wait(lambda h: len(self.refused()) == 4, "the hub is told of each")
        self.assertEqual({n["reason"] for n in self.hub.notices}, {"the website has opted out of being checked"})

    def outcome(self, url):
        tick = self.ticks_only([url])[url]
        return tick.outcome, batch.ERRORS[tick.error]

    def test_a_machine_that_is_offline_abstains(self):
        """The hub tells: while it answers, an address without a route is down; when it is silent, nobody knows."""
        self.start(hub=PUBLIC)
        self.assertEqual(self.outcome(f"http://{NO_ROUTE}/1"), (batch.DOWN, "unreachable"))
        self.assertEqual(self.outcome("http://nobody.test/1"), (batch.DOWN, "dns"))
        time.sleep(1.1)  # so long it is believed to be online
        self.hub.pause()
        names = [self.hub.add_order(url, start_in=0.1) for url in (f"http://{NO_ROUTE}/2", "http://nobody.test/2")]
        wait_until(lambda: "this machine is offline itself" in self.process.log(), "it notices")
        self.hub.resume()
        self.hub.wait(lambda h: {t.order for t in h.ticks()} >= set(names), "what it saw meanwhile")
        self.assertEqual({(t.outcome, batch.ERRORS[t.error]) for name in names for t in self.hub.ticks(name)},
                         {(batch.ABSTAIN, "own_network")})
        self.assertEqual(self.process.log().count("this machine is offline itself"), 1)
        time.sleep(5)  # so long it is believed to be offline
        self.assertEqual(self.outcome(f"http://{NO_ROUTE}/3"), (batch.DOWN, "unreachable"))

    def test_controls_tell_where_the_hub_can_not(self):
        """A hub on the same machine is no sign of a network."""
        self.start()
        self.assertEqual(self.outcome(f"http://{NO_ROUTE}/"), (batch.DOWN, "unreachable"))
        self.process.stop()
        self.start(f"ControlTargets=http://{NO_ROUTE}/ http://public.test/control\n")
        self.assertEqual(self.outcome(f"http://{NO_ROUTE}/"), (batch.DOWN, "unreachable"))
        self.assertIn("/control", self.trap.checks())
        self.process.stop()
        self.start(f"ControlTargets=http://{NO_ROUTE}/\n")
        self.assertEqual(self.outcome(f"http://{NO_ROUTE}/"), (batch.ABSTAIN, "own_network"))
        self.assertEqual(self.outcome("http://10.1.2.3/"), (batch.ABSTAIN, "guard"))

    def test_all_checks_have_a_budget(self):
        """Two hundred orders at once: as many are run as ChecksPerSecond= says, and the others are no failures."""
        self.start("ChecksPerSecond=10\n")
        begun = time.monotonic()
        ticks = self.ticks([f"http://public.test/{i}" for i in range(200)])
        outcomes = [(t.outcome, batch.ERRORS[t.error]) for t in ticks.values()]
        self.assertEqual(set(outcomes), {(batch.UP, "none"), (batch.ABSTAIN, "guard")})
        self.assertEqual(len(self.trap.checks()), outcomes.count((batch.UP, "none")))
        self.assertGreaterEqual(len(self.trap.checks()), 20)
        self.assertLessEqual(len(self.trap.checks()), 20 + 10 * (time.monotonic() - begun) + 1)
        self.assertEqual(self.process.log().count("more checks are ordered than the owner allows"), 1)
        time.sleep(1)  # what one check needs

    def test_what_is_read_has_a_budget(self):
        """Large answers use it up: then nothing is run until what was read is paid."""
        self.start("BytesPerSecond=65536\n")
        self.ticks(["http://public.test/large?400000"])
        begun = time.monotonic()
        for _ in range(2):
            tick = self.ticks(["http://public.test/"])["http://public.test/"]
            self.assertEqual((tick.outcome, batch.ERRORS[tick.error]), (batch.ABSTAIN, "guard"))
        time.sleep(max(0, 400000 / 65536 - (time.monotonic() - begun)))


if __name__ == "__main__":
    unittest.main()
