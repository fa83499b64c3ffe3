"""Native tool calls: the endpoint or the model's chat template shows the tools and says what calls look like.

Calls that an endpoint gives apart from the text come first. A model behind its own template writes them in
its text, in tags or as JSON, and whichever it writes is read.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..tool import Tool
from ..tool_call import ParsedAction, ToolCall
from .call_syntax import MalformedCallError
from .hermes_syntax import CLOSE, HermesSyntax, render_hermes_call
from .json_call import read_arguments
from .json_syntax import JsonSyntax
from .native_calls import NativeCall, split_calls
from .tagged_parser import TaggedParser
from .xml_syntax import XmlSyntax

_MISSING = "there is no tool call; call one of the tools"


class NativeParser(TaggedParser):
    """Reads calls of the API, or those in the text."""

    name = "native"
    native = True
    closings = (CLOSE,)

    def __init__(self, most: int = 16, answer_mark: str = "") -> None:
        """Takes how many calls of a message are carried out, and what begins an answer."""
        super().__init__((HermesSyntax(), XmlSyntax(), JsonSyntax()), _MISSING, most, answer_mark)

    def instructions(self, tools: Sequence[Tool]) -> str:
        """The system prompt; the tools are told apart from it."""
        return f"Solve the task with the tools: {', '.join(tool.name for tool in tools)}."

    def parse(self, text: str) -> ParsedAction:
        """Takes the calls in their order."""
        said, calls = split_calls(text)
        if not calls:
            return super().parse(text)
        try:
            made = tuple(_checked(call) for call in calls[: self._most])
        except MalformedCallError as error:
            return ParsedAction(text=said, error=f"{error}; nothing was run", protocol=self.name)
        left_out = max(0, len(calls) - self._most)
        return ParsedAction(made, said, protocol=self.name, left_out=left_out)

    def render_call(self, call: ToolCall) -> str:
        """The call between the tags of most chat templates."""
        return render_hermes_call(call)


def _checked(call: NativeCall) -> ToolCall:
    try:
        return ToolCall(call.name, read_arguments(call.arguments), call.id)
    except MalformedCallError:
        raise MalformedCallError(
            f"the arguments of the call of {call.name[:100]!r} are no valid JSON object: "
            f"{call.arguments[:60]!r}"
        ) from None
