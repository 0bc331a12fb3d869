"""What is measured for `./dev bench check`, and what it is compared with: a server to check, dpin-validator with a hub
in Python, the raw and the libcurl client, and peers from Debian's packages."""

import dataclasses
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

import cost
from dpin_hub import Hub, now
from dpin_wire import Order, batch, sign, spec_encode
from process import Failure, command, die_with_parent, listening_socket, wait_until
from world import World

BLACKBOX, CHECK_HTTP = "prometheus-blackbox-exporter", "/usr/lib/nagios/plugins/check_http"
FRAME = 90  # orders in one frame
CONF = """Allow=127.0.0.0/8
BytesPerSecond=1000000000
CaFile={ca}
ChecksPerSecond=1000000
Concurrency=10000
OrdersMax=1000000
"""


def percentile(values, percent):
    return sorted(values)[min(len(values) * percent // 100, len(values) - 1)]


class Target:
    """The server; a context manager. Its certificate is an authority's of its own."""

    def __init__(self, program):
        self.program = program

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="dpin-bench-")
        self.ca = os.path.join(self.folder, "ca.pem")
        self._make_certificate()
        files = [os.path.join(self.folder, name) for name in ("cert.pem", "key.pem")]
        self.popen = subprocess.Popen([self.program, *files], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      text=True, preexec_fn=die_with_parent)
        self.http, self.https = (f"{scheme}://127.0.0.1:{port}" for scheme, port in
                                 zip(("http", "https"), self.popen.stdout.readline().split()))
        return self

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.wait()
        self.popen.stdout.close()
        shutil.rmtree(self.folder)

    def _make_certificate(self):
        key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout"
        for line in (f"req -x509 {key} ca.key -out ca.pem -subj /CN=authority -days 30",
                     f"req {key} key.pem -out csr.pem -subj /CN=target -addext subjectAltName=IP:127.0.0.1",
                     "x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -days 30 -copy_extensions copy -out cert.pem"):
            subprocess.run(["openssl", *line.split()], cwd=self.folder, check=True, capture_output=True)

    def open(self):
        """Connections that are open beside the one that asks."""
        with urllib.request.urlopen(f"{self.http}/open") as answer:
            return int(answer.read()) - 1


@dataclasses.dataclass
class Portion:
    """Checks that one client made: microseconds of its CPU, and of each check."""
    checks: int
    cpu_us: float
    took: list

    @property
    def each(self):
        return self.cpu_us / self.checks


def run_client(program, url, checks, rate, *options):
    """What raw-check or bare-curl says of itself."""
    out = command([program, f"--url={url}", f"--checks={checks}", f"--rate={rate}", *options])
    said = json.loads(out)
    if said["failed"] > 0:
        raise Failure(f"{program}: {said['failed']} of {checks} checks of {url} failed")
    return said


def cpu_each(program, url, checks, rate, *options):
    return run_client(program, url, checks, rate, *options)["cpuUs"] / checks


class Ours:
    """A real dpin-validator; its hub gives orders that are due when a measurement wants them. A context manager."""

    def __init__(self, build, target):
        self.build, self.target, self.last = build, target, 0

    def __enter__(self):
        self.world, self.hub = World(self.build), Hub().start()
        self.process = self.world.start_validator("v", url=self.hub.url, conf=CONF.format(ca=self.target.ca))
        self.hub.wait_joined()
        return self

    def __exit__(self, *_):
        self.hub.stop()
        self.world.stop()

    @property
    def pid(self):
        return self.process.pid

    def order(self, url, start, timeout_ms, interval_ms):
        spec = spec_encode(url)
        data = Order(1, 0, 0, 1, os.urandom(16), sign.sha256(spec), interval_ms, timeout_ms, start, 1, os.urandom(32),
                     os.urandom(32), os.urandom(16)).encode()
        return self.hub.put_order(data, spec)

    def give(self, url, checks, rate, timeout_ms=5000, interval_ms=10000, lead=1.0):
        """Orders with starts on an even grid (rate 0: all at once). The first start, microseconds."""
        lead += checks / 2500
        first = now() + int(lead * 1e6)
        names = [self.order(url, first + (i * 1000000 // rate if rate else 0), timeout_ms, interval_ms)
                 for i in range(checks)]
        for i in range(0, checks, FRAME):
            self.hub.send("orders", self.hub._orders(names[i:i + FRAME]))
        self.wait_orders(len(self.hub.orders))
        if now() > first - 100000:
            raise Failure(f"{checks} orders are not there within {lead:.1f} s")
        return first

    def wait_orders(self, n):
        wait_until(lambda: self.process.status.endswith(f" {n} orders"), f"the validator has {n} orders")

    def take_back(self):
        """Every order; what is under way goes on."""
        self.hub.orders.clear()
        self.hub.batches.clear()
        self.hub.send("orders", self.hub._orders([], reset=True))
        self.wait_orders(0)

    def ticks(self):
        return self.hub.ticks()

    def count(self):
        return sum(len(b.ticks) for _, b, _ in list(self.hub.batches))

    def portion(self, url, checks, rate, **options):
        """Each order once."""
        first = self.give(url, checks, rate, **options)
        time.sleep(max(0, (first - now()) / 1e6 - 0.02))
        before = cost.cpu(self.pid)
        self.hub.wait(lambda h: self.count() >= checks, f"{checks} ticks", 60)
        used = cost.cpu(self.pid) - before
        ticks = self.ticks()
        self.take_back()
        failed = [t for t in ticks if t.outcome != batch.UP]
        if failed:
            raise Failure(f"{len(failed)} of {checks} checks of {url} failed: {batch.ERRORS[failed[0].error]}")
        return Portion(len(ticks), used * 1e6, [sum(t.phases) for t in ticks])


class Blackbox:
    """The exporter, asked for each probe as Prometheus asks. A context manager."""

    def __init__(self, target, asker):
        self.target, self.asker = target, asker

    def __enter__(self):
        conf = os.path.join(self.target.folder, "blackbox.yml")
        with open(conf, "w") as f:
            json.dump({"modules": {"http": {"prober": "http", "timeout": "30s", "http": {
                "preferred_ip_protocol": "ip4", "tls_config": {"ca_file": self.target.ca}}}}}, f)
        with listening_socket() as s:
            self.port = s.getsockname()[1]
        self.popen = subprocess.Popen([BLACKBOX, f"--config.file={conf}", "--log.level=error",
                                       f"--web.listen-address=127.0.0.1:{self.port}"], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                      preexec_fn=die_with_parent)
        wait_until(lambda: self._probe(self.target.https + "/"), "the exporter probes", 10)
        return self

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.wait()

    def _url(self, url):
        return f"http://127.0.0.1:{self.port}/probe?module=http&target={urllib.parse.quote(url, safe='')}"

    def _probe(self, url):
        try:
            with urllib.request.urlopen(self._url(url)) as answer:
                return "\nprobe_success 1\n" in answer.read().decode()
        except OSError:
            return False

    def cpu_each(self, url, checks, rate):
        before = cost.cpu(self.popen.pid)
        run_client(self.asker, self._url(url), checks, rate, "--find=probe_success")
        return (cost.cpu(self.popen.pid) - before) * 1e6 / checks

    def p95(self, url, checks):
        """Microseconds that the slowest 25 of 500 took, all asked for at once."""
        said = run_client(self.asker, self._url(url), checks, 0, "--find=probe_duration_seconds")
        return said["found95"] * 1e6


def check_http_cpu_each(target, checks):
    """Of a process for each check, as a monitoring system starts it."""
    port = target.http.rpartition(":")[2]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(checks):
        command([CHECK_HTTP, "-I", "127.0.0.1", "-p", port, "-u", "/", "-t", "10"])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e6 / checks


def peers_missing():
    return [name for name in (BLACKBOX, CHECK_HTTP) if not shutil.which(name)]
