"""The `options` of Gymnasium's `reset`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .env_config import ConfigError
from .task import Task


def task_option(options: Mapping[str, Any] | None) -> Task | str | None:
    """The task that the caller asks for.

    Raises:
        ConfigError: If there are other options, or the task is neither a `Task` nor an id.
    """
    given = options or {}
    unknown = [name for name in given if name != "task"]
    if unknown:
        raise ConfigError(f"unknown reset option {unknown[0]!r}; use: task")
    task = given.get("task")
    if task is not None and not isinstance(task, Task | str):
        raise ConfigError(f"reset option task={task!r} is not allowed: give a Task or the id of one")
    return task
