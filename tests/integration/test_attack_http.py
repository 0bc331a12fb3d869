"""Requests that mean two things, nothing, or harm, against the real dpin-api: each is refused with the right status and
a problem document, counted, logged once, and nothing of it is done."""

import json
import socket
import time
import unittest

from http_case import HttpCase
from raw_http import RawHttp
from test_api import KEY_TEXT

HOST = b"Host: x\r\n"
GOOD = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def smuggled(n):
    """A request that adds a website when it is taken for one."""
    body = json.dumps({"url": f"http://smuggled{n}.example/"}).encode()
    return (b"POST /api/v1/website HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\nContent-Length: %d\r\n\r\n%b"
            % (Smuggling.one.encode(), len(body), body))


def post(*fields, body=b"", version=b"1.1"):
    lines = [b"POST /api/v1/website HTTP/" + version, b"Host: x", *fields]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


# (what, request, status). Each is followed by a smuggled request, so that whatever is left of it is one.
FRAMINGS = [
    ("both framings", post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400),
    ("both, the other way round", post(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"), 400),
    ("two lengths", post(b"Content-Length: 5", b"Content-Length: 0", body=b"hello"), 400),
    ("two lengths that agree", post(b"Content-Length: 5", b"Content-Length: 5", body=b"hello"), 400),
    ("a list of lengths", post(b"Content-Length: 5, 5", body=b"hello"), 400),
    ("a negative length", post(b"Content-Length: -5", body=b"hello"), 400),
    ("a length with a sign", post(b"Content-Length: +5", body=b"hello"), 400),
    ("a length in hexadecimal", post(b"Content-Length: 0x5", body=b"hello"), 400),
    ("a length with an underscore", post(b"Content-Length: 1_0", body=b"hello"), 400),
    ("a length of words", post(b"Content-Length: five", body=b"hello"), 400),
    ("no length", post(b"Content-Length:", body=b"hello"), 400),
    ("a length that wraps around", post(b"Content-Length: 18446744073709551621", body=b"hello"), 413),
    ("a length beyond all", post(b"Content-Length: " + b"9" * 40, body=b"hello"), 413),
    ("a length with a blank before the colon", post(b"Content-Length : 5", body=b"hello"), 400),
    ("a length with a tab before the colon", post(b"Content-Length\t: 5", body=b"hello"), 400),
    ("a length in a folded line", post(b"Content-Length:", b" 5", body=b"hello"), 400),
    ("a length behind a bare CR", post(b"X: y\rContent-Length: 5", body=b"hello"), 400),
    ("a length behind a bare LF", post(b"X: y\nContent-Length: 5", body=b"hello"), 400),
    ("a length behind a NUL", post(b"X: y\0Content-Length: 5", body=b"hello"), 400),
    ("chunks", post(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n"), 411),
    ("chunks with an extension", post(b"Transfer-Encoding: chunked", body=b"5;a=b\r\nhello\r\n0\r\n\r\n"), 411),
    ("chunks with a sign", post(b"Transfer-Encoding: chunked", body=b"+5\r\nhello\r\n0\r\n\r\n"), 411),
    ("chunks with a prefix", post(b"Transfer-Encoding: chunked", body=b"0x5\r\nhello\r\n0\r\n\r\n"), 411),
    ("chunks that wrap around", post(b"Transfer-Encoding: chunked", body=b"FFFFFFFFFFFFFFFFF\r\nhello\r\n"), 411),
    ("chunks that end with LF", post(b"Transfer-Encoding: chunked", body=b"5\nhello\n0\n\n"), 411),
    ("chunks with trailers", post(b"Transfer-Encoding: chunked", body=b"0\r\nContent-Length: 5\r\n\r\n"), 411),
    ("a coding in capitals", post(b"tRANSFER-eNCODING: CHUNKED", body=b"0\r\n\r\n"), 411),
    ("a coding nobody knows", post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), 501),
    ("two codings", post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), 501),
    ("two fields of codings", post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"), 501),
    ("a coding in quotes", post(b'Transfer-Encoding: "chunked"', body=b"0\r\n\r\n"), 501),
    ("a coding with a vertical tab", post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"), 400),
    ("a coding in a folded line", post(b"Transfer-Encoding:", b" chunked", body=b"0\r\n\r\n"), 400),
    ("half a coding, folded", post(b"Transfer-Encoding: chun", b" ked", body=b"0\r\n\r\n"), 400),
    ("a coding with a blank before the colon", post(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n"), 400),
    ("a coding before HTTP knew it", post(b"Transfer-Encoding: chunked", version=b"1.0", body=b"0\r\n\r\n"), 400),
    ("an expectation nobody has", post(b"Expect: 100-continue, x", b"Content-Length: 0"), 417),
]
LINES = [
    ("no version", b"GET /healthz\r\n" + HOST + b"\r\n", 400),
    ("two blanks", b"GET  /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("a blank in the target", b"GET /health z HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("a tab as a blank", b"GET\t/healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("a blank at the end", b"GET /healthz HTTP/1.1 \r\n" + HOST + b"\r\n", 400),
    ("a NUL in the target", b"GET /healthz\0.js HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("an escaped NUL", b"GET /healthz%00.js HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("bytes beyond ASCII", b"GET /\xc3\xa4 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("a fragment", b"GET /healthz#x HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("lines that end with LF", b"GET /healthz HTTP/1.1\nHost: x\n\n", 400),
    ("one line that ends with LF", b"GET /healthz HTTP/1.1\r\nHost: x\n\r\n", 400),
    ("an end with LF", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\n", 400),
    ("an old version", b"GET /healthz HTTP/0.9\r\n" + HOST + b"\r\n", 505),
    ("a version to come", b"GET /healthz HTTP/1.2\r\n" + HOST + b"\r\n", 505),
    ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ("a version in small letters", b"GET /healthz http/1.1\r\n" + HOST + b"\r\n", 400),
    ("a tunnel", b"CONNECT 127.0.0.1:5432 HTTP/1.1\r\n" + HOST + b"\r\n", 501),
    ("a tunnel to a path", b"CONNECT /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 501),
    ("an authority as the target", b"GET 127.0.0.1:80 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("another scheme", b"GET ftp://x/healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("a file", b"GET file:///etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("credentials in the target", b"GET http://a:b@x/healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("another host in the target", b"GET http://y/healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("an asterisk", b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("no host", b"GET /healthz HTTP/1.1\r\n\r\n", 400),
    ("an empty host", b"GET /healthz HTTP/1.1\r\nHost:\r\n\r\n", 400),
    ("two hosts", b"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
    ("two hosts in one", b"GET /healthz HTTP/1.1\r\nHost: x, y\r\n\r\n", 400),
    ("a host with a path", b"GET /healthz HTTP/1.1\r\nHost: x/y\r\n\r\n", 400),
    ("two tokens", b"GET /healthz HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n", 400),
    ("a field without a name", b"GET /healthz HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n", 400),
    ("a name with a blank", b"GET /healthz HTTP/1.1\r\nHost: x\r\na b: y\r\n\r\n", 400),
    ("a name in brackets", b"GET /healthz HTTP/1.1\r\nHost: x\r\n(a): y\r\n\r\n", 400),
    ("a first field that is folded", b"GET /healthz HTTP/1.1\r\n Host: x\r\n\r\n", 400),
    ("a method with a slash", b"GE/T /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("a method without end", b"G" * 60 + b" /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("a target without end", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    ("too many fields", b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 101 + b"\r\n", 431),
    ("too large fields", b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: " + b"y" * 17000 + b"\r\n\r\n", 431),
]
FIRST_ONLY = [
    ("nonsense", b"NONSENSE\r\n\r\n", 400), ("a field without a colon", post(b"no colon"), 400),
    ("TLS", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", 400), ("zeros", bytes(100), 400),
    ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n", 400), ("an empty line too many", b"\r\n\r\nGET /healthz HTTP/1.1\r\n", 400),
]
# Later on a connection the library refuses these by itself: the status is right, its page is no problem document.
LIBRARY = {"a list of lengths", "a negative length", "a length with a sign", "a length in hexadecimal",
           "a length with an underscore", "a length of words", "no length", "a length that wraps around",
           "a length beyond all", "no version", "a tab as a blank", "a blank at the end", "an old version",
           "the preface of HTTP/2", "a version in small letters"}


class Smuggling(HttpCase):
    def not_smuggled(self):
        self.assertEqual(self.db.value("SELECT count(*) FROM website WHERE url LIKE '%smuggled%'"), "0")

    def test_what_is_smuggled_here_would_be_taken(self):
        """The bait is good: alone it adds a website."""
        self.assertEqual(self.ask(smuggled("bait")).status, 201)
        self.db.sql("DELETE FROM website")

    def test_first_on_a_connection(self):
        before = sum(self.refusals().values())
        for i, (what, request, status) in enumerate(FRAMINGS + LINES + FIRST_ONLY):
            with RawHttp(self.address) as line:
                line.say(request + smuggled(i))
                answer = line.answer()
                self.assert_problem(answer, status, what)
                self.assertEqual(answer.fields["connection"], "close", what)
                self.assertTrue(line.ended(), what)
        self.not_smuggled()
        self.assertEqual(sum(self.refusals().values()) - before, len(FRAMINGS + LINES + FIRST_ONLY))
        self.assert_serves()

    def test_later_on_a_connection(self):
        for i, (what, request, status) in enumerate(FRAMINGS + LINES):
            with RawHttp(self.address) as line:
                self.assertEqual(line.say(GOOD).answer().status, 200)
                line.say(request + smuggled(i))
                answer = line.answer()
                if what in LIBRARY:
                    self.assertEqual((answer.status, answer.problem), (status, None), what)
                else:
                    self.assert_problem(answer, status, what)
                self.assertTrue(line.ended(), what)
        self.not_smuggled()
        self.assert_serves()

    def test_behind_another_request(self):
        """In one segment with a good request before it."""
        for i, (what, request, status) in enumerate(FRAMINGS + LINES):
            with RawHttp(self.address) as line:
                line.say(GOOD + request + smuggled(i))
                self.assertEqual(line.answer().status, 200, what)
                self.assertEqual(line.answer().status, status, what)
                self.assertTrue(line.ended(), what)
        self.not_smuggled()

    def test_pipelining(self):
        """Good requests one behind the other are answered in their order."""
        bodies = [b'{"url":"http://pipe%d.example/"}' % i for i in range(20)]
        token = b"Authorization: Bearer " + self.one.encode()
        data = b"".join(post(token, b"Content-Length: %d" % len(b), body=b) + GOOD for b in bodies)
        with RawHttp(self.address) as line:
            line.say(data)
            self.assertEqual([line.answer().status for _ in range(40)], [201, 200] * 20)
        self.assertEqual(self.db.value("SELECT count(*) FROM website WHERE url LIKE '%pipe%'"), "20")

    def test_a_body_longer_than_it_says(self):
        for rest in (b"world", b"GET /x", b"\r\n\r\n", b"0\r\n\r\n"):
            with RawHttp(self.address) as line:
                line.say(post(b"Content-Length: 5", body=b"hello" + rest))
                self.assertEqual(line.answer().status, 401)

    def test_a_body_shorter_than_it_says(self):
        with RawHttp(self.address) as line:
            line.say(post(b"Authorization: Bearer " + self.one.encode(), b"Content-Length: 500",
                          body=b'{"url":"http://short.example/"}'))
            line.socket.shutdown(socket.SHUT_WR)
            self.assertTrue(line.ended())
        self.assertEqual(self.db.value("SELECT count(*) FROM website WHERE url LIKE '%short%'"), "0")

    def test_bodies_too_long_are_refused_before_they_come(self):
        for length in (65537, 1 << 30, 10 ** 17):
            for more in ((), (b"Expect: 100-continue",)):
                begun = time.monotonic()
                self.assert_problem(self.ask(post(b"Content-Length: %d" % length, *more)), 413, length)
                self.assertLess(time.monotonic() - begun, 1)
        body = b'{"url":"http://limit.example/"}'.ljust(65536)
        fields = (b"Authorization: Bearer " + self.one.encode(), b"Content-Length: 65536", b"Expect: 100-continue")
        self.assertEqual(self.ask(post(*fields, body=body)).status, 201)

    def test_bytes_one_by_one(self):
        """A head that comes in pieces is the same head."""
        with RawHttp(self.address) as line:
            line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in GOOD:
                line.say(bytes([byte]))
            self.assertEqual(line.answer().status, 200)


class Requests(HttpCase):
    def authorized(self, method, path, *fields, body=b"", version=b"1.1"):
        lines = [b"%b %b HTTP/%b" % (method, path, version), b"Host: x", b"Authorization: Bearer " + self.one.encode(),
                 b"Content-Length: %d" % len(body), *fields]
        return b"\r\n".join(lines) + b"\r\n\r\n" + body

    def test_methods(self):
        for method in (b"PUT", b"PATCH", b"TRACE", b"PROPFIND", b"get", b"Get", b"GET2", b"X-Y_Z", b"!"):
            answer = self.ask(self.authorized(method, b"/api/v1/websites"))
            self.assert_problem(answer, 405, method)
            self.assertEqual(answer.fields["allow"], "GET, HEAD, OPTIONS")

    def test_options(self):
        for path, allow in ((b"/api/v1/website", "DELETE, PATCH, POST, OPTIONS"), (b"/healthz", "GET, HEAD, OPTIONS"),
                            (b"/", "GET, HEAD, OPTIONS"), (b"*", "GET, HEAD, POST, PATCH, DELETE, OPTIONS"),
                            (b"http://x/healthz", "GET, HEAD, OPTIONS")):
            answer = self.ask(b"OPTIONS " + path + b" HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\n\r\n")
            self.assertEqual((answer.status, answer.fields["allow"], answer.body), (204, allow, b""), path)
            self.assertNotIn("access-control-allow-origin", answer.fields)
        self.assert_problem(self.ask(b"OPTIONS /nothing/here HTTP/1.1\r\nHost: x\r\n\r\n"), 404, "nowhere")

    def test_head_is_get_without_a_body(self):
        for path in (b"/", b"/app.js", b"/healthz", b"/api/v1/websites", b"/nothing", b"/api/v1/website"):
            with RawHttp(self.address) as line:
                whole = line.say(self.authorized(b"GET", path)).answer()
                short = line.say(self.authorized(b"HEAD", path)).answer(head_only=True)
                self.assertEqual(short.status, whole.status, path)
                self.assertEqual(short.fields.get("content-length"), whole.fields.get("content-length"), path)
                self.assertEqual(line.say(GOOD).answer().status, 200, "and nothing came behind it")

    def test_head_of_a_stream_ends(self):
        with RawHttp(self.address) as line:
            line.say(self.authorized(b"HEAD", b"/api/v1/events") + GOOD)
            self.assertEqual(line.answer(head_only=True).status, 200)
            self.assertEqual(line.held, b"")
            self.assertFalse(line.more(), "and nothing came behind it")

    def test_http_1_0(self):
        answer = self.ask(b"GET /healthz HTTP/1.0\r\n\r\n")
        self.assertEqual(answer.status, 200)
        with RawHttp(self.address) as line:
            line.say(b"GET /healthz HTTP/1.0\r\n\r\n")
            self.assertEqual(line.answer().status, 200)
            self.assertTrue(line.ended(), "without keep-alive it is over")
        with RawHttp(self.address) as line:
            for _ in range(3):
                line.say(b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                self.assertEqual(line.answer().status, 200)

    def test_absolute_targets(self):
        for target in (b"http://x/healthz", b"HTTP://X/healthz", b"https://x/healthz?a=b"):
            self.assertEqual(self.ask(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n").status, 200)
        self.assertEqual(self.ask(b"GET http://x HTTP/1.1\r\nHost: x\r\n\r\n").body, b"<title>page</title>")

    def test_paths_lead_nowhere_else(self):
        for path in ("/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/%2e%2e%2fsecret.txt",
                     "/..%5csecret.txt", "/..\\secret.txt", "/....//secret.txt", "/./app.js", "/app.js/", "//app.js",
                     "/app.js/../../secret.txt", "/app.js%2f..%2f..%2fsecret.txt", "/index.html%00.js", "/.hidden",
                     "/%2ehidden", "/%c0%ae%c0%ae/secret.txt", "/%252e%252e%252fsecret.txt", "/..;/secret.txt",
                     "/~root", "/dashboard", "/dashboard/index.html", "/proc/self/environ", "/etc/passwd",
                     "//etc/passwd", "/%2fetc%2fpasswd", "/app.js::$DATA", "/app.js.", "/APP.JS", "/app.js%20",
                     "http://x/../secret.txt", "/?/../secret.txt"):
            answer = self.ask(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            self.assertNotIn(b"SECRET", answer.body)
            if path.startswith("/?"):
                self.assertEqual(answer.body, b"<title>page</title>")
            else:
                self.assertIn(answer.status, (400, 404), path)
                self.assertIsNotNone(answer.problem, path)

    def test_slashes_in_parameters(self):
        for name in ("a%2fb", "..%2f..%2fwebsite", "%2f", "%2e%2e", "a%5cb", f"{KEY_TEXT}%2f", "%00", "%", "%4"):
            answer = self.ask(self.authorized(b"POST", b"/api/v1/payout/" + name.encode()))
            self.assertIn(answer.status, (400, 404), name)
            self.assertIsNotNone(answer.problem)

    def test_text_that_is_no_utf_8(self):
        for query in (b"websiteId=%ff%fe", b"websiteId=%c0%af", b"websiteId=%ed%a0%80", b"limit=%ff", b"cursor=%ff",
                      b"window=%ff&websiteId=00000000-0000-0000-0000-000000000000"):
            path = b"/api/v1/website/latency?" + query if b"w" == query[:1] else b"/api/v1/websites?" + query
            self.assert_problem(self.ask(self.authorized(b"GET", path)), 400, query)
        for text in (b'{"url":"http://a.example/\xff"}', b'{"url":"\xc0\xaf"}', b'{"url":"\xed\xa0\x80"}',
                     b'{"url":"http://a.example/","name":"\xf8\x88\x80\x80\x80"}', b'{"\xff":1}',
                     b"\xef\xbb\xbf{}",
                     b'{"url":"http://a.example/","name":"a\\u0000b"}'):
            answer = self.ask(self.authorized(b"POST", b"/api/v1/website", body=text))
            self.assertIn(answer.status, (400, 422), text)
            self.assertIsNotNone(answer.problem)
        self.assertEqual(self.db.value("SELECT count(*) FROM website"), "0")

    def test_json_that_is_deep_long_or_twice(self):
        url = b'"url":"http://deep.example/"'
        for text in (b"[" * 10000, b"{" * 10000, b'{"a":' * 10000, b"[" * 10000 + b"]" * 10000,
                     b'{%b,"x":%b}' % (url, b"[" * 10000 + b"]" * 10000), b'{%b,%b}' % (url, url),
                     b'{%b,"intervalMs":%b}' % (url, b"9" * 10000), b'{%b,"intervalMs":1e400}' % url,
                     b'{%b,"intervalMs":-0}' % url, b'{%b,"intervalMs":60000.5}' % url, b'{%b,"seats":null}' % url,
                     b'{%b}garbage' % url, b'{%b,}' % url, b"'", b'{%b}\0' % url, b'"' + b"a" * 60000,
                     b"[" + b"1," * 30000 + b"1]"):
            begun = time.monotonic()
            answer = self.ask(self.authorized(b"POST", b"/api/v1/website", body=text))
            self.assertIn(answer.status, (400, 422), text[:40])
            self.assertIsNotNone(answer.problem)
            self.assertLess(time.monotonic() - begun, 1)
        self.assertEqual(self.db.value("SELECT count(*) FROM website"), "0")

    def test_queries_that_are_many_or_broken(self):
        many = b"&".join(b"a%d=b" % i for i in range(65))
        for query in (many, b"a=%", b"a=%4", b"%zz=1", b"a=%00"):
            self.assert_problem(self.ask(self.authorized(b"GET", b"/api/v1/websites?" + query)), 400, query[:40])

    def test_tokens_in_addresses(self):
        """None is taken, and none gets into the log."""
        token = self.one.encode()
        for target in (b"/api/v1/websites?token=" + token, b"/api/v1/websites?access_token=" + token,
                       b"/api/v1/websites?access_token=" + token + b"&limit=1", b"/api/v1/events?token=" + token,
                       b"/api/v1/websites?%74oken=" + token):
            answer = self.ask(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assert_problem(answer, 400, target)
            self.assertNotIn(token, answer.body)
            self.assert_problem(self.ask(self.authorized(b"GET", target)), 400, "not beside a good one either")
        for target in (b"/api/v1/websites?bearer=" + token, b"/api/v1/websites?authorization=Bearer%20" + token,
                       b"/api/v1/websites?Authorization=Bearer+" + token, b"/api/v1/websites?api_key=" + token):
            self.assert_problem(self.ask(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n"), 401, target)
        for target in (b"http://" + token + b"@x/api/v1/websites", b"/api/v1/websites#" + token):
            self.assert_problem(self.ask(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n"), 400, target)
        for field in (b"X-Api-Key: ", b"Cookie: token=", b"Proxy-Authorization: Bearer ", b"X-Authorization: Bearer "):
            request = b"GET /api/v1/websites HTTP/1.1\r\nHost: x\r\n" + field + token + b"\r\n\r\n"
            self.assert_problem(self.ask(request), 401, field)
        self.assertNotIn(self.one, self.world.api.log())
        self.assertGreaterEqual(self.refusals()["token_in_address"], 10)

    def test_a_flood_of_refusals_is_one_line(self):
        """Of each reason and address; the others are counted."""
        before = self.refusals().get("host_missing", 0)
        for _ in range(300):
            self.ask(b"GET / HTTP/1.1\r\n\r\n")
        self.assertEqual(self.refusals()["host_missing"] - before, 300)
        lines = [x for x in self.world.api.log().splitlines() if "host_missing" in x]
        self.assertEqual(len(lines), 1)
        self.assertIn("127.0.0.1", lines[0])

    def tearDown(self):
        self.assert_serves()


if __name__ == "__main__":
    unittest.main()
