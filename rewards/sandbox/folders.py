"""The folders that submissions of a slot may write to, one submission after the other.

They belong to the slot, so a submission can fill them and not change them, and afterwards they are as before.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time

from ...kernels.inside.sandbox import Places

SHARED_MEMORY = "/dev/shm"
_MODE = 0o1777
_SYSTEM_V = ("/proc/sysvipc/shm", "/proc/sysvipc/sem", "/proc/sysvipc/msg")
_SECONDS = 5.0


class LeftoverError(RuntimeError):
    """Something of a submission cannot be removed; the slot must not be used again."""


class Folders:
    """The writable folders of one slot.

    Args:
        places: Where they are.
        alone: Whether shared memory and IPC are the slot's own, too.
    """

    def __init__(self, places: Places, *, alone: bool) -> None:
        self._paths = [places.workspace, places.temporary, places.run]
        self._tables: list[int] = []
        if alone:
            self._paths.append(SHARED_MEMORY)
            self._tables = [os.open(path, os.O_RDONLY | os.O_CLOEXEC) for path in _SYSTEM_V]
        for path in self._paths:
            os.chmod(path, _MODE)

    def clean(self) -> None:
        """Removes everything; to be called when no process of the submission is left.

        Raises:
            LeftoverError: If something stays.
        """
        end = time.monotonic() + _SECONDS
        try:
            for path in self._paths:
                _empty(path, end)
                _reset(path)
        except (OSError, RecursionError) as error:
            raise LeftoverError(f"a file cannot be removed: {error}") from error
        if any(os.pread(table, 4096, 0).count(b"\n") > 1 for table in self._tables):
            raise LeftoverError("a System V object was left behind")


def _empty(folder: str, end: float) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            _remove(entry, end)


def _remove(entry: os.DirEntry[str], end: float) -> None:
    if time.monotonic() > end:
        raise LeftoverError("the files took too long to remove")
    if not entry.is_dir(follow_symlinks=False):
        os.unlink(entry.path)
        return
    with contextlib.suppress(OSError):
        os.rmdir(entry.path)
        return
    os.chmod(entry.path, stat.S_IRWXU)
    _empty(entry.path, end)
    os.rmdir(entry.path)


def _reset(folder: str) -> None:
    """What an owner of a folder could change, where the slot has the uid of its submissions."""
    os.chmod(folder, _MODE)
    for name in os.listxattr(folder) if hasattr(os, "listxattr") else ():
        os.removexattr(folder, name)
    os.utime(folder)
