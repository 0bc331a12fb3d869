#!/usr/bin/python3 -I
"""Sends one alert through Apprise: one JSON line on the standard input, one as the answer (src/hub/alert-apprise.h).

It runs as nobody in particular, without a way to private addresses: see dpin-apprise@.service. In Python, as Apprise is
a library of it: Apprise's own command takes title and text as arguments, and says on a terminal how it went."""
import json
import logging
import os
import re
import signal
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


def send(url, title, body):
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
    # One URL: a text that is given to add() may have several in it.
    plugin = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if not plugin:
        return without_secrets("; ".join(words.said) or "it does not take this URL", url)
    try:
        if plugin.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT):
            return None
    except Exception as e:  # pylint: disable=broad-exception-caught
        words.said.append(f"{type(e).__name__}: {e}")
    return without_secrets("; ".join(words.said) or "it failed, and did not say why", url)


def main():
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    try:
        request = json.loads(sys.stdin.buffer.readline(REQUEST_MAX))
        url, title, body = (str(request[name]) for name in ("url", "title", "body"))
        signal.alarm(max(1, min(int(request["seconds"]), 60)))
    except (ValueError, KeyError, TypeError):
        error = "this is no request"
    else:
        error = send(url, title, body)
    print(json.dumps({"ok": error is None, "error": error or ""}), file=answer, flush=True)


if __name__ == "__main__":
    main()
