"""A disk that is nearly full is told of by a hub that sees it: its keys are on a small file system of their own."""

import json
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "run")]

from alert_case import AlertCase  # noqa: E402
from process import wait_until  # noqa: E402

MEGABYTES = 64
# In a namespace of mounts of its own, gone with the hub.
MOUNTED = """set -e
kept=$(mktemp -d)
cp -a "$STATE_DIRECTORY/." "$kept"
mount -t tmpfs -o size=%dm,mode=700 none "$STATE_DIRECTORY"
cp -a "$kept/." "$STATE_DIRECTORY"
rm -r "$kept"
exec "$@"
"""


class Disk(AlertCase):
    @classmethod
    def setUpClass(cls):
        if os.getuid() != 0:
            raise unittest.SkipTest("only root mounts a file system")
        super().setUpClass()
        cls.world.hub.stop()
        cls.world.hub.argv = ["/usr/bin/unshare", "--mount", "--propagation=private", "/bin/sh", "-c",
                              MOUNTED % MEGABYTES, "sh", *cls.world.hub.argv]
        cls.world.hub.start()
        wait_until(lambda: '"ready"' in cls.world.ctl("status", "hub", "--json", check=False), "the hub is ready", 20)
        state = os.path.join(cls.world.data, "hub")
        cls.ballast = f"/proc/{cls.world.hub.popen.pid}/root{state}/ballast"

    def test_it_is_told_until_there_is_room(self):
        receiver = self.receiver()
        channel, _ = self.add("webhook", receiver.url)
        self.world.ctl("alert", "channel", "operator", channel, "yes")
        with open(self.ballast, "wb") as f:
            os.posix_fallocate(f.fileno(), 0, (MEGABYTES - 4) << 20)
        told = json.loads(self.wait_told(receiver, "operator.opened").body)["data"]
        self.assertRegex(told["summary"], r"^[34]\d{3} kB of 64 MB are free where the hub has its keys\.$")

        os.unlink(self.ballast)
        self.wait_told(receiver, "operator.resolved")

    def wait_told(self, receiver, event):
        """Time is made to pass: a minute, before and after."""
        def told():
            self.db.sql("""UPDATE operator_alert SET since = since - interval '60 s'
                            WHERE what = 'disk' AND NOT EXISTS (SELECT FROM operator_told WHERE what = 'disk');
                           UPDATE operator_alert SET seen_at = seen_at - interval '60 s'
                            WHERE what = 'disk' AND seen_at < now() - interval '7 s'""")
            return next((r for r in receiver.all() if r.type == event and '"disk"' in r.body), None)
        return wait_until(told, f"{event} of the disk is told", 40)


if __name__ == "__main__":
    unittest.main()
