"""Episodes on disk: an append-only JSONL file that survives being cut off at any byte.

Only whole lines count. A torn last line, as a killed process leaves it, is left out when reading and cut
off before the next append, so that a resumed run never glues two records together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from pydantic import ValidationError

from .episode import Episode


class EpisodeLogError(ValueError):
    """A whole line of a log is no episode; the message names file and line."""


class EpisodeLog:
    """Appends episodes to one file; every append is one line, flushed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def append(self, episode: Episode) -> None:
        """Writes one episode at the end."""
        if self._file is None:
            self._file = self._open()
        self._file.write(episode.model_dump_json().encode() + b"\n")
        self._file.flush()

    def rewrite(self, episodes: Iterable[Episode]) -> None:
        """Replaces everything by these episodes, in one step."""
        self.close()
        draft = self.path.with_name(self.path.name + ".part")
        draft.write_bytes(b"".join(episode.model_dump_json().encode() + b"\n" for episode in episodes))
        draft.replace(self.path)

    def close(self) -> None:
        """Closes the file; idempotent, and a later append opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> IO[bytes]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            with self.path.open("rb+") as file:
                file.truncate(_whole_lines_end(file))
        return self.path.open("ab")


def read_episodes(path: Path) -> Iterator[Episode]:
    """The episodes of a log, in order; none when the file does not exist, and without a torn last line.

    Raises:
        EpisodeLogError: If a whole line is no episode.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            if not line.strip():
                continue
            try:
                yield Episode.model_validate_json(line)
            except ValidationError as error:
                detail = error.errors()[0]
                where = ".".join(map(str, detail["loc"])) or "line"
                raise EpisodeLogError(
                    f"{path}, line {number}: {where}: {detail['msg']}; remove the line or the file"
                ) from error


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
