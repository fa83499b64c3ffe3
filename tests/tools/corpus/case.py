"""One message and what it asks for."""

from __future__ import annotations

from dataclasses import dataclass, field

from replgym.tools import ToolCall


def cell(code: str) -> ToolCall:
    return ToolCall("python_interpreter", {"code": code})


def hand_in(source: str) -> ToolCall:
    return ToolCall("submit", {"source": source})


@dataclass(frozen=True)
class Case:
    """A row of the corpus."""

    name: str
    formats: str
    """Action formats that read the message so, with spaces between."""
    text: str
    calls: tuple[ToolCall, ...] = ()
    protocol: str = ""
    repaired: str = ""
    """A part of what is said to be mended; empty when nothing may be."""
    invented: bool = False
    left_out: int = 0
    error: str = ""
    """A part of what the model is told; empty when the message must be understood."""
    no_call: bool = False
    said: str | None = field(default=None)
    """What the message says beside its calls; not checked when None."""
