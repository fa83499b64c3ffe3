"""Fenced Python, native to coder models: a ```python block of a message is a cell.

Generation should stop at the closing fence of the first one. What follows is not run; an output block there
was invented, and is flagged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..debugger.debugger_tool import Debugger
from ..tool import Tool
from ..tool_call import ParsedAction, ToolCall
from .cut_message import restored
from .debugger_call import debugger_help, debugger_text
from .fenced_syntax import FencedSyntax, render_block
from .message_reader import MessageReader
from .observation_messages import output_blocks
from .python_call import SUBMIT_HINT, code_of, what_stays

FENCE_STOP, OUTPUT_STOP = "\n```\n", "\n```output"
MISSING = "there is no ```python block; write one, closed by a line ```; submit(source) hands your work in"


class FencedParser:
    """Reads ```python blocks as cells."""

    name = "fenced"
    native = False

    def __init__(self, most: int = 1, answer_mark: str = "") -> None:
        """Takes how many blocks of a message are run, and what begins an answer."""
        self._most = most
        self._reader = MessageReader((FencedSyntax(),), most=most, missing=MISSING, answer_mark=answer_mark)

    @property
    def stop(self) -> tuple[str, ...]:
        """The closing fence, or the beginning of an output where several blocks are allowed."""
        return (FENCE_STOP,) if self._most == 1 else (OUTPUT_STOP,)

    def instructions(self, tools: Sequence[Tool]) -> str:
        """The system prompt."""
        stays, debugger = what_stays(tools), debugger_help(tools, "```debugger block")
        if not stays:
            nothing_else = "" if debugger else " Nothing else runs."
            return f"Write one ```python block. {SUBMIT_HINT}{nothing_else}{debugger}"
        blocks = "one ```python block" if self._most == 1 else "```python blocks, one or several,"
        runs = f"It runs, and you see what it prints; {stays}."
        return f"Write {blocks} per message. {runs} {SUBMIT_HINT}{debugger}"

    def parse(self, text: str) -> ParsedAction:
        """Takes the first blocks; a block without an end is an error, since its code may be cut off."""
        return self._reader.read(text)

    def render_call(self, call: ToolCall) -> str:
        """The cell in a block."""
        if call.name == Debugger.name:
            return render_block(debugger_text(call), "debugger")
        return render_block(code_of(call), "python")

    def restore(self, text: str) -> str:
        """Closes the block that is open at the end."""
        return restored(text, ("\n```",), self.parse)

    def observations(self, answers: Sequence[str], protocol: str = "") -> tuple[Mapping[str, str], ...]:
        """A block of output for each cell."""
        return output_blocks(answers)
