"""The plainest format: the whole message is a cell."""

from __future__ import annotations

from collections.abc import Sequence

from .python_call import SUBMIT_HINT, cell_call, code_of, runs_cells
from .tool import Tool
from .tool_call import ParsedAction, ToolCall


class CodeParser:
    """Reads a message as Python code, all of it."""

    name = "code"
    stop: tuple[str, ...] = ()
    role = "user"

    def instructions(self, tools: Sequence[Tool]) -> str:
        """The system prompt."""
        if runs_cells(tools):
            return f"Write only Python. It runs, and you see what it prints; variables stay. {SUBMIT_HINT}"
        return f"Write only Python. {SUBMIT_HINT} Nothing else runs."

    def parse(self, text: str) -> ParsedAction:
        """Every text but an empty one is a cell."""
        if not text.strip():
            return ParsedAction(error="the message is empty; write a Python cell")
        return ParsedAction(calls=(cell_call(text),))

    def render_call(self, call: ToolCall) -> str:
        """The cell itself."""
        return code_of(call)

    def restore(self, text: str) -> str:
        """Nothing was cut off."""
        return text

    def render_observation(self, text: str) -> str:
        """The output itself."""
        return text
