"""The daemons under a real systemd: activation, watchdog, reload, restart and stop under load, crash loops."""

import re
import time
import unittest

import ground
from load import Load, ask, shake_hands
from process import say, wait_until

SERVED, HELLO = "HTTP/1.1 200 OK", "HTTP/1.1 101 Switching Protocols, frame 81"


class Units(ground.SystemCase):
    def test_systemd_finds_nothing_wrong_with_them(self):
        units = self.machine.sh("ls /lib/systemd/system/dpin*").split()
        self.assertEqual(len(units), 9)
        done = self.machine.run("systemd-analyze", "verify", "--man=no", *units)
        self.assertEqual((done, done.err), ("", ""))

    def test_what_they_document_is_installed(self):
        for page in self.machine.sh("sed -n 's/^Documentation=//p' /lib/systemd/system/dpin*").split():
            name, section = re.fullmatch(r"man:(.*)\((\d)\)", page).groups()
            self.machine.run("test", "-e", f"/usr/share/man/man{section}/{name}.{section}.gz")

    def exposure(self, unit):
        out = self.machine.run("systemd-analyze", "security", f"{unit}.service")
        return float(re.search(r"Overall exposure level for \S+: ([\d.]+)", out)[1])

    def test_little_is_exposed(self):
        found = {unit: self.exposure(unit) for unit in ("dpin-hub", "dpin-api", "dpin-validator", "dpin-database",
                                                         "dpin-apprise@1")}
        say(f"     exposure: {found}")
        self.assertLessEqual(max(found["dpin-hub"], found["dpin-api"], found["dpin-database"]), 1.3)
        self.assertLessEqual(max(found["dpin-validator"], found["dpin-apprise@1"]), 1.2)

    def test_the_examples_are_what_systemd_takes(self):
        examples = "/usr/share/doc/dpin-validator/examples"
        for example, most in (("icmp", 1.5), ("private-networks", 1.2)):
            self.machine.sh(f"install -D -m 644 {examples}/dpin-validator-{example}.conf"
                            f" /run/systemd/system/dpin-validator.service.d/{example}.conf; systemctl daemon-reload")
            done = self.machine.run("systemd-analyze", "verify", "--man=no", "dpin-validator.service")
            self.assertEqual((done, done.err), ("", ""))
            exposure = self.exposure("dpin-validator")
            say(f"     exposure of dpin-validator with {example}: {exposure}")
            self.assertLessEqual(exposure, most)
            self.machine.sh("rm -r /run/systemd/system/dpin-validator.service.d; systemctl daemon-reload")

    def test_the_sandbox_is_in_effect(self):
        self.ready()
        for unit in ("dpin-hub", "dpin-api"):
            pid = self.machine.unit(f"{unit}.service", "MainPID")
            status = dict(re.findall(r"^(\w+):\s+(.*)$", self.machine.run("cat", f"/proc/{pid}/status"), re.M))
            self.assertEqual((status["Seccomp"], status["NoNewPrivs"], int(status["CapBnd"], 16)), ("2", "1", 0), unit)


class Activation(ground.SystemCase):
    def test_the_first_connection_starts_the_daemon(self):
        self.ready()
        for unit in ("dpin-api", "dpin-hub"):
            self.assertEqual(self.machine.run("systemctl", "is-enabled", f"{unit}.socket").strip(), "enabled")
            self.machine.run("systemctl", "stop", f"{unit}.service")
            self.machine.wait_unit(f"{unit}.service", ActiveState="inactive")
            self.machine.wait_unit(f"{unit}.socket", ActiveState="active", SubState="listening")

        self.assertEqual(self.machine.request("GET", "/healthz")[0], 200)
        self.machine.wait_unit("dpin-api.service", ActiveState="active")
        with self.machine.socket() as s:
            s.connect(("127.0.0.1", 8081))
            self.machine.wait_unit("dpin-hub.service", ActiveState="active")
        self.ready()

    def test_ipv6_and_ipv4_are_heard(self):
        for name, port in (("api", 8001), ("hub", 8081)):
            self.assertIn(f"[::]:{port}", self.machine.unit(f"dpin-{name}.socket", "Listen"))
        self.assertEqual(self.machine.request("GET", "/healthz")[0], 200)  # by IPv4


class Reload(ground.SystemCase):
    def level(self, unit):
        return self.machine.run("systemctl", "service-log-level", f"{unit}.service").strip()

    def test_good_settings_are_taken(self):
        self.ready()
        for name in ("hub", "api"):
            pid = self.machine.unit(f"dpin-{name}.service", "MainPID")
            self.machine.write(f"/etc/dpin/{name}.conf.d/test.conf", "LogLevel=debug\n")
            self.machine.run("systemctl", "reload", f"dpin-{name}")
            wait_until(lambda: self.level(f"dpin-{name}") == "debug", f"dpin-{name} logs more")
            self.machine.write(f"/etc/dpin/{name}.conf.d/test.conf", "LogLevel=info\n")
            self.machine.run("systemctl", "reload", f"dpin-{name}")
            wait_until(lambda: self.level(f"dpin-{name}") == "info", f"dpin-{name} logs less")
            self.machine.sh(f"rm -r /etc/dpin/{name}.conf.d")
            self.assertEqual(self.machine.unit(f"dpin-{name}.service", "MainPID"), pid)

    def test_bad_settings_are_refused_with_file_line_and_reason(self):
        self.ready()
        path = "/etc/dpin/hub.conf.d/test.conf"
        self.addCleanup(self.machine.run, "rm", "-f", path)
        pid = self.machine.unit("dpin-hub.service", "MainPID")
        self.machine.write(path, "LogLevel=debug\nRetainRawDays=often\n")
        self.assertNotEqual(self.machine.run("systemctl", "reload", "dpin-hub", check=False).code, 0)
        reason = f"{path}:2: RetainRawDays expects a whole number from 1 to 3650"
        self.machine.run("journalctl", "--sync")
        self.assertIn(reason, self.machine.run("journalctl", "--boot", "--unit=dpin-hub"))

        # also when somebody goes around the check
        self.machine.run("systemctl", "kill", "--signal=HUP", "--kill-whom=main", "dpin-hub")
        wait_until(lambda: any(reason in e.get("DPIN_ERROR", "") for e in self.machine.journal("--unit=dpin-hub")),
                   "the hub says why")
        self.assertEqual(self.machine.unit("dpin-hub.service", "MainPID"), pid)
        self.assertEqual(self.level("dpin-hub"), "info")
        self.machine.run("rm", path)
        self.machine.run("systemctl", "reload", "dpin-hub")


class Restarts(ground.SystemCase):
    """Restarts while clients come and go: systemd holds the sockets, so nobody is refused."""

    def talks(self):
        token = self.machine.run("dpinctl", "token", "create", "--scope", "read", "load").strip()
        return (("dpin-api", 8001, ask("/api/v1/websites", token), SERVED), ("dpin-hub", 8081, shake_hands, HELLO))

    def test_a_restart_refuses_no_connection(self):
        self.ready()
        for unit, port, talk, wanted in self.talks():
            with Load(self.machine, port, talk) as load:
                for _ in range(5):
                    before = load.total()
                    wait_until(lambda: load.total() > before + 200, "clients are served")
                    self.machine.run("systemctl", "restart", f"{unit}.service")
            say(f"     {unit}, 5 restarts: {dict(load.outcomes)}, the slowest took {load.slowest:.2f} s")
            self.assertEqual(set(load.outcomes), {wanted})
            self.assertEqual(self.machine.unit(f"{unit}.service", "Result"), "success")

    def test_a_stop_is_quick_and_in_order(self):
        self.ready()
        for unit, port, talk, wanted in self.talks():
            with Load(self.machine, port, talk) as load:
                wait_until(lambda: load.total() > 200, "clients are served")
                self.machine.run("systemctl", "stop", f"{unit}.socket", check=False)
                begun = time.monotonic()
                self.machine.run("systemctl", "stop", f"{unit}.service")
                took = time.monotonic() - begun
            say(f"     {unit} stopped under load in {took:.2f} s: {dict(load.outcomes)}")
            self.assertLess(took, 10)
            self.assertLessEqual(set(load.outcomes), {wanted, "ConnectionRefusedError", "ConnectionResetError",
                                                      "closed without a word"})
            state = self.machine.unit(f"{unit}.service", "Result", "ExecMainStatus", "ActiveState")
            self.assertEqual(state, {"Result": "success", "ExecMainStatus": "0", "ActiveState": "inactive"})
            self.machine.run("systemctl", "start", f"{unit}.socket", f"{unit}.service")


class Failures(ground.SystemCase):
    def test_a_stopped_loop_is_noticed_and_nothing_acked_is_lost(self):
        self.drop_in("dpin-hub.service", "[Service]\nWatchdogSec=3s\n")
        self.machine.run("systemctl", "restart", "dpin-hub")
        self.ready()
        self.start_validator()
        website = self.add_website(self.machine.serve().url, "--interval=10s", "--timeout=2s")
        self.wait_state(website, "UP")

        self.machine.run("systemctl", "kill", "--signal=STOP", "--kill-whom=main", "dpin-hub")
        self.machine.wait_unit("dpin-hub.service", 30, NRestarts="1", ActiveState="active")
        self.assertIn("Watchdog timeout", self.machine.run("journalctl", "--boot", "--unit=dpin-hub"))
        self.machine.wait_status("dpin-hub.service", "ready")
        self.machine.wait_status("dpin-validator.service", "ready", 60)
        before = int(self.machine.sql("SELECT count(*) FROM website_tick"))
        wait_until(lambda: int(self.machine.sql("SELECT count(*) FROM website_tick")) >= before + 2, "checks go on", 60)
        self.assertEqual(self.state(website), "UP")

        # what was sealed and is not in the spool any more was acked; all of that is in the database
        def settled():
            sealed = self.machine.property("Validator1", "TicksSealed")
            return self.machine.property("Validator1", "SpoolBatches") == 0 and \
                self.machine.property("Validator1", "TicksSealed") == sealed and \
                int(self.machine.sql("SELECT count(*) FROM website_tick")) == sealed
        wait_until(settled, "as many results are stored as were sealed", 60)

    def test_a_daemon_that_cannot_run_keeps_its_socket_and_comes_back_by_itself(self):
        self.ready()
        self.machine.write("/etc/dpin/api.conf.d/test.conf", "LogLevel=loud\n")
        self.machine.run("systemctl", "restart", "dpin-api", check=False)
        with self.machine.socket() as s:
            s.settimeout(60)
            s.connect(("127.0.0.1", 8001))
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n")
            # far more starts than the limit that systemd sets by default, 5 in 10 s
            wait_until(lambda: int(self.machine.unit("dpin-api.service", "NRestarts")) >= 8, "it was tried again", 60)
            self.machine.wait_unit("dpin-api.socket", ActiveState="active")
            self.machine.run("rm", "/etc/dpin/api.conf.d/test.conf")
            self.assertIn(b"200 OK", s.recv(4096))  # who waited is served
        self.machine.wait_unit("dpin-api.service", ActiveState="active")

    def test_the_loop_of_one_that_cannot_run_is_paced(self):
        self.ready()
        self.machine.write("/etc/dpin/api.conf.d/test.conf", "LogLevel=loud\n")
        self.machine.run("systemctl", "restart", "dpin-api", check=False)
        count = int(self.machine.unit("dpin-api.service", "NRestarts"))
        begun = time.monotonic()
        with self.machine.socket() as s:
            s.connect(("127.0.0.1", 8001))  # waits, and would have it started at once each time
            wait_until(lambda: int(self.machine.unit("dpin-api.service", "NRestarts")) >= count + 4, "tried again", 60)
        self.assertGreater(time.monotonic() - begun, 3)
        self.machine.run("rm", "/etc/dpin/api.conf.d/test.conf")
        self.machine.wait_status("dpin-api.service", "ready")


if __name__ == "__main__":
    unittest.main()
