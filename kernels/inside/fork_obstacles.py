"""What a process holds that a copy of it could not share, found before a fork is tried."""

from __future__ import annotations

import asyncio
import fcntl
import os
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_GPU = ("/dev/nvidia", "/dev/kfd", "/dev/dri")
_TERMINALS = ("/dev/pts", "/dev/tty", "/dev/ptmx")
_LISTED = 5


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A regular file or folder that is open, to be opened again in a copy."""

    descriptor: int
    path: str
    flags: int
    position: int


class Obstacle(Exception):
    """The process cannot be copied; the text says what is in the way and what to do."""


def require_copyable(
    tasks: Collection[asyncio.Task[Any]], own: Collection[int], workspace: str
) -> list[OpenFile]:
    """Checks that a fork of this process would be a true copy.

    Args:
        tasks: The tasks of its event loop that are not done.
        own: Descriptors that are taken care of.
        workspace: Files in it may be open also for writing, since a copy gets its own.

    Returns:
        What is open and must be opened again in the copy.

    Raises:
        Obstacle: If it holds what cannot be shared.
    """
    try:
        threads = len(os.listdir("/proc/self/task"))
    except PermissionError:
        why = "where there are no namespaces, a copy cannot look at itself, and so not be copied again"
        raise Obstacle(why) from None
    if tasks:
        raise Obstacle(f"{len(tasks)} asyncio tasks are not done; await or cancel them first")
    if threads > 1:
        names = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
        known = f" ({', '.join(names[:_LISTED])})" if names else ""
        raise Obstacle(f"threads run{known}; join them first")
    children = [child for child in _children() if _state(child) not in ("Z", "X", "")]
    if children:
        raise Obstacle(
            f"child processes run ({', '.join(map(_command, children[:_LISTED]))}); wait for them first"
        )
    _require_private_memory()
    found = [_open_file(fd, workspace) for fd in _descriptors() if fd > 2 and fd not in own]
    return [file for file in found if file is not None]


def _descriptors() -> list[int]:
    return sorted(map(int, os.listdir("/proc/self/fd")))


def _open_file(descriptor: int, workspace: str) -> OpenFile | None:
    """The file behind a descriptor; None when sharing it does no harm."""
    try:
        path = os.readlink(f"/proc/self/fd/{descriptor}")
    except FileNotFoundError:
        return None  # the descriptor that listed the others
    about = f"descriptor {descriptor}: {path}"
    if path.startswith("socket:"):
        raise Obstacle(f"a connection is open ({about}); close it first")
    if path.startswith(("pipe:", *_TERMINALS)) or _is_fifo(path):
        raise Obstacle(f"a pipe or terminal is open ({about}); close it first")
    if path.startswith(_GPU):
        raise Obstacle(f"a GPU is in use ({about}); a copy of the process cannot use it")
    if path.startswith(("/dev/", "/proc/", "/sys/")) and not path.startswith("/dev/shm/"):
        return None
    if not path.startswith("/") or path.startswith("/memfd:") or path.endswith(" (deleted)"):
        raise Obstacle(f"something is open that has no name to open it again ({about}); close it first")
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    inside = path == workspace or path.startswith(f"{workspace}/")
    if flags & os.O_ACCMODE != os.O_RDONLY and not inside:
        raise Obstacle(f"a file outside the working directory is open for writing ({about}); close it first")
    return OpenFile(descriptor, path, flags, os.lseek(descriptor, 0, os.SEEK_CUR))


def _is_fifo(path: str) -> bool:
    return path.startswith("/") and Path(path).is_fifo()


def _require_private_memory() -> None:
    for line in Path("/proc/self/maps").read_text(errors="replace").splitlines():
        fields = line.split(maxsplit=5)
        rights, path = fields[1], fields[5] if len(fields) > 5 else "anonymous"
        if path.startswith(_GPU):
            raise Obstacle(f"a GPU is in use ({path}); a copy of the process cannot use it")
        if "s" in rights and "w" in rights:
            raise Obstacle(f"memory is shared with other processes ({path}); close it first")


def _children() -> list[int]:
    me = os.getpid()
    return list(map(int, Path(f"/proc/{me}/task/{me}/children").read_text().split()))


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return str(pid)
