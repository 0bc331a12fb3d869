"""What a check costs and how true it is: dpin-validator with signing, spooling and its hub's orders, against a raw
client, libcurl alone, and what a user would take instead. A new connection for each check, a full handshake, verified.
All are asked for as many checks a second, so many that the machine does not sleep between them: what waking up costs,
which depends on the machine and on what else it does, is then a small part of what is measured.
"""

import statistics

import cost
from checks import Blackbox, Ours, Target, check_http_cpu_each, cpu_each, peers_missing, percentile, run_client
from frame import Metric
from process import say, wait_until

SECONDS, RATE, TLS_RATE = 2, 2500, 300
ROUNDS = 9  # of what is compared, in turns; medians of what each round says: a machine is not always as fast
BIAS_RATE, AT_ONCE, PEER_CHECKS, PEER_RATE = 500, 500, 400, 200
IN_FLIGHT, WARM, MAX_CHECKS, MAX_RATE = 1000, 100, 16000, 16000
WEBSITES, WEBSITES_MS, WEBSITES_SECONDS = 10000, 60000, 6
DELAY = 50000  # µs, the target's

METRICS = [
    Metric("check.http.cpu_vs_raw", "ratio", "CPU of a check over HTTP, all of the validator's, against a raw client",
           1.75),
    Metric("check.own_cpu_us", "us", "CPU of a check over HTTP above bare libcurl", 6),
    Metric("check.http.cpu_vs_blackbox", "ratio", "against prometheus-blackbox-exporter", 1 / 10),
    Metric("check.http.cpu_vs_check_http", "ratio", "against check_http of monitoring-plugins", 1 / 30),
    Metric("check.https.cpu_vs_raw", "ratio", "CPU of a check over HTTPS, against raw OpenSSL with one context", 1.65),
    Metric("check.https.cpu_vs_blackbox", "ratio", "against prometheus-blackbox-exporter", 0.7),
    Metric("check.rss_kb_per_inflight_http", "KB", f"memory of one of {IN_FLIGHT:,} checks that wait for an answer",
           16),
    Metric("check.rss_kb_per_inflight_https", "KB", "the same behind a handshake", 70),
    Metric("check.bias_p50_us", "us", f"latency above a raw client's, {BIAS_RATE} checks a second, exact 50 ms server",
           100),
    Metric("check.bias_p99_us", "us", "the same, 99 of 100", 400),
    Metric("check.bias_p95_vs_blackbox", "ratio", f"latency above 50 ms, {AT_ONCE} due in the same second, 95 of 100",
           1 / 20),
    Metric("check.max_per_second", "1/s", "checks over HTTP in a second of one core", better="higher"),
    Metric("check.rss_mb_10k_websites", "MB", f"memory with {WEBSITES:,} websites checked every minute", 64),
    Metric("check.http.cpu_us", "us", "CPU of a check over HTTP"),
    Metric("check.http.raw_cpu_us", "us", "of the raw client's"),
    Metric("check.http.curl_cpu_us", "us", "of bare libcurl's"),
    Metric("check.http.blackbox_cpu_us", "us", "of the exporter's"),
    Metric("check.http.check_http_cpu_us", "us", "of check_http's"),
    Metric("check.https.cpu_us", "us", "CPU of a check over HTTPS"),
    Metric("check.https.raw_cpu_us", "us", "of the raw client's"),
    Metric("check.https.curl_cpu_us", "us", "of bare libcurl's"),
    Metric("check.https.blackbox_cpu_us", "us", "of the exporter's"),
    Metric("check.raw_bias_p50_us", "us", f"latency above 50 ms of the raw client, {BIAS_RATE} a second"),
    Metric("check.bias_at_once_p95_us", "us", f"latency above 50 ms with {AT_ONCE} due at once, 95 of 100"),
]


def take_turns(parts):
    """For each round what the functions said: [{name: value}]."""
    return [{name: part() for name, part in (parts if i % 2 == 0 else reversed(parts))} for i in range(ROUNDS)]


def measure_cpu(bench, ours, target, scheme):
    """Each for a second, one after the other, at the same rate; first and last take turns."""
    url, rate = (target.http + "/", RATE) if scheme == "http" else (target.https + "/", TLS_RATE)
    checks = rate
    raw, curl = bench.program("raw-check"), bench.program("bare-curl")
    parts = [("raw", lambda: cpu_each(raw, url, checks, rate, f"--ca={target.ca}")),
             ("ours", lambda: ours.portion(url, checks, rate).each),
             ("curl", lambda: cpu_each(curl, url, checks, rate, f"--ca={target.ca}"))]
    return take_turns(parts)


def median(rounds, of):
    return statistics.median(of(r) for r in rounds)


def cpu_figures(bench, ours, target, scheme):
    """What is compared is compared within a round."""
    rounds = measure_cpu(bench, ours, target, scheme)
    figures = {"cpu_vs_raw": median(rounds, lambda r: r["ours"] / r["raw"]),
               "own_cpu_us": median(rounds, lambda r: r["ours"] - r["curl"]),
               "cpu_us": median(rounds, lambda r: r["ours"]), "raw_cpu_us": median(rounds, lambda r: r["raw"]),
               "curl_cpu_us": median(rounds, lambda r: r["curl"])}
    return {f"check.{scheme}.{name}": value for name, value in figures.items()}


def bias_figures(bench, ours, target):
    url, checks = target.http + "/50", SECONDS * BIAS_RATE

    def of_raw():
        said = run_client(bench.program("raw-check"), url, checks, BIAS_RATE)
        return said["p50"], said["p99"]

    def of_ours():
        took = ours.portion(url, checks, BIAS_RATE).took
        return percentile(took, 50), percentile(took, 99)
    rounds = take_turns([("raw", of_raw), ("ours", of_ours)])
    p50, p99 = (median(rounds, lambda r, i=i: r["ours"][i] - r["raw"][i]) for i in range(2))
    at_once = percentile(ours.portion(url, AT_ONCE, 0).took, 95) - DELAY
    return {"check.bias_p50_us": p50, "check.bias_p99_us": p99, "check.bias_at_once_p95_us": at_once,
            "check.raw_bias_p50_us": median(rounds, lambda r: r["raw"][0]) - DELAY}


def peer_figures(bench, target, known):
    """Against the peers; `known` has ours."""
    missing = peers_missing()
    if missing:
        say(f"bench check: not compared with {', '.join(missing)}, which ./dev deps installs")
        return {}
    figures = {"check.http.check_http_cpu_us": check_http_cpu_each(target, PEER_CHECKS // 4)}
    with Blackbox(target, bench.program("raw-check")) as blackbox:
        for scheme, url in (("http", target.http), ("https", target.https)):
            figures[f"check.{scheme}.blackbox_cpu_us"] = blackbox.cpu_each(url + "/", PEER_CHECKS, PEER_RATE)
            figures[f"check.{scheme}.cpu_vs_blackbox"] = (known[f"check.{scheme}.cpu_us"]
                                                          / figures[f"check.{scheme}.blackbox_cpu_us"])
        theirs = blackbox.p95(target.http + "/50", AT_ONCE) - DELAY
    figures["check.bias_p95_vs_blackbox"] = known["check.bias_at_once_p95_us"] / theirs
    figures["check.http.cpu_vs_check_http"] = (known["check.http.cpu_us"]
                                               / figures["check.http.check_http_cpu_us"])
    return figures


def rss_per_check(bench, target, url):
    """Kilobytes of each of many checks that wait, beyond what a process that has made some needs."""
    with Ours(bench.build, target) as ours:
        ours.portion(url + "/", WARM, WARM)
        ours.give(url + "/hold", IN_FLIGHT, IN_FLIGHT, timeout_ms=30000, interval_ms=60000, lead=2.0)
        before = cost.rss(ours.pid)
        wait_until(lambda: target.open() >= IN_FLIGHT, f"{IN_FLIGHT} checks wait")
        return (cost.rss(ours.pid) - before) / IN_FLIGHT / 1024


def rss_of_websites(bench, target):
    """Megabytes."""
    with Ours(bench.build, target) as ours:
        rate = WEBSITES * 1000 // WEBSITES_MS
        ours.give(target.http + "/", WEBSITES, rate, interval_ms=WEBSITES_MS)
        ours.hub.wait(lambda h: ours.count() >= rate * WEBSITES_SECONDS, "some are checked", 60)
        return cost.rss(ours.pid) / 1e6


def measure(bench):
    with Target(bench.program("target")) as target:
        with Ours(bench.build, target) as ours:
            values = {**cpu_figures(bench, ours, target, "http"), **cpu_figures(bench, ours, target, "https"),
                      **bias_figures(bench, ours, target)}
            values["check.own_cpu_us"] = values.pop("check.http.own_cpu_us")
            del values["check.https.own_cpu_us"]
            values["check.max_per_second"] = 1e6 / ours.portion(target.http + "/", MAX_CHECKS, MAX_RATE).each
        values.update(peer_figures(bench, target, values))
        values["check.rss_kb_per_inflight_http"] = rss_per_check(bench, target, target.http)
        values["check.rss_kb_per_inflight_https"] = rss_per_check(bench, target, target.https)
        values["check.rss_mb_10k_websites"] = rss_of_websites(bench, target)
    return values
