"""The Hermes format of Qwen chat templates: `<tool_call>{"name": ..., "arguments": {...}}</tool_call>`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..tool import Tool, openai_schema
from ..tool_call import ToolCall
from .hermes_syntax import EXAMPLE, HermesSyntax, render_hermes_call
from .tagged_parser import TaggedParser
from .xml_syntax import XmlSyntax

MISSING = f"there is no tool call; write {EXAMPLE}"


class HermesParser(TaggedParser):
    """Reads and writes calls as JSON between tags."""

    name = "hermes"

    def __init__(self, most: int = 16, answer_mark: str = "") -> None:
        """Takes how many calls of a message are carried out, and what begins an answer."""
        super().__init__((HermesSyntax(), XmlSyntax()), MISSING, most, answer_mark)

    def instructions(self, tools: Sequence[Tool]) -> str:
        """The system prompt, with the schemas of the tools."""
        schemas = "\n".join(json.dumps(openai_schema(tool)) for tool in tools)
        return f"Solve the task with tools:\n<tools>\n{schemas}\n</tools>\nCall a tool so: {EXAMPLE}"

    def render_call(self, call: ToolCall) -> str:
        """The call between its tags."""
        return render_hermes_call(call)
