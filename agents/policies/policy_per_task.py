"""What acts differently in each task, such as one that knows the solutions."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from ...envs.task import Task
from .policy import Policy


@runtime_checkable
class PolicyPerTask(Protocol):
    """Gives each task a policy of its own."""

    def for_task(self, task: Task, sample: int) -> Policy:
        """The policy that plays one sample of `task`."""
        ...
