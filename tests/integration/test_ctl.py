"""dpinctl by itself: keys, batches, help, usage, and what it says when nobody answers."""

import json
import os
import re
import tempfile
import unittest

from ctl_case import FAILED, OK, TESTS, UNAVAILABLE, USAGE, Programs


class Offline(Programs):
    def test_a_key_is_made_once(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "key")
            public = self.ok("key", "generate", path).strip()
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            with open(path, encoding="ascii") as f:
                numbers = json.load(f)
            self.assertEqual(len(numbers), 64)
            self.assertEqual(self.ok("key", "show", path).strip(), public)
            self.assertEqual(json.loads(self.ok("key", "show", path, "--json")), {"key": public})
            self.fails(FAILED, "exists already", "key", "generate", path)
            with open(path, encoding="ascii") as f:
                self.assertEqual(json.load(f), numbers)
            numbers[63] ^= 1
            self.fails(FAILED, "damaged", "key", "show", stdin=json.dumps(numbers).encode())
        code, out, err = self.run_ctl("key", "generate")
        self.assertEqual(code, OK)
        self.assertIn(self.ok("key", "show", stdin=out.encode()).strip(), err)
        self.fails(FAILED, "64 numbers", "key", "show", stdin=b"[1, 2]")
        self.fails(FAILED, "No such file", "key", "show", "/nonexistent/key")

    def test_a_signed_batch_is_decoded(self):
        with open(os.path.join(TESTS, "integration", "vectors.json"), encoding="utf-8") as f:
            frames = re.findall(r'"([0-9a-f]{300,})"', f.read())
        frames = [bytes.fromhex(x) for x in frames if x.startswith("6470696e0101")]
        self.assertTrue(frames)
        for frame in frames:
            batch = json.loads(self.ok("decode", stdin=frame))
            self.assertEqual(batch["type"], "batch")
            self.assertTrue(batch["ticks"])
        self.fails(FAILED, "no batch", "decode", stdin=frames[0][:-1])
        self.fails(FAILED, "cannot be read", "decode", stdin=bytes(70000))

    def test_help_and_usage(self):
        self.assertIn("website add URL", self.ok("--help"))
        self.assertIn("--seats", self.ok("website", "add", "--help"))
        self.assertNotIn("token", self.ok("website", "--help"))
        self.assertRegex(self.ok("--version"), r"^dpinctl \d")
        self.fails(USAGE, "website add", "website")
        self.fails(USAGE, "no verb", "wbsite")
        self.fails(USAGE, "needs URL", "website", "add")
        self.fails(USAGE, "no option", "status", "--nope")

    def test_no_bus(self):
        self.fails(UNAVAILABLE, "no connection", "status", bus="unix:path=/nonexistent/bus")


if __name__ == "__main__":
    unittest.main()
