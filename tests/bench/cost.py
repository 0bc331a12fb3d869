"""What processes cost, by /proc: CPU to the nanosecond where the kernel tells, resident memory."""

import os

TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    """The fields of /proc/PID/stat after the name, which may hold anything."""
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rsplit(")", 1)[1].split()


def _threads(pid):
    """Seconds on a CPU of the living threads."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as f:
            total += int(f.read().split()[0])
    return total / 1e9


def cpu(pid):
    """Seconds of CPU, user and system, of one process."""
    try:
        return _threads(pid)
    except FileNotFoundError:
        fields = _stat(pid)
        return (int(fields[11]) + int(fields[12])) / TICK


def children(pid):
    found = []
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and int(_stat(name)[1]) == pid:
                found.append(int(name))
        except (FileNotFoundError, ProcessLookupError):
            pass  # it ended meanwhile
    return found


def _ended(pid):
    """Seconds of CPU of the children that have ended and were waited for."""
    fields = _stat(pid)
    return (int(fields[13]) + int(fields[14])) / TICK


def _living_cpu(pids):
    total = 0
    for pid in pids:
        try:
            total += cpu(pid)
        except (FileNotFoundError, ProcessLookupError):
            pass  # it ended meanwhile
    return total


def family_cpu(pid):
    """Of a process and its children, also those that have ended: a PostgreSQL server. One that ends while it is looked
    at would be in neither, so it is looked again."""
    while True:
        ended, family = _ended(pid), children(pid)
        total = cpu(pid) + ended + _living_cpu(family)
        if _ended(pid) == ended and children(pid) == family:
            return total


def rss(pid):
    """Resident bytes."""
    with open(f"/proc/{pid}/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
