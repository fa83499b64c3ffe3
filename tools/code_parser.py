"""The plainest format: the whole message is a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .observation_messages import plain_message
from .python_call import SUBMIT_HINT, cell_call, code_of, runs_cells
from .tool import Tool
from .tool_call import ParsedAction, ToolCall


class CodeParser:
    """Reads a message as Python code, all of it but a thought at its beginning."""

    name = "code"
    native = False
    stop: tuple[str, ...] = ()

    def instructions(self, tools: Sequence[Tool]) -> str:
        """The system prompt."""
        if runs_cells(tools):
            return f"Write only Python. It runs, and you see what it prints; variables stay. {SUBMIT_HINT}"
        return f"Write only Python. {SUBMIT_HINT} Nothing else runs."

    def parse(self, text: str) -> ParsedAction:
        """Every text but an empty one is a cell."""
        code = text
        if text.lstrip().startswith("<think>"):
            code = text.partition("</think>")[2].lstrip("\r\n")
        if not code.strip():
            return ParsedAction(error="the message is empty; write a Python cell")
        return ParsedAction((cell_call(code),), protocol=self.name)

    def render_call(self, call: ToolCall) -> str:
        """The cell itself."""
        return code_of(call)

    def restore(self, text: str) -> str:
        """Nothing was cut off."""
        return text

    def observations(self, answers: Sequence[str], protocol: str = "") -> tuple[Mapping[str, str], ...]:
        """The output itself."""
        return plain_message(answers)
