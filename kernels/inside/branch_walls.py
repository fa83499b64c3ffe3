"""The layer of Landlock that a kernel and its live copies put on when they part.

Each may use its own folders alone; what all may read is what was readable before, without the folders of any
of them. It also keeps signals and looks into memory on the own side.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from . import landlock, new_root
from .fork_obstacles import Obstacle
from .sandbox import ALWAYS_READABLE, DEVICES

_SHARED = ("/dev/shm", "/dev/pts")
_TOO_BIG = 7


def readable_by_all(family: Sequence[str], allowed: Sequence[str]) -> tuple[str, ...]:
    """What a kernel and its copies may go on to read; to be found out before there are any.

    Args:
        family: The folders in which those of all copies lie.
        allowed: Files and folders that the host allows, beyond Python and the system.
    """
    return (
        *ALWAYS_READABLE,
        *new_root.SETTINGS,
        *new_root.python_places(),
        *allowed,
        *_elsewhere(family),
    )


def part(private: Sequence[str], readable: Sequence[str]) -> None:
    """Restricts the calling process for good.

    Args:
        private: Its own folders.
        readable: What it may read besides.

    Raises:
        Obstacle: If it has as many layers as there can be.
    """
    try:
        landlock.restrict_files(readable, [*private, *DEVICES, *_SHARED], tcp=True)
    except OSError as error:
        if error.errno != _TOO_BIG:
            raise
        raise Obstacle("the interpreter descends from as many forks as Linux can keep apart") from None


def _elsewhere(family: Sequence[str]) -> list[str]:
    """Everything at the top of the file system that holds no folder of the family, if it can be listed."""
    try:
        names = os.listdir("/")
    except PermissionError:
        return []
    tops = {f"/{place.split('/')[1]}" for place in family}
    return [f"/{name}" for name in names if f"/{name}" not in tops and not os.path.islink(f"/{name}")]
