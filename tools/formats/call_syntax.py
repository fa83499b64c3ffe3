"""The seam between the reader of messages and one way to write a call.

A syntax says how its calls begin and reads the call at a given place, without looking at what is around it.
Its work is linear in the length of the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..tool_call import ToolCall


class MalformedCallError(ValueError):
    """A call that cannot be read; the message is one line for the model."""


class NotACallError(MalformedCallError):
    """What begins like a call and is probably none; told only if no call follows."""


@dataclass(frozen=True, slots=True)
class ReadCalls:
    """The calls at one place of a message."""

    calls: tuple[ToolCall, ...]
    end: int
    """Where they end."""
    repaired: str = ""
    """What was mended, in words."""


class CallSyntax(Protocol):
    """One way to write a call."""

    @property
    def name(self) -> str:
        """The protocol that turns are counted by; an identifier."""
        ...

    @property
    def opening(self) -> str:
        """A regular expression, with flag MULTILINE and without named groups, of how a call begins."""
        ...

    def read(self, text: str, start: int) -> ReadCalls:
        """Reads the calls whose opening begins at `start`.

        Raises:
            MalformedCallError: If they cannot be read; `NotACallError` if that need not mean anything.
        """
        ...


def past_space(text: str, place: int) -> int:
    """The first place from `place` on that is no white space."""
    while place < len(text) and text[place].isspace():
        place += 1
    return place
