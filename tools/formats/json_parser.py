"""Calls as JSON, in a ```json block or bare: what Qwen2.5-Coder writes when asked for tool calls."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ..tool import Tool, openai_schema
from ..tool_call import ParsedAction, ToolCall
from .fenced_parser import FENCE_STOP, OUTPUT_STOP
from .fenced_syntax import FencedSyntax
from .json_call import SHAPE
from .json_syntax import JsonSyntax, render_json_block
from .message_reader import MessageReader
from .observation_messages import output_blocks

MISSING = f"there is no call; write a ```json block with {SHAPE}"


class JsonParser:
    """Reads ```json blocks, and bare calls."""

    name = "json"
    native = False

    def __init__(self, most: int = 16, answer_mark: str = "", *, one_block: bool = True) -> None:
        """Takes how many calls of a message are carried out, and what begins an answer.

        Args:
            most: Calls of one message, a list in one block included.
            answer_mark: A text from which on a message is an answer.
            one_block: Whether generation ends with the first block.
        """
        self._stop = FENCE_STOP if one_block else OUTPUT_STOP
        self._reader = MessageReader(
            (JsonSyntax(),),
            most=most,
            missing=MISSING,
            opaque=(FencedSyntax(may_wrap=True),),
            answer_mark=answer_mark,
        )

    @property
    def stop(self) -> tuple[str, ...]:
        """The closing fence, or the beginning of an output where several blocks are allowed."""
        return (self._stop,)

    def instructions(self, tools: Sequence[Tool]) -> str:
        """The system prompt, with the schemas of the tools."""
        schemas = "\n".join(json.dumps(openai_schema(tool)["function"]) for tool in tools)
        return f"Solve the task with these tools:\n{schemas}\nCall one per message: ```json\n{SHAPE}\n```"

    def parse(self, text: str) -> ParsedAction:
        """Takes the calls in their order; JSON ends by itself, so a closing fence may be missing."""
        return self._reader.read(text)

    def render_call(self, call: ToolCall) -> str:
        """The call in a block."""
        return render_json_block(call)

    def restore(self, text: str) -> str:
        """Nothing that was cut off is needed."""
        return text

    def observations(self, answers: Sequence[str], protocol: str = "") -> tuple[Mapping[str, str], ...]:
        """A block of output for each call."""
        return output_blocks(answers)
