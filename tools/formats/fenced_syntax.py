"""Cells as fenced Python: ```python blocks, with the fences of markdown as models write them.

A ```debugger block is a call of the debugger.

A fence may be indented, may be made of tildes, and may follow text on its line. It ends at a fence that is as
long and stands in no long string of the code. A fence that names a language ends it as well: the end of the
block was forgotten. A block without an end is an error, since its code may be cut off.
"""

from __future__ import annotations

import re

from .call_syntax import MalformedCallError, NotACallError, ReadCalls
from .debugger_call import debugger_call
from .long_strings import first_outside
from .python_call import cell_call

_OPENING = re.compile(
    r"(?P<fence>`{3,}+|~{3,}+)[ \t]*+"
    r"(?i:python3?|py3?|ipython3?|tool_code|(?P<debugger>debugger|pdb|gdb))(?:[ \t{:,][^\n`]*+|\r)?\n"
)
_FENCE_LINES = {
    mark: re.compile(rf"^([ \t]*+)({mark}{{3,}}+)[ \t]*+([^\n]*+)$", re.MULTILINE) for mark in "`~"
}
_AFTER_END = re.compile(r"\r?$|</\w|<\|")
_LANGUAGE = re.compile(r"[A-Za-z][\w+#.-]*+[ \t]*+\r?$")
_WRAPPED_CALL = re.compile(r"\s*+(?:<tool_call>|<function=|(?:\{\s*+)++\"name\"\s*+:)")
_SLACK = 3
"""How much deeper than its beginning the end of a block may be indented."""


class FencedSyntax:
    """Reads one block of Python as a cell."""

    name = "fenced"
    opening = rf"(?<![`~]){re.sub('[(][?]P<[a-z]+>', '(?:', _OPENING.pattern)}"

    def __init__(self, *, may_wrap: bool = False) -> None:
        """Takes whether a block that holds a call of another syntax is left to that one."""
        self._may_wrap = may_wrap

    def read(self, text: str, start: int) -> ReadCalls:
        """Reads one block.

        Raises:
            MalformedCallError: If it has no end or no code; `NotACallError` if another call is wrapped in it.
        """
        opening = _OPENING.match(text, start)
        if opening is None or (self._may_wrap and _WRAPPED_CALL.match(text, opening.end())):
            raise NotACallError("there is no code in the ```python block")
        fence, begin = opening["fence"], opening.end()
        indent = _indent_before(text, start)
        lines = _FENCE_LINES[fence[0]].finditer(text, begin)
        end = first_outside(text, begin, lines, lambda line: _ends(line, fence, len(indent)))
        if end is None:
            raise MalformedCallError("the ```python block is not closed; end it with a line ```")
        newline = "\r\n" if text[begin - 2] == "\r" else "\n"
        code = _dedented(text[begin : end.start()].removesuffix(newline), len(indent))
        if not code.strip():
            raise MalformedCallError("the ```python block is empty; write code in it")
        forgotten = _AFTER_END.match(end[3]) is None
        note = "no end of the block" if forgotten else ""
        call = debugger_call(code) if opening["debugger"] else cell_call(code)
        return ReadCalls((call,), end.start() if forgotten else end.end(2), note)


def render_block(code: str, language: str) -> str:
    """Text in a block whose fence is longer than any in it."""
    longest = max((len(run) for run in re.findall("`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{code}\n{fence}" if code else f"{fence}{language}\n{fence}"


def _ends(line: re.Match[str], fence: str, indent: int) -> bool:
    deeper = len(line[1]) - indent
    if len(line[2]) < len(fence) or deeper > _SLACK:
        return False
    return _AFTER_END.match(line[3]) is not None or (deeper <= 0 and _LANGUAGE.match(line[3]) is not None)


def _indent_before(text: str, start: int) -> str:
    """The white space between the beginning of the line and `start`; none when there is text."""
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return "" if before.strip() else before


def _dedented(code: str, most: int) -> str:
    return re.sub(rf"(?m)^[ \t]{{1,{most}}}", "", code) if most else code
