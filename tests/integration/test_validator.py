"""The real dpin-validator against a hub in Python: what it checks, signs, keeps, sends again, and whom it believes."""

import os
import shutil
import ssl
import subprocess
import time
import unittest

from hub_case import BUILD, build_has
from clock import Clock
from disk import Disk, hide_mounts
from dpin_hub import Hub, now
from dpin_line import open_socket, run
from dpin_wire import Key, batch, sign
from process import Process, command, wait_until
from site_switch import PAGE, Site
from world import World

PROTOCOL, BAD_SIGNATURE, REJECTED = 4000, 4005, 4001


@unittest.skipUnless(build_has("dpin-validator"), "dpin-validator is not built")
class ValidatorCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = Site()
        cls.addClassCleanup(cls.site.close)

    def setUp(self):
        self.world = World(BUILD)
        self.addCleanup(self.world.stop)
        self.hub = Hub().start()
        self.addCleanup(lambda: self.hub.stop())

    def start(self, **options):
        self.process = self.world.start_validator("v", url=self.hub.url, **options)
        self.hub.wait_joined()
        return self.process

    def replace_hub(self, **options):
        """Another hub at the same address."""
        self.hub.stop()
        old, self.hub = self.hub, Hub(port=self.hub.port, **options).start()
        return old

    def first_tick(self, order, seconds=15):
        self.hub.wait(lambda h: h.ticks(order), "a tick", seconds)
        return self.hub.ticks(order)[0]

    def tearDown(self):
        self.assertEqual(self.hub.errors, [])


class Checks(ValidatorCase):
    def test_a_page_that_is_there(self):
        self.start(tags="region=eu,city=berlin")
        self.assertIn("region=eu", self.hub.joins[0]["tags"])
        self.assertIn("http", self.hub.joins[0]["capabilities"])
        name = self.hub.add_order(self.site.url, start_in=0.3)
        tick = self.first_tick(name)
        self.assertEqual((tick.kind, tick.outcome, tick.error, tick.number), (batch.SCHEDULED, batch.UP, 0, 0))
        self.assertEqual((tick.status, tick.body_length, tick.body_hash), (200, len(PAGE), sign.sha256(PAGE)[:8]))
        self.assertEqual((tick.family, tick.address), (4, bytes([127, 0, 0, 1])))
        start = int.from_bytes(self.hub.orders[name][0][64:72], "big")
        self.assertLess(abs(tick.start - start), 300_000, "it began when it was scheduled")
        self.assertGreater(tick.phases[1] + tick.phases[3], 0)
        self.assertLess(sum(tick.phases), 2_000_000)
        self.assertEqual(self.hub.batches[0][1].flags, 0)

    def test_a_refused_connection_is_down(self):
        self.start()
        site = Site()
        site.close()
        tick = self.first_tick(self.hub.add_order(site.url))
        self.assertEqual((tick.outcome, tick.error), (batch.DOWN, batch.ERROR["refused"]))

    def test_a_slow_page_is_up_and_hinted_at(self):
        self.start()
        site = Site()
        self.addCleanup(site.close)
        site.set("slow")
        name = self.hub.add_order(site.url, timeout_ms=4000)
        tick = self.first_tick(name)
        self.assertEqual(tick.outcome, batch.UP)
        self.assertGreater(tick.phases[3], 1_500_000)
        self.assertEqual(self.hub.suspects, [{"order": name, "slot": 0}])

    def test_a_page_slower_than_its_timeout_is_down(self):
        self.start()
        site = Site()
        self.addCleanup(site.close)
        site.set("slow")
        tick = self.first_tick(self.hub.add_order(site.url, timeout_ms=500))
        self.assertEqual((tick.outcome, tick.error), (batch.DOWN, batch.ERROR["timeout_wait"]))

    def test_the_guard_refuses_this_machine(self):
        hits = self.site.hits
        self.start(conf="")
        for url in (self.site.url, f"http://localhost:{self.site.port}/"):
            tick = self.first_tick(self.hub.add_order(url))
            self.assertEqual((tick.outcome, tick.error), (batch.ABSTAIN, batch.ERROR["guard"]))
        self.assertEqual(self.site.hits, hits)

    def test_probes_are_answered_once_each(self):
        self.start()
        name = self.hub.add_order(self.site.url, start_in=9)
        for number, again, reason in ((1, 1, "confirm"), (5, 4, "confirm"), (6, 5, "confirm"), (7, 1, "refresh")):
            self.hub.probe(name, number, reason)
            self.hub.probe(name, again, reason)
            self.hub.wait(lambda h: [t for t in h.ticks(name) if t.number == number], "the probe's answer")
        told = [(t.kind, t.number) for t in self.hub.ticks(name)]
        self.assertEqual(sorted(told), [(batch.CONFIRM, 1), (batch.CONFIRM, 5), (batch.CONFIRM, 6), (batch.REFRESH, 7)])

    def test_a_removed_order_is_not_run(self):
        self.start()
        gone, kept = self.hub.add_order(self.site.url, start_in=1.0), self.hub.add_order(self.site.url, start_in=1.5)
        self.hub.remove_order(gone)
        self.first_tick(kept)
        self.assertEqual(self.hub.ticks(gone), [])


class Delivery(ValidatorCase):
    slow = True

    def test_sent_again_after_a_lost_ack(self):
        self.hub.acks = lambda b: False
        self.start()
        self.hub.add_order(self.site.url)
        self.hub.wait(lambda h: h.batches, "a batch")
        first = self.hub.batches[0][2]
        self.hub.hang_up()
        self.hub.acks = lambda b: True
        self.hub.wait(lambda h: len(h.batches) > 1, "the batch again")
        self.assertEqual(self.hub.batches[1][2], first, "byte for byte")
        self.hub.hang_up()
        self.hub.wait_joined(3)
        self.assertEqual(len(self.hub.batches), 2, "acked is acked")

    def test_killed_it_sends_what_it_had_sealed(self):
        self.hub.acks = lambda b: False
        self.start()
        self.hub.add_order(self.site.url)
        self.hub.wait(lambda h: h.batches, "a batch")
        first = self.hub.batches[0][1]
        self.process.kill()
        self.hub.acks = lambda b: True
        self.process.start()
        self.hub.wait(lambda h: len(h.batches) > 1, "the batch again")
        self.assertEqual(self.hub.batches[1][2], first.frame)
        again = self.hub.add_order(self.site.url)
        self.first_tick(again)
        self.assertNotEqual(self.hub.batches[-1][1].incarnation, first.incarnation, "a new incarnation per process")

    def test_works_on_while_the_hub_is_away_and_tells_live_first(self):
        self.start()
        orders = [self.hub.add_order(self.site.url, start_in=0.5 + i) for i in range(10)]
        self.first_tick(orders[0])
        live = self.hub.batches[-1][1].incarnation
        before, hits = self.hub, self.site.hits
        before.stop()
        self.hub = Hub(before.key, before.port)
        wait_until(lambda: self.site.hits >= hits + 8, "checks go on without a hub", 15)
        self.hub.orders, self.hub.revision = before.orders, before.revision
        self.hub.streams, self.hub.acks = before.streams, lambda b: b.incarnation != live
        self.hub.start()
        self.hub.wait_joined()
        joined = time.monotonic()
        self.hub.wait(lambda h: [b for _, b, _ in h.batches if b.incarnation != live], "a live tick beside history", 10)
        self.assertLess(time.monotonic() - joined, 5)
        self.hub.acks = lambda b: True
        self.hub.hang_up()
        self.hub.wait_joined(2)
        had = {(t.order, t.number) for t in before.ticks()}
        self.hub.wait(lambda h: had | {(t.order, t.number) for t in h.ticks()} >= {(o, 0) for o in orders},
                      "every tick of the meantime")

    def test_restored_it_tells_again_what_the_hub_has_and_more(self):
        """A position it never came to is none of its own: its batches wait for the word that names them."""
        self.hub.acks = lambda b: False
        self.start()
        self.hub.add_order(self.site.url)
        self.hub.wait(lambda h: h.batches, "a batch")
        first = self.hub.batches[0][1]
        self.process.kill()
        self.hub.streams[first.incarnation] = (first.sequence + 9, os.urandom(32))
        self.hub.acks = lambda b: True
        self.process.start()
        self.hub.wait(lambda h: first.frame in [data for _, _, data in h.batches[1:]], "the batch again")
        self.hub.hang_up()
        self.hub.wait_joined(3)
        self.first_tick(self.hub.add_order(self.site.url))
        self.assertEqual([b.frame for _, b, _ in self.hub.batches].count(first.frame), 2, "acked is acked")

    def small_disk(self):
        """For the state of the validator."""
        hide_mounts()
        disk = Disk(os.path.join(self.world.data, "small"), 32)
        self.addCleanup(disk.close)
        if not disk.mounted:
            self.skipTest(f"no disk can be mounted here: {disk.why}")
        os.symlink(disk.path, os.path.join(self.world.data, "validator-v"))
        return disk

    def test_receipts_that_find_the_disk_full_are_had_again(self):
        """As many as may be under way: afterwards it must not believe that they still are."""
        disk = self.small_disk()
        self.hub.acks = lambda b: False
        self.hub.window = (6, 4)
        self.start()
        for i in range(self.hub.window[0] + 8):
            self.hub.add_order(self.site.url, start_in=0.2 + i * 0.3)
        self.hub.wait(lambda h: len(h.batches) == h.window[0], "a full window")
        disk.fill()
        wait_until(lambda: "cannot be stored" in self.process.log(), "the spool is full")
        self.hub.acks = lambda b: True
        for _, b, _ in list(self.hub.batches):
            run(self.hub._ack(b))
        self.hub.wait(lambda h: len(h.batches) > h.window[0], "it sends again what it could not note")
        self.assertEqual(self.hub.notices, [], "the receipts were good")
        disk.free()
        self.hub.wait(lambda h: len(h.ticks()) >= len(h.orders) + h.window[0], "everything that was checked")
        self.hub.hang_up()
        had = len(self.hub.batches)
        self.hub.wait_joined(2)
        self.hub.add_order(self.site.url)
        self.hub.wait(lambda h: len(h.batches) > had, "a new tick")
        last, first = (self.hub.batches[i][1].sequence for i in (had - 1, had))
        self.assertEqual(first, last + 1, "all was trimmed")

    def test_a_clock_that_is_off_is_said_and_dates_nothing(self):
        clock = Clock(os.path.join(self.world.run, "clock"), 5)
        self.start(env=clock.env())
        order = self.hub.add_order(self.site.url)
        tick = self.first_tick(order)
        self.assertLess(abs(tick.start - now()), 5_000_000)
        _, b, _ = self.hub.batches[-1]
        self.assertAlmostEqual(b.clock_offset, 5_000_000, delta=1_500_000)
        wait_until(lambda: "this machine's clock is not the hub's" in self.process.log(), "it says so")
        clock.set(0)
        self.hub.hang_up()
        self.hub.wait_joined(2)
        wait_until(lambda: "this machine's clock is right" in self.process.log(), "it says so")
        self.assertEqual(self.process.log().count("this machine's clock is not the hub's"), 1)

    def test_stopped_it_says_bye(self):
        self.start()
        self.assertEqual(self.process.stop(), 0)
        self.hub.wait(lambda h: h.notices and h.closed, "bye")
        self.assertEqual(self.hub.notices[-1]["code"], "shutdown")


class Trust(ValidatorCase):
    def alter(self, kind, change):
        """Changes frames of one kind after they were signed."""
        self.hub.alter = lambda k, values: change(dict(values)) if k == kind else values

    def close_code(self, n=1):
        self.hub.wait(lambda h: len(h.closed) >= n, "the validator leaves")
        return self.hub.closed[n - 1]

    def spoil(self, values):
        values["signature"] = bytes(64)
        return values

    def test_another_network_key_gets_nothing(self):
        self.start()
        key = self.hub.key
        self.replace_hub()
        self.assertEqual(self.close_code(), REJECTED)
        self.assertEqual((self.hub.joins, self.hub.batches), ([], []))
        wait_until(lambda: "pinned" in self.process.log(), "it says why")
        self.replace_hub(key=key)
        self.hub.wait(lambda h: h.joins, "back at its own hub", 30)

    def test_a_forged_hello_gets_nothing(self):
        self.alter("hello", self.spoil)
        self.process = self.world.start_validator("v", url=self.hub.url)
        self.assertEqual(self.close_code(), PROTOCOL)
        self.assertEqual(self.hub.joins, [])

    def test_a_forged_welcome_gets_no_batch(self):
        self.alter("welcome", self.spoil)
        self.process = self.world.start_validator("v", url=self.hub.url)
        self.assertEqual(self.close_code(), BAD_SIGNATURE)
        self.assertEqual(self.hub.batches, [])

    def test_forged_orders_are_not_run(self):
        hits = self.site.hits
        self.alter("orders", self.spoil)
        self.start()
        self.hub.add_order(self.site.url, start_in=0)
        self.close_code()
        self.assertEqual(self.site.hits, hits)

    def test_a_forged_probe_is_not_run(self):
        self.start()
        name = self.hub.add_order(self.site.url, start_in=9)
        self.alter("probe", self.spoil)
        self.hub.probe(name, 1)
        self.close_code()
        self.hub.alter = lambda kind, values: values
        self.hub.wait_joined(2)
        self.hub.probe(name, 2)
        self.assertEqual(self.first_tick(name).number, 2)
        self.assertEqual(len(self.hub.ticks(name)), 1)

    def forged_acks(self, make):
        """Acks are altered by make(values, batch); whatever it makes, the batch comes again when the hub is honest."""
        self.alter("ack", lambda values: make(values, self.hub.batches[-1][1]))
        self.start()
        self.hub.add_order(self.site.url)
        self.hub.wait(lambda h: h.batches, "a batch")
        first = self.hub.batches[0][2]
        self.hub.wait(lambda h: h.notices or h.closed, "the validator objects")
        self.hub.alter = lambda kind, values: values
        self.hub.streams.clear()
        if self.hub.peer:
            self.hub.hang_up()
        self.hub.wait(lambda h: [d for _, _, d in h.batches[1:] if d == first], "the batch again", 20)

    def test_an_ack_by_another_key_trims_nothing(self):
        def make(values, b):
            codes = [(b.sequence, values["batches"][0]["arrival"], bytes(len(b.ticks)))]
            return {**values, "receipt": self.hub.receipt(b.incarnation, b.sequence, b.sequence,
                                                          b.hash(self.hub.scope), codes, key=Key())}
        self.forged_acks(make)

    def test_an_ack_for_another_hash_trims_nothing(self):
        def make(values, b):
            codes = [(b.sequence, values["batches"][0]["arrival"], bytes(len(b.ticks)))]
            return {**values, "receipt": self.hub.receipt(b.incarnation, b.sequence, b.sequence, os.urandom(32), codes)}
        self.forged_acks(make)

    def test_an_ack_that_contradicts_its_receipt_trims_nothing(self):
        self.forged_acks(lambda values, b: {**values, "batches": [{**values["batches"][0], "code": 1}]})

    def test_a_forged_position_trims_nothing(self):
        self.hub.acks = lambda b: False
        self.start()
        self.hub.add_order(self.site.url)
        self.hub.wait(lambda h: h.batches, "a batch")
        b = self.hub.batches[0][1]
        forged = self.hub.receipt(b.incarnation, b.sequence, b.sequence, b.hash(self.hub.scope), [], key=Key())
        self.hub._position = lambda incarnation: forged
        self.hub.hang_up()
        self.hub.wait(lambda h: len(h.batches) > 1, "the batch again")
        self.assertEqual(self.hub.batches[1][1].sequence, b.sequence)


NGINX = """daemon off; master_process off; pid {run}/nginx.pid; error_log {run}/nginx-error.log; {user}
events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {run}/b; proxy_temp_path {run}/p; fastcgi_temp_path {run}/f;
  uwsgi_temp_path {run}/u; scgi_temp_path {run}/s;
  server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {run}/tls.pem; ssl_certificate_key {run}/tls.key;
    location /ws {{ proxy_pass http://127.0.0.1:{hub}; proxy_http_version 1.1; proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }} }} }}
"""


@unittest.skipUnless(shutil.which("nginx", path="/usr/sbin:/usr/bin"), "nginx is not installed")
class Wss(ValidatorCase):
    """Through nginx with a certificate of the test's own authority."""

    def setUp(self):
        super().setUp()
        self.dir = self.world.run
        self.authority("ca")
        self.certificate("ca", "localhost")
        self.port = self.free_port()
        with open(os.path.join(self.dir, "nginx.conf"), "w", encoding="ascii") as f:
            f.write(NGINX.format(run=self.dir, port=self.port, hub=self.hub.port,
                                 user="user root;" if os.getuid() == 0 else ""))
        argv = [shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-c", f"{self.dir}/nginx.conf",
                "-e", f"{self.dir}/nginx-error.log"]
        proxy = Process("nginx", argv, self.dir, ready=False).start()
        self.addCleanup(proxy.stop)
        wait_until(self.proxy_answers, "nginx answers")
        self.hub.closed.clear()

    def free_port(self):
        site = Site()
        site.close()
        return site.port

    def openssl(self, *args):
        command(["openssl", *args])

    def authority(self, name):
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout",
                     f"{self.dir}/{name}.key", "-out", f"{self.dir}/{name}.pem")

    def certificate(self, authority, host):
        base = os.path.join(self.dir, "tls")
        with open(base + ".ext", "w", encoding="ascii") as f:
            f.write(f"subjectAltName=DNS:{host}\n")
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={host}", "-keyout", base + ".key", "-out",
                     base + ".csr")
        self.openssl("x509", "-req", "-in", base + ".csr", "-CA", f"{self.dir}/{authority}.pem", "-CAkey",
                     f"{self.dir}/{authority}.key", "-CAcreateserial", "-days", "2", "-extfile", base + ".ext", "-out",
                     base + ".pem")

    def proxy_answers(self):
        trust = ssl.create_default_context(cafile=f"{self.dir}/ca.pem")
        try:
            socket = run(open_socket(f"wss://localhost:{self.port}/ws", ssl=trust))
        except (OSError, subprocess.SubprocessError):
            return False
        run(socket.close())
        return True

    def start_tls(self, host, authority):
        self.process = self.world.start_validator(
            "v", url=f"wss://{host}:{self.port}/ws", conf=f"Allow=127.0.0.0/8\nCaFile={self.dir}/{authority}.pem\n")

    def test_a_known_authority_is_believed(self):
        self.start_tls("localhost", "ca")
        self.hub.wait_joined()
        self.assertEqual(self.hub.joins[0]["authority"], f"localhost:{self.port}")
        self.assertEqual(self.first_tick(self.hub.add_order(self.site.url)).outcome, batch.UP)

    def test_a_foreign_authority_is_refused(self):
        self.authority("foreign")
        self.start_tls("localhost", "foreign")
        wait_until(lambda: "certificate" in self.process.log(), "it says why")
        self.assertEqual(self.hub.joins, [])

    def test_another_name_is_refused(self):
        self.start_tls("127.0.0.1", "ca")
        wait_until(lambda: "certificate" in self.process.log(), "it says why")
        self.assertEqual(self.hub.joins, [])


if __name__ == "__main__":
    unittest.main()
