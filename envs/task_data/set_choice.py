"""A task set as a person names it: `NAME[:SPLIT][=PATH]`, or the path of a file of tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from ..task import Task
from ..task_sources.bad_row import BadRow
from ..task_sources.reader import read
from ..task_sources.registry import TASK_SOURCES
from ..task_sources.task_files import TASK_FILES
from ..task_sources.task_source import TaskSource


class SetChoiceError(ValueError):
    """No task set has this name; one line with those that exist."""


@dataclass(frozen=True, slots=True)
class SetChoice:
    """Which tasks to read."""

    source: TaskSource
    split: str | None = None
    path: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, options: Mapping[str, Any] | None = None) -> Self:
        """Reads a choice.

        Args:
            text: `humaneval`, `mbpp:train`, `leetcode:v2-rl=FOLDER`, or `FILE.jsonl`.
            options: Options of the set.

        Raises:
            SetChoiceError: If no task set has this name.
        """
        named, _, path = text.partition("=")
        name, _, split = named.partition(":")
        source = TASK_SOURCES.get(name)
        if source is not None:
            return cls(source, split or None, Path(path) if path else None, options or {})
        if not path and Path(text).exists():
            return cls(TASK_FILES, "all", Path(text), options or {})
        known = ", ".join(sorted(TASK_SOURCES))
        raise SetChoiceError(
            f"{text!r} is no file and no task set; use NAME[:SPLIT][=PATH] with one of: {known}"
        )

    @property
    def label(self) -> str:
        """Name and split, or the name of a file of tasks."""
        if self.source is TASK_FILES and self.path is not None:
            return self.path.name
        return f"{self.source.name}:{self.split or self.source.default_split}"

    def read(self) -> Iterator[Task | BadRow]:
        """Reads the tasks, one at a time."""
        return read(self.source, self.path, split=self.split, **self.options)
