"""Episodes on disk: a log of lines, which is synced every few seconds and says in words what went wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from pydantic import BaseModel, ValidationError

from ..line_log import LineLog, whole_lines
from .episode import Episode

_SYNC_SECONDS = 5.0
_Record = TypeVar("_Record", bound=BaseModel)


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
        self._log: LineLog | None = None
        self._synced = 0.0
        self._unsynced = False

    def open(self) -> None:
        """Locks the file for this process and cuts off a torn last line; idempotent.

        Raises:
            EpisodeLogError: If another run writes it, or it cannot be opened.
        """
        if self._log is not None:
            return
        try:
            self._log = LineLog(self.path)
        except BlockingIOError:
            raise EpisodeLogError(
                f"{self.path} is being written by another run; wait for it, stop it or give another place"
            ) from None
        except OSError as error:
            raise EpisodeLogError(f"{self.path}: {error.strerror}; give another place") from error
        self._synced = time.monotonic()

    def append(self, episode: Episode) -> None:
        """Writes one episode at the end, wholly or not at all.

        Raises:
            EpisodeLogError: If it could not be written, as when the disk is full.
        """
        self.open()
        assert self._log is not None
        try:
            self._log.append(episode.model_dump_json().encode() + b"\n")
        except OSError as error:
            self._log = None
            raise EpisodeLogError(
                f"{self.path}: {error.strerror}; all lines before are whole: make room and resume"
            ) from error
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
        log = self._log
        if log is None or not self._unsynced:
            return
        self._unsynced, self._synced = False, time.monotonic()
        try:
            log.sync()
        except OSError as error:
            raise EpisodeLogError(f"{self.path}: {error.strerror}; its last lines may be lost") from error

    def close(self) -> None:
        """Syncs and closes the file; idempotent, and a later append opens it again."""
        try:
            if self._sync_seconds is not None:
                self.sync()
        finally:
            log, self._log = self._log, None
            if log is not None:
                log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_episodes(path: Path) -> Iterator[Episode]:
    """The episodes of a log, in order; none when the file does not exist, and without a torn last line.

    Raises:
        EpisodeLogError: If a whole line is no episode.
    """
    for number, line in whole_lines(path):
        yield read_line(Episode, path, number, line)


def read_line(kind: type[_Record], path: Path, number: int, line: bytes) -> _Record:
    """A whole line as an `Episode`, or as the part of one.

    Raises:
        EpisodeLogError: If it is none.
    """
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        detail = error.errors()[0]
        where = ".".join(map(str, detail["loc"])) or "line"
        raise EpisodeLogError(
            f"{path}, line {number}: {where}: {detail['msg']}; remove the line or the file"
        ) from error
