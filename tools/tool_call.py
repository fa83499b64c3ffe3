"""What a model's message asks for, once it was understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool; its arguments are not checked yet."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    """The caller's name for the call, where the protocol has one."""


@dataclass(frozen=True, slots=True)
class ParsedAction:
    """A message, taken apart: either calls, or an error that tells the model what to write."""

    calls: tuple[ToolCall, ...] = ()
    text: str = ""
    """What the message says beside its calls and thoughts, up to an output that it invents."""
    error: str = ""
    """Told to the model; empty when the message was understood."""
    no_call: bool = False
    """Whether the error is that nothing in the message is meant as a call."""
    protocol: str = ""
    """What the calls, or the call that could not be read, are written in: the name of a syntax."""
    repaired: str = ""
    """What was mended to read the calls, in words; empty when they were well formed."""
    left_out: int = 0
    """Calls beyond the most that one message may make; not among `calls`."""
    invented_output: bool = False
    """Whether the message goes on with an output that no interpreter gave."""
