"""How a run was played, and on which tasks, as its own record says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ...envs.black_box import task_of_id
from ...envs.env_config import ConfigError, EnvConfig
from ...envs.missing_extra_error import MissingExtraError
from ...envs.task import Task
from ...envs.task_data.set_choice import SetChoiceError
from ...envs.task_set import TaskSet, UnknownTaskSetError
from ...envs.task_sources.reader import SourceError
from ..evaluation.evaluation_set import EvaluationSet
from ..rollouts.episode import Episode
from ..usage_error import UsageError
from .run_data import RunData


@dataclass(frozen=True)
class RunSettings:
    """What `run.json` says; a run without one knows nothing."""

    info: Mapping[str, Any] = field(default_factory=dict)
    sets: tuple[str, ...] = ()
    """Task sets that a person named, as `replgym eval` takes them; the run's own by default."""

    @classmethod
    def of(cls, run: RunData, sets: tuple[str, ...] = ()) -> RunSettings:
        """The settings of a run."""
        return cls(run.info, sets)

    @cached_property
    def environment(self) -> EnvConfig | None:
        """The settings of its environment; None where they are not recorded.

        Raises:
            UsageError: If they are none of this version.
        """
        known = _mapping(self.info, "settings", "environment") or _mapping(self.info, "config", "env")
        if not known:
            return None
        try:
            return EnvConfig(**known)
        except ConfigError as error:
            raise UsageError(f"the settings that the run recorded cannot be used: {error}") from error

    def task_of(self, episode: Episode) -> Task | None:
        """The task of an episode: by its id where that tells all, else from the run's task sets.

        Raises:
            UsageError: If the task sets cannot be loaded.
        """
        made = task_of_id(episode.task_id)
        if made is not None:
            return made
        wanted = str(episode.info.get("set", ""))
        return self._tasks.get((wanted, episode.task_id)) or self._tasks.get(("", episode.task_id))

    @cached_property
    def _tasks(self) -> Mapping[tuple[str, str], Task]:
        """Tasks by the label of their set and their id, and by their id alone."""
        found: dict[tuple[str, str], Task] = {}
        try:
            for label, tasks in self._loaded():
                for task in tasks:
                    found[label, task.id] = task
                    found.setdefault(("", task.id), task)
        except (MissingExtraError, OSError, SetChoiceError, SourceError, UnknownTaskSetError) as error:
            raise UsageError(f"the tasks of the run cannot be loaded: {error}; name them by --set") from error
        return found

    def _loaded(self) -> Iterator[tuple[str, TaskSet]]:
        typed = _mapping(self.info, "command")
        config = _mapping(self.info, "config", "tasks")
        names = self.sets or tuple(typed.get("sets") or ())
        for name in names:
            split, seed = (None, 0) if self.sets else (typed.get("split"), typed.get("seed") or 0)
            made = EvaluationSet.load(str(name), split=split, seed=seed)
            yield made.label, made.tasks
        if not names and config.get("task_set"):
            where = {"path": Path(config["path"])} if config.get("path") else {}
            for split in dict.fromkeys((config.get("split"), config.get("heldout_split"))):
                chosen = {"split": split} if split else {}
                yield "", TaskSet.load(str(config["task_set"]), **where, **chosen)


def _mapping(value: Any, *keys: str) -> Mapping[str, Any]:
    """What lies below these keys; empty where there is no mapping."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}
