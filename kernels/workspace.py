"""Files in and out of an interpreter's workspace, which is in the hands of the code that runs there.

Every path is resolved below one directory descriptor, component by component, without following a link; only
regular files are read, and never more than the caller allows. So neither a link nor a device, nor a file that
changes while it is read, reaches anything else.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path, PurePosixPath

from .kernel_error import WorkspaceError

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 20


class Workspace:
    """The folder of one interpreter, held by a descriptor.

    Args:
        root: The folder, or a descriptor of it, which the workspace then owns.
        owner: User and group that files and folders made here belong to; the caller's by default.
    """

    def __init__(self, root: Path | int, owner: tuple[int, int] | None = None) -> None:
        self._root: int | None = root if isinstance(root, int) else os.open(root, _DIRECTORY)
        self._owner = owner

    def write(self, path: str, data: bytes) -> None:
        """Writes a regular file, and makes the folders above it.

        Raises:
            WorkspaceError: If the path leaves the workspace, meets a link or something that is no file, or
                the file cannot be written.
        """
        *folders, name = _parts(path)
        try:
            with contextlib.ExitStack() as opened:
                parent = self._descend(folders, opened, make=True)
                with contextlib.suppress(FileNotFoundError):
                    # A fresh inode: whoever holds or linked the old one keeps the old one.
                    os.unlink(name, dir_fd=parent)
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                file = os.open(name, flags, 0o644, dir_fd=parent)
                with os.fdopen(file, "wb") as stream:
                    self._hand_over(file)
                    stream.write(data)
        except OSError as error:
            raise WorkspaceError(f"{path!r} cannot be written: {error.strerror}") from error

    def read(self, path: str, limit: int) -> bytes:
        """Reads a regular file of at most `limit` bytes.

        Raises:
            WorkspaceError: If there is no such regular file inside the workspace, or it is larger.
        """
        *folders, name = _parts(path)
        try:
            with contextlib.ExitStack() as opened:
                parent = self._descend(folders, opened, make=False)
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                file = os.open(name, flags, dir_fd=parent)
                with os.fdopen(file, "rb", buffering=0):
                    if not stat.S_ISREG(os.fstat(file).st_mode):
                        raise WorkspaceError(f"{path!r} is not a regular file")
                    return _read_capped(file, path, limit)
        except OSError as error:
            raise WorkspaceError(f"{path!r} cannot be read: {error.strerror}") from error

    def close(self) -> None:
        """Lets go of the folder; idempotent."""
        root, self._root = self._root, None
        if root is not None:
            os.close(root)

    def _descend(self, folders: list[str], opened: contextlib.ExitStack, *, make: bool) -> int:
        if self._root is None:
            raise WorkspaceError("the interpreter was closed")
        here = self._root
        for folder in folders:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(folder, 0o755, dir_fd=here)
                    self._hand_over(folder, here)
            here = os.open(folder, _DIRECTORY, dir_fd=here)
            opened.callback(os.close, here)
        return here

    def _hand_over(self, what: int | str, parent: int | None = None) -> None:
        if self._owner is None:
            return
        if isinstance(what, int):
            os.fchown(what, *self._owner)
        else:
            os.chown(what, *self._owner, dir_fd=parent, follow_symlinks=False)


def _read_capped(file: int, path: str, limit: int) -> bytes:
    data = bytearray()
    while chunk := os.read(file, min(_CHUNK, limit + 1 - len(data))):
        data += chunk
        if len(data) > limit:
            raise WorkspaceError(
                f"{path!r} has more than {limit} bytes; allow more, or read a part in a cell"
            )
    return bytes(data)


def _parts(path: str) -> list[str]:
    """The components of a relative path that stays inside."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts or "\0" in path:
        raise WorkspaceError(f"{path!r} is not a relative path inside the workspace")
    return list(pure.parts)
