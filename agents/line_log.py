"""An append-only file of lines that survives being cut off at any byte; one process at a time may append.

Only whole lines count. A torn last line, as a killed process or a full disk leaves it, is left out when
reading and cut off before the next append, so that no two records are ever glued together. A line outlives
the process once `append` returns, and the machine once `sync` does.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_BLOCK = 65_536


class LineLog:
    """The end of such a file, held by this process."""

    def __init__(self, path: Path) -> None:
        """Locks the file for this process, and cuts off a torn last line.

        Args:
            path: The file; it and the folders above it are made.

        Raises:
            BlockingIOError: If another process holds it.
            OSError: If it cannot be opened.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab+", buffering=0)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._end = _whole_lines_end(self._file)
            if self._end < self._file.seek(0, 2):
                self._file.truncate(self._end)
        except BaseException:
            self._file.close()
            raise

    def append(self, line: bytes) -> int:
        """Writes one line at the end, wholly or not at all; what failed closes the log.

        Returns:
            Where the line begins.

        Raises:
            OSError: If it could not be written, as when the disk is full.
        """
        try:
            left = memoryview(line)
            while left:
                left = left[self._file.write(left) :]
        except OSError:
            self._take_back()
            raise
        place = self._end
        self._end += len(line)
        return place

    def read(self, place: int, size: int) -> bytes:
        """What is written somewhere."""
        self._file.seek(place)
        return self._file.read(size)

    def sync(self) -> None:
        """Waits until everything appended so far has reached the disk.

        Raises:
            OSError: If the disk refuses.
        """
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Frees the file; idempotent."""
        self._file.close()

    def _take_back(self) -> None:
        """Cuts off what a failed write left of its line; where even that fails, readers pass it over."""
        try:
            self._file.truncate(self._end)
        except OSError:
            pass
        finally:
            self._file.close()


def whole_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a log with their numbers from 1, without empty ones and without a torn last one."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            if line.strip():
                yield number, line


def _whole_lines_end(file: IO[bytes]) -> int:
    """Where the last whole line ends."""
    end = file.seek(0, 2)
    while end > 0:
        start = max(0, end - _BLOCK)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
