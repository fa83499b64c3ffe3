"""Which user ids nobody else has, for kernels that must not share one."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

_BLOCK = 1 << 16
_LOWEST = 1 << 28
_HIGHEST = (1 << 31) - 1


def free_uids() -> tuple[int, int] | None:
    """The first of a block of uids, and their number; None if this process may not give away its own.

    Blocks are drawn at random from a range that is not used for accounts, so two servers do not share one.
    """
    if os.geteuid() != 0:
        return None
    first, last = 0, -1
    try:
        for line in Path("/proc/self/uid_map").read_text().splitlines():
            start, _, count = map(int, line.split())
            if count > last - first:
                first, last = start, start + count - 1
    except (OSError, ValueError):
        return None
    low, high = max(first, _LOWEST), min(last, _HIGHEST)
    if high - low >= 2 * _BLOCK:
        return low + secrets.randbelow((high - low) // _BLOCK) * _BLOCK, _BLOCK
    # In a user namespace with few ids, take the upper half.
    half = (last - first) // 2
    return (first + half, half) if half > 1 else None


def strangers_may_read(paths: Iterable[str], *, from_the_root: bool) -> bool:
    """Whether every user may read these files and folders, as far as they exist.

    Args:
        paths: Files and folders.
        from_the_root: Whether the folders above have to let them through, too.
    """
    for path in {Path(path).resolve() for path in paths if path}:
        try:
            mode = path.stat().st_mode
            above = [folder.stat().st_mode for folder in path.parents] if from_the_root else []
        except OSError:
            continue
        needed = stat.S_IROTH | stat.S_IXOTH if stat.S_ISDIR(mode) else stat.S_IROTH
        if mode & needed != needed or not all(folder & stat.S_IXOTH for folder in above):
            return False
    return True
