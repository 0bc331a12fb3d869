"""The file systems that test machines start from: a bare Debian, made once and kept, and the packages it will install.

Everything is under /var/cache/dpin-test. A machine's own changes lie in an overlay above these and go with it.
"""

import contextlib
import fcntl
import glob
import hashlib
import os
import re
import shutil
import subprocess
import time

from process import Failure, say

CACHE = "/var/cache/dpin-test"
INCLUDE = "systemd,systemd-sysv,dbus,polkitd,iproute2"
PACKAGES = ("dpin-hub", "dpin-api", "dpin-validator", "dpinctl")
DAY = 86400


def why_not():
    """Why no machine can be started here, or None."""
    if os.getuid() != 0:
        return "needs root"
    if os.environ.get("container"):
        return f"no machine starts within another, and this is one of {os.environ['container']}"
    for program, package in (("systemd-nspawn", "systemd-container"), ("mmdebstrap", "mmdebstrap"),
                             ("nsenter", "util-linux"), ("dpkg-scanpackages", "dpkg-dev")):
        if not shutil.which(program):
            return f"needs {program} of package {package}"
    probe = subprocess.run(["unshare", "--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "true"],
                           capture_output=True, text=True, check=False)
    return f"no namespaces here: {probe.stderr.strip()}" if probe.returncode else None


def tool(argv, what, **options):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False, **options)
    if done.returncode:
        raise Failure(f"{what}: exit {done.returncode}:\n" + "\n".join(done.stdout.splitlines()[-20:]))
    return done.stdout


def key_of(*texts):
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]


@contextlib.contextmanager
def locked(kind):
    """Against another run of the tests."""
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, f"lock.{kind}"), "w", encoding="ascii") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def made_once(kind, key, make, kept=14 * DAY):
    """The folder CACHE/kind-key; make(folder) fills it if it is not there. Others of its kind go after a time."""
    path = os.path.join(CACHE, f"{kind}-{key}")
    with locked(kind):
        for old in glob.glob(os.path.join(CACHE, f"{kind}-*")):
            if old != path and time.time() - os.stat(old).st_mtime > kept:
                shutil.rmtree(old)
        if not os.path.exists(path):
            shutil.rmtree(path + ".new", ignore_errors=True)
            make(path + ".new")
            os.rename(path + ".new", path)
        os.utime(path)
    return path


def apt_sources(suite):
    """The machine's own sources, if they are of that suite: they may name a mirror that can be reached."""
    for path in (*glob.glob("/etc/apt/sources.list.d/*.sources"), "/etc/apt/sources.list"):
        try:
            with open(path, encoding="utf-8") as f:
                if re.search(rf"\b{suite}\b", f.read()):
                    return [path]
        except OSError:
            continue
    return []


def bare(suite="bookworm"):
    """A minimal Debian that systemd can start."""
    def make(path):
        begun = time.monotonic()
        tool(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={INCLUDE}", suite, path, *apt_sources(suite)],
             "mmdebstrap")
        say(f"     made a bare Debian ({suite}) in {time.monotonic() - begun:.0f} s; it is kept in {CACHE}")
    return made_once(suite, key_of(INCLUDE), make)


@contextlib.contextmanager
def overlay(*layers):
    """A throw-away root above the given ones, topmost first: (root, upper layer)."""
    work = os.path.join(CACHE, f"run.{os.getpid()}.{time.monotonic_ns()}")
    upper, root = os.path.join(work, "upper"), os.path.join(work, "root")
    for folder in (upper, root, os.path.join(work, "work")):
        os.makedirs(folder)
    tool(["mount", "-t", "overlay", "overlay", "-o",
          f"lowerdir={':'.join(layers)},upperdir={upper},workdir={work}/work", root], "mount")
    try:
        yield root, upper
    finally:
        if os.path.ismount(root):
            subprocess.run(["umount", "--lazy", root], check=False)
        shutil.rmtree(work, ignore_errors=True)


def repository(folder):
    """Makes the folder of packages one that apt can use; a machine may be reading its index."""
    index = os.path.join(folder, "Packages")
    with locked("index"):
        if is_newest(index):
            return
        made = subprocess.run(["dpkg-scanpackages", "--multiversion", "."], cwd=folder, capture_output=True, check=True)
        with open(index + ".new", "wb") as f:
            f.write(made.stdout)
        os.rename(index + ".new", index)


def is_newest(index):
    """It was made after the last package of its folder came, or went."""
    if not os.path.exists(index):
        return False
    debs = glob.glob(os.path.join(os.path.dirname(index), "*.deb"))
    with open(index, encoding="utf-8") as f:
        listed = f.read().count("\nFilename: ")
    return listed == len(debs) and all(os.stat(deb).st_mtime_ns < os.stat(index).st_mtime_ns for deb in debs)


def fields(deb):
    return tool(["dpkg-deb", "-f", deb, "Depends", "Pre-Depends", "Recommends"], "dpkg-deb")


def dependencies(packages, suite="bookworm", older=()):
    """What the packages of the folder need and recommend, downloaded: a folder that apt can use."""
    debs = sorted(glob.glob(os.path.join(packages, "dpin*.deb")))
    wanted = key_of(INCLUDE, suite, *older, *(fields(deb) for deb in debs if "-dbgsym_" not in deb))
    return made_once("needs", wanted, lambda path: download(path, PACKAGES, suite, packages, older))


def use_older(above, names, suite="bookworm"):
    """What is named comes from the archive of an older Debian, and nothing else does."""
    folder = os.path.join(above, "etc/apt")
    for source in apt_sources(suite):
        shutil.copy(source, os.path.join(folder, "sources.list.d/older" + os.path.splitext(source)[1]))
    if not apt_sources(suite):
        write(os.path.join(folder, "sources.list.d/older.list"), f"deb http://deb.debian.org/debian {suite} main\n")
    write(os.path.join(folder, "preferences.d/older"), "\n".join(
        f"Package: {what}\nPin: release n={suite}*\nPin-Priority: {priority}\n"
        for what, priority in (("*", -1), (" ".join(names), 990))))


def apt(above, *words):
    """apt-get in a root that is not started, from its archives."""
    shutil.copy("/etc/resolv.conf", os.path.join(above, "etc/resolv.conf"))
    for command in (["update"], words):
        tool(["chroot", above, "apt-get", "-q", "-y", "-o", "DPkg::Options::=--force-unsafe-io", *command], command[0],
             env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"})


def download(path, names, suite="bookworm", packages=None, older=()):
    """Makes the folder `path` of what a bare Debian needs to install these; some may be found in a folder of ours."""
    begun = time.monotonic()
    os.makedirs(path)
    with overlay(bare(suite)) as (above, _):
        if packages:
            shutil.copytree(packages, os.path.join(above, "srv/dpin"))
            write(os.path.join(above, "etc/apt/sources.list.d/dpin.list"), "deb [trusted=yes] file:/srv/dpin ./\n")
        if older:
            use_older(above, older)
        apt(above, "--download-only", "install", *names)
        for deb in glob.glob(os.path.join(above, "var/cache/apt/archives/*.deb")):
            shutil.copy(deb, path)
    repository(path)
    say(f"     downloaded what {' '.join(names)[:40]} need in {time.monotonic() - begun:.0f} s; it is kept in {CACHE}")


def builder(suite, control):
    """The layer with all that a debian/control says is needed to build and test, for a bare Debian of that suite."""
    with open(control, encoding="utf-8") as f:
        wanted = f.read().split("\n\n", 1)[0]

    def make(path):
        begun = time.monotonic()
        with overlay(bare(suite)) as (above, upper):
            write(os.path.join(above, "srv/source/debian/control"), wanted + "\n")
            write(os.path.join(above, "usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n", 0o755)
            apt(above, "--no-install-recommends", "build-dep", "/srv/source")
            tool(["chroot", above, "apt-get", "clean"], "clean")
            tool(["umount", above], "umount")
            os.rename(upper, path)
        say(f"     installed what building needs ({suite}) in {time.monotonic() - begun:.0f} s; kept in {CACHE}")
    return made_once("builder", key_of(INCLUDE, suite, wanted), make)


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)
