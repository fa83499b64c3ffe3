"""Native tool calls: the endpoint or the model's chat template shows the tools and says what calls look like.

Calls that an endpoint gives apart from the text come first. A model behind its own template writes them in
its text, in tags or as JSON, and whichever it writes is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .call_syntax import MalformedCallError
from .cut_message import restored
from .fenced_syntax import FencedSyntax
from .hermes_parser import RESPONSE_STOP
from .hermes_syntax import CLOSE, HermesSyntax, render_hermes_call
from .json_call import read_arguments
from .json_syntax import JsonSyntax
from .message_reader import MessageReader
from .native_calls import NativeCall, split_calls
from .observation_messages import tool_messages
from .tool import Tool
from .tool_call import ParsedAction, ToolCall
from .xml_syntax import XmlSyntax

_MISSING = "there is no tool call; call one of the tools"


class NativeParser:
    """Reads calls of the API, or those in the text."""

    name = "native"
    native = True

    def __init__(self, most: int = 16, answer_mark: str = "") -> None:
        """Takes how many calls of a message are carried out, and what begins an answer."""
        self._most = most
        self._reader = MessageReader(
            (HermesSyntax(), XmlSyntax(), JsonSyntax()),
            most=most,
            missing=_MISSING,
            opaque=(FencedSyntax(may_wrap=True),),
            answer_mark=answer_mark,
        )

    @property
    def stop(self) -> tuple[str, ...]:
        """The closing tag, or the beginning of a response where several calls are allowed."""
        return (CLOSE,) if self._most == 1 else (RESPONSE_STOP,)

    def instructions(self, tools: Sequence[Tool]) -> str:
        """The system prompt; the tools are told apart from it."""
        return f"Solve the task with the tools: {', '.join(tool.name for tool in tools)}."

    def parse(self, text: str) -> ParsedAction:
        """Takes the calls in their order."""
        said, calls = split_calls(text)
        if not calls:
            return self._reader.read(text)
        try:
            made = tuple(_checked(call) for call in calls[: self._most])
        except MalformedCallError as error:
            return ParsedAction(text=said, error=f"{error}; nothing was run", protocol=self.name)
        left_out = max(0, len(calls) - self._most)
        return ParsedAction(made, said, protocol=self.name, left_out=left_out)

    def render_call(self, call: ToolCall) -> str:
        """The call between the tags of most chat templates."""
        return render_hermes_call(call)

    def restore(self, text: str) -> str:
        """Closes the call that is open at the end."""
        return restored(text, (CLOSE,), self.parse)

    def observations(self, answers: Sequence[str], protocol: str = "") -> tuple[Mapping[str, str], ...]:
        """A message of a tool for each call."""
        return tool_messages(answers)


def _checked(call: NativeCall) -> ToolCall:
    try:
        return ToolCall(call.name, read_arguments(call.arguments), call.id)
    except MalformedCallError:
        raise MalformedCallError(
            f"the arguments of the call of {call.name[:100]!r} are no valid JSON object: "
            f"{call.arguments[:60]!r}"
        ) from None
