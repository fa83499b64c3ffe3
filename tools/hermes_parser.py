"""The Hermes format of Qwen chat templates: `<tool_call>{"name": ..., "arguments": {...}}</tool_call>`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from .cut_message import restored
from .fenced_syntax import FencedSyntax
from .hermes_syntax import CLOSE, EXAMPLE, HermesSyntax, render_hermes_call
from .message_reader import MessageReader
from .observation_messages import tool_messages
from .tool import Tool, openai_schema
from .tool_call import ParsedAction, ToolCall
from .xml_syntax import XmlSyntax

MISSING = f"there is no tool call; write {EXAMPLE}"
RESPONSE_STOP = "<tool_response>"


class HermesParser:
    """Reads every `<tool_call>` of a message; one malformed call makes the message an error."""

    name = "hermes"
    native = False

    def __init__(self, most: int = 16, answer_mark: str = "") -> None:
        """Takes how many calls of a message are carried out, and what begins an answer."""
        self._most = most
        self._reader = MessageReader(
            (HermesSyntax(), XmlSyntax()),
            most=most,
            missing=MISSING,
            opaque=(FencedSyntax(may_wrap=True),),
            answer_mark=answer_mark,
        )

    @property
    def stop(self) -> tuple[str, ...]:
        """The closing tag, or the beginning of a response where several calls are allowed."""
        return (CLOSE,) if self._most == 1 else (RESPONSE_STOP,)

    def instructions(self, tools: Sequence[Tool]) -> str:
        """The system prompt, with the schemas of the tools."""
        schemas = "\n".join(json.dumps(openai_schema(tool)) for tool in tools)
        return f"Solve the task with tools:\n<tools>\n{schemas}\n</tools>\nCall a tool so: {EXAMPLE}"

    def parse(self, text: str) -> ParsedAction:
        """Takes the calls in their order, up to an invented response."""
        return self._reader.read(text)

    def render_call(self, call: ToolCall) -> str:
        """The call between its tags."""
        return render_hermes_call(call)

    def restore(self, text: str) -> str:
        """Closes the call that is open at the end."""
        return restored(text, (f"\n{CLOSE}",), self.parse)

    def observations(self, answers: Sequence[str], protocol: str = "") -> tuple[Mapping[str, str], ...]:
        """A message of a tool for each call; the chat template puts it between `<tool_response>` tags."""
        return tool_messages(answers)
