"""The API on a real database, as strangers, users and scripts meet it. The hub's commits are made by SQL."""

import base64
import hashlib
import http.client
import json
import os
import signal
import socket
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "run")]

from database_case import DatabaseCase  # noqa: E402
from hub_case import build_has  # noqa: E402
from process import wait_until  # noqa: E402

NOBODY = "00000000-0000-0000-0000-000000000000"
KEY = bytes(range(32))
KEY_TEXT = base64.urlsafe_b64encode(KEY).decode().rstrip("=")


class Stream:
    """One reader of /api/v1/events on a socket of its own."""

    def __init__(self, world, token, last_id=None):
        headers = {"Authorization": f"Bearer {token}"}
        if last_id is not None:
            headers["Last-Event-ID"] = str(last_id)
        self.connection = http.client.HTTPConnection("127.0.0.1", world.api_socket.getsockname()[1], timeout=30)
        self.connection.request("GET", "/api/v1/events", headers=headers)
        self.answer = self.connection.getresponse()

    def block(self):
        """The lines of one block as a dict; None at the end of the stream."""
        fields = {}
        while True:
            line = self.answer.readline()
            if not line:
                return None
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name.startswith(":"):
                name = "comment"
            if not name:
                return fields
            fields[name] = value

    def event(self, seconds=40):
        """The next one; a stream that has only beats fails the test."""
        begun = time.monotonic()
        while time.monotonic() < begun + seconds:
            fields = self.block()
            if fields is None or "event" in fields:
                return fields
        raise AssertionError(f"no event within {seconds} s")

    def close(self):
        self.connection.close()
        self.answer.close()


@unittest.skipUnless(build_has("dpin-api") and build_has("dpin-hub"), "dpin-api or dpin-hub is not built")
class ApiCase(DatabaseCase):
    """Organisations 1 and 2, a token of each with all scopes, and one that may only read."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.db.sql("INSERT INTO organisation (public_id, name)"
                   " VALUES (gen_random_uuid(), 'one'), (gen_random_uuid(), 'two')")
        cls.db.sql("SELECT partition_ensure('tick_page', current_date - 2, current_date + 2)")
        cls.one, cls.two = cls.token(1, "one"), cls.token(2, "two")
        cls.reader = cls.token(1, "reader", "read")
        cls.world.start_bus()
        cls.world.start_api()
        cls.addClassCleanup(cls.ends_well)
        cls.wait_ready()

    @classmethod
    def ends_well(cls):
        """What a sanitizer finds at the end is a status."""
        status = cls.world.api.stop()
        if status != 0:
            raise AssertionError(f"dpin-api ended with {status}; {cls.world.api.tail(40)}")

    @classmethod
    def wait_ready(cls):
        wait_until(lambda: cls.world.request("GET", "/readyz")[0] == 200, "the API is ready")

    @classmethod
    def token(cls, organisation, name, scopes="read,write,payouts", expires="NULL"):
        token = f"dpin_{name}_0123456789"
        digest = hashlib.sha256(token.encode()).hexdigest()
        cls.db.sql(f"""
            INSERT INTO api_token (public_id, organisation_id, name, prefix, secret_sha256, scopes, expires_at)
            VALUES (gen_random_uuid(), {organisation}, '{name}', 'dpin_{name}', decode('{digest}', 'hex'),
                    '{{{scopes}}}', {expires})""")
        return token

    @classmethod
    def revoke(cls, name):
        cls.world.ctl("token", "revoke", cls.db.value(f"SELECT public_id FROM api_token WHERE name = '{name}'"))

    @classmethod
    def commit(cls, *statements):
        """What a hub does: numbers its commit, and everybody is told. The number."""
        number = int(cls.db.value("SELECT commit_no + 1 FROM hub_state"))
        steps = [s.replace("$N", str(number)) for s in statements] + [f"SELECT commit_advance({number})"]
        cls.db.sql("BEGIN; " + "; ".join(steps) + "; COMMIT")
        return number

    @staticmethod
    def an_event(organisation, kind, payload, ordinal=0):
        return (f"INSERT INTO event (commit_no, ordinal, organisation_id, kind, payload)"
                f" VALUES ($N, {ordinal}, {organisation or 'NULL'}, '{kind}', '{json.dumps(payload)}')")

    def call(self, method, path, token=None, body=None, headers=None):
        return self.world.request(method, path, token, body, headers)

    def refused(self, expected, method, path, token=None, body=None, headers=None):
        """Asserts a problem document of this status; the headers and the document."""
        status, answer, problem = self.call(method, path, token, body, headers)
        self.assertEqual(status, expected, problem)
        self.assertEqual(answer["Content-Type"], "application/problem+json")
        self.assertEqual(problem["status"], expected)
        self.assertTrue(problem["title"])
        self.assertEqual(problem["type"], "about:blank")
        return answer, problem

    @classmethod
    def add_validator(cls):
        cls.db.sql("INSERT INTO validator (key, name, state)"
                   f" VALUES (decode('{KEY.hex()}', 'hex'), 'berlin', 'approved')")

    @classmethod
    def add_ticks(cls, website, commit_no, number):
        """Good ticks of the validator, half a second apart, 1.5 ms each. The statement."""
        return f"""
            WITH batch AS (INSERT INTO tick_batch SELECT {commit_no}, id, 1, {commit_no}, '', '', 0, '', now(), now(),
                {commit_no} FROM validator LIMIT 1)
            INSERT INTO website_tick (website_id, validator_id, started_at, order_id, batch_id, number, dns_us,
                connect_us, tls_us, wait_us, transfer_us, status, outcome, error_class, kind, late)
            SELECT w.id, v.id, now() - i * interval '500 milliseconds', 1, {commit_no}, i,
                1000, 0, 0, 500, 0, 200, 1, 0, 's', false
              FROM website w, validator v, generate_series(1, {number}) AS i WHERE w.public_id = '{website}'"""

    def add(self, url, token=None, **more):
        status, _, body = self.call("POST", "/api/v1/website", token or self.one, {"url": url, **more})
        self.assertEqual(status, 201, body)
        return body["id"]


class Addresses(ApiCase):
    def test_unknown_routes_are_404(self):
        for path in ("/api/v1/nothing", "/api/v1", "/api/v2/websites", "/nothing.js", "/a/b/c", "/api/v1/websites/",
                     "//", "/..%2f..%2fetc%2fpasswd", "/%2e%2e"):
            self.refused(404, "GET", path, self.one)

    def test_unknown_methods_are_405_and_say_which_are_known(self):
        for method, path, allow in (
                ("PUT", "/api/v1/website", "DELETE, PATCH, POST, OPTIONS"),
                ("GET", "/api/v1/website", "DELETE, PATCH, POST, OPTIONS"),
                ("POST", "/api/v1/websites", "GET, HEAD, OPTIONS"), ("BREW", "/healthz", "GET, HEAD, OPTIONS"),
                ("GET", f"/api/v1/payout/{KEY_TEXT}", "POST, OPTIONS"), ("DELETE", "/", "GET, HEAD, OPTIONS")):
            answer, _ = self.refused(405, method, path, self.one)
            self.assertEqual(answer["Allow"], allow)

    def test_broken_escapes_are_400(self):
        for path in ("/%", "/%zz", "/a%00b", "/api/v1/websites?limit=%f"):
            self.assertEqual(self.call("GET", path, self.one)[0], 400)

    def test_head_is_get_without_a_body(self):
        c = http.client.HTTPConnection("127.0.0.1", self.world.api_socket.getsockname()[1], timeout=10)
        self.addCleanup(c.close)
        c.request("HEAD", "/api/v1/websites", headers={"Authorization": f"Bearer {self.one}"})
        answer = c.getresponse()
        self.assertEqual((answer.status, answer.read()), (200, b""))
        self.assertGreater(int(answer.headers["Content-Length"]), 10)

    def test_health_needs_no_token(self):
        self.assertEqual(self.call("GET", "/healthz")[::2], (200, {"status": "ok"}))
        self.assertEqual(self.call("GET", "/readyz")[::2], (200, {"status": "ready"}))

    def test_every_answer_forbids_guessing_and_caching(self):
        for path, token in (("/api/v1/websites", self.one), ("/api/v1/websites", None), ("/nothing", None),
                            ("/healthz", None)):
            _, answer, _ = self.call("GET", path, token)
            self.assertEqual(answer["X-Content-Type-Options"], "nosniff")
            self.assertEqual(answer["Referrer-Policy"], "no-referrer")
            self.assertEqual(answer["Cache-Control"], "no-store")
            self.assertIn("default-src 'none'", answer["Content-Security-Policy"])

    def test_a_client_that_has_it_already_gets_304(self):
        _, answer, _ = self.call("GET", "/api/v1/validators", self.one)
        tag = answer["ETag"]
        status, answer, body = self.call("GET", "/api/v1/validators", self.one,
                                         headers={"If-None-Match": f'"x", W/{tag}'})
        self.assertEqual((status, body, answer["ETag"]), (304, None, tag))
        self.assertEqual(self.call("GET", "/api/v1/validators", self.one, headers={"If-None-Match": '"x"'})[0], 200)

    def test_a_body_too_long_is_413(self):
        self.assertEqual(self.call("POST", "/api/v1/website", self.one, b"x" * 70000)[0], 413)


class Tokens(ApiCase):
    def unauthorized(self, headers=None, token=None):
        answer, _ = self.refused(401, "GET", "/api/v1/websites", token, headers=headers)
        return answer["WWW-Authenticate"]

    def test_a_missing_token_is_401(self):
        self.assertEqual(self.unauthorized(), 'Bearer realm="dpin"')

    def test_a_malformed_token_is_401(self):
        for value in ("Bearer", "Bearer ", "Basic abc", self.one, f"Bearer {self.one} x",
                      "Bearer ä".encode().decode("latin-1"), "Bearer " + "x" * 513, "Bearer a,b", "Bearer \"x\""):
            self.assertIn("invalid_token", self.unauthorized({"Authorization": value}), value)

    def test_an_unknown_or_expired_token_is_401(self):
        self.unauthorized(token="dpin_unknown")
        self.unauthorized(token=self.one[:-1])
        self.unauthorized(token=self.token(1, "expired", expires="now() - interval '1 second'"))

    def test_a_revoked_token_is_401_at_once(self):
        token = self.token(1, "revoked")
        self.assertEqual(self.call("GET", "/api/v1/websites", token)[0], 200)
        self.revoke("revoked")
        self.unauthorized(token=token)

    def test_every_call_of_the_api_asks_for_a_token(self):
        for method, path in (("GET", "/api/v1/websites"), ("POST", "/api/v1/website"), ("DELETE", "/api/v1/website"),
                             ("PATCH", "/api/v1/website"),
                             ("GET", "/api/v1/website/status"), ("GET", "/api/v1/website/verdict"),
                             ("GET", "/api/v1/website/verdicts"), ("GET", "/api/v1/website/latency"),
                             ("GET", "/api/v1/incidents"), ("GET", "/api/v1/validators"),
                             ("POST", f"/api/v1/payout/{KEY_TEXT}"), ("GET", "/api/v1/events")):
            self.refused(401, method, path)

    def test_a_token_in_the_address_is_400_even_when_it_is_right(self):
        self.refused(400, "GET", f"/api/v1/websites?token={self.one}")
        self.refused(400, "GET", f"/api/v1/websites?access_token={self.one}", self.one)

    def test_a_missing_scope_is_403(self):
        answer, problem = self.refused(403, "POST", "/api/v1/website", self.reader, {"url": "http://a.example/"})
        self.assertIn('scope="write"', answer["WWW-Authenticate"])
        self.assertIn("write", problem["detail"])
        self.refused(403, "DELETE", "/api/v1/website", self.reader)
        self.refused(403, "POST", f"/api/v1/payout/{KEY_TEXT}", self.reader)
        self.assertEqual(self.call("GET", "/api/v1/websites", self.reader)[0], 200)
        self.refused(403, "GET", "/api/v1/websites", self.token(1, "payer", "payouts"))


class Websites(ApiCase):
    def test_a_website_is_added_shown_and_removed(self):
        wish = {"url": "https://shop.example/", "name": "Shop", "intervalMs": 10000, "timeoutMs": 5000, "seats": 3}
        status, answer, body = self.call("POST", "/api/v1/website", self.one, wish)
        self.assertEqual(status, 201, body)
        path = f"/api/v1/website/status?websiteId={body['id']}"
        self.assertEqual(answer["Location"], path)
        shown = self.world.get(path, self.one)
        self.assertEqual((shown["url"], shown["state"], shown["ticks"]), ("https://shop.example/", "UNKNOWN", []))
        self.assertEqual(self.db.sql("SELECT interval_ms, timeout_ms, seats FROM website"
                                     f" WHERE public_id = '{body['id']}'"), [["10000", "5000", "3"]])
        self.assertEqual(self.db.sql("SELECT actor, organisation_id FROM audit_log WHERE action = 'website.add'"
                                     f" AND object = '{body['id']}'"), [["token dpin_one", "1"]])
        status, answer, nothing = self.call("DELETE", "/api/v1/website", self.one, {"websiteId": body["id"]})
        self.assertEqual((status, nothing), (204, None))
        self.refused(404, "GET", path, self.one)
        self.refused(404, "DELETE", "/api/v1/website", self.one, {"websiteId": body["id"]})

    def test_removing_by_query(self):
        website = self.add("http://query.example/")
        self.assertEqual(self.call("DELETE", f"/api/v1/website?websiteId={website}", self.one)[0], 204)

    def test_bodies_that_are_no_json_are_400(self):
        for body in (b"", b"{", b"url=http://a.example/", b"[]", b"null", b"\xff\xfe", b"[" * 1000,
                     b'{"url":"http://a.example/"}}'):
            self.refused(400, "POST", "/api/v1/website", self.one, body)
        self.refused(400, "DELETE", "/api/v1/website", self.one, b"{")
        self.refused(400, "DELETE", "/api/v1/website", self.one)

    def test_urls_that_cannot_be_checked_are_422_with_a_reason(self):
        for url, reason in (
                ("shop.example", "http://"), ("file:///etc/passwd", "scheme"), ("ftp://a.example/", "scheme"),
                ("http://user:secret@a.example/", "credentials"), ("http://a.example/" + "x" * 3000, "2048"),
                ("http://a.example/\r\nX: y", "control"), ("http://a.example/\u0000", ""),
                ("http://a .example/", "space"), ("http://bücher.example/", "xn--"),
                ("http://\u202ea.example/", "ASCII"), ("http://", "host"), ("", "")):
            status = 400 if "\u0000" in url else 422
            _, problem = self.refused(status, "POST", "/api/v1/website", self.one, {"url": url})
            self.assertIn(reason, problem["detail"])
            if status == 422:
                self.assertEqual(problem["errors"][0]["pointer"], "/url")
        self.assertEqual(self.db.value("SELECT count(*) FROM website WHERE url LIKE '%secret%'"), "0")

    def test_values_out_of_their_limits_are_422(self):
        for more, pointer in (
                ({"intervalMs": 9999}, "/intervalMs"), ({"intervalMs": 86400001}, "/intervalMs"),
                ({"seats": 0}, "/seats"), ({"seats": 17}, "/seats"),
                ({"intervalMs": 10000, "timeoutMs": 5001}, "/timeoutMs"), ({"timeoutMs": "x"}, "/timeoutMs"),
                ({"name": "x" * 201}, "/name"), ({"name": None}, "/name")):
            wish = {"url": "http://limits.example/", **more}
            _, problem = self.refused(422, "POST", "/api/v1/website", self.one, wish)
            self.assertEqual(problem["errors"][0]["pointer"], pointer)
        self.refused(422, "POST", "/api/v1/website", self.one, {"url": "http://limits.example/", "unknown": 1})
        self.refused(422, "POST", "/api/v1/website", self.one, {})

    def test_the_same_url_twice_is_409_but_not_for_another_organisation(self):
        website = self.add("http://twice.example/")
        self.refused(409, "POST", "/api/v1/website", self.one, {"url": "http://twice.example/"})
        for family in (4, 6):
            apart = self.call("POST", "/api/v1/website", self.one, {"url": "http://twice.example/", "family": family})
            self.assertEqual(apart[0], 201)
        self.add("http://twice.example/", self.two)
        self.assertEqual(self.call("DELETE", f"/api/v1/website?websiteId={website}", self.one)[0], 204)
        self.add("http://twice.example/")

    def test_another_organisations_website_does_not_exist(self):
        website = self.add("http://private.example/")
        for path in ("website/status", "website/verdict", "website/latency", "incidents"):
            self.assertEqual(self.call("GET", f"/api/v1/{path}?websiteId={website}", self.one)[0], 200, path)
            self.refused(404, "GET", f"/api/v1/{path}?websiteId={website}", self.two)
            self.refused(404, "GET", f"/api/v1/{path}?websiteId={NOBODY}", self.one)
        self.refused(404, "DELETE", f"/api/v1/website?websiteId={website}", self.two)
        self.assertNotIn(website, [w["id"] for w in self.world.get("/api/v1/websites", self.two)["websites"]])
        self.assertEqual(self.call("GET", f"/api/v1/website/status?websiteId={website}", self.one)[0], 200)

    def test_ids_and_cursors_that_are_no_uuids_are_400(self):
        for path in ("website/status", "website/verdict", "website/latency"):
            self.refused(400, "GET", f"/api/v1/{path}", self.one)
            self.refused(400, "GET", f"/api/v1/{path}?websiteId=7", self.one)
        self.refused(400, "GET", "/api/v1/incidents?websiteId=%27%20OR%201=1", self.one)
        self.refused(400, "GET", "/api/v1/websites?cursor=x", self.one)
        self.refused(400, "DELETE", "/api/v1/website?websiteId=x", self.one)
        self.refused(422, "DELETE", "/api/v1/website", self.one, {"websiteId": "x"})

    def test_limits_and_windows_are_checked(self):
        for limit in ("0", "501", "-1", "x", "", "1e2", "99999999999999999999"):
            self.refused(400, "GET", f"/api/v1/websites?limit={limit}", self.one)
            self.refused(400, "GET", f"/api/v1/incidents?limit={limit}", self.one)
        website = self.add("http://window.example/")
        for window in ("1h", "24h", "7d", "30d"):
            path = f"/api/v1/website/latency?websiteId={website}&window={window}"
            self.assertEqual(self.call("GET", path, self.one)[0], 200)
        self.refused(400, "GET", f"/api/v1/website/latency?websiteId={website}&window=1y", self.one)

    def test_lists_are_paged_to_their_end(self):
        token = self.token(2, "pager")
        made = sorted(self.add(f"http://page{i}.example/", token) for i in range(7))
        seen, cursor = [], None
        while True:
            page = self.world.get("/api/v1/websites?limit=3" + (f"&cursor={cursor}" if cursor else ""), token)
            seen += [w["id"] for w in page["websites"]]
            cursor = page["nextCursor"]
            if not cursor:
                break
        self.assertEqual([x for x in seen if x in made], made)
        self.assertEqual(len(seen), len(set(seen)))


class Validators(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.add_validator()

    def test_validators_are_shown_by_their_keys(self):
        (validator,) = self.world.get("/api/v1/validators", self.reader)["validators"]
        self.assertEqual((validator["id"], validator["name"], validator["state"]), (KEY_TEXT, "berlin", "approved"))

    def test_a_payout_is_asked_for_once(self):
        path = f"/api/v1/payout/{KEY_TEXT}"
        self.refused(409, "POST", path, self.one)
        self.db.sql("INSERT INTO ledger_entry (kind, validator_id, hour, ticks, debit, credit, amount)"
                    " VALUES ('reward', 1, '2026-01-01', 5, 'rewards', 'validator', 500)")
        status, _, first = self.call("POST", path, self.one)
        self.assertEqual((status, first["amount"], first["status"]), (202, 500, "requested"))
        self.assertEqual(self.call("POST", path, self.one)[::2], (202, first))
        self.assertEqual(self.db.value("SELECT count(*) FROM payout"), "1")
        self.assertEqual(self.db.value("SELECT actor FROM audit_log WHERE action = 'payout.request'"), "token dpin_one")

    def test_unknown_validators_are_404(self):
        for name in ("x", "A" * 43, KEY_TEXT + "A", KEY_TEXT[:-1], "A" * 200, "%20"):
            self.refused(404, "POST", f"/api/v1/payout/{name}", self.one)


class Status(ApiCase):
    def fill(self, website, ticks):
        """On full pages, as a hub writes them."""
        self.db.sql(self.add_ticks(website, 0, ticks))
        self.db.sql("""CREATE TEMP TABLE one AS SELECT *, row_number() OVER (PARTITION BY span, website_id) - 1 AS n
              FROM tick_page WHERE length(ticks) = 416;
            DELETE FROM tick_page WHERE length(ticks) = 416;
            INSERT INTO tick_page SELECT span, website_id, tick_join(ticks) FROM one GROUP BY 1, 2, n / 36""")
        self.db.sql("VACUUM ANALYZE tick_page")  # a hub never wrote the pages of one tick, and nobody reads past them

    def test_status_does_not_grow_with_ticks(self):
        self.add_validator()
        few, many = self.add("http://few.example/"), self.add("http://many.example/")
        self.fill(few, 10000)  # as dense, and for longer than is looked at
        self.fill(many, 100000)
        sizes = {}
        for website in (few, many):
            body = self.world.get(f"/api/v1/website/status?websiteId={website}", self.one)
            self.assertEqual(len(body["ticks"]), 100)
            sizes[website] = len(json.dumps(body))
        self.assertLess(abs(sizes[few] - sizes[many]), 200)
        best = {few: [], many: []}

        def takes_as_long():
            for website, seconds in best.items():
                seconds.append(self.timed(website))
            return len(best[few]) >= 20 and min(best[many]) < 2 * min(best[few])

        wait_until(takes_as_long, "it takes as long for many ticks", 20)

    def timed(self, website):
        begun = time.monotonic()
        self.world.get(f"/api/v1/website/status?websiteId={website}", self.one)
        return time.monotonic() - begun


class StreamCase(ApiCase):
    def stream(self, token=None, last_id=None):
        stream = Stream(self.world, token or self.one, last_id)
        self.addCleanup(stream.close)
        self.assertEqual(stream.answer.status, 200)
        self.assertEqual(stream.answer.headers["Content-Type"], "text/event-stream")
        return stream

    def begun(self, token=None, last_id=None):
        """A stream whose first block has come: it is joined."""
        stream = self.stream(token, last_id)
        hello = stream.block()
        self.assertEqual(hello["retry"], "2000")
        return stream, int(hello["id"])

    def assert_event(self, stream, kind, payload):
        event = stream.event()
        self.assertIsNotNone(event)
        self.assertEqual((event["event"], json.loads(event["data"])), (kind, payload))
        return event.get("id")


class Events(StreamCase):
    def test_events_come_at_once_and_only_to_their_organisation(self):
        one, _ = self.begun()
        two, _ = self.begun(self.two)
        number = self.commit(self.an_event(1, "website.added", {"id": "a"}),
                             self.an_event(2, "website.added", {"id": "b"}, 1),
                             self.an_event(None, "validator.online", {"id": "c"}, 2))
        self.assert_event(one, "website.added", {"id": "a"})
        self.assertEqual(self.assert_event(one, "validator.online", {"id": "c"}), str(number))
        self.assert_event(two, "website.added", {"id": "b"})
        self.assertEqual(self.assert_event(two, "validator.online", {"id": "c"}), str(number))

    def test_a_stream_resumes_where_it_broke(self):
        stream, _ = self.begun()
        self.commit(self.an_event(1, "a", {"n": 1}))
        last = self.assert_event(stream, "a", {"n": 1})
        stream.close()
        for n in (2, 3):
            self.commit(self.an_event(1, "b", {"n": n}), self.an_event(2, "secret", {}, 1))
        again, place = self.begun(last_id=last)
        self.assertEqual(str(place), last)
        self.assert_event(again, "b", {"n": 2})
        self.assert_event(again, "b", {"n": 3})
        self.commit(self.an_event(1, "c", {"n": 4}))
        self.assert_event(again, "c", {"n": 4})

    def test_a_long_gap_is_told_page_by_page(self):
        first = self.commit()
        for _ in range(3):
            self.commit("INSERT INTO event (commit_no, ordinal, organisation_id, kind, payload)"
                        " SELECT $N, i, 1, 'many', json_build_object('i', i) FROM generate_series(0, 399) AS i")
        self.commit("INSERT INTO event (commit_no, ordinal, organisation_id, kind, payload)"
                    " SELECT $N, i, 1, 'many', json_build_object('i', i) FROM generate_series(0, 1299) AS i")
        stream, _ = self.begun(last_id=first)
        seen = [json.loads(stream.event()["data"])["i"] for _ in range(2500)]
        self.assertEqual(seen, [*range(400), *range(400), *range(400), *range(1300)])

    def test_a_gap_too_big_is_a_reset(self):
        first = self.commit()
        last = self.commit("INSERT INTO event (commit_no, ordinal, organisation_id, kind, payload)"
                           " SELECT $N, i, 1, 'big', json_build_object('x', repeat('x', 1000))"
                           " FROM generate_series(0, 999) AS i")
        stream, _ = self.begun(last_id=first)
        self.assertEqual(self.assert_event(stream, "reset", {}), str(last))
        self.commit(self.an_event(1, "after", {}))
        self.assert_event(stream, "after", {})

    def test_a_place_that_is_gone_or_never_was_is_a_reset(self):
        newest = self.commit(self.an_event(1, "x", {}))
        self.db.sql(f"UPDATE hub_state SET pruned_no = {newest}")
        for place in (newest - 1, newest + 1000, "x", "-1", "9" * 30):
            stream, _ = self.begun(last_id=place)
            self.assertEqual(self.assert_event(stream, "reset", {}), str(newest), place)
        self.begun(last_id=newest)

    def test_a_stream_ends_with_its_token(self):
        """At once: a beat of the API, which asks for tokens too, can have helped in one round but not in the next."""
        other, _ = self.begun()
        for name in ("brief", "briefer"):
            token = self.token(1, name)
            stream, place = self.begun(token)
            resumed, _ = self.begun(token, last_id=place)
            self.revoke(name)
            begun = time.monotonic()
            self.assertIsNone(stream.event())
            self.assertIsNone(resumed.event())
            self.assertLess(time.monotonic() - begun, 2)
        self.commit(self.an_event(1, "after", {}))
        self.assert_event(other, "after", {})


class Dashboard(ApiCase):
    def test_pages_may_do_nothing_but_their_own(self):
        if not os.path.exists(os.path.join(self.world.source, "build", "dashboard", "index.html")):
            self.skipTest("the dashboard is not built")
        status, answer, _ = self.call("GET", "/")
        self.assertEqual((status, answer["Content-Type"], answer["Cache-Control"]),
                         (200, "text/html; charset=utf-8", "no-cache"))
        self.assertEqual(answer["Content-Security-Policy"],
                         "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
                         " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
        self.assertEqual(self.call("GET", "/", headers={"If-None-Match": answer["ETag"]})[0], 304)

    def test_it_says_when_there_is_no_dashboard(self):
        self.world.api.stop()
        self.addCleanup(self.restart)
        self.world.start_api(conf="Dashboard=/nonexistent\n")
        _, problem = self.refused(404, "GET", "/")
        self.assertIn("not installed", problem["detail"])

    def restart(self):
        self.world.api.stop()
        self.world.start_api()
        self.wait_ready()


class Database(ApiCase):
    """Last, as it stops the database."""

    def test_without_a_database_calls_are_503_and_come_back(self):
        stream = Stream(self.world, self.one)
        self.addCleanup(stream.close)
        stream.block()
        website = self.add("http://stays.example/")
        self.db.stop()
        wait_until(lambda: self.call("GET", "/readyz")[0] == 503, "the loss is noticed")
        for method, path in (("GET", "/readyz"), ("GET", "/api/v1/websites"), ("POST", "/api/v1/website"),
                             ("GET", "/api/v1/events"), ("GET", f"/api/v1/website/status?websiteId={website}")):
            body = {"url": "http://a.example/"} if method == "POST" else None
            answer, _ = self.refused(503, method, path, self.one, body)
            self.assertEqual(answer["Retry-After"], "2")
        self.assertEqual(self.call("GET", "/healthz")[0], 200)
        self.refused(401, "GET", "/api/v1/websites")
        self.db.start()
        self.commit(self.an_event(1, "meanwhile", {}))
        self.wait_ready()
        self.assertEqual(stream.event()["event"], "meanwhile")
        self.assertEqual(self.call("GET", f"/api/v1/website/status?websiteId={website}", self.one)[0], 200)


class Process(ApiCase):
    def test_a_stop_ends_streams_and_answers_what_is_open(self):
        stream = Stream(self.world, self.one)
        self.addCleanup(stream.close)
        stream.block()
        begun = time.monotonic()
        self.assertEqual(self.world.api.stop(), 0)
        self.assertLess(time.monotonic() - begun, 5)
        self.assertIsNone(stream.event())
        self.world.start_api()
        self.wait_ready()

    def test_a_stop_answers_who_was_let_in_just_before(self):
        api = self.world.api
        with socket.create_connection(self.world.api_socket.getsockname(), 5) as s:
            self.assertEqual(self.call("GET", "/healthz")[0], 200)  # who came after it was served: it was let in
            api.popen.send_signal(signal.SIGTERM)
            wait_until(lambda: api.status == "stopping", "it stops", 5, 0.01)
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b" 200 ", s.recv(4096)[:20])
        self.assertEqual(api.stop(), 0)
        self.world.start_api()
        self.wait_ready()

    def test_half_a_request_holds_nothing_up(self):
        with socket.create_connection(self.world.api_socket.getsockname()) as s:
            s.sendall(b"POST /api/v1/website HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            self.assertEqual(self.call("GET", "/healthz")[0], 200)
        self.assertEqual(self.call("GET", "/healthz")[0], 200)


if __name__ == "__main__":
    unittest.main()
