"""The first messages of a row for a trainer, in the style that the trainer's model is to learn."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ...tools.formats.action_formats import make_parser
from ...tools.toolbox import Toolbox
from ..task import Task

_THINK = (
    "You are a careful programmer. First think: write your reasoning between <think> and </think>. "
    "Then answer: write one ```python block with the whole program between <answer> and </answer>."
)
_CODE_R1 = (
    "Please solve the programming task below using a self-contained code snippet in a markdown code block."
)
_VERL_SQA = (
    "Please solve the programming problem below with care. Show how you think in <think> </think> tags, and "
    "give the final answer, complete Python code, in <answer> </answer> tags."
)
_PLAIN = "Answer with one ```python block that holds the whole program."


class PromptStyle(StrEnum):
    """How a model is asked."""

    TOOLS = "tools"
    """OpenAI tool schemas in the system message: the environment's own first messages."""
    THINK = "think"
    """Think and answer tags, for training without tools."""
    CODE_R1 = "code-r1"
    """Think and answer tags by the system message, and a fenced block by the user's, as Code-R1 asks."""
    VERL_SQA = "verl-sqa"
    """Think and answer tags by the user's message alone, as VERL-SQA asks."""
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
        case PromptStyle.CODE_R1:
            system, user["content"] = _THINK, f"{_CODE_R1}\n\n{task.prompt}"
        case PromptStyle.VERL_SQA:
            return ({**user, "content": f"{_VERL_SQA}\n\n{task.prompt}"},)
        case PromptStyle.PLAIN:
            system = _PLAIN
    return ({"role": "system", "content": system}, user)
