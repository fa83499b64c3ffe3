"""Calls as JSON, in a ```json block or bare: what Qwen2.5-Coder writes when asked for tool calls."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from .json_call import SHAPE, MalformedCallError, read_json_call, render_json_call
from .tool import Tool, openai_schema
from .tool_call import ParsedAction, ToolCall

OPENING = re.compile(r"```json[ \t]*\r?\n", re.IGNORECASE)
BARE = re.compile(r'\{\s*"(?:name|arguments)"\s*:')
_INVENTED = re.compile(r"```(?:output|text|console|result)\b", re.IGNORECASE)


class JsonParser:
    """Reads the first ```json block of a message, or its first bare call, as one call."""

    name = "json"
    stop: tuple[str, ...] = ("\n```\n",)
    role = "user"

    def instructions(self, tools: Sequence[Tool]) -> str:
        """The system prompt, with the schemas of the tools."""
        schemas = "\n".join(json.dumps(openai_schema(tool)["function"]) for tool in tools)
        return f"Solve the task with these tools:\n{schemas}\nCall one per message: ```json\n{SHAPE}\n```"

    def parse(self, text: str) -> ParsedAction:
        """Takes the first call; JSON ends by itself, so the closing fence may be missing."""
        opening = OPENING.search(text)
        bare = None if opening else BARE.search(text)
        if opening is None and bare is None:
            told = f"there is no call; write a ```json block with {SHAPE}"
            return ParsedAction(text=text, error=told, no_call=True)
        start = opening.end() if opening else bare.start() if bare else 0
        try:
            call, end = read_json_call(text, start)
        except MalformedCallError as error:
            return ParsedAction(text=text, error=str(error))
        before = text[: opening.start() if opening else start].strip()
        return ParsedAction((call,), before, invented_output=_INVENTED.search(text, end) is not None)

    def render_call(self, call: ToolCall) -> str:
        """The call in a block."""
        return f"```json\n{render_json_call(call)}\n```"

    def restore(self, text: str) -> str:
        """Nothing that was cut off is needed."""
        return text

    def render_observation(self, text: str) -> str:
        """The output in a block."""
        return f"```output\n{text}\n```" if text else "```output\n```"
