"""Fenced Python, native to coder models: the first complete ```python block of a message is the cell.

Generation should stop at the closing fence. What follows it is ignored; an output block there was
invented, and is flagged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .python_call import SUBMIT_HINT, cell_call, code_of, runs_cells
from .tool import Tool
from .tool_call import ParsedAction, ToolCall

OPENING = re.compile(r"```(?:python3?|py)[ \t]*\r?\n", re.IGNORECASE)
_CLOSING = re.compile(r"^```[ \t]*\r?$", re.MULTILINE)
_INVENTED = re.compile(r"```(?:output|text|console|result)\b", re.IGNORECASE)
_FENCE = "\n```\n"


class FencedParser:
    """Reads the first complete ```python block of a message as a cell."""

    name = "fenced"
    stop: tuple[str, ...] = (_FENCE,)
    role = "user"

    def instructions(self, tools: Sequence[Tool]) -> str:
        """The system prompt."""
        if runs_cells(tools):
            return (
                "Write one ```python block per message. It runs, and you see what it prints; variables stay. "
                + SUBMIT_HINT
            )
        return f"Write one ```python block. {SUBMIT_HINT} Nothing else runs."

    def parse(self, text: str) -> ParsedAction:
        """Takes the first block; a block without an end is an error, since its code may be cut off."""
        opening = OPENING.search(text)
        if opening is None:
            told = "there is no ```python block; write one, closed by a line ```"
            return ParsedAction(text=text, error=told, no_call=True)
        closing = _CLOSING.search(text, opening.end())
        if closing is None:
            return ParsedAction(text=text, error="the ```python block is not closed; end it with a line ```")
        code, after = text[opening.end() : closing.start()], text[closing.end() :]
        if not code.strip():
            return ParsedAction(text=text, error="the ```python block is empty; write code in it")
        return ParsedAction(
            calls=(cell_call(code.rstrip("\r\n")),),
            text=text[: opening.start()].strip(),
            invented_output=_INVENTED.search(after) is not None,
        )

    def render_call(self, call: ToolCall) -> str:
        """The cell in a block."""
        return f"```python\n{code_of(call)}\n```"

    def restore(self, text: str) -> str:
        """Closes the block that is open at the end."""
        opening = OPENING.search(text)
        if opening is None or _CLOSING.search(text, opening.end()):
            return text
        return text.rstrip("\n") + "\n```"

    def render_observation(self, text: str) -> str:
        """The output in a block."""
        return f"```output\n{text}\n```" if text else "```output\n```"
