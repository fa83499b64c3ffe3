"""Reads whichever format a message is written in, for models whose habits are not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..python_interpreter import PythonInterpreter
from ..submit import Submit
from ..tool import Tool
from ..tool_call import ParsedAction, ToolCall
from .cut_message import restored
from .fenced_parser import FENCE_STOP, MISSING, OUTPUT_STOP, FencedParser
from .fenced_syntax import FencedSyntax
from .hermes_syntax import CLOSE, HermesSyntax, render_hermes_call
from .json_syntax import JsonSyntax
from .message_reader import MessageReader
from .observation_messages import output_blocks, tool_messages
from .python_call import cell_call
from .python_source import is_program
from .tagged_parser import RESPONSE_STOP
from .xml_syntax import XmlSyntax

_LONGEST_CELL = 50_000
_IN_TAGS = (HermesSyntax.name, XmlSyntax.name)


class AutoParser:
    """Recognises the format by its first call; asks for fenced Python."""

    name = "auto"
    native = False

    def __init__(self, most: int | None = None, answer_mark: str = "") -> None:
        """Takes how many calls of a message are carried out, and what begins an answer.

        Args:
            most: None for one block of Python, or up to 16 calls of another format.
            answer_mark: A text from which on a message is an answer.
        """
        self._most = most
        self._reader = MessageReader(
            (FencedSyntax(may_wrap=True), HermesSyntax(), XmlSyntax(), JsonSyntax()),
            most=most or 16,
            missing=MISSING,
            answer_mark=answer_mark,
        )
        self._fenced = FencedParser(most or 1)

    @property
    def stop(self) -> tuple[str, ...]:
        """The end of a block or a call; the beginning of an output where several are allowed."""
        blocks = FENCE_STOP if self._most in (None, 1) else OUTPUT_STOP
        return (CLOSE if self._most == 1 else RESPONSE_STOP, blocks)

    def instructions(self, tools: Sequence[Tool]) -> str:
        """The system prompt of the fenced format."""
        return self._fenced.instructions(tools)

    def parse(self, text: str) -> ParsedAction:
        """Reads the message in the format that it is written in; a message that is Python is a cell."""
        action = self._reader.read(text)
        if action.no_call and len(action.text) <= _LONGEST_CELL and is_program(action.text):
            return ParsedAction(
                (cell_call(action.text),), protocol="code", invented_output=action.invented_output
            )
        if action.protocol == FencedSyntax.name and self._most is None:
            more = len(action.calls) - 1
            return replace(action, calls=action.calls[:1], left_out=action.left_out + max(0, more))
        return action

    def render_call(self, call: ToolCall) -> str:
        """The call in a form that fits it: a block of Python, or tags for what is no code."""
        if call.name in (PythonInterpreter.name, Submit.name):
            text = self._fenced.render_call(call)
            if self.parse(text).calls == self._fenced.parse(text).calls:
                return text
        return render_hermes_call(call)

    def restore(self, text: str) -> str:
        """Closes what the format of the message closes."""
        return restored(text, ("\n```", CLOSE), self.parse)

    def observations(self, answers: Sequence[str], protocol: str = "") -> tuple[Mapping[str, str], ...]:
        """What the format of the calls has for answers."""
        return tool_messages(answers) if protocol in _IN_TAGS else output_blocks(answers)
