"""Episodes on disk: an append-only JSONL file that survives being cut off at any byte.

Only whole lines count. A torn last line, as a killed process or a full disk leaves it, is left out when
reading and cut off before the next append, so that no two records are ever glued together. One process at a
time may append. A line outlives the process once `append` returns, and the machine once `sync` does.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from pydantic import ValidationError

from .episode import Episode

_SYNC_SECONDS = 5.0


class EpisodeLogError(ValueError):
    """A log cannot be read or written; the message names the file, and what to do."""


class EpisodeLog:
    """Appends episodes to one file; every append is one line."""

    def __init__(self, path: Path, *, sync_seconds: float | None = _SYNC_SECONDS) -> None:
        """Opens nothing yet.

        Args:
            path: The file; folders above it are made.
            sync_seconds: `sync_is_due` so long after the last `sync`; None for never.
        """
        self.path = path
        self._sync_seconds = sync_seconds
        self._file: IO[bytes] | None = None
        self._end = 0
        self._synced = 0.0
        self._unsynced = False

    def open(self) -> None:
        """Locks the file for this process and cuts off a torn last line; idempotent.

        Raises:
            EpisodeLogError: If another run writes it, or it cannot be opened.
        """
        if self._file is not None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = self.path.open("ab+", buffering=0)
        except OSError as error:
            raise EpisodeLogError(f"{self.path}: {error.strerror}; give another place") from error
        try:
            self._lock(file)
            self._end = _whole_lines_end(file)
            if self._end < file.seek(0, 2):
                file.truncate(self._end)
        except BaseException:
            file.close()
            raise
        self._file, self._synced = file, time.monotonic()

    def append(self, episode: Episode) -> None:
        """Writes one episode at the end, wholly or not at all.

        Raises:
            EpisodeLogError: If it could not be written, as when the disk is full.
        """
        self.open()
        file = self._file
        assert file is not None
        line = episode.model_dump_json().encode() + b"\n"
        try:
            _write_all(file, line)
        except OSError as error:
            self._take_back(file)
            raise EpisodeLogError(
                f"{self.path}: {error.strerror}; all lines before are whole: make room and resume"
            ) from error
        self._end += len(line)
        self._unsynced = True

    @property
    def sync_is_due(self) -> bool:
        """Whether something was appended and the last `sync` is long ago."""
        if not self._unsynced or self._sync_seconds is None:
            return False
        return time.monotonic() - self._synced >= self._sync_seconds

    def sync(self) -> None:
        """Waits until everything appended so far has reached the disk; may run in a thread.

        Raises:
            EpisodeLogError: If the disk refuses.
        """
        file = self._file
        if file is None or not self._unsynced:
            return
        self._unsynced, self._synced = False, time.monotonic()
        try:
            os.fsync(file.fileno())
        except OSError as error:
            raise EpisodeLogError(f"{self.path}: {error.strerror}; its last lines may be lost") from error

    def close(self) -> None:
        """Syncs and closes the file; idempotent, and a later append opens it again."""
        try:
            if self._sync_seconds is not None:
                self.sync()
        finally:
            file, self._file = self._file, None
            if file is not None:
                file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _lock(self, file: IO[bytes]) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EpisodeLogError(
                f"{self.path} is being written by another run; wait for it, stop it or give another place"
            ) from None

    def _take_back(self, file: IO[bytes]) -> None:
        """Cuts off what a failed write left of its line; where even that fails, readers pass it over."""
        self._file = None
        try:
            file.truncate(self._end)
        except OSError:
            pass
        finally:
            file.close()


def read_episodes(path: Path) -> Iterator[Episode]:
    """The episodes of a log, in order; none when the file does not exist, and without a torn last line.

    Raises:
        EpisodeLogError: If a whole line is no episode.
    """
    for number, line in whole_lines(path):
        try:
            yield Episode.model_validate_json(line)
        except ValidationError as error:
            raise not_an_episode(path, number, error) from error


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


def not_an_episode(path: Path, number: int, error: ValidationError) -> EpisodeLogError:
    """What to say of a whole line that is no episode."""
    detail = error.errors()[0]
    where = ".".join(map(str, detail["loc"])) or "line"
    return EpisodeLogError(f"{path}, line {number}: {where}: {detail['msg']}; remove the line or the file")


def _write_all(file: IO[bytes], data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def _whole_lines_end(file: IO[bytes]) -> int:
    """Where the last whole line ends."""
    end = file.seek(0, 2)
    while end > 0:
        start = max(0, end - 65536)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
