"""Reads whichever format a message is written in, for models whose habits are not known."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from . import fenced_parser, hermes_parser, json_parser
from .action_parser import ActionParser
from .code_parser import CodeParser
from .fenced_parser import FencedParser
from .hermes_parser import HermesParser
from .json_parser import JsonParser
from .tool import Tool
from .tool_call import ParsedAction, ToolCall


class AutoParser:
    """Recognises the format by its first marks; asks for fenced Python."""

    name = "auto"
    stop: tuple[str, ...] = (*HermesParser.stop, *FencedParser.stop)
    role = "user"

    def __init__(self) -> None:
        self._fenced = FencedParser()
        self._hermes = HermesParser()
        self._json = JsonParser()
        self._code = CodeParser()

    def instructions(self, tools: Sequence[Tool]) -> str:
        """The system prompt of the fenced format."""
        return self._fenced.instructions(tools)

    def parse(self, text: str) -> ParsedAction:
        """Reads the message in the format that it is written in."""
        return self._format_of(text).parse(text)

    def render_call(self, call: ToolCall) -> str:
        """The call in a form that fits it: a block of Python, or tags for a tool that is no code."""
        cell = call.name in ("python_interpreter", "submit")
        return self._fenced.render_call(call) if cell else self._hermes.render_call(call)

    def restore(self, text: str) -> str:
        """Closes what the format of the message closes."""
        return self._format_of(text).restore(text)

    def render_observation(self, text: str) -> str:
        """The output in a block."""
        return self._fenced.render_observation(text)

    def _format_of(self, text: str) -> ActionParser:
        block = fenced_parser.OPENING.search(text)
        tag = text.find(hermes_parser.OPEN)
        if tag >= 0 and (block is None or tag < block.start()):
            return self._hermes
        if block is not None:
            return self._fenced
        if json_parser.OPENING.search(text) or json_parser.BARE.search(text):
            return self._json
        return self._code if _is_python(text) else self._fenced


def _is_python(text: str) -> bool:
    try:
        return bool(ast.parse(text).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
