"""The plainest format: the whole message is a cell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..debugger.debugger_tool import Debugger
from ..tool import Tool
from ..tool_call import ParsedAction, ToolCall
from .debugger_call import debugger_call, debugger_help, debugger_text
from .message_marks import OTHER_TURN, OUTPUT
from .observation_messages import plain_message
from .python_call import SUBMIT_HINT, cell_call, code_of, what_stays
from .python_source import is_python

_INVENTED = re.compile(f"{OTHER_TURN}|{OUTPUT}", re.MULTILINE)
_LONGEST = 50_000
_DEBUGGER = "%%debugger"
"""The first line of a message that calls the debugger."""


class CodeParser:
    """Reads a message as Python code, all of it but a thought at its beginning and an output at its end."""

    name = "code"
    native = False
    stop: tuple[str, ...] = ()

    def instructions(self, tools: Sequence[Tool]) -> str:
        """The system prompt."""
        debugger = debugger_help(tools, f"message that begins with a line {_DEBUGGER}")
        if stays := what_stays(tools):
            return f"Write only Python. It runs, and you see what it prints; {stays}. {SUBMIT_HINT}{debugger}"
        nothing_else = "" if debugger else " Nothing else runs."
        return f"Write only Python. {SUBMIT_HINT}{nothing_else}{debugger}"

    def parse(self, text: str) -> ParsedAction:
        """Every text but an empty one is a cell."""
        code = text
        if text.lstrip().startswith("<think>"):
            code = text.partition("</think>")[2].lstrip("\r\n")
        if not code.strip():
            return ParsedAction(error="the message is empty; write a Python cell")
        head, _, rest = code.lstrip().partition("\n")
        if head.rstrip() == _DEBUGGER:
            return ParsedAction((debugger_call(rest),), protocol=self.name)
        end = _invented_from(code)
        return ParsedAction((cell_call(code[:end]),), protocol=self.name, invented_output=end is not None)

    def render_call(self, call: ToolCall) -> str:
        """The cell itself."""
        if call.name == Debugger.name:
            return f"{_DEBUGGER}\n{debugger_text(call)}"
        return code_of(call)

    def restore(self, text: str) -> str:
        """Nothing was cut off."""
        return text

    def observations(self, answers: Sequence[str], protocol: str = "") -> tuple[Mapping[str, str], ...]:
        """The output itself."""
        return plain_message(answers)


def _invented_from(code: str) -> int | None:
    """Where Python goes over into an output, which is none, or looks like one of IPython's."""
    mark = _INVENTED.search(code)
    if mark is None or len(code) > _LONGEST or not is_python(code[: mark.start()]):
        return None
    return mark.start() if mark[0].startswith("Out[") or not is_python(code) else None
