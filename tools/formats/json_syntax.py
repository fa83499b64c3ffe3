"""Calls as JSON in a ```json block, or bare: what Qwen2.5-Coder writes when asked for tool calls."""

from __future__ import annotations

import re
from dataclasses import replace

from ..tool_call import ToolCall
from .call_syntax import MalformedCallError, NotACallError, ReadCalls
from .json_call import SHAPE, read_json_calls, render_json_call

_FENCE = r"(?<!`)`{3,}+[ \t]*+(?i:json|tool_calls?)?[ \t]*+\r?\n\s*+(?=(?:\[\s*+)?\{)"
_BARE = r"\[\s*+\{\s*+\"name\"\s*+:|(?:\{\s*+)?\{\s*+\"(?:name|arguments)\"\s*+:"
_NAMED_FENCE = re.compile(r"`{3,}+[ \t]*+(?i:json|tool_calls?)")
_FENCE_START = re.compile(_FENCE)
_FENCE_END = re.compile(r"\s*+`{3,}+")
_CLEARLY_A_CALL = re.compile(
    r'[\[{\s]*+"name"\s*+:\s*+"[^"\n]{1,200}"\s*+,\s*+"(?:arguments|parameters)"\s*+:'
)


class JsonSyntax:
    """Reads a block of JSON, or JSON without one; JSON ends by itself, so a closing fence may be missing.

    Data that is no call is left alone; broken JSON is told only where it names a tool and has arguments.
    """

    name = "json"
    opening = f"{_FENCE}|{_BARE}"

    def read(self, text: str, start: int) -> ReadCalls:
        """Reads the calls of one block, or those that follow each other without one.

        Raises:
            MalformedCallError: If they cannot be read.
        """
        fence = _FENCE_START.match(text, start)
        begin = fence.end() if fence else start
        try:
            made = read_json_calls(text, begin, tagged=False)
        except NotACallError:
            raise
        except MalformedCallError as error:
            named = fence is not None and _NAMED_FENCE.match(text, start) is not None
            if named or _CLEARLY_A_CALL.match(text, begin):
                raise MalformedCallError(_with_shape(str(error))) from None
            raise NotACallError(_with_shape(str(error))) from None
        closing = _FENCE_END.match(text, made.end) if fence else None
        return replace(made, end=closing.end()) if closing else made


def render_json_block(call: ToolCall) -> str:
    """The call in a block."""
    return f"```json\n{render_json_call(call)}\n```"


def _with_shape(told: str) -> str:
    return told if SHAPE in told else f"{told}; write {SHAPE}"
