"""Files without a name: what goes into a program and what comes out of it."""

from __future__ import annotations

import fcntl
import os

_SEALS = ("F_SEAL_SEAL", "F_SEAL_SHRINK", "F_SEAL_GROW", "F_SEAL_WRITE")


def create(content: bytes = b"", *, sealed: bool = False) -> int:
    """Makes a file and returns a descriptor at its beginning.

    Args:
        content: What it holds.
        sealed: Whether nobody can change it any more, where the system has that.
    """
    if not hasattr(os, "memfd_create"):
        return _on_disk(content)
    file = os.memfd_create("file", os.MFD_CLOEXEC | (os.MFD_ALLOW_SEALING if sealed else 0))
    _write(file, content)
    if sealed:
        seals = 0
        for name in _SEALS:
            seals |= getattr(fcntl, name)
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, seals)
    return file


def read(file: int, limit: int) -> bytes:
    """The first `limit` bytes of a file."""
    parts = []
    place = 0
    while place < limit and (part := os.pread(file, min(limit - place, 1 << 20), place)):
        parts.append(part)
        place += len(part)
    return b"".join(parts)


def read_end(file: int, limit: int) -> bytes:
    """The last `limit` bytes of a file."""
    return os.pread(file, limit, max(0, os.fstat(file).st_size - limit))


def _write(file: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(file, view) :]
    if content:
        os.lseek(file, 0, os.SEEK_SET)


def _on_disk(content: bytes) -> int:
    import tempfile

    handle, path = tempfile.mkstemp()
    os.unlink(path)
    _write(handle, content)
    return handle
