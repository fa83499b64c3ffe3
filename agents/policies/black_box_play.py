"""A black-box task as a player meets it: what the prompt says, how often it has moved, and what was printed.

Everything is read from the messages, as a model reads them; nothing is known beyond them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Self

from ...tools.python_interpreter import PythonInterpreter
from ...tools.tool_mode import ToolMode
from .policy import Message, PolicyError


@dataclass(frozen=True, slots=True)
class BlackBoxPlay:
    """An episode so far."""

    family: str
    """The mark of the task's family in the prompt."""
    mode: ToolMode
    """What the prompt says of the tools."""
    turn: int
    """Messages that the player has written."""
    printed: tuple[str, ...]
    """What came back, for each of them."""

    @classmethod
    def read(cls, messages: Sequence[Message], families: Collection[str]) -> Self:
        """Reads a conversation.

        Args:
            messages: All of it.
            families: Marks of the families that the player knows, in the order in which to look for them.

        Raises:
            PolicyError: If its task is none of them.
        """
        tasks = [
            m["content"] for m in messages if m["role"] == "user" and "hidden function f" in m["content"]
        ]
        family = next((mark for mark in families if tasks and mark in tasks[-1]), None)
        if family is None:
            raise PolicyError(
                "this player knows black-box tasks only, and not all levels of them; "
                "choose another policy for this task set"
            )
        start = next((n for n, m in enumerate(messages) if m["role"] == "assistant"), len(messages))
        later = messages[start:]
        answers = tuple(m["content"] for m in later if m["role"] != "assistant")
        return cls(family, _mode_of(messages[:start]), len(later) - len(answers), answers)

    @property
    def last(self) -> int:
        """The number that was printed last.

        Raises:
            PolicyError: If the last observation has none.
        """
        return _last_number(self.printed[-1])

    @property
    def numbers(self) -> list[int]:
        """The last number of each observation.

        Raises:
            PolicyError: If one has none.
        """
        return [_last_number(text) for text in self.printed]


def _mode_of(opening: Sequence[Message]) -> ToolMode:
    told = " ".join(message["content"] for message in opening if message["role"] == "system")
    if "Nothing else runs" in told:
        return ToolMode.NO_TOOL
    return ToolMode.STATELESS if any(mark in told for mark in _stateless_marks()) else ToolMode.STATEFUL


@cache
def _stateless_marks() -> tuple[str, ...]:
    tool = PythonInterpreter(stateless=True)
    return tool.what_stays, tool.description


def _last_number(observation: str) -> int:
    numbers = re.findall(r"-?\d+", observation)
    if not numbers:
        raise PolicyError(f"the player expected a number in the observation, but saw {observation[:200]!r}")
    return int(numbers[-1])
