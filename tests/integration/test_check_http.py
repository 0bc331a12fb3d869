"""What a specification of an HTTP check can say, against a server that is not of the test's making: nginx, over TLS."""

import os
import shutil
import unittest

from hub_case import BUILD, build_has
from dpin_hub import Hub, now
from dpin_order import Order, spec_encode
from dpin_wire import batch, sign
from hostile_site import Authority
from process import Process, wait_until
from site_switch import Site
from world import World

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")
CONF = """daemon off; master_process off; pid {run}/nginx.pid; error_log {run}/nginx-error.log; {user}
events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {run}/b; proxy_temp_path {run}/p; fastcgi_temp_path {run}/f;
  uwsgi_temp_path {run}/u; scgi_temp_path {run}/s; gzip on; gzip_min_length 1; gzip_types application/json;
  server {{ listen 127.0.0.1:{port} ssl http2; ssl_certificate {run}/site.pem; ssl_certificate_key {run}/site.pem;
    ssl_protocols TLSv1.2 TLSv1.3; default_type application/json;
    location /state {{ return 200 '{{"state":"ok","jobs":[{{"name":"a b","left":3}}],"version":"$server_protocol"}}'; }}
    location /private {{ if ($http_authorization != "Bearer k") {{ return 401; }} return 200 'in'; }}
    location /method {{ return 200 '$request_method $http_x_one $content_length'; }}
    location /moved {{ return 301 /state; }} }} }}
"""


def about(source, operator, value=None, of=None):
    told = {"source": source, "property": of, "operator": operator, "value": value}
    return {name: text for name, text in told.items() if text is not None}


def asserts(*list_):
    return {"assertions": list(list_)}


# what it is called: (path, members of the specification, the class, status)
ROWS = {
    "HTTP/1.1": ("/state", asserts(about("json", "equals", "HTTP/1.1", "$.version")), "none", 200),
    "HTTP/2": ("/state", {"httpVersion": "2", **asserts(about("json", "equals", "HTTP/2.0", "$.version"))}, "none",
               200),
    "headers in HTTP/2": ("/state", {"httpVersion": "2",
                                     **asserts(about("header", "contains", "json", "Content-Type"))}, "none", 200),
    "JSON that was packed": ("/state", asserts(about("json", "equals", "ok", "$.state"),
                                               about("json", "less_than", "4", '$.jobs[0].left'),
                                               about("json", "equals", "a b", "$['jobs'][0][\"name\"]"),
                                               about("json", "not_exists", None, "$.error"),
                                               about("header", "equals", "gzip", "content-encoding")), "none", 200),
    "JSON that is another": ("/state", asserts(about("json", "equals", "ok", "$.state"),
                                               about("json", "greater_than", "3", "$.jobs[0].left")), "assertion", 200),
    "a key": ("/private", {"headers": [{"name": "Authorization", "value": "Bearer k"}]}, "none", 200),
    "no key": ("/private", {}, "status", 401),
    "no key is what is expected": ("/private", {"status": "401"}, "none", 401),
    "a body": ("/method", {"method": "POST", "body": "four", "headers": [{"name": "X-One", "value": "1"}],
                           **asserts(about("body", "equals", "POST 1 4"))}, "none", 200),
    "a body in HTTP/2": ("/method", {"method": "PUT", "body": "four", "httpVersion": "2",
                                     **asserts(about("body", "matches", "^PUT  4$"))}, "none", 200),
    "a method without a body": ("/method", {"method": "DELETE", **asserts(about("body", "contains", "DELETE"))}, "none",
                                200),
    "a redirect": ("/moved", {}, "none", 200),
    "no redirect": ("/moved", {"redirects": 0, "status": "301"}, "none", 301),
    "a certificate for long enough": ("/state", {"certificateDays": 20}, "none", 200),
    "a certificate for too short": ("/state", {"certificateDays": 60}, "tls_expiring", 200),
    "the newest TLS": ("/state", {"tlsMin": "1.3"}, "none", 200),
}


@unittest.skipUnless(build_has("dpin-validator") and NGINX, "dpin-validator is not built, or nginx not installed")
class HttpChecks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(BUILD)
        cls.addClassCleanup(cls.world.stop)
        cls.hub = Hub().start()
        cls.addClassCleanup(cls.hub.stop)
        authority = Authority(cls.world.run)
        authority.context(days=30)
        os.rename(os.path.join(cls.world.run, "hostile-1.pem"), os.path.join(cls.world.run, "site.pem"))
        site = Site()
        site.close()
        cls.port = site.port
        with open(os.path.join(cls.world.run, "nginx.conf"), "w", encoding="ascii") as f:
            f.write(CONF.format(run=cls.world.run, port=cls.port, user="user root;" if os.getuid() == 0 else ""))
        argv = [NGINX, "-c", f"{cls.world.run}/nginx.conf", "-e", f"{cls.world.run}/nginx-error.log"]
        server = Process("nginx", argv, cls.world.run, ready=False).start()
        cls.addClassCleanup(server.stop)
        wait_until(lambda: os.path.exists(os.path.join(cls.world.run, "nginx.pid")), "nginx runs")
        cls.world.start_validator("v", url=cls.hub.url, conf=f"Allow=127.0.0.0/8\nCaFile={authority.file}\n")
        cls.hub.wait_joined()

    def order(self, path, members):
        spec = spec_encode(f"https://127.0.0.1:{self.port}{path}", **members)
        data = Order(1, 0, 0, 1, os.urandom(16), sign.sha256(spec), 10000, 5000, now() + 500_000, 1, os.urandom(32),
                     os.urandom(32), os.urandom(16)).encode()
        return self.hub.put_order(data, spec)

    def test_each_says_what_it_is_asked(self):
        names = {self.order(path, members): name for name, (path, members, _, _) in ROWS.items()}
        self.hub.send("orders", self.hub._orders(list(names)))
        self.hub.wait(lambda h: {t.order for t in h.ticks()} >= set(names), "a tick each")
        for order, name in names.items():
            tick, (_, _, error, status) = self.hub.ticks(order)[0], ROWS[name]
            with self.subTest(name):
                self.assertEqual((batch.ERRORS[tick.error], tick.status), (error, status))
                self.assertGreater(tick.expiry_days, 20000)


if __name__ == "__main__":
    unittest.main()
