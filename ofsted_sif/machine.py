"""What of this machine the process may use: a container (a cgroup of Linux) may have less than the machine."""

from __future__ import annotations

import functools
import math
import os
from pathlib import Path

__all__ = ["cores", "memory"]

#: Where Linux says which groups a process is in, and where the groups are.
_MEMBERSHIP, _GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


def _texts(controller: str, *names: str) -> list[list[str]]:
    """What the files of these names say in the process's group of a controller, and in those around it; nothing where one is not there.

    In a container the path of the group may be that of the system around it: its own group then stands at the root, which is looked at too.
    """
    try:
        lines = _MEMBERSHIP.read_text().splitlines()
    except (OSError, UnicodeError):
        return []
    found = []
    for line in lines:  # number:controllers:path; of the second version the controllers are not named
        _, _, named_and_path = line.partition(":")
        named, _, path = named_and_path.partition(":")
        if named and controller not in named.split(","):
            continue
        root, inner = _GROUPS / controller if named else _GROUPS, Path(path.lstrip("/"))
        for folder in (inner, *inner.parents):
            try:
                found.append([(root / folder / name).read_text().strip() for name in names])
            except (OSError, UnicodeError):
                continue
    return found


def _number(text: str) -> float:
    """A limit; infinite for what is none, as "max" and -1."""
    return int(text) if text.isdecimal() and int(text) > 0 else math.inf


def cores() -> int:
    """How many threads can run at once: the cores of this process, or as many as its share of their time keeps busy."""
    if hasattr(os, "process_cpu_count"):  # Python 3.13; it also obeys -X cpu_count
        has = os.process_cpu_count() or 1
    else:
        has = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min(has, _cores_of_groups(_MEMBERSHIP, _GROUPS))))


@functools.cache
def _cores_of_groups(membership: Path, groups: Path) -> float:
    """How many cores the share of the process's groups keeps busy. To read these files takes half a millisecond, so it is done once."""
    shares = [line.split() for (line,) in _texts("cpu", "cpu.max")]
    shares += _texts("cpu", "cpu.cfs_quota_us", "cpu.cfs_period_us")
    allowed = [_number(quota) / _number(period) for quota, period in shares if math.isfinite(_number(quota))]
    return min((math.ceil(share) for share in allowed), default=math.inf)


def memory() -> int | None:
    """How many bytes of memory this process may take; None where nobody says."""
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", ()):
        return None
    has: int = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limits = [_number(limit) for (limit,) in _texts("memory", "memory.max") + _texts("memory", "memory.limit_in_bytes")]
    return int(min([has, *limits]))
