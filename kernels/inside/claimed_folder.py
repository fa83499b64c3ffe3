"""Folders in the temporary directory that end with the process that they belong to.

The process holds a lock on a file in its folder, which the operating system takes from it when it dies. A
folder whose lock nobody holds is what is left of one that was killed; whoever starts next removes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

PREFIX = "replgym-"
_CLAIM = "claim"
_LONGEST_HOME = 64
"""The path of a socket may have 107 bytes, and those of a container's kernel have up to 43 below its home."""


def home() -> str:
    """Where the folders are made: the temporary directory, or /tmp if sockets in that had too long paths."""
    import tempfile  # not loaded by a process that makes none, whose forks would all pay for it

    chosen = tempfile.gettempdir()
    return chosen if len(os.fsencode(chosen)) <= _LONGEST_HOME else "/tmp"


def make() -> Path:
    """Makes an empty folder, for a process that will claim it."""
    import tempfile

    return Path(tempfile.mkdtemp(prefix=PREFIX, dir=home()))


def claim(folder: str | os.PathLike[str]) -> int:
    """Makes a folder the calling process's.

    Returns:
        The descriptor that holds the lock; whoever has it owns the folder.
    """
    claimed = os.path.join(folder, _CLAIM)
    # It gets its name when it is locked, so no file of that name was ever free.
    held = os.open(f"{claimed}.new", os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(held, fcntl.LOCK_EX)
    os.rename(f"{claimed}.new", claimed)
    return held


def sweep(above: str | os.PathLike[str] | None = None) -> None:
    """Removes the folders of this user whose owners are dead.

    Args:
        above: Where they lie; where this process makes them without.
    """
    import shutil

    for folder in Path(above or home()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if folder.lstat().st_uid == os.geteuid() and _is_left(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_left(folder: Path) -> bool:
    held = os.open(folder / _CLAIM, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(held)
    return True
