#!/usr/bin/python3 -I
"""Sends one alert through Apprise: one JSON line on the standard input, one as the answer (src/hub/alert-apprise.h).

It runs as nobody in particular, without a way to private addresses: see dpin-apprise@.service. In Python, as Apprise is
a library of it: Apprise's own command takes title and text as arguments, and says on a terminal how it went."""
import errno
import ipaddress
import json
import logging
import os
import re
import signal
import socket
import sys
from urllib.parse import unquote

REQUEST_MAX = 64 * 1024
WORDS_MAX = 400
# Those of src/store/alert-services.c, which says what is not among them, and why.
SERVICES = frozenset("""
    bark barks boxcar bulksms clicksend d7sms dapnet dingtalk discord flock gchat gitter gotify gotifys
    guilded hassio hassios ifttt join kavenegar kumulos lametric lametrics line mastodon mastodons matrix
    matrixs mmost mmosts msg91 msgbird msteams ncloud nclouds nctalk nctalks nexmo notica noticas notifico
    ntfy ntfys onesignal opsgenie pagerduty parsep parseps pbul pjet pjets popcorn pover prowl psafer psafers
    push pushed reddit rocket rockets ryver schan signal signals sinch slack smseagle smseagles sns spontit
    spush strmlabs tgram toot toots tweet twilio twist twitter vonage wxteams zulip""".split())

# Those of src/event/guard.c, which says what they are.
SPECIAL_V4 = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
    192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24
    203.0.113.0/24 224.0.0.0/4 240.0.0.0/4"""
SPECIAL_V6 = "2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20"
DENY_PORTS = "22,23,25,135,137-139,194,445,465,587,6660-6669,6697"
MAPPED, MAPPED_BITS = 0xffff << 32, 96
CONNECTS = frozenset(("socket.connect", "socket.sendto", "socket.sendmsg"))


def as_v6(address):
    """All addresses are of IPv6; those of IPv4 are mapped ones."""
    return ipaddress.IPv6Address(MAPPED | int(address)) if address.version == 4 else address


def read_networks(text):
    networks = [ipaddress.ip_network(word, strict=False) for word in re.split(r"[,\s]+", text) if word]
    return [ipaddress.IPv6Network((int(as_v6(n.network_address)), n.prefixlen + MAPPED_BITS * (n.version == 4)))
            for n in networks]


def read_ports(text):
    ends = [word.partition("-") for word in text.split(",")]
    return frozenset(port for first, _, last in ends for port in range(int(first), int(last or first) + 1))


class Guard:
    """What src/event/guard.c decides, for what Apprise connects to. The unit denies addresses as well, where the kernel
    can: not in every container. It is no wall against code, which has other ways, but against URLs, names, redirects:
    whatever Python connects is asked about, with the address that it got in the end."""

    OPEN, NAT64, MAPPED = read_networks("2000::/3 64:ff9b::/96 ::ffff:0:0/96")
    SPECIAL, PORTS = read_networks(SPECIAL_V4 + " " + SPECIAL_V6), read_ports(DENY_PORTS)

    def __init__(self, allow):
        self.allow, self.refused = read_networks(allow), False

    def is_public(self, address):
        special = any(address in network for network in self.SPECIAL)
        return address in self.NAT64 or (address in self.OPEN or address in self.MAPPED) and not special

    def permits(self, address):
        return any(address in network for network in self.allow) or self.is_public(address)

    def carried(self, address):
        """The IPv4 address that a translating form has in it, or None."""
        if address in self.NAT64:
            return ipaddress.IPv4Address(int(address) & 0xffffffff)
        return address.sixtofour or address.teredo and address.teredo[1]

    def lets(self, family, target):
        """A name is refused, too: what it would become is not known here. Apprise's libraries look names up before."""
        try:
            host, port, *_ = target
            if not isinstance(host, str):
                return False
            address = as_v6(ipaddress.ip_address(host))
        except (TypeError, ValueError):
            return False
        inner = self.carried(address)
        return family in (socket.AF_INET, socket.AF_INET6) and port not in self.PORTS and self.permits(address) \
            and (inner is None or self.permits(as_v6(inner)))

    def hook(self, event, arguments):
        """Of sys.addaudithook(): it stays for as long as the process lives, and its exception ends what was begun."""
        if event not in CONNECTS:
            return
        line, target = arguments
        if event == "socket.sendmsg" and target is None or self.lets(line.family, target):
            return
        self.refused = True
        raise PermissionError(errno.EACCES, "the address is not allowed")


class Words(logging.Handler):
    """What Apprise complains of."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.said = []

    def emit(self, record):
        self.said.append(record.getMessage())


def without_secrets(words, url):
    """Whatever is part of the URL is a secret, also where Apprise quotes it."""
    parts = {p for piece in re.split(r"[/:@?&=,]+", url.partition("://")[2]) for p in (piece, unquote(piece))}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) > 3:
            words = words.replace(part, "***")
    return " ".join(words.split())[:WORDS_MAX]


def send(url, title, body, guard):
    """Why it could not be sent; None: it was."""
    service, separator, _ = url.partition("://")
    if not separator or service not in SERVICES:
        return "this service is not let through"
    try:
        import apprise  # pylint: disable=import-outside-toplevel
    except ImportError:
        return "it is not installed: the package is apprise"
    words = Words()
    logger = logging.getLogger("apprise")
    logger.addHandler(words)
    logger.propagate = False
    asset = apprise.AppriseAsset(app_id="dpin", app_desc="dpin", async_mode=False)
    try:
        # One URL: a text that is given to add() may have several in it.
        plugin = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
        if not plugin:
            words.said.append("it does not take this URL")
        elif plugin.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT):
            return None
    except Exception as e:  # pylint: disable=broad-exception-caught
        words.said.append(f"{type(e).__name__}: {e}")
    if guard.refused:
        words.said.insert(0, "the address is not allowed")
    return without_secrets("; ".join(words.said) or "it failed, and did not say why", url)


def main():
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    try:
        request = json.loads(sys.stdin.buffer.readline(REQUEST_MAX))
        url, title, body = (str(request[name]) for name in ("url", "title", "body"))
        guard = Guard(str(request.get("allow", "")))
        signal.alarm(max(1, min(int(request["seconds"]), 60)))
    except (ValueError, KeyError, TypeError):
        error = "this is no request"
    else:
        sys.addaudithook(guard.hook)
        error = send(url, title, body, guard)
    print(json.dumps({"ok": error is None, "error": error or ""}), file=answer, flush=True)


if __name__ == "__main__":
    main()
