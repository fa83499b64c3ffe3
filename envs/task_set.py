"""Named collections of tasks, loaded in one way: `TaskSet.load("humaneval")`."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

from .black_box import LEVELS, black_box_tasks
from .humaneval import humaneval_tasks
from .task import Task


class UnknownTaskSetError(ValueError):
    """The name or an option of a task set is not known; the message names those that are."""


@dataclass(frozen=True, slots=True)
class TaskSet:
    """An immutable, ordered collection of tasks with distinct ids."""

    name: str
    tasks: tuple[Task, ...]

    @classmethod
    def load(cls, name: str, **options: Any) -> Self:
        """Loads a task set by name.

        Args:
            name: One of `TaskSet.names()`.
            **options: Options of that set; `blackbox` takes `split`, `levels`, `size` and `seed`.

        Raises:
            UnknownTaskSetError: If the name or an option is unknown, with the allowed ones.
            MissingExtraError: If the set comes from a package that is not installed, with the fix.
        """
        loader = _LOADERS.get(name)
        if loader is None:
            raise UnknownTaskSetError(f"unknown task set {name!r}; use one of: {', '.join(cls.names())}")
        try:
            return cls(name, tuple(loader(**options)))
        except TypeError as error:
            raise UnknownTaskSetError(f"task set {name!r}: {error}") from error

    @staticmethod
    def names() -> tuple[str, ...]:
        """The names that `load` knows."""
        return tuple(sorted(_LOADERS))

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


_LOADERS: MappingProxyType[str, Callable[..., Iterable[Task]]] = MappingProxyType(
    {"blackbox": _load_black_box, "humaneval": humaneval_tasks}
)
