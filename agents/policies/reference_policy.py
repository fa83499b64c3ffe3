"""A policy that hands in the known solution: it checks the tasks, the tests and the judge, not a model."""

from __future__ import annotations

from ...envs.task import Task
from ...tools.formats.action_parser import ActionParser
from ...tools.tool_call import ToolCall
from .policy import PolicyError
from .scripted_policy import ScriptedPolicy


class ReferencePolicy:
    """Gives each task a policy of its own, since a policy never sees which task it plays."""

    def __init__(self, parser: ActionParser) -> None:
        """Takes the parser of the environment's action format, which also writes in that format."""
        self._parser = parser

    @property
    def name(self) -> str:
        """What reports call this policy."""
        return "reference"

    def for_task(self, task: Task, sample: int) -> ScriptedPolicy:
        """A policy that submits the task's reference in its first message.

        Raises:
            PolicyError: If the task has none.
        """
        if task.reference is None:
            raise PolicyError(f"task {task.id!r} has no reference solution; choose another policy")
        call = ToolCall("submit", {"source": task.reference})
        return ScriptedPolicy([self._parser.render_call(call)], name=self.name)
