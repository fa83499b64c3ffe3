"""The first messages of a row for a trainer, in the style that the trainer's model is to learn."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ...tools.action_formats import make_parser
from ...tools.toolbox import Toolbox
from ..task import Task

_THINK = (
    "You are a careful programmer. First think: write your reasoning between <think> and </think>. "
    "Then answer: write one ```python block with the whole program between <answer> and </answer>."
)
_PLAIN = "Answer with one ```python block that holds the whole program."


class PromptStyle(StrEnum):
    """How a model is asked."""

    TOOLS = "tools"
    """OpenAI tool schemas in the system message: the environment's own first messages."""
    THINK = "think"
    """Think and answer tags, for training without tools."""
    PLAIN = "plain"
    """One fenced block, for training without tools."""


def first_messages(
    task: Task, style: PromptStyle, *, action_format: str = "hermes"
) -> tuple[Mapping[str, str], ...]:
    """The messages that ask for a solution of this task.

    Args:
        task: The task.
        style: How the model is asked.
        action_format: How the model calls tools, for `PromptStyle.TOOLS`.

    Raises:
        UnknownActionFormatError: If no action format has this name.
    """
    user = {"role": "user", "content": task.prompt}
    match style:
        case PromptStyle.TOOLS:
            system = make_parser(action_format).instructions(Toolbox().tools)
        case PromptStyle.THINK:
            system = _THINK
        case PromptStyle.PLAIN:
            system = _PLAIN
    return ({"role": "system", "content": system}, user)
