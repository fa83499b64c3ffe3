"""Section `tasks`: which tasks train, and which are held out."""

from __future__ import annotations

from pydantic import Field, field_validator

from ....envs.black_box import LEVELS
from ....envs.task_set import TaskSet
from ...run_settings.section import Section


class TasksSettings(Section):
    """Which tasks train, and which are held out."""

    task_set: str = "blackbox"
    """A name in `TaskSet.names()`."""
    path: str | None = None
    """Local file or folder of the set; `replgym data prepare` writes such folders, for `task_set: tasks`."""
    split: str | None = None
    """Split to train on; the set's first by default."""
    heldout_split: str | None = None
    """Split to measure on; that of training by default."""
    shuffle: bool | None = None
    """False trains on tasks in the order of their files, as a curriculum. None shuffles files and keeps the
    order of tasks that are generated: those are drawn at random, level after level, so that every step has
    as many of each."""
    levels: tuple[int, ...] = (1, 2, 3)
    """Levels of `blackbox`."""
    train_size: int | None = Field(default=None, ge=1)
    """Distinct training tasks to draw; None for all of a data set, and 2000 of one that is generated."""

    @property
    def generated(self) -> bool:
        """Whether tasks are drawn by a program rather than read from files."""
        return self.task_set == "blackbox"

    @property
    def shuffled(self) -> bool:
        """Whether training tasks come in another order than they have."""
        return not self.generated if self.shuffle is None else self.shuffle

    @field_validator("task_set")
    @classmethod
    def _known_task_set(cls, name: str) -> str:
        if name not in TaskSet.names():
            raise ValueError(f"use one of: {', '.join(TaskSet.names())}")
        return name

    @field_validator("levels")
    @classmethod
    def _known_levels(cls, levels: tuple[int, ...]) -> tuple[int, ...]:
        if not levels or not set(levels) <= LEVELS.keys():
            raise ValueError(f"use some of: {', '.join(map(str, LEVELS))}")
        return levels
