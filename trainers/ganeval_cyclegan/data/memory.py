"""How much memory is free for keeping decoded images."""

from __future__ import annotations

import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")


def free_memory() -> int | None:
    """Returns bytes that can be used without swapping; None where the system does not tell."""
    found = [one for one in (_available(), _left_in_group()) if one is not None]
    return min(found, default=None)


def _available() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):
        return None


def _left_in_group() -> int | None:
    """Bytes left to this process's control group, as in a container or a batch job."""
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            return max(
                int((_CGROUP / limit).read_text("ascii"))
                - int((_CGROUP / used).read_text("ascii")),
                0,
            )
        except (OSError, ValueError):  # there is none, or it says "max"
            continue
    return None
