"""A small disk for one program: an image of ext4 behind a loop device, that can be filled to the last block."""

import ctypes
import os

from process import Failure, command

BLOCK = 4096
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000


def hide_mounts():
    """What this program and those it starts mount is theirs alone, and gone with the last of them, however it ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) == 0:
        libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None)


class Disk:
    """Mounted where `path` says while the object lives; without the right to mount, a plain folder that never fills."""

    def __init__(self, path, megabytes):
        self.path, self.image, self.ballast = path, path + ".image", os.path.join(path, "ballast")
        self.why = ""  # it cannot be filled
        os.makedirs(path, mode=0o755)
        with open(self.image, "wb") as f:
            f.truncate(megabytes << 20)
        try:
            command(["/sbin/mkfs.ext4", "-q", "-F", "-m", "0", self.image])
            command(["mount", "-o", "loop", self.image, path])
            os.chmod(path, 0o755)
            self.mounted = True
        except (Failure, OSError) as e:
            self.mounted, self.why = False, str(e)

    def fill(self):
        """To the last block: halving finds it, as the list of blocks needs blocks itself."""
        size = 1 << 40
        with open(self.ballast, "ab") as f:
            while size >= BLOCK:
                try:
                    os.posix_fallocate(f.fileno(), os.fstat(f.fileno()).st_size, size)
                except OSError:
                    size //= 2

    def free(self):
        if os.path.exists(self.ballast):
            os.unlink(self.ballast)

    def close(self):
        if self.mounted:
            command(["umount", "-l", self.path])  # who still has a file there keeps it
            self.mounted = False
