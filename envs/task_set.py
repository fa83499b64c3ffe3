"""Named collections of tasks, loaded in one way: `TaskSet.load("humaneval")`."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from .black_box import LEVELS, black_box_tasks
from .task import Task
from .task_sources.bad_row import BadRow
from .task_sources.reader import SourceError, read
from .task_sources.registry import TASK_SOURCES
from .task_sources.task_source import TaskSource


class UnknownTaskSetError(ValueError):
    """The name or an option of a task set is not known; the message names those that are."""


_BLACK_BOX = "blackbox"


@dataclass(frozen=True, slots=True)
class TaskSet:
    """An immutable, ordered collection of tasks with distinct ids."""

    name: str
    tasks: tuple[Task, ...]
    bad_rows: tuple[BadRow, ...] = ()
    """Rows of the data set that could not be made into tasks."""

    @classmethod
    def load(cls, name: str, **options: Any) -> Self:
        """Loads a task set by name.

        Args:
            name: One of `TaskSet.names()`.
            **options: Options of that set; `blackbox` takes `split`, `levels`, `size` and `seed`, data sets
                take `path` (a local file or folder), `split` and `limit` (the most tasks to read).

        Raises:
            UnknownTaskSetError: If the name or an option is unknown, with the allowed ones.
            MissingExtraError: If the set comes from a package that is not installed, with the fix.
            FileNotFoundError: If there is nothing at `path`.
            HubError: If the set cannot be fetched.
        """
        if name not in cls.names():
            raise UnknownTaskSetError(f"unknown task set {name!r}; use one of: {', '.join(cls.names())}")
        try:
            if name == _BLACK_BOX:
                return cls(name, tuple(_load_black_box(**options)))
            return cls(name, *_load_source(TASK_SOURCES[name], **options))
        except SourceError as error:
            raise UnknownTaskSetError(str(error)) from error
        except TypeError as error:
            raise UnknownTaskSetError(f"task set {name!r}: {error}") from error

    @staticmethod
    def names() -> tuple[str, ...]:
        """The names that `load` knows."""
        return tuple(sorted((_BLACK_BOX, *TASK_SOURCES)))

    def __len__(self) -> int:
        return len(self.tasks)

    def __iter__(self) -> Iterator[Task]:
        return iter(self.tasks)

    def __getitem__(self, index: int) -> Task:
        return self.tasks[index]

    def filter(self, keep: Callable[[Task], bool]) -> Self:
        """The tasks that `keep` accepts."""
        return type(self)(self.name, tuple(task for task in self.tasks if keep(task)))

    def shuffle(self, seed: int) -> Self:
        """The same tasks in an order that depends on `seed` alone."""
        tasks = list(self.tasks)
        random.Random(seed).shuffle(tasks)
        return type(self)(self.name, tuple(tasks))

    def take(self, count: int) -> Self:
        """The first `count` tasks."""
        return type(self)(self.name, self.tasks[:count])


def _load_black_box(
    split: str = "train", levels: Iterable[int] = (1, 2, 3), size: int = 1000, seed: int = 0
) -> Iterator[Task]:
    if split not in ("train", "heldout"):
        raise UnknownTaskSetError(
            f"task set 'blackbox': split {split!r} is unknown; use one of: heldout, train"
        )
    chosen = tuple(levels)
    unknown = [level for level in chosen if level not in LEVELS]
    if unknown or not chosen:
        raise UnknownTaskSetError(
            f"task set 'blackbox': levels {list(chosen)!r} are unknown; use some of: {sorted(LEVELS)}"
        )
    return black_box_tasks(split, chosen, size, seed)  # type: ignore[arg-type]


def _load_source(
    source: TaskSource, *, limit: int | None = None, **options: Any
) -> tuple[tuple[Task, ...], tuple[BadRow, ...]]:
    tasks: dict[str, Task] = {}
    bad: list[BadRow] = []
    for found in read(source, **options):
        if isinstance(found, BadRow):
            bad.append(found)
        elif found.id in tasks:
            bad.append(BadRow(source.name, len(tasks) + len(bad) + 1, "id", f"{found.id!r} is there twice"))
        else:
            tasks[found.id] = found
        if limit is not None and len(tasks) >= limit:
            break
    return tuple(tasks.values()), tuple(bad)
