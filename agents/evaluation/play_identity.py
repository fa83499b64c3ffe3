"""What decides an episode, as a hash: change any of it, and the episode is another one.

Settings of the run are kept apart from the task, so that a run can say which of them changed. How fast a run
goes (episodes at once, interpreters, the endpoint's address) decides nothing and is left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Self

from ...envs.async_interpreter_env import AsyncInterpreterEnv
from ...envs.task import Task, TaskMetadata
from ...rewards.tests import StdioCase, StdioTests
from ..rollouts.play_settings import PlaySettings

_LEFT_OUT = {"task_set", "task_options", "acquire_timeout"}
_LENGTH = 24
_SPECIMEN = Task(
    id="specimen",
    prompt="?",
    tests=StdioTests(cases=(StdioCase(stdin="", expected=""),)),
    metadata=TaskMetadata(source="specimen"),
)
"""Shows what is told around any task."""


@dataclass(frozen=True)
class PlayIdentity:
    """Names every episode that is played with the same settings."""

    settings: Mapping[str, Any]
    """Policy, environment, limits, sampling, prompt and seed, as plain JSON."""
    world: AsyncInterpreterEnv
    """Says how a task is told."""

    @classmethod
    def of(cls, play: PlaySettings, policy: Mapping[str, str]) -> Self:
        """Takes what the settings say.

        Args:
            play: How episodes are played.
            policy: What tells the policy apart; see `PolicySource.identity`.
        """
        world = AsyncInterpreterEnv(play.env)  # nothing of it starts
        tools = world.toolbox.schemas() if world.parser.native else ()
        prompt = {"messages": list(map(dict, world.messages_for(_SPECIMEN))), "tools": list(map(dict, tools))}
        settings = {
            "policy": dict(policy),
            "environment": play.env.model_dump(mode="json", exclude=_LEFT_OUT),
            "limits": asdict(play.limits),
            "sampling": {name: value for name, value in asdict(play.sampling).items() if name != "seed"},
            "seed": play.seed,
            "prompt": _digest(prompt),
        }
        return cls(json.loads(json.dumps(settings, default=str)), world)

    @cached_property
    def digest(self) -> str:
        """The settings alone."""
        return _digest(self.settings)


def task_digest(task: Task) -> str:
    """The task with its tests; what a model is told around it is of the settings."""
    return _digest(task.model_dump(mode="json"))


def fingerprint_of(identity: str, label: str, task: str, sample: int) -> str:
    """The name of one sample of one task.

    Args:
        identity: `PlayIdentity.digest`.
        label: What the set is called.
        task: `task_digest` of it.
        sample: Its number, which also moves the seed.
    """
    return _digest([identity, label, task, sample])


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]
