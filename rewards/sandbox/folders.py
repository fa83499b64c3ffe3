"""The folders that submissions of a slot may write to, one submission after the other.

They belong to the slot, so a submission can fill them and not change them, and afterwards they are as before.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import time
from collections.abc import Container, Iterable
from itertools import count
from typing import NamedTuple

from ...kernels.inside.sandbox import Places

SHARED_MEMORY = "/dev/shm"
_MODE = 0o1777
_REMOVERS = {"shm": ("shmctl", ()), "sem": ("semctl", (0,)), "msg": ("msgctl", ())}
"""The C functions that remove System V objects, and what they take between number and command."""
_IPC_RMID = 0
_SECONDS = 5.0
_CLOCK_NANOSECONDS = 20_000_000
"""More than the steps in which the times of files go forward."""


class LeftoverError(RuntimeError):
    """Something of a submission cannot be removed; the slot must not be used again."""


class Folders:
    """The writable folders of one slot.

    Args:
        places: Where they are.
        script: The path of a file that may stay in one of them; see `put_script`.
        alone: Whether shared memory and IPC are the slot's own, too.
        owned: Whether submissions have the uid of the slot, so that they can change the script.
        shown: Files and folders of the machine that are shown; some may lie in the folders.
    """

    def __init__(
        self, places: Places, script: str, *, alone: bool, owned: bool, shown: Iterable[str]
    ) -> None:
        self._script = script
        self._content: bytes | None = None
        self._owned = owned
        self._paths = [places.workspace, places.temporary, places.run]
        self._tables: dict[str, int] = {}
        if alone:
            self._paths.append(SHARED_MEMORY)
            self._tables = {
                kind: os.open(f"/proc/sysvipc/{kind}", os.O_RDONLY | os.O_CLOEXEC) for kind in _REMOVERS
            }
        self._modes = dict.fromkeys(self._paths, _MODE)
        self._spared = set[str]()
        for path in shown if alone else ():
            self._spare(path)
        self._known: dict[str, _State] = {}
        self._used_since = 0
        self.clean()

    def put_script(self, content: bytes | None) -> None:
        """Writes the script, which stays from then on; None removes it."""
        if content is not None or self._content is not None:
            self._content = content
            self._write_script()

    def lend(self) -> None:
        """To be called when a process is about to use the folders."""
        self._used_since = time.time_ns()

    def clean(self) -> None:
        """Removes everything but the script; to be called when no process of the submission is left.

        Raises:
            LeftoverError: If something stays.
        """
        if self._owned and self._content is not None:
            self._write_script()
        for path in self._modes:
            if self._is_changed(path):
                self._restore(path)
        for kind, table in self._tables.items():
            _remove_objects(kind, table)

    def _is_changed(self, path: str) -> bool:
        """Whether anything was done to a folder, which sets its change time.

        That shows only if time has gone on in between; before, one has to look.
        """
        known = self._known.get(path)
        if known is None or _state(path) != known:
            return True
        if known.changed < self._used_since - _CLOCK_NANOSECONDS:
            return False
        return any(entry.path not in self._spared for entry in _entries(path)) or bool(_attributes(path))

    def _spare(self, path: str) -> None:
        """Has something stay that lies in a folder, and the folders on the way to it."""
        base = next((folder for folder in self._paths if path.startswith(f"{folder}/")), path)
        while path != base:
            self._spared.add(path)
            path = os.path.dirname(path)
            self._modes.setdefault(path, 0o755)

    def _restore(self, path: str) -> None:
        try:
            _empty(path, time.monotonic() + _SECONDS, self._spared)
            os.chmod(path, self._modes[path])
            for name in _attributes(path):
                os.removexattr(path, name)
            os.utime(path)
            self._known[path] = _state(path)
        except (OSError, RecursionError) as error:
            raise LeftoverError(f"a file cannot be removed: {error}") from error

    def _write_script(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._script)
        self._spared.discard(self._script)
        if self._content is not None:
            self._spared.add(self._script)
            file = os.open(self._script, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            try:
                os.write(file, self._content)
            finally:
                os.close(file)
        self._restore(os.path.dirname(self._script))


def _remove_objects(kind: str, table: int) -> None:
    """Removes the System V objects that a table of the system lists."""
    for row in os.pread(table, 1 << 20, 0).splitlines()[1:]:
        function, before = _REMOVERS[kind]
        if getattr(ctypes.CDLL(None), function)(int(row.split()[1]), *before, _IPC_RMID, None) != 0:
            raise LeftoverError("a System V object was left behind")


class _State(NamedTuple):
    changed: int
    modified: int
    mode: int


def _state(path: str) -> _State:
    found = os.lstat(path)
    return _State(found.st_ctime_ns, found.st_mtime_ns, found.st_mode)


def _attributes(path: str) -> list[str]:
    return os.listxattr(path) if hasattr(os, "listxattr") else []


def _empty(folder: str, end: float, spared: Container[str]) -> None:
    """Empties a folder. What lies deeper is first moved up, so that no depth is too much."""
    prefix = os.path.join(folder, f".removed-{os.urandom(8).hex()}-")
    serial = count()
    while found := [entry for entry in _entries(folder) if entry.path not in spared]:
        for entry in found:
            if time.monotonic() > end:
                raise LeftoverError("the files took too long to remove")
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.path)
                continue
            os.chmod(entry.path, stat.S_IRWXU)
            for inner in _entries(entry.path):
                if inner.is_dir(follow_symlinks=False):
                    os.chmod(inner.path, stat.S_IRWXU)
                os.rename(inner.path, f"{prefix}{next(serial)}")
            os.rmdir(entry.path)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(entries)
