"""Calls in the tags of Hermes and of Qwen chat templates: `<tool_call>{"name": ...}</tool_call>`."""

from __future__ import annotations

import re
from dataclasses import replace

from ..tool_call import ToolCall
from .call_syntax import MalformedCallError, NotACallError, ReadCalls, past_space
from .json_call import SHAPE, read_json_calls, render_json_call

OPEN, CLOSE = "<tool_call>", "</tool_call>"
EXAMPLE = f"{OPEN}{SHAPE}{CLOSE}"
_JSON = re.compile(r"\s*+[\[{]")


class HermesSyntax:
    """Reads one pair of tags; the closing one may be missing where nothing follows but another call."""

    name = "hermes"
    opening = r"<tool_call>(?!\s*+<function=)"

    def read(self, text: str, start: int) -> ReadCalls:
        """Reads the calls of one pair of tags.

        Raises:
            MalformedCallError: If they cannot be read.
        """
        begin = start + len(OPEN)
        if _JSON.match(text, begin) is None:
            raise NotACallError(f"after {OPEN} comes no JSON object; write {EXAMPLE}")
        try:
            made = read_json_calls(text, begin, tagged=True)
        except MalformedCallError as error:
            raise MalformedCallError(_with_example(str(error))) from None
        end = past_space(text, made.end)
        if text.startswith(CLOSE, end):
            return replace(made, end=end + len(CLOSE))
        if end < len(text) and not text.startswith(OPEN, end):
            raise MalformedCallError(f"the call does not end with {CLOSE}; write {EXAMPLE}")
        note = f"no {CLOSE}"
        return replace(made, end=end, repaired=f"{made.repaired}, {note}" if made.repaired else note)


def render_hermes_call(call: ToolCall) -> str:
    """The call between its tags."""
    return f"{OPEN}\n{render_json_call(call)}\n{CLOSE}"


def _with_example(told: str) -> str:
    """The error with the right form in it once, tags included."""
    return f"{told.removesuffix(f'; write {SHAPE}')}; write {EXAMPLE}"
