"""The seam between a model's text and the calls in it.

A parser is a pair of directions of one text format: it reads messages, and it says how the model is told
about the format and about what its calls gave. It never raises on a message: what it cannot read becomes
an error text for the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ..tool import Tool
from ..tool_call import ParsedAction, ToolCall


class ActionParser(Protocol):
    """One text format for actions and observations."""

    @property
    def name(self) -> str:
        """The name in the registry of formats."""
        ...

    @property
    def stop(self) -> tuple[str, ...]:
        """Texts at which generation ends, at most four; an engine keeps them or cuts them off."""
        ...

    @property
    def native(self) -> bool:
        """Whether the tools' schemas travel beside the messages, to the endpoint or the chat template."""
        ...

    def instructions(self, tools: Sequence[Tool]) -> str:
        """What the system prompt says about the format, for these tools."""
        ...

    def parse(self, text: str) -> ParsedAction:
        """Reads one message."""
        ...

    def render_call(self, call: ToolCall) -> str:
        """A message that makes this call; the opposite of `parse`."""
        ...

    def restore(self, text: str) -> str:
        """Puts back the end of a message from which an engine has cut the stop text."""
        ...

    def observations(self, answers: Sequence[str], protocol: str = "") -> tuple[Mapping[str, str], ...]:
        """The chat messages that tell the model what its calls gave.

        Args:
            answers: One text for each call, in their order; at least one.
            protocol: What the calls were written in, as `parse` said it.
        """
        ...
