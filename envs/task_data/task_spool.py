"""Tasks on disk, by number: they can be drawn, reordered and written again while memory holds one of them.

Pickled, since JSON has no NaN and no integers of any size; nobody but this process has the file.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from ..task import Task


class TaskSpool:
    """An append-only, temporary file of tasks."""

    def __init__(self, folder: Path) -> None:
        """Opens an empty spool in a folder with room for it."""
        self._file = tempfile.TemporaryFile(dir=folder, prefix="tasks-")  # noqa: SIM115 - closed by close()
        self._places: list[int] = []
        self._end = 0

    def __len__(self) -> int:
        return len(self._places)

    def append(self, task: Task) -> None:
        """Adds a task at the end."""
        self._file.seek(self._end)
        self._places.append(self._end)
        self._end += self._file.write(pickle.dumps(task, pickle.HIGHEST_PROTOCOL))

    def __getitem__(self, number: int) -> Task:
        self._file.seek(self._places[number])
        task: Task = pickle.load(self._file)
        return task

    def __iter__(self) -> Iterator[Task]:
        return (self[number] for number in range(len(self)))

    def close(self) -> None:
        """Removes the file; idempotent."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
