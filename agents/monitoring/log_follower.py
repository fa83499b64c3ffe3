"""Follows logs of lines that others append to: new whole lines, each once, one in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


class LogFollower:
    """Reads the files of a folder whose names match a pattern, also those that appear later."""

    def __init__(self, folder: Path, pattern: str, *, from_now: bool = False) -> None:
        """Opens nothing yet.

        Args:
            folder: Where the files lie, or will.
            pattern: Which of them, as `Path.glob` takes it.
            from_now: Whether to pass over what they hold already.
        """
        self._folder = folder
        self._pattern = pattern
        self._offsets = {path: path.stat().st_size for path in folder.glob(pattern)} if from_now else {}

    def new(self) -> Iterator[bytes]:
        """Whole lines that were not read before."""
        for path in sorted(self._folder.glob(self._pattern)):
            start = self._offsets.get(path, 0)
            if path.stat().st_size <= start:
                continue
            with path.open("rb") as file:
                file.seek(start)
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    self._offsets[path] = self._offsets.get(path, 0) + len(line)
                    yield line
