"""The Hermes format of Qwen chat templates: `<tool_call>{"name": ..., "arguments": {...}}</tool_call>`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from .json_call import SHAPE, MalformedCallError, read_json_call, render_json_call
from .tool import Tool, openai_schema
from .tool_call import ParsedAction, ToolCall

OPEN, _CLOSE = "<tool_call>", "</tool_call>"
_RESPONSE = "<tool_response>"
_EXAMPLE = f"{OPEN}{SHAPE}{_CLOSE}"
_MOST_CALLS = 16


class HermesParser:
    """Reads every `<tool_call>` of a message; one malformed call makes the message an error."""

    name = "hermes"
    stop: tuple[str, ...] = (_RESPONSE,)
    role = "tool"

    def instructions(self, tools: Sequence[Tool]) -> str:
        """The system prompt, with the schemas of the tools."""
        schemas = "\n".join(json.dumps(openai_schema(tool)) for tool in tools)
        return f"Solve the task with tools:\n<tools>\n{schemas}\n</tools>\nCall a tool so: {_EXAMPLE}"

    def parse(self, text: str) -> ParsedAction:
        """Takes the calls in their order, up to an invented response."""
        said, response, _ = text.partition(_RESPONSE)
        calls: list[ToolCall] = []
        words: list[str] = []
        place = 0
        try:
            while (found := said.find(OPEN, place)) >= 0:
                if len(calls) == _MOST_CALLS:
                    raise MalformedCallError(f"a message may hold at most {_MOST_CALLS} calls")
                words.append(said[place:found])
                call, place = _read(text, found + len(OPEN))
                calls.append(call)
                if place > len(said):
                    said, response, _ = _split(text, place)
        except MalformedCallError as error:
            return ParsedAction(text=text, error=f"{error}; write {_EXAMPLE}", invented_output=bool(response))
        words.append(said[place:])
        spoken = "".join(words).strip()
        if not calls:
            told = f"there is no tool call; write {_EXAMPLE}"
            return ParsedAction(text=text, error=told, no_call=True, invented_output=bool(response))
        return ParsedAction(tuple(calls), spoken, invented_output=bool(response))

    def render_call(self, call: ToolCall) -> str:
        """The call between its tags."""
        return f"{OPEN}\n{render_json_call(call)}\n{_CLOSE}"

    def restore(self, text: str) -> str:
        """Nothing that was cut off is needed."""
        return text

    def render_observation(self, text: str) -> str:
        """The output itself; the chat template puts it between `<tool_response>` tags."""
        return text


def _read(text: str, start: int) -> tuple[ToolCall, int]:
    call, end = read_json_call(text, start)
    while end < len(text) and text[end].isspace():
        end += 1
    if not text.startswith(_CLOSE, end):
        raise MalformedCallError(f"the call does not end with {_CLOSE}")
    return call, end + len(_CLOSE)


def _split(text: str, place: int) -> tuple[str, str, str]:
    """Splits at the first response that begins after `place`; one inside a call's text is no response."""
    before, response, after = text[place:].partition(_RESPONSE)
    return text[:place] + before, response, after
