"""A hub that tells alerts, a receiver of webhooks that does as the test says, and incidents that open by SQL: whoever
opens one, its alerts are part of that."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from hub_case import HubCase
from process import wait_until

ALLOW = "AlertAllow=127.0.0.0/8\nPublicUrl=https://dpin.example\n"
EACH = '--rules={"digestFrom": 0, "perHour": 3600}' # no digests


class Request:
    def __init__(self, headers, body):
        self.headers, self.body, self.at = headers, body, time.monotonic()

    @property
    def id(self):
        return self.headers["webhook-id"]

    @property
    def type(self):
        return json.loads(self.body)["type"]

    @property
    def about(self):
        """The incident's id."""
        return json.loads(self.body)["data"]["incidentId"]


class Receiver:
    """Answers 200 unless `answer`, a function of the handler and the request, does something else."""

    def __init__(self, answer=None):
        self.answer, self.requests, self.lock = answer, [], threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                request = Request(dict(self.headers.items()), body.decode())
                with receiver.lock:
                    receiver.requests.append(request)
                    answer = receiver.answer
                try:
                    (answer or plain(200))(self, request)
                except (BrokenPipeError, ConnectionResetError):
                    pass

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 128

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def all(self):
        with self.lock:
            return list(self.requests)

    def wait(self, n=1, seconds=10.0):
        """The first n requests."""
        wait_until(lambda: len(self.all()) >= n, f"{n} requests came", seconds, step=0.005)
        return self.all()[:n]


def plain(status, headers=(), body=b""):
    def answer(handler, _):
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
    return answer


def in_turn(*answers):
    """The last one for all that come later."""
    left = list(answers)

    def answer(handler, request):
        (left.pop(0) if len(left) > 1 else left[0])(handler, request)
    return answer


class AlertCase(HubCase):
    conf, bus = ALLOW, True

    def setUp(self):
        self.website = self.add_website(f"https://{self.id().rsplit('.', 1)[-1].replace('_', '-')}.example/")

    def tearDown(self):
        self.db.sql("UPDATE alert_channel SET removed_at = now();"
                    "UPDATE alert_outbox SET state = 'dropped', done_at = now() WHERE state = 'pending'")

    def restart(self, env=None):
        """Starts the hub again, until it works."""
        self.world.start_hub(conf=self.conf, env=env)
        wait_until(lambda: '"ready"' in self.world.ctl("status", "hub", "--json", check=False), "the hub is ready", 20)

    def receiver(self, answer=None):
        r = Receiver(answer)
        self.addCleanup(r.close)
        return r

    def add(self, kind, to, *options, name="Operators"):
        """(id, secret) of a new channel."""
        made = json.loads(self.world.ctl("alert", "channel", "add", "--json", kind, name, to, *options))
        return made["id"], made["secret"]

    def hook(self, receiver, *options):
        """Of what is told one by one, unless the options have rules."""
        rules = () if any(o.startswith("--rules") for o in options) else (EACH,)
        return self.add("webhook", receiver.url, *rules, *options)

    def open(self, website=None, kind="down", cause="refused"):
        """The incident's public id."""
        return self.value(f"""WITH made AS (
            INSERT INTO incident (public_id, organisation_id, website_id, kind, cause, opened_at, first_evidence_at)
            SELECT gen_random_uuid(), organisation_id, id, '{kind}', '{cause}', now(), now() - interval '2 s'
              FROM website WHERE id = {website or self.website} RETURNING public_id) SELECT public_id FROM made""")

    def close(self, incident):
        self.db.sql(f"UPDATE incident SET closed_at = now() WHERE public_id = '{incident}'")

    def outbox(self, channel):
        """(state, tries, last_error) of each alert of a channel, oldest first."""
        return [(s, int(n), e) for s, n, e in (row + [""] * (3 - len(row)) for row in self.db.sql(
            f"""SELECT o.state, o.tries, o.last_error FROM alert_outbox o JOIN alert_channel c ON c.id = o.channel_id
                 WHERE c.public_id = '{channel}' ORDER BY o.id"""))]

    def wait_outbox(self, channel, check, what, seconds=10.0):
        wait_until(lambda: check(self.outbox(channel)), what, seconds)
        return self.outbox(channel)

    def wait_delivered(self, channel, n=1, seconds=10.0):
        return self.wait_outbox(channel, lambda rows: [r[0] for r in rows] == ["delivered"] * n,
                                f"{n} alerts are delivered", seconds)
