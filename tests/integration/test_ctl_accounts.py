"""dpinctl and who may come in: tokens of the API, users and their passwords."""

import hashlib
import os
import subprocess
import unittest

import nacl.exceptions
import nacl.pwhash.argon2id

from ctl_case import DENIED, FAILED, NOBODY, NOT_FOUND, NOWHERE, OK, USAGE, Ctl
from process import wait_until


class Tokens(Ctl):
    def test_a_token_works_until_it_is_revoked(self):
        made = self.rows("token", "create", "ci", "--scope", "read,write", "--expires=30d")
        self.assertRegex(made["token"], r"^dpin_[a-z2-7]{6}_[A-Za-z0-9_-]{43}$")
        stored = self.db.sql("SELECT encode(secret_sha256, 'hex'), prefix FROM api_token WHERE name = 'ci'")
        self.assertIn(hashlib.sha256(made["token"].encode()).hexdigest(), str(stored))
        self.assertIn(made["token"][:11], str(stored))
        self.assertEqual(self.world.request("GET", "/api/v1/websites", made["token"])[0], 200)

        row, = [t for t in self.rows("token", "list") if t["name"] == "ci"]
        self.assertEqual((row["id"], row["scopes"], row["revokedAt"]), (made["id"], ["read", "write"], None))
        self.assertIsNotNone(row["expiresAt"])
        self.assertNotIn(made["token"][12:], self.ok("token", "list"))

        self.ok("token", "revoke", made["id"])
        wait_until(lambda: self.world.request("GET", "/api/v1/websites", made["token"])[0] == 401, "the token ended")
        self.fails(NOT_FOUND, "No token", "token", "revoke", made["id"])

    def test_only_the_token_is_on_the_standard_output(self):
        code, out, err = self.run_ctl("token", "create", "plain")
        self.assertEqual(code, OK)
        self.assertRegex(out, r"^dpin_\S+\n$")
        self.assertIn("not shown again", err)
        row, = [t for t in self.rows("token", "list") if t["name"] == "plain"]
        self.assertEqual((row["scopes"], row["expiresAt"]), (["read"], None))

    def test_wishes_that_cannot_be(self):
        self.fails(FAILED, "read, write, payouts", "token", "create", "x", "--scope=read,root")
        self.fails(FAILED, "read, write, payouts", "token", "create", "x", "--scope=")
        self.fails(USAGE, "--expires", "token", "create", "x", "--expires=never")
        self.fails(FAILED, "1 to 200", "token", "create", "")
        self.fails(NOT_FOUND, "No token", "token", "revoke", NOWHERE)

    def test_pages(self):
        for i in range(3):
            self.ok("token", "create", f"page-{i}")
        names, after = [], ""
        while True:
            rows, after = self.busctl("Api1", "ListTokens", "su", after, 2)
            names += [row[1] for row in rows]
            if not after:
                break
        self.assertEqual([n for n in names if n.startswith("page-")], ["page-0", "page-1", "page-2"])


class Users(Ctl):
    everyone = True

    def hash_of(self, email):
        return self.db.value(f"SELECT password_hash FROM app_user WHERE email = '{email}'")

    def knows(self, email, password):
        try:
            return nacl.pwhash.argon2id.verify(self.hash_of(email).encode(), password.encode())
        except nacl.exceptions.InvalidkeyError:
            return False

    def test_added_listed_removed(self):
        user = self.ok("user", "add", "Ops@example.org", "--role=admin").strip()
        self.assertRegex(user, r"^[0-9a-f-]{36}$")
        self.fails(FAILED, "already", "user", "add", "ops@example.org")
        self.fails(FAILED, "viewer, editor or admin", "user", "add", "b@example.org", "--role=root")
        self.fails(FAILED, "e-mail", "user", "add", "nobody")
        row, = [u for u in self.rows("user", "list") if u["id"] == user]
        self.assertEqual((row["email"], row["role"], row["hasPassword"]), ("ops@example.org", "admin", False))
        self.assertIsNotNone(row["createdAt"])
        self.assertIn("ops@example.org", self.ok("user", "list"))

        self.ok("user", "rm", "OPS@example.org")
        self.fails(NOT_FOUND, "No user", "user", "rm", user)
        self.assertEqual(self.db.value("SELECT count(*) FROM app_user WHERE email LIKE 'ops%'"), "0")
        again = self.ok("user", "add", "ops@example.org").strip()
        self.ok("user", "rm", again)

    def test_a_password_from_the_standard_input(self):
        user = self.ok("user", "add", "pipe@example.org").strip()
        self.assertEqual(self.ok("user", "password", "pipe@example.org", stdin=b"correct horse\n"), "")
        self.assertTrue(self.knows("pipe@example.org", "correct horse"))
        self.db.sql("INSERT INTO login_session (user_id, secret_sha256, expires_at)"
                    " SELECT max(id), sha256('x'), now() + interval '1 day' FROM app_user")
        self.ok("user", "password", user, stdin=b"battery staple")
        self.assertTrue(self.knows("pipe@example.org", "battery staple"))
        self.assertFalse(self.knows("pipe@example.org", "correct horse"))
        self.assertEqual(self.db.value("SELECT count(*) FROM login_session WHERE revoked_at IS NULL"), "0")
        self.assertTrue([u for u in self.rows("user", "list") if u["id"] == user][0]["hasPassword"])

    def test_passwords_that_cannot_be(self):
        self.ok("user", "add", "short@example.org")
        for words, text in (("at least 8", b"seven77"), ("at least 8", b"nul\0in the middle"),
                            ("at most 1024", b"x" * 1025)):
            self.fails(FAILED, words, "user", "password", "short@example.org", stdin=text)
        self.fails(FAILED, "no password on the standard input", "user", "password", "short@example.org")
        self.fails(NOT_FOUND, "No user", "user", "password", "nobody@example.org", stdin=b"correct horse")
        self.assertIsNone(self.hash_of("short@example.org") or None)

    def typed(self, *lines):
        return self.on_terminal("user", "password", "typed@example.org", answers=lines)

    def test_a_password_typed_twice(self):
        self.ok("user", "add", "typed@example.org")
        code, shown = self.typed(b"correct horse\n", b"correct horse\n")
        self.assertEqual(code, OK, shown)
        self.assertTrue(self.knows("typed@example.org", "correct horse"))
        self.assertNotIn("horse", shown, "no echo")
        code, shown = self.typed(b"battery staple\n", b"battery stable\n")
        self.assertEqual(code, FAILED)
        self.assertIn("not the same", shown)
        code, shown = self.typed(b"\x03")
        self.assertEqual(code, FAILED, shown)
        self.assertTrue(self.knows("typed@example.org", "correct horse"))

    def test_addresses_are_not_for_everyone(self):
        if os.getuid() != 0:
            self.skipTest("needs root to become somebody else")
        done = subprocess.run([*NOBODY, *self.argv("user", "list")], capture_output=True, check=False)
        if done.returncode == 126:
            self.skipTest("the build is closed to others")
        self.assertEqual(done.returncode, DENIED, done.stderr)
        self.assertIn(b"org.dpin.Api1.user-manage", done.stderr)


if __name__ == "__main__":
    unittest.main()
